//! The DHCPv6 exchanges of a boot: the client's messages, grouped by what they transmit again.
//!
//! Whether a message was lost before it was captured is not in a capture; the rules ask for gaps and for the elapsed time that a message tells.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv6Addr;

use serde::Deserialize;

use super::Evidence;
use super::trace::{Trace, TracedPacket};
use crate::facts::{Happening, Recorder};
use crate::wire::dhcpv6::{DhcpOption, Message, kind, kind_name};
use crate::wire::duid::Duid;
use crate::wire::message::Message as Saying;

/// A message that clients send, as check files name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::judge) enum ClientMessage {
    /// Solicit.
    Solicit,
    /// Request.
    Request,
    /// Confirm.
    Confirm,
    /// Renew.
    Renew,
    /// Rebind.
    Rebind,
    /// Release.
    Release,
    /// Decline.
    Decline,
    /// Information-request.
    InformationRequest,
}

impl ClientMessage {
    /// Its type (RFC 8415 section 7.3).
    pub(in crate::judge) fn number(self) -> u8 {
        match self {
            Self::Solicit => kind::SOLICIT,
            Self::Request => kind::REQUEST,
            Self::Confirm => kind::CONFIRM,
            Self::Renew => kind::RENEW,
            Self::Rebind => kind::REBIND,
            Self::Release => kind::RELEASE,
            Self::Decline => kind::DECLINE,
            Self::InformationRequest => kind::INFORMATION_REQUEST,
        }
    }
}

/// A message that the client sent.
#[derive(Clone, Copy)]
pub(in crate::judge) struct Sent<'s> {
    /// When and how.
    pub(in crate::judge) packet: &'s TracedPacket<'s>,
    /// The message.
    pub(in crate::judge) message: &'s Message,
}

impl Sent<'_> {
    /// When, in microseconds since the capture began.
    pub(in crate::judge) fn at_us(&self) -> u64 {
        self.packet.at_us
    }

    /// The elapsed time that it tells, in microseconds.
    pub(in crate::judge) fn elapsed_us(&self) -> Option<u64> {
        self.message.elapsed_time().map(|hundredths| u64::from(hundredths) * 10_000)
    }

    /// Its name: `Solicit`.
    pub(in crate::judge) fn name(&self) -> String {
        kind_name(self.message.kind)
    }

    /// Its beginning alone was captured, or its options cannot be read to their end.
    pub(in crate::judge) fn partly_read(&self) -> bool {
        self.packet.cut || matches!(self.message.options.last(), Some(DhcpOption::Rest(_)))
    }

    /// The identity associations in it: code of the option, and IAID.
    pub(in crate::judge) fn associations(&self) -> impl Iterator<Item = (u16, u32)> {
        self.message.options.iter().filter_map(|option| match option {
            DhcpOption::IaNa { iaid, .. } => Some((3, *iaid)),
            DhcpOption::Other(code @ (4 | 25), data) => Some((*code, u32::from_be_bytes(*data.first_chunk()?))),
            _ => None,
        })
    }

    /// As evidence.
    pub(in crate::judge) fn evidence(&self, trace: &Trace<'_>) -> Evidence {
        let elapsed = self.message.elapsed_time().map_or_else(String::new, |it| format!(", elapsed {}.{:02} s", it / 100, it % 100));
        trace.evidence(self.at_us(), format!("{} {:06x}{elapsed}", self.name(), self.message.transaction_id))
    }
}

/// A message and its retransmissions.
pub(in crate::judge) struct Transmission<'s> {
    /// The message, as often as it was captured, in the order of time; at least once.
    pub(in crate::judge) sent: Vec<Sent<'s>>,
}

impl<'s> Transmission<'s> {
    /// The first of it that was captured.
    pub(in crate::judge) fn first(&self) -> Sent<'s> {
        self.sent[0]
    }

    /// The last of it that was captured.
    pub(in crate::judge) fn last(&self) -> Sent<'s> {
        self.sent[self.sent.len() - 1]
    }

    /// When the first answer to it came.
    pub(in crate::judge) fn answered_at(&self, trace: &Trace<'_>) -> Option<u64> {
        let first = self.first();
        let answers = |packet: &TracedPacket<'_>, message: &Message| {
            packet.at_us >= first.at_us() && message.transaction_id == first.message.transaction_id && packet.checksum_right != Some(false)
        };
        trace.server().find(|(packet, message)| answers(packet, message)).map(|(packet, _)| packet.at_us)
    }
}

