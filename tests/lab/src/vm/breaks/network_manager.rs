//! What a keyfile of NetworkManager's says wrongly: the method of its IPv6.

use super::{Break, GOOD};
use crate::vm::{Layer, Nic};

/// The kernel takes Router Advertisements on it, and nobody runs DHCPv6.
pub(super) const SECOND_METHOD_IGNORE: Break = Break {
    name: "second-method-ignore",
    title: "a second NIC whose keyfile has ipv6.method=ignore",
    nics: 2,
    layer: |_, nics| method(&nics[1..], "ignore"),
    ..GOOD
};

pub(super) const METHOD_LINK_LOCAL: Break =
    Break { name: "method-link-local", title: "a keyfile with ipv6.method=link-local", layer: |_, nics| method(nics, "link-local"), ..GOOD };

pub(super) const METHOD_DISABLED: Break =
    Break { name: "method-disabled", title: "a keyfile with ipv6.method=disabled", layer: |_, nics| method(nics, "disabled"), ..GOOD };

/// DHCPv6 without Router Advertisements: an address, and no way out.
pub(super) const METHOD_DHCP: Break =
    Break { name: "method-dhcp", title: "a keyfile with ipv6.method=dhcp", layer: |_, nics| method(nics, "dhcp"), ..GOOD };

fn method(nics: &[Nic], method: &str) -> Layer {
    nics.iter().fold(Layer::default(), |layer, Nic { name, .. }| {
        layer.run(&format!("sed -i '/^.ipv6.$/,$ s/^method=.*/method={method}/' /etc/NetworkManager/system-connections/{name}.nmconnection"))
    })
}
