//! Intent: what the files below a root directory set up for the next boot. One file or folder a network stack, one for each thing that lies
//! below the stacks (sysctl.d, the boot loader, modprobe.d, firewalls, the image's identity), and one for each syntax that several of them share.
//!
//! A stack that is installed here but not read makes the answer unknown, and is named in the reason: what its files say cannot be guessed
//! from those of another.

mod baked;
mod boot_loader;
mod cloud_init;
mod connman;
mod dhclient;
mod dhcp6_clients;
mod dhcpcd;
mod firewall;
mod ifupdown;
mod ifupdown_ng;
mod in_charge;
mod init;
mod interfaces_file;
mod keyed;
mod modprobe;
mod netifd;
mod netplan;
mod network_manager;
mod network_scripts;
mod networkd;
mod pasted;
mod red_hat;
mod services;
mod shell_variables;
mod sysctl;
mod which_ifupdown;
mod wicked;
mod yaml;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;

use super::file::Root;
use crate::facts::{HostIntent, Intent, InterfaceIntent, Mac, Observed, Setting};

/// An interface as files may speak of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nic {
    /// Its name.
    pub name: String,
    /// Its MAC address; unknown in an image.
    pub mac: Option<Mac>,
}

/// Whether a part of a stack's configuration is for an interface.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Fits {
    Yes,
    No,
    /// It cannot be known, for this reason.
    Unknown(String),
}

/// A network stack that is read.
struct Stack {
    /// Its name, as remedies in check files have it.
    name: &'static str,
    /// What it is set up to do with each of some interfaces.
    read: fn(&Root, &[Nic]) -> io::Result<Reading>,
}

/// What one stack's configuration says. Empty if the stack is not installed, or does not run at boot.
#[derive(Debug, Default)]
struct Reading {
    /// What it says of the interfaces that were asked about. An interface that it says nothing of is absent.
    interfaces: BTreeMap<String, Claim>,
    /// The interfaces that its files name by their names, asked about or not: those that an image is judged on.
    named: BTreeSet<String>,
}

/// What a stack says of one interface. A stack that defers to another, as NetworkManager does to ifupdown on Debian, says nothing of it.
#[derive(Debug)]
enum Claim {
    /// It configures the interface like this; or it is not known how, for this reason.
    Configures(Observed<Intent>),
    /// It is a DHCPv6 client of its own that runs beside whatever configures the interface.
    RunsBeside(Observed<Intent>),
    /// Its configuration is still to be written, at boot, and will be like this. It counts only where no stack configures the interface yet.
    Pending(Observed<Intent>),
    /// It is the stack of this machine and does not name the interface, so it leaves it alone.
    LeavesAlone(Intent),
}

/// The stacks that are read. One line and one file make a new one, and its row in [`UNREAD`] goes.
const STACKS: &[Stack] = &[
    Stack { name: "ifupdown", read: ifupdown::read },
    Stack { name: "NetworkManager", read: network_manager::read },
    Stack { name: "network-scripts", read: network_scripts::read },
    Stack { name: "netplan", read: netplan::read },
    Stack { name: "systemd-networkd", read: networkd::read },
    Stack { name: "ifupdown-ng", read: ifupdown_ng::read },
    Stack { name: "BusyBox", read: ifupdown_ng::read_busybox },
    Stack { name: "dhcpcd", read: dhcpcd::read },
    Stack { name: "wicked", read: wicked::read },
    Stack { name: "ConnMan", read: connman::read },
    Stack { name: "netifd", read: netifd::read },
    Stack { name: "dhcp6c", read: dhcp6_clients::wide },
    Stack { name: "dibbler", read: dhcp6_clients::dibbler },
    Stack { name: "cloud-init", read: cloud_init::read },
];

/// What is not read, by the files that show that it is set up here. Files that packages bring without anybody's doing are left out.
const UNREAD: &[(&str, &[&str])] = &[
    ("netctl", &["/etc/systemd/system/*.wants/netctl*@*.service"]),
    ("netifrc", &["/etc/runlevels/*/net.e*"]),
    ("rc.inet1", &["/etc/rc.d/rc.inet1.conf"]),
];

