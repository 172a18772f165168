//! What goes wrong with BusyBox alone.

use std::fmt::Write;

use super::{Break, GOOD};
use crate::vm::Layer;

/// Calico's recipe, which is made for another ifup: this one refuses the whole file.
pub(super) const INET6_DHCP: Break = Break {
    name: "inet6-dhcp",
    title: "`inet6 dhcp`, which BusyBox' ifup does not know",
    layer: |_, nics| {
        let mut text = String::from("auto lo\niface lo inet loopback\n");
        for nic in nics {
            let _ = write!(text, "\nauto {name}\niface {name} inet dhcp\niface {name} inet6 dhcp\n    accept_ra 1\n", name = nic.name);
        }
        Layer::default().file("etc/network/interfaces", &text)
    },
    ..GOOD
};
