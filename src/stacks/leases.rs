//! DHCPv6 leases and identities that clients keep in files: one file here for each client.
//!
//! What a client does not write cannot be told: udhcpc6 and odhcp6c keep nothing, and ConnMan keeps its DUID for itself until it has a lease.
//! wicked's files are not read, as their form could not be seen at work.

pub(crate) mod syntax;

use std::io;

use crate::facts::{HostState, Lease, LeaseAddress, Mac, Observed};
use crate::image::Image;

use super::dhclient::leases::Files;
use super::{dhcp6c, dhcpcd, dibbler, network_manager, networkd};

/// A lifetime that never ends (RFC 8415 section 7.7).
pub(crate) const FOR_EVER: u32 = u32::MAX;
/// As many addresses of one lease as are kept.
pub(crate) const MOST_ADDRESSES: usize = 64;

/// The interface whose leases are looked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Subject<'a> {
    pub(crate) name: &'a str,
    /// Absent if the link is gone.
    pub(crate) index: Option<u32>,
    pub(crate) mac: Option<Mac>,
    /// Now, in seconds since 1970.
    pub(crate) now: u64,
    pub(crate) host: &'a HostState,
    pub(crate) root: &'a Image,
}

impl Subject<'_> {
    /// Whether a process of this name runs.
    pub(crate) fn runs(&self, name: &str) -> bool {
        self.host.processes.get().is_ok_and(|processes| processes.iter().any(|process| process.name == name))
    }
}

/// What one client keeps for the interface; an error tells the file.
type Reader = fn(&Subject<'_>) -> io::Result<Option<Lease>>;

pub(crate) const READERS: [Reader; 5] = [networkd::lease::lease, network_manager::lease::lease, dhcpcd::lease::lease, dibbler::lease, dhcp6c::lease];

/// The leases of the interface, oldest first; those that only tell an identity come before those that have addresses.
pub(crate) fn leases(subject: &Subject<'_>, of_dhclient: &Files) -> Observed<Vec<Lease>> {
    let mut leases = match of_dhclient.of(subject.name, subject.mac, subject.now) {
        Ok(leases) => leases,
        Err(reason) => return Observed::unknown(reason),
    };
    for read in READERS {
        match read(subject) {
            Ok(lease) => leases.extend(lease),
            Err(error) => return Observed::unknown(error),
        }
    }
    let starts = |lease: &Lease| lease.addresses.iter().map(|address| address.starts).max();
    leases.sort_by_key(starts);
    Observed::Seen(leases)
}

/// Whether the address is still valid; where the client does not tell how long, that is not known.
pub(crate) fn lives(address: &LeaseAddress, now: u64) -> bool {
    address.valid_s.is_some_and(|valid| valid == FOR_EVER || address.starts.saturating_add(valid.into()) > now)
}

#[cfg(test)]
mod tests;
