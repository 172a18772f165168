//! Network stacks: what their files set up for the next boot, and what of them runs now. One folder a stack.
//!
//! A stack that is installed here but not read makes the answer unknown, and is named in the reason: what its files say cannot be guessed
//! from those of another.

pub(crate) mod cloud_init;
pub(crate) mod connman;
pub(crate) mod dhclient;
pub(crate) mod dhcp6_clients;
pub(crate) mod dhcp6c;
pub(crate) mod dhcpcd;
pub(crate) mod dibbler;
pub(crate) mod fixes;
pub(crate) mod ifupdown;
pub(crate) mod ifupdown_ng;
pub(crate) mod leases;
pub(crate) mod netifd;
pub(crate) mod netplan;
pub(crate) mod network_manager;
pub(crate) mod network_scripts;
pub(crate) mod networkd;
pub(crate) mod running;
pub(crate) mod selection;
pub(crate) mod udhcpc6;
pub(crate) mod wicked;

use std::collections::{BTreeMap, BTreeSet};
use std::io;

pub(crate) use crate::facts::StackId;
use crate::facts::{Intent, Observed, Setting};
use crate::image::{Image, Nic};

/// Whether a part of a stack's configuration is for an interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fits {
    Yes,
    No,
    /// It cannot be known, for this reason.
    Unknown(String),
}

/// A network stack that is read.
pub(crate) struct Stack {
    pub(crate) id: StackId,
    /// What it is set up to do with each of some interfaces.
    pub(crate) read: fn(&Image, &[Nic]) -> io::Result<Reading>,
    /// The next step towards a goal that it misses; `None` where it knows none.
    pub(crate) fix: fn(&fixes::Question<'_>) -> Option<fixes::Step>,
    /// Commands by which it takes changed files over while the guest runs, for the interface of this name.
    pub(crate) now: fn(&str) -> Vec<String>,
}

/// What one stack's configuration says. Empty if the stack is not installed, or does not run at boot.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    /// What it says of the interfaces that were asked about. An interface that it says nothing of is absent.
    pub(crate) interfaces: BTreeMap<String, Claim>,
    /// The interfaces that its files name by their names, asked about or not: those that an image is judged on.
    pub(crate) named: BTreeSet<String>,
}

/// What a stack says of one interface. A stack that defers to another, as NetworkManager does to ifupdown on Debian, says nothing of it.
#[derive(Debug)]
pub(crate) enum Claim {
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
pub(crate) const STACKS: &[Stack] = &[
    Stack { id: StackId::Ifupdown, read: ifupdown::read, fix: ifupdown::fixes::fix, now: ifupdown::fixes::now },
    Stack { id: StackId::NetworkManager, read: network_manager::read, fix: network_manager::fixes::fix, now: network_manager::fixes::now },
    Stack { id: StackId::NetworkScripts, read: network_scripts::read, fix: network_scripts::fixes::fix, now: network_scripts::fixes::now },
    Stack { id: StackId::Netplan, read: netplan::read, fix: netplan::fixes::fix, now: netplan::fixes::now },
    Stack { id: StackId::Networkd, read: networkd::read, fix: networkd::fixes::fix, now: networkd::fixes::now },
    Stack { id: StackId::IfupdownNg, read: ifupdown_ng::read, fix: ifupdown_ng::fixes::fix, now: ifupdown_ng::fixes::now },
    Stack { id: StackId::BusyBox, read: ifupdown_ng::read_busybox, fix: ifupdown_ng::fixes::busybox, now: ifupdown_ng::fixes::now },
    Stack { id: StackId::Dhcpcd, read: dhcpcd::read, fix: dhcpcd::fixes::fix, now: dhcpcd::fixes::now },
    Stack { id: StackId::Wicked, read: wicked::read, fix: wicked::fixes::fix, now: wicked::fixes::now },
    Stack { id: StackId::ConnMan, read: connman::read, fix: connman::fixes::fix, now: connman::fixes::now },
    Stack { id: StackId::Netifd, read: netifd::read, fix: fixes::none, now: fixes::nothing },
    Stack { id: StackId::Dhcp6c, read: dhcp6_clients::wide, fix: fixes::none, now: fixes::nothing },
    Stack { id: StackId::Dibbler, read: dhcp6_clients::dibbler, fix: fixes::none, now: fixes::nothing },
    Stack { id: StackId::CloudInit, read: cloud_init::read, fix: fixes::none, now: fixes::nothing },
];

/// What is not read, by the files that show that it is set up here. Files that packages bring without anybody's doing are left out.
const UNREAD: &[(&str, &[&str])] = &[
    ("netctl", &["/etc/systemd/system/*.wants/netctl*@*.service"]),
    ("netifrc", &["/etc/runlevels/*/net.e*"]),
    ("rc.inet1", &["/etc/rc.d/rc.inet1.conf"]),
];

/// Each stack with its reading, or why it could not be read.
pub(crate) type Readings = [(StackId, Result<Reading, String>)];

pub(crate) fn readings(root: &Image, nics: &[Nic]) -> Vec<(StackId, Result<Reading, String>)> {
    let read = |stack: &Stack| (stack.id, (stack.read)(root, nics).map_err(|error| format!("{}: {error}", stack.id)));
    STACKS.iter().map(read).collect()
}

/// Names who writes the files of the stack anew, whatever stack it is. One whose files are still to be written has nothing to lose.
pub(crate) fn overridden(stack: Observed<Intent>, overrides: Option<&Setting<StackId>>) -> Observed<Intent> {
    let Observed::Seen(mut intent) = stack else { return stack };
    if intent.by != Some(StackId::CloudInit) && intent.overrides.is_empty() {
        intent.overrides.extend(overrides.cloned());
    }
    Observed::Seen(intent)
}

/// The stacks that are set up here and not read, each with the file that shows it.
pub(crate) fn unread(root: &Image) -> Vec<String> {
    let mut found = Vec::new();
    for (name, patterns) in UNREAD {
        let mut files = patterns.iter().flat_map(|pattern| root.glob(pattern)).filter(|path| !path.ends_with("/ifcfg-lo"));
        if let Some(path) = files.next() {
            found.push(format!("{name} ({path})"));
        }
    }
    found
}
