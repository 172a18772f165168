//! Several boots in one capture: each is judged, and the worst counts.

use super::{Finding, Subject};
use crate::exchange::trace::{Trace, seconds};
use crate::facts::Reason;
use crate::judge::Verdict;

/// A boot of which the guest is seen for less shows too little to count against one that is seen whole, in microseconds.
const ABANDONED_US: u64 = 10_000_000;

/// The finding that counts of those on each of `boots`, which says of which boot it is.
pub(in crate::judge) fn of(boots: &[Subject<'_>], findings: Vec<Finding>) -> Finding {
    let count = boots.len();
    let mut judged: Vec<(usize, Option<&Trace<'_>>, Finding)> =
        findings.into_iter().enumerate().map(|(number, finding)| (number, boots[number].trace().ok(), finding)).collect();
    let first = judged.first().map(|(.., finding)| finding.clone());
    if let Some(first) = first.filter(|first| judged.iter().all(|(.., finding)| finding == first)) {
        return first;
    }
    let decided = judged.iter().any(|(.., finding)| matches!(finding.verdict, Verdict::Pass | Verdict::Fail));
    if decided {
        judged.retain(|(number, trace, finding)| {
            let abandoned = trace.is_some_and(|trace| number + 1 < count && seen_us(trace) < ABANDONED_US);
            let unshown = trace.is_some_and(|trace| !trace.shows_the_start());
            finding.verdict != Verdict::Inconclusive || !(abandoned || unshown)
        });
    }
    let rank = |finding: &Finding| match finding.verdict {
        Verdict::Fail => 0,
        Verdict::Inconclusive => 1,
        Verdict::Pass => 2,
        Verdict::Skip => 3,
    };
    let worst = judged.into_iter().min_by_key(|(.., finding)| rank(finding));
    let Some((number, trace, finding)) = worst else { return Finding::inconclusive("no boot is judged") };
    let began = trace.map_or(0, |trace| trace.recording.up_at_us.or(trace.recording.events.first().map(|event| event.at_us)).unwrap_or_default());
    let which = format!("boot {} of {count} in the capture, from {} on", number + 1, seconds(began));
    match finding.verdict {
        Verdict::Pass => Finding { message: format!("{} ({which}; the others are no worse)", finding.message), ..finding },
        Verdict::Skip => finding,
        Verdict::Fail | Verdict::Inconclusive => {
            let message = format!("{which}: {}", finding.message);
            Finding { reason: finding.reason.map(|reason| Reason::new(reason.kind, format!("{which}: {}", reason.text))), message, ..finding }
        }
    }
}

/// How long the guest is seen in a boot.
fn seen_us(trace: &Trace<'_>) -> u64 {
    let mut own = trace.own().map(|packet| packet.at_us);
    own.next().map_or(0, |first| own.max().unwrap_or(first).saturating_sub(first))
}
