//! The DHCPv6 exchanges of a recording: who asked what, how often, and what came back for it.
//!
//! It pairs messages by transaction and identity (RFC 8415 section 16); it does not say what is right or wrong with them.

use super::story::Story;
use crate::wire::dhcpv6::{DhcpOption, Message, kind};
use crate::wire::received::{Offer, ReceivedAnswer};

/// A question of the guest's client, with its retransmissions: one transaction.
pub(super) struct Ask {
    /// Message type.
    pub(super) kind: u8,
    transaction_id: u32,
    /// DUID of the client.
    pub(super) duid: Vec<u8>,
    iaids: Vec<u32>,
    /// When it was sent first and last, in microseconds since the capture began.
    pub(super) first_us: u64,
    pub(super) last_us: u64,
    /// How often it was sent.
    pub(super) times: usize,
    /// What came back, in the order of time.
    pub(super) answers: Vec<Answer>,
}

/// An answer to a question.
pub(super) struct Answer {
    /// When it came.
    pub(super) at_us: u64,
    /// The message.
    pub(super) received: ReceivedAnswer,
    /// What it says about an address.
    pub(super) offer: Offer,
    /// Its end is missing, where an address may have been.
    pub(super) cut: bool,
}

impl Answer {
    /// Whether it brings an address, or confirms the one that the guest has.
    pub(super) fn gives(&self, ask: &Ask) -> bool {
        matches!(self.offer, Offer::Addresses(_)) || ask.kind == kind::CONFIRM && self.offer == Offer::Nothing
    }
}

/// The questions for an address, in the order of time, and the number of answers that belong to none of them.
pub(super) fn asks(story: &Story<'_>) -> (Vec<Ask>, usize) {
    const KINDS: [u8; 5] = [kind::SOLICIT, kind::REQUEST, kind::CONFIRM, kind::RENEW, kind::REBIND];
    let mut asks: Vec<Ask> = Vec::new();
    for (said, message) in story.client() {
        let iaids = iaids(message);
        let duid = message.client_id().unwrap_or_default();
        if !KINDS.contains(&message.kind) || iaids.is_empty() && !said.cut {
            continue;
        }
        let same = |ask: &&mut Ask| ask.kind == message.kind && ask.transaction_id == message.transaction_id && ask.duid == duid;
        if let Some(ask) = asks.iter_mut().rev().find(same) {
            ask.last_us = said.at_us;
            ask.times += 1;
        } else {
            asks.push(Ask {
                kind: message.kind,
                transaction_id: message.transaction_id,
                duid: duid.to_vec(),
                iaids,
                first_us: said.at_us,
                last_us: said.at_us,
                times: 1,
                answers: Vec::new(),
            });
        }
    }
    let mut strange = 0;
    for said in story.network() {
        let Some(received) = ReceivedAnswer::of(&said.frame, said.checksum_right.is_some()) else { continue };
        let solicited = received.message.kind == kind::ADVERTISE;
        // The latest question before it: a client may use one transaction for several.
        let fits = |ask: &&mut Ask| {
            ask.first_us <= said.at_us && (ask.kind == kind::SOLICIT || !solicited) && received.answers(ask.transaction_id, &ask.duid)
        };
        match asks.iter_mut().rev().find(fits) {
            Some(ask) => {
                let offer = offer(&received, &ask.iaids);
                ask.answers.push(Answer { at_us: said.at_us, received, offer, cut: said.cut });
            }
            None => strange += 1,
        }
    }
    (asks, strange)
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
