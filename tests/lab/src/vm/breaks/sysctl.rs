//! Kernel settings of an image that keep it from taking Router Advertisements.

use super::{Break, GOOD, Image};
use crate::vm::{Layer, Stack};

pub(super) const ACCEPT_RA_0: Break = Break {
    name: "accept-ra-0",
    title: "sysctl turns Router Advertisements off",
    layer: |image, nics| {
        let lines: Vec<String> = nics.iter().map(|nic| format!("net.ipv6.conf.{}.accept_ra = 0\n", nic.name)).collect();
        Layer::default().file(&file(image, "hardening"), &format!("net.ipv6.conf.default.accept_ra = 0\n{}", lines.concat()))
    },
    ..GOOD
};

pub(super) const FORWARDING: Break = Break {
    name: "forwarding",
    title: "sysctl turns forwarding on, as for containers",
    layer: |image, _| Layer::default().file(&file(image, "containers"), "net.ipv6.conf.all.forwarding = 1\n"),
    ..GOOD
};

/// Where the image's own boot looks for it: BusyBox' sysctl reads one file only.
fn file(image: &Image, name: &str) -> String {
    if image.stack == Stack::BusyBox { "etc/sysctl.conf".into() } else { format!("etc/sysctl.d/90-{name}.conf") }
}
