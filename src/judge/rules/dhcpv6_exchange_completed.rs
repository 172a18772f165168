//! The DHCPv6 exchange of the boot came to its end: an address, which the guest uses.

use serde::Deserialize;

use super::corroboration::What;
use super::dhcpv6_at_boot::{asked, recorded};
use super::trace::{Trace, seconds};
use super::transaction::{Answer, Transaction, Transactions};
use super::window::{self, Window};
use super::{Cause, Finding, Judgement, Kind, Subject, Verdict, network_answers};
use crate::exchange::answer::{Offer, named_addresses};
use crate::facts::{AddressFlag, Change, Happening, Recorder};
use crate::wire::dhcpv6::{kind, kind_name};
use crate::wire::message::Message;

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
        asked(subject, self.window_s, What::Completed, |trace| Exchanges::of(trace, subject, self.window_s).judge())
    }
}

/// The exchanges of an interface.
struct Exchanges<'d, 'a> {
    trace: &'d Trace<'a>,
    subject: &'d Subject<'a>,
    window_s: u64,
    transactions: Vec<Transaction>,
    /// Answers to nobody's question.
    unmatched: usize,
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

impl<'d, 'a> Exchanges<'d, 'a> {
    fn of(trace: &'d Trace<'a>, subject: &'d Subject<'a>, window_s: u64) -> Self {
        let Transactions { all, unmatched } = Transactions::of(trace);
        Self { trace, subject, window_s, transactions: all, unmatched }
    }

    fn judge(&self) -> Finding {
        let window = Window::new(self.trace, self.window_s);
        let at_boot = recorded(self.trace, self.subject, self.window_s);
        // What came of a request outside of the window is told as well; that it was late is told by the requirement to ask at boot.
        let finding = if at_boot.verdict != Verdict::Pass && self.transactions.is_empty() {
            return Finding { expected: if at_boot.verdict == Verdict::Fail { EXPECTED.into() } else { String::new() }, ..at_boot };
        } else if self.transactions.is_empty() {
            match window::hides(self.trace, (window.from_us, "the interface's coming up"), window.until_us) {
                Some(why) => Finding::inconclusive(format!("no request for an address is seen, and {why}")),
                None => Finding::fail(EXPECTED, "none asks for an address", "the guest's DHCPv6 requests ask for no address (no IA_NA)")
                    .with_all(at_boot.evidence),
            }
        } else {
            self.outcome(&window)
        };
        finding.with_all(self.transactions.iter().take(16).flat_map(|transaction| self.evidence(transaction)))
    }

    /// What came of the exchange that got furthest.
    fn outcome(&self, window: &Window<'_, '_>) -> Finding {
        let replies = self.transactions.iter().flat_map(|transaction| transaction.answers.iter().map(move |answer| (transaction, answer)));
        let given: Vec<_> =
            replies.filter(|(transaction, answer)| answer.received.message.kind == kind::REPLY && answer.gives(transaction)).collect();
        let mut unused: Option<Finding> = None;
        // Told is the first that the client was content with; the boot is judged, not the last renewal.
        let content = given.iter().filter(|(transaction, answer)| transaction.last_us() <= answer.at_us.saturating_add(CROSSING_US));
        for (transaction, answer) in content.chain(given.iter()) {
            if let Use::Used(how) = self.use_of(transaction, answer) {
                return Finding::pass(EXPECTED, format!("{how}, the Reply came {}", window.after(answer.at_us)));
            }
        }
        for (transaction, answer) in given.into_iter().rev() {
            let unused_for = |message| Finding::fail(EXPECTED, "the Reply was not used", message);
            let finding = match self.use_of(transaction, answer) {
                Use::Used(_) => continue,
                Use::NotYet(why) => Finding::inconclusive(why),
                Use::Duplicate(message) => {
                    self.unless_hidden(transaction, true, Finding::fail(EXPECTED, "a duplicate", message).because(Cause::Duplicate))
                }
                Use::Ignored(times, last_us) => {
                    let finding = unused_for(ignored(transaction, answer, last_us)).because(Cause::Firewall);
                    self.unless_hidden(transaction, times >= SENT_AGAIN, finding)
                }
                Use::Unused(message) => self.unless_hidden(transaction, false, unused_for(message)),
            };
            // What became of the last Reply may be open where it is certain that earlier ones were ignored.
            if unused.as_ref().is_none_or(|unused| unused.verdict == Verdict::Inconclusive && finding.verdict == Verdict::Fail) {
                unused = Some(finding);
            }
        }
        // The latest Request; else, of the latest questions, one that was answered.
        let furthest = || {
            let requests = self.transactions.iter().rev().find(|transaction| transaction.kind == kind::REQUEST);
            requests
                .or_else(|| self.transactions.iter().rev().find(|transaction| transaction.answers.iter().any(|answer| answer.gives(transaction))))
                .or(self.transactions.last())
        };
        unused.or_else(|| furthest().map(|transaction| self.stopped(transaction))).unwrap_or_else(|| Finding::inconclusive("nothing was asked"))
    }

