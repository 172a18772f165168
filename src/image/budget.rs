//! How much of an image is looked at, all in all, so that a run over any image ends soon.

use std::cell::Cell;
use std::io;

/// As many names as are looked up. Thousands are usual.
const MOST_LOOKUPS: u64 = 500_000;
/// As many names as are listed or matched with a pattern.
const MOST_ENTRIES: u64 = 1_000_000;
/// As many bytes as are read.
const MOST_BYTES: u64 = 256 << 20;
/// As many bytes of scripts as are parsed: a hook is gone through once for each stanza of each interface.
const MOST_PARSED: u64 = 4 << 20;

/// What of it is left.
#[derive(Debug)]
pub(super) struct Budget {
    lookups: Cell<u64>,
    entries: Cell<u64>,
    bytes: Cell<u64>,
    parsed: Cell<u64>,
}

impl Default for Budget {
    fn default() -> Self {
        Self { lookups: Cell::new(MOST_LOOKUPS), entries: Cell::new(MOST_ENTRIES), bytes: Cell::new(MOST_BYTES), parsed: Cell::new(MOST_PARSED) }
    }
}

impl Budget {
    /// Takes one look at a name.
    ///
    /// # Errors
    /// No more is left.
    pub(super) fn lookup(&self) -> io::Result<()> {
        take(&self.lookups, 1, "names were looked up")
    }

    /// Takes names that are listed or matched.
    ///
    /// # Errors
    /// So many are not left.
    pub(super) fn entries(&self, entries: usize) -> io::Result<()> {
        take(&self.entries, entries as u64, "names were listed")
    }

    /// Takes bytes that are read.
    ///
    /// # Errors
    /// So many are not left.
    pub(super) fn bytes(&self, bytes: usize) -> io::Result<()> {
        take(&self.bytes, bytes as u64, "bytes were read")
    }

    /// Takes bytes of a script that is parsed.
    ///
    /// # Errors
    /// So many are not left.
    pub(super) fn parsed(&self, bytes: usize) -> io::Result<()> {
        take(&self.parsed, bytes as u64, "bytes of scripts were parsed")
    }
}

fn take(left: &Cell<u64>, taken: u64, what: &str) -> io::Result<()> {
    let rest = left.get().checked_sub(taken);
    // What is too large now would be so again, piece by piece.
    left.set(rest.unwrap_or(0));
    rest.map(|_| ()).ok_or_else(|| io::Error::other(format!("not looked at: too many {what} in this image")))
}
