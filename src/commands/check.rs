//! `v6check`: checks this machine or an image.

use std::cell::Cell;
use std::time::{Duration, Instant};

use super::{Failure, eprint_line, observe, plan, report, select};
use crate::catalogue::Selection;
use crate::cli::Check;
use crate::facts::{self, Facts};
use crate::observe::Again;
use crate::plan::Plan;
use crate::report::{Target, assemble, check_writable, output};

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
    let wait = check.wait.map(|wait| Wait { check, selection: &selection, began: Instant::now(), limit: wait, told: Cell::default() });
    let facts = observe(check.root.as_deref(), &check.wanted, &selection, wait.as_ref().map(|wait| wait as &dyn Again))?;
    let saved = check.save.as_ref().map_or(Ok(()), |path| save(&facts, &path.as_os_str().into()));
    let code = report(&facts, &selection, &check.reporting);
    saved.map(|()| code)
}

/// How long a guest is left alone between two looks.
const PAUSE: Duration = Duration::from_secs(1);
/// How often it is told that the same requirements are still undecided.
const TOLD_EVERY: Duration = Duration::from_secs(10);

/// `--wait`: looks again until every must is decided or the time is over.
struct Wait<'a> {
    check: &'a Check,
    selection: &'a Selection,
    began: Instant,
    limit: Duration,
    /// How many were undecided when that was last told, and when.
    told: Cell<Option<(usize, Instant)>>,
}

impl Again for Wait<'_> {
    fn pause(&self, facts: &Facts) -> Option<Duration> {
        let left = self.limit.checked_sub(self.began.elapsed()).filter(|left| !left.is_zero())?;
        let undecided = assemble(facts, self.selection, self.check.reporting.style.counting).undecided(self.check.reporting.style.counting);
        (undecided > 0).then(|| {
            if self.told.get().is_none_or(|(before, at)| before != undecided || at.elapsed() >= TOLD_EVERY) {
                self.told.set(Some((undecided, Instant::now())));
                let elapsed = self.began.elapsed().as_secs();
                eprint_line(&format!("{undecided} results are not decided yet; looking again ({elapsed} s of {} s)", self.limit.as_secs_f64()));
            }
            left.min(PAUSE)
        })
    }

    fn plan(&self) -> Option<Plan> {
        plan(&self.check.wanted, self.selection).ok()
    }
}

fn save(facts: &Facts, target: &Target) -> Result<(), Failure> {
    let mut bytes = Vec::new();
    facts::save(facts, &mut bytes)?;
    Ok(output::write_private(target, &bytes)?)
}
