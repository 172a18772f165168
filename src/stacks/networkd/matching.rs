//! Whether a `.network` file is for an interface: its section `[Match]` (systemd.network(5); net_match_config of src/shared/netif-util.c).
//!
//! What an image cannot know - MAC addresses, bus paths - makes the answer unknown. An interface that is asked about is taken for an Ethernet
//! card of a virtual machine; alternative names of interfaces are not known. A key that systemd does not know is passed over.

use std::collections::BTreeSet;

use super::conditions;
use super::files::NetworkFile;
use crate::facts::Mac;
use crate::image::Nic;
use crate::image::ini::systemd::Assignment;
use crate::image::{Image, matches};
use crate::stacks::Fits;

/// Settings of `[Match]`, each with the first version of systemd that reads it; older ones pass over it with a warning.
const SETTINGS: [(&str, u32); 20] = [
    ("Name", 0),
    ("MACAddress", 0),
    ("Type", 0),
    ("Driver", 0),
    ("Path", 0),
    ("Host", 0),
    ("Virtualization", 0),
    ("KernelCommandLine", 0),
    ("KernelVersion", 0),
    ("Architecture", 0),
    ("Property", 243),
    ("WLANInterfaceType", 244),
    ("SSID", 244),
    ("BSSID", 244),
    ("PermanentMACAddress", 245),
    ("Firmware", 249),
    ("Kind", 251),
    ("Credential", 252),
    ("Version", 258),
    ("MachineTag", 262),
];
/// The newest version whose settings are listed: one that is not may be of a later one.
const NEWEST: u32 = 262;
/// Settings that only a wireless interface meets.
const WIRELESS: [&str; 3] = ["WLANInterfaceType", "SSID", "BSSID"];
/// Drivers of the network cards that hypervisors give: a pattern that takes in all or none of them is decided.
const OF_VIRTUAL_MACHINES: [&str; 20] = [
    "virtio_net",
    "e1000",
    "e1000e",
    "igb",
    "igbvf",
    "ixgbevf",
    "iavf",
    "i40evf",
    "vmxnet3",
    "pcnet32",
    "8139cp",
    "8139too",
    "ne2k-pci",
    "tulip",
    "hv_netvsc",
    "vif",
    "ena",
    "gve",
    "mlx5_core",
    "mlx4_en",
];

/// Whether `file` is for `nic`. `any_mac`: its MAC address is written anew for each instance.
pub(crate) fn fits(root: &Image, file: &NetworkFile, nic: &Nic, any_mac: bool, version: Option<u32>) -> Fits {
    let mut unknown = None;
    let mut some = false;
    let written_anew = (any_mac && nic.mac.is_none()).then_some(true);
    for key in keys(file) {
        let given = file.assignments.list("Match", key);
        let Some(first) = given.first() else { continue };
        let read = match SETTINGS.iter().find(|(name, _)| *name == key) {
            Some((_, since)) => version.map_or((*since == 0).then_some(true), |version| Some(version >= *since)),
            None => version.filter(|version| *version <= NEWEST).map(|_| false),
        };
        let known = match key {
            _ if read == Some(false) => continue,
            _ if read.is_none() && !is_old(key) => None,
            "Name" => Some(taken_in(&words(&given), &nic.name)),
            "Type" => Some(taken_in(&words(&given), kind_of_link(&nic.name))),
            "Kind" => is_a_card(root, nic).then(|| taken_in(&words(&given), "")),
            "Driver" => driver(root, nic, &words(&given)),
            "MACAddress" => nic.mac.map(|mac| has(&words(&given), mac)).or(written_anew),
            // The address that a card was made with is nearly always the one that it has; where it is another, it is not known.
            "PermanentMACAddress" => nic.mac.filter(|mac| has(&words(&given), *mac)).map(|_| true).or(written_anew),
            wireless if WIRELESS.contains(&wireless) => Some(false),
            condition => conditions::holds(root, condition, &given, nic.mac.is_some()),
        };
        some = true;
        match known {
            Some(true) => {}
            Some(false) => return Fits::No,
            None => unknown = unknown.or(Some(*first)),
        }
    }
    if !some {
        return empty(file, version);
    }
    let not_known = |line: &Assignment| Fits::Unknown(format!("{}: whether `{}` is {} cannot be known from files", line.at, line.text, nic.name));
    unknown.map_or(Fits::Yes, not_known)
}

