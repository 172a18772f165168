//! The guest solicited a Router Advertisement as it booted.

use serde::Deserialize;

use super::story::Story;
use super::window::{Window, advertisements};
use super::{Finding, Judgement, Kind, Place, Subject};
use crate::facts::{SENT_RSS, Tense, Unknown};

/// A Router Solicitation left the interface in the boot window (RFC 4861 section 6.3.7), or a router was heard before one was due.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RsAtBoot {
    /// Seconds from the interface's coming up.
    window_s: u64,
}

/// Until when no Router Solicitation is due, in microseconds: delay and wait of duplicate address detection, then the delay of the first one (RFC
/// 4862 section 5.4.2, RFC 4861 section 6.3.7), each of a second.
const DUE_US: u64 = 3_000_000;
const EXPECTED: &str = "a Router Solicitation in the boot window";

impl Kind for RsAtBoot {
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
    let first = story.solicitations().next().map(|said| said.at_us);
    if let Some(at_us) = first.filter(|at_us| window.holds(*at_us)) {
        return Finding::pass(EXPECTED, format!("sent {}", window.after(at_us))).with_all([story.evidence(at_us, "Router Solicitation")]);
    }
    let early = window.from_us.saturating_add(DUE_US);
    if let Some((at_us, router)) = advertisements(story).find(|(at_us, router)| router.offers_default_route() && *at_us <= early) {
        let seen = format!("none was needed: {} advertised itself {}", router.from, window.after(at_us));
        return Finding::pass(EXPECTED, seen).with_all([story.evidence(at_us, format!("Router Advertisement from {}", router.from))]);
    }
    if let Some(why) = window.hides() {
        return Finding::inconclusive(format!("no Router Solicitation is seen, and {why}"));
    }
    let none = format!("no Router Solicitation left within {} of the interface's coming up", window.length());
    let (seen, message) = match first {
        Some(at_us) => (format!("the first one left {}", window.after(at_us)), format!("{none}; the first one left {}", window.after(at_us))),
        None => ("none".into(), none),
    };
    Finding::fail(EXPECTED, seen, message).with_all([story.evidence(window.from_us, "the interface came up")])
}

/// By the kernel's counter, which the frames of v6check do not count in.
fn counted(subject: &Subject<'_>, unknown: &Unknown) -> Judgement {
    let (_, tenses) = subject.on_interface()?;
    let sent = tenses.state.counters.get().ok().and_then(|counters| counters.before.get(SENT_RSS)).filter(|sent| **sent > 0);
    let Some(sent) = sent else {
        let reason = format!("{}; nothing else shows a Router Solicitation of the boot", unknown.reason);
        return Ok(Finding::inconclusive(unknown.clone().saying(reason)));
    };
    Ok(Finding::pass(EXPECTED, format!("{sent} sent since the interface exists; when is not known")).with(
        Tense::Boot,
        Place::Words(format!("kernel: /proc/net/dev_snmp6/{} (weaker than a recording)", subject.name)),
        format!("{SENT_RSS} {sent}"),
    ))
}
