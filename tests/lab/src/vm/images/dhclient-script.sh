#!/bin/sh
# What dhclient has done with what it is given, such as dhclient-script(8) says: addresses and the default route only. Unlike Debian's, it installs an
# IPv6 address with the length that dhclient tells, as Red Hat's does.
PATH=/usr/sbin:/usr/bin:/sbin:/bin

flush() { ip -"$1" address flush dev "$interface" scope global; }

case $reason in
PREINIT)
    ip link set "$interface" up
    ;;
BOUND | RENEW | REBIND | REBOOT)
    ip -4 address replace "$new_ip_address/$new_subnet_mask" dev "$interface" \
        valid_lft "$new_dhcp_lease_time" preferred_lft "$new_dhcp_lease_time"
    for router in $new_routers; do
        ip -4 route replace default via "$router" dev "$interface" onlink
    done
    ;;
EXPIRE | FAIL | RELEASE | STOP)
    flush 4
    ;;
PREINIT6)
    ip link set "$interface" up
    # dhclient can send from a link-local address that is known to be nobody else's only.
    tries=100
    while [ -z "$(ip -6 address show dev "$interface" scope link -tentative)" ] && [ $tries -gt 0 ]; do
        tries=$((tries - 1))
        sleep 0.1
    done
    ;;
BOUND6 | RENEW6 | REBIND6)
    ip -6 address replace "${new_ip6_address}/${new_ip6_prefixlen}" dev "$interface" scope global \
        valid_lft "$new_max_life" preferred_lft "$new_preferred_life"
    ;;
EXPIRE6 | FAIL6 | RELEASE6 | STOP6)
    ip -6 address del "${old_ip6_address}/${new_ip6_prefixlen:-$old_ip6_prefixlen}" dev "$interface"
    ;;
esac
exit 0
