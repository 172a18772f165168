//! What can be wrong where dhcpcd configures the interface.

use super::{Break, GOOD};
use crate::vm::Layer;

/// ifup gives up at the first stanza that fails. Where this one comes last, dhcpcd has been started and is killed with the service, and how far it
/// got by then is a race.
pub(super) const RECIPE_FOR_DHCLIENT: Break = Break {
    name: "recipe-for-dhclient",
    title: "Calico's `inet6 dhcp` stanza, which only ISC dhclient can carry out, where that is not installed",
    layer: |_, nics| {
        let stanza = |name: &str| format!("s/^iface {name} inet dhcp$/iface {name} inet6 dhcp\\n        accept_ra 1\\n&/");
        nics.iter().fold(Layer::default(), |layer, nic| layer.run(&format!("sed -i '{}' /etc/network/interfaces", stanza(&nic.name))))
    },
    ..GOOD
};

pub(super) const IPV4_ONLY: Break = Break {
    name: "dhcpcd-ipv4-only",
    title: "dhcpcd.conf says ipv4only",
    layer: |_, _| Layer::default().run("echo ipv4only >>/etc/dhcpcd.conf"),
    ..GOOD
};
