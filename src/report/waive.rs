//! Waivers applied to results: what fails or could not be judged and is waived does not count, and stays told.

use super::{CheckResult, WaiverEntry, WaiverState};
use crate::catalogue::Waiver;
use crate::judge::Verdict;

/// Marks the results that `waivers` cover on the day of `started` (RFC 3339), the first that covers one giving its reason, and tells what
/// became of each.
pub(super) fn waive(results: &mut [CheckResult], waivers: &[Waiver], started: &str) -> Vec<WaiverEntry> {
    waivers.iter().map(|waiver| entry(waiver, apply(waiver, results, started))).collect()
}

fn apply(waiver: &Waiver, results: &mut [CheckResult], started: &str) -> WaiverState {
    if waiver.expired(started) {
        return WaiverState::Expired;
    }
    let mut used = WaiverState::Unused;
    for result in results.iter_mut().filter(|result| matches!(result.verdict, Verdict::Fail | Verdict::Inconclusive)) {
        if waiver.covers(&result.id, result.interface.as_deref()) {
            used = WaiverState::Used;
            result.waived.get_or_insert_with(|| waiver.reason.clone());
        }
    }
    used
}

fn entry(waiver: &Waiver, state: WaiverState) -> WaiverEntry {
    WaiverEntry {
        id: waiver.id.clone(),
        interface: waiver.interface.clone(),
        reason: waiver.reason.clone(),
        expires: waiver.expires.map(|last| last.to_string()),
        state,
    }
}
