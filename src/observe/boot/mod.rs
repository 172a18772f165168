//! The boot: what was captured of it, and what the journal tells.

mod alone;
mod foreign;
mod journal;
mod of_run;
mod own;
mod read;
mod record;

use std::collections::BTreeMap;
use std::path::Path;

use crate::facts::Recording;

pub use alone::facts;
pub use of_run::RECORDING;
pub(super) use of_run::{Journal, Recordings, recordings};
pub use read::begins;
pub use record::{Live, follow, record};

/// Why a capture cannot be read: file, byte and reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {what}")]
pub struct ReadError {
    /// The file.
    pub file: String,
    /// What is wrong, and where.
    pub what: String,
}

/// The recordings in the capture at `path`, pcap or pcapng, by interface: its name in a recording of our own, else the guest's MAC address.
///
/// # Errors
/// It cannot be opened, or is no capture.
pub fn read(path: &Path) -> Result<BTreeMap<String, Recording>, ReadError> {
    read::file(path).map(|reading| reading.recordings)
}
