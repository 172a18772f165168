//! The search for a fix: step by step on a copy in memory, until the goal is met and nothing else has come to fail.

use super::sandbox::Sandbox;
use super::steps;
use super::view::View;
use crate::facts::{Edit, Facts, Fix, Goal};
use crate::judge::Verdict;

/// As many steps are made towards one goal, its consequences among them.
const MOST_STEPS: usize = 12;

/// A search on one image for one subject.
pub(super) struct Search<'a> {
    facts: &'a Facts,
    interface: Option<&'a str>,
    sandbox: Sandbox,
}

impl<'a> Search<'a> {
    /// On top of the edits that are made in `sandbox`.
    pub(super) fn new(facts: &'a Facts, sandbox: Sandbox, interface: Option<&'a str>) -> Self {
        Self { facts, interface, sandbox }
    }

    /// The goals of the subject that do not hold, as the files are now.
    fn failing(&self, view: &View<'_>) -> Vec<Goal> {
        let of_subject = Goal::ALL.into_iter().filter(|goal| goal.is_of_host() == self.interface.is_none());
        of_subject.filter(|goal| view.judge(*goal, self.interface).verdict == Verdict::Fail).collect()
    }

    /// What meets the goal, and the files with it made. A fix that no further step is known for is advice; `None` where no step is known at all.
    pub(super) fn fix(mut self, goal: Goal) -> (Option<Fix>, Sandbox) {
        let mut view = self.view();
        let before = self.failing(&view);
        let mut fix =
            Fix { goal, interface: self.interface.map(str::to_owned), edits: Vec::new(), now: Vec::new(), by_hand: Vec::new(), proven: false };
        for _ in 0..MOST_STEPS {
            let verdict = view.judge(goal, self.interface).verdict;
            // A goal that only this change has come to miss is a part of it.
            let next = match verdict {
                Verdict::Fail => Some(goal),
                Verdict::Pass => self.failing(&view).into_iter().find(|found| !before.contains(found)),
                Verdict::Skip | Verdict::Inconclusive => break,
            };
            let Some(next) = next else {
                fix.proven = true;
                break;
            };
            let Some(step) = steps::next(&view.facts, self.sandbox.image(), next, self.interface) else { break };
            fix.by_hand.extend(step.by_hand);
            if step.edits.is_empty() || !self.make(&step.edits) {
                break;
            }
            fix.edits.extend(step.edits);
            view = self.view();
        }
        fix.now = steps::now(self.facts, goal, self.interface);
        ((!fix.edits.is_empty() || !fix.by_hand.is_empty()).then_some(fix), self.sandbox)
    }

    fn view(&self) -> View<'a> {
        View::of(self.facts, self.sandbox.image(), self.interface)
    }

    /// Whether the edits could be made and changed something.
    fn make(&mut self, edits: &[Edit]) -> bool {
        let before = self.sandbox.changes();
        self.sandbox.make(edits).is_ok() && self.sandbox.changes() != before
    }
}
