//! The boot as messages: the recording's frames read once, with who sent each and when, and what is missing of them.

use std::collections::BTreeSet;
use std::net::Ipv6Addr;
use std::ops::Range;

use super::advertisement::ReceivedAdvertisement;
use crate::facts::{AddressChange, AddressFlag, Change, Direction, Event, Gap, Happening, Mac, Recorder, Recording, SeenFrame, TransportChecksum};
use crate::wire::Flaw;
use crate::wire::dhcpv4;
use crate::wire::dhcpv6;
use crate::wire::frame::{FRAGMENT, Frame, Payload};
use crate::wire::message::Message;
use crate::wire::neighbor::NeighborAdvertisement;

/// The part of a recording that is about one boot; most recordings are about one.
#[derive(Debug)]
pub struct Excerpt<'a> {
    /// The file.
    pub file: &'a str,
    /// Who captured.
    pub by: Recorder,
    /// MAC address of the guest's interface; absent where the capture has none.
    pub mac: Option<Mac>,
    /// Until when it reaches, in microseconds since the capture began.
    pub elapsed_us: u64,
    /// When the interface came up, in microseconds; absent where that is not in the capture.
    pub up_at_us: Option<u64>,
    /// What happened, in the order of time.
    pub events: &'a [Event],
    /// Spans of which something is missing.
    pub gaps: Vec<Gap>,
}

impl<'a> Excerpt<'a> {
    /// All of a recording.
    pub fn whole(recording: &'a Recording) -> Self {
        let Recording { file, by, mac, elapsed_us, up_at_us, events, gaps, .. } = recording;
        Self { file, by: *by, mac: *mac, elapsed_us: *elapsed_us, up_at_us: *up_at_us, events, gaps: gaps.clone() }
    }
}

/// The recording of one boot of one interface, read.
#[derive(Debug)]
pub struct Trace<'a> {
    /// What was recorded.
    pub recording: Excerpt<'a>,
    /// Its frames that are IPv6, in the order of time, those of v6check left out.
    pub packets: Vec<TracedPacket<'a>>,
    /// The Router Advertisements of others since the interface came up, valid or not, and when each came. One that was cut behind its first
    /// options is no invalid one for that.
    pub advertisements: Vec<(u64, ReceivedAdvertisement)>,
    /// MAC addresses of the interface; none where the capture has none.
    macs: BTreeSet<Mac>,
}

/// Who sent a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sender {
    /// The guest's own programs.
    Guest,
    /// Anybody else on the link.
    Network,
}

/// One frame of the trace.
#[derive(Debug)]
pub struct TracedPacket<'a> {
    /// When, in microseconds since the capture began.
    pub at_us: u64,
    /// Who.
    pub by: Sender,
    /// As it was captured.
    pub seen: &'a SeenFrame,
    /// Its headers.
    pub frame: Frame<'a>,
    /// What it says.
    pub message: Message,
    /// What is wrong with the bytes of the frame and of the message; empty where it was cut, since then that cannot be told.
    pub flaws: Vec<Flaw>,
    /// Only its beginning was captured: what the message lacks may be behind the cut.
    pub cut: bool,
    /// Whether its checksum is right; absent where that cannot be told.
    pub checksum_right: Option<bool>,
}

impl<'a> Trace<'a> {
    /// Reads a recording as one boot.
    pub fn read(recording: &'a Recording) -> Self {
        Self::of(Excerpt::whole(recording))
    }

    /// Reads a part of a recording.
    pub fn of(recording: Excerpt<'a>) -> Self {
        let packets = recording.events.iter().filter_map(TracedPacket::read).collect();
        Self::made_of(recording, packets)
    }

    /// Of packets that are read already.
    pub(super) fn made_of(recording: Excerpt<'a>, packets: Vec<TracedPacket<'a>>) -> Self {
        let macs = macs(&recording, &packets);
        let up_us = recording.up_at_us.unwrap_or_default();
        let heard = packets.iter().filter(|packet| packet.by == Sender::Network && packet.at_us >= up_us);
        let advertisements = heard.filter_map(advertisement).collect();
        Self { recording, packets, advertisements, macs }
    }

