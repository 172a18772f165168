//! Whether NetworkManager has an interface, from its state file of the device and the profile that this names.
//!
//! While a profile is being activated, the file does not name it yet. Profiles are keyfiles, and ifcfg files that carry their UUID.

use std::io;

use super::NAME;
use crate::facts::{Owner, Process, Reason};
use crate::image::ini::keyfile::KeyFile;
use crate::stacks::running::{self, Subject, value};

/// In the order of precedence (NetworkManager's nms-keyfile-plugin.c).
const PROFILES: [&str; 3] =
    ["/run/NetworkManager/system-connections", "/etc/NetworkManager/system-connections", "/usr/lib/NetworkManager/system-connections"];

/// It as the owner of the interface's Router Advertisements.
///
/// # Errors
/// As of [`handles_ras`].
pub(crate) fn ras(subject: &Subject<'_>, processes: &[Process]) -> Result<Option<Owner>, Reason> {
    let Some(process) = running::named(processes, NAME) else { return Ok(None) };
    Ok(handles_ras(subject)?.map(|evidence| running::owner(NAME, process, evidence)))
}

/// Evidence that NetworkManager handles the interface's RAs: it manages it, by a profile whose `ipv6.method` is not `ignore`, which leaves
/// them to the kernel, and that was not made up for what others configured.
///
/// # Errors
/// It manages the interface, and the method cannot be found out.
pub(crate) fn handles_ras(subject: &Subject<'_>) -> Result<Option<String>, String> {
    let device = device(subject).map_err(|error| format!("NetworkManager runs, but {error}"))?;
    if !is_managed(&device) {
        return Ok(None);
    }
    let evidence = format!("{} has managed=true", path(subject));
    let profile = profile_of(&device).map(|uuid| profile(subject, uuid).map_err(|error| format!("{NAME}'s profiles: {error}")));
    match profile.transpose()?.flatten() {
        Some(Profile { external: true, .. }) => Ok(None),
        Some(Profile { method, .. }) if method == "ignore" => Ok(None),
        Some(Profile { path, method, .. }) => Ok(Some(format!("{evidence}; {path} has method={method}"))),
        // For every other method it writes accept_ra=0, and only for some of them it speaks DHCPv6.
        None if holds_client_socket(subject) => {
            Ok(Some(format!("{evidence}, and it holds UDP 546 on {}, as it never does with method=ignore", subject.name)))
        }
        None => match subject.sysctl.get().ok().and_then(|settings| settings.get("accept_ra")) {
            Some(0) | None => {
                Err(format!("NetworkManager manages {} by a profile that could not be read, so that method=ignore cannot be ruled out", subject.name))
            }
            Some(_) => Ok(None),
        },
    }
}

/// Evidence that it managed the interface when it last wrote the file, whether or not it runs.
pub(crate) fn managed(subject: &Subject<'_>) -> Option<String> {
    let device = device(subject).ok()?;
    (is_managed(&device) && profile_of(&device).is_some()).then(|| format!("{} has managed=true", path(subject)))
}

fn path(subject: &Subject<'_>) -> String {
    format!("/run/NetworkManager/devices/{}", subject.index)
}

fn device(subject: &Subject<'_>) -> io::Result<KeyFile> {
    KeyFile::read(subject.root, &path(subject))
}

fn is_managed(device: &KeyFile) -> bool {
    device.any("managed").is_some_and(|managed| managed.value.trim_end() == "true")
}

/// UUID of the profile that is active on it.
fn profile_of(device: &KeyFile) -> Option<&str> {
    device.any("connection-uuid").map(|uuid| uuid.value.trim_end())
}

fn holds_client_socket(subject: &Subject<'_>) -> bool {
    let sockets = subject.host.dhcpv6_client_sockets.get().map(Vec::as_slice).unwrap_or_default();
    sockets.iter().any(|socket| crate::stacks::running::holder(socket) == Some(NAME) && crate::stacks::running::on(subject, socket))
}

struct Profile {
    path: String,
    /// `ipv6.method`; `auto` where none is given.
    method: String,
    /// NetworkManager only shows what another program configured (`nmcli` says `connected (externally)`).
    external: bool,
}

impl Profile {
    fn of_keyfile(path: String, file: &KeyFile) -> Self {
        let method = word(file, "ipv6", "method").unwrap_or("auto").to_owned();
        let external = word(file, ".nmmeta", "external") == Some("true");
        Self { path, method, external }
    }
}

fn profile(subject: &Subject<'_>, uuid: &str) -> io::Result<Option<Profile>> {
    let mut without_uuid = Vec::new();
    for directory in PROFILES {
        for name in subject.root.names(directory) {
            let path = format!("{directory}/{name}");
            let file = KeyFile::read(subject.root, &path)?;
            let found = word(&file, "connection", "uuid");
            if found == Some(uuid) {
                return Ok(Some(Profile::of_keyfile(path, &file)));
            }
            if found.is_none() && word(&file, "connection", "interface-name") == Some(subject.name) {
                without_uuid.push(Profile::of_keyfile(path, &file));
            }
        }
    }
    let of_ifcfg = of_ifcfg(subject, uuid)?;
    // It makes up the UUID of a keyfile that has none.
    let only = if without_uuid.len() == 1 { without_uuid.pop() } else { None };
    Ok(of_ifcfg.or(only))
}

/// A profile of the ifcfg-rh plugin: without `IPV6INIT=yes` its method is `ignore` (nms-ifcfg-rh-reader.c).
fn of_ifcfg(subject: &Subject<'_>, uuid: &str) -> io::Result<Option<Profile>> {
    for path in subject.root.glob("/etc/sysconfig/network-scripts/ifcfg-*") {
        let Some(text) = subject.root.text_if_any(&path)? else { continue };
        let word = |key: &str| value(&text, key).map(|word| word.trim_matches(['"', '\'']));
        let yes = |key: &str| word(key).is_some_and(|word| matches!(&word.to_ascii_lowercase()[..], "yes" | "true" | "t" | "y" | "1"));
        if word("UUID") == Some(uuid) {
            let method = match (yes("IPV6_DISABLED"), yes("IPV6INIT")) {
                (true, _) => "disabled",
                (false, false) => "ignore",
                // Which one, its owner does not depend on.
                (false, true) => "not ignore (IPV6INIT=yes)",
            };
            return Ok(Some(Profile { path, method: method.to_owned(), external: false }));
        }
    }
    Ok(None)
}

fn word<'a>(file: &'a KeyFile, group: &str, key: &str) -> Option<&'a str> {
    file.get(&[group], key).map(|setting| setting.value.trim_end())
}
