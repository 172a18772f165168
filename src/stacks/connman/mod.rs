//! ConnMan: connmand configures every Ethernet interface unless told otherwise (connman.conf(5), connman-service.config(5), and what it keeps
//! below /var/lib/connman). The kernel takes Router Advertisements; connmand watches them and runs DHCPv6 when M is set.
//!
//! Only wired interfaces are looked at.

pub(crate) mod fixes;
pub(crate) mod running;

use crate::stacks::running::Running;
use crate::stacks::stack::Stack;
use crate::stacks::stack::Traits;
use std::collections::BTreeSet;
use std::io;

use crate::facts::{Intent, RunsDhcpv6, Setting, StackId, TakesRas};
use crate::host::boot_commands::unit::Unit;
use crate::host::services;
use crate::image::Image;
use crate::image::Nic;
use crate::image::ini::keyfile::{KeyFile, strict_boolean};
use crate::image::matches;
use crate::stacks::Claim;
use crate::stacks::Given;
use crate::stacks::Reading;

const ID: StackId = StackId::ConnMan;

pub(crate) const STACK: Stack = Stack {
    read: Some(read),
    running: Running { processes: &[running::NAME], without_socket: Some(running::client), ..Running::NONE },
    init_scripts: &["connman"],
    traits: Traits { lease_without_process: true, addresses_without_lifetime: true, prefix_length_of_router: true, ..Traits::NONE },
    fix: fixes::fix,
    now: fixes::now,
    ..Stack::new(ID)
};

const FOLDER: &str = "/var/lib/connman";
const MAIN: &str = "/etc/connman/main.conf";
/// Beginnings of names that it leaves alone if main.conf says nothing.
const BLACKLIST: &str = "vmnet,vboxnet,virbr,ifb,ve-,vb-";

/// What connmand is set up to do with each of `nics`.
///
/// # Errors
/// A file cannot be read.
pub(crate) fn read(root: &Image, nics: &[Nic], _: &Given) -> io::Result<Reading> {
    if !services::starts(root, &["connman", "connmand"]) {
        return Ok(Reading::default());
    }
    let started = Started::read(root)?;
    let main = KeyFile::read(root, &started.file)?;
    let mut reading = Reading::default();
    for nic in nics.iter().filter(|nic| nic.name != "lo") {
        let listed = main.get(&["General"], "NetworkInterfaceBlacklist");
        let patterns = listed.map_or(BLACKLIST, |listed| &listed.value[..]);
        let claim = if let Some(line) = started.leaves_out(&nic.name) {
            Claim::LeavesAlone(Intent::leaving_alone(ID, &line))
        } else if patterns.split([',', ';']).any(|start| !start.trim().is_empty() && nic.name.starts_with(start.trim())) {
            let reason =
                listed.map_or_else(|| Setting::by_rule(MAIN, format!("ConnMan leaves interfaces like {} alone", nic.name)), |line| line.holding(()));
            Claim::LeavesAlone(Intent::leaving_alone(ID, &reason))
        } else {
            Claim::Configures(configures(root, nic, nics.len() > 1, &main)?.into())
        };
        reading.interfaces.insert(nic.name.clone(), claim);
    }
    for path in root.glob(&format!("{FOLDER}/*.config")) {
        let keys = KeyFile::read(root, &path)?.groups.into_iter().flat_map(|group| group.entries);
        reading.named.extend(keys.filter(|(key, _)| key == "DeviceName").map(|(_, device)| device.value));
    }
    Ok(reading)
}

/// connmand as its unit starts it (connman(8)).
struct Started {
    file: String,
    /// Patterns of interfaces: those that it takes alone, and those that it leaves out, with the line.
    only: Option<(Vec<String>, Setting<()>)>,
    not: Option<(Vec<String>, Setting<()>)>,
}

impl Started {
    fn read(root: &Image) -> io::Result<Self> {
        let mut started = Self { file: MAIN.to_owned(), only: None, not: None };
        let Some(unit) = Unit::read(root, "connman.service")? else { return Ok(started) };
        for line in unit.commands(root, &["ExecStart"])? {
            let reason = || Setting { value: (), at: line.at.clone(), text: line.text.clone() };
            let mut words = line.words.iter().skip(1);
            while let Some(word) = words.next() {
                let (name, value) = word.split_once('=').map_or((&word[..], None), |(name, value)| (name, Some(value.to_owned())));
                let mut value = || value.clone().or_else(|| words.next().cloned()).unwrap_or_default();
                let list = |value: String| value.split(',').map(str::to_owned).collect::<Vec<_>>();
                match name {
                    "-c" | "--config" => started.file = value(),
                    "-i" | "--device" => started.only = Some((list(value()), reason())),
                    "-I" | "--nodevice" => started.not = Some((list(value()), reason())),
                    _ => {}
                }
            }
        }
        Ok(started)
    }

    /// The command line that keeps it away from an interface.
    fn leaves_out(&self, name: &str) -> Option<Setting<()>> {
        let fits = |patterns: &[String]| patterns.iter().any(|pattern| matches(pattern, name));
        let denied = self.not.as_ref().filter(|(patterns, _)| fits(patterns));
        denied.or_else(|| self.only.as_ref().filter(|(patterns, _)| !fits(patterns))).map(|(_, line)| line.clone())
    }
}

