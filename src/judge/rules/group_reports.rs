//! The solicited-node groups of the guest's addresses, as its MLD reports tell of them.

use std::net::Ipv6Addr;

use serde::Deserialize;

use super::trace::{self, Trace, seconds};
use super::{Finding, Judgement, Kind, Subject};
use crate::wire::message::Message;
use crate::wire::neighbor::solicited_node;

/// The guest reports that it listens to the solicited-node group of each of its addresses.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct GroupReports {
    /// Which reports count.
    by: By,
    /// How much later a report may be seen, in milliseconds.
    tolerance_ms: u64,
}

/// When the group must have been reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum By {
    /// When duplicate address detection of the address begins.
    Detection,
    /// Once the address is usable.
    Use,
}

impl Kind for GroupReports {
    fn judge(&self, subject: &Subject<'_>) -> Judgement {
        let trace = subject.trace()?;
        let mut addresses: Vec<(u64, Ipv6Addr)> = match self.by {
            By::Detection => trace.detections().collect(),
            By::Use => usable(trace),
        };
        // The first time counts; a report that is due after the end of the recording is not missed.
        addresses.retain(|(at_us, _)| at_us.saturating_add(self.tolerance()) < trace.recording.elapsed_us);
        addresses.sort_by(|(at_us, address), (other_us, other)| (address, at_us).cmp(&(other, other_us)));
        addresses.dedup_by_key(|(_, address)| *address);
        let Some((first_at, first)) = addresses.iter().min().copied() else {
            return Ok(match self.by {
                By::Detection => trace.none("Neighbor Solicitation for duplicate address detection"),
                By::Use => Finding::skip("the recording tells of no address"),
            });
        };
        let expected = match self.by {
            By::Detection => "the solicited-node group is joined before duplicate address detection",
            By::Use => "the solicited-node group of each address is reported",
        };
        let Some((at_us, address)) = addresses.iter().find(|(at_us, address)| !self.reported(trace, *at_us, *address)) else {
            let group = solicited_node(first);
            let seen = format!("so for {} address(es)", addresses.len());
            return Ok(Finding::pass(expected, seen).with_all([trace.evidence(first_at, format!("{first} is in {group}, which was reported"))]));
        };
        let group = solicited_node(*address);
        // An interface reports the group up to a second before it tests the address (RFC 4862 section 5.4.2), and the capture of another program may
        // begin between both.
        let just_begun = trace.foreign() && self.by == By::Detection && *at_us < BEGINNING_US && !trace.reported_before(*at_us);
        if !trace.shows_the_start() || just_begun {
            return Ok(Finding::inconclusive(format!("{group} may have been reported before the recording began")));
        }
        let until = if self.by == By::Use { u64::MAX } else { at_us.saturating_add(self.tolerance()) };
        let cut = trace.own().any(|packet| packet.cut && packet.at_us <= until && matches!(packet.message, Message::ListenerReport(_)));
        if cut || trace.lost_between(0, until) {
            return Ok(Finding::inconclusive(format!("a report of {group} may be in what is missing from the recording")));
        }
        let when = match self.by {
            By::Detection => format!("before duplicate address detection of {address} at {}", seconds(*at_us)),
            By::Use => format!("though {address} is in use since {}", seconds(*at_us)),
        };
        let message = format!("no MLD report of {group} {when}");
        Ok(Finding::fail(expected, message.clone(), message).with_all([trace.evidence(*at_us, format!("{address}, whose group is {group}"))]))
    }
}

/// How long a capture must reach back before a test for a missing report to be one, in microseconds.
const BEGINNING_US: u64 = 2_000_000;

impl GroupReports {
    fn tolerance(&self) -> u64 {
        self.tolerance_ms.saturating_mul(1000)
    }

    fn reported(&self, trace: &Trace<'_>, at_us: u64, address: Ipv6Addr) -> bool {
        let group = solicited_node(address);
        trace.own().any(|packet| match &packet.message {
            Message::ListenerReport(report) => {
                let timely = self.by == By::Use || packet.at_us <= at_us.saturating_add(self.tolerance());
                timely && report.records.iter().any(|record| record.group == group && record.joins())
            }
            _ => false,
        })
    }
}

/// Addresses that may be used, by the kernel's word, and since when; of a capture without it, those that messages come from.
fn usable(trace: &Trace<'_>) -> Vec<(u64, Ipv6Addr)> {
    let told = trace.address_changes().filter(|(_, change)| trace::usable(change));
    let mut usable: Vec<_> = told.map(|(at_us, it)| (at_us, it.address)).collect();
    if usable.is_empty() {
        usable.extend(trace.own().map(|packet| (packet.at_us, packet.frame.source)));
    }
    usable.retain(|(_, address)| !address.is_unspecified() && !address.is_loopback() && !address.is_multicast());
    usable
}
