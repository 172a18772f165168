//! After the link was away, the client asks whether its addresses still belong there.

use serde::Deserialize;

use super::trace::{Trace, seconds};
use super::verdicts::{Look, Verdicts};
use super::{Judgement, Kind, Subject};
use crate::facts::{Change, Happening, LinkChange};
use crate::wire::dhcpv6::kind;

/// A Confirm, Rebind or Renew follows when the link comes back and the client still has its lease (RFC 8415 section 18.2.12).
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Dhcpv6Confirm {
    /// How long the client may take, in seconds.
    within_s: u32,
}

impl Kind for Dhcpv6Confirm {
    fn judge(&self, subject: &Subject<'_>) -> Judgement {
        let trace = subject.trace()?;
        let mut verdicts = Verdicts::new("a Confirm, Rebind or Renew after the link came back");
        let leased = trace.leases().first().map(|lease| lease.at_us);
        let (mut away, mut given_up) = (false, false);
        for event in trace.recording.events.iter().filter(|event| leased.is_some_and(|leased| leased < event.at_us)) {
            match &event.what {
                // What a client that drops its addresses with the link has left is nothing to confirm.
                Happening::Address(it) if it.change == Change::Gone && !it.address.is_unicast_link_local() => given_up = true,
                Happening::Link(LinkChange { up: true, carrier: true }) if away => {
                    if !given_up {
                        verdicts.look(trace.evidence(event.at_us, "the link is back"), self.look(trace, event.at_us));
                    }
                    (away, given_up) = (false, false);
                }
                Happening::Link(LinkChange { up: true, carrier: true }) => {}
                Happening::Link(_) => away = true,
                _ => {}
            }
        }
        Ok(verdicts.settle("returns of the link to a lease", [trace]))
    }
}

impl Dhcpv6Confirm {
    fn look(&self, trace: &Trace<'_>, back_us: u64) -> Look {
        let due = back_us.saturating_add(u64::from(self.within_s) * 1_000_000);
        let next = trace.sent().find(|sent| sent.at_us() >= back_us && sent.at_us() <= due);
        let place = format!("after the link came back at {}", seconds(back_us));
        match next.map(|sent| sent.message.kind) {
            Some(kind::CONFIRM | kind::REBIND | kind::RENEW) => Look::Right,
            _ if trace.lost_between(back_us, due) => Look::Unsure(format!("frames are missing {place}")),
            Some(_) => {
                Look::Wrong("it begins anew".into(), format!("the client begins anew {place}, instead of asking whether its addresses still hold"))
            }
            None if trace.recording.elapsed_us < due || trace.link_changed(back_us.saturating_add(1), due) => {
                Look::Unsure(format!("{place} the recording is too short"))
            }
            None => Look::Wrong("nothing".into(), format!("the client does not ask {place} whether its addresses still hold")),
        }
    }
}
