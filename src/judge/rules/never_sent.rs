//! Messages that a host leaves to routers.

use serde::Deserialize;

use super::story::{Said, Story, forwards_now, seconds};
use super::{Finding, Judgement, Kind, Subject};
use crate::wire::message::Message;

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
        let story = Story::of(subject)?;
        if forwards_now(subject) {
            return Ok(Finding::skip("the guest forwards: it is a router"));
        }
        let name = match self.message {
            Routers::RouterAdvertisement => "Router Advertisement",
            Routers::Redirect => "Redirect",
        };
        let sent: Vec<&Said<'_>> = story
            .own()
            .filter(|said| match self.message {
                Routers::RouterAdvertisement => matches!(said.message, Message::RouterAdvertisement(_)),
                Routers::Redirect => matches!(said.message, Message::Redirect),
            })
            .collect();
        let expected = format!("no {name} from the guest");
        if !sent.is_empty() && story.foreign() {
            return Ok(Finding::inconclusive(format!("the guest sent a {name}, and whether it forwards is not in a capture")));
        }
        if let Some(first) = sent.iter().find(|said| !story.forwards_at(said.at_us)) {
            let evidence = story.evidence(first.at_us, format!("{name} from {} to {}", first.frame.source, first.frame.destination));
            let message = format!("the guest, which is no router, sent a {name} at {}", seconds(first.at_us));
            return Ok(Finding::fail(expected, format!("{} {name}(s)", sent.len()), message).with_all([evidence]));
        }
        let Some(last) = story.own().last() else { return Ok(story.none("message")) };
        if !sent.is_empty() {
            return Ok(Finding::skip(format!("the guest forwards: it sent each {name} as a router")));
        }
        if !story.recording.gaps.is_empty() {
            return Ok(Finding::inconclusive(format!("no {name} of the guest's is in the recording, but frames are missing from it")));
        }
        let evidence = story.evidence(last.at_us, "the guest's last frame");
        Ok(Finding::pass(expected, format!("none among {} frames", story.own().count())).with_all([evidence]))
    }
}
