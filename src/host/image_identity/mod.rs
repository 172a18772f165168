//! What of an image's identity is fixed in its files, so that clones share it: machine-id, DUIDs, leases, secrets.
//!
//! A secret's value is never kept. On a running guest all of this is rightly there: only of an image is it a fault.

mod duids;
pub(crate) mod fixes;

use std::collections::BTreeMap;
use std::io;

use crate::facts::{BakedIdentity, FileLine, Setting};
use crate::host::sysctl;
use crate::image::Image;
use crate::image::MOST_BYTES;
use crate::stacks::dhclient::leases::{PLACES as DHCLIENT_LEASES, kept as kept_leases};

const MACHINE_ID: &str = "/etc/machine-id";
const DBUS_MACHINE_ID: &str = "/var/lib/dbus/machine-id";
/// Leases that other clients than ISC dhclient keep: dhcpcd(8), NetworkManager's own client, wicked.
const LEASES: [(&str, &str); 4] = [
    ("dhcpcd", "/var/lib/dhcpcd/*.lease6"),
    ("dhcpcd", "/var/db/dhcpcd/*.lease6"),
    ("NetworkManager", "/var/lib/NetworkManager/internal6-*"),
    ("wicked", "/var/lib/wicked/lease-*-dhcp-ipv6.xml"),
];
/// What stable addresses are made of (NetworkManager.conf(5), dhcpcd.conf(5) `slaac private`).
const SECRETS: [(&str, &str); 3] = [
    ("NetworkManager's secret_key", "/var/lib/NetworkManager/secret_key"),
    ("dhcpcd's secret", "/var/lib/dhcpcd/secret"),
    ("dhcpcd's secret", "/var/db/dhcpcd/secret"),
];
/// As many files of one kind as are read.
const MOST_FILES: usize = 256;

/// What is fixed in files. What a file that cannot be read would fix is named as unread.
pub(crate) fn read(root: &Image) -> BakedIdentity {
    let mut unread = BTreeMap::new();
    let machine_id = or_unread(&mut unread, "machine_id", machine_id(root));
    let (duids, error) = duids::read(root);
    unread.extend(error.map(|error| ("duids".to_owned(), error.to_string())));
    let leases = or_unread(&mut unread, "leases", leases(root));
    let secrets = or_unread(&mut unread, "secrets", secrets(root));
    BakedIdentity { machine_id, duids, leases, secrets, unread }
}

fn or_unread<T: Default>(unread: &mut BTreeMap<String, String>, what: &str, read: io::Result<T>) -> T {
    read.unwrap_or_else(|error| {
        unread.insert(what.to_owned(), error.to_string());
        T::default()
    })
}

/// The machine-id that systemd would take at boot: /etc/machine-id, or, where that has none yet, D-Bus's in a file of its own
/// (machine-id-setup.c).
fn machine_id(root: &Image) -> io::Result<Option<Setting<String>>> {
    let of = |path: &str| -> io::Result<Option<Setting<String>>> {
        let text = root.text_if_any(path)?.unwrap_or_default();
        let id = text.trim();
        let is_one = id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()) && id.bytes().any(|byte| byte != b'0');
        Ok(is_one.then(|| Setting { value: id.to_ascii_lowercase(), at: whole(path, 1), text: id.to_owned() }))
    };
    match of(MACHINE_ID)? {
        None if root.link(DBUS_MACHINE_ID).is_none() => of(DBUS_MACHINE_ID),
        found => Ok(found),
    }
}

fn leases(root: &Image) -> io::Result<Vec<Setting<String>>> {
    let mut found = Vec::new();
    for (path, bytes) in files(root, &DHCLIENT_LEASES)? {
        for (interface, line, text) in kept_leases(&bytes).leases {
            found.push(Setting { value: format!("dhclient's for {interface}"), at: whole(&path, line), text });
        }
    }
    for (client, pattern) in LEASES {
        for (path, bytes) in files(root, &[pattern])?.into_iter().filter(|(_, bytes)| !bytes.is_empty()) {
            found.push(Setting { value: format!("{client}'s"), at: whole(&path, 0), text: format!("a file of {} bytes", bytes.len()) });
        }
    }
    Ok(found)
}

fn secrets(root: &Image) -> io::Result<Vec<Setting<String>>> {
    let mut found = Vec::new();
    for (what, pattern) in SECRETS {
        for (path, bytes) in files(root, &[pattern])?.into_iter().filter(|(_, bytes)| !bytes.is_empty()) {
            found.push(Setting { value: what.to_owned(), at: whole(&path, 0), text: format!("a file of {} bytes", bytes.len()) });
        }
    }
    found.extend(sysctl::stable_secrets(root)?.into_iter().map(|(key, at)| Setting { text: format!("{key} = (not shown)"), value: key, at }));
    Ok(found)
}

/// The files that some patterns give, each once.
fn files(root: &Image, patterns: &[&str]) -> io::Result<Vec<(String, Vec<u8>)>> {
    let mut paths: Vec<String> = patterns.iter().flat_map(|pattern| root.glob(pattern)).collect();
    paths.sort();
    paths.dedup();
    paths.retain(|path| !root.is_directory(path));
    if paths.len() > MOST_FILES {
        return Err(io::Error::other(format!("more than {MOST_FILES} files like {}", patterns.join(", "))));
    }
    let read = |path: String| match root.read(&path, MOST_BYTES) {
        Ok(bytes) => Ok((path, bytes)),
        Err(error) => Err(io::Error::new(error.kind(), format!("{path}: {error}"))),
    };
    paths.into_iter().map(read).collect()
}

fn whole(path: &str, line: u32) -> FileLine {
    FileLine { path: path.to_owned(), line }
}