/// What the image below `root` is set up to do with each of `nics` at the next boot, by name.
pub fn interfaces(root: &Path, nics: &[Nic]) -> BTreeMap<String, InterfaceIntent> {
    of_interfaces(&Root::new(root), nics)
}

/// As [`interfaces`] and [`host`], in one look.
pub fn all(root: &Path, nics: &[Nic]) -> (BTreeMap<String, InterfaceIntent>, HostIntent) {
    let root = Root::new(root);
    (of_interfaces(&root, nics), of_host(&root))
}

fn of_interfaces(root: &Root, nics: &[Nic]) -> BTreeMap<String, InterfaceIntent> {
    let unread = unread(root);
    let readings = readings(root, nics);
    let sysctl = sysctl::lines(root);
    let overrides = cloud_init::overrides(root).ok().flatten();
    let of = |nic: &Nic| InterfaceIntent {
        stack: overridden(in_charge::decide(&nic.name, &readings, &unread), overrides.as_ref()),
        claims: in_charge::claims(&nic.name, &readings),
        sysctl: sysctl.as_ref().map(|lines| sysctl::at_boot(lines, nic)).into(),
        firewalls: firewall::at_boot(root, nic).into(),
    };
    nics.iter().map(|nic| (nic.name.clone(), of(nic))).collect()
}

/// The interfaces that the files below `root` name, and why some files could not be read that may name others. What no interface can be
/// called is left out: files name it in vain.
pub fn named(root: &Path) -> (BTreeSet<String>, Vec<String>) {
    let (mut named, mut unread) = (BTreeSet::new(), Vec::new());
    for (_, reading) in readings(&Root::new(root), &[]) {
        match reading {
            Ok(reading) => named.extend(reading.named.into_iter().filter(|name| may_be_interface(name))),
            Err(reason) => unread.push(reason),
        }
    }
    (named, unread)
}

/// Whether the kernel lets an interface have this name (`dev_valid_name`, net/core/dev.c); the label of an address (`eth0:1`) is let through.
pub fn may_be_interface(name: &str) -> bool {
    // IFNAMSIZ less the NUL.
    (1..=15).contains(&name.len()) && name != "." && name != ".." && !name.contains(|character: char| character == '/' || character.is_whitespace())
}

/// Each stack with its reading, or why it could not be read.
type Readings = [(&'static str, Result<Reading, String>)];

fn readings(root: &Root, nics: &[Nic]) -> Vec<(&'static str, Result<Reading, String>)> {
    let read = |stack: &Stack| (stack.name, (stack.read)(root, nics).map_err(|error| format!("{}: {error}", stack.name)));
    STACKS.iter().map(read).collect()
}

/// Names who writes the files of the stack anew, whatever stack it is. One whose files are still to be written has nothing to lose.
fn overridden(stack: Observed<Intent>, overrides: Option<&Setting<String>>) -> Observed<Intent> {
    let Observed::Seen(mut intent) = stack else { return stack };
    if intent.by.as_deref() != Some("cloud-init") && intent.overrides.is_empty() {
        intent.overrides.extend(overrides.cloned());
    }
    Observed::Seen(intent)
}

/// The stacks that are set up here and not read, each with the file that shows it.
fn unread(root: &Root) -> Vec<String> {
    let mut found = Vec::new();
    for (name, patterns) in UNREAD {
        let mut files = patterns.iter().flat_map(|pattern| root.glob(pattern)).filter(|path| !path.ends_with("/ifcfg-lo"));
        if let Some(path) = files.next() {
            found.push(format!("{name} ({path})"));
        }
    }
    found
}

/// What the image below `root` is set up to do as a whole.
pub fn host(root: &Path) -> HostIntent {
    of_host(&Root::new(root))
}

fn of_host(root: &Root) -> HostIntent {
    HostIntent {
        dhclient: dhclient::read(root).into(),
        pasted_backticks: pasted::read(root).into(),
        command_line: boot_loader::command_line(root).into(),
        modules: modprobe::read(root).into(),
        identity: Observed::Seen(baked::read(root)),
    }
}
