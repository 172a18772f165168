//! What the network answered, as evidence; and whether the guest's own sockets can have heard it.

use super::{Evidence, Place, Subject};
use crate::exchange::advertisement::ReceivedAdvertisement;
use crate::exchange::answer::{Offer, ReceivedAnswer};
use crate::facts::{DELIVERED_DATAGRAMS, RECEIVED_DATAGRAMS, RECEIVED_RAS, Tense, Unknown};
use crate::wire::dhcpv6::kind_name;
use crate::wire::duid::Duid;

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
    let arrived = &subject.router().ok()?.valid;
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
    let arrived = &subject.server().ok()?.all;
    let (first, _) = arrived.first()?;
    let counters = tenses.state.counters.get().ok()?;
    let (received, delivered) = (counters.grew(RECEIVED_DATAGRAMS).ok()?, counters.grew(DELIVERED_DATAGRAMS).ok()?);
    let count = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
    let advertised = subject.router().map_or(0, |router| count(router.valid.len()));
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
