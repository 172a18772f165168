//! What can be wrong where dhcpcd configures the interface.

use super::{Break, GOOD};
use crate::lab::vm::Layer;

pub(super) const RECIPE_FOR_DHCLIENT: Break = Break {
    name: "recipe-for-dhclient",
    title: "Calico's `inet6 dhcp` stanza, which only ISC dhclient can carry out, where that is not installed",
    layer: |_, nics| {
        let stanza = |name: &str| format!("\niface {name} inet6 dhcp\n        accept_ra 1\n");
        let lines: String = nics.iter().map(|nic| stanza(&nic.name)).collect();
        Layer::default().run(&format!("cat >>/etc/network/interfaces <<'END'{lines}END"))
    },
    ..GOOD
};

pub(super) const IPV4_ONLY: Break = Break {
    name: "dhcpcd-ipv4-only",
    title: "dhcpcd.conf says ipv4only",
    layer: |_, _| Layer::default().run("echo ipv4only >>/etc/dhcpcd.conf"),
    ..GOOD
};
