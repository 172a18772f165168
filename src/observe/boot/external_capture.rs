//! A capture of another program, taken anywhere on the link: who the guests are is told by what is said.
//!
//! A guest is who sends Router Solicitations or messages of a DHCPv6 client, or has a server answer it; who advertises itself as a router or sends
//! messages of a server is the network, whatever else it says. Every node tests its addresses (Neighbor Solicitation from `::`): who says no more
//! is a guest only where it is the only one. A party is told by its MAC address; where a capture has none, by what the messages say of it, else by its
//! address.

mod budget;
mod guest;
mod mirror;
mod role;
mod vlans;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::Ipv6Addr;

use super::span::{Recordings, Span};
use crate::capture::{self, Packet};
use crate::exchange::answer::named_addresses;
use crate::facts::Mac;
use crate::wire::frame::Frame;
use crate::wire::message::Message;
use crate::wire::ndp::NdOption;
use budget::Budget;
use role::Role;

/// As long as an interface may take from the test of its address to its first question.
const UNTIL_ASKED_NS: u64 = 10_000_000_000;
/// As many addresses of one answer as are taken for its client's.
const MAX_GIVEN: usize = 16;
/// As many parties as are told apart, and places.
const MOST_PARTIES: usize = 4096;

/// The frames of a capture, and what they tell of who is who.
#[derive(Debug, Default)]
pub(super) struct ExternalCapture {
    frames: Vec<Kept>,
    budget: Budget,
    places: HashMap<Place, usize>,
    parties: BTreeMap<Party, Role>,
    /// Whose address it is, at a place.
    owners: HashMap<(usize, Ipv6Addr), Mac>,
    /// Guests whose taps are seen.
    silent: BTreeSet<Mac>,
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
    /// By its MAC address on one VLAN, where the same address is another guest's on another; the first of its places.
    Tagged(Mac, usize),
    /// By its address, at a place.
    Address(usize, Ipv6Addr),
    /// Not told, at a place.
    Somebody(usize),
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
    /// How much it matters.
    class: budget::Class,
    /// What it tests (a Neighbor Solicitation from `::`).
    tested: Option<Ipv6Addr>,
    /// Its source, unless that is `::`.
    source: Option<Ipv6Addr>,
    bytes: Vec<u8>,
}

impl ExternalCapture {
    /// Takes a packet that configures nothing. libvirt's name of a tap tells the guest behind it, though that says nothing in IPv6.
    pub(super) fn bystander(&mut self, packet: &Packet<'_>) {
        let ethernet = packet.link_type == capture::link_type::ETHERNET;
        let Some((addresses, _)) = packet.bytes.split_first_chunk::<12>().filter(|_| ethernet) else { return };
        let (to, from) = addresses.split_at(6);
        for (tap, guest) in [(to, from), (from, to)] {
            let other_end = tap[0] == 0xfe && guest[0] != 0xfe && tap[1..] == guest[1..];
            if let Some(mac) = <[u8; 6]>::try_from(guest).ok().filter(|_| other_end && self.silent.len() < MOST_PARTIES) {
                self.silent.insert(mac.into());
            }
        }
    }

    /// Takes a frame. What is not IPv6 is left: it shows nothing of who is a guest.
    pub(super) fn packet(&mut self, packet: &Packet<'_>, bytes: Cow<'_, [u8]>, cut: bool) {
        let Some((frame, _)) = Frame::parse(&bytes) else { return };
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
        self.give(place, &frame, &message);
        self.note(from, to, Role::of(&frame, &message));
        let class = budget::Class::of(&message, source.is_none());
        if !self.room(class, bytes.len(), (from, packet.at_ns)) {
            self.leave_out(packet.at_ns);
            return;
        }
        let mut hasher = DefaultHasher::new();
        let headers = bytes.len().saturating_sub(14 + 4 * frame.vlans.len());
        (frame.source_mac, &bytes[bytes.len() - headers..]).hash(&mut hasher);
        let fingerprint = hasher.finish();
        let bytes = bytes.into_owned();
        self.frames.push(Kept { at_ns: packet.at_ns, from, to, place, cooked: cooked.is_some(), cut, fingerprint, class, tested, source, bytes });
    }

    /// That frames were left out, in words.
    pub(super) fn crowded(&self) -> Option<String> {
        self.left_out.map(|(_, _, count)| format!("{count} frame(s) were left out, as the capture has more than are kept"))
    }

