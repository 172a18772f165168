//! The form of the guest's messages of Neighbor Discovery and Multicast Listener Discovery: one aspect of one kind of message.

use std::net::Ipv6Addr;

use serde::Deserialize;

use super::trace::{self, Trace, TracedPacket};
use super::{Finding, Judgement, Kind, Subject};
use crate::facts::{AddressFlag, Recorder};
use crate::wire::frame::Payload;
use crate::wire::message::Message;
use crate::wire::ndp::NdOption;
use crate::wire::neighbor::{NeighborAdvertisement, solicited_node};

const ALL_ROUTERS: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 2);
const ALL_NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);
const FRAGMENT: u8 = 44;
/// How long an address may be under detection after its solicitation was seen: `RetransTimer` (RFC 4861 section 10), in microseconds.
const DETECTION_US: u64 = 1_000_000;
/// How long after a Neighbor Solicitation its answer is looked for, in microseconds.
const ANSWER_US: u64 = 3_000_000;

/// Each message of one kind that the guest sent has one aspect right. Of none that was cut off, and of no fragment, more is said than it shows.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MessageForm {
    message: Which,
    aspect: Aspect,
}

/// A kind of message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Which {
    RouterSolicitation,
    /// With a source address.
    NeighborSolicitation,
    /// A Neighbor Solicitation from the unspecified address: duplicate address detection (RFC 4862 section 5.4.2).
    DetectionSolicitation,
    NeighborAdvertisement,
    ListenerReport,
    /// All of RFC 4861.
    NeighborDiscovery,
}

/// What is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Aspect {
    Source,
    Destination,
    HopLimit,
    /// Code, reserved bits, target, options and checksum.
    WellFormed,
    /// The link-layer address option is there where it belongs.
    LinkLayerOption,
    /// It is not there in messages from the unspecified address.
    NoLinkLayerOption,
    RouterFlag,
    /// Hop limit and router alert of a report.
    RouterAlert,
    NotFragmented,
}

/// What one message shows of the aspect.
enum Look {
    Right,
    Wrong(String),
    /// It does not show it, for this reason.
    Hidden(&'static str),
    /// The requirement is not about this one.
    Aside,
}

impl Kind for MessageForm {
    fn judge(&self, subject: &Subject<'_>) -> Judgement {
        let trace = subject.trace()?;
        let (name, expected) = (self.message.name(), self.aspect.expected(self.message));
        if self.aspect == Aspect::NotFragmented && trace.recording.by == Recorder::Guest {
            return Ok(Finding::skip("v6check records no fragments; a capture of another program tells of them"));
        }
        if self.aspect == Aspect::RouterFlag && super::timing::forwards_now(subject) {
            return Ok(Finding::skip("the guest forwards: it is a router"));
        }
        let (mut right, mut wrong, mut hidden) = (Vec::new(), Vec::new(), None);
        for packet in trace.own().filter(|packet| self.message.is(packet)) {
            match self.look(trace, packet) {
                Look::Right => right.push(packet),
                Look::Wrong(what) => wrong.push((packet, what)),
                Look::Hidden(why) => hidden = hidden.or(Some((packet, why))),
                Look::Aside => {}
            }
        }
        if let Some((_, what)) = wrong.first() {
            let seen = format!("{} of {}: {what}", wrong.len(), wrong.len() + right.len());
            let evidence = wrong.iter().take(3).map(|(packet, what)| trace.evidence(packet.at_us, format!("{name}: {what}"))).collect::<Vec<_>>();
            return Ok(Finding::fail(expected, seen, format!("the guest's {name}: {what}")).with_all(evidence));
        }
        if let Some((packet, why)) = hidden {
            return Ok(Finding::inconclusive(format!("{name} at {}: {why}", trace::seconds(packet.at_us))));
        }
        let Some(first) = right.first() else { return Ok(trace.none(name)) };
        let addresses = format!("{name} from {} to {}", first.frame.source, first.frame.destination);
        Ok(Finding::pass(expected, format!("so in all of {}", right.len())).with_all([trace.evidence(first.at_us, addresses)]))
    }
}

impl Which {
    fn name(self) -> &'static str {
        match self {
            Self::RouterSolicitation => "Router Solicitation",
            Self::NeighborSolicitation => "Neighbor Solicitation",
            Self::DetectionSolicitation => "Neighbor Solicitation for duplicate address detection",
            Self::NeighborAdvertisement => "Neighbor Advertisement",
            Self::ListenerReport => "MLD report",
            Self::NeighborDiscovery => "Neighbor Discovery message",
        }
    }