    /// What the guest sent.
    pub fn guest(&self) -> impl Iterator<Item = &TracedPacket<'a>> {
        self.packets.iter().filter(|packet| packet.by == Sender::Guest)
    }

    /// What the guest's interface itself sent: behind a bridge of the guest's other machines may speak, with MAC addresses of their own. A
    /// capture that knows no MAC addresses has zeros.
    pub fn own(&self) -> impl Iterator<Item = &TracedPacket<'a>> {
        self.guest().filter(|packet| self.macs.is_empty() || packet.frame.source_mac.is_zero() || self.macs.contains(&packet.frame.source_mac))
    }

    /// Whether that came from the interface itself, as far as MAC addresses tell: its own frames may come back to it.
    pub fn echoed(&self, packet: &TracedPacket<'_>) -> bool {
        self.macs.contains(&packet.frame.source_mac)
    }

    /// What others sent.
    pub fn network(&self) -> impl Iterator<Item = &TracedPacket<'a>> {
        self.packets.iter().filter(|packet| packet.by == Sender::Network)
    }

    /// Whether a router advertised itself in a span, before the interface is seen to have come up too.
    pub fn advertised_in(&self, span: Range<u64>) -> bool {
        self.network().any(|packet| span.contains(&packet.at_us) && matches!(packet.message, Message::RouterAdvertisement(_)))
    }

    /// Whether what came for the guest in a span is in fragments, which are not put together.
    pub fn fragments_in(&self, from_us: u64, until_us: u64) -> bool {
        let fragment = |packet: &&TracedPacket<'_>| packet.frame.payload == Payload::Other(FRAGMENT);
        self.network().filter(fragment).any(|packet| from_us <= packet.at_us && packet.at_us <= until_us)
    }

    /// The DHCPv4 messages, with who sent each and when.
    pub fn dhcpv4(&self) -> impl Iterator<Item = (u64, Sender, dhcpv4::Message)> {
        self.recording.events.iter().filter_map(|event| {
            let Happening::Frame(SeenFrame { direction, bytes, .. }) = &event.what else { return None };
            Some((event.at_us, sender(*direction)?, dhcpv4::Message::parse(bytes)?))
        })
    }

    /// The DHCPv6 messages of the guest's client, of all types.
    pub fn client(&self) -> impl Iterator<Item = (&TracedPacket<'a>, &dhcpv6::Message)> {
        self.guest().filter_map(|packet| match &packet.message {
            Message::FromClient(message) => Some((packet, message)),
            _ => None,
        })
    }

    /// The DHCPv6 messages to the guest's client, of all types.
    pub fn server(&self) -> impl Iterator<Item = (&TracedPacket<'a>, &dhcpv6::Message)> {
        self.network().filter_map(|packet| match &packet.message {
            Message::ToClient(message) => Some((packet, message)),
            _ => None,
        })
    }

    /// The guest's Router Solicitations.
    pub fn solicitations(&self) -> impl Iterator<Item = &TracedPacket<'a>> {
        self.own().filter(|packet| matches!(packet.message, Message::RouterSolicitation(_)))
    }

    /// The guest's solicitations of duplicate address detection: when, and of which address.
    pub fn detections(&self) -> impl Iterator<Item = (u64, Ipv6Addr)> {
        self.own().filter_map(|packet| match &packet.message {
            Message::NeighborSolicitation(message) if packet.frame.source.is_unspecified() => Some((packet.at_us, message.target)),
            _ => None,
        })
    }

    /// What changed of the interface's addresses, and when. Only a recording in the guest knows.
    pub fn address_changes(&self) -> impl Iterator<Item = (u64, &'a AddressChange)> {
        self.recording.events.iter().filter_map(|event| match &event.what {
            Happening::Address(change) => Some((event.at_us, change)),
            _ => None,
        })
    }

    /// Whether the guest forwards at a time, as far as the recording tells.
    pub fn forwards_at(&self, at_us: u64) -> bool {
        let mut forwards = false;
        for event in self.recording.events.iter().take_while(|event| event.at_us <= at_us) {
            if let Happening::Forwarding(on) = event.what {
                forwards = on;
            }
        }
        forwards
    }

    /// Whether frames may be missing between two times.
    pub fn lost_between(&self, from_us: u64, until_us: u64) -> bool {
        self.recording.gaps.iter().any(|gap| gap.from_us <= until_us && from_us <= gap.until_us)
    }

    /// Whether the recording shows the interface from its coming up on, so that what is not among the first frames was not sent.
    pub fn shows_the_start(&self) -> bool {
        self.recording.up_at_us.is_some()
    }

    /// When `address` became usable in a span: set, neither tentative nor a duplicate. Only a recording in the guest knows.
    pub fn usable_at(&self, address: Ipv6Addr, span: Range<u64>) -> Option<u64> {
        let mut changes = self.address_changes().filter(|(at_us, change)| span.contains(at_us) && change.address == address);
        changes.find(|(_, change)| usable(change)).map(|(at_us, _)| at_us)
    }
}

