//! Soliciting a router: one Router Solicitation, retransmitted until a valid Router Advertisement comes (RFC 4861 section 6.3.7, RFC 7559).

use std::net::Ipv6Addr;
use std::time::Duration;

use super::dialogue::{Heard, Meaning, Question};
use crate::exchange::advertisement::ReceivedAdvertisement;
use crate::facts::{ClientIdentity, Direction, Mac};
use crate::wire::frame::{self, Envelope, Payload};
use crate::wire::ndp;

const ALL_ROUTERS: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 2);

/// A Router Solicitation from one interface.
#[derive(Debug)]
pub(super) struct RouterQuestion {
    solicitation: Vec<u8>,
}

impl RouterQuestion {
    /// From the link-local address with our MAC address, or from `::` without it where there is none (RFC 4861 section 4.1).
    pub(super) fn new(mac: Mac, link_local: Option<Ipv6Addr>) -> Self {
        let envelope = Envelope {
            source_mac: mac,
            destination_mac: frame::multicast_mac(ALL_ROUTERS),
            source: link_local.unwrap_or(Ipv6Addr::UNSPECIFIED),
            destination: ALL_ROUTERS,
            hop_limit: 255,
        };
        Self { solicitation: frame::marked(frame::icmpv6(&envelope, &ndp::router_solicitation(link_local.map(|_| mac)))) }
    }
}

impl Question for RouterQuestion {
    fn frame(&self, _elapsed: Duration) -> Vec<u8> {
        self.solicitation.clone()
    }

    fn meaning(&self, heard: &Heard<'_>) -> Meaning {
        let Payload::Icmpv6 { message, .. } = &heard.frame.payload else { return Meaning::Nothing };
        match (message.first(), heard.direction) {
            (Some(&ndp::ROUTER_SOLICITATION | &ndp::ROUTER_ADVERTISEMENT), Direction::Guest) => Meaning::Related,
            (Some(&ndp::ROUTER_ADVERTISEMENT), Direction::Received) => match ReceivedAdvertisement::of(heard.frame, heard.checksum_known()) {
                Some(advertisement) if advertisement.offers_default_route() => Meaning::Answer,
                _ => Meaning::Related,
            },
            // What other hosts ask is theirs.
            _ => Meaning::Nothing,
        }
    }

    fn identity(self) -> Option<ClientIdentity> {
        None
    }
}
