//! Debian 13 as its installer leaves a server: ifupdown with dhcpcd. An `inet dhcp` stanza starts dhcpcd for the whole interface, IPv6 and
//! Router Advertisements included; an `inet6 dhcp` stanza would start ISC dhclient, which is not there (ifupdown 0.8.44, inet.defn, inet6.defn).

use std::fmt::Write;

use super::{Base, Image, Layer, Nic, Stack, by_slot, debian};

pub(super) const IMAGE: Image =
    Image { name: "debian-13-dhcpcd", title: "Debian 13, ifupdown with dhcpcd", stack: Stack::Dhcpcd, base, network, nic: by_slot, seed: None };

fn base() -> Base {
    debian("trixie", &["ifupdown", "dhcpcd-base", "nftables"], &Layer::default())
}

fn network(nics: &[Nic]) -> Layer {
    let mut interfaces = String::from("auto lo\niface lo inet loopback\n");
    let mut denied = String::new();
    for Nic { name, dhcpv6 } in nics {
        let _ = write!(interfaces, "\nauto {name}\niface {name} inet dhcp\n");
        if !dhcpv6 {
            let _ = write!(denied, "\ninterface {name}\nnodhcp6\n");
        }
    }
    let layer = Layer::default().file("etc/network/interfaces", &interfaces);
    if denied.is_empty() { layer } else { layer.run(&format!("cat >>/etc/dhcpcd.conf <<'END'\n{denied}END")) }
}
