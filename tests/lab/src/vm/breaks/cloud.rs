//! What keeps cloud-init from rendering what this network needs.

use super::{Break, GOOD, Subnet};
use crate::vm::Layer;

pub(super) const CLOUD_SAYS_IPV4: Break = Break {
    name: "cloud-says-ipv4-only",
    title: "the cloud's metadata know of no IPv6 subnet",
    nic: |nics| nics.iter_mut().for_each(|nic| nic.dhcpv6 = false),
    ..GOOD
};

pub(super) const CLOUD_SAYS_STATIC: Break = Break {
    name: "cloud-says-static",
    title: "the IPv6 subnet has no address mode, so the cloud's metadata give the address and cloud-init turns Router Advertisements off",
    subnet: Subnet::Static,
    ..GOOD
};

pub(super) const NETWORK_CONFIG_DISABLED: Break = Break {
    name: "network-config-disabled",
    title: "cloud-init is told to leave the network alone, and nobody else configures it",
    layer: |_, _| Layer::default().file("etc/cloud/cloud.cfg.d/99-disable-network-config.cfg", "network: {config: disabled}\n"),
    ..GOOD
};
