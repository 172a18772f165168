//! The recording of each guest in a foreign capture: the frames that concern it, each once.
//!
//! Those are the frames that it sent, those to it alone, and those to a group that a host listens to, where they came by a place at which the
//! guest is: the same interface of the capture and the same VLAN. What other hosts say to routers and servers is theirs.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::Ipv6Addr;

use super::role::Role;
use super::{Kept, Party, To};
use pnet::util::MacAddr;

use crate::facts::{Direction, Event, Gap, Happening, Mac, Recorder, Recording};
use crate::observe::boot::span::{MOST_GUESTS, MOST_NAMED, Recordings, Span, seen};
use crate::wire::frame::{Frame, OWN_FLOW_LABEL};
use crate::wire::neighbor::solicited_node;

/// The same frame at two places within this time is one: a tap, its bridge and the NIC below.
const SAME_NS: u64 = 100_000_000;
/// As many events as all guests together have.
const MOST_EVENTS: usize = 1 << 14;
/// As long before it tests its link-local address an interface that comes up says its first: the report of that address' group, which is delayed by
/// up to a second (RFC 4862 section 5.4.2), and again when it is repeated.
const COMING_UP_NS: u64 = 5_000_000_000;

/// MAC addresses that Calico gives the host's end of each link: that of its own interfaces, and the one that taps have with libvirt from 9.5.0 on.
const HOST_ENDS: [Mac; 2] = [MacAddr(0xee, 0xee, 0xee, 0xee, 0xee, 0xee), MacAddr(0x00, 0x61, 0xfe, 0xed, 0xca, 0xfe)];

/// Where the frames of a capture were seen.
pub(super) struct Link<'l> {
    /// Interface and VLANs of each place.
    pub(super) places: &'l [(usize, Vec<u16>)],
    /// The name of a place's interface.
    pub(super) interface: &'l dyn Fn(usize) -> String,
    /// Whether a party is a router or server.
    pub(super) network: &'l dyn Fn(Party) -> bool,
}

/// Who of `parties`, which are all that sent something, is a guest.
pub(super) fn of(parties: &BTreeMap<Party, Role>, frames: &[Kept]) -> BTreeSet<Party> {
    let candidates = || parties.iter().filter(|(party, said)| !said.is_network() && (said.client || !is_tap(**party, **said, parties)));
    let mut guests: BTreeSet<Party> = candidates().filter(|(_, said)| said.asks()).map(|(party, _)| *party).collect();
    let only_test: BTreeSet<Party> =
        candidates().filter(|(party, said)| said.tests && !said.forwards && !guests.contains(party)).map(|(party, _)| *party).collect();
    let mut at: BTreeMap<usize, BTreeSet<Party>> = BTreeMap::new();
    for kept in frames.iter().filter(|kept| guests.contains(&kept.from) || only_test.contains(&kept.from)) {
        at.entry(kept.place).or_default().insert(kept.from);
    }
    guests.extend(only_test.into_iter().filter(|party| at.values().all(|here| !here.contains(party) || here.len() == 1)));
    guests
}

/// Whether that is the compute host's end of a guest's link. libvirt gives it the guest's MAC address with 0xfe as its first byte, and lets no guest
/// have one that begins so (virNetDevTapCreateInBridgePort, qemuInterfaceEthernetConnect).
fn is_tap(party: Party, said: Role, parties: &BTreeMap<Party, Role>) -> bool {
    let Party::Mac(mac) = party else { return false };
    if HOST_ENDS.contains(&mac) {
        return true;
    }
    let [0xfe, rest @ ..] = mac.octets() else { return false };
    let is_other_end = |other: &Party| matches!(other, Party::Mac(other) if *other != mac && other.octets()[1..] == rest);
    !said.solicits || parties.keys().any(is_other_end)
}

/// Gives what a party without address and MAC address said to the one guest of its place; where there are several it stays nobody's. A place at
/// which nobody else is has it as its guest.
pub(super) fn settle_nameless(guests: &mut BTreeSet<Party>, frames: &mut [Kept]) {
    let mut at: BTreeMap<usize, BTreeSet<Party>> = BTreeMap::new();
    for kept in frames.iter().filter(|kept| guests.contains(&kept.from) && !matches!(kept.from, Party::Somebody(_))) {
        at.entry(kept.place).or_default().insert(kept.from);
    }
    guests.retain(|party| !matches!(party, Party::Somebody(place) if at.contains_key(place)));
    for kept in frames.iter_mut() {
        if let (Party::Somebody(place), Some(here)) = (kept.from, at.get(&kept.place))
            && place == kept.place
            && here.len() == 1
        {
            kept.from = here.first().copied().unwrap_or(kept.from);
        }
    }
}

/// The recordings of `guests`.
pub(super) fn recordings(guests: &BTreeSet<Party>, frames: &[Kept], span: &Span, file: &str, link: &Link<'_>) -> Recordings {
    let most = (MOST_EVENTS / guests.len().clamp(1, MOST_GUESTS)).min(Recording::MOST_EVENTS);
    let named = |guest: &Party| match guest {
        Party::Mac(mac) => mac.to_string(),
        Party::Address(_, address) => address.to_string(),
        Party::Tagged(mac, place) => {
            let vlans = link.places.get(*place).map(|(_, vlans)| vlans.as_slice()).unwrap_or_default();
            let vlans = vlans.iter().map(|vlan| format!("VLAN {vlan}")).collect::<Vec<_>>().join(" ");
            format!("{mac} {}", if vlans.is_empty() { "untagged" } else { &vlans })
        }
        Party::Somebody(place) => (link.interface)(*place),
    };
    let told = guests.iter().take(MOST_GUESTS).map(|guest| (named(guest), recording(*guest, frames, (span, file, link), most))).collect();
    (told, guests.iter().skip(MOST_GUESTS).take(MOST_NAMED).map(named).collect())
}

