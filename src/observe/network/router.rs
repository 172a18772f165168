//! Soliciting a router: one Router Solicitation, retransmitted until a valid Router Advertisement comes (RFC 4861 section 6.3.7, RFC 7559).

use std::net::Ipv6Addr;
use std::time::Duration;

use super::dialogue::{Heard, Meaning, Question};
use super::retransmission::Pace;
use crate::facts::{ClientIdentity, Direction, Mac};
use crate::wire::frame::{self, Envelope, Payload};
use crate::wire::ndp::{self, RouterAdvertisement};

const ALL_ROUTERS: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 2);
/// Length of the fixed part of a Router Advertisement, in bytes.
const FIXED_PART: usize = 16;

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
        Self { solicitation: frame::icmpv6(&envelope, &ndp::router_solicitation(link_local.map(|_| mac))) }
    }
}

impl Question for RouterQuestion {
    const PACE: Pace = Pace { first: Duration::from_secs(4), longest: Duration::from_hours(1), first_is_longer: false };

    fn frame(&self, _elapsed: Duration) -> Vec<u8> {
        self.solicitation.clone()
    }

    fn meaning(&self, heard: &Heard<'_>) -> Meaning {
        let Payload::Icmpv6 { message, checksum_right } = &heard.frame.payload else { return Meaning::Nothing };
        match (message.first(), heard.direction) {
            (Some(&ndp::ROUTER_SOLICITATION | &ndp::ROUTER_ADVERTISEMENT), Direction::Guest) => Meaning::Related,
            (Some(&ndp::ROUTER_ADVERTISEMENT), Direction::Received) => {
                let valid = heard.frame.hop_limit == 255
                    && heard.frame.source.is_unicast_link_local()
                    && heard.checksum_may_be_right(*checksum_right)
                    && options_are_whole(message);
                match RouterAdvertisement::parse(message) {
                    Some((advertisement, _)) if valid && advertisement.code == 0 && advertisement.lifetime_s > 0 => Meaning::Answer,
                    _ => Meaning::Related,
                }
            }
            // What other hosts ask is theirs.
            _ => Meaning::Nothing,
        }
    }

    fn identity(self) -> Option<ClientIdentity> {
        None
    }
}

/// Every option is at least one unit long (RFC 4861 section 6.1.2) and ends within the message. Linux discards an RA otherwise
/// (net/ipv6/ndisc.c, `ndisc_parse_options`), so it is none to a guest.
fn options_are_whole(message: &[u8]) -> bool {
    let Some(mut rest) = message.get(FIXED_PART..) else { return false };
    while !rest.is_empty() {
        let length = rest.get(1).map_or(0, |&units| usize::from(units) * 8);
        match rest.get(length..) {
            Some(behind) if length > 0 => rest = behind,
            _ => return false,
        }
    }
    true
}