    fn is(self, packet: &TracedPacket<'_>) -> bool {
        let unspecified = packet.frame.source.is_unspecified();
        match (self, &packet.message) {
            (Self::RouterSolicitation | Self::NeighborDiscovery, Message::RouterSolicitation(_))
            | (Self::NeighborAdvertisement | Self::NeighborDiscovery, Message::NeighborAdvertisement(_))
            | (Self::ListenerReport, Message::ListenerReport(_))
            | (Self::NeighborDiscovery, Message::NeighborSolicitation(_) | Message::RouterAdvertisement(_) | Message::Redirect) => true,
            (Self::NeighborSolicitation, Message::NeighborSolicitation(_)) => !unspecified,
            (Self::DetectionSolicitation, Message::NeighborSolicitation(_)) => unspecified,
            // Only Neighbor Discovery has the hop limit that no router leaves as it was, on addresses of the link.
            (Self::NeighborDiscovery, Message::Other) => {
                packet.frame.payload == Payload::Other(FRAGMENT) && packet.frame.hop_limit == 255 && of_the_link(packet.frame.destination)
            }
            _ => false,
        }
    }
}

impl Aspect {
    fn expected(self, message: Which) -> &'static str {
        match (self, message) {
            (Self::Source, Which::ListenerReport) => "source is link-local or ::",
            (Self::Source, _) => "source is an address of the interface or ::",
            (Self::Destination, Which::RouterSolicitation) => "destination is ff02::2",
            (Self::Destination, Which::NeighborAdvertisement) => "destination is who asked, or ff02::1 without the S flag",
            (Self::Destination, _) => "destination is the target or its solicited-node group",
            (Self::HopLimit, _) => "hop limit is 255",
            (Self::WellFormed, _) => "code 0, reserved bits 0, valid options and checksum",
            (Self::LinkLayerOption, Which::NeighborAdvertisement) => "an answer to a multicast solicitation has the target link-layer address option",
            (Self::LinkLayerOption, _) => "it has the source link-layer address option",
            (Self::NoLinkLayerOption, _) => "no source link-layer address option in a message from ::",
            (Self::RouterFlag, _) => "the R flag is clear",
            (Self::RouterAlert, _) => "hop limit is 1, and a hop-by-hop option alerts routers",
            (Self::NotFragmented, _) => "no fragment header",
        }
    }
}

impl MessageForm {
    fn look(&self, trace: &Trace<'_>, packet: &TracedPacket<'_>) -> Look {
        let frame = &packet.frame;
        match self.aspect {
            Aspect::Source => self.source(trace, frame.source),
            Aspect::Destination => destination(packet),
            Aspect::HopLimit => right_if(frame.hop_limit == 255, || format!("hop limit is {}", frame.hop_limit)),
            Aspect::WellFormed => well_formed(packet),
            Aspect::LinkLayerOption => link_layer_option(trace, packet),
            Aspect::NoLinkLayerOption if !frame.source.is_unspecified() => Look::Aside,
            Aspect::NoLinkLayerOption if has_option(packet, 1) => Look::Wrong("a source link-layer address option, though the source is ::".into()),
            Aspect::NoLinkLayerOption => unless_cut(packet, Look::Right),
            Aspect::RouterFlag if trace.forwards_at(packet.at_us) => Look::Aside,
            Aspect::RouterFlag if trace.foreign() && na_flags(packet) & NeighborAdvertisement::ROUTER != 0 => {
                Look::Hidden("the R flag is set, and whether the guest forwards is not in a capture")
            }
            Aspect::RouterFlag => right_if(na_flags(packet) & NeighborAdvertisement::ROUTER == 0, || "the R flag is set".into()),
            Aspect::RouterAlert => match frame.router_alert {
                Some(0) => right_if(frame.hop_limit == 1, || format!("hop limit is {}", frame.hop_limit)),
                Some(value) => Look::Wrong(format!("its router alert has the value {value}")),
                None => Look::Wrong("no router alert".into()),
            },
            Aspect::NotFragmented if frame.payload == Payload::Other(FRAGMENT) => {
                Look::Hidden("a fragment with hop limit 255, whose message is not put together")
            }
            Aspect::NotFragmented => right_if(!frame.extension_headers.contains(&FRAGMENT), || "it has a fragment header".into()),
        }
    }

    fn source(&self, trace: &Trace<'_>, source: Ipv6Addr) -> Look {
        let link_local = source.is_unicast_link_local() || source.is_unspecified();
        if link_local || self.message == Which::ListenerReport {
            return right_if(link_local, || format!("source is {source}"));
        }
        if source.is_multicast() || source.is_loopback() {
            return Look::Wrong(format!("source is {source}"));
        }
        let own = trace.address_changes().any(|(_, change)| change.address == source);
        if own { Look::Right } else { Look::Hidden("the recording does not tell whether its source is an address of the interface") }
    }
}

