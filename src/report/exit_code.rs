//! What counts: the one place where verdicts become an exit code. Formats ask it how a result weighs, and never count for themselves.

use super::{CheckResult, InterfaceEntry, Report};
use crate::catalogue::{Blame, Level};
use crate::judge::Verdict;

/// What counts: decides the exit code and how formats show a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counting {
    /// A failed `should` counts like a `must` (`--strict`).
    pub strict: bool,
    /// A failed network requirement counts like the guest's (`--network-faults fail`).
    pub network_faults_fail: bool,
}

/// How one result weighs in the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Weight {
    /// Not at all: it holds, does not apply, or is only told.
    Nothing,
    /// Exit code 3: a must could not be looked at.
    Undecided,
    /// Exit code 3: the network fails, so that nothing is said against the guest.
    Network,
    /// Exit code 1.
    Failure,
}

impl Counting {
    /// Whether a failure at `level` is more than told.
    pub(super) fn counts(self, level: Level) -> bool {
        level == Level::Must || (self.strict && level == Level::Should)
    }

    /// How `result` weighs.
    pub(super) fn weigh(self, result: &CheckResult) -> Weight {
        if result.waived.is_some() {
            return Weight::Nothing;
        }
        match result.verdict {
            Verdict::Fail if !self.counts(result.level) => Weight::Nothing,
            Verdict::Fail if result.blame == Blame::Network && !self.network_faults_fail => Weight::Network,
            Verdict::Fail => Weight::Failure,
            Verdict::Inconclusive if result.level == Level::Must => Weight::Undecided,
            Verdict::Inconclusive | Verdict::Pass | Verdict::Skip => Weight::Nothing,
        }
    }
}

impl Report {
    /// How many results leave open what the exit code is: musts that could not be judged.
    pub fn undecided(&self, counting: Counting) -> usize {
        self.results.iter().filter(|result| counting.weigh(result) == Weight::Undecided).count()
    }
}

/// The exit code of a report: 1 if a counted requirement failed on the guest's side, else 3 if a must is inconclusive or the network failed one,
/// else 0.
///
/// It is also 3 where nothing was judged: no interface is checked, or one of them has nothing but requirements that do not apply. Code 2
/// (the run itself was impossible) is not a report's.
pub fn exit_code(interfaces: &[InterfaceEntry], results: &[CheckResult], counting: Counting) -> u8 {
    let worst = results.iter().map(|result| counting.weigh(result)).max().unwrap_or(Weight::Nothing);
    match worst {
        Weight::Failure => 1,
        Weight::Nothing if something_was_judged(interfaces, results) => 0,
        Weight::Network | Weight::Undecided | Weight::Nothing => 3,
    }
}

/// What an exit code says, a lower-case fragment.
pub fn exit_meaning(code: u8, counting: Counting) -> &'static str {
    match (code, counting.network_faults_fail) {
        (0, _) => "nothing that counts failed",
        (1, false) => "a requirement failed on the guest's side",
        (1, true) => "a requirement failed on the guest's or the network's side",
        (3, _) => "no must failed on the guest's side, but not every must is known to hold",
        _ => "the run itself was impossible",
    }
}

fn something_was_judged(interfaces: &[InterfaceEntry], results: &[CheckResult]) -> bool {
    let judged = |name: &str| results.iter().any(|result| result.interface.as_deref() == Some(name) && result.verdict != Verdict::Skip);
    let mut checked = interfaces.iter().filter(|interface| interface.left_out.is_none()).peekable();
    checked.peek().is_some() && checked.all(|interface| judged(&interface.name))
}
