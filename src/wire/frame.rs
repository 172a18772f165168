//! Ethernet, IPv6 and the headers up to ICMPv6 or UDP.
//!
//! Knows no fragments: it does not put packets together again. Whether a wrong checksum is one that the device left unfinished is not in the
//! bytes; who captured the frame knows.

use std::net::Ipv6Addr;

use pnet::packet::ethernet::{EtherTypes, MutableEthernetPacket};
use pnet::packet::icmpv6::{self as pnet_icmpv6, MutableIcmpv6Packet};
use pnet::packet::ip::{IpNextHeaderProtocol, IpNextHeaderProtocols};
use pnet::packet::ipv6::MutableIpv6Packet;
use pnet::packet::udp::{self as pnet_udp, MutableUdpPacket};
use pnet::packet::util::ipv6_checksum;
use pnet::util::MacAddr;

use super::{Flaw, address_at, flaw, mac_at, u16_at, u32_at};

const ETHERNET_HEADER: usize = 14;
const IPV6_HEADER: usize = 40;
const UDP_HEADER: usize = 8;
const VLAN_TAG: usize = 4;
const MOST_VLANS: usize = 4;
const MOST_EXTENSION_HEADERS: usize = 16;

/// The flow label of every frame that v6check sends, so that a capture tells them from the guest's own. A sender chooses its labels as it
/// likes (RFC 6437 section 3), the kernel's solicitations have 0, and one in a million others could be this.
pub const OWN_FLOW_LABEL: u32 = 0x7_6c0c;

const HOP_BY_HOP: u8 = 0;
const UDP: u8 = 17;
const ROUTING: u8 = 43;
/// The fragment header.
pub const FRAGMENT: u8 = 44;
const ICMPV6: u8 = 58;
const DESTINATION_OPTIONS: u8 = 60;

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
    /// Flow label, 20 bits.
    pub flow_label: u32,
    /// Source address.
    pub source: Ipv6Addr,
    /// Destination address.
    pub destination: Ipv6Addr,
    /// Hop limit.
    pub hop_limit: u8,
    /// Numbers of its extension headers, in order.
    pub extension_headers: Vec<u8>,
    /// Value of the router alert among its hop-by-hop options (RFC 2711), if there is one.
    pub router_alert: Option<u16>,
    /// Its transport checksum is wrong, and is the sum of the pseudo-header alone: what a sender leaves to a device to finish, which no device
    /// has done yet where it was captured (`CHECKSUM_PARTIAL`, Linux Documentation/networking/checksum-offloads.rst).
    pub checksum_unfinished: bool,
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
        /// Whether its checksum is right. None at all (0) is wrong in IPv6 (RFC 8200 section 8.1).
        checksum_right: bool,
    },
    /// Anything else: the number of the header that ended the walk (RFC 8200 section 4).
    Other(u8),
}

impl Payload<'_> {
    /// Whether its checksum is right; absent where it has none that is known here.
    pub fn checksum_right(&self) -> Option<bool> {
        match self {
            Self::Icmpv6 { checksum_right, .. } | Self::Udp { checksum_right, .. } => Some(*checksum_right),
            Self::Other(_) => None,
        }
    }
}

impl<'a> Frame<'a> {
    /// Reads a frame from its Ethernet header on; `None` if it is not IPv6 at all (other EtherType, too short for an IPv6 header).
    pub fn parse(bytes: &'a [u8]) -> Option<(Self, Vec<Flaw>)> {
        let (vlans, start) = ethernet_payload(bytes)?;
        let header = bytes.get(start..start + IPV6_HEADER)?;
        let mut flaws = Vec::new();
        if header[0] >> 4 != 6 {
            flaws.push(flaw(start, format!("IP version is {}, not 6", header[0] >> 4)));
        }
        let body = start + IPV6_HEADER;
        let (length, available) = (usize::from(u16_at(header, 4)?), bytes.len() - body);
        if length > available {
            flaws.push(flaw(start + 4, format!("IPv6 payload length is {length}, {available} bytes are left")));
        }
        let (source, destination) = (address_at(header, 8)?, address_at(header, 24)?);
        // What is behind the packet, a NIC or who captured put there: padding, a frame check sequence, a trailer.
        let packet = &bytes[..body + length.min(available)];
        let mut walk = Walk {
            packet,
            at: body,
            next: header[6],
            passed: Vec::new(),
            router_alert: None,
            unfinished: false,
            atomic_fragment: None,
            flaws: &mut flaws,
        };
        let payload = walk.payload(source, destination);
        let (extension_headers, router_alert, checksum_unfinished) = (walk.passed, walk.router_alert, walk.unfinished);
        let frame = Self {
            destination_mac: mac_at(bytes, 0)?,
            source_mac: mac_at(bytes, 6)?,
            vlans,
            traffic_class: header[0] << 4 | header[1] >> 4,
            flow_label: u32_at(header, 0)? & 0x000f_ffff,
            source,
            destination,
            hop_limit: header[7],
            extension_headers,
            router_alert,
            checksum_unfinished,
            payload,
        };
        Some((frame, flaws))
    }
}

