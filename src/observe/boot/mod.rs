//! The boot: recording it, and what captures and the journal tell of it.

mod alone;
mod foreign;
mod granted;
mod journal;
mod of_run;
mod own;
mod read;
mod record;
mod span;

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use crate::facts::Recording;

pub use alone::{facts, recorded};
pub(super) use granted::granted;
pub use of_run::RECORDING;
pub(super) use of_run::{Journal, Recordings, are_of_boot, recordings};
pub use read::begins;
pub use record::again;
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

/// The same of a capture that comes from `source`, such as standard input, and is called `name`.
///
/// # Errors
/// It cannot be read to its end, or is no capture.
pub fn read_from(source: &mut dyn Read, name: &str) -> Result<BTreeMap<String, Recording>, ReadError> {
    read::stream(source, name).map(|reading| reading.recordings)
}
