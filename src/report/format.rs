//! The formats of a report. A new one is one file and one line in [`FORMATS`].

use super::{Counting, Report, json, junit, text};

/// Every format, the default first.
pub const FORMATS: &[Format] = &[text::FORMAT, json::FORMAT, junit::FORMAT];

/// One way to write a report down.
#[derive(Debug, Clone, Copy)]
pub struct Format {
    /// Its name, which is its option on the command line as well.
    pub name: &'static str,
    /// What it is, in a line.
    pub about: &'static str,
    pub(super) render: fn(&Report, Style) -> Result<String, RenderError>,
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
        (self.render)(report, style)
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

/// Why a report could not be written down.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// JSON.
    #[error("the JSON report: {0}")]
    Json(#[from] serde_json::Error),
    /// XML.
    #[error("the JUnit report: {0}")]
    Xml(#[from] quick_xml::Error),
    /// The library for JUnit.
    #[error("the JUnit report: {0}")]
    Junit(#[from] junit_report::Error),
    /// Writing into memory, which cannot fail.
    #[error("the JUnit report: {0}")]
    Write(#[from] std::io::Error),
    /// Our own output does not read back as it should.
    #[error("the JUnit report does not read back: {0}")]
    ReadBack(String),
}
