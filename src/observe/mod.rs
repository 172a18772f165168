//! Observing: the only module that touches the machine. It knows no verdicts.

mod intent;
mod network;
mod state;

use std::path::Path;

pub use network::{Answers, Ending, Signals, Target, ask};

use crate::facts::Facts;
use crate::plan::{Plan, Survey};

/// Why nothing could be observed at all.
#[derive(Debug, thiserror::Error)]
#[error("{what}: {source}")]
pub struct ObserveError {
    /// What was tried.
    pub what: String,
    /// Why it failed.
    pub source: std::io::Error,
}

/// Told what is being waited for once that takes more than a second: `eth0: waiting for a Router Advertisement (1 s of 5 s)`.
pub type Progress<'a> = &'a dyn Fn(&str);

/// Links and capabilities of this machine, before anything is planned.
///
/// # Errors
/// The kernel does not answer rtnetlink.
pub fn survey() -> Result<Survey, ObserveError> {
    state::survey()
}

/// Makes the observations of `plan`. What cannot be looked at becomes a reason in the facts, not an error. SIGINT and SIGTERM end the
/// waiting for the network and are told in the facts.
///
/// # Errors
/// The run itself is impossible: no runtime, no clock.
pub fn observe(_plan: &Plan, _progress: Progress<'_>) -> Result<Facts, ObserveError> {
    let _ = Path::new("/");
    unimplemented!()
}
