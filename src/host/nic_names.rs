//! How an image names its NICs: the kernel's names (`eth0`), or those that udev gives by the place of a NIC (`ens3`, `enp1s0`).
//!
//! udev renames by the first `.link` file that fits (systemd.link(5)) and by rules (udev(7)); `net.ifnames=0` on the kernel command line turns
//! names by place off. biosdevname gives no names in a virtual machine.

use std::io;

use crate::facts::{FileLine, Mac, NameRule, NameScheme, Setting};
use crate::host::{boot_loader, udev};
use crate::image::by_name::files_by_name;
use crate::image::ini::systemd::{Assignment, Assignments};
use crate::image::{Image, Nic, matches};

/// The driver of a NIC as a hypervisor provides it.
pub(crate) const DRIVER: &str = "virtio_net";
/// Where `.link` files are, the strongest first.
const FOLDERS: [&str; 4] = ["/etc/systemd/network", "/usr/local/lib/systemd/network", "/usr/lib/systemd/network", "/lib/systemd/network"];
/// As many files as are read.
const MOST_FILES: usize = 256;
/// The rules that carry out what `.link` files say; an empty file of this name in /etc, or a link to /dev/null, turns that off.
const SETUP_LINK: &str = "/etc/udev/rules.d/80-net-setup-link.rules";
/// The rules of udev before systemd 209 and of eudev, which give names by place without `.link` files; the first that is there counts.
const NAME_SLOT: [&str; 3] =
    ["/etc/udev/rules.d/80-net-name-slot.rules", "/usr/lib/udev/rules.d/80-net-name-slot.rules", "/lib/udev/rules.d/80-net-name-slot.rules"];

/// What gives the NICs of the image their names.
pub(crate) fn rule(root: &Image) -> NameRule {
    let kernel = |line| NameRule { scheme: NameScheme::Kernel, line, doubt: None };
    let by_rule = match rules_for_any(root).map_err(|error| error.to_string()).and_then(|rules| udev::assigned(&rules, "NAME", &first())) {
        Ok(given) => given,
        Err(doubt) => return NameRule { doubt: Some(doubt), ..by_links(root).unwrap_or_else(|error| of_error(&error)) },
    };
    if let Some(given) = by_rule {
        let line = given.holding(format!("NAME=\"{}\"", given.value));
        return NameRule { scheme: NameScheme::Fixed(given.value), line: Some(line), doubt: None };
    }
    if is_turned_off(root, SETUP_LINK) {
        return kernel(Some(Setting { value: "masked".into(), at: FileLine::whole(SETUP_LINK), text: String::new() }));
    }
    by_links(root).unwrap_or_else(|error| of_error(&error))
}

