//! Waiting for the guest itself to settle: for duplicate address detection before anything is read, and for the kernel's counters after.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::{Signals, counters as read_counters, state};
use crate::facts::{Counters, DELIVERED_DATAGRAMS, Direction, Link, Network, Observed, RECEIVED_DATAGRAMS, RECEIVED_RAS};

/// How long duplicate address detection is waited for: its random delay, one Neighbor Solicitation and its second (RFC 4862 section 5.4),
/// and as much again.
const DETECTION: Duration = Duration::from_secs(4);
const LOOK_AGAIN: Duration = Duration::from_millis(20);
/// How long the kernel may take to count a frame that we have already seen.
const COUNTING: Duration = Duration::from_millis(100);
const COUNT_AGAIN: Duration = Duration::from_millis(5);

/// Waits until no address of a checked interface is tentative that will not stay so: without a carrier detection does not end.
pub(super) async fn addresses(checked: &BTreeMap<&String, &Link>, timeout: Duration, signals: &mut Signals) {
    let indices: BTreeSet<u32> = checked.values().filter(|link| link.up && link.carrier).map(|link| link.index).collect();
    let deadline = Instant::now() + DETECTION.min(timeout);
    while state::detects_duplicates(&indices) && Instant::now() < deadline {
        tokio::select! {
            _ = signals.wait() => return,
            () = sleep(LOOK_AGAIN) => {}
        }
    }
}

/// Reads the counters after the conversations. A frame reaches a packet socket before the kernel counts it, so where one is missing from
/// the counts they are read again for a moment: what then is still missing was dropped.
pub(super) async fn counters(
    names: &BTreeSet<String>,
    before: &BTreeMap<String, Observed<Counters>>,
    networks: &BTreeMap<String, Network>,
) -> BTreeMap<String, Observed<Counters>> {
    let deadline = Instant::now() + COUNTING;
    loop {
        let after = read_counters(names);
        let missing = names.iter().any(|name| {
            let (Some(Observed::Seen(before)), Some(Observed::Seen(after))) = (before.get(name), after.get(name)) else { return false };
            networks.get(name).is_some_and(|network| is_missing(network, before, after))
        });
        if !missing || Instant::now() >= deadline {
            return after;
        }
        sleep(COUNT_AGAIN).await;
    }
}

fn is_missing(network: &Network, before: &Counters, after: &Counters) -> bool {
    let grew = |name: &str| after.get(name).copied().unwrap_or(0).saturating_sub(before.get(name).copied().unwrap_or(0));
    let arrived = network.router.get().is_ok_and(|router| router.frames.iter().any(|frame| frame.direction == Direction::Received));
    (arrived && grew(RECEIVED_RAS) == 0) || grew(RECEIVED_DATAGRAMS) > grew(DELIVERED_DATAGRAMS)
}
