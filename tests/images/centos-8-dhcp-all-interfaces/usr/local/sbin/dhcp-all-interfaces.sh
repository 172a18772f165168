#!/bin/bash
# Stands for the script of diskimage-builder: what it writes for one interface, without its waiting and its other systems.
set -eu
nic=$1
file=/etc/sysconfig/network-scripts/ifcfg-$nic
[ ! -f "$file" ] || exit 0
ip link set dev "$nic" up
printf 'DEVICE="%s"\nBOOTPROTO="dhcp"\nONBOOT="yes"\nTYPE="Ethernet"\n' "$nic" >"$file"
if type rdisc6 >/dev/null && answer=$(rdisc6 --retry 3 --single "$nic"); then
    printf 'default-duid ...\n' >"/var/lib/dhclient/dhclient6--$nic.lease"
    printf 'IPV6INIT="yes"\n' >>"$file"
    if printf '%s\n' "$answer" | grep -q 'Stateful address conf.*Yes'; then
        printf 'IPV6_FORCE_ACCEPT_RA="yes"\nDHCPV6C="yes"\n' >>"$file"
    else
        printf 'IPV6_AUTOCONF="yes"\n' >>"$file"
    fi
fi
