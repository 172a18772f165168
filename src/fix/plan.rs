//! All fixes together: each is tried on top of the ones before it, so that what is printed as a whole was checked as a whole.

use std::path::Path;

use super::sandbox::{Change, Sandbox};
use super::search::Search;
use super::view::View;
use super::{diff, shell, steps};
use crate::facts::{Facts, Fix, Goal};
use crate::image::Image;
use crate::judge::Verdict;

/// A fix, and which of the wishes it grants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// The fix.
    pub fix: Fix,
    /// The wishes, by their numbers. None: something that came to light only after the other fixes.
    pub grants: Vec<usize>,
}

/// All fixes in the order in which they are to be made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// The fixes.
    pub fixes: Vec<Planned>,
    changes: Vec<Change>,
}

/// Finds the fixes for `wishes`, each a goal of the host or of an interface, on the files below `root`, which `facts` were read from. `later`
/// are goals that count once everything else is fixed.
pub fn plan(facts: &Facts, root: &Path, wishes: &[(Goal, Option<&str>)], later: &[(Goal, Option<&str>)]) -> Plan {
    let mut planner = Planner { facts, sandbox: Sandbox::new(&Image::new(root)), fixes: Vec::new() };
    // What switches more off comes first: DHCPv6 where it is to run often brings Router Advertisements with it.
    let mut order: Vec<usize> = (0..wishes.len()).collect();
    order.sort_by_key(|number| Goal::ALL.iter().position(|goal| *goal == wishes[*number].0));
    for number in order {
        let (goal, interface) = &wishes[number];
        if planner.fixes.iter().any(|planned| planned.grants.contains(&number)) {
            continue;
        }
        if planner.fails(*goal, *interface) {
            planner.fix(*goal, *interface, vec![number], wishes);
        } else if let Some(fix) = steps::now_only(facts, *goal, *interface) {
            planner.fixes.push(Planned { fix, grants: vec![number] });
        }
    }
    for (goal, interface) in later {
        let tried = planner.fixes.iter().any(|planned| planned.fix.goal == *goal && planned.fix.interface.as_deref() == *interface);
        if !tried && planner.fails(*goal, *interface) {
            planner.fix(*goal, *interface, Vec::new(), wishes);
        }
    }
    Plan { changes: planner.sandbox.changes(), fixes: planner.fixes }
}

/// What was planned so far.
struct Planner<'a> {
    facts: &'a Facts,
    sandbox: Sandbox,
    fixes: Vec<Planned>,
}

impl<'a> Planner<'a> {
    /// Whether a goal is missed, the fixes so far made.
    fn fails(&self, goal: Goal, interface: Option<&str>) -> bool {
        View::of(self.facts, self.sandbox.image(), interface).judge(goal, interface).verdict == Verdict::Fail
    }

    /// Adds the fix for a goal. Only one that is proven is made before those that follow.
    fn fix(&mut self, goal: Goal, interface: Option<&'a str>, mut grants: Vec<usize>, wishes: &[(Goal, Option<&str>)]) {
        let (fix, after) = Search::new(self.facts, self.sandbox.clone(), interface).fix(goal);
        let Some(fix) = fix else { return };
        if fix.proven {
            self.sandbox = after;
            let observed = View::new(self.facts);
            for (number, (goal, interface)) in wishes.iter().enumerate() {
                let open = !grants.contains(&number) && !self.fixes.iter().any(|planned| planned.grants.contains(&number));
                if open && observed.judge(*goal, *interface).verdict == Verdict::Fail && !self.fails(*goal, *interface) {
                    grants.push(number);
                }
            }
        }
        self.fixes.push(Planned { fix, grants });
    }
}

impl Plan {
    /// Everything as a unified diff of the image's files.
    pub fn diff(&self) -> String {
        diff::unified(&self.changes)
    }

    /// Everything as lines of a POSIX shell: functions first, then the changes, a file each. Empty where no file is changed. What a script
    /// cannot hold is a comment in it.
    pub fn script(&self) -> Vec<String> {
        if self.changes.is_empty() {
            return Vec::new();
        }
        let by_hand = |change: &Change| format!("# To be changed by hand: {}\n", change.path.escape_debug());
        let files = self.changes.iter().map(|change| shell::commands(change).unwrap_or_else(|| by_hand(change)));
        std::iter::once(shell::PRELUDE.to_owned()).chain(files).collect()
    }
}
