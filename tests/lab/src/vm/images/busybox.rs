//! BusyBox and a kernel, booted as Buildroot does: init by /etc/inittab, `rcS` that runs `/etc/init.d/S??*`, ifup with udhcpc and udhcpc6.

use std::fmt::Write;

use super::{Base, Image, Layer, Making, Nic, Stack};

pub(super) const IMAGE: Image = Image {
    name: "busybox",
    title: "BusyBox of Debian 13 with its init, ifup and udhcpc6, and no systemd",
    stack: Stack::BusyBox,
    base,
    network,
    // No udev gives it another name.
    nic: |number| format!("eth{number}"),
    seed: None,
};

fn base() -> Base {
    let layer = Layer::default()
        .file("etc/inittab", include_str!("busybox/inittab"))
        .file("etc/os-release", "ID=busybox\nPRETTY_NAME=\"BusyBox with Debian's kernel\"\n")
        .file("etc/hostname", "busybox\n")
        .file("etc/passwd", "root::0:0:root:/root:/bin/sh\n")
        .file("etc/group", "root:x:0:\n")
        .program("etc/init.d/rcS", include_str!("busybox/rcS"))
        .program("etc/init.d/S01syslogd", include_str!("busybox/S01syslogd"))
        .program("etc/init.d/S02sysctl", include_str!("busybox/S02sysctl"))
        .program("etc/init.d/S40network", include_str!("busybox/S40network"))
        .program("etc/udhcpc/default.script", include_str!("busybox/udhcpc.script"))
        .program("etc/udhcpc/default6.script", include_str!("busybox/udhcpc6.script"))
        .program("usr/sbin/wait-link-local", include_str!("busybox/wait-link-local"))
        .program("root/initramfs", include_str!("busybox/initramfs"))
        .run(include_str!("busybox/make.sh"));
    Base { suite: "trixie".into(), making: Making::BusyBox, packages: Vec::new(), layer, command_line: "console=ttyS0".into() }
}

/// BusyBox' ifup knows no `inet6 dhcp`. udhcpc6 ends where there is no link-local address yet, and speaks from one that is tentative.
fn network(nics: &[Nic]) -> Layer {
    let mut text = String::from("auto lo\niface lo inet loopback\n");
    for Nic { name, dhcpv6 } in nics {
        let _ = write!(text, "\nauto {name}\niface {name} inet dhcp\n");
        if *dhcpv6 {
            let _ =
                writeln!(text, "iface {name} inet6 manual\n    up wait-link-local {name}\n    up udhcpc6 -b -R -i {name} -p /run/udhcpc6.{name}.pid");
        }
    }
    Layer::default().file("etc/network/interfaces", &text)
}
