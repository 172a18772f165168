//! A DHCPv6 server offers this guest an address.

use super::{Cause, Finding, Judgement, Kind, Place, Subject, heard};
use crate::facts::{Conversation, Direction, Ended, Tense};
use crate::wire::dhcpv6::status;
use crate::wire::received::Offer;

/// An Advertise answers our Solicit and carries an address. A refusal to a DUID that is not the guest's says nothing of the guest: a server
/// that leased the address of this MAC to the guest's own DUID refuses every other.
#[derive(Debug, Clone, Default)]
pub struct Dhcpv6Offer;

/// As long as a client waits for an answer at least (RFC 8415 section 7.6, SOL_TIMEOUT), in milliseconds.
const ANSWER_MS: u64 = 1000;

const EXPECTED: &str = "an Advertise with an address";

impl Kind for Dhcpv6Offer {
    fn judge(&self, subject: &Subject<'_>) -> Judgement {
        if subject.expectations.dhcpv6_address != Some(true) {
            return Ok(Finding::skip("the profile does not expect a DHCPv6 address"));
        }
        let (_, tenses) = subject.on_interface()?;
        let conversation = tenses.network.server.get()?;
        let finding = match heard::offer(conversation)? {
            Some((_, Offer::Addresses(addresses))) => {
                Finding::pass(EXPECTED, addresses.iter().map(|(address, _, _)| address.to_string()).collect::<Vec<_>>().join(", "))
            }
            Some((answer, offer)) => refused(conversation, &answer.from.to_string(), &offer),
            None if !heard::carrier(subject)? => Finding::inconclusive("the interface has no carrier"),
            None if subject.facts.run.timeout_ms < ANSWER_MS => Finding::inconclusive(format!(
                "no DHCPv6 server answered within {} ms, before the first retransmission; give a longer --timeout",
                subject.facts.run.timeout_ms
            )),
            None => silence(conversation, heard::whose(subject)),
        };
        let told = heard::answers(conversation);
        let iaid = conversation.identity.as_ref().map(|identity| identity.iaid).unwrap_or_default();
        let evidence = told.iter().map(|answer| heard::answer_evidence(answer, &answer.offer(iaid)));
        let identity = conversation.identity.iter().map(|identity| super::Evidence {
            tense: Tense::Network,
            place: Place::Message(format!("{} Solicit", heard::whose(subject))),
            value: format!("DUID {}, IAID {:08x}, {}", identity.duid, identity.iaid, identity.source),
        });
        Ok(finding.with_all(evidence).with_all(identity))
    }
}

fn refused(conversation: &Conversation, server: &str, offer: &Offer) -> Finding {
    let says = offer.describe();
    let of_guest = conversation.identity.as_ref().is_some_and(|identity| identity.of_guest);
    let no_address = matches!(offer, Offer::Refused(status::NO_ADDRS_AVAIL, _));
    if no_address && !of_guest {
        return Finding::inconclusive(format!(
            "the server refuses ({says}), but the guest's own DUID is not known, and a server that has leased the address to that DUID refuses any other"
        ));
    }
    if no_address {
        let message = format!(
            "the DHCPv6 server {server} has no address for this guest ({says}): it does not know its MAC, or still leases its address to an earlier DUID"
        );
        return Finding::fail(EXPECTED, says, message).because(Cause::NoAddress);
    }
    Finding::fail(EXPECTED, says.clone(), format!("the DHCPv6 server {server} answers without an address ({says})")).because(Cause::NoAddress)
}

fn silence(conversation: &Conversation, whose: &str) -> Finding {
    if conversation.ended == Ended::Interrupted {
        return Finding::inconclusive("interrupted by a signal before a DHCPv6 server answered");
    }
    let sent = conversation.frames.iter().filter(|frame| frame.direction == Direction::Sent).count();
    let seconds = conversation.elapsed_us / 1_000_000;
    let solicits = if sent == 1 { "Solicit" } else { "Solicits" };
    Finding::fail(EXPECTED, "silence", format!("no DHCPv6 server answers: {sent} {solicits} in {seconds} s brought nothing"))
        .because(Cause::Silence)
        .with(Tense::Network, Place::Message(format!("{whose} Solicits")), format!("{sent} sent, {seconds} s waited"))
}