impl<'a> TracedPacket<'a> {
    /// Whether a node must not discard it as invalid, if it is a message of Neighbor Discovery (RFC 4861 section 7.1).
    pub fn valid_neighbor(&self) -> bool {
        let solicited_group = match &self.message {
            Message::NeighborAdvertisement(it) => self.frame.destination.is_multicast() && it.flags & NeighborAdvertisement::SOLICITED != 0,
            _ => false,
        };
        self.frame.hop_limit == 255 && self.checksum_right != Some(false) && self.flaws.is_empty() && !solicited_group
    }

    pub(super) fn read(event: &'a Event) -> Option<Self> {
        let Happening::Frame(seen @ SeenFrame { direction, checksum, cut, bytes }) = &event.what else { return None };
        let by = sender(*direction)?;
        let (frame, mut flaws) = Frame::parse(bytes)?;
        let (message, more) = Message::of(&frame);
        flaws.extend(more);
        if *cut {
            flaws.clear();
        }
        let known = *checksum == TransportChecksum::Complete && !cut;
        let checksum_right = known.then(|| frame.payload.checksum_right()).flatten();
        Some(Self { at_us: event.at_us, by, seen, frame, message, flaws, cut: *cut, checksum_right })
    }
}

/// Whose a frame is; nobody's where v6check sent it.
fn sender(direction: Direction) -> Option<Sender> {
    match direction {
        Direction::Guest => Some(Sender::Guest),
        Direction::Received => Some(Sender::Network),
        Direction::Sent => None,
    }
}

fn advertisement(packet: &TracedPacket<'_>) -> Option<(u64, ReceivedAdvertisement)> {
    let mut received = ReceivedAdvertisement::of(&packet.frame, packet.checksum_right.is_some())?;
    if packet.cut {
        received.message.options.clear();
    }
    Some((packet.at_us, received))
}

/// The MAC addresses of the recording's interface: the one that is told, and those that it gets later (a random one of `NetworkManager`, that of
/// a bond), which speak from an address that the kernel set on it, or test one.
fn macs(recording: &Excerpt<'_>, packets: &[TracedPacket<'_>]) -> BTreeSet<Mac> {
    let Some(told) = recording.mac else { return BTreeSet::new() };
    let address = |event: &Event| if let Happening::Address(change) = &event.what { Some(change.address) } else { None };
    let addresses: BTreeSet<Ipv6Addr> = recording.events.iter().filter_map(address).collect();
    let own = packets.iter().filter(|packet| packet.by == Sender::Guest).filter(|packet| match &packet.message {
        Message::NeighborSolicitation(message) if packet.frame.source.is_unspecified() => addresses.contains(&message.target),
        _ => addresses.contains(&packet.frame.source),
    });
    own.map(|packet| packet.frame.source_mac).chain([told]).collect()
}

/// Whether the address may be used after the change.
pub fn usable(change: &AddressChange) -> bool {
    let unusable = |flag: &AddressFlag| matches!(flag, AddressFlag::Tentative | AddressFlag::Dadfailed);
    change.change == Change::Set && !change.flags.iter().any(unusable)
}

/// A time of the recording in words: `3.214 s`.
pub fn seconds(at_us: u64) -> String {
    format!("{}.{:03} s", at_us / 1_000_000, at_us / 1000 % 1000)
}
