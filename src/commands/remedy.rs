//! `v6check remedy`: prints the changes for what failed, and makes none.

use std::path::Path;

use super::{Failure, observe, select};
use crate::cli::Requirements;
use crate::plan::Wanted;
use crate::report::{Counting, RemedyFormat, Target, assemble, output, remedies};

pub(super) fn run(root: Option<&Path>, wanted: &Wanted, requirements: &Requirements, format: RemedyFormat) -> Result<u8, Failure> {
    let selection = select(requirements)?;
    let report = assemble(&observe(root, wanted, &selection)?, &selection, Counting::default());
    output::write(&Target::Stdout, remedies(&report, format).as_bytes())?;
    Ok(0)
}
