//! The DHCPv6 address held is the one that the server offers this guest now.

use super::{Finding, Judgement, Kind, Subject, Table, duid_of_this_guest, heard, held};
use crate::facts::Tense;
use crate::wire::received::Offer;

/// The address held and the address offered are the same. A different one is a lease that the network no longer routes to this guest.
#[derive(Debug, Clone, Default)]
pub struct Dhcpv6AddressAsOffered;

impl Kind for Dhcpv6AddressAsOffered {
    fn judge(&self, subject: &Subject<'_>) -> Judgement {
        let (_, tenses) = subject.on_interface()?;
        let held = held::dhcpv6_addresses(tenses)?;
        let held_text = held.iter().map(held::Held::text).collect::<Vec<_>>().join(", ");
        let server = tenses.network.server.get()?;
        let Some((answer, offer)) = heard::offer(server)? else {
            return Ok(Finding::inconclusive("no DHCPv6 server answers, so what it would offer is not known"));
        };
        let Offer::Addresses(_) = &offer else {
            return Ok(Finding::inconclusive(format!("the DHCPv6 server offers none now ({})", offer.describe())));
        };
        // Of several servers each may have an address for it.
        let offered = heard::offered_addresses(server)?;
        let offered_text = offered.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let finding = if held.iter().any(|held| offered.contains(&held.address.address)) {
            Finding::pass(offered_text, held_text.clone())
        } else if server.identity.as_ref().is_none_or(|identity| !identity.of_guest) {
            // A server with a pool offers each client another address, so only the guest's own identity gets the guest's own address.
            return Ok(Finding::inconclusive(format!(
                "the server offers {offered_text} to a client identity that is not the guest's; what it offers the guest is not known"
            )));
        } else {
            let another = server.identity.as_ref().and_then(|identity| duid_of_this_guest::of_another_machine(subject.facts, &identity.duid));
            let why = another.map_or("the lease is out of date".to_owned(), |mac| {
                format!("the lease was given to a machine with MAC address {mac}, which no NIC of this guest has: the disk is a copy, most likely")
            });
            let message = format!("{held_text} is held, but the server offers {offered_text} now: {why}");
            Finding::fail(offered_text, held_text.clone(), message)
        };
        Ok(finding.with(Tense::State, Table::Addresses, held_text).with_all([heard::answer_evidence(&answer, &offer)]))
    }
}
