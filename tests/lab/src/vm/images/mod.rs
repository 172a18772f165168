//! The images that the lab makes, a file each: Debian with one network stack, set up as it should be on a Calico link.

mod busybox;
mod debian_11_ifupdown;
mod debian_12_centos_recipe;
mod debian_12_ifupdown;
mod debian_12_netplan;
mod debian_12_networkd;
mod debian_12_networkmanager;
mod debian_13_cloud_init;
mod debian_13_dhcpcd;

use super::seed::{Seed, Subnet};
use super::{Base, Layer, Making};
use crate::Port;

/// A NIC of a guest and what its configuration says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nic {
    /// Its name in the guest.
    pub name: String,
    /// It runs DHCPv6.
    pub dhcpv6: bool,
}

/// Makes the seed for NICs on these ports.
pub type SeedOf = fn(&[Nic], &[Port], Subnet) -> Seed;

/// An image of the lab's.
#[derive(Debug, Clone, Copy)]
pub struct Image {
    /// Its name: `debian-12-ifupdown`.
    pub name: &'static str,
    /// What it is, in words.
    pub title: &'static str,
    /// What configures its network.
    pub stack: Stack,
    /// What it is made from; nothing in it says anything of its NICs.
    pub base: fn() -> Base,
    /// What sets its NICs up.
    pub network: fn(&[Nic]) -> Layer,
    /// The name of its NIC with this number, from 0 on.
    pub nic: fn(usize) -> String,
    /// What a cloud tells it on a disk of its own, if it runs cloud-init; a network's IPv6 subnet is of the kind given.
    pub seed: Option<SeedOf>,
}

/// What configures an image's network, as far as breaks have to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stack {
    /// ifupdown with ISC dhclient.
    Ifupdown,
    /// ifupdown or none, with dhcpcd.
    Dhcpcd,
    /// systemd-networkd, by its own files or netplan's.
    Networkd,
    /// NetworkManager.
    NetworkManager,
    /// Red Hat's network scripts with ISC dhclient.
    NetworkScripts,
    /// BusyBox.
    BusyBox,
}

/// All of them.
pub const IMAGES: &[Image] = &[
    debian_12_ifupdown::IMAGE,
    debian_12_networkd::IMAGE,
    debian_12_netplan::IMAGE,
    debian_12_networkmanager::IMAGE,
    debian_11_ifupdown::IMAGE,
    debian_12_centos_recipe::IMAGE,
    debian_13_cloud_init::IMAGE,
    debian_13_dhcpcd::IMAGE,
    busybox::IMAGE,
];

/// The kernel names a NIC by its PCI slot (systemd.net-naming-scheme(7)), and the lab's begin at slot 3, as OpenStack's do.
fn by_slot(number: usize) -> String {
    format!("ens{}", number + 3)
}

/// A Debian image: its packages, besides those that boot it, and what is laid over it. Something asks for network-online.target, as on nearly
/// every server.
fn debian(suite: &str, packages: &[&str], layer: &Layer) -> Base {
    const ONLINE: &str = "[Unit]\nDescription=A service that needs the network\nWants=network-online.target\nAfter=network-online.target\n\n\
                          [Service]\nType=oneshot\nExecStart=/bin/true\n\n[Install]\nWantedBy=multi-user.target\n";
    let common = Layer::default().file("etc/systemd/system/needs-network.service", ONLINE).run("systemctl enable needs-network.service");
    Base {
        suite: suite.into(),
        making: Making::Installed,
        packages: packages.iter().map(|package| (*package).to_owned()).collect(),
        layer: common.under(layer),
        command_line: "console=ttyS0".into(),
    }
}
