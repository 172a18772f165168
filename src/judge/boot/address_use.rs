//! What became of an address that a server gave, as a recording shows it.

use super::Subject;
use crate::exchange::answer::{Offer, named_addresses};
use crate::exchange::trace::Trace;
use crate::exchange::transaction::{Answer, Transaction};
use crate::facts::{AddressFlag, Change, Happening, Recorder};
use crate::wire::dhcpv6::{kind, kind_name};

/// How long a guest may take until it shows that it uses the address, in microseconds: four transmissions of a client, and a slow server.
pub(in crate::judge) const PATIENCE_US: u64 = 10_000_000;
/// A message that leaves that soon after an answer may have crossed it, in microseconds.
pub(in crate::judge) const CROSSING_US: u64 = 500_000;

/// What became of an address that a Reply gave.
pub(in crate::judge) enum Use {
    Used(String),
    Duplicate(String),
    /// In spite of the answer the client sent its question again: how often, and when last.
    Ignored(usize, u64),
    Unused(String),
    NotYet(String),
}

/// What became of the address of `answer`.
pub(in crate::judge) fn use_of(trace: &Trace<'_>, subject: &Subject<'_>, transaction: &Transaction, answer: &Answer) -> Use {
    let name = kind_name(transaction.kind);
    let (times, last) = again([transaction], answer);
    let Some(address) = answer.offer.addresses().first().copied() else {
        return match last {
            _ if matches!(answer.offer, Offer::Addresses(_)) => Use::NotYet("the Reply has no address".into()),
            Some(last_us) => Use::Ignored(times, last_us),
            None => Use::Used("the server confirmed the address".into()),
        };
    };
    let used = || Use::Used(format!("{address} by {name} and Reply"));
    let changes = || {
        trace.recording.events.iter().filter(|event| event.at_us >= answer.at_us).filter_map(|event| match &event.what {
            Happening::Address(change) if change.address == address && change.change == Change::Set => Some(change),
            _ => None,
        })
    };
    let later = || trace.client().filter(|(packet, _)| packet.at_us >= answer.at_us);
    let names =
        |wanted: &[u8]| later().any(|(_, message)| wanted.contains(&message.kind) && named_addresses(&message.options).any(|named| named == address));
    if names(&[kind::DECLINE]) || changes().any(|change| change.flags.contains(&AddressFlag::Dadfailed)) {
        return Use::Duplicate(format!("the server gave {address}, and another node on the link has it: duplicate address detection failed"));
    }
    let sent_from = || trace.guest().any(|packet| packet.at_us >= answer.at_us && packet.frame.source == address);
    let held = subject.on_interface().ok().and_then(|(_, tenses)| tenses.state.addresses.get().ok());
    let held = held.is_some_and(|held| held.iter().any(|held| held.address == address && !held.has(AddressFlag::Dadfailed)));
    if held || changes().any(|change| !change.flags.contains(&AddressFlag::Tentative)) || sent_from() {
        return used();
    }
    if trace.claimed(address, answer.at_us..u64::MAX).is_some() {
        return Use::Duplicate(format!(
            "the server gave {address}, a duplicate: another node on the link claims it, so that the guest does not use it"
        ));
    }
    if changes().next().is_some() || trace.took(address, answer.at_us).is_some() || names(&[kind::RENEW, kind::REBIND, kind::RELEASE]) {
        return used();
    }
    if let Some(last_us) = last {
        return Use::Ignored(times, last_us);
    }
    match trace.recording.by {
        Recorder::Capture => unseen(trace, transaction, answer, address),
        Recorder::Guest if trace.recording.elapsed_us < answer.at_us.saturating_add(PATIENCE_US) => {
            Use::NotYet(format!("the Reply with {address} came just before the recording ended, and whether it was used is not seen"))
        }
        Recorder::Guest => {
            let from = answer.received.from;
            Use::Unused(format!("the Reply of {from} with {address} arrived, and the address was never set: the client did not use it"))
        }
    }
}

/// A capture from elsewhere shows no addresses. A guest tests a new one and reports its group (RFC 4862 section 5.4.2), as Linux does even where it
/// tests none; one that it had already needs neither.
fn unseen(trace: &Trace<'_>, transaction: &Transaction, answer: &Answer, address: std::net::Ipv6Addr) -> Use {
    let name = kind_name(transaction.kind);
    let had = !matches!(transaction.kind, kind::SOLICIT | kind::REQUEST) || trace.took(address, 0).is_some_and(|at_us| at_us < answer.at_us);
    if trace.recording.elapsed_us < transaction.due_us() {
        return Use::NotYet(format!("the Reply with {address} came just before the capture ended, and whether the client asked on is not seen"));
    }
    if had {
        return Use::Used(format!("{address} by {name} and Reply"));
    }
    let nothing = format!(
        "the Reply of {} with {address} arrived, and no test of the address, report of its group or packet from it followed",
        answer.received.from
    );
    if !trace.shows_the_start() {
        Use::NotYet(format!("{nothing}; what the guest held before the capture is not known"))
    } else if !trace.reports_groups() || trace.shares_group(address) {
        Use::NotYet(format!("{nothing}; this guest's reports do not show which addresses it takes"))
    } else if trace.recording.elapsed_us < answer.at_us.saturating_add(PATIENCE_US) {
        Use::NotYet(format!("{nothing} before the capture ended"))
    } else {
        Use::Unused(format!("{nothing}: the client did not use it"))
    }
}

/// How often any of `transactions` was sent after `answer`, those left aside that may have crossed it; and when last.
pub(in crate::judge) fn again<'a>(transactions: impl IntoIterator<Item = &'a Transaction>, answer: &Answer) -> (usize, Option<u64>) {
    let sent =
        transactions.into_iter().flat_map(|transaction| &transaction.sent_us).filter(|sent_us| **sent_us > answer.at_us.saturating_add(CROSSING_US));
    sent.fold((0, None), |(times, last), sent_us| (times + 1, last.max(Some(*sent_us))))
}
