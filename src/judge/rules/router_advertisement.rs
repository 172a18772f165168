//! A valid Router Advertisement answers our Router Solicitation.

use super::{Cause, Finding, Judgement, Kind, Place, Subject, Table, heard};
use crate::facts::{Direction, Ended, Tense};

/// A Router Advertisement that hosts must not discard (RFC 4861 section 6.1.2) and that offers a default router.
#[derive(Debug, Clone, Default)]
pub struct RouterAdvertisement;

/// How long a router may take to answer, in milliseconds: its random delay, and the pause between two multicast ones (RFC 4861 section 6.2.6:
/// MAX_RA_DELAY_TIME and MIN_DELAY_BETWEEN_RAS).
const ANSWER_MS: u64 = 3500;

impl Kind for RouterAdvertisement {
    fn judge(&self, subject: &Subject<'_>) -> Judgement {
        const EXPECTED: &str = "a valid Router Advertisement with a router lifetime above 0";
        let (_, tenses) = subject.on_interface()?;
        let conversation = tenses.network.router.get()?;
        let heard = heard::advertisements(conversation);
        let evidence: Vec<_> = heard.iter().map(heard::advertisement_evidence).collect();
        if let Some(good) = heard.iter().find(|advertisement| advertisement.offers_default_route()) {
            let seen = format!("from {}, lifetime {} s", good.from, good.message.lifetime_s);
            return Ok(Finding::pass(EXPECTED, seen).with_all(evidence));
        }
        if conversation.ended == Ended::Interrupted {
            return Ok(Finding::inconclusive("interrupted by a signal before a Router Advertisement came").with_all(evidence));
        }
        if !heard::carrier(subject)? {
            return Ok(Finding::inconclusive("the interface has no carrier").with(Tense::State, Table::Links, "no LOWER_UP"));
        }
        let seconds = conversation.elapsed_us / 1_000_000;
        let sent = conversation.frames.iter().filter(|frame| frame.direction == Direction::Sent).count();
        let finding = match heard.first() {
            None if sent == 0 || subject.facts.run.timeout_ms < ANSWER_MS => Finding::inconclusive(format!(
                "no Router Advertisement came within {} ms, and a router may take {ANSWER_MS}; give a longer --timeout",
                subject.facts.run.timeout_ms
            )),
            None => {
                let solicitations = if sent == 1 { "Router Solicitation" } else { "Router Solicitations" };
                let message = format!("no router answers: {sent} {solicitations} in {seconds} s brought no Router Advertisement");
                Finding::fail(EXPECTED, "none", message).because(Cause::Silence)
            }
            Some(first) => match first.invalid() {
                Some(why) => {
                    let message = format!("the Router Advertisement of {} is invalid, so that hosts discard it: {why}", first.from);
                    Finding::fail(EXPECTED, format!("an invalid one: {why}"), message)
                }
                None => {
                    Finding::fail(EXPECTED, "router lifetime 0", format!("{} advertises itself with lifetime 0: it is no default router", first.from))
                }
            },
        };
        let solicitations = Place::Message(format!("{} Router Solicitations", heard::whose(subject)));
        Ok(finding.with(Tense::Network, solicitations, format!("{sent} sent, {seconds} s waited")).with_all(evidence))
    }
}
