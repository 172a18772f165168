//! Whether dhcpcd has an interface, from the title that it gives its process and from dhcpcd.conf(5).

use super::NAME;
use crate::facts::{Owner, Process, Reason, UdpSocket};
use crate::image::matches;
use crate::stacks::running::{Subject, owner};

/// Its process files (dhcpcd(8), FILES); `-4` and `-6` with one address family, without an interface for its manager.
const PIDS: [&str; 4] = ["/run/dhcpcd/{}.pid", "/run/dhcpcd/{}-6.pid", "/run/dhcpcd-{}.pid", "/run/dhcpcd/pid"];

/// What it left behind, if it had the interface and did not say goodbye: a process file or a lease.
pub(crate) fn traces(subject: &Subject<'_>) -> Option<String> {
    let places = PIDS.into_iter().chain(["/var/lib/dhcpcd/{}.lease6", "/var/db/dhcpcd/{}.lease6"]);
    places.map(|place| place.replace("{}", subject.name)).find(|path| subject.root.exists(path)).map(|path| format!("{path} is there"))
}

/// What dhcpcd may do for an interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    RouterAdvertisements,
    Dhcpv6,
}

/// It as the owner of the interface's Router Advertisements.
///
/// # Errors
/// As of [`does`].
pub(crate) fn ras(subject: &Subject<'_>, processes: &[Process]) -> Result<Option<Owner>, Reason> {
    Ok(does(subject, processes, Part::RouterAdvertisements)?.map(|(process, evidence)| owner(NAME, process, evidence)))
}

/// It as a DHCPv6 client of the interface.
///
/// # Errors
/// As of [`does`].
pub(crate) fn clients(subject: &Subject<'_>, processes: &[Process], _: &[UdpSocket]) -> Result<Vec<Owner>, Reason> {
    Ok(does(subject, processes, Part::Dhcpv6)?.map(|(process, evidence)| owner(NAME, process, evidence)).into_iter().collect())
}

/// The dhcpcd that does `part` for the interface, and the evidence.
///
/// # Errors
/// Its configuration cannot be read.
pub(crate) fn does<'a>(subject: &Subject<'_>, processes: &'a [Process], part: Part) -> Result<Option<(&'a Process, String)>, String> {
    for process in processes.iter().filter(|process| process.name == NAME) {
        let line = process.arguments.join(" ");
        let title = line.strip_prefix("dhcpcd: ");
        let words: Vec<&str> = title.unwrap_or(&line).split_ascii_whitespace().collect();
        let manager = matches!(words.first(), Some(&"[manager]" | &"[master]"));
        // Its helper processes have titles of their own: `dhcpcd: [network proxy]`.
        let for_it = match title {
            Some(_) => manager || words.first() == Some(&subject.name),
            None => words.iter().skip(1).any(|word| *word == subject.name),
        };
        if !for_it || title.is_some() && !words.contains(&"[ip6]") {
            continue;
        }
        let path = "/etc/dhcpcd.conf";
        let configuration = subject.root.text_if_any(path).map_err(|error| format!("dhcpcd runs, but {error}"))?;
        if configuration.is_none_or(|text| allows(&text, subject.name, manager, part)) {
            return Ok(Some((process, format!("its title is `{line}`"))));
        }
    }
    Ok(None)
}

/// Whether dhcpcd.conf(5) lets dhcpcd do `part` on the interface.
fn allows(text: &str, name: &str, manager: bool, part: Part) -> bool {
    let mut applies = true;
    let mut allowed = true;
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with('#')) {
        let mut words = line.split_ascii_whitespace();
        let Some(keyword) = words.next() else { continue };
        match keyword {
            "interface" => applies = words.any(|word| word == name),
            "profile" | "ssid" => applies = false,
            "denyinterfaces" if manager && words.any(|pattern| matches(pattern, name)) => return false,
            "allowinterfaces" if manager => allowed &= words.any(|pattern| matches(pattern, name)),
            "noipv6" | "ipv4only" if applies => allowed = false,
            "noipv6rs" if applies && part == Part::RouterAdvertisements => allowed = false,
            "nodhcp6" if applies && part == Part::Dhcpv6 => allowed = false,
            _ => {}
        }
    }
    allowed
}
