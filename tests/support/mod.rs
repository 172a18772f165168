//! The known-good guest and the worked examples of check files: the good guest with one deviation, as facts.
//!
//! It knows facts and packets, and no rules.

pub(crate) mod deviation;
pub(crate) mod frames;
pub(crate) mod patch;
pub(crate) mod story;

use std::fs;
use std::path::{Path, PathBuf};

use v6check::facts::{self, Facts};

/// The interface that the good guest has.
pub(crate) const INTERFACE: &str = "eth0";

/// The project's folder.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Where the known-good guest is kept.
pub(crate) fn good_guest_path() -> PathBuf {
    root().join("tests/guests/calico-good.json")
}

/// The known-good guest: Debian 12 with ifupdown and ISC dhclient on a Calico link.
///
/// # Errors
/// Its file does not hold facts.
pub(crate) fn good_guest() -> Result<Facts, String> {
    let path = good_guest_path();
    let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    facts::load(&text).map_err(|error| format!("{}: {error}", path.display()))
}
