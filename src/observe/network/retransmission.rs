//! When to ask again: sooner than a client's first retransmission, then as RFC 8415 section 15 has it.
//!
//! On a link that loses frames, a second question within the time limit tells loss from silence. Nobody keeps state for these questions, so
//! that more of them cost nothing.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

/// Numbers that need to differ between runs and nothing more (SplitMix64 from a random start).
#[derive(Debug, Clone)]
pub(super) struct Random(u64);

impl Random {
    /// Starts from the randomness that the standard library keeps for hash maps.
    pub(super) fn seeded() -> Self {
        Self(RandomState::new().build_hasher().finish())
    }

    /// The next number.
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A duration from zero to `most`.
    fn up_to(&mut self, most: Duration) -> Duration {
        let most = u64::try_from(most.as_micros()).unwrap_or(u64::MAX - 1);
        Duration::from_micros(self.next() % (most + 1))
    }
}

/// The first intervals, before their random part: asked is at 0, 0.3, 1, 2 and 4 s.
const FIRST: [Duration; 4] = [Duration::from_millis(300), Duration::from_millis(700), Duration::from_secs(1), Duration::from_secs(2)];
/// The longest interval, before its random part.
const LONGEST: Duration = Duration::from_hours(1);

/// The intervals between retransmissions, each with a random part of a tenth: the first ones are given, the others double.
#[derive(Debug)]
pub(super) struct Retransmission {
    random: Random,
    first: std::array::IntoIter<Duration, 4>,
    last: Duration,
}

impl Retransmission {
    /// Nothing was sent yet.
    pub(super) fn new(random: Random) -> Self {
        Self { random, first: FIRST.into_iter(), last: LONGEST }
    }

    /// How long to wait after the message that is sent now.
    pub(super) fn wait(&mut self) -> Duration {
        let interval = self.first.next().unwrap_or_else(|| self.last.saturating_mul(2).min(LONGEST));
        let tenth = interval / 10;
        self.last = interval.saturating_sub(tenth) + self.random.up_to(tenth * 2);
        self.last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asks_again_after_a_third_of_a_second_and_at_one_two_and_four() {
        for seed in 0..1000 {
            let mut retransmission = Retransmission::new(Random(seed));
            let mut at = Duration::ZERO;
            for expected in [0.3, 1.0, 2.0, 4.0] {
                at += retransmission.wait();
                assert!((at.as_secs_f64() - expected).abs() <= expected / 10.0 + 1e-9, "{at:?} for {expected}");
            }
        }
    }

    #[test]
    fn later_intervals_double_within_a_tenth_up_to_the_longest() {
        let mut retransmission = Retransmission::new(Random(7));
        let mut last = FIRST.map(|_| retransmission.wait())[3];
        for _ in 0..40 {
            let next = retransmission.wait();
            let doubled = (last.as_secs_f64() * 2.0).min(LONGEST.as_secs_f64());
            assert!((next.as_secs_f64() - doubled).abs() <= doubled * 0.1001, "{last:?} {next:?}");
            last = next;
        }
        assert!(last > Duration::from_secs(3200));
    }

    #[test]
    fn two_runs_differ() {
        assert_ne!(Random::seeded().next(), Random::seeded().next());
    }
}
