//! What Replies gave: addresses that a client takes, from which server and under which identity.

use std::collections::BTreeMap;
use std::net::Ipv6Addr;

use super::answer::{Question, associations, taken_addresses};
use super::trace::Trace;
use crate::facts::{ClientIdentity, Recording};
use crate::wire::dhcpv6::{Message, kind};
use crate::wire::duid::Duid;

/// Addresses that a Reply gave.
#[derive(Debug)]
pub struct Lease<'s> {
    /// When it came.
    pub at_us: u64,
    /// DUID of the client.
    pub client: &'s [u8],
    /// DUID of the server.
    pub server: &'s [u8],
    /// IAID of its association.
    pub iaid: u32,
    /// T1 and T2 in seconds.
    pub times_s: (u32, u32),
    /// The addresses.
    pub addresses: Vec<Ipv6Addr>,
}

/// As many leases as a boot is read to have.
const MAX_LEASES: usize = 256;

impl Trace<'_> {
    /// What Replies gave the guest's clients, an association each. One that a client must discard gives nothing: to no message that it sent before
    /// (RFC 8415 section 16.10), to a Solicit without Rapid Commit, and what [`taken_addresses`] leaves out.
    pub fn leases(&self) -> Vec<Lease<'_>> {
        let mut asked: BTreeMap<_, Vec<(u64, Question)>> = BTreeMap::new();
        for sent in self.sent() {
            asked.entry((sent.message.transaction_id, sent.message.client_id())).or_default().push((sent.at_us(), Question::of(sent.message)));
        }
        let gives = |at_us: u64, message: &Message| {
            let questions = asked.get(&(message.transaction_id, message.client_id())).map(Vec::as_slice).unwrap_or_default();
            // A client may use one transaction for several messages.
            let question = questions.iter().take_while(|(asked_us, _)| *asked_us <= at_us).last();
            message.kind == kind::REPLY && question.is_some_and(|(_, question)| question.admits(message))
        };
        let mut leases = Vec::new();
        for (packet, message) in self.server().filter(|(packet, message)| packet.checksum_right != Some(false) && gives(packet.at_us, message)) {
            let (Some(client), Some(server)) = (message.client_id(), message.server_id()) else { continue };
            for association in associations(&message.options) {
                let addresses = taken_addresses(&association);
                if !addresses.is_empty() && leases.len() < MAX_LEASES {
                    let (iaid, times_s) = (association.iaid, association.times_s);
                    leases.push(Lease { at_us: packet.at_us, client, server, iaid, times_s, addresses });
                }
            }
        }
        leases
    }
}

/// The address that the last Reply of the recording gave the guest, and who the guest was to that server.
pub fn last_lease(recording: &Recording) -> Option<(Ipv6Addr, ClientIdentity)> {
    let trace = Trace::read(recording);
    let leases = trace.leases();
    // Of several associations in one Reply, the first.
    let last_us = leases.last()?.at_us;
    let lease = leases.iter().find(|lease| lease.at_us == last_us)?;
    let source = format!("{}, the exchange that gave the address", recording.file);
    let identity = ClientIdentity { duid: Duid(lease.client.to_vec()).to_string(), iaid: lease.iaid, of_guest: true, source };
    Some((*lease.addresses.first()?, identity))
}
