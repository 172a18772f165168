//! One monotone timeline: the time of day when it began, and what has passed since by a clock that nobody sets.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// By how much the time of day may drift from one look to the next without having been set (adjtimex(2) slews by 500 ppm at most, chrony by
/// more at its start).
const DRIFT_NS: i64 = 50_000_000;

/// The timeline. Its times are in nanoseconds since 1970.
#[derive(Debug)]
pub(super) struct Timeline {
    began: Instant,
    began_ns: u64,
    now_ns: u64,
    /// How far the time of day is ahead of the timeline: now, and when it was looked at before.
    ahead_ns: i64,
    ahead_before_ns: i64,
    /// The last stamp that was told: what is queued behind it is not older.
    stamped_ns: u64,
}

impl Timeline {
    /// Begins now.
    pub(super) fn begin() -> Self {
        let (began, began_ns) = (Instant::now(), time_of_day_ns());
        Self { began, began_ns, now_ns: began_ns, ahead_ns: 0, ahead_before_ns: 0, stamped_ns: began_ns }
    }

    /// When it began.
    pub(super) fn began_ns(&self) -> u64 {
        self.began_ns
    }

    /// The moment that was looked at last.
    pub(super) fn now_ns(&self) -> u64 {
        self.now_ns
    }

    /// Looks at the clocks. By how many nanoseconds the time of day was set meanwhile, if it was.
    pub(super) fn look(&mut self) -> Option<i64> {
        self.looked(self.began.elapsed(), time_of_day_ns())
    }

    fn looked(&mut self, passed: Duration, time_of_day_ns: u64) -> Option<i64> {
        self.now_ns = self.began_ns.saturating_add(u64::try_from(passed.as_nanos()).unwrap_or(u64::MAX));
        self.ahead_before_ns = self.ahead_ns;
        self.ahead_ns = difference(time_of_day_ns, self.now_ns);
        let step = self.ahead_ns.saturating_sub(self.ahead_before_ns);
        (step.saturating_abs() > DRIFT_NS).then_some(step)
    }

    /// The moment that was stamped so by the time of day; it is not after the last look. If that was set meanwhile, the stamp is of before or of
    /// after, whichever can be.
    pub(super) fn of_stamp(&mut self, stamp_ns: u64) -> u64 {
        let at = |ahead_ns: i64| stamp_ns.saturating_add_signed(ahead_ns.saturating_neg());
        let possible = [at(self.ahead_ns), at(self.ahead_before_ns)].into_iter().find(|at| (self.stamped_ns..=self.now_ns).contains(at));
        self.stamped_ns = possible.unwrap_or_else(|| at(self.ahead_ns).clamp(self.stamped_ns, self.now_ns.max(self.stamped_ns)));
        self.stamped_ns
    }
}

fn difference(one: u64, other: u64) -> i64 {
    i64::try_from(i128::from(one) - i128::from(other)).unwrap_or(0)
}

fn time_of_day_ns() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| u64::try_from(since.as_nanos()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;
    const START: u64 = 1_000 * SECOND;
    const HOUR: u64 = 3600 * SECOND;

    fn timeline() -> Timeline {
        Timeline { began: Instant::now(), began_ns: START, now_ns: START, ahead_ns: 0, ahead_before_ns: 0, stamped_ns: START }
    }

    #[test]
    fn a_clock_set_forth_or_back_bends_nothing() {
        for set in [START + HOUR, START - HOUR / 4] {
            let mut timeline = timeline();
            assert_eq!(timeline.looked(Duration::from_secs(1), START + SECOND), None);
            assert_eq!(timeline.of_stamp(START + SECOND / 2), START + SECOND / 2);
            // One second later it is `set`; one frame came before that, one after.
            let step = timeline.looked(Duration::from_secs(2), set + 2 * SECOND);
            assert_eq!(step, Some(difference(set, START)));
            assert_eq!(timeline.of_stamp(START + SECOND + 1), START + SECOND + 1);
            assert_eq!(timeline.of_stamp(set + 2 * SECOND - 5), START + 2 * SECOND - 5);
            assert_eq!(timeline.looked(Duration::from_secs(3), set + 3 * SECOND), None, "told once");
            assert_eq!(timeline.of_stamp(set + 3 * SECOND - 7), START + 3 * SECOND - 7);
        }
    }

    #[test]
    fn a_stamp_that_cannot_be_stays_in_order() {
        let mut timeline = timeline();
        timeline.looked(Duration::from_secs(1), START + SECOND);
        assert_eq!(timeline.of_stamp(START + HOUR), START + SECOND);
        assert_eq!(timeline.of_stamp(0), START + SECOND);
    }
}
