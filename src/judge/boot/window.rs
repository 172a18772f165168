//! The boot window: from an interface's coming up, the time in which a booting guest must have asked.
//!
//! Only what the recording shows counts: what may hide in a gap, behind a cut, before its beginning or after its end was not looked at.

use crate::exchange::trace::{Trace, TracedPacket, seconds};
use crate::facts::{Happening, LinkChange};
use crate::wire::message::Message;

/// A span of the recording that begins as the interface comes up.
pub(in crate::judge) struct Window<'s, 'a> {
    trace: &'s Trace<'a>,
    /// When the interface came up, or where that is not in the recording, the guest's first frame; in microseconds since the capture began.
    pub(in crate::judge) from_us: u64,
    /// The recording shows it come up.
    pub(in crate::judge) shown: bool,
    /// When it ends.
    pub(in crate::judge) until_us: u64,
}

impl<'s, 'a> Window<'s, 'a> {
    /// The first `length_s` seconds of the trace's interface.
    pub(in crate::judge) fn new(trace: &'s Trace<'a>, length_s: u64) -> Self {
        let first = trace.guest().next();
        let up = trace.recording.up_at_us.or_else(|| first.filter(|packet| comes_up(packet)).map(|packet| packet.at_us));
        let from_us = up.or(first.map(|packet| packet.at_us)).unwrap_or(0);
        Self { trace, from_us, shown: up.is_some(), until_us: from_us.saturating_add(length_s.saturating_mul(1_000_000)) }
    }

    /// Whether that was not after the window.
    pub(in crate::judge) fn holds(&self, at_us: u64) -> bool {
        at_us <= self.until_us
    }

    /// A time of the recording in words: `1.700 s after the interface came up`.
    pub(in crate::judge) fn after(&self, at_us: u64) -> String {
        let since = if self.shown { "the interface came up" } else { "the guest's first frame, and before that nothing is recorded" };
        format!("{} after {since}", seconds(at_us.saturating_sub(self.from_us)))
    }

    /// Its length in words.
    pub(in crate::judge) fn length(&self) -> String {
        format!("{} s", self.until_us.saturating_sub(self.from_us) / 1_000_000)
    }

    /// Why something that is not seen in the window may have been there, or may be no fault of anybody's; `None` if it was not there.
    pub(in crate::judge) fn hides(&self) -> Option<String> {
        if !self.shown {
            return Some("the recording does not show the interface coming up, so that what came before is missing".into());
        }
        hides(self.trace, (self.from_us, "the interface's coming up"), self.until_us)
    }
}

/// Why something that is not seen between two times may have been there nevertheless; `None` if it was not. The first comes with its name.
pub(in crate::judge) fn hides(trace: &Trace<'_>, (from_us, from): (u64, &str), until_us: u64) -> Option<String> {
    let within = |at_us: u64| from_us <= at_us && at_us <= until_us;
    let events = || trace.recording.events.iter().filter(|event| within(event.at_us));
    let lost_link = || events().find(|event| matches!(event.what, Happening::Link(LinkChange { up, carrier }) if !(up && carrier)));
    if trace.recording.elapsed_us < until_us {
        let (recorded, needed) = (trace.recording.elapsed_us.saturating_sub(from_us), until_us.saturating_sub(from_us));
        let needed = needed.div_ceil(1_000_000);
        Some(format!("only the first {} after {from} are recorded, of {needed} s that are needed to tell", seconds(recorded)))
    } else if trace.lost_between(from_us, until_us) {
        Some("frames of that time are missing in the recording".into())
    } else if trace.packets.iter().any(|packet| within(packet.at_us) && packet.cut && packet.message == Message::Other) {
        Some("frames of that time were cut so short that they cannot be read".into())
    } else if trace.fragments_in(from_us, until_us) {
        Some("answers of that time came in fragments, which are not put together".into())
    } else {
        lost_link().map(|event| format!("the link was down meanwhile (from {} on)", seconds(event.at_us)))
    }
}

/// Whether the interface's coming up is what the guest says with that: without an address yet it joins the group of its link-local address and
/// looks for a duplicate of it (RFC 4862 section 5.4.2, RFC 3590 section 4).
fn comes_up(packet: &TracedPacket<'_>) -> bool {
    packet.frame.source.is_unspecified()
        && match &packet.message {
            Message::NeighborSolicitation(solicitation) => solicitation.target.is_unicast_link_local(),
            // A report of the group alone may be the second one, behind the test (RFC 3810 section 6.1).
            _ => false,
        }
}
