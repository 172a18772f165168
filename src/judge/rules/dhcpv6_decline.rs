//! An address that another node has is declined.

use std::collections::BTreeSet;
use std::net::Ipv6Addr;

use serde::Deserialize;

use super::trace::{Trace, seconds};
use super::verdicts::{Look, Verdicts};
use super::{Judgement, Kind, Subject};
use crate::exchange::answer::named_addresses;
use crate::facts::{AddressFlag, Happening};
use crate::wire::dhcpv6::{Message as Dhcpv6, kind};
use crate::wire::message::Message;

/// A Decline follows when duplicate address detection fails for an address of a Reply (RFC 8415 section 18.2.10.1 and 18.2.8).
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Dhcpv6Decline {
    /// How long the client may take, in seconds.
    within_s: u32,
}

/// As many addresses as are looked at.
const MOST_ADDRESSES: usize = 64;
/// How long after its Neighbor Solicitation a detection still listens (RFC 4862 section 5.4: RETRANS_TIMER).
const DETECTION_US: u64 = 1_000_000;

impl Kind for Dhcpv6Decline {
    fn judge(&self, subject: &Subject<'_>) -> Judgement {
        let trace = subject.trace()?;
        let mut verdicts = Verdicts::new("a Decline of an address that another node has");
        let leased: BTreeSet<Ipv6Addr> = trace.leases().into_iter().flat_map(|lease| lease.addresses).take(MOST_ADDRESSES).collect();
        for address in leased {
            let Some(found) = duplicate(trace, address) else { continue };
            let due = found.saturating_add(u64::from(self.within_s) * 1_000_000);
            let declines = |message: &Dhcpv6| message.kind == kind::DECLINE && named_addresses(&message.options).any(|named| named == address);
            let declined = trace.sent().any(|sent| sent.at_us() >= found && declines(sent.message));
            let look = if declined {
                Look::Right
            } else if due > trace.recording.elapsed_us || trace.foreign() || trace.lost_between(found, due) {
                Look::Unsure(format!("no Decline of {address} was captured; the recording may have missed it"))
            } else {
                let message = format!("{address} is another node's, as was found at {}, and the client did not decline it", seconds(found));
                Look::Wrong("no Decline".into(), message)
            };
            verdicts.look(trace.evidence(found, format!("{address} is a duplicate")), look);
        }
        Ok(verdicts.settle("duplicates of leased addresses", [trace]))
    }
}

/// When detection found that another node has `address`.
fn duplicate(trace: &Trace<'_>, address: Ipv6Addr) -> Option<u64> {
    let told = trace.recording.events.iter().find_map(|event| match &event.what {
        Happening::Address(it) if it.address == address && it.flags.contains(&AddressFlag::Dadfailed) => Some(event.at_us),
        _ => None,
    });
    let asked: Vec<u64> = trace
        .guest()
        .filter(|packet| packet.frame.source.is_unspecified() && matches!(&packet.message, Message::NeighborSolicitation(it) if it.target == address))
        .map(|packet| packet.at_us)
        .collect();
    let heard = asked.iter().find_map(|asked| trace.claimed(address, *asked..asked.saturating_add(DETECTION_US))).map(|packet| packet.at_us);
    // Where the kernel holds it to be usable, detection did not fail, whatever was on the link.
    told.or(heard.filter(|heard| trace.usable_at(address, *heard..u64::MAX).is_none()))
}