    /// A failure, unless what would contradict it may be hidden; where it is not certain, it may also be still to come.
    fn unless_hidden(&self, transaction: &Transaction, certain: bool, finding: Finding) -> Finding {
        let cut = transaction.answers.iter().any(|answer| answer.cut && answer.offer == Offer::Nothing);
        let mut until_us = transaction.answers.last().map_or(transaction.first_us(), |answer| answer.at_us).saturating_add(PATIENCE_US);
        if certain {
            until_us = until_us.min(self.trace.recording.elapsed_us);
        }
        match window::hides(self.trace, (transaction.first_us(), "its first message"), until_us) {
            Some(why) => Finding::inconclusive(format!("the {} is not seen to end with an address, and {why}", kind_name(transaction.kind))),
            None if cut => Finding::inconclusive("the answer was cut in the recording, and its address may be behind the cut"),
            None => finding,
        }
    }

    /// A question that was not answered with an address that the guest could take.
    fn stopped(&self, transaction: &Transaction) -> Finding {
        let name = kind_name(transaction.kind);
        let (reply, whose) =
            if transaction.kind == kind::SOLICIT { ("Advertise", "no DHCPv6 server answered") } else { ("Reply", "the DHCPv6 server fell silent") };
        if let Some(answer) = transaction.answers.iter().find(|answer| answer.gives(transaction)) {
            return self.dropped(transaction, answer);
        }
        if let Some(answer) = transaction.answers.last() {
            let refusal = answer.offer.describe();
            let message = format!(
                "the DHCPv6 server {} gave no address: its {} to the {name} says {refusal}",
                answer.received.from,
                kind_name(answer.received.message.kind)
            );
            let refusals: usize = self
                .transactions
                .iter()
                .filter(|other| other.kind == transaction.kind && other.duid == transaction.duid)
                .map(|transaction| transaction.answers.len())
                .sum();
            let finding = Finding::fail(EXPECTED, format!("refused: {refusal}"), message).because(Cause::NoAddress);
            return self.unless_hidden(transaction, refusals >= REFUSALS, finding);
        }
        // A client that finds no server with one transaction begins another.
        let same =
            || self.transactions.iter().filter(|other| other.kind == transaction.kind && other.duid == transaction.duid && other.answers.is_empty());
        let times: usize = same().map(|transaction| transaction.sent_us.len()).sum();
        let first = same().map(Transaction::first_us).min().unwrap_or(transaction.first_us());
        let waited_us = self.trace.recording.elapsed_us.saturating_sub(first);
        let certain = times >= UNANSWERED.0
            && waited_us >= UNANSWERED.1
            && self.trace.recording.elapsed_us >= transaction.last_us().saturating_add(CROSSING_US);
        let waited = seconds(waited_us);
        let plural = if times == 1 { "" } else { "s" };
        let unmatched = match self.unmatched {
            0 => String::new(),
            count => format!(" ({count} answer(s) came for another client or transaction)"),
        };
        let message = format!("{whose}: {times} {name}{plural} in {waited} brought no {reply}{unmatched}");
        self.unless_hidden(transaction, certain, Finding::fail(EXPECTED, format!("no {reply}"), message).because(Cause::Silence))
    }

    /// An Advertise with an address that no Request followed.
    fn dropped(&self, transaction: &Transaction, answer: &Answer) -> Finding {
        let from = answer.received.from;
        let solicits = self.transactions.iter().filter(|other| other.kind == kind::SOLICIT && other.duid == transaction.duid);
        let (times, last) = again(solicits, answer);
        let passes_now = network_answers::answers_delivered(self.subject).filter(|effect| effect.delivered);
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
        self.unless_hidden(transaction, times >= SENT_AGAIN, finding)
    }

