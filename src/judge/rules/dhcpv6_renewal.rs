//! The lease is renewed when its server wants it to be.

use serde::Deserialize;

use super::exchanges::shown;
use super::story::{Said, Story, seconds};
use super::tally::{Look, Tally};
use super::{Finding, Judgement, Kind, Subject};
use crate::wire::dhcpv6::{DhcpOption, Message, kind};

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
        let story = Story::of(subject)?;
        let (name, number) = if self.at == At::T1 { ("Renew", kind::RENEW) } else { ("Rebind", kind::REBIND) };
        let mut tally = Tally::new(format!("a {name} at {:?}", self.at));
        let mut leases = story.server().filter_map(|(said, message)| lease(said, message)).peekable();
        let mut early = false;
        while let Some(lease) = leases.next() {
            let after_s = if self.at == At::T1 { lease.t1_s } else { lease.t2_s };
            // 0 leaves the time to the client, and all ones are never (RFC 8415 section 14.2 and 7.7).
            if after_s == 0 || after_s == u32::MAX {
                continue;
            }
            let after_us = u64::from(after_s) * 1_000_000;
            let due = lease.at_us.saturating_add(after_us / 10 * 11 + GRACE_US);
            let renewed = leases.peek().is_some_and(|next| next.at_us <= due);
            let asked = story.sent().find(|sent| sent.at_us() >= lease.at_us && sent.message.kind == number);
            let evidence = story.evidence(lease.at_us, format!("Reply with {:?} {after_s} s from server {}", self.at, shown(lease.server)));
            let look = match asked.filter(|sent| sent.at_us() <= due) {
                Some(sent) if number == kind::RENEW && sent.message.server_id().is_some_and(|to| to != lease.server) => {
                    let to = shown(sent.message.server_id().unwrap_or_default());
                    let message = format!("the Renew at {} goes to {to}, and the lease is of {}", seconds(sent.at_us()), shown(lease.server));
                    Look::Wrong(format!("a Renew to {to}"), message)
                }
                Some(_) => Look::Right,
                None if renewed => continue,
                None if due > story.recording.elapsed_us => {
                    early = true;
                    continue;
                }
                None if story.lost_between(lease.at_us, due) || story.foreign() => {
                    Look::Unsure(format!("no {name} was captured; one may have been missed"))
                }
                None if story.link_changed(lease.at_us, due) || given_up(&story, lease.at_us, due) => continue,
                None => {
                    let message = format!("no {name} by {}, and {:?} was {after_s} s after the Reply at {}", seconds(due), self.at, seconds(lease.at_us));
                    Look::Wrong(format!("no {name}"), message)
                }
            };
            tally.look(evidence, look);
        }
        if early {
            return Ok(tally.conclude("leases", || Finding::skip(format!("the recording ends before {:?}", self.at))));
        }
        Ok(tally.settle("leases with such a time", [&story]))
    }
}

struct Lease<'s> {
    at_us: u64,
    server: &'s [u8],
    t1_s: u32,
    t2_s: u32,
}

fn lease<'s>(said: &Said<'_>, message: &'s Message) -> Option<Lease<'s>> {
    let server = message.server_id().filter(|_| message.kind == kind::REPLY)?;
    message.options.iter().find_map(|option| match option {
        DhcpOption::IaNa { t1_s, t2_s, options, .. } if options.iter().any(|option| matches!(option, DhcpOption::IaAddress { valid_s: 1.., .. })) => {
            Some(Lease { at_us: said.at_us, server, t1_s: *t1_s, t2_s: *t2_s })
        }
        _ => None,
    })
}

/// Whether the client gave its lease back, or began anew, in this time.
fn given_up(story: &Story<'_>, from_us: u64, until_us: u64) -> bool {
    let ends = |number: u8| matches!(number, kind::RELEASE | kind::DECLINE | kind::SOLICIT | kind::CONFIRM);
    story.sent().any(|sent| from_us < sent.at_us() && sent.at_us() <= until_us && ends(sent.message.kind))
}