/// The keys of `[Match]` that the file has, each once.
fn keys(file: &NetworkFile) -> BTreeSet<&str> {
    file.assignments.0.iter().filter(|found| found.section == "Match").map(|found| &found.key[..]).collect()
}

/// Whether every systemd of an image without a version is new enough for the key, which is years old.
fn is_old(key: &str) -> bool {
    SETTINGS.iter().any(|(name, since)| *name == key && *since <= 252)
}

/// A file without a condition: systemd 243 and older take it for every interface, 246 and newer leave it out.
fn empty(file: &NetworkFile, version: Option<u32>) -> Fits {
    match version {
        Some(..=243) => Fits::Yes,
        Some(246..) => Fits::No,
        _ => Fits::Unknown(format!("{}: no line of [Match]; the version of systemd decides what that means", file.path)),
    }
}

/// The words of a list. A `!` before the first word of an assignment is for all of its words (config_parse_match_ifnames).
fn words(given: &[&Assignment]) -> Vec<String> {
    let of = |assignment: &&Assignment| {
        let (sign, rest) = assignment.value.strip_prefix('!').map_or(("", &assignment.value[..]), |rest| ("!", rest));
        rest.split_whitespace().map(|word| format!("{sign}{}", word.trim_matches(['"', '\'']))).collect::<Vec<_>>()
    };
    given.iter().flat_map(of).collect()
}

/// Whether a list of patterns takes in `value`: none of its exceptions fits, and one of the others, if there are any
/// (net_condition_test_strv).
fn taken_in(patterns: &[String], value: &str) -> bool {
    let excluded = patterns.iter().filter_map(|pattern| pattern.strip_prefix('!')).any(|pattern| matches_name(pattern, value));
    let mut wanted = patterns.iter().filter(|pattern| !pattern.starts_with('!')).peekable();
    !excluded && (wanted.peek().is_none() || wanted.any(|pattern| matches_name(pattern, value)))
}

/// `Kind=!*` is for what has no kind, so `*` must not fit nothing.
fn matches_name(pattern: &str, value: &str) -> bool {
    !value.is_empty() && matches(pattern, value)
}

fn has(words: &[String], mac: Mac) -> bool {
    words.iter().flat_map(|word| word.split(',')).any(|word| word.replace('-', ":").parse() == Ok(mac))
}

fn kind_of_link(name: &str) -> &'static str {
    match name {
        "lo" => "loopback",
        _ if name.starts_with("wl") => "wlan",
        _ if name.starts_with("ww") => "wwan",
        _ => "ether",
    }
}

/// Whether it is a device rather than something that software makes: so in an image, where the card of the virtual machine is meant.
fn is_a_card(root: &Image, nic: &Nic) -> bool {
    nic.mac.is_none() || root.exists(&format!("/sys/class/net/{}/device", nic.name))
}

/// Whether a list of drivers takes in the card's. That of an image's virtual machine is one of many, so that all of them must agree.
fn driver(root: &Image, nic: &Nic, patterns: &[String]) -> Option<bool> {
    if nic.mac.is_some() {
        let target = root.link(&format!("/sys/class/net/{}/device/driver", nic.name))?;
        return target.rsplit('/').next().map(|driver| taken_in(patterns, driver));
    }
    if let Some(driver) = &nic.driver {
        return Some(taken_in(patterns, driver));
    }
    let first = taken_in(patterns, OF_VIRTUAL_MACHINES[0]);
    OF_VIRTUAL_MACHINES.iter().all(|driver| taken_in(patterns, driver) == first).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_with_exceptions() {
        for (patterns, name, taken) in [
            (&["eth0"][..], "eth0", true),
            (&["en*", "eth*"], "eth0", true),
            (&["en*"], "eth0", false),
            (&["!eth0"], "eth0", false),
            (&["!eth1"], "eth0", true),
            (&["eth*", "!eth0"], "eth0", false),
            (&["!*"], "", true),
            (&["*"], "", false),
        ] {
            let patterns: Vec<String> = patterns.iter().map(|pattern| (*pattern).to_owned()).collect();
            assert_eq!(taken_in(&patterns, name), taken, "{patterns:?} {name}");
        }
    }
}
