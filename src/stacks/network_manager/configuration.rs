//! NetworkManager.conf(5): the files that count, and which interfaces they keep NetworkManager from.
//!
//! `[connection*]` holds defaults of many properties, but none of `ipv6.method`. What udev rules keep away (`NM_UNMANAGED`) is not looked at.

use std::collections::BTreeMap;
use std::io;

use super::keyfile::{KeyFile, boolean};
use crate::facts::Setting;
use crate::image::Nic;
use crate::image::{Image, matches};

const MAIN: &str = "/etc/NetworkManager/NetworkManager.conf";
/// Folders of more files; a name in one hides the same name in those behind it.
const FOLDERS: [&str; 3] = ["/etc/NetworkManager/conf.d", "/run/NetworkManager/conf.d", "/usr/lib/NetworkManager/conf.d"];
/// Interfaces of which the automatic profile was deleted.
const NO_AUTO_DEFAULT: &str = "/var/lib/NetworkManager/no-auto-default.state";
/// Ubuntu's file that keeps NetworkManager from wired interfaces. netplan hides it where one of its own files has this line.
const WIFI_ONLY: &str = "10-globally-managed-devices.conf";
const BY_NETPLAN: &str = "renderer:NetworkManager";
/// As many files as are read.
const MOST_FILES: usize = 256;

/// A group `[device*]`: whether its devices are managed, and which those are.
#[derive(Debug, Default)]
struct Device<'a> {
    managed: Option<&'a Setting<String>>,
    devices: Option<&'a Setting<String>>,
}

/// What the files say, from the first to the last that is read.
#[derive(Debug, Default)]
pub(crate) struct Configuration {
    files: Vec<KeyFile>,
    /// Text of the state file.
    deleted_defaults: String,
}

impl Configuration {
    /// Reads the files.
    ///
    /// # Errors
    /// One of them cannot be read, or they are too many.
    pub(crate) fn read(root: &Image) -> io::Result<Self> {
        let mut files = Vec::new();
        for path in paths(root) {
            if files.len() >= MOST_FILES {
                return Err(io::Error::other(format!("more than {MOST_FILES} files of NetworkManager's configuration")));
            }
            let Some(text) = root.text_if_any(&path)? else { continue };
            let file = KeyFile::parse(&path, &text).ok_or_else(|| io::Error::other(format!("{path}: not of its format")))?;
            if file.get(&[".config"], "enable").and_then(|enable| boolean(&enable.value)) != Some(false) {
                files.push(file);
            }
        }
        Ok(Self { files, deleted_defaults: root.text_if_any(NO_AUTO_DEFAULT)?.unwrap_or_default() })
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
        // Groups of one name are one; those of later files come first.
        let mut groups: BTreeMap<&str, Device<'_>> = BTreeMap::new();
        for group in self.files.iter().flat_map(|file| &file.groups).filter(|group| group.name.starts_with("device")) {
            let entry = groups.entry(&group.name).or_default();
            for (key, setting) in &group.entries {
                match &key[..] {
                    "managed" => entry.managed = Some(setting),
                    "match-device" => entry.devices = Some(setting),
                    _ => {}
                }
            }
        }
        for Device { managed, devices } in groups.into_values() {
            let Some(managed) = managed.filter(|managed| boolean(&managed.value) == Some(false)) else { continue };
            if devices.is_none() || matching(&devices.into_iter().collect::<Vec<_>>(), nic)?.is_some() {
                return Ok(Some(managed));
            }
        }
        Ok(None)
    }

    /// The line that keeps NetworkManager from making a profile for an interface that has none.
    ///
    /// # Errors
    /// Why that cannot be said.
    pub(crate) fn no_auto_default(&self, nic: &Nic) -> Result<Option<&Setting<String>>, String> {
        matching(&self.list("main", "no-auto-default"), nic)
    }

    /// Whether the interface's automatic profile was deleted.
    pub(crate) fn default_deleted(&self, nic: &Nic) -> bool {
        let named = format!("interface-name:={}", nic.name);
        let mac = nic.mac.map(|mac| mac.to_string());
        self.deleted_defaults.lines().map(str::trim).any(|line| line == named || mac.as_deref().is_some_and(|mac| line.eq_ignore_ascii_case(mac)))
    }
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
        Some(("driver" | "dhcp-plugin", _)) => None,
        Some(_) if item.len() == 17 => same_mac(item),
        Some(_) => Some(false),
        None => Some(item == nic.name),
    }
}

/// The files in the order in which they are read: the vendor's, the main one, the administrator's.
fn paths(root: &Image) -> Vec<String> {
    let names: Vec<Vec<String>> =
        FOLDERS.iter().map(|folder| root.names(folder).into_iter().filter(|name| name.strip_suffix(".conf").is_some()).collect()).collect();
    let wifi_too = || {
        let texts = root.glob("/etc/netplan/*.yaml").into_iter().filter_map(|path| root.text(&path).ok());
        texts.into_iter().any(|text| text.lines().any(|line| line.split_whitespace().collect::<String>() == BY_NETPLAN))
    };
    let of = |nth: usize| {
        let hidden = |name: &str| names[..nth].iter().flatten().any(|above| above == name);
        let open = |name: &&String| !(hidden(name) || nth == 2 && *name == WIFI_ONLY && wifi_too());
        names[nth].iter().filter(open).map(|name| format!("{}/{name}", FOLDERS[nth])).collect::<Vec<_>>()
    };
    let mut paths = of(2);
    paths.extend(of(1));
    paths.push(MAIN.to_owned());
    paths.extend(of(0));
    paths
}
