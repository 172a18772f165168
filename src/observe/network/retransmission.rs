//! When to ask again: the retransmission of RFC 8415 section 15, which RFC 7559 applies to Router Solicitations too.

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

/// The parameters of one message's retransmission.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    /// IRT: the first interval, before its random part.
    pub(super) first: Duration,
    /// MRT: the longest interval, before its random part.
    pub(super) longest: Duration,
    /// The first interval is longer than `first` (RFC 8415 section 18.2.1).
    pub(super) first_is_longer: bool,
}

/// The intervals between retransmissions: doubling, each with a random part of a tenth.
#[derive(Debug)]
pub(super) struct Retransmission {
    pace: Pace,
    random: Random,
    last: Option<Duration>,
}

impl Retransmission {
    /// Nothing was sent yet.
    pub(super) fn new(pace: Pace, random: Random) -> Self {
        Self { pace, random, last: None }
    }

    /// How long to wait after the message that is sent now.
    pub(super) fn wait(&mut self) -> Duration {
        let interval = match self.last {
            None if self.pace.first_is_longer => self.pace.first + Duration::from_micros(1) + self.random.up_to(self.pace.first / 10),
            None => self.vary(self.pace.first, self.pace.first),
            Some(last) if last.saturating_mul(2) > self.pace.longest => self.vary(self.pace.longest, self.pace.longest),
            Some(last) => self.vary(last * 2, last),
        };
        self.last = Some(interval);
        interval
    }

    /// `interval` with up to a tenth of `of` more or less.
    fn vary(&mut self, interval: Duration, of: Duration) -> Duration {
        let tenth = of / 10;
        interval.saturating_sub(tenth) + self.random.up_to(tenth * 2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOLICIT: Pace = Pace { first: Duration::from_secs(1), longest: Duration::from_hours(1), first_is_longer: true };

    #[test]
    fn first_interval_of_a_solicit_is_longer_than_a_second() {
        for seed in 0..1000 {
            let wait = Retransmission::new(SOLICIT, Random(seed)).wait();
            assert!(wait > Duration::from_secs(1) && wait <= Duration::from_micros(1_100_001), "{wait:?}");
        }
    }

    #[test]
    fn intervals_double_within_a_tenth_up_to_the_longest() {
        let mut retransmission = Retransmission::new(SOLICIT, Random(7));
        let mut last = retransmission.wait();
        for _ in 0..40 {
            let next = retransmission.wait();
            let doubled = last.as_secs_f64() * 2.0;
            let within = (doubled - last.as_secs_f64() * 0.1001)..(doubled + last.as_secs_f64() * 0.1001);
            assert!(within.contains(&next.as_secs_f64()) || (3240.0..=3960.0).contains(&next.as_secs_f64()), "{last:?} {next:?}");
            last = next;
        }
        assert!(last > Duration::from_secs(3200));
    }

    #[test]
    fn two_runs_differ() {
        assert_ne!(Random::seeded().next(), Random::seeded().next());
    }
}
