//! DHCPv6 leases and identities that clients keep in files: one file here for each client.
//!
//! What a client does not write cannot be told: udhcpc6 and odhcp6c keep nothing, and ConnMan keeps its DUID for itself until it has a lease.
//! wicked's files are not read, as their form could not be seen at work.

mod dhclient;
mod dhcp6c;
mod dhcpcd;
mod dibbler;
mod network_manager;
mod networkd;
mod syntax;

use std::io;

use crate::facts::{HostState, Lease, LeaseAddress, Mac, Observed};
use crate::observe::file::Root;

pub(super) use dhclient::Files;
pub use dhclient::parse;
pub(in crate::observe) use dhclient::{PLACES, kept};

/// A lifetime that never ends (RFC 8415 section 7.7).
const FOR_EVER: u32 = u32::MAX;
/// As many addresses of one lease as are kept.
const MOST_ADDRESSES: usize = 64;

/// The interface whose leases are looked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Subject<'a> {
    pub(super) name: &'a str,
    /// Absent if the link is gone.
    pub(super) index: Option<u32>,
    pub(super) mac: Option<Mac>,
    /// Now, in seconds since 1970.
    pub(super) now: u64,
    pub(super) host: &'a HostState,
    pub(super) root: &'a Root,
}

impl Subject<'_> {
    /// Whether a process of this name runs.
    fn runs(&self, name: &str) -> bool {
        self.host.processes.get().is_ok_and(|processes| processes.iter().any(|process| process.name == name))
    }
}

/// What one client keeps for the interface; an error tells the file.
type Reader = fn(&Subject<'_>) -> io::Result<Option<Lease>>;

const READERS: [Reader; 5] = [networkd::lease, network_manager::lease, dhcpcd::lease, dibbler::lease, dhcp6c::lease];

/// The leases of the interface, oldest first; those that only tell an identity come before those that have addresses.
pub(super) fn leases(subject: &Subject<'_>, of_dhclient: &Files) -> Observed<Vec<Lease>> {
    let mut leases = match of_dhclient.of(subject.name, subject.mac, subject.now) {
        Ok(leases) => leases,
        Err(reason) => return Observed::Unknown(reason),
    };
    for read in READERS {
        match read(subject) {
            Ok(lease) => leases.extend(lease),
            Err(error) => return Observed::unknown(error.to_string()),
        }
    }
    let starts = |lease: &Lease| lease.addresses.iter().map(|address| address.starts).max();
    leases.sort_by_key(starts);
    Observed::Seen(leases)
}

/// Whether the address is still valid; where the client does not tell how long, that is not known.
fn lives(address: &LeaseAddress, now: u64) -> bool {
    address.valid_s.is_some_and(|valid| valid == FOR_EVER || address.starts.saturating_add(valid.into()) > now)
}

#[cfg(test)]
mod tests;