    fn use_of(&self, transaction: &Transaction, answer: &Answer) -> Use {
        let name = kind_name(transaction.kind);
        let (times, last) = again([transaction], answer);
        let Offer::Addresses(addresses) = &answer.offer else {
            return match last {
                Some(last_us) => Use::Ignored(times, last_us),
                None => Use::Used("the server confirmed the address".into()),
            };
        };
        let Some(address) = addresses.first().map(|(address, ..)| *address) else { return Use::NotYet("the Reply has no address".into()) };
        let trace = self.trace;
        let later = || trace.recording.events.iter().filter(|event| event.at_us >= answer.at_us);
        let changes = || {
            later().filter_map(|event| match &event.what {
                Happening::Address(change) if change.address == address && change.change == Change::Set => Some(change),
                _ => None,
            })
        };
        let guest = || trace.guest().filter(|packet| packet.at_us >= answer.at_us);
        let declined = trace.client().any(|(packet, message)| {
            packet.at_us >= answer.at_us && message.kind == kind::DECLINE && named_addresses(&message.options).any(|named| named == address)
        });
        if declined || changes().any(|change| change.flags.contains(&AddressFlag::Dadfailed)) {
            return Use::Duplicate(format!("the server gave {address}, and another node on the link has it: duplicate address detection failed"));
        }
        let usable = changes().any(|change| !change.flags.contains(&AddressFlag::Tentative)) || guest().any(|packet| packet.frame.source == address);
        let held = self.subject.on_interface().ok().and_then(|(_, tenses)| tenses.state.addresses.get().ok());
        let held = held.is_some_and(|held| held.iter().any(|held| held.address == address && !held.has(AddressFlag::Dadfailed)));
        if usable || held {
            return Use::Used(format!("{address} by {name} and Reply"));
        }
        // A test that comes back to who sent it is its own.
        let contested = trace.network().any(|packet| {
            packet.at_us >= answer.at_us
                && match &packet.message {
                    Message::NeighborAdvertisement(it) => it.target == address,
                    Message::NeighborSolicitation(it) => {
                        it.target == address && packet.frame.source.is_unspecified() && trace.recording.mac != Some(packet.frame.source_mac)
                    }
                    _ => false,
                }
        });
        if contested {
            return Use::Duplicate(format!(
                "the server gave {address}, a duplicate: another node on the link claims it, so that the guest does not use it"
            ));
        }
        let detects = guest().any(|packet| matches!(&packet.message, Message::NeighborSolicitation(it) if it.target == address));
        if changes().next().is_some() || detects {
            return Use::Used(format!("{address} by {name} and Reply"));
        }
        if let Some(last_us) = last {
            return Use::Ignored(times, last_us);
        }
        // A capture from elsewhere shows no addresses; that the client asks no more is all that can be seen.
        if trace.recording.by == Recorder::Capture {
            let content = trace.recording.elapsed_us >= transaction.due_us();
            return if content {
                Use::Used(format!("{address} by {name} and Reply"))
            } else {
                Use::NotYet(format!("the Reply with {address} came just before the capture ended, and whether the client asked on is not seen"))
            };
        }
        if trace.recording.elapsed_us < answer.at_us.saturating_add(PATIENCE_US) {
            return Use::NotYet(format!("the Reply with {address} came just before the recording ended, and whether it was used is not seen"));
        }
        let message =
            format!("the Reply of {} with {address} arrived, and the address was never set: the client did not use it", answer.received.from);
        Use::Unused(message)
    }

    fn evidence(&self, transaction: &Transaction) -> Vec<super::Evidence> {
        let times = if transaction.sent_us.len() == 1 {
            String::new()
        } else {
            format!(", {} times until {}", transaction.sent_us.len(), seconds(transaction.last_us()))
        };
        let question = self.trace.evidence(transaction.first_us(), format!("{}{times}", kind_name(transaction.kind)));
        let answers = transaction.answers.iter().take(4).map(|answer| {
            let what = format!("{} from {}: {}", kind_name(answer.received.message.kind), answer.received.from, answer.offer.describe());
            self.trace.evidence(answer.at_us, what)
        });
        std::iter::once(question).chain(answers).collect()
    }
}

/// A Reply in spite of which the client sent its question again.
fn ignored(transaction: &Transaction, answer: &Answer, last_us: u64) -> String {
    format!(
        "the Reply of {} ({}) arrived, and the client did not see it: it sent its {} again for {}; the guest's firewall drops UDP port 546, most \
         likely",
        answer.received.from,
        answer.offer.describe(),
        kind_name(transaction.kind),
        seconds(last_us.saturating_sub(answer.at_us))
    )
}

/// How often any of `asks` was sent after `answer`, those left aside that may have crossed it; and when last.
fn again<'a>(transactions: impl IntoIterator<Item = &'a Transaction>, answer: &Answer) -> (usize, Option<u64>) {
    let sent =
        transactions.into_iter().flat_map(|transaction| &transaction.sent_us).filter(|sent_us| **sent_us > answer.at_us.saturating_add(CROSSING_US));
    sent.fold((0, None), |(times, last), sent_us| (times + 1, last.max(Some(*sent_us))))
}
