//! What the network answered in a conversation, as messages: read once.

use std::net::Ipv6Addr;
use std::ops::Deref;

use super::advertisement::ReceivedAdvertisement;
use super::answer::{Offer, Question, ReceivedAnswer};
use crate::facts::{Conversation, Direction, Ended, Frame, TransportChecksum, Unknown};
use crate::wire::dhcpv6::{Message, kind};
use crate::wire::duid::Duid;
use crate::wire::frame::{Frame as Packet, Payload};

/// What routers answered.
#[derive(Debug)]
pub struct RouterAnswers<'a> {
    conversation: &'a Conversation,
    /// The Router Advertisements, valid or not, in order.
    pub all: Vec<ReceivedAdvertisement>,
    /// The valid ones of them (RFC 4861 section 6.1.2).
    pub valid: Vec<ReceivedAdvertisement>,
}

/// What DHCPv6 servers answered.
#[derive(Debug)]
pub struct ServerAnswers<'a> {
    conversation: &'a Conversation,
    /// The answers to the Solicits, in order, and what each says about an address.
    pub all: Vec<(ReceivedAnswer, Offer)>,
}

impl Deref for RouterAnswers<'_> {
    type Target = Conversation;

    fn deref(&self) -> &Conversation {
        self.conversation
    }
}

impl Deref for ServerAnswers<'_> {
    type Target = Conversation;

    fn deref(&self) -> &Conversation {
        self.conversation
    }
}

impl<'a> RouterAnswers<'a> {
    /// Reads a conversation with routers.
    pub fn read(conversation: &'a Conversation) -> Self {
        let all: Vec<_> = received(conversation).filter_map(|frame| ReceivedAdvertisement::parse(&frame.bytes, checksum_known(frame))).collect();
        let valid = all.iter().filter(|advertisement| advertisement.invalid().is_none()).cloned().collect();
        Self { conversation, all, valid }
    }

    /// A router that offers a default route.
    ///
    /// # Errors
    /// The asking was cut short before one answered.
    pub fn default_router(&self) -> Result<Option<&ReceivedAdvertisement>, Unknown> {
        let router = self.valid.iter().find(|advertisement| advertisement.offers_default_route());
        if router.is_none() && self.ended == Ended::Interrupted {
            return Err(interrupted("a Router Advertisement"));
        }
        Ok(router)
    }
}

impl<'a> ServerAnswers<'a> {
    /// Reads a conversation with servers.
    pub fn read(conversation: &'a Conversation) -> Self {
        Self { conversation, all: answers(conversation).unwrap_or_default() }
    }

    /// What the DHCPv6 servers say about an address for us: the first offer of one, else the first answer; `None` if nobody answered.
    ///
    /// # Errors
    /// The asking was cut short before a server answered.
    pub fn offer(&self) -> Result<Option<&(ReceivedAnswer, Offer)>, Unknown> {
        let found = self.all.iter().find(|(_, offer)| matches!(offer, Offer::Addresses(_))).or(self.all.first());
        if found.is_none() && self.identity.is_some() && self.ended == Ended::Interrupted {
            return Err(interrupted("an answer of a DHCPv6 server"));
        }
        Ok(found)
    }

    /// The addresses that the servers offer us now.
    ///
    /// # Errors
    /// The asking was cut short.
    pub fn offered_addresses(&self) -> Result<Vec<Ipv6Addr>, Unknown> {
        self.offer()?;
        let usable = self.all.iter().filter(|(_, offer)| matches!(offer, Offer::Addresses(_)));
        Ok(usable.flat_map(|(_, offer)| offer.addresses()).collect())
    }
}

fn received(conversation: &Conversation) -> impl Iterator<Item = &Frame> {
    conversation.frames.iter().filter(|frame| frame.direction == Direction::Received)
}

fn checksum_known(frame: &Frame) -> bool {
    frame.checksum == TransportChecksum::Complete
}

fn answers(conversation: &Conversation) -> Option<Vec<(ReceivedAnswer, Offer)>> {
    let identity = conversation.identity.as_ref()?;
    let Duid(duid) = Duid::from_hex(&identity.duid)?;
    let sent = conversation.frames.iter().filter(|frame| frame.direction == Direction::Sent);
    let solicits: Vec<(u32, Question)> = sent.filter_map(solicit).collect();
    let answers = received(conversation).filter_map(|frame| {
        let answer = ReceivedAnswer::parse(&frame.bytes, checksum_known(frame))?;
        let (_, question) = solicits.iter().find(|(transaction, _)| answer.answers(*transaction, &duid))?;
        let offer = answer.offer(*question, identity.iaid);
        Some((answer, offer))
    });
    Some(answers.collect())
}

fn solicit(frame: &Frame) -> Option<(u32, Question)> {
    let (packet, _) = Packet::parse(&frame.bytes)?;
    let Payload::Udp { data, .. } = packet.payload else { return None };
    let (message, _) = Message::parse(data)?;
    (message.kind == kind::SOLICIT).then(|| (message.transaction_id, Question::of(&message)))
}

fn interrupted(what: &str) -> Unknown {
    Unknown::new(format!("interrupted by a signal before {what} came"))
}