/// VLAN identifiers and where the IPv6 header begins; `None` if another EtherType comes first.
fn ethernet_payload(bytes: &[u8]) -> Option<(Vec<u16>, usize)> {
    let (mut vlans, mut at) = (Vec::new(), ETHERNET_HEADER - 2);
    loop {
        match u16_at(bytes, at)? {
            // 802.1Q, 802.1ad, and what was used for the outer tag before it.
            0x8100 | 0x88a8 | 0x9100 if vlans.len() < MOST_VLANS => vlans.push(u16_at(bytes, at + 2)? & 0x0fff),
            0x86dd => return Some((vlans, at + 2)),
            _ => return None,
        }
        at += VLAN_TAG;
    }
}

/// The way from header to header of one packet.
struct Walk<'a, 'f> {
    /// The frame up to the end of its IPv6 packet.
    packet: &'a [u8],
    /// Where the next header begins.
    at: usize,
    /// Its number.
    next: u8,
    /// Numbers of the extension headers met.
    passed: Vec<u8>,
    router_alert: Option<u16>,
    /// As [`Frame::checksum_unfinished`].
    unfinished: bool,
    /// Where a fragment header of a whole packet stands.
    atomic_fragment: Option<usize>,
    flaws: &'f mut Vec<Flaw>,
}

