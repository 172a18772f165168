//! The DHCPv6 exchange of the boot came to its end: an address, which the guest uses.

use std::net::Ipv6Addr;

use serde::Deserialize;

use super::dhcpv6_at_boot::{asked, recorded};
use super::dialogue::{Answer, Ask, asks};
use super::story::{Story, seconds};
use super::window::{self, Window};
use super::witness::What;
use super::{Cause, Finding, Judgement, Kind, Subject, Verdict, heard};
use crate::facts::{AddressFlag, Change, Happening, Recorder};
use crate::wire::dhcpv6::{DhcpOption, kind, kind_name};
use crate::wire::message::Message;
use crate::wire::received::Offer;

/// Solicit, Advertise, Request and Reply, or a shorter exchange (Rapid Commit, Confirm, Renew, Rebind), with an address that the guest then uses
/// (RFC 8415 section 18.2). Where it stopped, the step that is missing says who was silent.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Dhcpv6ExchangeCompleted {
    /// Seconds from the interface's coming up in which it must have begun.
    window_s: u64,
}

const EXPECTED: &str = "a DHCPv6 exchange that ends with an address";
/// How long the other side may take before it is silent, in microseconds: four transmissions of a client, and a slow server.
const PATIENCE_US: u64 = 10_000_000;
/// A message that leaves that soon after an answer may have crossed it, in microseconds.
const CROSSING_US: u64 = 500_000;
/// What needs no patience: as many messages that went unanswered for as long, in microseconds; as many that were sent again in spite of an answer; as
/// many refusals.
const UNANSWERED: (usize, u64) = (4, 7_000_000);
const SENT_AGAIN: usize = 2;
const REFUSALS: usize = 2;

impl Kind for Dhcpv6ExchangeCompleted {
    fn judge(&self, subject: &Subject<'_>) -> Judgement {
        asked(subject, self.window_s, What::Completed, |story| Dialogue::of(story, subject, self.window_s).judge())
    }
}

/// The exchanges of an interface.
struct Dialogue<'d, 'a> {
    story: &'d Story<'a>,
    subject: &'d Subject<'a>,
    window_s: u64,
    asks: Vec<Ask>,
    /// Answers to nobody's question.
    strange: usize,
}

/// What became of an address that a Reply gave.
enum Use {
    Used(String),
    Duplicate(String),
    /// In spite of the answer the client sent its question again: how often, and when last.
    Ignored(usize, u64),
    Unused(String),
    NotYet(String),
}

impl<'d, 'a> Dialogue<'d, 'a> {
    fn of(story: &'d Story<'a>, subject: &'d Subject<'a>, window_s: u64) -> Self {
        let (asks, strange) = asks(story);
        Self { story, subject, window_s, asks, strange }
    }

    fn judge(&self) -> Finding {
        let window = Window::new(self.story, self.window_s);
        let at_boot = recorded(self.story, self.subject, self.window_s);
        // What came of a request outside of the window is told as well; that it was late is told by the requirement to ask at boot.
        let finding = if at_boot.verdict != Verdict::Pass && self.asks.is_empty() {
            return Finding { expected: if at_boot.verdict == Verdict::Fail { EXPECTED.into() } else { String::new() }, ..at_boot };
        } else if self.asks.is_empty() {
            match window::hides(self.story, (window.from_us, "the interface's coming up"), window.until_us) {
                Some(why) => Finding::inconclusive(format!("no request for an address is seen, and {why}")),
                None => Finding::fail(EXPECTED, "none asks for an address", "the guest's DHCPv6 requests ask for no address (no IA_NA)")
                    .with_all(at_boot.evidence),
            }
        } else {
            self.outcome(&window)
        };
        finding.with_all(self.asks.iter().take(16).flat_map(|ask| self.evidence(ask)))
    }

