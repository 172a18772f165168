//! Commands of units of systemd that a target wants.

use std::collections::BTreeSet;
use std::io;

use super::unit::Unit;
use super::{BootCommand, Order};
use crate::host::init::{self, Init};
use crate::host::services;
use crate::image::Image;
use crate::image::shell::{Context, run_words};

/// As many units as are read.
const MAX_UNITS: usize = 512;
/// As many entries of their folders as are looked at.
const MAX_ENTRIES: usize = 2048;
/// Units that are read where they belong: network stacks, firewalls, and what carries out sysctl.d.
const READ_ELSEWHERE: [&str; 31] = [
    "networking",
    "ifup",
    "network",
    "NetworkManager",
    "NetworkManager-dispatcher",
    "NetworkManager-wait-online",
    "nm-cloud-setup",
    "wicked",
    "wickedd",
    "wickedd-nanny",
    "dhcpcd",
    "connman",
    "netplan",
    "procps",
    "nftables",
    "netfilter-persistent",
    "iptables-persistent",
    "iptables",
    "ip6tables",
    "ufw",
    "firewalld",
    "shorewall",
    "shorewall6",
    "firehol",
    "csf",
    "lfd",
    "wide-dhcpv6-client",
    "rc.local",
    "dibbler-client",
    "rc-local",
    "tuned",
];
/// What comes with the distribution and runs nothing of this image's own.
const OF_SYSTEMD: [&str; 3] = ["systemd-", "cloud-", "v6check-"];
const KEYS: [&str; 3] = ["ExecStartPre", "ExecStart", "ExecStartPost"];
/// What units are ordered by that want the network up.
const NETWORK: [&str; 8] = [
    "network.target",
    "network-online.target",
    "networking.service",
    "NetworkManager.service",
    "NetworkManager-wait-online.service",
    "systemd-networkd.service",
    "systemd-networkd-wait-online.service",
    "multi-user.target",
];
const BEFORE_NETWORK: [&str; 6] =
    ["network-pre.target", "network.target", "networking.service", "NetworkManager.service", "systemd-networkd.service", "sysinit.target"];

/// The commands of the units that a target wants, and of those that their timers start.
///
/// # Errors
/// A unit cannot be read.
pub(super) fn commands(root: &Image) -> io::Result<Vec<BootCommand>> {
    let mut commands = Vec::new();
    if init::of(root) != Init::Systemd {
        return Ok(commands);
    }
    for name in wanted(root) {
        let stem = name.trim_end_matches(".service");
        if is_read_elsewhere(stem) || services::is_masked(root, &name) {
            continue;
        }
        if let Some(unit) = Unit::read(root, &name)? {
            add(root, &unit, &mut commands)?;
        }
    }
    Ok(commands)
}

/// Whether a service is read where it belongs, or runs nothing of this image's own.
pub(super) fn is_read_elsewhere(name: &str) -> bool {
    let base = name.split('@').next().unwrap_or(name);
    READ_ELSEWHERE.contains(&base) || OF_SYSTEMD.iter().any(|begin| name.starts_with(begin))
}

/// The services that a target wants, and those that a timer starts that one wants.
fn wanted(root: &Image) -> BTreeSet<String> {
    let entries = services::WANTS.iter().flat_map(|pattern| root.glob(pattern)).flat_map(|folder| root.names(&folder));
    let service = |name: String| match name.strip_suffix(".timer") {
        Some(stem) => (services::is_wanted(root, &name) && !services::is_masked(root, &name)).then(|| format!("{stem}.service")),
        None => (name.ends_with(".service") && services::is_wanted(root, &name)).then_some(name),
    };
    entries.take(MAX_ENTRIES).filter_map(service).take(MAX_UNITS).collect()
}

fn add(root: &Image, unit: &Unit, commands: &mut Vec<BootCommand>) -> io::Result<()> {
    let has = |key: &str, names: &[&str]| unit.list("Unit", key).iter().any(|name| names.contains(name));
    let order = if has("After", &NETWORK) || unit.last("Service", "Type") == Some("idle") {
        Order::AfterStack
    } else if has("Before", &BEFORE_NETWORK) {
        Order::BeforeStack
    } else {
        Order::Unordered
    };
    let restarted = matches!(unit.last("Service", "Restart"), Some("always" | "on-failure" | "on-abnormal"));
    let packaged = !unit.path.starts_with("/etc/");
    let context = Context { root, environment: &|_| None, arguments: &[] };
    for line in unit.commands(root, &KEYS)? {
        for command in run_words(&context, &line.at, &line.words) {
            let of_package = packaged || command.at.path.starts_with("/usr/lib/") || command.at.path.starts_with("/lib/");
            commands.push(BootCommand { command, order, packaged: of_package, text: line.text.clone(), restarted });
        }
    }
    Ok(())
}
