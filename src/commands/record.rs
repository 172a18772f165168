//! `v6check record`: records a boot.

use std::io::{IsTerminal, stderr};

use super::{Failure, eprint_line};
use crate::cli::Record;
use crate::observe;

pub(super) fn run(Record { output, most_bytes, time }: &Record) -> Result<u8, Failure> {
    if stderr().is_terminal() {
        eprint_line(&format!("recording to {} for at most {} s; Ctrl-C ends it", output.display(), time.as_secs()));
    }
    observe::boot::record(output, *most_bytes, *time)?;
    Ok(0)
}
