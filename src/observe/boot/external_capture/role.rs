//! What shows whether a party is a guest.

use crate::wire::dhcpv6::kind;
use crate::wire::frame::{Frame, Payload};
use crate::wire::message::Message;
use std::net::Ipv6Addr;

/// The group of all routers, which only those join who forward.
const ALL_ROUTERS: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 2);

/// What a party sent that shows it.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each was said or was not, whatever else was")]
pub(super) struct Role {
    /// It solicited a router.
    pub(super) solicits: bool,
    /// It is the client of a DHCPv6 server.
    pub(super) client: bool,
    /// It tested an address.
    pub(super) tests: bool,
    /// It advertised itself as a router.
    pub(super) advertises: bool,
    /// It sent messages of a DHCPv6 server.
    pub(super) serves: bool,
    /// It joined the group of all routers.
    pub(super) forwards: bool,
}

impl Role {
    /// The client of a DHCPv6 server.
    pub(super) const CLIENT: Self = Self { solicits: false, client: true, tests: false, advertises: false, serves: false, forwards: false };

    /// What one message shows of its sender.
    pub(super) fn of(frame: &Frame<'_>, message: &Message) -> Self {
        let nothing = Self::default();
        match message {
            Message::RouterSolicitation(_) => Self { solicits: true, ..nothing },
            Message::NeighborSolicitation(_) => Self { tests: frame.source.is_unspecified(), ..nothing },
            Message::RouterAdvertisement(_) => Self { advertises: true, ..nothing },
            Message::FromClient(it) => {
                let relayed = matches!(it.kind, kind::RELAY_FORWARD | kind::RELAY_REPLY) || is_from(frame, 547);
                Self { client: !relayed, ..nothing }
            }
            Message::ToClient(it) => Self { serves: matches!(it.kind, kind::ADVERTISE | kind::REPLY | kind::RECONFIGURE), ..nothing },
            Message::ListenerReport(it) => {
                Self { forwards: it.records.iter().any(|record| record.group == ALL_ROUTERS && record.joins()), ..nothing }
            }
            _ => nothing,
        }
    }

    pub(super) fn join(&mut self, other: Self) {
        self.solicits |= other.solicits;
        self.client |= other.client;
        self.tests |= other.tests;
        self.advertises |= other.advertises;
        self.serves |= other.serves;
        self.forwards |= other.forwards;
    }

    /// It is the network: a server, or a router that is nobody's client. A guest that advertises itself by mistake still asks for its address.
    pub(super) fn is_network(self) -> bool {
        self.serves || self.advertises && !self.client
    }

    /// It may be a guest by what it asks.
    pub(super) fn asks(self) -> bool {
        self.solicits || self.client
    }
}

fn is_from(frame: &Frame<'_>, port: u16) -> bool {
    matches!(frame.payload, Payload::Udp { source_port, .. } if source_port == port)
}
