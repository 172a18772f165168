//! DHCPv6 leases and identities that clients keep in files: read by the folder of each client.
//!
//! What a client does not write cannot be told: udhcpc6 and odhcp6c keep nothing, and ConnMan keeps its DUID for itself until it has a lease.
//! wicked's files are not read, as their form could not be seen at work.

pub(crate) mod syntax;

use std::io;

use crate::facts::{HostState, Lease, LeaseAddress, Mac, Observed, Reason};
use crate::image::Image;

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

/// How the leases of a client are read.
pub(crate) enum LeaseReader {
    /// For each interface anew.
    Each(fn(&Subject<'_>) -> io::Result<Option<Lease>>),
    /// Files of all interfaces are read once; what this returns looks into them.
    Once(fn(&Image, &HostState) -> OfFiles),
}

/// The leases of an interface in files that were read.
pub(crate) type OfFiles = Box<dyn Fn(&Subject<'_>) -> Result<Vec<Lease>, Reason>>;

/// The clients whose leases are read, with the files that are read once for all interfaces.
pub(crate) struct Readers(Vec<OfFiles>);

impl Readers {
    pub(crate) fn new(root: &Image, host: &HostState) -> Self {
        let of = |reader: &'static LeaseReader| -> OfFiles {
            match reader {
                LeaseReader::Once(prepare) => prepare(root, host),
                LeaseReader::Each(read) => {
                    Box::new(|subject| read(subject).map(|lease| lease.into_iter().collect()).map_err(|error| Reason::from(&error)))
                }
            }
        };
        Self(super::STACKS.iter().filter_map(|stack| stack.lease.as_ref()).map(of).collect())
    }

    /// The leases of the interface, oldest first; those that only tell an identity come before those that have addresses.
    pub(crate) fn leases(&self, subject: &Subject<'_>) -> Observed<Vec<Lease>> {
        subject.root.known(|| self.all(subject)).into()
    }

    fn all(&self, subject: &Subject<'_>) -> Result<Vec<Lease>, Reason> {
        let mut leases = Vec::new();
        for read in &self.0 {
            leases.extend(read(subject)?);
        }
        leases.sort_by_key(|lease| lease.addresses.iter().map(|address| address.starts).max());
        Ok(leases)
    }
}

/// Whether the address is still valid; where the client does not tell how long, that is not known.
pub(crate) fn lives(address: &LeaseAddress, now: u64) -> bool {
    address.valid_s.is_some_and(|valid| valid == FOR_EVER || address.starts.saturating_add(valid.into()) > now)
}

#[cfg(test)]
mod tests;
