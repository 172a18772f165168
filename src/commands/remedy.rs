//! `v6check remedy`: prints the changes for what failed, and makes none.

use std::path::Path;

use super::{Failure, observe, select};
use crate::cli::Requirements;
use crate::fix;
use crate::plan::Wanted;
use crate::report::{Counting, RemedyFormat, Target, assemble, goals, output, remedies};

pub(super) fn run(root: Option<&Path>, wanted: &Wanted, requirements: &Requirements, format: RemedyFormat) -> Result<u8, Failure> {
    let selection = select(requirements)?;
    let facts = observe(root, wanted, &selection, None)?;
    let report = assemble(&facts, &selection, Counting::default());
    let [failed, hidden] = goals(&report);
    let plan = fix::plan(&facts, root.unwrap_or(Path::new("/")), &failed, &hidden);
    output::write(&Target::Stdout, remedies(&report, &plan, format).as_bytes())?;
    Ok(0)
}
