//! systemd-network-generator: the `.network` files that it makes of `ip=` on the kernel's command line (systemd-network-generator.service(8);
//! src/network/generator/network-generator.c).

use std::net::IpAddr;

use super::files::NetworkFile;
use crate::facts::Setting;
use crate::host::{boot_loader, services};
use crate::image::Image;
use crate::image::ini::systemd::{Assignment, Assignments};

const SERVICE: &str = "systemd-network-generator";
/// The first version that writes `IPv6AcceptRA=` and `LinkLocalAddressing=`.
const FIRST_WITH_LINK_LOCAL: u32 = 256;

/// The files that it makes at boot; none where it does not start, or the command line is not known. One of the same name that is there
/// already is kept: it is either its own or masks it.
pub(crate) fn files(root: &Image, version: Option<u32>, others: &[NetworkFile]) -> Vec<NetworkFile> {
    if !services::starts(root, &[SERVICE]) {
        return Vec::new();
    }
    let words = boot_loader::command_line(root).unwrap_or_default();
    let made = words.iter().filter_map(|word| file(word, version));
    made.filter(|made| others.iter().all(|other| other.name != made.name)).collect()
}

/// What one word makes.
fn file(word: &Setting<String>, version: Option<u32>) -> Option<NetworkFile> {
    let (interface, kind) = interface_and_kind(word.value.strip_prefix("ip=")?)?;
    let mut all = Vec::new();
    let mut add = |section: &str, key: &str, value: &str| {
        let (section, key, value) = (section.to_owned(), key.to_owned(), value.to_owned());
        all.push(Assignment { section, key, value, at: word.at.clone(), text: word.value.clone() });
    };
    if interface.is_empty() {
        add("Match", "Kind", "!*");
        add("Match", "Type", "!loopback");
    } else {
        add("Match", "Name", interface);
    }
    let dhcp = match kind {
        "on" | "any" => "yes",
        "dhcp" => "ipv4",
        "dhcp6" | "either6" => "ipv6",
        "none" | "off" | "auto6" | "ibft" | "link6" | "link-local" => "no",
        _ => return None,
    };
    add("Network", "DHCP", dhcp);
    if version.is_none_or(|version| version >= FIRST_WITH_LINK_LOCAL) && matches!(kind, "none" | "off" | "link6" | "link-local") {
        let addressing = match kind {
            "link6" => "ipv6",
            "link-local" => "yes",
            _ => "no",
        };
        add("Network", "LinkLocalAddressing", addressing);
        add("Network", "IPv6AcceptRA", "no");
    }
    let name = if interface.is_empty() { "71-default.network".to_owned() } else { format!("70-{interface}.network") };
    Some(NetworkFile { path: word.at.path.clone(), name, assignments: Assignments(all) })
}

/// The interface, empty for all, and the kind: `KIND`, `INTERFACE:KIND`, or `CLIENT:[PEER]:GATEWAY:NETMASK:HOSTNAME:INTERFACE:KIND`, where an
/// IPv6 address stands in brackets.
fn interface_and_kind(value: &str) -> Option<(&str, &str)> {
    let Some((first, rest)) = value.split_once(':') else { return Some(("", value)) };
    if !first.is_empty() && !first.starts_with('[') && first.parse::<IpAddr>().is_err() {
        return Some((first, rest.split(':').next().unwrap_or(rest)));
    }
    let mut rest = value;
    for _ in 0..5 {
        let field = if rest.starts_with('[') { rest.find(']')? + 1 } else { rest.find(':')? };
        rest = rest.get(field..)?.strip_prefix(':')?;
    }
    let (interface, kind) = rest.split_once(':')?;
    Some((interface, kind.split(':').next().unwrap_or(kind)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_ip() {
        for (value, found) in [
            ("dhcp6", Some(("", "dhcp6"))),
            ("ens3:dhcp6", Some(("ens3", "dhcp6"))),
            ("ens3:dhcp:1400:02:00:00:00:00:01", Some(("ens3", "dhcp"))),
            ("192.0.2.1::192.0.2.254:255.255.255.0:host:ens3:none:192.0.2.9", Some(("ens3", "none"))),
            ("[2001:db8::1]::[2001:db8::2]:64:host:ens3:off", Some(("ens3", "off"))),
            (":::::ens3:dhcp", Some(("ens3", "dhcp"))),
            ("192.0.2.1::192.0.2.254:255.255.255.0::", None),
            ("[2001:db8::1", None),
        ] {
            assert_eq!(interface_and_kind(value), found, "{value}");
        }
    }
}