/// Addresses that a Reply gave.
pub(in crate::judge) struct Lease<'s> {
    /// When it came.
    pub(in crate::judge) at_us: u64,
    /// DUID of the client.
    pub(in crate::judge) client: &'s [u8],
    /// DUID of the server.
    pub(in crate::judge) server: &'s [u8],
    /// T1 and T2 in seconds.
    pub(in crate::judge) times_s: (u32, u32),
    /// The addresses.
    pub(in crate::judge) addresses: Vec<Ipv6Addr>,
}

impl Trace<'_> {
    /// What Replies gave the guest's clients, an association each. One that a client must discard gives nothing: to no message that it sent before
    /// (RFC 8415 section 16.10), or with T1 above T2 (section 21.4).
    pub(in crate::judge) fn leases(&self) -> Vec<Lease<'_>> {
        let mut asked = BTreeMap::new();
        for sent in self.sent() {
            asked.entry((sent.message.transaction_id, sent.message.client_id())).or_insert(sent.at_us());
        }
        let ours = |at_us: u64, message: &Message| {
            let before = asked.get(&(message.transaction_id, message.client_id()));
            message.kind == kind::REPLY && before.is_some_and(|asked| *asked <= at_us)
        };
        let mut leases = Vec::new();
        for (packet, message) in self.server().filter(|(packet, message)| packet.checksum_right != Some(false) && ours(packet.at_us, message)) {
            let (Some(client), Some(server)) = (message.client_id(), message.server_id()) else { continue };
            for option in &message.options {
                let DhcpOption::IaNa { t1_s, t2_s, options, .. } = option else { continue };
                let addresses = options.iter().filter_map(given).collect::<Vec<_>>();
                if !addresses.is_empty() && (*t2_s == 0 || t1_s <= t2_s) && leases.len() < MOST_LEASES {
                    leases.push(Lease { at_us: packet.at_us, client, server, times_s: (*t1_s, *t2_s), addresses });
                }
            }
        }
        leases
    }

    /// All that the interface's own DHCPv6 client sent; behind a bridge those of other machines may speak.
    pub(in crate::judge) fn sent(&self) -> impl Iterator<Item = Sent<'_>> {
        self.own().filter_map(|packet| match &packet.message {
            Saying::FromClient(message) if is_client_message(message.kind) => Some(Sent { packet, message }),
            _ => None,
        })
    }

    /// The same, grouped: what follows with the same type, transaction and client retransmits. After a Reply, what counts its time from 0 again
    /// does not, whatever transaction it says it is.
    pub(in crate::judge) fn transmissions(&self) -> Vec<Transmission<'_>> {
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
    pub(in crate::judge) fn foreign(&self) -> bool {
        self.recording.by == Recorder::Capture
    }

    /// Whether the link changed between two times.
    pub(in crate::judge) fn link_changed(&self, from_us: u64, until_us: u64) -> bool {
        let within = |at_us: u64| from_us <= at_us && at_us <= until_us;
        self.recording.events.iter().any(|event| within(event.at_us) && matches!(event.what, Happening::Link(_)))
    }
}

/// As many leases as a boot is read to have.
const MOST_LEASES: usize = 256;

fn given(option: &DhcpOption) -> Option<Ipv6Addr> {
    match option {
        DhcpOption::IaAddress { address, valid_s: 1.., .. } => Some(*address),
        _ => None,
    }
}

/// As many exchanges as a client may hold at once, for all its associations.
const MOST_AT_ONCE: usize = 16;

fn is_client_message(number: u8) -> bool {
    matches!(number, kind::SOLICIT..=kind::DECLINE | kind::INFORMATION_REQUEST) && !matches!(number, kind::ADVERTISE | kind::REPLY)
}

/// A DUID for people.
pub(in crate::judge) fn shown(duid: &[u8]) -> String {
    Duid(duid.to_vec()).to_string()
}