impl<'a> Walk<'a, '_> {
    fn payload(&mut self, source: Ipv6Addr, destination: Ipv6Addr) -> Payload<'a> {
        for count in 0..=MOST_EXTENSION_HEADERS {
            match self.next {
                ICMPV6 => return self.icmpv6(source, destination),
                UDP => return self.udp(source, destination),
                HOP_BY_HOP | ROUTING | FRAGMENT | DESTINATION_OPTIONS if count < MOST_EXTENSION_HEADERS => {
                    if self.step(count).is_none() {
                        return Payload::Other(self.next);
                    }
                }
                HOP_BY_HOP | ROUTING | FRAGMENT | DESTINATION_OPTIONS => self.note(self.at, format!("more than {count} extension headers")),
                _ => break,
            }
        }
        Payload::Other(self.next)
    }

    /// Past one extension header; `None` if what stands behind it cannot be read.
    fn step(&mut self, count: usize) -> Option<()> {
        self.passed.push(self.next);
        let rest = self.rest();
        let &[following, length, ..] = rest else {
            self.note(self.at, format!("extension header {} of {} bytes", self.next, rest.len()));
            return None;
        };
        // The fragment header has no length field (RFC 8200 section 4.5).
        let length = if self.next == FRAGMENT { 8 } else { 8 * (usize::from(length) + 1) };
        if length > rest.len() {
            self.note(self.at, format!("extension header {} is {length} bytes long, {} are left", self.next, rest.len()));
            return None;
        }
        match self.next {
            FRAGMENT => self.fragment(u16_at(rest, 2)?)?,
            HOP_BY_HOP if count == 0 => self.router_alert = router_alert(&rest[2..length]),
            HOP_BY_HOP => self.note(self.at, "hop-by-hop options are not the first header".to_owned()),
            ROUTING if rest[3] > 0 => self.note(self.at, format!("routing header with {} segments left", rest[3])),
            _ => {}
        }
        self.at += length;
        self.next = following;
        Some(())
    }

    fn fragment(&mut self, field: u16) -> Option<()> {
        let (offset, more) = (field & 0xfff8, field & 1 != 0);
        if offset == 0 && !more {
            self.atomic_fragment = Some(self.at);
            return Some(());
        }
        let whose = if offset == 0 { "the first fragment".to_owned() } else { format!("the fragment from byte {offset} on") };
        self.note(self.at, format!("{whose} of a packet, which is not put together here"));
        None
    }

    fn icmpv6(&mut self, source: Ipv6Addr, destination: Ipv6Addr) -> Payload<'a> {
        let message = self.rest();
        if message.len() < 4 {
            self.note(self.at, format!("ICMPv6 message of {} bytes", message.len()));
        }
        if let Some(at) = self.atomic_fragment {
            let what = match message.first() {
                Some(133..=137) => "fragment header in a Neighbor Discovery message (RFC 6980 section 5)",
                _ => "fragment header in a packet that is whole",
            };
            self.note(at, what.to_owned());
        }
        let stands = u16_at(message, 2);
        let expected = ipv6_checksum(message, 1, &[], &source, &destination, IpNextHeaderProtocols::Icmpv6);
        let checksum_right = stands.is_some_and(|stands| same_sum(stands, expected));
        self.unfinished = !checksum_right && stands == pseudo_header_sum(source, destination, message.len(), ICMPV6);
        Payload::Icmpv6 { message, checksum_right }
    }

    fn udp(&mut self, source: Ipv6Addr, destination: Ipv6Addr) -> Payload<'a> {
        if let Some(at) = self.atomic_fragment {
            self.note(at, "fragment header in a packet that is whole".to_owned());
        }
        let rest = self.rest();
        let (Some(source_port), Some(destination_port), Some(length), Some(stands)) =
            (u16_at(rest, 0), u16_at(rest, 2), u16_at(rest, 4), u16_at(rest, 6))
        else {
            self.note(self.at, format!("UDP header of {} bytes", rest.len()));
            return Payload::Other(UDP);
        };
        let length = usize::from(length);
        let datagram = if length < UDP_HEADER {
            self.note(self.at + 4, format!("UDP length is {length}, less than its header"));
            rest
        } else if length > rest.len() {
            self.note(self.at + 4, format!("UDP length is {length}, {} bytes are left", rest.len()));
            rest
        } else {
            if length < rest.len() {
                self.note(self.at + length, format!("{} bytes behind the UDP datagram", rest.len() - length));
            }
            &rest[..length]
        };
        let expected = ipv6_checksum(datagram, 3, &[], &source, &destination, IpNextHeaderProtocols::Udp);
        let checksum_right = stands != 0 && same_sum(stands, expected);
        self.unfinished = !checksum_right && Some(stands) == pseudo_header_sum(source, destination, datagram.len(), UDP);
        Payload::Udp { source_port, destination_port, data: &datagram[UDP_HEADER..], checksum_right }
    }

    fn rest(&self) -> &'a [u8] {
        self.packet.get(self.at..).unwrap_or_default()
    }

    fn note(&mut self, offset: usize, what: String) {
        self.flaws.push(flaw(offset, what));
    }
}

/// The value of the router alert among hop-by-hop options (RFC 8200 section 4.2, RFC 2711 section 2.1).
fn router_alert(mut options: &[u8]) -> Option<u16> {
    const PAD1: u8 = 0;
    const ROUTER_ALERT: u8 = 5;
    loop {
        match options {
            [PAD1, rest @ ..] => options = rest,
            [ROUTER_ALERT, 2, high, low, ..] => return Some(u16::from_be_bytes([*high, *low])),
            [_, length, ..] => options = options.get(2 + usize::from(*length)..)?,
            _ => return None,
        }
    }
}

/// Equal in ones' complement, where all bits set is 0 as well (RFC 1071).
fn same_sum(one: u16, other: u16) -> bool {
    one % u16::MAX == other % u16::MAX
}

