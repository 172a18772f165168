//! Why the catalogue cannot be used, and where in which file.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Why the catalogue cannot be used. The text carries file, line and column.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// A file that does not parse, or says something impossible; or a folder that cannot be read.
    #[error("{}{}: {reason}", file.display(), Suffix(*at))]
    File {
        /// The file or folder.
        file: PathBuf,
        /// Where in the file; absent where all of it is meant.
        at: Option<Position>,
        /// What is wrong with it.
        reason: String,
    },
    /// No profile of that name.
    #[error("there is no profile {name:?}; there are: {known}")]
    NoProfile {
        /// The name asked for.
        name: String,
        /// Names that exist, separated by commas.
        known: String,
    },
    /// No check of that id.
    #[error("there is no requirement {id:?}; {hint}")]
    NoCheck {
        /// The id asked for.
        id: String,
        /// Similar ids, or where all are listed.
        hint: String,
    },
}

/// A place in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

impl Position {
    fn of(text: &str, offset: usize) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self { line: before.matches('\n').count() + 1, column: before[start..].chars().count() + 1 }
    }
}

/// `:LINE:COLUMN` where there is a place.
struct Suffix(Option<Position>);

impl fmt::Display for Suffix {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |Position { line, column }| write!(formatter, ":{line}:{column}"))
    }
}

impl CatalogueError {
    /// All of `file` is meant.
    pub(super) fn whole(file: &Path, reason: impl fmt::Display) -> Self {
        Self::File { file: file.into(), at: None, reason: reason.to_string() }
    }

    /// The place `span` in bytes of `text`, which `file` holds.
    pub(super) fn within(file: &Path, text: &str, span: Option<Range<usize>>, reason: impl fmt::Display) -> Self {
        let at = span.map(|span| Position::of(text, span.start));
        Self::File { file: file.into(), at, reason: reason.to_string() }
    }

    /// What the TOML reader says of `text`: its reason names the values that are allowed.
    pub(super) fn syntax(file: &Path, text: &str, error: &toml::de::Error) -> Self {
        let reason = error.message().lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("; ");
        Self::within(file, text, error.span(), reason)
    }
}
