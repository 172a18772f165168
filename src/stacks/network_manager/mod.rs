//! NetworkManager: which profile each interface will get, and what that does with IPv6 (nm-settings-keyfile(5), NetworkManager.conf(5);
//! sources of NetworkManager 1.42 to 1.58).
//!
//! Profiles that netplan generates are netplan's. Not looked at: rules of udev, dispatcher scripts, and who may read a profile, as
//! permissions may be lost in an image.

mod configuration;
pub(crate) mod fixes;
mod ifcfg_rh;
mod keyfile;
pub(crate) mod lease;
mod profile;
pub(crate) mod running;

use std::collections::BTreeSet;
use std::io;

use crate::facts::{Intent, Observed, Setting, StackId};
use crate::host::services;
use crate::image::Image;
use crate::image::Nic;
use crate::image::shell_variables::{Variables, is_false};
use crate::stacks::Claim;
use crate::stacks::Reading;
use crate::stacks::cloud_init;
use crate::stacks::ifupdown;
use crate::stacks::network_scripts::ifcfg;
use configuration::Configuration;
use keyfile::{KeyFile, boolean};
use profile::Profile;

const ID: StackId = StackId::NetworkManager;
const NAME: &str = ID.name();
/// As systemd and Red Hat's sysvinit, Debian's sysvinit, and Alpine's OpenRC call it.
const SERVICES: [&str; 3] = [NAME, "network-manager", "networkmanager"];
const PROGRAMS: [&str; 2] = ["/usr/sbin/NetworkManager", "/usr/bin/NetworkManager"];
/// Folders of profiles; of two with one UUID the first counts.
const FOLDERS: [&str; 3] =
    ["/run/NetworkManager/system-connections", "/etc/NetworkManager/system-connections", "/usr/lib/NetworkManager/system-connections"];
/// The only one where a name without the ending `.nmconnection` counts.
const ETC: &str = FOLDERS[1];
const PLUGIN: &str = "/usr/lib*/NetworkManager/*/libnm-settings-plugin-ifcfg-rh.so";
/// Debian's plugin, below its folder of the architecture.
const IFUPDOWN: &str = "/usr/lib/*/NetworkManager/*/libnm-settings-plugin-ifupdown.so";
/// When each profile was last up, by its UUID.
const TIMESTAMPS: &str = "/var/lib/NetworkManager/timestamps";
const GLOBAL: &str = "/etc/sysconfig/network";
/// As many profiles as are read, and as many as may depend on what is not known.
const MOST_PROFILES: usize = 512;
const MOST_OPEN: usize = 16;
/// Names of interfaces that are not wired hardware, so that no profile is made for them.
const NOT_WIRED: [&str; 13] = ["bond", "br", "docker", "dummy", "lo", "team", "tap", "tun", "veth", "virbr", "vlan", "wl", "ww"];

/// Whether it is installed and starts at boot.
pub(crate) fn is_in_charge(root: &Image) -> bool {
    PROGRAMS.iter().any(|path| root.exists(path)) && services::starts(root, &SERVICES)
}

/// Whether it reads files `ifcfg-*` here.
///
/// # Errors
/// Its configuration cannot be read.
pub(crate) fn reads_interface_files(root: &Image) -> io::Result<bool> {
    Ok(has_ifcfg_rh(root, &Configuration::read(root)?))
}

/// By default as it was built: with the plugin in releases 6 to 9 of Red Hat Enterprise Linux, elsewhere if the plugin is installed.
fn has_ifcfg_rh(root: &Image, configuration: &Configuration) -> bool {
    match configuration.plugins() {
        Some(plugins) => plugins.contains(&"ifcfg-rh"),
        None => matches!(ifcfg::release(root), Some(6..=9)) || !root.glob(PLUGIN).is_empty(),
    }
}

/// What NetworkManager is set up to do with each of `nics`.
///
/// # Errors
/// A file cannot be read.
pub(crate) fn read(root: &Image, nics: &[Nic]) -> io::Result<Reading> {
    if !is_in_charge(root) {
        return Ok(Reading::default());
    }
    let configuration = Configuration::read(root)?;
    let global = Variables::read(root, GLOBAL)?.unwrap_or_default();
    let files = if has_ifcfg_rh(root, &configuration) { ifcfg::interface_files(root)? } else { Vec::new() };
    let mut profiles = keyfiles(root)?;
    let mut not_known = Vec::new();
    for file in files.iter().filter(|file| !file.get("NM_CONTROLLED").is_some_and(|controlled| is_false(&controlled.value))) {
        match ifcfg_rh::profile(file, &global) {
            Ok(profile) => profiles.push(profile),
            Err(reason) => not_known.push((file.get("DEVICE").map(|device| device.value.clone()), reason)),
        }
    }
    let named = profiles.iter().filter_map(|profile| profile.device.clone()).filter(|name| name != "lo").collect();
    let manager = Manager {
        root,
        configuration,
        files,
        profiles,
        not_known,
        netplan: netplan(root)?,
        timestamps: root.text_if_any(TIMESTAMPS)?.and_then(|text| KeyFile::parse(TIMESTAMPS, &text)).unwrap_or_default(),
        overrides: cloud_init::overrides(root)?,
    };
    let mut reading = Reading { named, ..Reading::default() };
    for nic in nics {
        if let Some(claim) = manager.claim(nic)? {
            reading.interfaces.insert(nic.name.clone(), claim);
        }
    }
    Ok(reading)
}

