//! The boots of a recording: a capture of another program may hold several, each from a coming up of the interface to the next.
//!
//! An interface that comes up tests its link-local address and sends from `::` only until then (RFC 4862 section 5.4), so a test of one after the guest
//! has sent from an address is a new beginning. A recording in the guest is of one boot.

use super::trace::{Excerpt, Sender, Trace, TracedPacket};
use crate::facts::{Gap, Recorder, Recording};
use crate::wire::message::Message;

/// As long before it tests its link-local address an interface that comes up says its first: the report of that address' group, which is delayed by
/// up to a second (RFC 4862 section 5.4.2), and again when it is repeated.
const COMING_UP_US: u64 = 5_000_000;
/// As many boots as are told apart; what follows is the last one's.
const MAX_BOOTS: usize = 64;

/// Each boot that `recording` shows, in the order of time; at least one.
pub fn traces(recording: &Recording) -> Vec<Trace<'_>> {
    let whole = Trace::read(recording);
    let begins = if recording.by == Recorder::Capture { begins(&whole) } else { Vec::new() };
    if begins.is_empty() {
        return vec![whole];
    }
    let packets = whole.packets;
    let last_of_guest = |from_us: u64, until_us: u64| {
        let own = packets.iter().filter(|packet| packet.by == Sender::Guest && (from_us..until_us).contains(&packet.at_us));
        own.map(|packet| packet.at_us).max().unwrap_or(from_us)
    };
    let bounds: Vec<u64> = [0].into_iter().chain(begins.iter().copied()).collect();
    let mut excerpts = Vec::new();
    for (number, from_us) in bounds.iter().copied().enumerate() {
        let until_us = bounds.get(number + 1).copied();
        // A guest that was switched off is silent: it is only known to have run until its last packet.
        let elapsed_us = until_us.map_or(recording.elapsed_us, |until_us| last_of_guest(from_us, until_us));
        let within = |at_us: u64| from_us <= at_us && until_us.is_none_or(|until_us| at_us < until_us);
        let start = recording.events.partition_point(|event| event.at_us < from_us);
        let end = until_us.map_or(recording.events.len(), |until_us| recording.events.partition_point(|event| event.at_us < until_us));
        let overlaps = |gap: &&Gap| from_us <= gap.until_us && until_us.is_none_or(|until_us| gap.from_us < until_us);
        excerpts.push((
            Excerpt {
                elapsed_us,
                up_at_us: if number == 0 { recording.up_at_us.filter(|up_us| within(*up_us)) } else { Some(from_us) },
                events: recording.events.get(start..end).unwrap_or_default(),
                gaps: recording.gaps.iter().filter(overlaps).cloned().collect(),
                ..Excerpt::whole(recording)
            },
            until_us,
        ));
    }
    let mut rest = packets.into_iter().peekable();
    let mut traces = Vec::new();
    for (excerpt, until_us) in excerpts {
        let mut mine: Vec<TracedPacket<'_>> = Vec::new();
        while let Some(packet) = rest.next_if(|packet| until_us.is_none_or(|until_us| packet.at_us < until_us)) {
            mine.push(packet);
        }
        traces.push(Trace::made_of(excerpt, mine));
    }
    traces
}

/// When each boot but the first begins: at the first packet from `::` of those that lead to the test of a link-local address.
fn begins(trace: &Trace<'_>) -> Vec<u64> {
    let (mut begins, mut spoke, mut first) = (Vec::new(), false, None::<u64>);
    for packet in trace.own() {
        if !packet.frame.source.is_unspecified() {
            (spoke, first) = (true, None);
            continue;
        }
        let from_us = *first.get_or_insert(packet.at_us);
        let tests = matches!(&packet.message, Message::NeighborSolicitation(it) if it.target.is_unicast_link_local());
        if tests && spoke {
            begins.push(if packet.at_us.saturating_sub(from_us) <= COMING_UP_US { from_us } else { packet.at_us });
            (spoke, first) = (false, None);
            if begins.len() + 1 >= MAX_BOOTS {
                break;
            }
        }
    }
    begins
}
