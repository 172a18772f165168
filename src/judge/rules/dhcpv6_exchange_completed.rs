//! The DHCPv6 exchange of the boot came to its end: an address, which the guest uses.

use std::net::Ipv6Addr;

use serde::Deserialize;

use super::address_use::{CROSSING_US, PATIENCE_US, Use, again, use_of};
use super::corroboration::What;
use super::dhcpv6_at_boot::{asked, recorded};
use super::trace::{Trace, seconds};
use super::transaction::{Answer, Transaction, Transactions};
use super::window::{self, Window};
use super::{Cause, Finding, Judgement, Kind, Subject, Verdict, network_answers};
use crate::exchange::answer::{Offer, assignable};
use crate::exchange::duplicates::LinkLocalConflict;
use crate::wire::dhcpv6::{kind, kind_name};

/// Solicit, Advertise, Request and Reply, or a shorter exchange (Rapid Commit, Confirm, Renew, Rebind), with an address that the guest then uses
/// (RFC 8415 section 18.2). Where it stopped, the step that is missing says who was silent.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Dhcpv6ExchangeCompleted {
    /// Seconds from the interface's coming up in which it must have begun.
    window_s: u64,
}

const EXPECTED: &str = "a DHCPv6 exchange that ends with an address";
/// What needs no patience: as many messages that went unanswered for as long, in microseconds; as many that were sent again in spite of an answer; as
/// many refusals.
const UNANSWERED: (usize, u64) = (4, 7_000_000);
const SENT_AGAIN: usize = 2;
/// As many questions as are looked at for an address that was taken all the same; a hostile recording has thousands.
const MAX_LOOKED_AT: usize = 64;
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
    /// Answers to the guest alone were not captured.
    one_sided: bool,
}

impl<'d, 'a> Exchanges<'d, 'a> {
    fn of(trace: &'d Trace<'a>, subject: &'d Subject<'a>, window_s: u64) -> Self {
        let transactions = Transactions::of(trace);
        let one_sided = transactions.one_sided();
        let Transactions { all, unmatched } = transactions;
        Self { trace, subject, window_s, transactions: all, unmatched, one_sided }
    }

    fn judge(&self) -> Finding {
        let window = Window::new(self.trace, self.window_s);
        let at_boot = recorded(self.trace, self.subject, self.window_s);
        // What came of a request outside of the window is told as well; that it was late is told by the requirement to ask at boot.
        let finding = if let Some(conflict) = self.trace.link_local_conflict().filter(|_| self.transactions.is_empty()) {
            let LinkLocalConflict { address, mac, .. } = conflict;
            let message = format!("another node ({mac}) has the guest's link-local address {address}, so that the guest cannot ask for an address");
            return Finding::fail(EXPECTED, "none asked for: the link-local address is a duplicate", message)
                .because(Cause::Duplicate)
                .with_all(at_boot.evidence);
        } else if at_boot.verdict != Verdict::Pass && self.transactions.is_empty() {
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
        if let Some(finding) = self.taken_all_the_same(window) {
            return finding;
        }
        let mut unused: Option<Finding> = None;
        // Told is the first that the client was content with; the boot is judged, not the last renewal.
        let content = given.iter().filter(|(transaction, answer)| transaction.last_us() <= answer.at_us.saturating_add(CROSSING_US));
        for (transaction, answer) in content.chain(given.iter()) {
            if let Use::Used(how) = use_of(self.trace, self.subject, transaction, answer) {
                return Finding::pass(EXPECTED, format!("{how}, the Reply came {}", window.after(answer.at_us)));
            }
        }
        for (transaction, answer) in given.into_iter().rev() {
            let unused_for = |message| Finding::fail(EXPECTED, "the Reply was not used", message);
            let finding = match use_of(self.trace, self.subject, transaction, answer) {
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

    /// An address that the guest took though a client must not, as BusyBox' udhcpc6 does; or whose Reply was not captured.
    fn taken_all_the_same(&self, window: &Window<'_, '_>) -> Option<Finding> {
        self.transactions.iter().take(MAX_LOOKED_AT).find_map(|transaction| {
            let name = kind_name(transaction.kind);
            let replies = transaction.answers.iter().filter(|answer| answer.received.message.kind == kind::REPLY);
            let taken = |address, from_us| self.trace.took(address, from_us).filter(|at_us| self.trace.claimed(address, *at_us..u64::MAX).is_none());
            let unusable = replies.clone().filter(|answer| matches!(answer.offer, Offer::Unusable { .. })).find_map(|answer| {
                let address = answer.offer.addresses().into_iter().find(|address| assignable(*address) && taken(*address, answer.at_us).is_some())?;
                let seen = format!("{address} by {name} and Reply, which the guest took ({})", answer.offer.describe());
                Some(Finding::pass(EXPECTED, format!("{seen}, the Reply came {}", window.after(answer.at_us))))
            });
            let unseen = || {
                let requested = transaction.kind == kind::REQUEST && replies.clone().next().is_none();
                let new = |address: &&Ipv6Addr| self.trace.took(**address, 0).is_some_and(|at_us| at_us >= transaction.first_us());
                let address = *transaction.addresses.iter().filter(|_| requested).filter(new).find(|address| taken(**address, 0).is_some())?;
                let at_us = taken(address, 0)?;
                let seen = format!("{address} by Request: the guest took it {}, so the Reply came, which was not captured", window.after(at_us));
                Some(Finding::pass(EXPECTED, seen).with_all([self.trace.evidence(at_us, format!("the guest takes {address}"))]))
            };
            unusable.or_else(unseen)
        })
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
            None if self.one_sided && finding.cause == Some(Cause::Silence) => Finding::inconclusive(
                "the guest sent a Request, so an Advertise came, and it was not captured: what comes for the guest alone is missing in the capture",
            ),
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
            let cause = if matches!(answer.offer, Offer::Unusable { .. }) { Cause::Unusable } else { Cause::NoAddress };
            let finding = Finding::fail(EXPECTED, format!("refused: {refusal}"), message).because(cause);
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
        let passes_now = network_answers::answers_delivered(self.subject).filter(|effect| effect.delivery == network_answers::Delivery::Delivered);
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
