//! Debian 12 with ifupdown and ISC dhclient, set up as Calico's recipe for Ubuntu says: an `inet6 dhcp` stanza for each NIC.

use std::fmt::Write;

use super::{Base, Image, Layer, Nic, Stack, by_slot, debian};

pub(super) const IMAGE: Image = Image {
    name: "debian-12-ifupdown",
    title: "Debian 12, ifupdown with ISC dhclient, by Calico's recipe",
    stack: Stack::Ifupdown,
    base,
    network,
    nic: by_slot,
    seed: None,
};

fn base() -> Base {
    debian("bookworm", &["ifupdown", "isc-dhcp-client", "nftables"], &Layer::default())
}

pub(super) fn network(nics: &[Nic]) -> Layer {
    let mut text = String::from("auto lo\niface lo inet loopback\n");
    for Nic { name, dhcpv6 } in nics {
        let _ = write!(text, "\nauto {name}\niface {name} inet dhcp\n");
        if *dhcpv6 {
            let _ = writeln!(text, "iface {name} inet6 dhcp");
        }
    }
    Layer::default().file("etc/network/interfaces", &text)
}
