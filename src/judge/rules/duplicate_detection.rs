//! Duplicate address detection as the wire shows it: how long it waits, and what becomes of a duplicate.

use std::net::Ipv6Addr;

use serde::Deserialize;

use super::trace::{Trace, TracedPacket, seconds};
use super::{Evidence, Finding, Judgement, Kind, Subject};
use crate::wire::message::Message;
use crate::wire::ndp::NdOption;

/// `RetransTimer` where no RA says another (RFC 4861 section 10), in microseconds.
const RETRANSMIT_US: u64 = 1_000_000;

/// Of each address that the guest tested in the recording.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct DuplicateDetection {
    aspect: Aspect,
    /// How far a time may be off, in milliseconds.
    tolerance_ms: u64,
}

/// What is looked at.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Aspect {
    /// An address is used no sooner than `RetransTimer` after its solicitation.
    Wait,
    /// An address that another node uses is not used.
    Duplicate,
}

/// What one solicitation shows; the first of these counts most.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Shows {
    Wrong(String),
    Unclear(String),
    Right(String),
}

impl Kind for DuplicateDetection {
    fn judge(&self, subject: &Subject<'_>) -> Judgement {
        let trace = subject.trace()?;
        let tests: Vec<_> = trace.detections().collect();
        let shown = tests.iter().enumerate().filter_map(|(number, &(at_us, target))| {
            // The next solicitation for the address begins anew.
            let until_us = tests[number + 1..].iter().find(|(_, other)| *other == target).map_or(u64::MAX, |(next, _)| *next);
            let test = Test { trace, at_us, target, until_us, tolerance_us: self.tolerance_ms.saturating_mul(1000) };
            let (shows, more) = match self.aspect {
                Aspect::Wait => test.wait()?,
                Aspect::Duplicate => test.duplicate()?,
            };
            let asked = trace.evidence(at_us, format!("Neighbor Solicitation for {target}"));
            Some((shows, asked, more))
        });
        let expected = match self.aspect {
            Aspect::Wait => "an address is used 1 s after its Neighbor Solicitation at the soonest",
            Aspect::Duplicate => "an address that another node uses is not used",
        };
        let worst = shown.min_by(|one, other| one.0.cmp(&other.0));
        Ok(match (worst, self.aspect) {
            (None, _) if tests.is_empty() => trace.none("Neighbor Solicitation for duplicate address detection"),
            (None, Aspect::Wait) => Finding::skip("no address that was tested in the recording was used in it"),
            (None, Aspect::Duplicate) if trace.recording.gaps.is_empty() => Finding::skip("no other node answered for an address that was tested"),
            (None, Aspect::Duplicate) => Finding::inconclusive("no other node answered in what was recorded, but frames are missing"),
            (Some((Shows::Wrong(what), asked, more)), _) => Finding::fail(expected, what.clone(), what).with_all([asked, more]),
            (Some((Shows::Unclear(why), ..)), _) => Finding::inconclusive(why),
            (Some((Shows::Right(what), asked, more)), _) => Finding::pass(expected, what).with_all([asked, more]),
        })
    }
}

/// One solicitation of duplicate address detection.
struct Test<'a> {
    trace: &'a Trace<'a>,
    at_us: u64,
    target: Ipv6Addr,
    /// When the address was tested again.
    until_us: u64,
    tolerance_us: u64,
}

impl Test<'_> {
    /// Nothing to say of an address that is not used before it is tested again.
    fn wait(&self) -> Option<(Shows, Evidence)> {
        let usable = self.usable();
        let used = self.used(self.at_us);
        let (at_us, what) = match (usable, used) {
            (Some(usable), _) => (usable, format!("{} is usable", self.target)),
            // An optimistic address is used before detection ends (RFC 4429); only the guest's kernel could tell.
            (None, Some(used)) => (used.at_us, format!("a message from {}", self.target)),
            (None, None) => return None,
        };
        let evidence = self.trace.evidence(at_us, what);
        let waited = at_us - self.at_us;
        let optimistic = usable.is_none() && used.is_some_and(|used| !names_link_layer(used));
        let text = format!("{} was used {} after its Neighbor Solicitation", self.target, seconds(waited));
        let shows = if waited.saturating_add(self.tolerance_us) < self.retransmit() {
            if optimistic { Shows::Unclear(format!("{text}: as an optimistic address may be (RFC 4429)")) } else { Shows::Wrong(text) }
        } else if self.trace.lost_between(self.at_us, at_us) {
            Shows::Unclear(format!("frames are missing between the Neighbor Solicitation for {} and its use", self.target))
        } else {
            Shows::Right(text)
        };
        Some((shows, evidence))
    }

    /// Nothing to say where nobody else showed that the address is its own.
    fn duplicate(&self) -> Option<(Shows, Evidence)> {
        // What comes just as detection ends, the kernel may have seen behind it.
        let end_us = self.at_us.saturating_add(self.retransmit().saturating_sub(self.tolerance_us));
        let end_us = end_us.min(self.until_us).min(self.usable().unwrap_or(u64::MAX));
        let other = self.trace.claimed(self.target, self.at_us..end_us)?;
        let evidence = self.trace.evidence(other.at_us, format!("{} says that {} is its own", other.frame.source_mac, self.target));
        let after = other.at_us.saturating_add(self.tolerance_us);
        let used = self.used(after).map(|packet| packet.at_us).or_else(|| self.usable().filter(|at_us| *at_us >= after));
        let shows = match used {
            Some(at_us) => Shows::Wrong(format!("{} was used at {}, though {} uses it", self.target, seconds(at_us), other.frame.source_mac)),
            None if self.trace.lost_between(other.at_us, self.until_us) => {
                Shows::Unclear(format!("no use of the duplicate {} was recorded, but frames are missing", self.target))
            }
            None => Shows::Right(format!("{} is a duplicate and was not used", self.target)),
        };
        Some((shows, evidence))
    }

    /// When the kernel called the address usable.
    fn usable(&self) -> Option<u64> {
        self.trace.usable_at(self.target, self.at_us..self.until_us)
    }

    /// The first message from the address.
    fn used(&self, from_us: u64) -> Option<&TracedPacket<'_>> {
        self.trace.own().find(|packet| packet.frame.source == self.target && (from_us..self.until_us).contains(&packet.at_us))
    }

    /// The wait that is due: that of an RA if it is shorter, since an RA with a longer one may have come too late.
    fn retransmit(&self) -> u64 {
        let told = self.trace.network().filter(|packet| packet.at_us < self.at_us.saturating_add(RETRANSMIT_US)).filter_map(|packet| {
            match &packet.message {
                Message::RouterAdvertisement(message) => Some(u64::from(message.retransmit_ms) * 1000),
                _ => None,
            }
        });
        told.filter(|told| *told > 0).fold(RETRANSMIT_US, u64::min)
    }
}

/// A solicitation that tells the sender's MAC address, which one from an optimistic address must not (RFC 4429 section 3.2).
fn names_link_layer(packet: &TracedPacket<'_>) -> bool {
    let options = match &packet.message {
        Message::RouterSolicitation(message) => &message.options,
        Message::NeighborSolicitation(message) => &message.options,
        _ => return false,
    };
    options.iter().any(|option| matches!(option, NdOption::SourceLinkLayerAddress(_)))
}
