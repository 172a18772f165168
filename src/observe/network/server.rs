//! Soliciting a DHCPv6 server: Solicit without Rapid Commit, so that no server commits anything (RFC 8415 section 18.2.1).

use std::net::Ipv6Addr;
use std::time::Duration;

use super::dialogue::{Heard, Meaning, Question};
use super::retransmission::Random;
use crate::exchange::answer::{Offer, Question as Asked, ReceivedAnswer};
use crate::facts::{ClientIdentity, Direction, Mac};
use crate::wire::dhcpv6::{DhcpOption, Message, kind};
use crate::wire::duid::Duid;
use crate::wire::frame::{self, Envelope, Payload};

const ALL_SERVERS: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 1, 2);
const CLIENT_PORT: u16 = 546;
const SERVER_PORT: u16 = 547;
/// What the kernel gives a socket that asks for nothing else, and so what clients send with.
const HOP_LIMIT: u8 = 1;
/// DNS servers and search list (RFC 3646), SOL_MAX_RT, which a client must ask for (RFC 8415 section 18.2.1).
const REQUESTED_OPTIONS: [u16; 3] = [23, 24, 82];

/// A Solicit from one interface.
#[derive(Debug)]
pub(super) struct ServerQuestion {
    envelope: Envelope,
    duid: Vec<u8>,
    transaction_id: u32,
    identity: ClientIdentity,
}

impl ServerQuestion {
    /// From the link-local address, under `identity`.
    ///
    /// # Errors
    /// Why there is nothing to ask with: no address to send from, or an identity that is none.
    pub(super) fn new(mac: Mac, link_local: Option<Ipv6Addr>, identity: &ClientIdentity, random: &mut Random) -> Result<Self, String> {
        let source = link_local.ok_or("no usable link-local address to solicit from")?;
        let duid = Duid::from_hex(&identity.duid).map(|duid| duid.0).filter(|duid| (3..=130).contains(&duid.len()));
        let duid = duid.ok_or_else(|| format!("the DUID from {} is not one", identity.source))?;
        let envelope =
            Envelope { source_mac: mac, destination_mac: frame::multicast_mac(ALL_SERVERS), source, destination: ALL_SERVERS, hop_limit: HOP_LIMIT };
        #[expect(clippy::cast_possible_truncation, reason = "24 bits are wanted")]
        let transaction_id = random.next() as u32 & 0x00ff_ffff;
        Ok(Self { envelope, duid, transaction_id, identity: identity.clone() })
    }
}

impl Question for ServerQuestion {
    fn frame(&self, elapsed: Duration) -> Vec<u8> {
        let hundredths = u16::try_from(elapsed.as_millis() / 10).unwrap_or(u16::MAX);
        let message = Message {
            kind: kind::SOLICIT,
            transaction_id: self.transaction_id,
            options: vec![
                DhcpOption::ClientId(self.duid.clone()),
                DhcpOption::OptionRequest(REQUESTED_OPTIONS.to_vec()),
                DhcpOption::ElapsedTime(hundredths),
                DhcpOption::IaNa { iaid: self.identity.iaid, t1_s: 0, t2_s: 0, options: Vec::new() },
            ],
        };
        frame::marked(frame::udp(&self.envelope, CLIENT_PORT, SERVER_PORT, &message.build()))
    }

    fn meaning(&self, heard: &Heard<'_>) -> Meaning {
        let Payload::Udp { source_port, destination_port, .. } = &heard.frame.payload else { return Meaning::Nothing };
        let ports = [*source_port, *destination_port];
        if !ports.iter().any(|port| [CLIENT_PORT, SERVER_PORT].contains(port)) {
            return Meaning::Nothing;
        }
        match heard.direction {
            Direction::Guest => return Meaning::Related,
            // What other clients ask is theirs.
            Direction::Received if *destination_port != CLIENT_PORT => return Meaning::Nothing,
            Direction::Received | Direction::Sent => {}
        }
        let Some(answer) = ReceivedAnswer::of(heard.frame, heard.checksum_known()) else { return Meaning::Related };
        if answer.to != self.envelope.source || !answer.answers(self.transaction_id, &self.duid) {
            return Meaning::Related;
        }
        // A Reply that nobody asked for is nothing that a client takes, but it says that a server is there.
        match answer.offer(Asked::SOLICIT, self.identity.iaid) {
            Offer::Addresses(_) if answer.message.kind == kind::ADVERTISE => Meaning::Answer,
            _ => Meaning::Refusal,
        }
    }

    fn identity(self) -> Option<ClientIdentity> {
        Some(self.identity)
    }
}