fn right_if(holds: bool, otherwise: impl FnOnce() -> String) -> Look {
    if holds { Look::Right } else { Look::Wrong(otherwise()) }
}

fn unless_cut(packet: &TracedPacket<'_>, look: Look) -> Look {
    if packet.cut { Look::Hidden("only its beginning was captured") } else { look }
}

fn of_the_link(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.octets();
    address.is_unicast_link_local() || first == 0xff && second & 0x0f == 2
}

fn options<'a>(packet: &'a TracedPacket<'_>) -> &'a [NdOption] {
    match &packet.message {
        Message::RouterSolicitation(message) => &message.options,
        Message::NeighborSolicitation(message) => &message.options,
        Message::NeighborAdvertisement(message) => &message.options,
        _ => &[],
    }
}

fn has_option(packet: &TracedPacket<'_>, kind: u8) -> bool {
    options(packet).iter().any(|option| match option {
        NdOption::SourceLinkLayerAddress(_) => kind == 1,
        NdOption::Other(other, _) => *other == kind,
        _ => false,
    })
}

fn na_flags(packet: &TracedPacket<'_>) -> u32 {
    if let Message::NeighborAdvertisement(message) = &packet.message { message.flags } else { 0 }
}

fn destination(packet: &TracedPacket<'_>) -> Look {
    let to = packet.frame.destination;
    let holds = match &packet.message {
        Message::RouterSolicitation(_) => to == ALL_ROUTERS,
        Message::NeighborSolicitation(message) if packet.frame.source.is_unspecified() => to == solicited_node(message.target),
        Message::NeighborSolicitation(message) => to == message.target || to == solicited_node(message.target),
        Message::NeighborAdvertisement(message) if to.is_multicast() => {
            if message.flags & NeighborAdvertisement::SOLICITED != 0 {
                return Look::Wrong(format!("the S flag is set, though the destination is {to}"));
            }
            to == ALL_NODES
        }
        _ => true,
    };
    right_if(holds, || format!("destination is {to}"))
}

fn well_formed(packet: &TracedPacket<'_>) -> Look {
    let (reserved, target) = match &packet.message {
        Message::RouterSolicitation(message) => (message.reserved, None),
        Message::NeighborSolicitation(message) => (message.reserved, Some(message.target)),
        Message::NeighborAdvertisement(message) => (message.flags & 0x1fff_ffff, Some(message.target)),
        _ => (0, None),
    };
    if let Some(flaw) = packet.flaws.first() {
        Look::Wrong(flaw.what.clone())
    } else if reserved != 0 {
        Look::Wrong(format!("reserved bits are {reserved:#x}"))
    } else if let Some(target) = target.filter(Ipv6Addr::is_multicast) {
        Look::Wrong(format!("its target is the group {target}"))
    } else if packet.checksum_right == Some(false) {
        Look::Wrong("its checksum is wrong".into())
    } else {
        unless_cut(packet, Look::Right)
    }
}

fn link_layer_option(trace: &Trace<'_>, packet: &TracedPacket<'_>) -> Look {
    let frame = &packet.frame;
    match &packet.message {
        // An optimistic address goes without the option (RFC 4429 section 3.2).
        _ if frame.source.is_unspecified() || detecting(trace, frame.source, packet.at_us) => Look::Aside,
        Message::NeighborAdvertisement(message) => {
            let asks = |asked: &&TracedPacket<'_>| {
                let about = |target| target == message.target && asked.at_us <= packet.at_us && packet.at_us - asked.at_us <= ANSWER_US;
                matches!(&asked.message, Message::NeighborSolicitation(solicitation) if about(solicitation.target))
            };
            match trace.network().filter(asks).last() {
                Some(asked) if asked.frame.destination.is_multicast() && frame.destination == asked.frame.source => present(packet, 2),
                _ => Look::Aside,
            }
        }
        Message::NeighborSolicitation(_) if !frame.destination.is_multicast() => Look::Aside,
        _ => present(packet, 1),
    }
}

fn present(packet: &TracedPacket<'_>, kind: u8) -> Look {
    if has_option(packet, kind) { Look::Right } else { unless_cut(packet, Look::Wrong(format!("option {kind} (link-layer address) is missing"))) }
}

/// Whether duplicate address detection of `address` goes on at a time, as far as the recording tells.
fn detecting(trace: &Trace<'_>, address: Ipv6Addr, at_us: u64) -> bool {
    let told = trace.address_changes().filter(|(at, change)| *at <= at_us && change.address == address).last();
    let tested = trace.detections().any(|(at, target)| target == address && at <= at_us && at_us - at < DETECTION_US);
    told.map_or(tested, |(_, change)| change.flags.iter().any(|flag| matches!(flag, AddressFlag::Tentative | AddressFlag::Optimistic)))
}
