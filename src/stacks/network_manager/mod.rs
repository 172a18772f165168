//! NetworkManager: which profile each interface will get, and what that does with IPv6 (nm-settings-keyfile(5), NetworkManager.conf(5);
//! sources of NetworkManager 1.42 to 1.58).
//!
//! Profiles that netplan generates are netplan's. Not looked at: dispatcher scripts, and who owns a profile.

mod configuration;
mod duids;
pub(crate) mod fixes;
mod ifcfg_rh;
pub(crate) mod lease;
mod profile;
pub(crate) mod running;

use crate::host::image_identity::{self, Keeps};
use crate::stacks::leases::LeaseReader;
use crate::stacks::running::Running;
use crate::stacks::stack::{Journal, Stack, Traits};
use crate::wire::dhcpv6::kind;
use std::collections::{BTreeMap, BTreeSet};
use std::io;

use crate::facts::{Intent, Observed, Setting, StackId};
use crate::host::boot_commands::unit::Unit;
use crate::host::{packages, services};
use crate::image::Image;
use crate::image::Nic;
use crate::image::ini::keyfile::{KeyFile, boolean};
use crate::image::shell_variables::{Variables, is_false};
use crate::image::yaml::Document;
use crate::stacks::Claim;
use crate::stacks::Given;
use crate::stacks::Reading;
use crate::stacks::Written;
use crate::stacks::any_nics;
use crate::stacks::ifcfg;
use crate::stacks::ifupdown;
use configuration::Configuration;
use profile::Profile;

const ID: StackId = StackId::NetworkManager;
pub(crate) const NAME: &str = ID.name();

pub(crate) const STACK: Stack = Stack {
    read: Some(read),
    running: Running { processes: &[NAME], ras: Some(running::ras), wrote_accept_ra: Some(running::managed), ..Running::NONE },
    lease: Some(LeaseReader::Each(lease::lease)),
    keeps: Keeps {
        duids: &[(&duids::PLACES, duids::of_file)],
        leases: &[(&["/var/lib/NetworkManager/internal6-*"], |path, bytes| {
            image_identity::as_whole("NetworkManager's", path, bytes).into_iter().collect()
        })],
        secrets: &[("NetworkManager's secret_key", &["/var/lib/NetworkManager/secret_key"])],
    },
    journal: Some(Journal { identifier: NAME, says: journal }),
    init_scripts: &["NetworkManager", "network-manager"],
    traits: Traits { solicits_until_answered: true, ..Traits::NONE },
    fix: fixes::fix,
    now: fixes::now,
    ..Stack::new(ID)
};

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
/// Folders called after its version.
const VERSIONS: [&str; 3] = ["/usr/lib/NetworkManager/[0-9]*", "/usr/lib64/NetworkManager/[0-9]*", "/usr/lib/*/NetworkManager/[0-9]*"];
/// The first that reads `controller=`; before, only `master=` counts.
const FIRST_WITH_CONTROLLER: (u32, u32) = (1, 46);
/// Permissions of the group and of others, which no keyfile may have.
const OF_OTHERS: u32 = 0o077;
/// As many profiles as are read, and as many as may depend on what is not known.
const MOST_PROFILES: usize = 512;
const MOST_OPEN: usize = 16;
/// Names of interfaces that are not wired hardware, so that no profile is made for them.
const NOT_WIRED: [&str; 13] = ["bond", "br", "docker", "dummy", "lo", "team", "tap", "tun", "veth", "virbr", "vlan", "wl", "ww"];

/// Whether it is installed and starts at boot.
pub(crate) fn is_in_charge(root: &Image) -> bool {
    (PROGRAMS.iter().any(|path| root.exists(path)) || unit_has_program(root)) && services::starts(root, &SERVICES)
}

/// Whether its unit starts a program that is there, wherever that is.
fn unit_has_program(root: &Image) -> bool {
    let lines = Unit::read(root, "NetworkManager.service").ok().flatten().and_then(|unit| unit.commands(root, &["ExecStart"]).ok());
    lines.is_some_and(|lines| lines.iter().any(|line| line.words.first().is_some_and(|program| root.exists(program))))
}

/// Options that have it read other files than its own (NetworkManager(8)).
const OTHER_FILES: [&str; 6] = ["--config", "--config-dir", "--system-config-dir", "--intern-config", "--plugins", "--no-auto-default"];

