//! The DHCPv6 exchanges of a boot: the client's messages, grouped by what they transmit again.
//!
//! Whether a message was lost before it was captured is not in a capture; the rules ask for gaps and for the elapsed time that a message tells.

use std::collections::BTreeSet;

use super::trace::{Trace, TracedPacket};
use crate::facts::{Happening, Recorder};
use crate::wire::dhcpv6::{DhcpOption, Message, kind, kind_name};
use crate::wire::duid::Duid;
use crate::wire::message::Message as Saying;

/// A message that the client sent.
#[derive(Clone, Copy)]
pub struct Sent<'s> {
    /// When and how.
    pub packet: &'s TracedPacket<'s>,
    /// The message.
    pub message: &'s Message,
}

impl Sent<'_> {
    /// When, in microseconds since the capture began.
    pub fn at_us(&self) -> u64 {
        self.packet.at_us
    }

    /// The elapsed time that it tells, in microseconds.
    pub fn elapsed_us(&self) -> Option<u64> {
        self.message.elapsed_time().map(|hundredths| u64::from(hundredths) * 10_000)
    }

    /// Its name: `Solicit`.
    pub fn name(&self) -> String {
        kind_name(self.message.kind)
    }

    /// Its beginning alone was captured, or its options cannot be read to their end.
    pub fn partly_read(&self) -> bool {
        self.packet.cut || matches!(self.message.options.last(), Some(DhcpOption::Rest(_)))
    }

    /// The identity associations in it: code of the option, and IAID.
    pub fn associations(&self) -> impl Iterator<Item = (u16, u32)> {
        self.message.options.iter().filter_map(|option| match option {
            DhcpOption::IaNa { iaid, .. } | DhcpOption::IaTa { iaid, .. } | DhcpOption::IaPd { iaid, .. } => Some((option.code()?, *iaid)),
            _ => None,
        })
    }
}

/// A message and its retransmissions.
pub struct Transmission<'s> {
    /// The message, as often as it was captured, in the order of time; at least once.
    pub sent: Vec<Sent<'s>>,
}

impl<'s> Transmission<'s> {
    /// The first of it that was captured.
    pub fn first(&self) -> Sent<'s> {
        self.sent[0]
    }

    /// The last of it that was captured.
    pub fn last(&self) -> Sent<'s> {
        self.sent[self.sent.len() - 1]
    }

    /// When the first answer to it came.
    pub fn answered_at(&self, trace: &Trace<'_>) -> Option<u64> {
        let first = self.first();
        let answers = |packet: &TracedPacket<'_>, message: &Message| {
            packet.at_us >= first.at_us() && message.transaction_id == first.message.transaction_id && packet.checksum_right != Some(false)
        };
        trace.server().find(|(packet, message)| answers(packet, message)).map(|(packet, _)| packet.at_us)
    }
}

impl Trace<'_> {
    /// All that the interface's own DHCPv6 client sent; behind a bridge those of other machines may speak.
    pub fn sent(&self) -> impl Iterator<Item = Sent<'_>> {
        self.own().filter_map(|packet| match &packet.message {
            Saying::FromClient(message) if is_client_message(message.kind) => Some(Sent { packet, message }),
            _ => None,
        })
    }

    /// The same, grouped: what follows with the same type, transaction and client retransmits. After a Reply, what counts its time from 0 again
    /// does not, whatever transaction it says it is.
    pub fn transmissions(&self) -> Vec<Transmission<'_>> {
        let mut transmissions: Vec<Transmission<'_>> = Vec::new();
        let replies = self.server().filter(|(packet, message)| message.kind == kind::REPLY && packet.checksum_right != Some(false));
        let replies: BTreeSet<(u32, u64)> = replies.map(|(packet, message)| (message.transaction_id, packet.at_us)).collect();
        for sent in self.sent() {
            let replied = |from_us: u64| {
                let (transaction, until_us) = (sent.message.transaction_id, sent.at_us());
                from_us < until_us && replies.range((transaction, from_us)..(transaction, until_us)).next().is_some()
            };
            let same = |transmission: &&mut Transmission<'_>| {
                let (a, b) = (transmission.first().message, sent.message);
                let same = (a.kind, a.transaction_id, a.client_id()) == (b.kind, b.transaction_id, b.client_id());
                same && !(sent.elapsed_us() == Some(0) && replied(transmission.last().at_us()))
            };
            match transmissions.iter_mut().rev().take(MOST_AT_ONCE).find(same) {
                Some(transmission) => transmission.sent.push(sent),
                None => transmissions.push(Transmission { sent: vec![sent] }),
            }
        }
        transmissions
    }

    /// Whether frames between two times may be missing without a trace: another program captured, and it need not have told.
    pub fn foreign(&self) -> bool {
        self.recording.by == Recorder::Capture
    }

    /// Whether the link changed between two times.
    pub fn link_changed(&self, from_us: u64, until_us: u64) -> bool {
        let within = |at_us: u64| from_us <= at_us && at_us <= until_us;
        self.recording.events.iter().any(|event| within(event.at_us) && matches!(event.what, Happening::Link(_)))
    }
}

/// As many exchanges as a client may hold at once, for all its associations.
const MOST_AT_ONCE: usize = 16;

fn is_client_message(number: u8) -> bool {
    matches!(number, kind::SOLICIT..=kind::DECLINE | kind::INFORMATION_REQUEST) && !matches!(number, kind::ADVERTISE | kind::REPLY)
}

/// A DUID for people.
pub fn shown(duid: &[u8]) -> String {
    Duid(duid.to_vec()).to_string()
}
