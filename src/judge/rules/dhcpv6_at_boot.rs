//! The guest asked by DHCPv6 as it booted.

use serde::Deserialize;

use super::story::{Party, Story};
use super::window::{Window, advertisements};
use super::witness::{self, What};
use super::{Finding, Judgement, Kind, Subject, Verdict};
use crate::facts::{RunsDhcpv6, StackId, Unknown};
use crate::wire::dhcpv4;
use crate::wire::dhcpv6::{kind, kind_name};

/// A Solicit, Request, Confirm or Rebind left the interface in the boot window. A stack that waits for a Router Advertisement with M may take
/// some time from that one on, and one that sets IPv4 up first from the last DHCPDISCOVER on that nobody answered.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Dhcpv6AtBoot {
    /// Seconds from the interface's coming up.
    window_s: u64,
}

/// How long after the first Router Advertisement with M a stack that waits for it may ask, or after IPv4 has come, in microseconds.
const AFTER_ADVERTISEMENT_US: u64 = 15_000_000;

/// Stacks that set IPv4 up first, and go on to IPv6 when that has come or was given up.
const IPV4_FIRST: [StackId; 2] = [StackId::Ifupdown, StackId::NetworkScripts];
/// How long after its last DHCPDISCOVER such a stack may ask, in microseconds: dhclient waits up to about 20 s for an answer to one.
const AFTER_DISCOVER_US: u64 = 30_000_000;

impl Kind for Dhcpv6AtBoot {
    fn judge(&self, subject: &Subject<'_>) -> Judgement {
        asked(subject, self.window_s, What::Asked, |story| recorded(story, subject, self.window_s))
    }
}

/// What `by_recording` finds, and where that is nothing, what weaker witnesses show.
///
/// # Errors
/// The guest does not run, so that there is nothing to look at.
pub(super) fn asked(subject: &Subject<'_>, window_s: u64, what: What, by_recording: impl FnOnce(&Story<'_>) -> Finding) -> Judgement {
    let (finding, recorded) = match Story::of(subject) {
        Ok(story) => {
            let tells = match what {
                What::Asked => story.shows_the_start(),
                What::Completed => story.client().next().is_some(),
            };
            (by_recording(&story), tells)
        }
        Err(absent @ Unknown { absent: true, .. }) => return Err(absent),
        Err(unknown) => (Finding::inconclusive(unknown), false),
    };
    if finding.verdict != Verdict::Inconclusive {
        return Ok(finding);
    }
    let (expected, name) = match what {
        What::Asked => (EXPECTED, "DHCPv6 request"),
        What::Completed => ("a DHCPv6 exchange that ends with an address", "completed DHCPv6 exchange"),
    };
    if let Some((words, evidence)) = witness::of(subject, window_s, what, recorded) {
        return Ok(Finding::pass(expected, words).with_all([evidence]));
    }
    let why = finding.reason.map(|reason| reason.text).unwrap_or_default();
    Ok(Finding::inconclusive(format!("{why}; nothing else shows a {name} of the boot")).with_all(finding.evidence))
}

const EXPECTED: &str = "a DHCPv6 request in the boot window";

/// What the recording shows of a request.
pub(super) fn recorded(story: &Story<'_>, subject: &Subject<'_>, window_s: u64) -> Finding {
    let mut window = Window::new(story, window_s);
    let managed = advertisements(story).find(|(_, received)| received.invalid().is_none() && received.message.managed()).map(|(at_us, _)| at_us);
    if let Some(at_us) = managed {
        window.until_us = window.until_us.max(at_us.saturating_add(AFTER_ADVERTISEMENT_US));
    }
    let usual_us = window.until_us;
    if sets_ipv4_up_first(subject) {
        wait_for_ipv4(story, &mut window);
    }
    let asks = |message: u8| matches!(message, kind::SOLICIT | kind::REQUEST | kind::CONFIRM | kind::REBIND);
    let first = story.client().find(|(_, message)| asks(message.kind)).map(|(said, message)| (said.at_us, kind_name(message.kind)));
    if let Some((at_us, name)) = first.as_ref().filter(|(at_us, _)| window.holds(*at_us)) {
        let late = if *at_us > usual_us { ", once DHCPv4 was done or given up" } else { "" };
        return Finding::pass(EXPECTED, format!("{name} {}{late}", window.after(*at_us))).with_all([story.evidence(*at_us, name.clone())]);
    }
    let none = format!("no DHCPv6 request (Solicit, Request, Confirm, Rebind) left within {} of the interface's coming up", window.length());
    if let Some(why) = window.hides() {
        return Finding::inconclusive(format!("no DHCPv6 request is seen, and {why}"));
    }
    let evidence =
        story.evidence(window.from_us, format!("the interface came up; recorded until {}", super::story::seconds(story.recording.elapsed_us)));
    let finding = match first {
        Some((at_us, name)) => {
            let message = format!("{none}; the first one, a {name}, left {}: its client was not started at boot", window.after(at_us));
            Finding::fail(EXPECTED, format!("the first one left {}", window.after(at_us)), message).with_all([story.evidence(at_us, name)])
        }
        None if managed.is_none() && story.solicitations().next().is_some() && may_wait(subject) => Finding::inconclusive(format!(
            "{none}, and no Router Advertisement with M came: a stack that waits for one, as systemd-networkd, NetworkManager and dhcpcd do, \
             rightly says nothing"
        )),
        None => Finding::fail(EXPECTED, "none", none),
    };
    finding.with_all([evidence])
}

/// Has the window reach behind DHCPDISCOVERs that begin in it, or behind the first answer to them.
fn wait_for_ipv4(story: &Story<'_>, window: &mut Window<'_, '_>) {
    let usual_us = window.until_us;
    for (at_us, by, message) in story.dhcpv4().filter(|(at_us, ..)| *at_us >= window.from_us).collect::<Vec<_>>() {
        match (by, message.kind) {
            _ if !window.holds(at_us) => return,
            (Party::Guest, dhcpv4::DISCOVER) => window.until_us = window.until_us.max(at_us.saturating_add(AFTER_DISCOVER_US)),
            (Party::Network, dhcpv4::OFFER | dhcpv4::ACK) => {
                window.until_us = usual_us.max(at_us.saturating_add(AFTER_ADVERTISEMENT_US));
                return;
            }
            _ => {}
        }
    }
}

/// Whether the guest's stack may set IPv4 up first; it may if it is not known.
fn sets_ipv4_up_first(subject: &Subject<'_>) -> bool {
    let stack = subject.on_interface().ok().and_then(|(_, tenses)| tenses.intent.stack.get().ok());
    stack.is_none_or(|intent| IPV4_FIRST.contains(&intent.stack))
}

/// Whether the guest's stack may wait for M; it may if it is not known.
fn may_wait(subject: &Subject<'_>) -> bool {
    let stack = subject.on_interface().ok().and_then(|(_, tenses)| tenses.intent.stack.get().ok());
    stack.is_none_or(|intent| intent.dhcpv6.value == RunsDhcpv6::WhenManaged)
}
