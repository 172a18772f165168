//! Messages that a host leaves to routers.

use serde::Deserialize;

use super::timing::forwards_now;
use super::trace::{Trace, TracedPacket, seconds};
use super::{Finding, Judgement, Kind, Subject};
use crate::wire::message::Message;
use crate::wire::neighbor::NeighborAdvertisement;

/// The guest sent none of these, unless it was told to forward.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NeverSent {
    message: Routers,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Routers {
    RouterAdvertisement,
    Redirect,
}

impl Kind for NeverSent {
    fn judge(&self, subject: &Subject<'_>) -> Judgement {
        let trace = subject.trace()?;
        if forwards_now(subject) {
            return Ok(Finding::skip("the guest forwards: it is a router"));
        }
        let name = match self.message {
            Routers::RouterAdvertisement => "Router Advertisement",
            Routers::Redirect => "Redirect",
        };
        let sent: Vec<&TracedPacket<'_>> = trace
            .own()
            .filter(|packet| match self.message {
                Routers::RouterAdvertisement => matches!(packet.message, Message::RouterAdvertisement(_)),
                Routers::Redirect => matches!(packet.message, Message::Redirect),
            })
            .collect();
        let expected = format!("no {name} from the guest");
        if let Some(first) = sent.first().filter(|_| trace.foreign()) {
            return Ok(captured(trace, name, expected, first));
        }
        if let Some(first) = sent.iter().find(|packet| !trace.forwards_at(packet.at_us)) {
            let evidence = trace.evidence(first.at_us, format!("{name} from {} to {}", first.frame.source, first.frame.destination));
            let message = format!("the guest, which is no router, sent a {name} at {}", seconds(first.at_us));
            return Ok(Finding::fail(expected, format!("{} {name}(s)", sent.len()), message).with_all([evidence]));
        }
        let Some(last) = trace.own().last() else { return Ok(trace.none("message")) };
        if !sent.is_empty() {
            return Ok(Finding::skip(format!("the guest forwards: it sent each {name} as a router")));
        }
        if !trace.recording.gaps.is_empty() {
            return Ok(Finding::inconclusive(format!("no {name} of the guest's is in the recording, but frames are missing from it")));
        }
        let evidence = trace.evidence(last.at_us, "the guest's last frame");
        Ok(Finding::pass(expected, format!("none among {} frames", trace.own().count())).with_all([evidence]))
    }
}

/// A capture does not tell whether the guest forwards; its Neighbor Advertisements do, which have the R flag then (RFC 4861 section 7.2.4).
fn captured(trace: &Trace<'_>, name: &str, expected: String, first: &TracedPacket<'_>) -> Finding {
    let flags = trace.own().filter_map(|packet| match &packet.message {
        Message::NeighborAdvertisement(it) => Some((packet.at_us, it.flags & NeighborAdvertisement::ROUTER != 0)),
        _ => None,
    });
    let flags: Vec<(u64, bool)> = flags.collect();
    let evidence = trace.evidence(first.at_us, format!("{name} from {} to {}", first.frame.source, first.frame.destination));
    match flags.first() {
        Some((at_us, false)) if flags.iter().all(|(_, router)| !router) => {
            let message = format!(
                "the guest sent a {name} at {}, and by its Neighbor Advertisement at {}, without the R flag, it is no router",
                seconds(first.at_us),
                seconds(*at_us)
            );
            Finding::fail(expected, format!("a {name} from a host"), message).with_all([evidence])
        }
        Some(_) if flags.iter().all(|(_, router)| *router) => {
            Finding::skip(format!("the guest sent a {name} as a router: its Neighbor Advertisements have the R flag")).with_all([evidence])
        }
        _ => Finding::inconclusive(format!("the guest sent a {name}, and whether it forwards is not in a capture")).with_all([evidence]),
    }
}