    fn leave_out(&mut self, at_ns: u64) {
        let (from, until, count) = self.left_out.unwrap_or((at_ns, at_ns, 0));
        self.left_out = Some((from.min(at_ns), until.max(at_ns), count + 1));
    }

    /// The addresses that a server gives are its client's, who tests them without a word of itself.
    fn give(&mut self, place: usize, frame: &Frame<'_>, message: &Message) {
        let Message::ToClient(answer) = message else { return };
        let Some(mac) = self.owners.get(&(place, frame.destination)).copied() else { return };
        for address in named_addresses(&answer.options).take(MAX_GIVEN) {
            if self.owners.len() < MOST_PARTIES {
                self.owners.entry((place, address)).or_insert(mac);
            }
        }
    }

    /// Whether there is room for a frame more. Where a class is full, the frames of those go who show no sign of being a guest or the network, and of
    /// those who only tested an address, what is older than a boot takes to ask.
    fn room(&mut self, class: budget::Class, bytes: usize, (from, at_ns): (Party, u64)) -> bool {
        if self.budget.take(class, bytes) {
            return true;
        }
        let parties = &self.parties;
        let role = |party: &Party| parties.get(party).copied().unwrap_or_default();
        let matters = |party: Party, seen_ns: u64| {
            let role = role(&party);
            role.asks() || role.is_network() || role.tests && seen_ns.saturating_add(UNTIL_ASKED_NS) >= at_ns
        };
        if class == budget::Class::Exchange || !matters(from, at_ns) || !self.budget.may_clear() {
            return false;
        }
        let mut gone: Vec<u64> = Vec::new();
        let budget = &mut self.budget;
        self.frames.retain(|kept| {
            let stays = kept.class != class || matters(kept.from, kept.at_ns);
            if !stays {
                budget.give_back(kept.class, kept.bytes.len());
                gone.push(kept.at_ns);
            }
            stays
        });
        for at_ns in gone {
            self.leave_out(at_ns);
        }
        self.budget.take(class, bytes)
    }

    /// What a message says of who sent it and of whom it is for.
    fn note(&mut self, from: Party, to: To, role: Role) {
        let asked = match to {
            To::One(party) if role.serves => Some(party),
            _ => None,
        };
        for (party, role) in [(Some(from), role), (asked, Role::CLIENT)] {
            let Some(party) = party else { continue };
            if role == Role::default() {
                continue;
            }
            if self.parties.len() >= MOST_PARTIES && !self.parties.contains_key(&party) && (role.asks() || role.is_network()) {
                self.parties.retain(|_, role| role.asks() || role.is_network());
            }
            if self.parties.len() < MOST_PARTIES || self.parties.contains_key(&party) {
                self.parties.entry(party).or_default().join(role);
            }
        }
    }

    /// A party by its MAC address, where that became known.
    fn known(&self, party: Party) -> Party {
        match party {
            Party::Address(place, address) => self.owners.get(&(place, address)).map_or(party, |mac| Party::Mac(*mac)),
            Party::Mac(_) | Party::Tagged(..) | Party::Somebody(_) => party,
        }
    }

    /// The guests' recordings, by MAC address; where there is none, by address or by the interface of the capture.
    pub(super) fn finish(mut self, mut span: Span, names: &[String], file: &str) -> Recordings {
        if let Some((from, until, count)) = self.left_out {
            span.gap(from, until, Some(count));
        }
        let mut parties: BTreeMap<Party, Role> = BTreeMap::new();
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
        let mut frames = mirror::without_copies(frames);
        let mut guests = guest::of(&parties, &frames);
        if guests.is_empty() {
            let silent = self.silent.iter().map(|mac| Party::Mac(*mac));
            guests.extend(silent.filter(|party| !parties.get(party).is_some_and(|role| role.is_network())));
        }
        guest::settle_nameless(&mut guests, &mut frames);
        let mut places: Vec<(usize, Vec<u16>)> = vec![(0, Vec::new()); self.places.len()];
        for ((interface, _, vlans), number) in &self.places {
            places[*number] = (*interface, vlans.clone());
        }
        vlans::tell_apart(&mut guests, &mut frames, &places);
        let interface = |place: usize| {
            let found = places.get(place).and_then(|(interface, _)| names.get(*interface));
            found.cloned().unwrap_or_else(|| "interface".to_owned())
        };
        let link =
            guest::Link { places: &places, interface: &interface, network: &|party| parties.get(&party).is_some_and(|role| role.is_network()) };
        guest::recordings(&guests, &frames, &span, file, &link)
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
