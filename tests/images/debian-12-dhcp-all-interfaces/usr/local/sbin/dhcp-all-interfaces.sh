#!/bin/bash
# Stands for the script of diskimage-builder: what it writes for one interface, without its waiting and its other systems.
set -eu
nic=$1
file=/etc/network/interfaces
[ -z "$(ifquery "$nic" 2>/dev/null)" ] || exit 0
ip link set dev "$nic" up
printf 'auto %s\niface %s inet dhcp\n\n' "$nic" "$nic" >>$file
if type rdisc6 >/dev/null && answer=$(rdisc6 --retry 3 --single "$nic"); then
    printf 'default-duid ...\n' >"/var/lib/dhcp/dhclient6--$nic.lease"
    if printf '%s\n' "$answer" | grep -q 'Stateful address conf.*Yes'; then
        printf 'iface %s inet6 dhcp\n\n' "$nic" >>$file
    else
        printf 'iface %s inet6 auto\n\tdhcp 0\n\n' "$nic" >>$file
    fi
fi
