//! The DHCPv6 exchanges of a recording: who asked what, how often, and what came back for it.
//!
//! It pairs messages by transaction and identity (RFC 8415 section 16); it does not say what is right or wrong with them.

use super::trace::Trace;
use crate::wire::dhcpv6::{DhcpOption, Message, kind};
use crate::wire::received::{Offer, ReceivedAnswer};

/// A question of the guest's client, with its retransmissions: one transaction.
pub(in crate::judge) struct Transaction {
    /// Message type.
    pub(in crate::judge) kind: u8,
    transaction_id: u32,
    /// DUID of the client.
    pub(in crate::judge) duid: Vec<u8>,
    iaids: Vec<u32>,
    /// When it was sent, each time, in microseconds since the capture began; at least once.
    pub(in crate::judge) sent_us: Vec<u64>,
    /// What came back, in the order of time.
    pub(in crate::judge) answers: Vec<Answer>,
}

/// An answer to a question.
pub(in crate::judge) struct Answer {
    /// When it came.
    pub(in crate::judge) at_us: u64,
    /// The message.
    pub(in crate::judge) received: ReceivedAnswer,
    /// What it says about an address.
    pub(in crate::judge) offer: Offer,
    /// Its end is missing, where an address may have been.
    pub(in crate::judge) cut: bool,
}

impl Transaction {
    /// When it was sent first.
    pub(in crate::judge) fn first_us(&self) -> u64 {
        self.sent_us.first().copied().unwrap_or_default()
    }

    /// When it was sent last.
    pub(in crate::judge) fn last_us(&self) -> u64 {
        self.sent_us.last().copied().unwrap_or_default()
    }

    /// When it is sent again at the latest if nothing that comes is seen: after at most 2.1 times the wait before, and 1.1 seconds at first (RFC 8415
    /// section 15).
    pub(in crate::judge) fn due_us(&self) -> u64 {
        let wait_us = match self.sent_us[..] {
            [.., before, last] => (last - before).saturating_mul(21) / 10,
            _ => 1_100_000,
        };
        self.last_us().saturating_add(wait_us)
    }
}

impl Answer {
    /// Whether it brings an address, or confirms the one that the guest has.
    pub(in crate::judge) fn gives(&self, transaction: &Transaction) -> bool {
        matches!(self.offer, Offer::Addresses(_)) || transaction.kind == kind::CONFIRM && self.offer == Offer::Nothing
    }
}

/// The questions for an address, in the order of time, and the number of answers that belong to none of them.
pub(in crate::judge) fn transactions(trace: &Trace<'_>) -> (Vec<Transaction>, usize) {
    const KINDS: [u8; 5] = [kind::SOLICIT, kind::REQUEST, kind::CONFIRM, kind::RENEW, kind::REBIND];
    let mut transactions: Vec<Transaction> = Vec::new();
    for (packet, message) in trace.client() {
        let iaids = iaids(message);
        let duid = message.client_id().unwrap_or_default();
        if !KINDS.contains(&message.kind) || iaids.is_empty() && !packet.cut {
            continue;
        }
        let same = |transaction: &&mut Transaction| {
            transaction.kind == message.kind && transaction.transaction_id == message.transaction_id && transaction.duid == duid
        };
        if let Some(transaction) = transactions.iter_mut().rev().find(same) {
            transaction.sent_us.push(packet.at_us);
        } else {
            transactions.push(Transaction {
                kind: message.kind,
                transaction_id: message.transaction_id,
                duid: duid.to_vec(),
                iaids,
                sent_us: vec![packet.at_us],
                answers: Vec::new(),
            });
        }
    }
    let mut strange = 0;
    for packet in trace.network() {
        let Some(received) = ReceivedAnswer::of(&packet.frame, packet.checksum_right.is_some()) else { continue };
        let solicited = received.message.kind == kind::ADVERTISE;
        // The latest question before it: a client may use one transaction for several.
        let fits = |transaction: &&mut Transaction| {
            transaction.first_us() <= packet.at_us
                && (transaction.kind == kind::SOLICIT || !solicited)
                && received.answers(transaction.transaction_id, &transaction.duid)
        };
        match transactions.iter_mut().rev().find(fits) {
            Some(transaction) => {
                let offer = offer(&received, &transaction.iaids);
                transaction.answers.push(Answer { at_us: packet.at_us, received, offer, cut: packet.cut });
            }
            None => strange += 1,
        }
    }
    (transactions, strange)
}

/// As many associations of one message as are looked for in its answers: a client has a few, and a hostile message has thousands.
const MOST_ASSOCIATIONS: usize = 64;

fn iaids(message: &Message) -> Vec<u32> {
    let associations = message.options.iter().filter_map(|option| match option {
        DhcpOption::IaNa { iaid, .. } => Some(*iaid),
        _ => None,
    });
    associations.take(MOST_ASSOCIATIONS).collect()
}

/// What an answer says about an address for any of the associations.
fn offer(received: &ReceivedAnswer, iaids: &[u32]) -> Offer {
    let offers = || iaids.iter().map(|iaid| received.offer(*iaid));
    let addresses = offers().find(|offer| matches!(offer, Offer::Addresses(_)));
    addresses.or_else(|| offers().find(|offer| matches!(offer, Offer::Refused(..)))).unwrap_or(Offer::Nothing)
}
