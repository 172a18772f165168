//! `v6check replay`: judges saved facts, or a capture by itself.

use std::ffi::OsStr;
use std::fmt::Display;
use std::fs::File;
use std::io::{Read, stdin};
use std::path::Path;

use super::{Failure, report, select};
use crate::cli::{Reporting, Requirements};
use crate::facts::{self, Facts};
use crate::observe;

pub(super) fn run(path: &Path, requirements: &Requirements, reporting: &Reporting) -> Result<u8, Failure> {
    let selection = select(requirements)?;
    Ok(report(&read(path)?, &selection, reporting))
}

/// The facts in a file, or those that a capture shows: its first bytes decide. `-` is stdin.
fn read(path: &Path) -> Result<Facts, Failure> {
    let named = |error: &dyn Display| format!("{}: {error}", path.display());
    let mut source: Box<dyn Read> =
        if path.as_os_str() == OsStr::new("-") { Box::new(stdin()) } else { Box::new(File::open(path).map_err(|error| named(&error))?) };
    let mut first = Vec::new();
    source.by_ref().take(4).read_to_end(&mut first).map_err(|error| named(&error))?;
    let is_capture = observe::begins_capture(&first);
    let mut source = first.as_slice().chain(source);
    if is_capture {
        return Ok(observe::capture(&mut source, &path.display().to_string())?);
    }
    let mut bytes = Vec::new();
    source.take(facts::MOST_BYTES + 1).read_to_end(&mut bytes).map_err(|error| named(&error))?;
    Ok(facts::load_bytes(&bytes).map_err(|error| named(&error))?)
}