/// Whether the image has a rule of its own that gives this name: of udev or in a `.link` file, whichever NIC it is for.
pub(crate) fn gives(root: &Image, name: &str) -> io::Result<bool> {
    if udev::rules(root)?.iter().any(|rule| rule.assigned("NAME") == Some(name)) {
        return Ok(true);
    }
    for path in links(root) {
        let Some(text) = root.text_if_any(&path)? else { continue };
        if Assignments::parse(&path, &text).0.iter().any(|set| set.section == "Link" && set.key == "Name" && set.value == name) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The rules of udev, without those that make a name of what is not known and those that are for one machine.
fn rules_for_any(root: &Image) -> io::Result<Vec<udev::Rule>> {
    let mut rules = udev::rules(root)?;
    let is_of_one =
        |rule: &udev::Rule| rule.compared(&["ATTR{address}", "ATTRS{address}", "SYSFS{address}"]).is_some_and(|mac| mac.parse::<Mac>().is_ok());
    rules.retain(|rule| rule.assigned("NAME").is_none_or(|name| !name.is_empty() && !name.contains(['$', '%']) && !is_of_one(rule)));
    Ok(rules)
}

/// The first NIC as udev sees it first.
fn first() -> Nic {
    Nic::assumed(NameScheme::Kernel.name(0), DRIVER)
}

fn of_error(error: &io::Error) -> NameRule {
    NameRule { scheme: NameScheme::Kernel, line: None, doubt: Some(error.to_string()) }
}

fn is_turned_off(root: &Image, path: &str) -> bool {
    root.leads_to_null(path) || root.text_if_any(path).is_ok_and(|text| text.is_some_and(|text| text.trim().is_empty()))
}

fn links(root: &Image) -> Vec<String> {
    root.at_most(MOST_FILES, files_by_name(root, &FOLDERS, ".link"), "files .link")
}

fn by_links(root: &Image) -> io::Result<NameRule> {
    let mut doubt = None;
    for path in links(root) {
        let Some(text) = root.text_if_any(&path)? else { continue };
        let link = Assignments::parse(&path, &text);
        match fits(&link, &path) {
            Ok(true) => return Ok(by_link(root, &link, doubt)),
            Ok(false) => {}
            Err(reason) => doubt = doubt.or(Some(reason)),
        }
    }
    let slot = NAME_SLOT.iter().find(|path| root.exists(path) || root.leads_to_null(path)).filter(|path| !is_turned_off(root, path));
    let by_place = slot.map(|path| Setting { value: "ID_NET_NAME_SLOT".to_owned(), at: FileLine::whole(path), text: String::new() });
    Ok(match by_place {
        Some(line) => unless_turned_off(root, NameScheme::Slot, line, NameScheme::Kernel, doubt),
        None => NameRule { scheme: NameScheme::Kernel, line: None, doubt },
    })
}

/// Whether a `.link` file is for a NIC as a hypervisor provides it. An empty one is for none.
///
/// # Errors
/// A line depends on what is not known of it, or it has no `[Match]`: udev ignores such a file from systemd 243 on, and took it for every NIC
/// before.
fn fits(link: &Assignments, path: &str) -> Result<bool, String> {
    let mut doubt = None;
    if !link.0.is_empty() && !link.0.iter().any(|set| set.section == "Match") {
        return Err(format!("{path}: it has no [Match], so whether it is for every NIC or for none depends on the version of systemd"));
    }
    for set in link.0.iter().filter(|set| set.section == "Match") {
        let any = |value: &str| {
            let (expected, patterns) = set.value.strip_prefix('!').map_or((true, &set.value[..]), |patterns| (false, patterns));
            patterns.split_whitespace().any(|pattern| matches(pattern.trim_matches(['"', '\'']), value)) == expected
        };
        let holds = match &set.key[..] {
            "OriginalName" => any(&NameScheme::Kernel.name(0)),
            "Driver" => any(DRIVER),
            "Type" => any("ether"),
            // A line for the machine that the image was made on.
            "MACAddress" | "PermanentMACAddress" => false,
            _ => {
                doubt = doubt.or_else(|| Some(format!("{}: whether `{}` fits a NIC cannot be known from files", set.at, set.text)));
                continue;
            }
        };
        if !holds {
            return Ok(false);
        }
    }
    doubt.map_or(Ok(!link.0.is_empty()), Err)
}

/// What the `.link` file that is for the NIC says of its name.
fn by_link(root: &Image, link: &Assignments, doubt: Option<String>) -> NameRule {
    let last = |key: &str| link.0.iter().rfind(|set| set.section == "Link" && set.key == key);
    let line = |set: &Assignment| Setting { value: set.text.clone(), at: set.at.clone(), text: set.text.clone() };
    let fixed = last("Name").filter(|set| !set.value.is_empty());
    let otherwise = fixed.map_or(NameScheme::Kernel, |set| NameScheme::Fixed(set.value.clone()));
    // `keep`, `kernel`, `database` and `onboard` give a NIC of a virtual machine no name.
    let scheme = last("NamePolicy").and_then(|set| {
        let scheme = set.value.split_whitespace().find_map(|policy| match policy {
            "slot" => Some(NameScheme::Slot),
            "path" => Some(NameScheme::Path),
            "mac" => Some(NameScheme::Mac),
            _ => None,
        });
        scheme.map(|scheme| (scheme, line(set)))
    });
    match (scheme, fixed) {
        (Some((scheme, line)), _) => unless_turned_off(root, scheme, line, otherwise, doubt),
        (None, Some(set)) => NameRule { line: Some(line(set)), scheme: otherwise, doubt },
        (None, None) => NameRule { scheme: NameScheme::Kernel, line: None, doubt },
    }
}

/// Names by place, or else those that are left where the kernel command line turns names by place off.
fn unless_turned_off(root: &Image, scheme: NameScheme, line: Setting<String>, otherwise: NameScheme, doubt: Option<String>) -> NameRule {
    match boot_loader::argument(root, |word| matches!(word, "net.ifnames=0" | "net.ifnames=no" | "net.ifnames=off" | "net.ifnames=false")) {
        Ok(Some(off)) => NameRule { scheme: otherwise, line: Some(off), doubt },
        Ok(None) => NameRule { scheme, line: Some(line), doubt },
        Err(reason) => NameRule { scheme, line: Some(line), doubt: doubt.or(Some(format!("the kernel command line is not known: {reason}"))) },
    }
}
