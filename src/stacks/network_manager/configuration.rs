//! NetworkManager.conf(5): the files that count, and which interfaces they keep NetworkManager from.
//!
//! `[connection*]` holds defaults of many properties, but none of `ipv6.method`.

use std::io;

use crate::facts::Setting;
use crate::host::{packages, udev};
use crate::image::Nic;
use crate::image::ini::keyfile::{KeyFile, boolean};
use crate::image::yaml::{Document, Node};
use crate::image::{Image, matches};

const MAIN: &str = "/etc/NetworkManager/NetworkManager.conf";
/// Folders of more files; a name in one hides the same name in those behind it.
const FOLDERS: [&str; 3] = ["/etc/NetworkManager/conf.d", "/run/NetworkManager/conf.d", "/usr/lib/NetworkManager/conf.d"];
/// Interfaces of which the automatic profile was deleted.
const NO_AUTO_DEFAULT: &str = "/var/lib/NetworkManager/no-auto-default.state";
/// What `nmcli device set DEVICE managed --permanent` and `nmcli networking` store.
const STORED: &str = "/var/lib/NetworkManager/NetworkManager-intern.conf";
const STATE: &str = "/var/lib/NetworkManager/NetworkManager.state";
/// The property by which rules of udev keep NetworkManager from an interface.
const UNMANAGED: &str = "ENV{NM_UNMANAGED}";
/// Ubuntu's file that keeps NetworkManager from wired interfaces. netplan hides it where it renders for NetworkManager.
const WIFI_ONLY: &str = "10-globally-managed-devices.conf";
/// The first netplan that hides it for one definition too; before, only the renderer of all counts (netplan, 0.104 and 0.105 tried).
const FIRST_BY_DEFINITION: (u32, u32) = (0, 105);
/// As many files as are read.
const MOST_FILES: usize = 256;

/// A group `[device*]`: whether its devices are managed, and which those are.
#[derive(Debug, Default)]
struct Device<'a> {
    managed: Option<&'a Setting<String>>,
    devices: Option<&'a Setting<String>>,
    /// No group behind it counts.
    stops: bool,
}

/// What rules of udev assign to `NM_UNMANAGED` of an interface, or why that cannot be said.
type ByUdev = Result<Option<Setting<String>>, String>;

/// What the files say, from the first to the last that is read.
#[derive(Debug)]
pub(crate) struct Configuration {
    files: Vec<KeyFile>,
    /// Text of the state file, or why it cannot be read: only root may, on many distributions, and few interfaces depend on it.
    deleted_defaults: Result<String, String>,
    /// What nmcli has stored of devices, and of networking as a whole.
    stored: Result<KeyFile, String>,
    state: Result<KeyFile, String>,
    /// What rules of udev say of each interface that was asked about.
    udev: Vec<(String, ByUdev)>,
}

impl Configuration {
    /// Reads the files.
    ///
    /// # Errors
    /// One of them cannot be read, or they are too many.
    pub(crate) fn read(root: &Image, nics: &[Nic]) -> io::Result<Self> {
        let mut files = Vec::new();
        for path in paths(root)? {
            if files.len() >= MOST_FILES {
                return Err(io::Error::other(format!("more than {MOST_FILES} files of NetworkManager's configuration")));
            }
            let Some(text) = root.text_if_any(&path)? else { continue };
            let file = KeyFile::parse(&path, &text)?.ok_or_else(|| io::Error::other(format!("{path}: not of its format")))?;
            if file.get(&[".config"], "enable").and_then(|enable| boolean(&enable.value)) != Some(false) {
                files.push(file);
            }
        }
        let rules = if nics.is_empty() { Vec::new() } else { udev::rules(root)? };
        let udev = nics.iter().map(|nic| (nic.name.clone(), udev::assigned(&rules, UNMANAGED, nic))).collect();
        Ok(Self { files, deleted_defaults: state(root, NO_AUTO_DEFAULT), stored: keyfile(root, STORED), state: keyfile(root, STATE), udev })
    }

    /// The last value of a key.
    pub(crate) fn get(&self, group: &str, key: &str) -> Option<&Setting<String>> {
        self.files.iter().rev().find_map(|file| file.get(&[group], key))
    }

    /// The values that make up a list: the last one that sets it, and what `key+` adds to it later.
    fn list(&self, group: &str, key: &str) -> Vec<&Setting<String>> {
        let mut parts: Vec<&Setting<String>> = Vec::new();
        let groups = self.files.iter().flat_map(|file| &file.groups).filter(|found| found.name == group);
        for (found, setting) in groups.flat_map(|group| &group.entries) {
            match found.strip_prefix(key) {
                Some("") => parts = vec![setting],
                Some("+") => parts.push(setting),
                Some("-") => parts.retain(|part| part.value != setting.value),
                _ => {}
            }
        }
        parts
    }

    /// The plugins that `[main] plugins` names; `None` if it is not set, so that those count that NetworkManager was built with.
    pub(crate) fn plugins(&self) -> Option<Vec<&str>> {
        let parts = self.list("main", "plugins");
        (!parts.is_empty()).then(|| parts.iter().flat_map(|part| items(&part.value)).collect())
    }