/// The profiles in keyfiles. NetworkManager passes over those that it cannot parse.
fn keyfiles(root: &Image) -> io::Result<Vec<Profile>> {
    let mut profiles: Vec<Profile> = Vec::new();
    let mut seen = BTreeSet::new();
    for folder in FOLDERS {
        for name in root.names(folder) {
            let path = format!("{folder}/{name}");
            let counts = !name.starts_with('.') && !name.ends_with('~') && !name.ends_with(".nmmeta");
            let ending = folder == ETC || name.ends_with(".nmconnection");
            if !counts || !ending || folder == FOLDERS[0] && name.starts_with("netplan-") || root.is_directory(&path) {
                continue;
            }
            if profiles.len() >= MOST_PROFILES {
                return Err(io::Error::other(format!("more than {MOST_PROFILES} profiles")));
            }
            let Some(profile) = root.text_if_any(&path)?.and_then(|text| Profile::of_keyfile(&path, &text)) else { continue };
            if profile.uuid.as_ref().is_none_or(|uuid| seen.insert(uuid.clone())) {
                profiles.push(profile);
            }
        }
    }
    Ok(profiles)
}

/// The text of netplan's files.
fn netplan(root: &Image) -> io::Result<Vec<String>> {
    let paths = ["/etc/netplan/*.yaml", "/run/netplan/*.yaml", "/usr/lib/netplan/*.yaml"].into_iter().flat_map(|pattern| root.glob(pattern));
    paths.filter_map(|path| root.text_if_any(&path).transpose()).collect()
}

struct Manager<'a> {
    root: &'a Image,
    configuration: Configuration,
    /// Files `ifcfg-*` that it reads.
    files: Vec<Variables>,
    profiles: Vec<Profile>,
    /// Why profiles are not known, each with the interface that it names.
    not_known: Vec<(Option<String>, String)>,
    netplan: Vec<String>,
    timestamps: KeyFile,
    overrides: Option<Setting<StackId>>,
}

