//! IPv6 turned off before anything else starts.

use super::{Break, GOOD};
use crate::vm::Layer;

pub(super) const IPV6_DISABLED: Break = Break {
    name: "ipv6-disabled",
    title: "ipv6.disable=1 on the kernel's command line",
    layer: |_, _| {
        Layer::default()
            .run(r#"sed -i 's/^\(GRUB_CMDLINE_LINUX=".*\)"/\1 ipv6.disable=1"/' /etc/default/grub"#)
            .run(r"sed -i 's/^\tlinux\t.*/& ipv6.disable=1/' /boot/grub/grub.cfg")
            .run("grep -q ipv6.disable=1 /etc/default/grub && grep -q ipv6.disable=1 /boot/grub/grub.cfg")
    },
    ..GOOD
};
