//! How the guest solicits: its Router Solicitations in runs, each from a start of the interface to its end.
//!
//! Does not know who solicits. A program that takes over from the kernel begins anew, and on the wire that looks like a wrong interval; so the
//! rules say nothing certain of a single one.

use super::trace::Trace;
use crate::facts::{AddressFlag, Change, Happening, LinkChange};

/// A router's answer may cross the next solicitation on its way, in microseconds.
const CROSSING_US: u64 = 250_000;

/// Solicitations between two starts of the interface.
#[derive(Debug, Default)]
pub struct SolicitationRun {
    /// When each left, up to the answer.
    pub sent_us: Vec<u64>,
    /// When the first valid RA with a router lifetime came after the first of them.
    pub answered_us: Option<u64>,
    /// When more left after the answer.
    pub after_us: Vec<u64>,
    /// When the run ended: the interface stopped or began anew, or the recording ended.
    pub until_us: u64,
    /// The recording has its first solicitation.
    pub whole: bool,
}

enum Mark {
    Solicitation,
    Answer,
    Restart,
}

/// The runs of the trace, in order; only those with a solicitation.
pub fn runs(trace: &Trace<'_>) -> Vec<SolicitationRun> {
    let (mut runs, mut began_us) = (Vec::new(), 0);
    let mut run = SolicitationRun { whole: trace.shows_the_start(), ..SolicitationRun::default() };
    for (at_us, mark) in marks(trace) {
        match (mark, run.answered_us) {
            (Mark::Solicitation, None) => {
                if run.sent_us.is_empty() {
                    run.whole &= !trace.lost_between(began_us, at_us);
                }
                run.sent_us.push(at_us);
            }
            (Mark::Solicitation, Some(answered)) if at_us > answered.saturating_add(CROSSING_US) => run.after_us.push(at_us),
            (Mark::Answer, None) if !run.sent_us.is_empty() => run.answered_us = Some(at_us),
            (Mark::Restart, _) => {
                began_us = at_us;
                let next = SolicitationRun { whole: true, ..SolicitationRun::default() };
                let ended = SolicitationRun { until_us: at_us, ..std::mem::replace(&mut run, next) };
                runs.extend(Some(ended).filter(|run| !run.sent_us.is_empty()));
            }
            _ => {}
        }
    }
    run.until_us = trace.recording.elapsed_us;
    runs.extend(Some(run).filter(|run| !run.sent_us.is_empty()));
    runs
}

/// What matters of the trace, in the order of time.
fn marks(trace: &Trace<'_>) -> Vec<(u64, Mark)> {
    let mut marks: Vec<_> = trace.solicitations().map(|packet| (packet.at_us, Mark::Solicitation)).collect();
    marks.extend(trace.answering_advertisements().map(|at_us| (at_us, Mark::Answer)));
    marks.extend(trace.detections().filter(|(_, target)| target.is_unicast_link_local()).map(|(at_us, _)| (at_us, Mark::Restart)));
    marks.extend(trace.recording.events.iter().filter(|event| restarts(&event.what)).map(|event| (event.at_us, Mark::Restart)));
    marks.sort_by_key(|(at_us, _)| *at_us);
    marks
}

/// Whether the host may solicit anew after it (RFC 4861 section 6.3.7): the link or the link-local address went or came, or it is no router
/// any more.
fn restarts(what: &Happening) -> bool {
    match what {
        Happening::Link(LinkChange { up, carrier }) => !(*up && *carrier),
        Happening::Address(change) => {
            change.address.is_unicast_link_local() && (change.change == Change::Gone || change.flags.contains(&AddressFlag::Tentative))
        }
        Happening::Forwarding(_) => true,
        Happening::Frame(_) | Happening::Route(_) => false,
    }
}

impl Trace<'_> {
    /// When a valid RA with a router lifetime arrived.
    pub fn answering_advertisements(&self) -> impl Iterator<Item = u64> {
        self.advertisements.iter().filter(|(_, received)| received.offers_default_route()).map(|(at_us, _)| *at_us)
    }
}