impl Manager<'_> {
    /// What it does with an interface; nothing is said of one that it leaves to another stack.
    fn claim(&self, nic: &Nic) -> io::Result<Option<Claim>> {
        let open = |reason: String| Ok(Some(Claim::Configures(Observed::unknown(reason))));
        if self.has_ifupdown() && self.is_in_interfaces(nic)? {
            return match self.configuration.get("ifupdown", "managed").filter(|managed| boolean(&managed.value) == Some(true)) {
                Some(managed) => open(format!("{}: `{}` lets NetworkManager read /etc/network/interfaces for itself", managed.at, managed.text)),
                None => Ok(None),
            };
        }
        match ifcfg_rh::not_controlled(&self.files, nic) {
            Err(reason) => return open(reason),
            Ok(Some(_)) if services::starts(self.root, &["network"]) => return Ok(None),
            Ok(Some(line)) => return Ok(Some(self.leaves_alone(&line.holding(())))),
            Ok(None) => {}
        }
        match self.configuration.unmanaged(nic) {
            Err(reason) => return open(reason),
            Ok(Some(line)) => return Ok(Some(self.leaves_alone(&line.holding(())))),
            Ok(None) => {}
        }
        if let Some((_, reason)) = self.not_known.iter().find(|(device, _)| device.as_ref().is_none_or(|device| *device == nic.name)) {
            return open(reason.clone());
        }
        let (mut fitting, mut maybe, mut reasons) = (Vec::new(), Vec::new(), Vec::new());
        // An interface that a profile of another kind names is of that kind.
        let virtual_one = self.profiles.iter().any(|profile| !profile.wired && profile.device.as_deref() == Some(&nic.name));
        for profile in self.profiles.iter().filter(|profile| profile.wired != virtual_one) {
            match profile.is_for(nic) {
                Ok(true) => fitting.push(profile),
                Ok(false) => {}
                Err(reason) => {
                    maybe.push(profile);
                    reasons.push(reason);
                }
            }
        }
        let all = self.outcome(nic, fitting.iter().chain(&maybe).copied());
        let Some(reason) = reasons.first() else { return Ok(all.map(|outcome| outcome.unwrap_or_else(unclear))) };
        if maybe.len() > MOST_OPEN {
            return open(reason.clone());
        }
        // Whether they are for it or not must make no difference.
        let mut others = vec![self.outcome(nic, fitting.iter().copied())];
        others.extend(maybe.iter().map(|one| self.outcome(nic, fitting.iter().copied().chain([*one]))));
        if others.iter().all(|other| same(other.as_ref(), all.as_ref())) {
            return Ok(all.map(|outcome| outcome.unwrap_or_else(unclear)));
        }
        open(reason.clone())
    }

    fn has_ifupdown(&self) -> bool {
        self.configuration.plugins().map_or_else(|| !self.root.glob(IFUPDOWN).is_empty(), |plugins| plugins.contains(&"ifupdown"))
    }

    fn is_in_interfaces(&self, nic: &Nic) -> io::Result<bool> {
        let reading = ifupdown::read(self.root, std::slice::from_ref(nic))?;
        Ok(reading.interfaces.get(&nic.name).is_some_and(|claim| matches!(claim, Claim::Configures(_))))
    }

    /// What comes of an interface that these profiles are for, or why that cannot be said.
    fn outcome<'p>(&self, nic: &Nic, profiles: impl Iterator<Item = &'p Profile>) -> Option<Result<Claim, String>> {
        let mut profiles: Vec<&Profile> = profiles.collect();
        let seen = |profile: &Profile| Ok(Claim::Configures(Observed::Seen(profile.intent(self.overrides.as_ref()))));
        let Some(first) = profiles.first().copied() else { return self.without_profile(nic) };
        profiles.retain(|profile| profile.autoconnect.value);
        let Some(highest) = profiles.iter().map(|profile| (profile.priority, self.last_up(profile))).max() else { return Some(seen(first)) };
        profiles.retain(|profile| (profile.priority, self.last_up(profile)) == highest);
        let (first, others) = profiles.split_first()?;
        let does = |profile: &Profile| (profile.method.value, profile.port.is_some(), profile.no_default_route.is_some());
        match others.iter().find(|other| does(other) != does(first)) {
            None => Some(seen(first)),
            Some(other) => Some(Err(format!(
                "{} and {} are both for {} and have the same autoconnect-priority, so which one counts is not said",
                first.path, other.path, nic.name
            ))),
        }
    }

    /// When it was last up, in seconds since 1970; 0 for never.
    fn last_up(&self, profile: &Profile) -> u64 {
        let time = profile.uuid.as_ref().and_then(|uuid| self.timestamps.get(&["timestamps"], uuid));
        time.and_then(|time| time.value.trim_end().parse().ok()).unwrap_or(0)
    }

    fn without_profile(&self, nic: &Nic) -> Option<Result<Claim, String>> {
        let entry = format!("{}:", nic.name);
        if self.netplan.iter().any(|text| text.lines().map(str::trim).any(|line| line == entry || line == "match:")) {
            return None;
        }
        if NOT_WIRED.iter().any(|start| nic.name.starts_with(start)) || nic.name.contains('.') {
            return Some(Ok(self.leaves_alone(&Setting::by_rule(ETC, format!("no profile is for {}", nic.name)))));
        }
        Some(match self.configuration.no_auto_default(nic) {
            Err(reason) => Err(reason),
            Ok(Some(line)) => {
                Ok(self.leaves_alone(&Setting { value: (), text: format!("{}, and no profile is for {}", line.text, nic.name), at: line.at.clone() }))
            }
            Ok(None) if self.configuration.default_deleted(nic) => {
                Ok(self.leaves_alone(&Setting::by_rule(ETC, format!("the automatic profile of {} was deleted", nic.name))))
            }
            Ok(None) => Ok(Claim::Configures(Observed::Seen(Profile::by_default(ETC, &nic.name).intent(self.overrides.as_ref())))),
        })
    }

    /// It does nothing with the interface, and the kernel goes on by itself.
    fn leaves_alone(&self, reason: &Setting<()>) -> Claim {
        Claim::LeavesAlone(Intent { overrides: self.overrides.iter().cloned().collect(), ..Intent::leaving_alone(ID, reason) })
    }
}

fn unclear(reason: String) -> Claim {
    Claim::Configures(Observed::unknown(reason))
}

/// Whether two outcomes say the same of IPv6.
fn same(one: Option<&Result<Claim, String>>, other: Option<&Result<Claim, String>>) -> bool {
    let does = |claim: &Claim| match claim {
        Claim::Configures(Observed::Seen(intent)) | Claim::LeavesAlone(intent) => {
            Some((intent.dhcpv6.value, intent.takes_ras.value, intent.at_boot.value))
        }
        Claim::Configures(_) | Claim::RunsBeside(_) | Claim::Pending(_) => None,
    };
    match (one, other) {
        (Some(Ok(one)), Some(Ok(other))) => does(one).is_some() && does(one) == does(other),
        (None, None) => true,
        _ => false,
    }
}