    /// What came of the exchange that got furthest.
    fn outcome(&self, window: &Window<'_, '_>) -> Finding {
        let replies = self.asks.iter().flat_map(|ask| ask.answers.iter().map(move |answer| (ask, answer)));
        let given: Vec<_> = replies.filter(|(ask, answer)| answer.received.message.kind == kind::REPLY && answer.gives(ask)).collect();
        let mut unused: Option<Finding> = None;
        // Told is the first that the client was content with; the boot is judged, not the last renewal.
        let content = given.iter().filter(|(ask, answer)| ask.last_us() <= answer.at_us.saturating_add(CROSSING_US));
        for (ask, answer) in content.chain(given.iter()) {
            if let Use::Used(how) = self.use_of(ask, answer) {
                return Finding::pass(EXPECTED, format!("{how}, the Reply came {}", window.after(answer.at_us)));
            }
        }
        for (ask, answer) in given.into_iter().rev() {
            let unused_for = |message| Finding::fail(EXPECTED, "the Reply was not used", message);
            let finding = match self.use_of(ask, answer) {
                Use::Used(_) => continue,
                Use::NotYet(why) => Finding::inconclusive(why),
                Use::Duplicate(message) => self.unless_hidden(ask, true, Finding::fail(EXPECTED, "a duplicate", message).because(Cause::Duplicate)),
                Use::Ignored(times, last_us) => {
                    let finding = unused_for(ignored(ask, answer, last_us)).because(Cause::Firewall);
                    self.unless_hidden(ask, times >= SENT_AGAIN, finding)
                }
                Use::Unused(message) => self.unless_hidden(ask, false, unused_for(message)),
            };
            // What became of the last Reply may be open where it is certain that earlier ones were ignored.
            if unused.as_ref().is_none_or(|unused| unused.verdict == Verdict::Inconclusive && finding.verdict == Verdict::Fail) {
                unused = Some(finding);
            }
        }
        // The latest Request; else, of the latest questions, one that was answered.
        let furthest = || {
            let requests = self.asks.iter().rev().find(|ask| ask.kind == kind::REQUEST);
            requests.or_else(|| self.asks.iter().rev().find(|ask| ask.answers.iter().any(|answer| answer.gives(ask)))).or(self.asks.last())
        };
        unused.or_else(|| furthest().map(|ask| self.stopped(ask))).unwrap_or_else(|| Finding::inconclusive("nothing was asked"))
    }

    /// A failure, unless what would contradict it may be hidden; where it is not certain, it may also be still to come.
    fn unless_hidden(&self, ask: &Ask, certain: bool, finding: Finding) -> Finding {
        let cut = ask.answers.iter().any(|answer| answer.cut && answer.offer == Offer::Nothing);
        let mut until_us = ask.answers.last().map_or(ask.first_us(), |answer| answer.at_us).saturating_add(PATIENCE_US);
        if certain {
            until_us = until_us.min(self.story.recording.elapsed_us);
        }
        match window::hides(self.story, (ask.first_us(), "there"), until_us) {
            Some(why) => Finding::inconclusive(format!("the {} is not seen to end with an address, and {why}", kind_name(ask.kind))),
            None if cut => Finding::inconclusive("the answer was cut in the recording, and its address may be behind the cut"),
            None => finding,
        }
    }

