//! Intent: what the files below a root directory set up for the next boot. One file a guest network stack.
//!
//! A stack that is installed here but not read makes the answer unknown, and is named in the reason: what its files say cannot be guessed
//! from those of another.

mod dhclient;
mod ifupdown;
mod pasted;

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use super::file::Root;
use crate::facts::{HostIntent, Intent, Observed};

/// A network stack that is read.
struct Stack {
    /// Its name, as remedies in check files have it.
    name: &'static str,
    /// What it is set up to do with each of some interfaces.
    read: fn(&Root, &[String]) -> io::Result<Reading>,
}

/// What one stack's configuration says.
#[derive(Debug, Default)]
struct Reading {
    /// The interfaces that it names, or would leave alone while others are its own.
    interfaces: BTreeMap<String, Claim>,
}

/// What a stack says of one interface.
#[derive(Debug)]
enum Claim {
    /// It configures the interface like this; or it is not known how, for this reason.
    Configures(Observed<Intent>),
    /// It is the stack of this machine and does not name the interface, so it leaves it alone.
    LeavesAlone(Intent),
}

/// The stacks that are read. One line and one file make a new one, and its row in [`UNREAD`] goes.
const STACKS: [Stack; 1] = [Stack { name: "ifupdown", read: ifupdown::read }];

/// What is not read yet, by the files that show that it is set up here. Files that packages bring without anybody's doing are left out.
const UNREAD: [(&str, &[&str]); 10] = [
    ("netplan", &["/etc/netplan/*.yaml", "/run/netplan/*.yaml", "/usr/lib/netplan/*.yaml"]),
    ("systemd-networkd", &["/etc/systemd/network/*.network", "/run/systemd/network/*.network"]),
    ("NetworkManager", &["/usr/sbin/NetworkManager", "/usr/bin/NetworkManager", "/etc/NetworkManager/system-connections/*"]),
    ("network-scripts", &["/etc/sysconfig/network-scripts/ifcfg-*"]),
    ("wicked", &["/usr/sbin/wickedd", "/etc/sysconfig/network/ifcfg-*"]),
    ("ConnMan", &["/usr/sbin/connmand"]),
    ("dhcpcd as a service", &["/etc/systemd/system/*.wants/dhcpcd.service", "/etc/runlevels/*/dhcpcd", "/etc/rc?.d/S??dhcpcd"]),
    ("wide-dhcpv6-client", &["/etc/wide-dhcpv6/dhcp6c.conf"]),
    ("dibbler-client", &["/etc/dibbler/client.conf"]),
    ("netifd", &["/sbin/netifd"]),
];

/// What the image below `root` is set up to do with each of `interfaces` at the next boot.
pub fn interfaces(root: &Path, interfaces: &[String]) -> BTreeMap<String, Observed<Intent>> {
    let root = Root::new(root);
    let unread = unread(&root);
    let mut readings: Vec<(&str, Result<Reading, String>)> = Vec::new();
    for stack in &STACKS {
        readings.push((stack.name, (stack.read)(&root, interfaces).map_err(|error| format!("{}: {error}", stack.name))));
    }
    interfaces.iter().map(|name| (name.clone(), decide(name, &readings, &unread))).collect()
}

/// Who of the stacks has the interface.
fn decide(name: &str, readings: &[(&str, Result<Reading, String>)], unread: &[String]) -> Observed<Intent> {
    let mut configuring = Vec::new();
    let mut leaving = Vec::new();
    for (stack, reading) in readings {
        match reading {
            Err(reason) => return Observed::unknown(reason),
            Ok(reading) => match reading.interfaces.get(name) {
                Some(Claim::Configures(intent)) => configuring.push((stack, intent)),
                Some(Claim::LeavesAlone(intent)) => leaving.push(intent),
                None => {}
            },
        }
    }
    let stacks = || configuring.iter().map(|(stack, _)| **stack).collect::<Vec<_>>().join(" and ");
    match (&configuring[..], &leaving[..], unread) {
        ([(_, intent)], _, []) => (*intent).clone(),
        ([], [intent], []) => Observed::Seen((*intent).clone()),
        ([], _, []) => Observed::unknown(format!("no network stack that v6check reads ({}) is set up for {name}", names())),
        ([], _, unread) => {
            Observed::unknown(format!("{} here, which v6check does not read yet; no stack that it reads ({}) names {name}", found(unread), names()))
        }
        (_, _, []) => Observed::unknown(format!("{} both configure {name}", stacks())),
        (_, _, unread) => {
            Observed::unknown(format!("{} configures {name}, but {} here too, which v6check does not read yet", stacks(), found(unread)))
        }
    }
}

fn names() -> String {
    STACKS.iter().map(|stack| stack.name).collect::<Vec<_>>().join(", ")
}

fn found(unread: &[String]) -> String {
    format!("there {} {}", if unread.len() == 1 { "is" } else { "are" }, unread.join(" and "))
}

/// The stacks that are set up here and not read, each with the file that shows it.
fn unread(root: &Root) -> Vec<String> {
    let mut found = Vec::new();
    for (name, patterns) in UNREAD {
        let mut files = patterns.iter().flat_map(|pattern| root.glob(pattern)).filter(|path| !path.ends_with("/ifcfg-lo"));
        if let Some(path) = files.next()
            && !(name == "NetworkManager" && leaves_to_ifupdown(root))
        {
            found.push(format!("{name} ({path})"));
        }
    }
    found
}

/// Debian's NetworkManager leaves the interfaces of /etc/network/interfaces alone (`[ifupdown] managed=false` of NetworkManager.conf(5)),
/// and has nothing to do with the others either while it has no profile and no default one.
fn leaves_to_ifupdown(root: &Root) -> bool {
    let text = root.text("/etc/NetworkManager/NetworkManager.conf").unwrap_or_default();
    let has = |wanted: &str| text.lines().any(|line| line.split_whitespace().collect::<String>() == wanted);
    has("managed=false") && has("no-auto-default=*") && root.names("/etc/NetworkManager/system-connections").is_empty()
}

/// What the image below `root` is set up to do as a whole.
pub fn host(root: &Path) -> HostIntent {
    let root = Root::new(root);
    HostIntent { dhclient: dhclient::read(&root).into(), pasted_backticks: pasted::read(&root).into() }
}