/// Why its configuration is not known: its command line names other files.
fn other_files(root: &Image) -> io::Result<Option<String>> {
    let Some(unit) = Unit::read(root, "NetworkManager.service")? else { return Ok(None) };
    let lines = unit.commands(root, &["ExecStart"])?;
    let names = |word: &String| OTHER_FILES.contains(&word.split('=').next().unwrap_or(word));
    Ok(lines
        .iter()
        .find(|line| line.words.iter().any(names))
        .map(|line| format!("{}: `{}` has it read other files than its own", line.at, line.text)))
}

/// Whether it reads files `ifcfg-*` here.
///
/// # Errors
/// Its configuration cannot be read.
pub(crate) fn reads_interface_files(root: &Image) -> io::Result<bool> {
    Ok(has_ifcfg_rh(root, &Configuration::read(root, &[])?))
}

/// By default as it was built: with the plugin in releases 6 to 9 of Red Hat Enterprise Linux, elsewhere if the plugin is installed.
fn has_ifcfg_rh(root: &Image, configuration: &Configuration) -> bool {
    match configuration.plugins() {
        Some(plugins) => plugins.contains(&"ifcfg-rh"),
        None => matches!(ifcfg::release(root), Some(6..=9)) || !root.glob(PLUGIN).is_empty(),
    }
}

/// The line of its own configuration by which it leaves the interface alone, whoever writes its profiles. What rules of udev say is left out:
/// netplan writes one of its own, which is the last.
///
/// # Errors
/// Its configuration cannot be read, or does not say.
pub(crate) fn leaves(root: &Image, nic: &Nic) -> io::Result<Option<Setting<()>>> {
    let configuration = Configuration::read(root, &[])?;
    let line = configuration.unmanaged(nic).map_err(io::Error::other)?;
    let off = configuration.switched_off().map_err(io::Error::other)?;
    Ok(line.or(off).map(|line| line.holding(())))
}

/// Whether it starts at boot, where the image shows what does.
pub(crate) fn starts(root: &Image) -> bool {
    SERVICES.iter().any(|service| services::starts_if_told(root, &[service]))
}

/// What NetworkManager is set up to do with each of `nics`.
///
/// # Errors
/// A file cannot be read.
pub(crate) fn read(root: &Image, nics: &[Nic], given: &Given) -> io::Result<Reading> {
    if !is_in_charge(root) {
        return Ok(Reading::default());
    }
    if let Some(reason) = other_files(root)? {
        return Err(io::Error::other(reason));
    }
    let configuration = Configuration::read(root, nics)?;
    let global = ifcfg::global(root)?;
    let files = if has_ifcfg_rh(root, &configuration) { ifcfg::interface_files(root)? } else { Vec::new() };
    let (mut profiles, ignored) = keyfiles(root)?;
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
        ignored,
        not_known,
        netplan: netplan(root)?,
        timestamps: configuration::keyfile(root, TIMESTAMPS),
        overrides: given.overrides()?,
        written: given.written,
    };
    let ports = ports(&manager.profiles);
    let macs = manager.macs();
    let mut reading = Reading { named, ports, macs, ..Reading::default() };
    for nic in nics {
        if let Some(claim) = manager.claim(nic)? {
            reading.interfaces.insert(nic.name.clone(), claim);
        }
    }
    Ok(reading)
}

/// The interfaces that a profile makes ports, each with the bridge or bond. One whose controller has no profile is never brought up.
fn ports(profiles: &[Profile]) -> BTreeMap<String, String> {
    let of = |profile: &Profile| {
        let wanted = &profile.port.as_ref()?.value;
        let is_it = |other: &&Profile| other.device.as_ref() == Some(wanted) || other.uuid.as_ref() == Some(wanted);
        let controller = profiles.iter().filter(|other| !other.wired).find(is_it)?;
        Some((profile.device.clone()?, controller.device.clone()?))
    };
    profiles.iter().filter(|profile| profile.autoconnect.value).filter_map(of).collect()
}

