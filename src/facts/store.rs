//! Facts on disk: JSON, versioned by [`SCHEMA`](super::SCHEMA), readable by their owner only.

use std::io;

use serde::Deserialize;

use super::{Facts, SCHEMA};

/// Why stored facts cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Not the JSON of facts.
    #[error("neither saved facts nor a capture (pcap, pcapng): {0}")]
    Syntax(#[from] serde_json::Error),
    /// A report, which is what most often is taken for facts.
    #[error("a report (--json); replay takes the facts that --save kept, or a capture")]
    Report,
    /// Nothing was written there.
    #[error("the file is empty")]
    Empty,
    /// Facts of another version.
    #[error("the schema is {found:?}; this v6check reads {SCHEMA:?}")]
    Schema {
        /// The schema named in the file.
        found: String,
    },
    /// No text at all.
    #[error("neither saved facts nor a capture (pcap, pcapng): {0}")]
    NotText(#[from] NotText),
    /// Larger than any facts are.
    #[error("larger than {0} bytes, so not saved facts")]
    TooLarge(u64),
}

/// Bytes that are not UTF-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not UTF-8 text at line {line} column {column}")]
pub struct NotText {
    /// Line of the first byte that is not UTF-8, from 1.
    pub line: usize,
    /// Its place in that line in bytes, from 1.
    pub column: usize,
}

/// The text that `bytes` are. [`serde_json::from_slice`] does not look at strings that it skips.
///
/// # Errors
/// They are not UTF-8.
pub fn utf8(bytes: &[u8]) -> Result<&str, NotText> {
    std::str::from_utf8(bytes).map_err(|error| {
        let mut lines = bytes.get(..error.valid_up_to()).unwrap_or_default().split(|byte| *byte == b'\n');
        let last = lines.next_back().unwrap_or_default();
        NotText { line: lines.count() + 1, column: last.len() + 1 }
    })
}

/// As many bytes as saved facts may have: 1000 interfaces and full conversations stay below it.
pub const MOST_BYTES: u64 = 64 << 20;

#[derive(Deserialize)]
struct Version {
    schema: String,
}

/// Reads facts from their JSON.
///
/// # Errors
/// The text is not JSON, is of another schema, or is too large. Line and column are in the error.
pub fn load(text: &str) -> Result<Facts, StoreError> {
    if text.len() as u64 > MOST_BYTES {
        return Err(StoreError::TooLarge(MOST_BYTES));
    }
    let version: Version = serde_json::from_str(text)?;
    // Of whichever version; this part of the program knows no reports.
    if version.schema.starts_with("v6check.report/") {
        return Err(StoreError::Report);
    }
    if version.schema != SCHEMA {
        return Err(StoreError::Schema { found: version.schema });
    }
    Ok(serde_json::from_str(text)?)
}

/// Reads facts from the bytes of their JSON.
///
/// # Errors
/// As for [`load()`], or there are none, or they are not UTF-8 text.
pub fn load_bytes(bytes: &[u8]) -> Result<Facts, StoreError> {
    // A large file may be cut inside a character.
    if bytes.len() as u64 > MOST_BYTES {
        return Err(StoreError::TooLarge(MOST_BYTES));
    }
    // Said of the file, since a place in it tells nobody what is wrong.
    if bytes.is_empty() {
        return Err(StoreError::Empty);
    }
    load(utf8(bytes)?)
}

/// Writes facts as JSON.
///
/// # Errors
/// The writer failed.
pub fn save(facts: &Facts, mut to: impl io::Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut to, facts)?;
    to.write_all(b"\n")
}
