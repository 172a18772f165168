//! `v6check`: checks this machine or an image.

use super::{Failure, observe, plan, report, select};
use crate::cli::Check;
use crate::facts::{self, Facts};
use crate::report::{Target, check_writable, output};

pub(super) fn run(check: &Check) -> Result<u8, Failure> {
    let selection = select(&check.requirements)?;
    if check.plan {
        output::write(&Target::Stdout, plan(&check.wanted, &selection)?.to_string().as_bytes())?;
        return Ok(0);
    }
    // One report that can be written is worth the run; the others fail when they are written.
    let writable: Vec<_> = check.reporting.outputs.iter().map(|(_, target)| check_writable(target)).collect();
    if writable.iter().all(Result::is_err) {
        writable.into_iter().collect::<Result<(), _>>()?;
    }
    let facts = observe(check.root.as_deref(), &check.wanted, &selection)?;
    let saved = check.save.as_ref().map_or(Ok(()), |path| save(&facts, &path.as_os_str().into()));
    let code = report(&facts, &selection, &check.reporting);
    saved.map(|()| code)
}

fn save(facts: &Facts, target: &Target) -> Result<(), Failure> {
    let mut bytes = Vec::new();
    facts::save(facts, &mut bytes)?;
    Ok(output::write_private(target, &bytes)?)
}
