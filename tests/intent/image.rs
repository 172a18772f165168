//! An image of a few files, and what v6check says of an interface in it.

use std::fs::Permissions;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use tempfile::TempDir;
use v6check::facts::{Intent, InterfaceIntent, Observed};
use v6check::observe::intent::{self, Nic};

/// A file: its absolute path and its text; a text that begins with `-> ` makes it a symbolic link to the rest, and a script may be run.
pub(crate) type File<'a> = (&'a str, &'a str);

/// ISC dhclient of Debian 12, as far as it is looked into.
pub(crate) const DHCLIENT: File<'static> = ("/sbin/dhclient", "\0dhclient.c\x004.4.3-P1\0--address-prefix-len\0");

/// A directory that holds `files`; keyfiles of NetworkManager are their owner's alone, since it ignores others.
pub(crate) fn image(files: &[File<'_>]) -> TempDir {
    let root = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = root.path().join(path.trim_start_matches('/'));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        if let Some(target) = text.strip_prefix("-> ") {
            symlink(target, path).unwrap();
            continue;
        }
        std::fs::write(&path, text).unwrap();
        let path_text = path.to_str().unwrap();
        if text.starts_with("#!") {
            std::fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
        } else if path_text.contains("/system-connections/") {
            std::fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        }
    }
    root
}

/// An interface; in an image that does not run its MAC address is not known.
pub(crate) fn nic(name: &str, mac: Option<&str>) -> Nic {
    Nic { mac: mac.map(|mac| mac.parse().unwrap()), ..Nic::named(name) }
}

/// What the image below `root` is set up to do with `nic`.
pub(crate) fn interface(root: &Path, nic: Nic) -> InterfaceIntent {
    let name = nic.name.clone();
    intent::interfaces(root, &[nic]).remove(&name).unwrap()
}

/// What its network stack is set up to do, or the reason why that is not known.
pub(crate) fn known(stack: Observed<Intent>) -> Result<Intent, String> {
    match stack {
        Observed::Seen(intent) => Ok(intent),
        Observed::Unknown(reason) => Err(reason.text),
        Observed::Absent(reason) => Err(reason),
    }
}
