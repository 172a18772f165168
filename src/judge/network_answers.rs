//! What the network answered, as evidence; and whether the guest's own sockets can have heard it.

use super::{Evidence, Place, Subject};
use crate::exchange::advertisement::ReceivedAdvertisement;
use crate::exchange::answer::{Offer, ReceivedAnswer};
use crate::facts::{DELIVERED_DATAGRAMS, RECEIVED_DATAGRAMS, RECEIVED_ICMP, RECEIVED_RAS, Tense, Unknown};
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

/// Whether what arrives at the link layer gets past the guest's firewall.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Delivery {
    /// It does.
    Delivered,
    /// It does not.
    Dropped,
    /// Other traffic hides it.
    Unclear,
}

/// What the kernel's counters show of it.
pub(super) struct Effect {
    /// Whether it gets there.
    pub(super) delivery: Delivery,
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
    let delivery = if counted > 0 { Delivery::Delivered } else { Delivery::Dropped };
    Some(Effect { delivery, evidence })
}

/// Whether DHCPv6 answers that arrive are delivered. `None` if none arrived, or if the counters were not read.
///
/// They are where fewer datagrams were lost between link and protocol than answers arrived, dropped Router Advertisements left aside. They are
/// not where the kernel gave nothing but ICMPv6 to a protocol. In between it cannot be told: the multicast of other hosts to groups that the guest
/// has not joined counts as received and not delivered, and so does what a guest forwards.
pub(super) fn answers_delivered(subject: &Subject<'_>) -> Option<Effect> {
    let (_, tenses) = subject.on_interface().ok()?;
    let arrived = &subject.server().ok()?.all;
    let (first, _) = arrived.first()?;
    let counters = tenses.state.counters.get().ok()?;
    let (received, delivered) = (counters.grew(RECEIVED_DATAGRAMS).ok()?, counters.grew(DELIVERED_DATAGRAMS).ok()?);
    let icmp = counters.grew(RECEIVED_ICMP).ok();
    let count = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
    let advertised = subject.router().map_or(0, |router| count(router.valid.len()));
    let dropped_advertisements = counters.grew(RECEIVED_RAS).map_or(0, |counted| advertised.saturating_sub(counted));
    let undelivered = received.saturating_sub(delivered).saturating_sub(dropped_advertisements);
    let delivery = if undelivered < count(arrived.len()) {
        Delivery::Delivered
    } else if icmp.is_some_and(|icmp| delivered <= icmp) {
        Delivery::Dropped
    } else {
        Delivery::Unclear
    };
    let icmp = icmp.map(|icmp| format!(", {RECEIVED_ICMP} +{icmp}")).unwrap_or_default();
    let evidence = witnesses(
        subject.name,
        format!("{} DHCPv6 answer(s) from {} to UDP port 546", arrived.len(), first.from),
        format!("{RECEIVED_DATAGRAMS} +{received}, {DELIVERED_DATAGRAMS} +{delivered}{icmp}"),
    );
    Some(Effect { delivery, evidence })
}

fn witnesses(name: &str, arrived: String, counted: String) -> Vec<Evidence> {
    vec![
        Evidence::new(Tense::Network, Place::Words(format!("AF_PACKET on {name}, before the firewall")), arrived),
        Evidence::new(Tense::State, Place::Kernel(format!("/proc/net/dev_snmp6/{name}, behind the firewall")), counted),
    ]
}

/// Evidence that Router Advertisements reach the link layer and no socket. `None` if they pass, or if that cannot be told.
pub(super) fn filtered_advertisements(subject: &Subject<'_>) -> Option<Vec<Evidence>> {
    advertisements_delivered(subject).filter(|effect| effect.delivery == Delivery::Dropped).map(|effect| effect.evidence)
}

/// Evidence that DHCPv6 answers reach the link layer and no socket, likewise.
pub(super) fn filtered_answers(subject: &Subject<'_>) -> Option<Vec<Evidence>> {
    answers_delivered(subject).filter(|effect| effect.delivery == Delivery::Dropped).map(|effect| effect.evidence)
}
