//! What `.network` files and netplan's YAML say wrongly, or otherwise than by the recipe.

use std::fmt::Write;

use super::{Break, GOOD};
use crate::vm::{Layer, Nic};

/// No fault on a link that sets M: such an advertisement starts DHCPv6.
pub(super) const DHCP_IPV4: Break =
    Break { name: "dhcp-ipv4", title: "a .network file that asks for IPv4 only", layer: |_, nics| with(nics, "DHCP=ipv4\n"), ..GOOD };

pub(super) const IPV6ACCEPTRA_NO: Break = Break {
    name: "ipv6acceptra-no",
    title: "a .network file with DHCP=yes that takes no Router Advertisements",
    layer: |_, nics| with(nics, "DHCP=yes\nIPv6AcceptRA=no\n"),
    ..GOOD
};

/// DHCPv6 without Router Advertisements: an address, and no way out.
pub(super) const WITHOUT_RA: Break = Break {
    name: "without-ra",
    title: "a .network file that takes no Router Advertisements and solicits DHCPv6 without them",
    layer: |_, nics| with(nics, "DHCP=yes\nIPv6AcceptRA=no\n\n[DHCPv6]\nWithoutRA=solicit\n"),
    ..GOOD
};

pub(super) const SECOND_WITHOUT_FILE: Break = Break {
    name: "second-without-file",
    title: "a second NIC that no .network file is for",
    nics: 2,
    layer: |_, nics| nics.iter().skip(1).fold(Layer::default(), |layer, nic| layer.run(&format!("rm /etc/systemd/network/10-{}.network", nic.name))),
    ..GOOD
};

/// The way to have no DHCPv6 on a link that sets M.
pub(super) const SECOND_DHCPV6CLIENT_NO: Break = Break {
    name: "second-dhcpv6client-no",
    title: "a second NIC whose .network file turns DHCPv6 off",
    nics: 2,
    nic: |nics| nics[1].dhcpv6 = false,
    ..GOOD
};

/// No fault either.
pub(super) const DHCP4_TRUE: Break =
    Break { name: "dhcp4-true", title: "netplan's YAML asks for IPv4 only", layer: |_, nics| yaml(nics, "      dhcp4: true\n"), ..GOOD };

pub(super) const ACCEPT_RA_FALSE: Break = Break {
    name: "accept-ra-false",
    title: "netplan's YAML has dhcp6: true and takes no Router Advertisements",
    layer: |_, nics| yaml(nics, "      dhcp4: true\n      dhcp6: true\n      accept-ra: false\n"),
    ..GOOD
};

pub(super) const YAML_TAB: Break = Break {
    name: "yaml-tab",
    title: "netplan's YAML is indented by a tab, and all of it refused",
    layer: |_, nics| yaml(nics, "      dhcp4: true\n\tdhcp6: true\n"),
    ..GOOD
};

/// Each NIC's file with these settings in its section `[Network]`.
fn with(nics: &[Nic], settings: &str) -> Layer {
    nics.iter().fold(Layer::default(), |layer, Nic { name, .. }| {
        layer.file(&format!("etc/systemd/network/10-{name}.network"), &format!("[Match]\nName={name}\n\n[Network]\n{settings}"))
    })
}

/// netplan's file with these lines for each NIC.
fn yaml(nics: &[Nic], lines: &str) -> Layer {
    let mut text = String::from("network:\n  version: 2\n  renderer: networkd\n  ethernets:\n");
    for Nic { name, .. } in nics {
        let _ = write!(text, "    {name}:\n{lines}");
    }
    Layer::default().private("etc/netplan/50-site.yaml", &text)
}
