//! The boot window: from an interface's coming up, the time in which a booting guest must have asked.
//!
//! Only what the recording shows counts: what may hide in a gap, behind a cut, before its beginning or after its end was not looked at.

use super::story::{Said, Story, seconds};
use crate::facts::{Happening, LinkChange};
use crate::wire::message::Message;
use crate::wire::received::ReceivedAdvertisement;

/// A span of the recording that begins as the interface comes up.
pub(in crate::judge) struct Window<'s, 'a> {
    story: &'s Story<'a>,
    /// When the interface came up, or where that is not in the recording, the guest's first frame; in microseconds since the capture began.
    pub(in crate::judge) from_us: u64,
    /// The recording shows it come up.
    pub(in crate::judge) shown: bool,
    /// When it ends.
    pub(in crate::judge) until_us: u64,
}

impl<'s, 'a> Window<'s, 'a> {
    /// The first `length_s` seconds of the story's interface.
    pub(in crate::judge) fn new(story: &'s Story<'a>, length_s: u64) -> Self {
        let first = story.guest().next();
        let up = story.recording.up_at_us.or_else(|| first.filter(|said| comes_up(said)).map(|said| said.at_us));
        let from_us = up.or(first.map(|said| said.at_us)).unwrap_or(0);
        Self { story, from_us, shown: up.is_some(), until_us: from_us.saturating_add(length_s.saturating_mul(1_000_000)) }
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
        hides(self.story, (self.from_us, "the interface's coming up"), self.until_us)
    }
}

/// Why something that is not seen between two times may have been there nevertheless; `None` if it was not. The first comes with its name.
pub(in crate::judge) fn hides(story: &Story<'_>, (from_us, from): (u64, &str), until_us: u64) -> Option<String> {
    let within = |at_us: u64| from_us <= at_us && at_us <= until_us;
    let events = || story.recording.events.iter().filter(|event| within(event.at_us));
    let lost_link = || events().find(|event| matches!(event.what, Happening::Link(LinkChange { up, carrier }) if !(up && carrier)));
    if story.recording.elapsed_us < until_us {
        let (recorded, needed) = (story.recording.elapsed_us.saturating_sub(from_us), until_us.saturating_sub(from_us));
        let needed = needed.div_ceil(1_000_000);
        Some(format!("only the first {} after {from} are recorded, of {needed} s that are needed to tell", seconds(recorded)))
    } else if story.lost_between(from_us, until_us) {
        Some("frames of that time are missing in the recording".into())
    } else if story.said.iter().any(|said| within(said.at_us) && said.cut && said.message == Message::Other) {
        Some("frames of that time were cut so short that they cannot be read".into())
    } else {
        lost_link().map(|event| format!("the link was down meanwhile (from {} on)", seconds(event.at_us)))
    }
}

/// Whether the interface's coming up is what the guest says with that: without an address yet it joins the group of its link-local address and
/// looks for a duplicate of it (RFC 4862 section 5.4.2, RFC 3590 section 4).
fn comes_up(said: &Said<'_>) -> bool {
    said.frame.source.is_unspecified()
        && match &said.message {
            Message::NeighborSolicitation(solicitation) => solicitation.target.is_unicast_link_local(),
            Message::ListenerReport(_) => true,
            _ => false,
        }
}

/// The Router Advertisements of the story. One that was cut behind its first options is no invalid one for that.
pub(in crate::judge) fn advertisements<'s>(story: &'s Story<'_>) -> impl Iterator<Item = (u64, ReceivedAdvertisement)> + 's {
    story.network().filter_map(|said| {
        let mut received = ReceivedAdvertisement::of(&said.frame, said.checksum_right.is_some())?;
        if said.cut {
            received.message.options.clear();
        }
        Some((said.at_us, received))
    })
}