    /// The line that makes the interface unmanaged.
    ///
    /// # Errors
    /// Why that cannot be said.
    pub(crate) fn unmanaged(&self, nic: &Nic) -> Result<Option<&Setting<String>>, String> {
        let listed = matching(&self.list("keyfile", "unmanaged-devices"), nic)?;
        if listed.is_some() {
            return Ok(listed);
        }
        if let Some(line) = self.managed(nic)? {
            return Ok((boolean(&line.value) == Some(false)).then_some(line));
        }
        match self.by_udev(nic)? {
            Some(line) if boolean(&line.value) == Some(true) => Ok(Some(line)),
            _ => Ok(None),
        }
    }

    /// The `managed` of the first group `[device*]` that the interface is in: what nmcli has stored, then those of later files, then
    /// `[device]` itself (`_match_section_infos_construct` of nm-config-data.c).
    fn managed(&self, nic: &Nic) -> Result<Option<&Setting<String>>, String> {
        // Groups of one name are one.
        let mut groups: Vec<(&str, Device<'_>)> = Vec::new();
        let stored = self.stored.as_ref().map_err(Clone::clone)?;
        let files = [(stored, ".intern.device")].into_iter().chain(self.files.iter().rev().map(|file| (file, "device")));
        for group in files.flat_map(|(file, start)| file.groups.iter().filter(move |group| group.name.starts_with(start))) {
            let at = groups.iter().position(|(name, _)| *name == group.name).unwrap_or_else(|| {
                groups.push((&group.name, Device::default()));
                groups.len() - 1
            });
            let (_, device) = &mut groups[at];
            for (key, setting) in &group.entries {
                match &key[..] {
                    "managed" => device.managed = device.managed.or(Some(setting)),
                    "match-device" => device.devices = device.devices.or(Some(setting)),
                    "stop-match" => device.stops |= boolean(&setting.value) == Some(true),
                    _ => {}
                }
            }
        }
        groups.sort_by_key(|(name, _)| *name == "device");
        for (_, Device { managed, devices, stops }) in groups {
            if managed.is_none() && !stops {
                continue;
            }
            if devices.is_none() || matching(&devices.into_iter().collect::<Vec<_>>(), nic)?.is_some() {
                return Ok(managed);
            }
        }
        Ok(None)
    }

    /// What rules of udev say of the interface.
    fn by_udev(&self, nic: &Nic) -> Result<Option<&Setting<String>>, String> {
        match self.udev.iter().find(|(name, _)| *name == nic.name) {
            Some((_, found)) => found.as_ref().map(Option::as_ref).map_err(Clone::clone),
            None => Ok(None),
        }
    }

    /// The line by which `nmcli networking off` has switched off everything.
    ///
    /// # Errors
    /// Its state cannot be read.
    pub(crate) fn switched_off(&self) -> Result<Option<&Setting<String>>, String> {
        let state = self.state.as_ref().map_err(Clone::clone)?;
        Ok(state.get(&["main"], "NetworkingEnabled").filter(|enabled| boolean(&enabled.value) == Some(false)))
    }

    /// The line that keeps NetworkManager from making a profile for an interface that has none.
    ///
    /// # Errors
    /// Why that cannot be said.
    pub(crate) fn no_auto_default(&self, nic: &Nic) -> Result<Option<&Setting<String>>, String> {
        matching(&self.list("main", "no-auto-default"), nic)
    }

    /// Whether the interface's automatic profile was deleted.
    ///
    /// # Errors
    /// Why that cannot be said.
    pub(crate) fn default_deleted(&self, nic: &Nic) -> Result<bool, String> {
        let named = format!("interface-name:={}", nic.name);
        let mac = nic.mac.map(|mac| mac.to_string());
        let is_it = |line: &str| line == named || mac.as_deref().is_some_and(|mac| line.eq_ignore_ascii_case(mac));
        Ok(self.deleted_defaults.as_ref().map_err(Clone::clone)?.lines().map(str::trim).any(is_it))
    }
}

/// The text of a file of NetworkManager's own, for those who need it.
///
/// # Errors
/// Why it cannot be read.
pub(crate) fn state(root: &Image, path: &str) -> Result<String, String> {
    let (text, _) = root.scope(|| root.text_if_any(path));
    text.map(Option::unwrap_or_default).map_err(|error| error.to_string())
}

/// As [`state`], a key file.
///
/// # Errors
/// Why it cannot be read.
pub(crate) fn keyfile(root: &Image, path: &str) -> Result<KeyFile, String> {
    let (file, _) = root.scope(|| KeyFile::read(root, path));
    file.map_err(|error| error.to_string())
}

/// The setting by which a list of devices takes the interface in (NetworkManager.conf(5), DEVICE LIST FORMAT).
fn matching<'a>(list: &[&'a Setting<String>], nic: &Nic) -> Result<Option<&'a Setting<String>>, String> {
    let mut taken = None;
    let (mut only_exceptions, mut any) = (true, None);
    for setting in list {
        for item in items(&setting.value) {
            let (wanted, excepted) = item.strip_prefix("except:").map_or((item, false), |wanted| (wanted, true));
            let fits = fits(wanted, nic).ok_or_else(|| format!("{}: `{item}` depends on what is not known of {}", setting.at, nic.name))?;
            any = any.or(Some(*setting));
            only_exceptions &= excepted;
            match (fits, excepted) {
                (true, true) => return Ok(None),
                (true, false) => taken = taken.or(Some(*setting)),
                (false, _) => {}
            }
        }
    }
    Ok(if only_exceptions { any } else { taken })
}

