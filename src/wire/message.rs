//! The messages of the conversations that decide about a guest's IPv6, by what they are.

use super::Flaw;
use super::dhcpv6;
use super::frame::{Frame, Payload};
use super::mld;
use super::ndp::{REDIRECT, RouterAdvertisement};
use super::neighbor::{NeighborAdvertisement, NeighborSolicitation, RouterSolicitation};

/// What a frame says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// Router Solicitation.
    RouterSolicitation(RouterSolicitation),
    /// Router Advertisement.
    RouterAdvertisement(RouterAdvertisement),
    /// Neighbor Solicitation.
    NeighborSolicitation(NeighborSolicitation),
    /// Neighbor Advertisement.
    NeighborAdvertisement(NeighborAdvertisement),
    /// Redirect (RFC 4861 section 4.5).
    Redirect,
    /// A report of multicast groups.
    ListenerReport(mld::Report),
    /// A DHCPv6 message from a client: to UDP port 547.
    FromClient(dhcpv6::Message),
    /// A DHCPv6 message to a client: to UDP port 546.
    ToClient(dhcpv6::Message),
    /// Anything else, or too short to be one of these.
    Other,
}

impl Message {
    /// What `frame` says, and what is wrong with the bytes of the message.
    pub fn of(frame: &Frame<'_>) -> (Self, Vec<Flaw>) {
        Self::read(&frame.payload).unwrap_or((Self::Other, Vec::new()))
    }

    fn read(payload: &Payload<'_>) -> Option<(Self, Vec<Flaw>)> {
        fn say<T>(make: fn(T) -> Message) -> impl Fn((T, Vec<Flaw>)) -> (Message, Vec<Flaw>) {
            move |(message, flaws)| (make(message), flaws)
        }
        match *payload {
            Payload::Icmpv6 { message, .. } => match *message.first()? {
                133 => RouterSolicitation::parse(message).map(say(Self::RouterSolicitation)),
                134 => RouterAdvertisement::parse(message).map(say(Self::RouterAdvertisement)),
                135 => NeighborSolicitation::parse(message).map(say(Self::NeighborSolicitation)),
                136 => NeighborAdvertisement::parse(message).map(say(Self::NeighborAdvertisement)),
                REDIRECT => Some((Self::Redirect, Vec::new())),
                mld::REPORT_V1 | mld::REPORT_V2 => mld::Report::parse(message).map(say(Self::ListenerReport)),
                _ => None,
            },
            Payload::Udp { destination_port: 547, data, .. } => dhcpv6::Message::parse(data).map(say(Self::FromClient)),
            Payload::Udp { destination_port: 546, data, .. } => dhcpv6::Message::parse(data).map(say(Self::ToClient)),
            Payload::Udp { .. } | Payload::Other(_) => None,
        }
    }
}