/// The sum of a pseudo-header (RFC 8200 section 8.1), as the kernel writes it into the checksum field for a device to add the rest.
fn pseudo_header_sum(source: Ipv6Addr, destination: Ipv6Addr, length: usize, next: u8) -> Option<u16> {
    let words = source.segments().into_iter().chain(destination.segments()).map(u32::from);
    let sum = words.sum::<u32>() + u32::try_from(length).ok()? + u32::from(next);
    let folded = (sum & 0xffff) + (sum >> 16);
    u16::try_from((folded & 0xffff) + (folded >> 16)).ok()
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

/// A built frame with [`OWN_FLOW_LABEL`]. No checksum covers the label.
pub fn marked(mut frame: Vec<u8>) -> Vec<u8> {
    if let Some(word) = frame.get_mut(ETHERNET_HEADER..ETHERNET_HEADER + 4) {
        let [_, low @ ..] = OWN_FLOW_LABEL.to_be_bytes();
        word[1] = word[1] & 0xf0 | low[0];
        word[2..].copy_from_slice(&low[1..]);
    }
    frame
}

/// The MAC address of an IPv6 multicast group (RFC 2464 section 7).
pub fn multicast_mac(group: Ipv6Addr) -> MacAddr {
    let [.., a, b, c, d] = group.octets();
    MacAddr::new(0x33, 0x33, a, b, c, d)
}

/// An Ethernet frame with an ICMPv6 message whose checksum field is filled in. A message of less than 4 bytes has no such field and goes as it
/// is; what does not fit into an IPv6 packet (65535 bytes) is cut off.
pub fn icmpv6(envelope: &Envelope, message: &[u8]) -> Vec<u8> {
    let mut message = message[..message.len().min(usize::from(u16::MAX))].to_vec();
    if let Some(mut packet) = MutableIcmpv6Packet::new(&mut message) {
        let sum = pnet_icmpv6::checksum(&packet.to_immutable(), &envelope.source, &envelope.destination);
        packet.set_checksum(sum);
    }
    ethernet(envelope, IpNextHeaderProtocols::Icmpv6, &message)
}

/// An Ethernet frame with a UDP datagram, checksum included. Data that does not fit into it (65527 bytes) is cut off.
pub fn udp(envelope: &Envelope, source_port: u16, destination_port: u16, data: &[u8]) -> Vec<u8> {
    let data = &data[..data.len().min(usize::from(u16::MAX) - UDP_HEADER)];
    let mut datagram = vec![0; UDP_HEADER + data.len()];
    datagram[UDP_HEADER..].copy_from_slice(data);
    let length = u16::try_from(datagram.len()).unwrap_or(u16::MAX);
    if let Some(mut packet) = MutableUdpPacket::new(&mut datagram) {
        packet.set_source(source_port);
        packet.set_destination(destination_port);
        packet.set_length(length);
        let sum = pnet_udp::ipv6_checksum(&packet.to_immutable(), &envelope.source, &envelope.destination);
        // A sum of 0 is sent as its other form, because 0 stands for none (RFC 8200 section 8.1).
        packet.set_checksum(if sum == 0 { u16::MAX } else { sum });
    }
    ethernet(envelope, IpNextHeaderProtocols::Udp, &datagram)
}

fn ethernet(envelope: &Envelope, next: IpNextHeaderProtocol, payload: &[u8]) -> Vec<u8> {
    let mut ip = vec![0; IPV6_HEADER + payload.len()];
    if let Some(mut packet) = MutableIpv6Packet::new(&mut ip) {
        packet.set_version(6);
        packet.set_payload_length(u16::try_from(payload.len()).unwrap_or(u16::MAX));
        packet.set_next_header(next);
        packet.set_hop_limit(envelope.hop_limit);
        packet.set_source(envelope.source);
        packet.set_destination(envelope.destination);
        packet.set_payload(payload);
    }
    let mut frame = vec![0; ETHERNET_HEADER + ip.len()];
    if let Some(mut packet) = MutableEthernetPacket::new(&mut frame) {
        packet.set_source(envelope.source_mac);
        packet.set_destination(envelope.destination_mac);
        packet.set_ethertype(EtherTypes::Ipv6);
        packet.set_payload(&ip);
    }
    frame
}
