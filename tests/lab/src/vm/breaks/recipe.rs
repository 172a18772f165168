//! Calico's recipe left out, in part or as a whole, or pasted as it must not be.

use super::{Break, GOOD};
use crate::vm::Layer;

pub(super) const STOCK: Break =
    Break { name: "stock", title: "without the recipe", nic: |nics| nics.iter_mut().for_each(|nic| nic.dhcpv6 = false), ..GOOD };

pub(super) const SECOND_NIC_WITHOUT_CLIENT: Break = Break {
    name: "second-nic-without-client",
    title: "two NICs, and the recipe for the first only",
    nics: 2,
    nic: |nics| nics.iter_mut().skip(1).for_each(|nic| nic.dhcpv6 = false),
    ..GOOD
};

/// Its lines have no effect; that of dhclient-script only where that is.
pub(super) const RECIPE_IN_BACKTICKS: Break = Break {
    name: "recipe-in-backticks",
    title: "lines of the recipe pasted with their backticks",
    layer: |_, nics| {
        let lines: Vec<String> = nics.iter().map(|nic| format!("`net.ipv6.conf.{}.router_solicitation_delay = 10`\n", nic.name)).collect();
        Layer::default()
            .file("etc/sysctl.d/30-rs-delay.conf", &lines.concat())
            .run(r"if [ -e /sbin/dhclient-script ]; then sed -i '1a `new_ip6_prefixlen=128`' /sbin/dhclient-script; fi")
    },
    ..GOOD
};

/// For images with ifupdown.
pub(super) const ACCEPT_RA_0_STANZA: Break = Break {
    name: "accept-ra-0-stanza",
    title: "accept_ra 0 in the inet6 stanza",
    layer: |_, _| {
        Layer::default().run(r"sed -i '/ inet6 dhcp$/a\    accept_ra 0' /etc/network/interfaces").run("grep -q 'accept_ra 0' /etc/network/interfaces")
    },
    ..GOOD
};
