//! Whether a `.network` file is for an interface: its section `[Match]` (systemd.network(5); net_match_config of src/shared/netif-util.c).
//!
//! What an image cannot know - MAC addresses, bus paths, where it runs - makes the answer unknown. An interface that is asked about is
//! taken for an Ethernet card of a virtual machine; alternative names of interfaces are not known.

use super::files::NetworkFile;
use super::syntax::Assignment;
use crate::facts::Mac;
use crate::image::Nic;
use crate::image::{Image, matches};
use crate::stacks::Fits;

/// Settings of `[Match]` that only a running system answers.
const NOT_KNOWN: [&str; 12] = [
    "Path",
    "Property",
    "OriginalName",
    "Host",
    "Virtualization",
    "KernelCommandLine",
    "KernelVersion",
    "Version",
    "Credential",
    "Architecture",
    "Firmware",
    "PermanentMACAddress",
];
/// Settings that only a wireless interface meets.
const WIRELESS: [&str; 3] = ["WLANInterfaceType", "SSID", "BSSID"];
/// All others that this file reads.
const KNOWN: [&str; 5] = ["Name", "MACAddress", "Type", "Kind", "Driver"];

/// Whether `file` is for `nic`. `any_mac`: its MAC address is written anew for each instance.
pub(crate) fn fits(root: &Image, file: &NetworkFile, nic: &Nic, any_mac: bool, version: Option<u32>) -> Fits {
    let of = |key: &str| file.assignments.list("Match", key);
    let keys = || KNOWN.iter().chain(&NOT_KNOWN).chain(&WIRELESS);
    if keys().all(|key| of(key).is_empty()) {
        return empty(file, version);
    }
    let mut unknown = None;
    let written_anew = (any_mac && nic.mac.is_none()).then_some(true);
    for key in keys() {
        let given = of(key);
        let Some(first) = given.first() else { continue };
        let known = match *key {
            "Name" => Some(taken_in(&words(&given), &nic.name)),
            "Type" => Some(taken_in(&words(&given), kind_of_link(&nic.name))),
            "Kind" => is_a_card(root, nic).then(|| taken_in(&words(&given), "")),
            "Driver" => driver(root, nic).map(|driver| taken_in(&words(&given), &driver)),
            "MACAddress" => nic.mac.map(|mac| has(&words(&given), mac)).or(written_anew),
            // The address that a card was made with is nearly always the one that it has; where it is another, it is not known.
            "PermanentMACAddress" => nic.mac.filter(|mac| has(&words(&given), *mac)).map(|_| true).or(written_anew),
            wireless if WIRELESS.contains(&wireless) => Some(false),
            _ => None,
        };
        match known {
            Some(true) => {}
            Some(false) => return Fits::No,
            None => unknown = unknown.or(Some(*first)),
        }
    }
    unknown.map_or(Fits::Yes, |line| Fits::Unknown(format!("{}: whether `{}` is {} cannot be known from files", line.at, line.text, nic.name)))
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

fn driver(root: &Image, nic: &Nic) -> Option<String> {
    let target = root.link(&format!("/sys/class/net/{}/device/driver", nic.name))?;
    nic.mac.and_then(|_| target.rsplit('/').next().map(str::to_owned))
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
