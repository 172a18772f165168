//! What of an image's identity is fixed in its files, so that clones share it: machine-id, DUIDs, leases, secrets.
//!
//! A secret's value is never kept. On a running guest all of this is rightly there: only of an image is it a fault.

pub(crate) mod duids;
pub(crate) mod fixes;

use std::collections::BTreeMap;
use std::io;

use crate::facts::{BakedDuid, BakedIdentity, FileLine, Reason, Setting};
use crate::host::sysctl;
use crate::image::Image;
use crate::image::MOST_BYTES;

const MACHINE_ID: &str = "/etc/machine-id";
const DBUS_MACHINE_ID: &str = "/var/lib/dbus/machine-id";
/// Patterns of paths.
type Places = &'static [&'static str];
/// What a file with this path and content holds.
type DuidOfFile = fn(&str, &[u8]) -> Option<BakedDuid>;
type OfFile = fn(&str, &[u8]) -> Vec<Setting<String>>;

/// What one client keeps in files. Each part is read from the files of its places.
pub(crate) struct Keeps {
    /// Its DUID.
    pub(crate) duids: &'static [(Places, DuidOfFile)],
    /// Its leases.
    pub(crate) leases: &'static [(Places, OfFile)],
    /// What its stable addresses are made of, by whose it is.
    pub(crate) secrets: &'static [(&'static str, Places)],
}

impl Keeps {
    /// Of a client that keeps nothing.
    pub(crate) const NONE: Self = Self { duids: &[], leases: &[], secrets: &[] };
}

/// A file that is a lease or a secret as a whole; an empty one is none.
pub(crate) fn as_whole(whose: &str, path: &str, bytes: &[u8]) -> Option<Setting<String>> {
    let text = format!("a file of {} bytes", bytes.len());
    (!bytes.is_empty()).then(|| Setting { value: whose.to_owned(), at: whole(path, 0), text })
}

/// As many files of one kind as are read.
const MOST_FILES: usize = 256;

/// What is fixed in files. What a file that cannot be read would fix is named as unread.
pub(crate) fn read(root: &Image, clients: &[&Keeps]) -> BakedIdentity {
    let mut unread = BTreeMap::new();
    let machine_id = or_unread(&mut unread, "machine_id", root.known(|| machine_id(root)));
    let mut duids = Vec::new();
    for (places, of) in clients.iter().flat_map(|client| client.duids) {
        match root.known(|| files(root, places)) {
            Ok(files) => duids.extend(files.iter().filter_map(|(path, bytes)| of(path, bytes))),
            Err(reason) => {
                unread.insert("duids".to_owned(), reason.text);
            }
        }
    }
    let leases = or_unread(&mut unread, "leases", root.known(|| leases(root, clients)));
    let secrets = or_unread(&mut unread, "secrets", root.known(|| secrets(root, clients)));
    BakedIdentity { machine_id, duids, leases, secrets, macs: Vec::new(), unread }
}

fn or_unread<T: Default>(unread: &mut BTreeMap<String, String>, what: &str, read: Result<T, Reason>) -> T {
    read.unwrap_or_else(|reason| {
        unread.insert(what.to_owned(), reason.text);
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

fn leases(root: &Image, clients: &[&Keeps]) -> io::Result<Vec<Setting<String>>> {
    let mut found = Vec::new();
    for (places, of) in clients.iter().flat_map(|client| client.leases) {
        found.extend(files(root, places)?.iter().flat_map(|(path, bytes)| of(path, bytes)));
    }
    Ok(found)
}

fn secrets(root: &Image, clients: &[&Keeps]) -> io::Result<Vec<Setting<String>>> {
    let mut found = Vec::new();
    for (whose, places) in clients.iter().flat_map(|client| client.secrets) {
        found.extend(files(root, places)?.iter().filter_map(|(path, bytes)| as_whole(whose, path, bytes)));
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

pub(crate) fn whole(path: &str, line: u32) -> FileLine {
    FileLine { path: path.to_owned(), line }
}
