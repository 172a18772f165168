//! Fixes: what to change, found for the line at fault, tried on a copy in memory, and proven.
//!
//! The stacks and what lies below them name the next edit towards a goal. It is made on top of the image's files, which are read again; until
//! the goal is met, or nobody knows a further step. Only a fix that was seen to meet its goal is called proven.

mod diff;
mod edit;
mod plan;
mod sandbox;
mod search;
mod shell;
mod steps;
mod view;
mod words;

use std::path::Path;

use crate::facts::{Facts, Fix, Goal, Interface, Tenses};
use crate::image::Image;
use crate::judge::Verdict;
pub use edit::EditError;
pub use plan::{Plan, Planned, plan};
use sandbox::Sandbox;
use search::Search;
use view::View;
pub use words::{ADVICE, text};

/// As many fixes are looked for, so that the time has an end.
const MOST_FIXES: usize = 64;

/// The fixes of what `facts`, read from the files below `root`, shows to be set up wrongly: one for each goal and subject.
pub fn find(facts: &Facts, root: &Path) -> Vec<Fix> {
    let image = Image::new(root);
    let start = View::new(facts);
    let mut found = Vec::new();
    for (goal, interface) in wanted(facts) {
        if found.len() >= MOST_FIXES {
            break;
        }
        let failed = start.judge(goal, interface).verdict == Verdict::Fail;
        let fix = if failed { Search::new(facts, Sandbox::new(&image), interface).fix(goal).0 } else { steps::now_only(facts, goal, interface) };
        found.extend(fix);
    }
    found
}

/// Each goal with each of its subjects.
fn wanted(facts: &Facts) -> Vec<(Goal, Option<&str>)> {
    let of_host = Goal::ALL.into_iter().filter(|goal| goal.is_of_host()).map(|goal| (goal, None));
    let of_interfaces =
        checked(facts).flat_map(|(name, ..)| Goal::ALL.into_iter().filter(|goal| !goal.is_of_host()).map(move |goal| (goal, Some(name))));
    of_host.chain(of_interfaces).collect()
}

/// The interfaces that are checked.
fn checked(facts: &Facts) -> impl Iterator<Item = (&str, &Interface, &Tenses)> {
    let checked = facts.interfaces.iter().filter(|(_, interface)| interface.left_out.is_none());
    checked.filter_map(|(name, interface)| interface.tenses.as_ref().map(|tenses| (name.as_str(), interface, tenses)))
}
