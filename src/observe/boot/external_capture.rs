//! A capture of another program, taken anywhere on the link: who the guests are is told by what is said.
//!
//! A guest is who sends Router Solicitations or messages of a DHCPv6 client, or has a server answer it; who advertises itself as a router or sends
//! messages of a server is the network, whatever else it says. Every node tests its addresses (Neighbor Solicitation from `::`): who says no more
//! is a guest only where it is the only one. A party is told by its MAC address; where a capture has none, by what the messages say of it, else by its
//! address.

mod guest;

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::Ipv6Addr;

use super::span::{Recordings, Span};
use crate::capture::{self, Packet};
use crate::facts::Mac;
use crate::wire::dhcpv6::kind;
use crate::wire::frame::{Frame, Payload};
use crate::wire::message::Message;
use crate::wire::ndp::NdOption;

/// As many frames of all guests together as are kept, and as many bytes.
const MOST_FRAMES: usize = 1 << 14;
const MOST_BYTES: usize = 3 << 20;
/// As many parties as are told apart, and places.
const MOST_PARTIES: usize = 4096;

/// The frames of a capture, and what they tell of who is who.
#[derive(Debug, Default)]
pub(super) struct ExternalCapture {
    frames: Vec<Kept>,
    bytes: usize,
    places: HashMap<Place, usize>,
    parties: BTreeMap<Party, Said>,
    /// Whose address it is, at a place.
    owners: HashMap<(usize, Ipv6Addr), Mac>,
    /// From when until when frames were not kept, and how many.
    left_out: Option<(u64, u64, u64)>,
}

/// Where a frame was seen: the interface of the capture, that of a cooked capture of all interfaces, and its VLANs; 0 is none (IEEE 802.1Q
/// section 6.9).
type Place = (usize, Option<u32>, Vec<u16>);

/// Somebody on the link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Party {
    /// By its MAC address.
    Mac(Mac),
    /// By its address, at a place.
    Address(usize, Ipv6Addr),
    /// Not told, at a place.
    Somebody(usize),
}

/// What shows whether a party is a guest.
#[derive(Debug, Default, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "each was said or was not, whatever else was")]
struct Said {
    /// It solicited a router.
    solicits: bool,
    /// It is the client of a DHCPv6 server.
    client: bool,
    /// It tested an address.
    tests: bool,
    /// It is a router or server.
    network: bool,
}

impl Said {
    fn join(&mut self, other: Self) {
        self.solicits |= other.solicits;
        self.client |= other.client;
        self.tests |= other.tests;
        self.network |= other.network;
    }
}

/// To whom a frame went.
#[derive(Debug, Clone, Copy)]
enum To {
    One(Party),
    Group(Ipv6Addr),
}

/// A frame that is kept.
#[derive(Debug)]
struct Kept {
    at_ns: u64,
    from: Party,
    to: To,
    place: usize,
    /// It may be there twice at the same place: a cooked capture of all interfaces.
    cooked: bool,
    cut: bool,
    /// Of its sender and its packet, without the headers that change from place to place.
    fingerprint: u64,
    /// What it tests (a Neighbor Solicitation from `::`).
    tested: Option<Ipv6Addr>,
    /// Its source, unless that is `::`.
    source: Option<Ipv6Addr>,
    bytes: Vec<u8>,
}

impl ExternalCapture {
    /// Takes a frame. What is not IPv6 is left: it shows nothing of who is a guest.
    pub(super) fn packet(&mut self, packet: &Packet<'_>, bytes: Cow<'_, [u8]>, cut: bool) {
        let Some((frame, _)) = Frame::parse(&bytes) else { return };
        if self.frames.len() >= MOST_FRAMES || self.bytes >= MOST_BYTES {
            self.leave_out(packet.at_ns);
            return;
        }
        let cooked = capture::cooked(packet.link_type, packet.bytes);
        let place = (packet.interface, cooked.and_then(|cooked| cooked.interface), frame.vlans.iter().copied().filter(|vlan| *vlan != 0).collect());
        let next = self.places.len();
        if next >= MOST_PARTIES && !self.places.contains_key(&place) {
            self.leave_out(packet.at_ns);
            return;
        }
        let place = *self.places.entry(place).or_insert(next);
        let (message, _) = Message::of(&frame);
        let source = Some(frame.source).filter(|source| !source.is_unspecified());
        let tested = match &message {
            Message::NeighborSolicitation(it) if source.is_none() => Some(it.target),
            _ => None,
        };
        let from = sender(&frame, &message, place, tested);
        let to = if frame.destination.is_multicast() && (frame.destination_mac.0 & 1 == 1 || frame.destination_mac == Mac::zero()) {
            To::Group(frame.destination)
        } else if frame.destination_mac == Mac::zero() {
            To::One(Party::Address(place, frame.destination))
        } else {
            To::One(Party::Mac(frame.destination_mac))
        };
        if let (Party::Mac(mac), Some(source)) = (from, source.or(tested))
            && self.owners.len() < MOST_PARTIES
        {
            self.owners.entry((place, source)).or_insert(mac);
        }
        self.note(from, to, &frame, &message, tested.is_some());
        let mut hasher = DefaultHasher::new();
        let headers = bytes.len().saturating_sub(14 + 4 * frame.vlans.len());
        (frame.source_mac, &bytes[bytes.len() - headers..]).hash(&mut hasher);
        let fingerprint = hasher.finish();
        let bytes = bytes.into_owned();
        self.bytes += bytes.len();
        self.frames.push(Kept { at_ns: packet.at_ns, from, to, place, cooked: cooked.is_some(), cut, fingerprint, tested, source, bytes });
    }

