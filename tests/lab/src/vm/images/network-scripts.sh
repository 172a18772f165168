#!/bin/sh
# Plays Red Hat's network scripts, as far as a guest of Calico needs them: each /etc/sysconfig/network-scripts/ifcfg-* with ONBOOT=yes is brought up
# (initscripts: ifup-eth, ifup-ipv6). Its dhclient takes /64 for the length of an address, as ISC's did before 4.4.0.
failed=0
mkdir -p /var/lib/dhclient
for file in /etc/sysconfig/network-scripts/ifcfg-*; do
    unset DEVICE ONBOOT BOOTPROTO IPV6INIT IPV6_AUTOCONF DHCPV6C DHCPV6C_OPTIONS
    . "$file"
    [ "$ONBOOT" = yes ] || continue
    ip link set "$DEVICE" up
    if [ "$BOOTPROTO" = dhcp ]; then
        dhclient -1 -q -lf "/var/lib/dhclient/dhclient--$DEVICE.lease" -pf "/run/dhclient-$DEVICE.pid" "$DEVICE" || failed=1
    fi
    if [ "$IPV6INIT" != no ]; then
        [ "$IPV6_AUTOCONF" = no ] && accept=0 || accept=1
        sysctl -q -e -w "net.ipv6.conf.$DEVICE.accept_ra=$accept" "net.ipv6.conf.$DEVICE.autoconf=$accept"
    fi
    if [ "$DHCPV6C" = yes ]; then
        # shellcheck disable=SC2086 # one word an option
        dhclient -6 -1 -q $DHCPV6C_OPTIONS --address-prefix-len 64 -lf "/var/lib/dhclient/dhclient6-$DEVICE.leases" \
            -pf "/run/dhclient6-$DEVICE.pid" "$DEVICE" || failed=1
    fi
done
exit $failed