/// How it configures IPv6 on an interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Method {
    Auto,
    Manual,
    Off,
}

impl Method {
    /// `off`, `auto`, `manual`, or an address in its place.
    fn from(value: &str) -> Self {
        match value {
            "auto" | "6to4" => Self::Auto,
            "off" => Self::Off,
            _ => Self::Manual,
        }
    }
}

fn intent(at_boot: Setting<bool>, method: &Setting<Method>) -> Intent {
    let (dhcpv6, takes_ras) = match method.value {
        Method::Auto => (RunsDhcpv6::WhenManaged, TakesRas::Kernel),
        Method::Manual => (RunsDhcpv6::No, TakesRas::Kernel),
        // It switches IPv6 off on the interface.
        Method::Off => (RunsDhcpv6::No, TakesRas::No),
    };
    Intent::new(ID, at_boot, method.holding(dhcpv6), method.holding(takes_ras)).with_client(ID)
}

/// What it does with an interface that it handles, or why that cannot be said.
fn configures(root: &Image, nic: &Nic, several: bool, main: &KeyFile) -> io::Result<Result<Intent, String>> {
    let mut method = Setting::by_rule(MAIN, "ConnMan configures IPv6 automatically by default").holding(Method::Auto);
    let mut at_boot = Setting::by_rule(MAIN, "ConnMan connects wired interfaces by default").holding(true);
    if let Some(listed) = main.get(&["General"], "DefaultAutoConnectTechnologies") {
        at_boot = listed.holding(listed.value.split([',', ';']).any(|technology| technology.trim() == "ethernet"));
    }
    let mac = nic.mac.map(|mac| mac.to_string().replace(':', "").to_lowercase());
    for path in root.glob(&format!("{FOLDER}/ethernet_*_cable/settings")) {
        let keys = KeyFile::read(root, &path)?;
        let kept = keys.any("IPv6.method");
        match &mac {
            Some(mac) if path.contains(&format!("/ethernet_{mac}_cable/")) => {
                method = kept.map_or(method, |kept| kept.holding(Method::from(&kept.value)));
                at_boot = keys.any("AutoConnect").map_or(at_boot, |kept| kept.holding(strict_boolean(&kept.value) == Some(true)));
            }
            Some(_) => {}
            None => {
                if let Some(kept) = kept.filter(|kept| kept.value != "auto") {
                    let reason = format!(
                        "{path}:{}: `{}` is for a network card by its MAC address, and that of {} is not known",
                        kept.at.line, kept.text, nic.name
                    );
                    return Ok(Err(reason));
                }
            }
        }
    }
    for path in root.glob(&format!("{FOLDER}/*.config")) {
        let keys = KeyFile::read(root, &path)?;
        for section in wired(&keys) {
            let of = |name: &str| keys.get(&[section], name);
            let fits = match (of("MAC"), of("DeviceName")) {
                (Some(wanted), _) => match &mac {
                    Some(mac) => *mac == wanted.value.replace(':', "").to_lowercase(),
                    None => {
                        return Ok(Err(format!("{path}:{}: `{}`, and the MAC address of {} is not known", wanted.at.line, wanted.text, nic.name)));
                    }
                },
                (None, Some(device)) => device.value == nic.name,
                // The first interface that it finds, then.
                (None, None) if several => return Ok(Err(format!("{path}: [{section}] does not say which interface it is for"))),
                (None, None) => true,
            };
            if let Some(provisioned) = of("IPv6").filter(|_| fits) {
                method = provisioned.holding(Method::from(&provisioned.value));
            }
        }
    }
    // What it was told at run time counts before what main.conf has for the first time.
    let kept = KeyFile::read(root, &format!("{FOLDER}/settings"))?;
    if let Some(offline) = kept.get(&["global"], "OfflineMode").filter(|offline| strict_boolean(&offline.value) == Some(true)) {
        return Ok(Err(format!("{}: `{}`: whether ConnMan brings wired interfaces up in offline mode is not known", offline.at, offline.text)));
    }
    match (kept.get(&["Wired"], "Enable"), main.get(&["General"], "DefaultEnabledTechnologies")) {
        (Some(wired), _) if strict_boolean(&wired.value) == Some(false) => at_boot = wired.holding(false),
        (None, Some(listed)) if !listed.value.split([',', ';']).any(|technology| technology.trim() == "ethernet") => at_boot = listed.holding(false),
        _ => {}
    }
    Ok(Ok(intent(at_boot, &method)))
}

/// The services for wired interfaces.
fn wired(file: &KeyFile) -> impl Iterator<Item = &str> {
    let names = file.groups.iter().map(|group| &group.name[..]).filter(|name| name.starts_with("service_"));
    let names: BTreeSet<&str> = names.filter(|name| file.get(&[name], "Type").is_some_and(|kind| kind.value == "ethernet")).collect();
    names.into_iter()
}