/// The profiles in keyfiles, and those that NetworkManager ignores for the permissions of their files
/// (`nms_keyfile_utils_check_file_permissions`). It passes over those that it cannot parse. Who owns them is not looked at: an image may be
/// unpacked by anybody.
#[expect(clippy::type_complexity, reason = "two lists of one kind")]
fn keyfiles(root: &Image) -> io::Result<(Vec<Profile>, Vec<(Profile, u32)>)> {
    let (mut profiles, mut ignored): (Vec<Profile>, _) = (Vec::new(), Vec::new());
    let mut seen = BTreeSet::new();
    let reads_controller = version(root).is_none_or(|version| version >= FIRST_WITH_CONTROLLER);
    for folder in FOLDERS {
        for name in root.names(folder) {
            let path = format!("{folder}/{name}");
            let counts = !name.starts_with('.') && !name.ends_with('~') && !name.ends_with(".nmmeta");
            let ending = folder == ETC || name.ends_with(".nmconnection");
            if !counts || !ending || folder == FOLDERS[0] && name.starts_with("netplan-") || root.is_directory(&path) {
                continue;
            }
            if profiles.len() + ignored.len() >= MOST_PROFILES {
                return Err(io::Error::other(format!("more than {MOST_PROFILES} profiles")));
            }
            let Some(text) = root.text_if_any(&path)? else { continue };
            let Some(profile) = Profile::of_keyfile(&path, &text, reads_controller)? else { continue };
            let permissions = root.permissions(&path)?;
            if permissions & OF_OTHERS != 0 {
                ignored.push((profile, permissions));
            } else if profile.uuid.as_ref().is_none_or(|uuid| seen.insert(uuid.clone())) {
                profiles.push(profile);
            }
        }
    }
    Ok((profiles, ignored))
}

/// Its version, from the folder of its plugins.
fn version(root: &Image) -> Option<(u32, u32)> {
    VERSIONS.iter().flat_map(|pattern| root.glob(pattern)).find_map(|path| packages::numbers(path.rsplit('/').next()?))
}

/// netplan's files, but those that it cannot read either.
fn netplan(root: &Image) -> io::Result<Vec<Document>> {
    let paths = ["/etc/netplan/*.yaml", "/run/netplan/*.yaml", "/usr/lib/netplan/*.yaml"].into_iter().flat_map(|pattern| root.glob(pattern));
    let mut documents = Vec::new();
    for path in paths {
        documents.extend(root.text_if_any(&path)?.and_then(|text| Document::parse(&path, &text).ok()));
    }
    Ok(documents)
}

/// Whether a definition of netplan is called like the interface, or may be for any.
fn speaks_of(document: &Document, nic: &Nic) -> bool {
    let Some(network) = document.root.as_ref().and_then(|whole| whole.get("network")) else { return false };
    let definitions = || network.entries().iter().flat_map(|(_, _, kind)| kind.entries());
    definitions().any(|(id, _, definition)| *id == nic.name || definition.get("match").is_some())
}

struct Manager<'a> {
    root: &'a Image,
    configuration: Configuration,
    /// Files `ifcfg-*` that it reads.
    files: Vec<Variables>,
    profiles: Vec<Profile>,
    /// Profiles in keyfiles that others may read or write, which it ignores, each with the permissions of its file.
    ignored: Vec<(Profile, u32)>,
    /// Why profiles are not known, each with the interface that it names.
    not_known: Vec<(Option<String>, String)>,
    netplan: Vec<Document>,
    /// Which of two profiles counts may hang on it.
    timestamps: Result<KeyFile, String>,
    overrides: Option<Setting<StackId>>,
    written: Written,
}

