//! `v6check remedy`: prints the changes for what failed, and makes none.

use std::path::Path;

use super::{Failure, eprint_line, observe, select};
use crate::cli::Requirements;
use crate::fix;
use crate::plan::Wanted;
use crate::report::{Counting, RemedyFormat, Target, assemble, goals, output, remedies};

/// The exit code where an image could not be judged.
const UNDECIDED: u8 = 3;

pub(super) fn run(root: Option<&Path>, wanted: &Wanted, requirements: &Requirements, format: RemedyFormat) -> Result<u8, Failure> {
    let selection = select(requirements)?;
    let facts = observe(root, wanted, &selection, None)?;
    let report = assemble(&facts, &selection, Counting::default());
    let [failed, hidden] = goals(&report);
    let plan = fix::plan(&facts, root.unwrap_or(Path::new("/")), &failed, &hidden);
    output::write(&Target::Stdout, remedies(&report, &plan, format).as_bytes())?;
    if root.is_some() && report.summary.exit_code == UNDECIDED {
        let why = report.summary.diagnosis.first().map(|diagnosis| diagnosis.text.as_str()).unwrap_or_default();
        eprint_line(&format!("this image could not be judged, so fixes may be missing: {why}"));
        return Ok(UNDECIDED);
    }
    Ok(0)
}
