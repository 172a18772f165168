//! Debian 12 with netplan, which has systemd-networkd set up what its YAML says.

use std::fmt::Write;

use super::{Base, Image, Layer, Nic, Stack, by_slot, debian};

pub(super) const IMAGE: Image = Image {
    name: "debian-12-netplan",
    title: "Debian 12, netplan with dhcp6: true, and systemd-networkd",
    stack: Stack::Networkd,
    base,
    network,
    nic: by_slot,
    seed: None,
};

fn base() -> Base {
    // netplan starts systemd-networkd itself, where a NIC is for it.
    debian("bookworm", &["netplan.io", "nftables"], &Layer::default())
}

fn network(nics: &[Nic]) -> Layer {
    let mut text = String::from("network:\n  version: 2\n  renderer: networkd\n  ethernets:\n");
    let mut layer = Layer::default();
    for Nic { name, dhcpv6 } in nics {
        let _ = write!(text, "    {name}:\n      dhcp4: true\n");
        if *dhcpv6 {
            text.push_str("      dhcp6: true\n");
        } else {
            // Its YAML has no word for it, and an advertisement that sets M starts DHCPv6 without `dhcp6`.
            layer = layer.file(&format!("etc/systemd/network/10-netplan-{name}.network.d/no-dhcpv6.conf"), "[IPv6AcceptRA]\nDHCPv6Client=no\n");
        }
    }
    layer.private("etc/netplan/50-site.yaml", &text)
}
