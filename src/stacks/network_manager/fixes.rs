//! Fixes of NetworkManager's profiles (keyfiles and files ifcfg-*) and of the lines of its configuration that keep it from an interface.

use super::configuration::item_is;
use super::{ETC, ifcfg};
use crate::facts::{Edit, FileLine, Goal};
use crate::image::ini::keyfile::KeyFile;
use crate::image::{Image, Nic};
use crate::stacks::fixes::{Question, Step, delete, is_of_vendor, lines, replace};

/// Commands by which it takes changed files over.
pub(crate) fn now(name: &str) -> Vec<String> {
    vec!["nmcli connection reload".to_owned(), format!("nmcli device connect {name}")]
}

/// The next step towards the goal.
pub(crate) fn fix(question: &Question<'_>) -> Option<Step> {
    let at = question.at_fault()?;
    let (image, nic) = (question.image, question.nic);
    if at.path.starts_with(ifcfg::FOLDER) || at.path == ifcfg::GLOBAL {
        return of_ifcfg(question, at);
    }
    if at.path == ETC {
        // Its automatic profile was deleted, or it is of a kind that gets none.
        return Some(own_profile(&nic.name).into());
    }
    let text = image.text(&at.path).ok()?;
    let file = KeyFile::parse(&at.path, &text).ok()??;
    let found = file.groups.iter().find_map(|group| Some((group, group.entries.iter().find(|(_, setting)| setting.at == *at)?)));
    let Some((group, (key, setting))) = found else { return without_line(question, at) };
    match (&group.name[..], &key[..]) {
        ("ipv6", "method") => Some(change(image, at, "method", "auto")?.into()),
        ("connection", "autoconnect") => Some(change(image, at, "autoconnect", "true")?.into()),
        ("connection", "master" | "controller") => Some(Step::by_hand(format!(
            "{at} makes {} a port of another interface, which then has the addresses: check that interface, or take the line out.",
            nic.name
        ))),
        ("main", key) if key.starts_with("no-auto-default") => Some(own_profile(&nic.name).into()),
        ("keyfile", key) if key.starts_with("unmanaged-devices") => unmanaged(image, at, &setting.value, nic),
        (group, "managed") if group.starts_with("device") || group == "ifupdown" => Some(change(image, at, "managed", "true")?.into()),
        _ => None,
    }
}

/// A profile says it by a line that it lacks.
fn without_line(question: &Question<'_>, at: &FileLine) -> Option<Step> {
    let key = |section: &str, key: &str, value: &str| Edit::Key {
        path: at.path.clone(),
        section: section.to_owned(),
        key: key.to_owned(),
        value: Some(value.to_owned()),
    };
    (!is_of_vendor(&at.path) && matches!(question.goal, Goal::Dhcpv6 | Goal::RouterAdvertisements)).then(|| key("ipv6", "method", "auto").into())
}

/// Another value for the key at `at`; of a file of a package in a copy of our own, which comes before it by its name.
fn change(image: &Image, at: &FileLine, key: &str, value: &str) -> Option<Edit> {
    if is_of_vendor(&at.path) {
        let (folder, name) = at.path.rsplit_once('/')?;
        let folder = folder.rsplit_once('/')?.1;
        let text = image.text(&at.path).ok()?;
        let nth = usize::try_from(at.line).ok()?.checked_sub(1)?;
        let changed: String =
            text.lines().enumerate().map(|(number, line)| if number == nth { format!("{key}={value}\n") } else { format!("{line}\n") }).collect();
        let mode = if folder == "system-connections" { 0o600 } else { 0o644 };
        return Some(Edit::Write { path: format!("/etc/NetworkManager/{folder}/{name}"), text: changed, mode });
    }
    replace(image, at, [format!("{key}={value}")])
}

/// The list of devices without the interface: its items go, and of patterns that are for others too it is excepted.
fn unmanaged(image: &Image, at: &FileLine, list: &str, nic: &Nic) -> Option<Step> {
    let line = lines(image, at)?.concat();
    let (key, _) = line.split_once('=')?;
    let items: Vec<&str> = list.split([',', ';']).map(str::trim).filter(|item| !item.is_empty()).collect();
    let alone = |item: &&&str| {
        [format!("interface-name:{}", nic.name), format!("interface-name:={}", nic.name), nic.name.clone()].iter().any(|own| own == **item)
    };
    let mut kept: Vec<String> = items.iter().filter(|item| !alone(item)).map(|item| (*item).to_owned()).collect();
    if kept.iter().any(|item| item_is(item, nic) == Some(true)) {
        kept.push(format!("except:interface-name:{}", nic.name));
    }
    if is_of_vendor(&at.path) {
        return Some(change(image, at, key.trim(), &kept.join(";"))?.into());
    }
    Some(if kept.is_empty() { delete(image, at)?.into() } else { replace(image, at, [format!("{}={}", key.trim_end(), kept.join(";"))])?.into() })
}

/// A profile for an interface that none is for.
fn own_profile(name: &str) -> Edit {
    let text = format!("[connection]\nid={name}\ntype=ethernet\ninterface-name={name}\n\n[ipv4]\nmethod=auto\n\n[ipv6]\nmethod=auto\n");
    Edit::Write { path: format!("{ETC}/{name}.nmconnection"), text, mode: 0o600 }
}

/// The variables of a file ifcfg-*.
fn of_ifcfg(question: &Question<'_>, at: &FileLine) -> Option<Step> {
    let set = |name: &str, value: Option<&str>| Edit::Variable { path: at.path.clone(), name: name.to_owned(), value: value.map(str::to_owned) };
    if question.goal == Goal::Dhcpv6 && question.runs_dhcpv6() {
        return Some(set("ONBOOT", Some("yes")).into());
    }
    if at.line == 0 {
        return Some(set("IPV6INIT", Some("yes")).into());
    }
    let line = lines(question.image, at)?.concat();
    let name = line.trim_start().trim_start_matches("export ").split('=').next()?.trim().to_owned();
    Some(match &name[..] {
        "IPV6INIT" | "IPV6_AUTOCONF" | "NM_CONTROLLED" => set(&name, Some("yes")).into(),
        "IPV6_DISABLED" => set(&name, None).into(),
        // With IPV6_AUTOCONF=no these are DHCPv6, or an address, without Router Advertisements.
        "DHCPV6C" | "IPV6ADDR" | "IPV6ADDR_SECONDARIES" | "IPV6FORWARDING" => set("IPV6_AUTOCONF", Some("yes")).into(),
        "MASTER" | "MASTER_UUID" | "BRIDGE" | "BRIDGE_UUID" | "TEAM_MASTER" => Step::by_hand(format!(
            "{at} makes {} a port of another interface, which then has the addresses: check that interface, or take the line out.",
            question.nic.name
        )),
        _ => return None,
    })
}
