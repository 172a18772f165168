//! The DHCPv6 exchanges of a recording: who asked what, how often, and what came back for it.
//!
//! It pairs messages by transaction and identity (RFC 8415 section 16), and each answer with the associations of the question, in any order; it
//! does not say what is right or wrong with them.

use std::net::Ipv6Addr;

use super::answer::{Offer, Question, ReceivedAnswer, associations, named_addresses};
use super::trace::Trace;
use crate::wire::dhcpv6::{Message, kind};

/// A question of the guest's client, with its retransmissions.
#[derive(Debug)]
pub struct Transaction {
    /// Message type.
    pub kind: u8,
    /// Transaction id.
    pub transaction_id: u32,
    /// DUID of the client.
    pub duid: Vec<u8>,
    /// It has the Rapid Commit option.
    pub rapid_commit: bool,
    /// IAIDs of its associations for addresses.
    pub iaids: Vec<u32>,
    /// The addresses that it names.
    pub addresses: Vec<Ipv6Addr>,
    /// When it was sent, each time, in microseconds since the capture began; at least once.
    pub sent_us: Vec<u64>,
    /// What came back, in the order of time.
    pub answers: Vec<Answer>,
}

/// An answer to a question.
#[derive(Debug)]
pub struct Answer {
    /// When it came.
    pub at_us: u64,
    /// The message.
    pub received: ReceivedAnswer,
    /// What it says about an address.
    pub offer: Offer,
    /// Its end is missing, where an address may have been.
    pub cut: bool,
}

impl Transaction {
    /// When it was sent first.
    pub fn first_us(&self) -> u64 {
        self.sent_us.first().copied().unwrap_or_default()
    }

    /// When it was sent last.
    pub fn last_us(&self) -> u64 {
        self.sent_us.last().copied().unwrap_or_default()
    }

    /// When it is sent again at the latest if nothing that comes is seen: after at most 2.1 times the wait before, and 1.1 seconds at first (RFC 8415
    /// section 15).
    pub fn due_us(&self) -> u64 {
        let wait_us = match self.sent_us[..] {
            [.., before, last] => last.saturating_sub(before).saturating_mul(21) / 10,
            _ => 1_100_000,
        };
        self.last_us().saturating_add(wait_us)
    }

    /// What one of its answers says about an address for one association.
    pub fn offer_for(&self, answer: &Answer, iaid: u32) -> Offer {
        answer.received.offer(self.question(), iaid)
    }

    fn question(&self) -> Question {
        Question { kind: self.kind, rapid_commit: self.rapid_commit }
    }
}

impl Answer {
    /// Whether it brings an address, or confirms the one that the guest has.
    pub fn gives(&self, transaction: &Transaction) -> bool {
        matches!(self.offer, Offer::Addresses(_)) || transaction.kind == kind::CONFIRM && self.offer == Offer::Nothing
    }
}

/// The questions for an address of one boot, with their answers.
#[derive(Debug)]
pub struct Transactions {
    /// In the order of time.
    pub all: Vec<Transaction>,
    /// Answers that belong to none of them.
    pub unmatched: usize,
}

impl Transactions {
    /// Pairs those of `trace`.
    pub fn of(trace: &Trace<'_>) -> Self {
        const KINDS: [u8; 5] = [kind::SOLICIT, kind::REQUEST, kind::CONFIRM, kind::RENEW, kind::REBIND];
        let mut all: Vec<Transaction> = Vec::new();
        for (packet, message) in trace.client() {
            let iaids = iaids(message);
            let duid = message.client_id().unwrap_or_default();
            if !KINDS.contains(&message.kind) || iaids.is_empty() && !packet.cut {
                continue;
            }
            let same = |transaction: &&mut Transaction| {
                transaction.kind == message.kind && transaction.transaction_id == message.transaction_id && transaction.duid == duid
            };
            if let Some(transaction) = all.iter_mut().rev().find(same) {
                transaction.sent_us.push(packet.at_us);
                let room = MAX_ASSOCIATIONS.saturating_sub(transaction.iaids.len());
                let new: Vec<u32> = iaids.into_iter().filter(|iaid| !transaction.iaids.contains(iaid)).take(room).collect();
                transaction.iaids.extend(new);
            } else {
                all.push(Transaction {
                    kind: message.kind,
                    transaction_id: message.transaction_id,
                    duid: duid.to_vec(),
                    rapid_commit: message.rapid_commit(),
                    iaids,
                    addresses: named_addresses(&message.options).take(MAX_ASSOCIATIONS).collect(),
                    sent_us: vec![packet.at_us],
                    answers: Vec::new(),
                });
            }
        }
        let mut unmatched = 0;
        for packet in trace.network() {
            let Some(received) = ReceivedAnswer::of(&packet.frame, packet.checksum_right.is_some()) else { continue };
            let solicited = received.message.kind == kind::ADVERTISE;
            // The latest question before it: a client may use one transaction for several.
            let fits = |transaction: &&mut Transaction| {
                transaction.first_us() <= packet.at_us
                    && (transaction.kind == kind::SOLICIT || !solicited)
                    && (received.answers(transaction.transaction_id, &transaction.duid)
                        || packet.cut && received.may_answer(transaction.transaction_id, &transaction.duid))
            };
            match all.iter_mut().rev().find(fits) {
                Some(transaction) => {
                    let offer = received.best_offer(transaction.question(), &transaction.iaids);
                    transaction.answers.push(Answer { at_us: packet.at_us, received, offer, cut: packet.cut });
                }
                None => unmatched += 1,
            }
        }
        Self { all, unmatched }
    }

    /// Whether answers to the guest alone are not in the recording: a Request follows an Advertise, and none is there before it.
    pub fn one_sided(&self) -> bool {
        self.all.iter().enumerate().any(|(at, request)| {
            let solicits = || self.all[..at].iter().filter(|other| other.kind == kind::SOLICIT && other.duid == request.duid);
            request.kind == kind::REQUEST && solicits().next().is_some() && solicits().all(|solicit| solicit.answers.is_empty())
        })
    }
}

/// As many associations of one message as are looked for in its answers: a client has a few, and a hostile message has thousands.
const MAX_ASSOCIATIONS: usize = 64;

fn iaids(message: &Message) -> Vec<u32> {
    associations(&message.options).take(MAX_ASSOCIATIONS).map(|association| association.iaid).collect()
}
