//! A mirror port that shows each frame on its way in and on its way out: the copies are no frames of their own.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::{Kept, Party};

/// As long as a copy may come behind its frame; no protocol repeats one so soon.
const COPY_NS: u64 = 10_000_000;
/// As many copies as show a mirror, and the part of a party's frames, in tenths, that come twice.
const MIN_COPIES: usize = 3;
const TENTHS: usize = 8;

/// The frames, in the order of time, without the copies of parties all of whose frames come twice. Who really sends a frame again and again sends
/// it more than twice.
pub(super) fn without_copies(frames: Vec<Kept>) -> Vec<Kept> {
    let mut last: HashMap<(u64, usize), (usize, usize)> = HashMap::new();
    let mut copies: HashSet<usize> = HashSet::new();
    // Frames and copies of each party at each place, and whether one came more than twice.
    let mut counts: BTreeMap<(Party, usize), (usize, usize, bool)> = BTreeMap::new();
    for (at, kept) in frames.iter().enumerate() {
        let (seen, copied, often) = counts.entry((kept.from, kept.place)).or_default();
        *seen += 1;
        let times = match last.get(&(kept.fingerprint, kept.place)) {
            Some((before, times)) if kept.at_ns.saturating_sub(frames[*before].at_ns) <= COPY_NS => times + 1,
            _ => 1,
        };
        if times == 2 {
            *copied += 1;
            copies.insert(at);
        }
        *often |= times > 2;
        last.insert((kept.fingerprint, kept.place), (at, times));
    }
    let most = |(seen, copied, often): &(usize, usize, bool)| !often && *copied > 0 && copied * 20 >= seen * TENTHS;
    let mirrored = |place: usize| counts.iter().any(|((_, at), count)| *at == place && most(count) && count.1 >= MIN_COPIES);
    let places: HashSet<usize> = counts.keys().map(|(_, place)| *place).filter(|place| mirrored(*place)).collect();
    let is_copy =
        |(at, kept): &(usize, Kept)| copies.contains(at) && places.contains(&kept.place) && counts.get(&(kept.from, kept.place)).is_some_and(most);
    frames.into_iter().enumerate().filter(|frame| !is_copy(frame)).map(|(_, kept)| kept).collect()
}