impl Manager<'_> {
    /// The MAC addresses of profiles, where the card of a clone gets none: no other is for it, and NetworkManager makes none.
    fn macs(&self) -> Vec<Setting<String>> {
        let makes_one = |nic: &Nic| self.configuration.no_auto_default(nic).is_ok_and(|line| line.is_none());
        if any_nics().any(|nic| makes_one(&nic) || self.profiles.iter().any(|profile| profile.wired && profile.is_for(&nic) == Ok(true))) {
            return Vec::new();
        }
        let mut macs = Vec::new();
        for profile in self.profiles.iter().filter(|profile| profile.wired && profile.autoconnect.value) {
            let Some(mac) = &profile.mac else { continue };
            let name = profile.path.rsplit('/').next().unwrap_or_default();
            let name = name.strip_prefix("cloud-init-").and_then(|name| name.strip_suffix(".nmconnection")).or_else(|| name.strip_prefix("ifcfg-"));
            let is_written = name.is_some_and(|name| self.written.is_for(&profile.path, name));
            macs.extend((!is_written).then(|| mac.clone()));
        }
        macs
    }

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
        match self.configuration.switched_off() {
            Err(reason) => return open(reason),
            Ok(Some(off)) => return Ok(Some(self.leaves_alone(&off.holding(())))),
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
        // In each clone cloud-init writes it anew, with the MAC address of that: what it will write there counts.
        let is_anew = |profile: &Profile| profile.mac.is_some() && self.written.is_for(&profile.path, &nic.name);
        if nic.mac.is_none() && self.profiles.iter().any(is_anew) {
            return Ok(None);
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
        let reading = ifupdown::read(self.root, std::slice::from_ref(nic), &Given::default())?;
        Ok(reading.interfaces.get(&nic.name).is_some_and(|claim| matches!(claim, Claim::Configures(_))))
    }

    /// What comes of an interface that these profiles are for, or why that cannot be said.
    fn outcome<'p>(&self, nic: &Nic, profiles: impl Iterator<Item = &'p Profile>) -> Option<Result<Claim, String>> {
        let mut profiles: Vec<&Profile> = profiles.collect();
        let seen = |profile: &Profile| Ok(Claim::Configures(Observed::Seen(profile.intent(self.overrides.as_ref()))));
        let Some(first) = profiles.first().copied() else { return self.without_profile(nic) };
        profiles.retain(|profile| profile.autoconnect.value);
        let Some(highest) = profiles.iter().map(|profile| profile.priority).max() else { return Some(seen(first)) };
        profiles.retain(|profile| profile.priority == highest);
        if profiles.len() > 1 {
            let timestamps = match &self.timestamps {
                Ok(timestamps) => timestamps,
                Err(reason) => return Some(Err(reason.clone())),
            };
            let latest = profiles.iter().map(|profile| last_up(timestamps, profile)).max();
            profiles.retain(|profile| Some(last_up(timestamps, profile)) == latest);
        }
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

    fn without_profile(&self, nic: &Nic) -> Option<Result<Claim, String>> {
        if self.netplan.iter().any(|document| speaks_of(document, nic)) {
            return None;
        }
        if NOT_WIRED.iter().any(|start| nic.name.starts_with(start)) || nic.name.contains('.') {
            return Some(Ok(self.leaves_alone(&self.none_for(nic))));
        }
        Some(match self.configuration.no_auto_default(nic) {
            Err(reason) => Err(reason),
            Ok(Some(line)) => {
                let text = format!("{}, and {}", line.text, self.none_for(nic).text);
                Ok(self.leaves_alone(&Setting { value: (), text, at: line.at.clone() }))
            }
            Ok(None) => self.configuration.default_deleted(nic).map(|deleted| {
                if deleted {
                    return self.leaves_alone(&Setting::by_rule(ETC, format!("the automatic profile of {} was deleted", nic.name)));
                }
                Claim::Configures(Observed::Seen(Profile::by_default(ETC, &nic.name).intent(self.overrides.as_ref())))
            }),
        })
    }

    /// Why it has no profile for the interface.
    fn none_for(&self, nic: &Nic) -> Setting<()> {
        let none = format!("no profile is for {}", nic.name);
        match self.ignored.iter().find(|(profile, _)| profile.is_for(nic) != Ok(false)) {
            Some((profile, permissions)) => {
                Setting::by_rule(&profile.path, format!("{none}: this keyfile is ignored for its permissions, {permissions:04o} instead of 0600"))
            }
            None => Setting::by_rule(ETC, none),
        }
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
        Claim::Configures(_) | Claim::RunsBeside(_) | Claim::Pending(_) | Claim::Replaces(..) => None,
    };
    match (one, other) {
        (Some(Ok(one)), Some(Ok(other))) => does(one).is_some() && does(one) == does(other),
        (None, None) => true,
        _ => false,
    }
}

/// When a profile was last up, in seconds since 1970; 0 for never.
fn last_up(timestamps: &KeyFile, profile: &Profile) -> u64 {
    let time = profile.uuid.as_ref().and_then(|uuid| timestamps.get(&["timestamps"], uuid));
    time.and_then(|time| time.value.trim_end().parse().ok()).unwrap_or(0)
}

/// It says which address it got, which a Reply brought.
fn journal(line: &str) -> Option<(&str, u8, bool)> {
    let (_, rest) = line.split_once("dhcp6 (")?;
    let (interface, rest) = rest.split_once("): ")?;
    (rest.starts_with("state changed new lease, address=")).then_some((interface, kind::REPLY, false))
}
