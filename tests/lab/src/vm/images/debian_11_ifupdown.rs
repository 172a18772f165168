//! Debian 11 with ifupdown and ISC dhclient, by Calico's recipe for Ubuntu: the stanza with `accept_ra`, and the line in dhclient's script.
//!
//! Not its third step, router_solicitation_delay = 10: the kernel begins to test the link-local address after a random part of that delay
//! (net/ipv6/addrconf.c, `addrconf_dad_kick`), and ifupdown waits 6 s for that address (wait-for-ll6.sh), so that it would run DHCPv6 on some
//! boots only.

use std::fmt::Write;

use super::{Base, Image, Layer, Nic, Stack, by_slot, debian};

pub(super) const IMAGE: Image = Image {
    name: "debian-11-ifupdown",
    title: "Debian 11, ifupdown with ISC dhclient, by Calico's recipe",
    stack: Stack::Ifupdown,
    base,
    network,
    nic: by_slot,
    seed: None,
};

fn base() -> Base {
    debian("bullseye", &["ifupdown", "isc-dhcp-client", "nftables"], &Layer::default())
}

fn network(nics: &[Nic]) -> Layer {
    let mut layer = Layer::default().file("etc/network/interfaces", "source /etc/network/interfaces.d/*\n\nauto lo\niface lo inet loopback\n");
    for Nic { name, dhcpv6 } in nics {
        let mut text = format!("auto {name}\niface {name} inet dhcp\n");
        if *dhcpv6 {
            let _ = write!(text, "iface {name} inet6 dhcp\n        accept_ra 1\n");
        }
        layer = layer.file(&format!("etc/network/interfaces.d/{name}"), &text);
    }
    layer.run("sed -i '1a new_ip6_prefixlen=128' /sbin/dhclient-script")
}
