//! Debian 12 with systemd-networkd: a `.network` file for each NIC, with `DHCP=yes`.

use super::{Base, Image, Layer, Nic, Stack, by_slot, debian};

pub(super) const IMAGE: Image = Image {
    name: "debian-12-networkd",
    title: "Debian 12, systemd-networkd with DHCP=yes",
    stack: Stack::Networkd,
    base,
    network,
    nic: by_slot,
    seed: None,
};

fn base() -> Base {
    debian("bookworm", &["nftables"], &Layer::default().run("systemctl enable systemd-networkd.service"))
}

fn network(nics: &[Nic]) -> Layer {
    nics.iter().fold(Layer::default(), |layer, Nic { name, dhcpv6 }| {
        // An advertisement that sets M starts DHCPv6 whatever DHCP= says (systemd.network(5)).
        let settings = if *dhcpv6 { "DHCP=yes\n" } else { "DHCP=ipv4\n\n[IPv6AcceptRA]\nDHCPv6Client=no\n" };
        layer.file(&format!("etc/systemd/network/10-{name}.network"), &format!("[Match]\nName={name}\n\n[Network]\n{settings}"))
    })
}
