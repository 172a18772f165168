//! What was heard from the network, as messages; and whether the guest's own sockets can have heard it.

use std::net::Ipv6Addr;

use super::{Evidence, Place, Subject};
use crate::facts::{Conversation, DELIVERED_DATAGRAMS, Direction, Ended, Frame, RECEIVED_DATAGRAMS, RECEIVED_RAS, Tense, TransportChecksum, Unknown};
use crate::wire::dhcpv6::{Message, kind, kind_name};
use crate::wire::duid::Duid;
use crate::wire::frame::{Frame as Packet, Payload};
use crate::wire::received::{Offer, ReceivedAdvertisement, ReceivedAnswer};

/// Whether the interface has a carrier. In a capture the guest's own frames show it.
///
/// # Errors
/// The link is not known.
pub(super) fn carrier(subject: &Subject<'_>) -> Result<bool, Unknown> {
    let (interface, _) = subject.on_interface()?;
    if subject.facts.run.capture.is_some() { Ok(true) } else { interface.link.get().map(|link| link.carrier) }
}

/// Whose questions those are that the network was asked: `our`, or in a capture `the guest's`.
pub(super) fn whose(subject: &Subject<'_>) -> &'static str {
    if subject.facts.run.capture.is_some() { "the guest's" } else { "our" }
}

fn received(conversation: &Conversation) -> impl Iterator<Item = &Frame> {
    conversation.frames.iter().filter(|frame| frame.direction == Direction::Received)
}

fn checksum_known(frame: &Frame) -> bool {
    frame.checksum == TransportChecksum::Complete
}

/// The Router Advertisements of a conversation, valid or not, in order.
pub(super) fn advertisements(conversation: &Conversation) -> Vec<ReceivedAdvertisement> {
    received(conversation).filter_map(|frame| ReceivedAdvertisement::parse(&frame.bytes, checksum_known(frame))).collect()
}

/// The valid ones of them.
pub(super) fn valid_advertisements(conversation: &Conversation) -> Vec<ReceivedAdvertisement> {
    let mut all = advertisements(conversation);
    all.retain(|advertisement| advertisement.invalid().is_none());
    all
}

/// A router that offers a default route.
///
/// # Errors
/// Nobody could be asked, or the asking was cut short before one answered.
pub(super) fn default_router(conversation: &Conversation) -> Result<Option<ReceivedAdvertisement>, Unknown> {
    let router = advertisements(conversation).into_iter().find(ReceivedAdvertisement::offers_default_route);
    if router.is_none() && conversation.ended == Ended::Interrupted {
        return Err(interrupted("a Router Advertisement"));
    }
    Ok(router)
}

/// The answers to our Solicits, in order.
pub(super) fn answers(conversation: &Conversation) -> Vec<ReceivedAnswer> {
    let Some(identity) = &conversation.identity else { return Vec::new() };
    let Some(Duid(duid)) = Duid::from_hex(&identity.duid) else { return Vec::new() };
    let transactions: Vec<u32> = conversation.frames.iter().filter(|frame| frame.direction == Direction::Sent).filter_map(transaction).collect();
    received(conversation)
        .filter_map(|frame| ReceivedAnswer::parse(&frame.bytes, checksum_known(frame)))
        .filter(|answer| transactions.iter().any(|transaction| answer.answers(*transaction, &duid)))
        .collect()
}

fn transaction(frame: &Frame) -> Option<u32> {
    let (packet, _) = Packet::parse(&frame.bytes)?;
    let Payload::Udp { data, .. } = packet.payload else { return None };
    let (message, _) = Message::parse(data)?;
    (message.kind == kind::SOLICIT).then_some(message.transaction_id)
}

/// What the DHCPv6 servers say about an address for us: the first offer of one, else the first refusal; `None` if nobody answered.
///
/// # Errors
/// The asking was cut short before a server answered.
pub(super) fn offer(conversation: &Conversation) -> Result<Option<(ReceivedAnswer, Offer)>, Unknown> {
    let Some(identity) = &conversation.identity else { return Ok(None) };
    let answers: Vec<_> = answers(conversation).into_iter().map(|answer| (answer.offer(identity.iaid), answer)).collect();
    let first = answers.iter().position(|(offer, _)| matches!(offer, Offer::Addresses(_)));
    let found = answers.into_iter().nth(first.unwrap_or(0)).map(|(offer, answer)| (answer, offer));
    if found.is_none() && conversation.ended == Ended::Interrupted {
        return Err(interrupted("an answer of a DHCPv6 server"));
    }
    Ok(found)
}

/// The addresses that the servers offer us now.
///
/// # Errors
/// Nobody could be asked, or the asking was cut short.
pub(super) fn offered_addresses(conversation: &Conversation) -> Result<Vec<Ipv6Addr>, Unknown> {
    let Some(identity) = &conversation.identity else { return Ok(Vec::new()) };
    let answers = answers(conversation);
    if answers.is_empty() && conversation.ended == Ended::Interrupted {
        return Err(interrupted("an answer of a DHCPv6 server"));
    }
    let offers = answers.into_iter().filter_map(|answer| match answer.offer(identity.iaid) {
        Offer::Addresses(addresses) => Some(addresses),
        Offer::Refused(..) | Offer::Nothing => None,
    });
    Ok(offers.flatten().map(|(address, _, _)| address).collect())
}

fn interrupted(what: &str) -> Unknown {
    Unknown::new(format!("interrupted by a signal before {what} came"))
}

/// An advertisement as evidence.
pub(super) fn advertisement_evidence(advertisement: &ReceivedAdvertisement) -> Evidence {
    let message = &advertisement.message;
    let mut value = format!("M={} O={} lifetime {} s", u8::from(message.managed()), u8::from(message.other()), message.lifetime_s);
    for prefix in message.prefixes() {
        use std::fmt::Write;
        let _ = write!(value, ", {}/{} L={} A={}", prefix.prefix, prefix.length, u8::from(prefix.on_link()), u8::from(prefix.autonomous()));
    }
    Evidence::new(Tense::Network, Place::Message(format!("Router Advertisement from {}", advertisement.from)), value)
}

/// An answer as evidence.
pub(super) fn answer_evidence(answer: &ReceivedAnswer, offer: &Offer) -> Evidence {
    let server = answer.message.server_id().map(|duid| format!(", server {}", Duid(duid.to_vec()))).unwrap_or_default();
    Evidence {
        tense: Tense::Network,
        place: Place::Message(format!("DHCPv6 {} from {}", kind_name(answer.message.kind), answer.from)),
        value: format!("{}{server}", offer.describe()),
    }
}

/// Whether what arrives at the link layer reaches the guest's sockets.
pub(super) struct Effect {
    /// It does.
    pub(super) delivered: bool,
    /// What shows it.
    pub(super) evidence: Vec<Evidence>,
}

/// Whether Router Advertisements that arrive are delivered: the frames against the kernel's counter. `None` if none arrived, or if that cannot
/// be told.
pub(super) fn advertisements_delivered(subject: &Subject<'_>) -> Option<Effect> {
    let (_, tenses) = subject.on_interface().ok()?;
    let arrived = valid_advertisements(tenses.network.router.get().ok()?);
    let first = arrived.first()?;
    let counted = tenses.state.counters.get().ok()?.grew(RECEIVED_RAS).ok()?;
    let evidence =
        witnesses(subject.name, format!("{} Router Advertisement(s) from {}", arrived.len(), first.from), format!("{RECEIVED_RAS} +{counted}"));
    Some(Effect { delivered: counted > 0, evidence })
}

/// Whether DHCPv6 answers that arrive are delivered: they are not if at least as many datagrams were received but not delivered as answers
/// arrived, Router Advertisements that were dropped left aside. `None` if none arrived, or if that cannot be told.
pub(super) fn answers_delivered(subject: &Subject<'_>) -> Option<Effect> {
    let (_, tenses) = subject.on_interface().ok()?;
    let arrived = answers(tenses.network.server.get().ok()?);
    let first = arrived.first()?;
    let counters = tenses.state.counters.get().ok()?;
    let (received, delivered) = (counters.grew(RECEIVED_DATAGRAMS).ok()?, counters.grew(DELIVERED_DATAGRAMS).ok()?);
    let count = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
    let advertised = tenses.network.router.get().map_or(0, |router| count(valid_advertisements(router).len()));
    let dropped_advertisements = counters.grew(RECEIVED_RAS).map_or(0, |counted| advertised.saturating_sub(counted));
    let undelivered = received.saturating_sub(delivered).saturating_sub(dropped_advertisements);
    let seems_dropped = undelivered >= count(arrived.len());
    // What a guest forwards is received and never delivered, so its counters tell nothing.
    if seems_dropped && tenses.state.sysctl("forwarding").is_ok_and(|forwarding| forwarding != 0) {
        return None;
    }
    let evidence = witnesses(
        subject.name,
        format!("{} DHCPv6 answer(s) from {} to UDP port 546", arrived.len(), first.from),
        format!("{RECEIVED_DATAGRAMS} +{received}, {DELIVERED_DATAGRAMS} +{delivered}"),
    );
    Some(Effect { delivered: !seems_dropped, evidence })
}

fn witnesses(name: &str, arrived: String, counted: String) -> Vec<Evidence> {
    vec![
        Evidence::new(Tense::Network, Place::Words(format!("AF_PACKET on {name}, before the firewall")), arrived),
        Evidence::new(Tense::State, Place::Kernel(format!("/proc/net/dev_snmp6/{name}, behind the firewall")), counted),
    ]
}

/// Evidence that Router Advertisements reach the link layer and no socket. `None` if they pass, or if that cannot be told.
pub(super) fn filtered_advertisements(subject: &Subject<'_>) -> Option<Vec<Evidence>> {
    advertisements_delivered(subject).filter(|effect| !effect.delivered).map(|effect| effect.evidence)
}

/// Evidence that DHCPv6 answers reach the link layer and no socket, likewise.
pub(super) fn filtered_answers(subject: &Subject<'_>) -> Option<Vec<Evidence>> {
    answers_delivered(subject).filter(|effect| !effect.delivered).map(|effect| effect.evidence)
}
