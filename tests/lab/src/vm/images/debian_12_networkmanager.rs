//! Debian 12 with NetworkManager: a keyfile for each NIC, with its IPv6 method `auto`.

use super::{Base, Image, Layer, Nic, Stack, by_slot, debian};

pub(super) const IMAGE: Image = Image {
    name: "debian-12-networkmanager",
    title: "Debian 12, NetworkManager with ipv6.method=auto",
    stack: Stack::NetworkManager,
    base,
    network,
    nic: by_slot,
    seed: None,
};

fn base() -> Base {
    debian("bookworm", &["network-manager", "nftables"], &Layer::default())
}

fn network(nics: &[Nic]) -> Layer {
    nics.iter().fold(Layer::default(), |layer, Nic { name, dhcpv6 }| {
        // With `ignore` the kernel takes the advertisements, and nobody runs DHCPv6; `auto` runs it for each that sets M.
        let method = if *dhcpv6 { "auto" } else { "ignore" };
        let profile = format!(
            "[connection]\nid={name}\ntype=ethernet\ninterface-name={name}\n\n[ethernet]\n\n[ipv4]\nmethod=auto\n\n[ipv6]\nmethod={method}\n"
        );
        layer.private(&format!("etc/NetworkManager/system-connections/{name}.nmconnection"), &profile)
    })
}
