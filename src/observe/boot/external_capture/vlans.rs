//! One MAC address on several VLANs is several guests, unless the same frames are on each: a tap and the trunk behind it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{Kept, Party, To};
use crate::facts::Mac;

/// The same frame on two VLANs within this time is one.
const SAME_NS: u64 = 100_000_000;

/// Tells guests apart that have the same MAC address on several VLANs; `places` has the interface and VLANs of each place.
pub(super) fn tell_apart(guests: &mut BTreeSet<Party>, frames: &mut [Kept], places: &[(usize, Vec<u16>)]) {
    let vlans = |place: usize| places.get(place).map(|(_, vlans)| vlans.as_slice()).unwrap_or_default();
    for guest in guests.clone() {
        let Party::Mac(mac) = guest else { continue };
        // Its places by VLANs; the first place names them.
        let mut on: BTreeMap<&[u16], Vec<&Kept>> = BTreeMap::new();
        for kept in frames.iter().filter(|kept| kept.from == guest) {
            on.entry(vlans(kept.place)).or_default().push(kept);
        }
        let groups: Vec<&Vec<&Kept>> = on.values().collect();
        let pairs = groups.iter().enumerate().flat_map(|(at, one)| groups[at + 1..].iter().map(move |other| (one, other)));
        if groups.len() < 2 || pairs.clone().any(|(one, other)| !differ(one, other) || !differ(other, one)) {
            continue;
        }
        let named: Vec<(Vec<u16>, usize)> = on.iter().map(|(vlans, kept)| (vlans.to_vec(), kept.first().map_or(0, |kept| kept.place))).collect();
        guests.remove(&guest);
        guests.extend(named.iter().map(|(_, place)| Party::Tagged(mac, *place)));
        rename(frames, guest, mac, |place| named.iter().find(|(of, _)| of == vlans(place)).map(|(_, first)| *first));
    }
}

fn rename(frames: &mut [Kept], guest: Party, mac: Mac, first_place: impl Fn(usize) -> Option<usize>) {
    for kept in frames {
        let Some(first) = first_place(kept.place) else { continue };
        if kept.from == guest {
            kept.from = Party::Tagged(mac, first);
        }
        if matches!(kept.to, To::One(party) if party == guest) {
            kept.to = To::One(Party::Tagged(mac, first));
        }
    }
}

/// Whether most frames of `one` are not among those of `other`.
fn differ(one: &[&Kept], other: &[&Kept]) -> bool {
    let mut times: HashMap<u64, Vec<u64>> = HashMap::new();
    for kept in other {
        times.entry(kept.fingerprint).or_default().push(kept.at_ns);
    }
    let same = |kept: &&&Kept| times.get(&kept.fingerprint).is_some_and(|times| times.iter().any(|at_ns| at_ns.abs_diff(kept.at_ns) <= SAME_NS));
    one.iter().filter(same).count() * 2 < one.len()
}