    fn leave_out(&mut self, at_ns: u64) {
        let (from, until, count) = self.left_out.unwrap_or((at_ns, at_ns, 0));
        self.left_out = Some((from.min(at_ns), until.max(at_ns), count + 1));
    }

    /// What a message says of who sent it and of whom it is for.
    fn note(&mut self, from: Party, to: To, frame: &Frame<'_>, message: &Message, tests: bool) {
        let nothing = Said::default();
        let said = match message {
            Message::RouterSolicitation(_) => Said { solicits: true, ..nothing },
            Message::NeighborSolicitation(_) => Said { tests, ..nothing },
            Message::RouterAdvertisement(_) => Said { network: true, ..nothing },
            Message::FromClient(it) => {
                let relayed = matches!(it.kind, kind::RELAY_FORWARD | kind::RELAY_REPLY) || is_from(frame, 547) == Some(true);
                Said { client: !relayed, ..nothing }
            }
            Message::ToClient(it) => Said { network: matches!(it.kind, kind::ADVERTISE | kind::REPLY | kind::RECONFIGURE), ..nothing },
            _ => nothing,
        };
        let asked = match (message, to) {
            (Message::ToClient(_), To::One(party)) if said.network => Some(party),
            _ => None,
        };
        for (party, said) in [(Some(from), said), (asked, Said { client: true, ..nothing })] {
            let Some(party) = party else { continue };
            if self.parties.len() < MOST_PARTIES || self.parties.contains_key(&party) {
                self.parties.entry(party).or_default().join(said);
            }
        }
    }

    /// A party by its MAC address, where that became known.
    fn known(&self, party: Party) -> Party {
        match party {
            Party::Address(place, address) => self.owners.get(&(place, address)).map_or(party, |mac| Party::Mac(*mac)),
            Party::Mac(_) | Party::Somebody(_) => party,
        }
    }

    /// The guests' recordings, by MAC address; where there is none, by address or by the interface of the capture.
    pub(super) fn finish(mut self, mut span: Span, names: &[String], file: &str) -> Recordings {
        if let Some((from, until, count)) = self.left_out {
            span.gap(from, until, Some(count));
        }
        let mut parties: BTreeMap<Party, Said> = BTreeMap::new();
        for (party, said) in &self.parties {
            parties.entry(self.known(*party)).or_default().join(*said);
        }
        let mut frames = std::mem::take(&mut self.frames);
        for kept in &mut frames {
            kept.from = self.known(kept.from);
            if let To::One(party) = kept.to {
                kept.to = To::One(self.known(party));
            }
        }
        frames.sort_by_key(|kept| kept.at_ns);
        let mut guests = guest::of(&parties, &frames);
        guest::settle_nameless(&mut guests, &mut frames);
        let interface = |place: usize| {
            let found = self.places.iter().find(|(_, number)| **number == place);
            found.and_then(|((interface, ..), _)| names.get(*interface)).cloned().unwrap_or_else(|| "interface".to_owned())
        };
        guest::recordings(&guests, &frames, &span, file, &interface)
    }
}

fn is_from(frame: &Frame<'_>, port: u16) -> Option<bool> {
    match frame.payload {
        Payload::Udp { source_port, .. } => Some(source_port == port),
        _ => None,
    }
}

/// Who sent a frame: by its MAC address, else by the one that its message tells, else by the one that its address is made of (RFC 4291 appendix
/// A), else by its address or the one that it tests.
fn sender(frame: &Frame<'_>, message: &Message, place: usize, tested: Option<Ipv6Addr>) -> Party {
    if frame.source_mac != Mac::zero() {
        return Party::Mac(frame.source_mac);
    }
    let options = match message {
        Message::RouterSolicitation(it) => &it.options[..],
        Message::RouterAdvertisement(it) => &it.options[..],
        Message::NeighborSolicitation(it) => &it.options[..],
        Message::NeighborAdvertisement(it) => &it.options[..],
        _ => &[],
    };
    let told = options.iter().find_map(|option| match option {
        NdOption::SourceLinkLayerAddress(mac) => Some(*mac),
        NdOption::Other(2, data) => <[u8; 6]>::try_from(data.as_slice()).ok().map(Mac::from),
        _ => None,
    });
    let address = Some(frame.source).filter(|source| !source.is_unspecified()).or(tested);
    match (told.or_else(|| address.and_then(made_of)), address) {
        (Some(mac), _) => Party::Mac(mac),
        (None, Some(address)) => Party::Address(place, address),
        (None, None) => Party::Somebody(place),
    }
}

/// The MAC address that a link-local address is made of.
fn made_of(address: Ipv6Addr) -> Option<Mac> {
    match address.octets() {
        [0xfe, 0x80, 0, 0, 0, 0, 0, 0, first, vendor @ .., 0xff, 0xfe, x, y, z] if vendor.len() == 2 => {
            Some(Mac::new(first ^ 2, vendor[0], vendor[1], x, y, z))
        }
        _ => None,
    }
}