fn recording(guest: Party, frames: &[Kept], (span, file, link): (&Span, &str, &Link<'_>), most: usize) -> Recording {
    let to_it = |kept: &Kept| matches!(kept.to, To::One(party) if party == guest);
    let own: Vec<&Kept> = frames.iter().filter(|kept| kept.from == guest || to_it(kept)).collect();
    let mut places: BTreeSet<usize> = own.iter().map(|kept| kept.place).collect();
    places.extend(tagged_one_way(&places, frames, link));
    let said = || own.iter().filter(|kept| kept.from == guest);
    let groups: BTreeSet<Ipv6Addr> = said().filter_map(|kept| kept.source.or(kept.tested)).map(solicited_node).collect();
    let concerns = |kept: &&Kept| {
        kept.from == guest || to_it(kept) || matches!(kept.to, To::Group(group) if places.contains(&kept.place) && listens(group, &groups))
    };
    let mut events: Vec<&Kept> = Vec::new();
    let mut last: HashMap<u64, usize> = HashMap::new();
    let mut left_out: Option<(u64, u64, u64)> = None;
    for kept in frames.iter().filter(concerns) {
        if let Some(before) = last.get(&kept.fingerprint).and_then(|at| events.get_mut(*at)) {
            let again = kept.at_ns.saturating_sub(before.at_ns) <= SAME_NS && (kept.place != before.place || kept.cooked);
            if again {
                // One that has all of its bytes tells more.
                if before.cut && !kept.cut {
                    *before = kept;
                }
                continue;
            }
        }
        if events.len() < most {
            last.insert(kept.fingerprint, events.len());
            events.push(kept);
        } else {
            let (from, until, count) = left_out.unwrap_or((kept.at_ns, kept.at_ns, 0));
            left_out = Some((from, until.max(kept.at_ns), count + 1));
        }
    }
    let (began, elapsed_us, mut gaps) = span.told();
    gaps.extend(left_out.map(|(from, until, frames)| Gap { from_us: span.since(from), until_us: span.since(until), frames: Some(frames) }));
    Recording {
        file: file.to_owned(),
        by: Recorder::Capture,
        mac: if let Party::Mac(mac) | Party::Tagged(mac, _) = guest { Some(mac) } else { None },
        began,
        elapsed_us,
        up_at_us: coming_up(events.iter().copied().filter(|kept| kept.from == guest)).map(|at_ns| span.since(at_ns)),
        events: events.into_iter().map(|kept| event(kept, guest, span)).collect(),
        gaps,
    }
}

/// The place at which the network answers a guest whose own `places` have no answer: where a capture is taken, tags may be there in one direction
/// only. It is on the same interface, the only such one, and no other guest's.
fn tagged_one_way(places: &BTreeSet<usize>, frames: &[Kept], link: &Link<'_>) -> Option<usize> {
    let interface = |place: usize| link.places.get(place).map(|(interface, _)| *interface);
    let heard: BTreeSet<usize> = frames.iter().filter(|kept| (link.network)(kept.from)).map(|kept| kept.place).collect();
    if !heard.is_disjoint(places) {
        return None;
    }
    let near: Vec<usize> = heard.into_iter().filter(|place| places.iter().any(|own| interface(*own) == interface(*place))).collect();
    let [only] = near[..] else { return None };
    frames.iter().filter(|kept| kept.place == only).all(|kept| (link.network)(kept.from)).then_some(only)
}

fn event(kept: &Kept, guest: Party, span: &Span) -> Event {
    let marked = || Frame::parse(&kept.bytes).is_some_and(|(frame, _)| frame.flow_label == OWN_FLOW_LABEL);
    let direction = match kept.from == guest {
        true if marked() => Direction::Sent,
        true => Direction::Guest,
        false => Direction::Received,
    };
    Event { at_us: span.since(kept.at_ns), found: false, what: Happening::Frame(seen(direction, kept.bytes.clone(), kept.cut)) }
}

/// Whether a host listens to `group`: not to all routers, all DHCPv6 servers and relays, and all MLDv2 routers, and to solicited-node groups only
/// of its addresses.
fn listens(group: Ipv6Addr, own: &BTreeSet<Ipv6Addr>) -> bool {
    match group.segments() {
        [0xff01 | 0xff02 | 0xff05, 0, 0, 0, 0, 0, 0, 2]
        | [0xff02, 0, 0, 0, 0, 0, 0, 0x16]
        | [0xff02, 0, 0, 0, 0, 0, 1, 2]
        | [0xff05, 0, 0, 0, 0, 0, 1, 3] => false,
        [0xff02, 0, 0, 0, 0, 1, 0xff00..=0xffff, _] => own.contains(&group),
        _ => true,
    }
}

/// When the interface came up, by what the guest `said`: it tests its link-local address first, and before that sends from `::` only (RFC 4862
/// section 5.4). If it had used an address before, the capture began later than the interface.
fn coming_up<'a>(said: impl Iterator<Item = &'a Kept>) -> Option<u64> {
    let mut first = None;
    for kept in said {
        if kept.source.is_some() {
            return None;
        }
        let first = *first.get_or_insert(kept.at_ns);
        if kept.tested.is_some_and(|tested| tested.is_unicast_link_local()) {
            return Some(if kept.at_ns - first <= COMING_UP_NS { first } else { kept.at_ns });
        }
    }
    None
}