    /// A question that was not answered with an address that the guest could take.
    fn stopped(&self, ask: &Ask) -> Finding {
        let name = kind_name(ask.kind);
        let (reply, whose) =
            if ask.kind == kind::SOLICIT { ("Advertise", "no DHCPv6 server answered") } else { ("Reply", "the DHCPv6 server fell silent") };
        if let Some(answer) = ask.answers.iter().find(|answer| answer.gives(ask)) {
            return self.dropped(ask, answer);
        }
        if let Some(answer) = ask.answers.last() {
            let said = answer.offer.describe();
            let message = format!(
                "the DHCPv6 server {} gave no address: its {} to the {name} says {said}",
                answer.received.from,
                kind_name(answer.received.message.kind)
            );
            let refusals: usize =
                self.asks.iter().filter(|other| other.kind == ask.kind && other.duid == ask.duid).map(|ask| ask.answers.len()).sum();
            let finding = Finding::fail(EXPECTED, format!("refused: {said}"), message).because(Cause::NoAddress);
            return self.unless_hidden(ask, refusals >= REFUSALS, finding);
        }
        // A client that finds no server with one transaction begins another.
        let same = || self.asks.iter().filter(|other| other.kind == ask.kind && other.duid == ask.duid && other.answers.is_empty());
        let times: usize = same().map(|ask| ask.sent_us.len()).sum();
        let first = same().map(Ask::first_us).min().unwrap_or(ask.first_us());
        let waited_us = self.story.recording.elapsed_us.saturating_sub(first);
        let certain =
            times >= UNANSWERED.0 && waited_us >= UNANSWERED.1 && self.story.recording.elapsed_us >= ask.last_us().saturating_add(CROSSING_US);
        let waited = seconds(waited_us);
        let plural = if times == 1 { "" } else { "s" };
        let strange = match self.strange {
            0 => String::new(),
            count => format!(" ({count} answer(s) came for another client or transaction)"),
        };
        let message = format!("{whose}: {times} {name}{plural} in {waited} brought no {reply}{strange}");
        self.unless_hidden(ask, certain, Finding::fail(EXPECTED, format!("no {reply}"), message).because(Cause::Silence))
    }

    /// An Advertise with an address that no Request followed.
    fn dropped(&self, ask: &Ask, answer: &Answer) -> Finding {
        let from = answer.received.from;
        let solicits = self.asks.iter().filter(|other| other.kind == kind::SOLICIT && other.duid == ask.duid);
        let (times, last) = again(solicits, answer);
        let passes_now = heard::answers_delivered(self.subject).filter(|effect| effect.delivered);
        let finding = match last {
            Some(last_us) if passes_now.is_none() => {
                let message = format!(
                    "the Advertise of {from} arrived, and no Request followed: Solicits went on for {}, so the client did not see it; the guest's \
                     firewall drops UDP port 546, most likely",
                    seconds(last_us - answer.at_us)
                );
                Finding::fail(EXPECTED, "no Request: Solicits went on after the Advertise", message).because(Cause::Firewall)
            }
            _ => {
                let now = if passes_now.is_some() { " (answers reach its sockets now)" } else { "" };
                let message = format!("the Advertise of {from} arrived with an address, and no Request followed: the client does not take it{now}");
                Finding::fail(EXPECTED, "no Request", message).with_all(passes_now.map(|effect| effect.evidence).unwrap_or_default())
            }
        };
        self.unless_hidden(ask, times >= SENT_AGAIN, finding)
    }

