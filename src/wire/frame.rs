//! Ethernet, IPv6 and the headers up to ICMPv6 or UDP.

use std::net::Ipv6Addr;

use pnet::util::MacAddr;

use super::Flaw;

/// An Ethernet frame that carries IPv6.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame<'a> {
    /// Destination MAC address.
    pub destination_mac: MacAddr,
    /// Source MAC address.
    pub source_mac: MacAddr,
    /// VLAN identifiers of its tags, outermost first.
    pub vlans: Vec<u16>,
    /// Traffic class.
    pub traffic_class: u8,
    /// Source address.
    pub source: Ipv6Addr,
    /// Destination address.
    pub destination: Ipv6Addr,
    /// Hop limit.
    pub hop_limit: u8,
    /// What it carries.
    pub payload: Payload<'a>,
}

/// What an IPv6 packet carries, behind its extension headers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Payload<'a> {
    /// An ICMPv6 message from its type on.
    Icmpv6 {
        /// The message.
        message: &'a [u8],
        /// Whether its checksum is right.
        checksum_right: bool,
    },
    /// A UDP datagram.
    Udp {
        /// Source port.
        source_port: u16,
        /// Destination port.
        destination_port: u16,
        /// Its data.
        data: &'a [u8],
        /// Whether its checksum is right.
        checksum_right: bool,
    },
    /// Anything else: the number of the header that ended the walk (RFC 8200 section 4).
    Other(u8),
}

impl<'a> Frame<'a> {
    /// Reads a frame from its Ethernet header on; `None` if it is not IPv6 at all (other EtherType, too short for an IPv6 header).
    pub fn parse(_bytes: &'a [u8]) -> Option<(Self, Vec<Flaw>)> {
        unimplemented!()
    }
}

/// Where a built frame goes from and to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Envelope {
    /// Source MAC address.
    pub source_mac: MacAddr,
    /// Destination MAC address; for multicast see [`multicast_mac`].
    pub destination_mac: MacAddr,
    /// Source address.
    pub source: Ipv6Addr,
    /// Destination address.
    pub destination: Ipv6Addr,
    /// Hop limit.
    pub hop_limit: u8,
}

/// The MAC address of an IPv6 multicast group (RFC 2464 section 7).
pub fn multicast_mac(_group: Ipv6Addr) -> MacAddr {
    unimplemented!()
}

/// An Ethernet frame with an ICMPv6 message whose checksum field is filled in.
pub fn icmpv6(_envelope: &Envelope, _message: &[u8]) -> Vec<u8> {
    unimplemented!()
}

/// An Ethernet frame with a UDP datagram, checksum included.
pub fn udp(_envelope: &Envelope, _source_port: u16, _destination_port: u16, _data: &[u8]) -> Vec<u8> {
    unimplemented!()
}
