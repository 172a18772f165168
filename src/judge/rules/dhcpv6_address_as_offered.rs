//! The DHCPv6 address held is the one that the server offers this guest now.

use std::collections::BTreeSet;

use super::{Finding, Judgement, Kind, Subject, Table, address_origin, duid_of_this_guest, network_answers};
use crate::exchange::answer::Offer;
use crate::facts::Tense;
use crate::wire::duid::Duid;

/// The address held and the address offered are the same. A different one is a lease that the network no longer routes to this guest.
#[derive(Debug, Clone, Default)]
pub struct Dhcpv6AddressAsOffered;

impl Kind for Dhcpv6AddressAsOffered {
    fn judge(&self, subject: &Subject<'_>) -> Judgement {
        let held = subject.origins()?.dhcpv6();
        let held_text = held.iter().map(address_origin::Held::text).collect::<Vec<_>>().join(", ");
        let server = subject.server()?;
        let Some((answer, offer)) = server.offer()? else {
            return Ok(Finding::inconclusive("no DHCPv6 server answers, so what it would offer is not known"));
        };
        let Offer::Addresses(_) = offer else {
            return Ok(Finding::inconclusive(format!("the DHCPv6 server offers none now ({})", offer.describe())));
        };
        // Of several servers each may have an address for it.
        let offered = server.offered_addresses()?;
        let offered_text = offered.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let finding = if held.iter().any(|held| offered.contains(&held.address.address)) {
            Finding::pass(offered_text, held_text.clone())
        } else if server.identity.as_ref().is_none_or(|identity| !identity.of_guest) {
            // A server with a pool offers each client another address, so only the guest's own identity gets the guest's own address.
            return Ok(Finding::inconclusive(format!(
                "the server offers {offered_text} to a client identity that is not the guest's; what it offers the guest is not known"
            )));
        } else if let Some(own) = own_server(subject, &held)
            && !server.all.iter().any(|(answer, _)| answer.message.server_id() == Some(own))
        {
            let others = server.all.iter().filter_map(|(answer, _)| answer.message.server_id()).map(|duid| Duid(duid.to_vec()).to_string());
            let others = others.collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>().join(", ");
            return Ok(Finding::inconclusive(format!(
                "{held_text} was given by server {}, and only another one has answered ({others}), which offers {offered_text}: a second DHCPv6 \
                 server on this network, most likely a rogue; --thorough waits for both",
                Duid(own.to_vec())
            ))
            .with_all([network_answers::answer_evidence(answer, offer)]));
        } else {
            let another = server.identity.as_ref().and_then(|identity| duid_of_this_guest::of_another_machine(subject.facts, &identity.duid));
            let why = another.map_or("the lease is out of date".to_owned(), |mac| {
                format!("the lease was given to a machine with MAC address {mac}, which no NIC of this guest has: the disk is a copy, most likely")
            });
            let message = format!("{held_text} is held, but the server offers {offered_text} now: {why}");
            Finding::fail(offered_text, held_text.clone(), message)
        };
        Ok(finding.with(Tense::State, Table::Addresses, held_text).with_all([network_answers::answer_evidence(answer, offer)]))
    }
}

/// The server that gave one of the addresses held, where the boot was recorded.
fn own_server<'a>(subject: &Subject<'a>, held: &[address_origin::Held<'_>]) -> Option<&'a [u8]> {
    let leases = subject.trace().ok()?.leases();
    leases.iter().rev().find(|lease| held.iter().any(|held| lease.addresses.contains(&held.address.address))).map(|lease| lease.server)
}