    fn use_of(&self, ask: &Ask, answer: &Answer) -> Use {
        let name = kind_name(ask.kind);
        let (times, last) = again([ask], answer);
        let Offer::Addresses(addresses) = &answer.offer else {
            return match last {
                Some(last_us) => Use::Ignored(times, last_us),
                None => Use::Used("the server confirmed the address".into()),
            };
        };
        let Some(address) = addresses.first().map(|(address, ..)| *address) else { return Use::NotYet("the Reply has no address".into()) };
        let story = self.story;
        let later = || story.recording.events.iter().filter(|event| event.at_us >= answer.at_us);
        let changes = || {
            later().filter_map(|event| match &event.what {
                Happening::Address(change) if change.address == address && change.change == Change::Set => Some(change),
                _ => None,
            })
        };
        let guest = || story.guest().filter(|said| said.at_us >= answer.at_us);
        let declined =
            story.client().any(|(said, message)| said.at_us >= answer.at_us && message.kind == kind::DECLINE && names(&message.options, address));
        if declined || changes().any(|change| change.flags.contains(&AddressFlag::Dadfailed)) {
            return Use::Duplicate(format!("the server gave {address}, and another node on the link has it: duplicate address detection failed"));
        }
        let usable = changes().any(|change| !change.flags.contains(&AddressFlag::Tentative)) || guest().any(|said| said.frame.source == address);
        let held = self.subject.on_interface().ok().and_then(|(_, tenses)| tenses.state.addresses.get().ok());
        let held = held.is_some_and(|held| held.iter().any(|held| held.address == address && !held.has(AddressFlag::Dadfailed)));
        if usable || held {
            return Use::Used(format!("{address} by {name} and Reply"));
        }
        // A test that comes back to who sent it is its own.
        let contested = story.network().any(|said| {
            said.at_us >= answer.at_us
                && match &said.message {
                    Message::NeighborAdvertisement(it) => it.target == address,
                    Message::NeighborSolicitation(it) => {
                        it.target == address && said.frame.source.is_unspecified() && story.recording.mac != Some(said.frame.source_mac)
                    }
                    _ => false,
                }
        });
        if contested {
            return Use::Duplicate(format!(
                "the server gave {address}, a duplicate: another node on the link claims it, so that the guest does not use it"
            ));
        }
        let detects = guest().any(|said| matches!(&said.message, Message::NeighborSolicitation(it) if it.target == address));
        if changes().next().is_some() || detects {
            return Use::Used(format!("{address} by {name} and Reply"));
        }
        if let Some(last_us) = last {
            return Use::Ignored(times, last_us);
        }
        // A capture from elsewhere shows no addresses; that the client asks no more is all that can be seen.
        if story.recording.by == Recorder::Capture {
            let content = story.recording.elapsed_us >= ask.due_us();
            return if content {
                Use::Used(format!("{address} by {name} and Reply"))
            } else {
                Use::NotYet(format!("the Reply with {address} came just before the capture ended, and whether the client asked on is not seen"))
            };
        }
        if story.recording.elapsed_us < answer.at_us.saturating_add(PATIENCE_US) {
            return Use::NotYet(format!("the Reply with {address} came just before the recording ended, and whether it was used is not seen"));
        }
        let message =
            format!("the Reply of {} with {address} arrived, and the address was never set: the client did not use it", answer.received.from);
        Use::Unused(message)
    }

    fn evidence(&self, ask: &Ask) -> Vec<super::Evidence> {
        let times = if ask.sent_us.len() == 1 { String::new() } else { format!(", {} times until {}", ask.sent_us.len(), seconds(ask.last_us())) };
        let question = self.story.evidence(ask.first_us(), format!("{}{times}", kind_name(ask.kind)));
        let answers = ask.answers.iter().take(4).map(|answer| {
            let what = format!("{} from {}: {}", kind_name(answer.received.message.kind), answer.received.from, answer.offer.describe());
            self.story.evidence(answer.at_us, what)
        });
        std::iter::once(question).chain(answers).collect()
    }
}

/// A Reply in spite of which the client sent its question again.
fn ignored(ask: &Ask, answer: &Answer, last_us: u64) -> String {
    format!(
        "the Reply of {} ({}) arrived, and the client did not see it: it sent its {} again for {}; the guest's firewall drops UDP port 546, most \
         likely",
        answer.received.from,
        answer.offer.describe(),
        kind_name(ask.kind),
        seconds(last_us.saturating_sub(answer.at_us))
    )
}

/// How often any of `asks` was sent after `answer`, those left aside that may have crossed it; and when last.
fn again<'a>(asks: impl IntoIterator<Item = &'a Ask>, answer: &Answer) -> (usize, Option<u64>) {
    let sent = asks.into_iter().flat_map(|ask| &ask.sent_us).filter(|sent_us| **sent_us > answer.at_us.saturating_add(CROSSING_US));
    sent.fold((0, None), |(times, last), sent_us| (times + 1, last.max(Some(*sent_us))))
}

/// Whether an association among the options names the address.
fn names(options: &[DhcpOption], address: Ipv6Addr) -> bool {
    options.iter().any(|option| match option {
        DhcpOption::IaNa { options, .. } => names(options, address),
        DhcpOption::IaAddress { address: named, .. } => *named == address,
        _ => false,
    })
}
