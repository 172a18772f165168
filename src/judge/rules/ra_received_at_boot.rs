//! A router advertised itself as the guest booted.

use serde::Deserialize;

use super::story::{Story, seconds};
use super::window::{Window, advertisements};
use super::{Cause, Finding, Judgement, Kind, Place, Subject};
use crate::facts::{RECEIVED_RAS, Route, Tense, Unknown};

/// A valid Router Advertisement with a router lifetime arrived in the boot window (RFC 4861 section 6.1.2 and 6.3.4).
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RaReceivedAtBoot {
    /// Seconds from the interface's coming up.
    window_s: u64,
}

const EXPECTED: &str = "a valid Router Advertisement with a router lifetime in the boot window";

impl Kind for RaReceivedAtBoot {
    fn judge(&self, subject: &Subject<'_>) -> Judgement {
        match Story::of(subject) {
            Ok(story) => Ok(recorded(&story, self.window_s)),
            Err(absent @ Unknown { absent: true, .. }) => Err(absent),
            Err(unknown) => counted(subject, &unknown),
        }
    }
}

fn recorded(story: &Story<'_>, window_s: u64) -> Finding {
    let window = Window::new(story, window_s);
    let heard: Vec<_> = advertisements(story).collect();
    let shown = |at_us: u64, from| story.evidence(at_us, format!("Router Advertisement from {from}"));
    let good = heard.iter().find(|(_, router)| router.offers_default_route());
    if let Some((at_us, router)) = good.filter(|(at_us, _)| window.holds(*at_us)) {
        let seen = format!("from {}, lifetime {} s, {}", router.from, router.message.lifetime_s, window.after(*at_us));
        return Finding::pass(EXPECTED, seen).with_all([shown(*at_us, router.from)]);
    }
    if let Some(why) = window.hides() {
        return Finding::inconclusive(format!("no Router Advertisement that counts is seen, and {why}"));
    }
    let length = window.length();
    let sent: Vec<u64> = story.solicitations().map(|said| said.at_us).filter(|at_us| window.holds(*at_us)).collect();
    let finding = match heard.first().filter(|(at_us, _)| window.holds(*at_us)) {
        Some((at_us, router)) => {
            let (seen, message) = match router.invalid() {
                Some(why) => (format!("an invalid one: {why}"), format!("the Router Advertisement of {} was invalid: {why}", router.from)),
                None => ("router lifetime 0".into(), format!("{} advertised itself with lifetime 0: it was no default router", router.from)),
            };
            Finding::fail(EXPECTED, seen, message).with_all([shown(*at_us, router.from)])
        }
        None if sent.is_empty() => {
            let message = format!("no Router Advertisement came within {length} of the interface's coming up, and the guest solicited none");
            Finding::fail(EXPECTED, "none, and none was solicited", message).because(Cause::NotAsked)
        }
        None => {
            let later = good.map(|(at_us, _)| format!("; the first one came {}", window.after(*at_us))).unwrap_or_default();
            let word = if sent.len() == 1 { "Router Solicitation" } else { "Router Solicitations" };
            let message = format!("no router answered: {} {word} brought no Router Advertisement within {length}{later}", sent.len());
            Finding::fail(EXPECTED, "none", message).because(Cause::Silence)
        }
    };
    let solicited = sent.iter().map(|at_us| story.evidence(*at_us, "Router Solicitation"));
    let recorded = story.evidence(window.from_us, format!("the interface came up; recorded until {}", seconds(story.recording.elapsed_us)));
    finding.with_all(solicited.take(8)).with_all([recorded])
}

/// By what the kernel keeps: its counter, and the route that it learned.
fn counted(subject: &Subject<'_>, unknown: &Unknown) -> Judgement {
    let (_, tenses) = subject.on_interface()?;
    let state = &tenses.state;
    let received = state.counters.get().ok().and_then(|counters| counters.before.get(RECEIVED_RAS)).copied().unwrap_or(0);
    let learned = state.routes.get().is_ok_and(|routes| routes.iter().any(|route| route.is_default() && route.protocol == Route::RA));
    if received == 0 || !learned {
        let reason = format!("{}; nothing else shows a Router Advertisement of the boot", unknown.reason);
        return Ok(Finding::inconclusive(unknown.clone().saying(reason)));
    }
    let seen = format!("{received} received since the interface exists, and a default route learned; when is not known");
    Ok(Finding::pass(EXPECTED, seen).with(
        Tense::Boot,
        Place::Words(format!("kernel: /proc/net/dev_snmp6/{} (weaker than a recording)", subject.name)),
        format!("{RECEIVED_RAS} {received}"),
    ))
}
