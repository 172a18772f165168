//! What daemons say of an interface below /run, in their configuration, or in their title.

use std::io;

use super::{DHCPCD, NETWORK_MANAGER, Subject};
use crate::facts::Process;
use crate::observe::file::matches;

/// Evidence that systemd-networkd manages the interface, from its state file (section 3 of networkctl(1) shows the same states).
///
/// # Errors
/// The state file cannot be read.
pub(super) fn by_networkd(subject: &Subject<'_>) -> Result<Option<String>, String> {
    let path = format!("/run/systemd/netif/links/{}", subject.index);
    let text = subject.root.text_if_any(&path).map_err(|error| format!("systemd-networkd runs, but {error}"))?;
    let state = text.as_deref().and_then(|text| value(text, "ADMIN_STATE"));
    Ok(state.filter(|state| *state != "unmanaged").map(|state| format!("{path} has ADMIN_STATE={state}")))
}

/// Evidence that NetworkManager handles the interface's RAs: it manages it, by a profile whose `ipv6.method` is not `ignore`, which leaves
/// them to the kernel.
///
/// # Errors
/// It manages the interface, and the method cannot be found out.
pub(super) fn ra_by_network_manager(subject: &Subject<'_>) -> Result<Option<String>, String> {
    let path = format!("/run/NetworkManager/devices/{}", subject.index);
    let text = subject.root.text_if_any(&path).map_err(|error| format!("NetworkManager runs, but {error}"))?;
    let Some(text) = text.filter(|text| value(text, "managed") == Some("true")) else { return Ok(None) };
    let evidence = format!("{path} has managed=true");
    let profile = value(&text, "connection-uuid").map(|uuid| method(subject, uuid).map_err(|error| format!("{NETWORK_MANAGER}'s profiles: {error}")));
    match profile.transpose()?.flatten() {
        Some((_, method)) if method == "ignore" => Ok(None),
        Some((profile, method)) => Ok(Some(format!("{evidence}; {profile} has method={method}"))),
        // For every other method it writes accept_ra=0.
        None => match subject.sysctl.get().ok().and_then(|settings| settings.get("accept_ra")) {
            Some(0) | None => {
                Err(format!("NetworkManager manages {} by a profile that could not be read, so that method=ignore cannot be ruled out", subject.name))
            }
            Some(_) => Ok(None),
        },
    }
}

/// The `ipv6.method` of the profile `uuid` and the file it stands in; `auto` where none is given.
fn method(subject: &Subject<'_>, uuid: &str) -> io::Result<Option<(String, String)>> {
    for directory in
        ["/run/NetworkManager/system-connections", "/etc/NetworkManager/system-connections", "/usr/lib/NetworkManager/system-connections"]
    {
        for name in subject.root.names(directory) {
            let path = format!("{directory}/{name}");
            let Some(text) = subject.root.text_if_any(&path)? else { continue };
            if value(&text, "uuid") == Some(uuid) {
                let section = text.lines().map(str::trim).skip_while(|line| *line != "[ipv6]").skip(1).take_while(|line| !line.starts_with('['));
                let method = section.filter_map(|line| line.split_once('=')).find(|(key, _)| key.trim() == "method");
                return Ok(Some((path, method.map_or("auto", |(_, method)| method.trim()).to_owned())));
            }
        }
    }
    Ok(None)
}

/// The value of the first line `key=value`.
fn value<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    text.lines().filter_map(|line| line.split_once('=')).find(|(found, _)| found.trim() == key).map(|(_, value)| value.trim())
}

/// What dhcpcd may do for an interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    RouterAdvertisements,
    Dhcpv6,
}

/// The dhcpcd that does `part` for the interface, and the evidence.
///
/// # Errors
/// Its configuration cannot be read.
pub(super) fn by_dhcpcd<'a>(subject: &Subject<'_>, processes: &'a [Process], part: Part) -> Result<Option<(&'a Process, String)>, String> {
    for process in processes.iter().filter(|process| process.name == DHCPCD) {
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
