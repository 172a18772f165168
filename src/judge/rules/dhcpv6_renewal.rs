//! The lease is renewed when its server wants it to be.

use std::net::Ipv6Addr;

use serde::Deserialize;

use super::leases::Lease;
use super::retransmissions::{Sent, shown};
use super::trace::{Trace, seconds};
use super::verdicts::{Look, Verdicts};
use super::{Finding, Judgement, Kind, Subject};
use crate::facts::Change;
use crate::wire::dhcpv6::kind;

/// At T1 the client sends a Renew to its server, at T2 without an answer a Rebind (RFC 8415 section 18.2.4 and 18.2.5).
///
/// Earlier is not judged: a client may have a reason of its own. Later by a tenth and some seconds is in time.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Dhcpv6Renewal {
    /// Which of both.
    at: At,
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum At {
    T1,
    T2,
}

const GRACE_US: u64 = 5_000_000;

impl Kind for Dhcpv6Renewal {
    fn judge(&self, subject: &Subject<'_>) -> Judgement {
        let trace = subject.trace()?;
        let (name, number) = if self.at == At::T1 { ("Renew", kind::RENEW) } else { ("Rebind", kind::REBIND) };
        let mut verdicts = Verdicts::new(format!("a {name} at {:?}", self.at));
        let leases = trace.leases();
        let exchanges = trace.transmissions();
        let renewals = exchanges.iter().filter(|exchange| exchange.first().message.kind == kind::RENEW);
        let answered: Vec<_> = renewals.filter_map(|exchange| Some((exchange.first().at_us(), exchange.answered_at(trace)?))).collect();
        let mut early = false;
        for (at, lease) in leases.iter().enumerate() {
            let after_s = if self.at == At::T1 { lease.times_s.0 } else { lease.times_s.1 };
            // 0 leaves the time to the client, and all ones are never (RFC 8415 section 14.2 and 7.7).
            if after_s == 0 || after_s == u32::MAX {
                continue;
            }
            let after_us = u64::from(after_s) * 1_000_000;
            let due = lease.at_us.saturating_add(after_us / 10 * 11 + GRACE_US);
            let renewed = leases[at + 1..].iter().any(|next| lease.at_us < next.at_us && next.at_us <= due);
            let its = |sent: &Sent<'_>| sent.message.kind == number && sent.message.client_id() == Some(lease.client);
            let asked = trace.sent().find(|sent| sent.at_us() >= lease.at_us && its(sent));
            let evidence = trace.evidence(lease.at_us, format!("Reply with {:?} {after_s} s from server {}", self.at, shown(lease.server)));
            let look = match asked.filter(|sent| sent.at_us() <= due) {
                Some(sent) if number == kind::RENEW && sent.message.server_id().is_some_and(|to| to != lease.server) => {
                    let to = shown(sent.message.server_id().unwrap_or_default());
                    let message = format!("the Renew at {} goes to {to}, and the lease is of {}", seconds(sent.at_us()), shown(lease.server));
                    Look::Wrong(format!("a Renew to {to}"), message)
                }
                Some(_) => Look::Right,
                None if renewed => continue,
                None if due > trace.recording.elapsed_us => {
                    early = true;
                    continue;
                }
                None if trace.lost_between(lease.at_us, due) || trace.foreign() => {
                    Look::Unsure(format!("no {name} was captured; one may have been missed"))
                }
                None if trace.link_changed(lease.at_us, due) || given_up(trace, &answered, lease, due) => continue,
                None if !taken(trace, lease) => Look::Unsure(format!("no {name} was sent, but nothing shows that the client took the lease")),
                None => {
                    let message =
                        format!("no {name} by {}, and {:?} was {after_s} s after the Reply at {}", seconds(due), self.at, seconds(lease.at_us));
                    Look::Wrong(format!("no {name}"), message)
                }
            };
            verdicts.look(evidence, look);
        }
        if early {
            return Ok(verdicts.conclude("leases", || Finding::skip(format!("the recording ends before {:?}", self.at))));
        }
        Ok(verdicts.settle("leases with such a time", [trace]))
    }
}

/// Whether the client gave its lease back, or asked anew for it, in this time; or its Renew had a Reply, which may have refused.
fn given_up(trace: &Trace<'_>, answered: &[(u64, u64)], lease: &Lease<'_>, until_us: u64) -> bool {
    let within = |at_us: u64| lease.at_us < at_us && at_us <= until_us;
    let ends = |number: u8| matches!(number, kind::RELEASE | kind::DECLINE | kind::SOLICIT | kind::REQUEST | kind::CONFIRM | kind::REBIND);
    trace.sent().any(|sent| within(sent.at_us()) && ends(sent.message.kind))
        || answered.iter().any(|(asked, answered)| within(*asked) && within(*answered))
}

/// Whether the guest has an address of the lease: a Reply that its firewall drops, and one that another node forged, gives none.
fn taken(trace: &Trace<'_>, lease: &Lease<'_>) -> bool {
    let its = |address: Ipv6Addr| lease.addresses.contains(&address);
    trace.address_changes().any(|(_, change)| change.change == Change::Set && its(change.address))
        || trace.detections().any(|(_, target)| its(target))
        || trace.own().any(|packet| its(packet.frame.source))
}
