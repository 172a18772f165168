//! Kernel settings of an image that keep it from taking Router Advertisements.

use super::{Break, GOOD};
use crate::lab::vm::Layer;

pub(super) const ACCEPT_RA_0: Break = Break {
    name: "accept-ra-0",
    title: "sysctl.d turns Router Advertisements off",
    layer: |_, nics| {
        let lines: Vec<String> = nics.iter().map(|nic| format!("net.ipv6.conf.{}.accept_ra = 0\n", nic.name)).collect();
        Layer::default().file("etc/sysctl.d/90-hardening.conf", &format!("net.ipv6.conf.default.accept_ra = 0\n{}", lines.concat()))
    },
    ..GOOD
};

pub(super) const FORWARDING: Break = Break {
    name: "forwarding",
    title: "sysctl.d turns forwarding on, as for containers",
    layer: |_, _| Layer::default().file("etc/sysctl.d/90-containers.conf", "net.ipv6.conf.all.forwarding = 1\n"),
    ..GOOD
};