fn items(list: &str) -> impl Iterator<Item = &str> {
    list.split([',', ';']).map(str::trim).filter(|item| !item.is_empty())
}

/// Whether one item of a device list, perhaps an exception, takes the interface in.
pub(super) fn item_is(item: &str, nic: &Nic) -> Option<bool> {
    if item.starts_with("except:") { Some(false) } else { fits(item, nic) }
}

/// Whether one item of a device list is the interface, a wired one; `None` if that depends on what is not known.
fn fits(item: &str, nic: &Nic) -> Option<bool> {
    let same_mac = |address: &str| nic.mac.map(|mac| address.eq_ignore_ascii_case(&mac.to_string()));
    if item == "*" {
        return Some(true);
    }
    if let Some(name) = item.strip_prefix("interface-name:") {
        return Some(match (name.strip_prefix('='), name.strip_prefix('~')) {
            (Some(exact), _) => exact == nic.name,
            (_, Some(pattern)) => matches(pattern, &nic.name),
            _ => matches(name, &nic.name),
        });
    }
    match item.split_once(':') {
        Some(("mac", address)) => same_mac(address),
        Some(("type", kind)) => Some(kind == "ethernet"),
        // A slash and a pattern of versions may follow.
        Some(("driver", patterns)) => nic.driver.as_ref().map(|driver| matches(patterns.split('/').next().unwrap_or_default(), driver)),
        Some(("dhcp-plugin", _)) => None,
        Some(_) if item.len() == 17 => same_mac(item),
        Some(_) => Some(false),
        None => Some(item == nic.name),
    }
}

/// The files in the order in which they are read: the vendor's, the main one, the administrator's.
///
/// # Errors
/// Whether netplan hides one of them cannot be said.
fn paths(root: &Image) -> io::Result<Vec<String>> {
    let names: Vec<Vec<String>> =
        FOLDERS.iter().map(|folder| root.names(folder).into_iter().filter(|name| name.strip_suffix(".conf").is_some()).collect()).collect();
    let hides = names[2].iter().any(|name| name == WIFI_ONLY) && netplan_hides_it(root)?;
    let of = |nth: usize| {
        let hidden = |name: &str| names[..nth].iter().flatten().any(|above| above == name);
        let open = |name: &&String| !(hidden(name) || nth == 2 && *name == WIFI_ONLY && hides);
        names[nth].iter().filter(open).map(|name| format!("{}/{name}", FOLDERS[nth])).collect::<Vec<_>>()
    };
    let mut paths = of(2);
    paths.extend(of(1));
    paths.push(MAIN.to_owned());
    paths.extend(of(0));
    Ok(paths)
}

/// Whether netplan writes a file of the same name to /run, which is empty (`netplan_netdef_write_nm`, src/nm.c).
fn netplan_hides_it(root: &Image) -> io::Result<bool> {
    let is_manager = |node: &Node| node.get("renderer").is_some_and(|renderer| renderer.scalar() == Some("NetworkManager"));
    let (mut of_all, mut of_one) = (false, false);
    for path in ["/etc/netplan/*.yaml", "/usr/lib/netplan/*.yaml", "/lib/netplan/*.yaml"].iter().flat_map(|pattern| root.glob(pattern)) {
        let Some(text) = root.text_if_any(&path)? else { continue };
        // netplan refuses all of its files for one that it cannot read, and its own reader says so.
        let Ok(document) = Document::parse(&path, &text) else { return Ok(false) };
        let Some(network) = document.root.as_ref().and_then(|whole| whole.get("network")) else { continue };
        if let Some(renderer) = network.get("renderer") {
            of_all = renderer.scalar() == Some("NetworkManager");
        }
        let kinds = || network.entries().iter().map(|(_, _, kind)| kind);
        of_one |= kinds().any(|kind| is_manager(kind) || kind.entries().iter().any(|(_, _, definition)| is_manager(definition)));
        of_one |= network.get("nm-devices").is_some();
    }
    if of_all || !of_one {
        return Ok(of_all);
    }
    let version = packages::version(root, "netplan.io")?.and_then(|version| packages::numbers(&version));
    let unknown = || io::Error::other("the version of netplan, which is not found, decides whether NetworkManager leaves wired interfaces alone");
    Ok(version.ok_or_else(unknown)? >= FIRST_BY_DEFINITION)
}
