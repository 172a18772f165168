//! Whether ConnMan speaks DHCPv6 for an interface. While it is bound it holds no socket, so its settings tell.
//!
//! Knows Ethernet services only, by the MAC address in their name, and nothing of provisioning files.

use crate::facts::{Address, Owner, Process, Reason};
use crate::image::ini::keyfile::KeyFile;
use crate::stacks::running::{self, Subject};

/// Its process.
pub(crate) const NAME: &str = "connmand";

/// It as the DHCPv6 client of the interface.
///
/// # Errors
/// As of [`speaks`].
pub(crate) fn client(subject: &Subject<'_>, processes: &[Process]) -> Result<Option<Owner>, Reason> {
    let Some(process) = running::named(processes, NAME) else { return Ok(None) };
    Ok(speaks(subject)?.map(|evidence| running::owner(NAME, process, evidence)))
}

/// Evidence for or against: with `IPv6.method=auto` it speaks DHCPv6 as soon as an RA asks for it (connman 1.44, src/network.c).
///
/// # Errors
/// It has no settings for the interface, or they cannot be read.
pub(crate) fn speaks(subject: &Subject<'_>) -> Result<Option<String>, String> {
    let unknown = || "ConnMan runs; it holds no socket while it has a lease, and no settings of it for the interface were found".to_owned();
    let mac = subject.mac.ok_or_else(unknown)?.to_string().replace(':', "");
    let path = format!("/var/lib/connman/ethernet_{mac}_cable/settings");
    let kept = KeyFile::read(subject.root, &path).map_err(|error| format!("ConnMan runs, but {error}"))?;
    match kept.any("IPv6.method").map(|method| method.value.trim_end()) {
        Some("auto") => Ok(Some(format!("it runs, and {path} has IPv6.method=auto{}", installed(subject)))),
        Some(_) => Ok(None),
        None => Err(unknown()),
    }
}

/// What it installs looks static: no lifetime, and the prefix length of the RA's prefix.
fn installed(subject: &Subject<'_>) -> String {
    use crate::facts::{AddressFlag, Scope};
    let its = |address: &&Address| address.scope == Scope::Global && address.has(AddressFlag::Permanent) && !address.has(AddressFlag::Noprefixroute);
    let found = subject.addresses.get().ok().and_then(|addresses| addresses.iter().find(its));
    found
        .map(|address| format!("; {}/{} has no lifetime, as the addresses that it installs", address.address, address.prefix_length))
        .unwrap_or_default()
}
