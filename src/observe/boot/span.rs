//! What both readers of captures share: the time that a capture covers and what is missing of it, frames as facts have them, and bounds.

use std::collections::{BTreeMap, BTreeSet};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::facts::{Direction, Gap, Recording, SeenFrame, TransportChecksum};
use crate::wire::frame::Frame;

/// As many interfaces or guests of one capture as are told of, and as many others as are named.
pub(super) const MOST_GUESTS: usize = 128;
pub(super) const MOST_NAMED: usize = 256;

/// The recordings of a capture by interface, and the interfaces of which there is none, because they are too many.
pub(super) type Recordings = (BTreeMap<String, Recording>, BTreeSet<String>);
/// As long as the name of an interface is (IFNAMSIZ, netdevice(7)); captures elsewhere have longer ones.
pub(super) const LONGEST_NAME: usize = 64;

/// The time that a capture covers, and what is missing of it.
#[derive(Debug, Default)]
pub(super) struct Span {
    covers: Option<(u64, u64)>,
    gaps: Vec<(u64, u64, Option<u64>)>,
}

/// As many gaps as are kept apart; the last one grows.
const MOST_GAPS: usize = 64;

impl Span {
    pub(super) fn reaches(&mut self, at_ns: u64) {
        let (from, until) = self.covers.unwrap_or((at_ns, at_ns));
        self.covers = Some((from.min(at_ns), until.max(at_ns)));
    }

    fn began(&self) -> Option<u64> {
        self.covers.map(|(from, _)| from)
    }

    /// How far it reaches.
    pub(super) fn until(&self) -> Option<u64> {
        self.covers.map(|(_, until)| until)
    }

    /// Something is missing between two times.
    pub(super) fn gap(&mut self, from_ns: u64, until_ns: u64, frames: Option<u64>) {
        let full = self.gaps.len() >= MOST_GAPS;
        match self.gaps.last_mut() {
            Some((from, until, count)) if full => {
                (*from, *until) = ((*from).min(from_ns), (*until).max(until_ns));
                *count = count.zip(frames).and_then(|(one, other)| one.checked_add(other));
            }
            _ => self.gaps.push((from_ns, until_ns, frames)),
        }
    }

    /// When the capture began, in words; how far it reaches; its gaps.
    pub(super) fn told(&self) -> (String, u64, Vec<Gap>) {
        let (from, until) = self.covers.unwrap_or_default();
        let began = OffsetDateTime::from_unix_timestamp_nanos((from / 1000 * 1000).into());
        let began = began.ok().and_then(|time| time.format(&Rfc3339).ok()).unwrap_or_default();
        let gap = |(since, to, frames): &(u64, u64, Option<u64>)| Gap {
            from_us: self.since(*since),
            until_us: self.since((*to).min(until)),
            frames: *frames,
        };
        (began, (until - from) / 1000, self.gaps.iter().map(gap).collect())
    }

    /// A time in microseconds since the capture began.
    pub(super) fn since(&self, at_ns: u64) -> u64 {
        at_ns.saturating_sub(self.began().unwrap_or_default()) / 1000
    }
}

/// A frame as facts have it.
pub(super) fn seen(direction: Direction, bytes: Vec<u8>, cut: bool) -> SeenFrame {
    let unfinished = cut || Frame::parse(&bytes).is_some_and(|(frame, _)| frame.checksum_unfinished);
    let checksum = if unfinished { TransportChecksum::Partial } else { TransportChecksum::Complete };
    SeenFrame { direction, checksum, cut, bytes }
}
