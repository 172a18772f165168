//! Debian 11 with ifupdown and ISC dhclient, and all that Calico's recipe for Ubuntu says: the stanza with `accept_ra`, the line in dhclient's
//! script, and the delayed Router Solicitation.

use std::fmt::Write;

use super::{Base, Image, Layer, Nic, Stack, by_slot, debian};

pub(super) const IMAGE: Image = Image {
    name: "debian-11-ifupdown",
    title: "Debian 11, ifupdown with ISC dhclient, by the whole of Calico's recipe",
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
        layer = layer.file(&format!("etc/sysctl.d/30-{name}-rs-delay.conf"), &format!("net.ipv6.conf.{name}.router_solicitation_delay = 10\n"));
    }
    layer.run("sed -i '1a new_ip6_prefixlen=128' /sbin/dhclient-script")
}
