//! The formats of a report. A new format is one file here and its name in the table below; its option on the command line comes from there.

mod junit_complete;

use std::error::Error;

use super::{Counting, Report};

pub(crate) use junit::{suites as junit_suites, unread as junit_unread};
pub use text::diagnosis;

/// Declares the file of each format, and the table of all.
macro_rules! formats {
    ($($name:ident)+) => {
        $(mod $name;)+

        /// Every format, the default first.
        pub const FORMATS: &[Format] = &[$($name::FORMAT),+];
    };
}

formats! {
    text
    json
    junit
}

/// One way to write a report down.
#[derive(Debug, Clone, Copy)]
pub struct Format {
    /// Its name, which is its option on the command line as well.
    pub name: &'static str,
    /// What it is, a noun that fits behind `the report as`.
    pub about: &'static str,
    render: fn(&Report, Style) -> Rendered,
}

impl Format {
    /// The format called `name`.
    pub fn named(name: &str) -> Option<&'static Self> {
        FORMATS.iter().find(|format| format.name == name)
    }

    /// Writes `report` down.
    ///
    /// # Errors
    /// The library behind the format failed, or what it wrote does not read back.
    pub fn render(&self, report: &Report, style: Style) -> Result<String, RenderError> {
        (self.render)(report, style).map_err(|source| RenderError { about: self.about, source })
    }
}

/// What a user may choose about the looks of a report.
#[derive(Debug, Clone, Copy, Default)]
pub struct Style {
    /// Colour by ANSI escape sequences; only the text has any.
    pub colour: bool,
    /// How much the text says.
    pub verbosity: Verbosity,
    /// What counted when the report was assembled.
    pub counting: Counting,
}

/// How much the text says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    /// The diagnosis and the sum (`-q`).
    Quiet,
    /// Failures in full, the rest in a line each.
    #[default]
    Normal,
    /// Everything in full, each interface by itself (`-v`).
    Verbose,
}

/// What a format makes of a report, or the error of the library behind it.
type Rendered = Result<String, Box<dyn Error + Send + Sync>>;

/// Why a report could not be written down.
#[derive(Debug, thiserror::Error)]
#[error("the report as {about}: {source}")]
pub struct RenderError {
    about: &'static str,
    source: Box<dyn Error + Send + Sync>,
}
