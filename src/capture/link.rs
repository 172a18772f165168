//! Link types: any packet as an Ethernet frame, and whether it is one that configures IPv6.
//!
//! Looks no further than it must: whether a packet is whole and right is told by who reads it.

use std::borrow::Cow;

use super::encapsulation::{self, Inner};
use super::network_header::{ETHERNET_HEADER, IPV4, IPV6, MOST_VLANS, VLAN_TAGS, network, u16_at};
use super::{Way, link_type};

const MOST_EXTENSION_HEADERS: usize = 4;

/// A packet of any link type that is known as an Ethernet frame; `None` where it is none. MAC addresses that it does not tell are zero, but for the
/// destination of a multicast packet, which has its group's address (RFC 2464 section 7).
pub fn ethernet(link: u16, bytes: &[u8]) -> Option<Cow<'_, [u8]>> {
    let inner = encapsulation::inner(link, bytes);
    let bytes = match inner {
        Inner::Frame(frame) => return Some(Cow::Borrowed(frame)),
        Inner::Rewritten(frame) => return Some(Cow::Owned(frame)),
        Inner::None => bytes,
    };
    if link == link_type::ETHERNET {
        return Some(Cow::Borrowed(bytes));
    }
    let (kind, at) = network(link, bytes)?;
    let packet = &bytes[at..];
    let mut frame = Vec::with_capacity(ETHERNET_HEADER + packet.len());
    match packet.get(24..40).filter(|_| kind == IPV6) {
        Some(group) if group[0] == 0xff => frame.extend([&[0x33, 0x33], &group[12..]].concat()),
        _ => frame.extend([0; 6]),
    }
    frame.extend(cooked(link, bytes).and_then(|cooked| cooked.source).unwrap_or_default());
    frame.extend(kind.to_be_bytes());
    frame.extend(packet);
    Some(Cow::Owned(frame))
}

/// What a cooked capture of Linux tells of a packet (IANA LINKTYPE_LINUX_SLL and LINKTYPE_LINUX_SLL2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cooked {
    /// Which way it went.
    pub way: Option<Way>,
    /// Number of its interface; version 1 tells none.
    pub interface: Option<u32>,
    /// MAC address of its sender.
    pub source: Option<[u8; 6]>,
}

/// Reads the header of a cooked capture; `None` for every other link type, and where it is cut.
pub fn cooked(link: u16, bytes: &[u8]) -> Option<Cooked> {
    let (kind, length, address, interface) = match link {
        link_type::LINUX_SLL => (u16_at(bytes, 0)?, u16_at(bytes, 4)?, bytes.get(6..12)?, None),
        link_type::LINUX_SLL2 => {
            let interface = u32::from_be_bytes(bytes.get(4..8)?.try_into().ok()?);
            (u16::from(*bytes.get(10)?), u16::from(*bytes.get(11)?), bytes.get(12..18)?, Some(interface))
        }
        _ => return None,
    };
    // Packet types of packet(7): to this host, to all, to a group, to another host, from this host.
    let way = match kind {
        0..=3 => Some(Way::In),
        4 => Some(Way::Out),
        _ => None,
    };
    Some(Cooked { way, interface, source: address.try_into().ok().filter(|_| length == 6) })
}

/// Whether a packet may configure IPv6, or shows that IPv4 was configured: neighbor discovery, multicast listener reports, DHCPv6 and DHCPv4. Of a
/// packet in fragments, the first.
pub fn interesting(link: u16, bytes: &[u8]) -> bool {
    match encapsulation::inner(link, bytes) {
        Inner::Frame(frame) => configures(link_type::ETHERNET, frame),
        Inner::Rewritten(frame) => configures(link_type::ETHERNET, &frame),
        Inner::None => configures(link, bytes),
    }
    .unwrap_or(false)
}

/// Whether packets of this link type are read at all.
pub fn readable(link: u16) -> bool {
    use link_type::{ETHERNET, IPV4, IPV6, LINUX_SLL, LINUX_SLL2, LOOP, NULL, RAW, RAW_BSD, RAW_OPENBSD};
    [ETHERNET, IPV4, IPV6, LINUX_SLL, LINUX_SLL2, LOOP, NULL, RAW, RAW_BSD, RAW_OPENBSD].contains(&link)
}

fn configures(link: u16, bytes: &[u8]) -> Option<bool> {
    let (mut kind, mut at) = network(link, bytes)?;
    for _ in 0..MOST_VLANS {
        if VLAN_TAGS.contains(&kind) {
            (kind, at) = (u16_at(bytes, at + 2)?, at + 4);
        }
    }
    let packet = bytes.get(at..)?;
    match kind {
        IPV4 => {
            let fragment = u16_at(packet, 6)? & 0x1fff;
            let header = usize::from(packet[0] & 0xf) * 4;
            Some(packet.get(9) == Some(&17) && fragment == 0 && has_port(packet.get(header..)?, &[67, 68])?)
        }
        IPV6 => {
            let (mut next, mut at) = (*packet.get(6)?, 40);
            for _ in 0..MOST_EXTENSION_HEADERS {
                let rest = packet.get(at..)?;
                match next {
                    // Hop-by-hop options, routing, destination options.
                    0 | 43 | 60 => at += 8 + 8 * usize::from(*rest.get(1)?),
                    // The header of a fragment that is not the first: what it carries does not begin here.
                    44 if u16_at(rest, 2)? >> 3 != 0 => return Some(false),
                    44 => at += 8,
                    _ => break,
                }
                next = *rest.first()?;
            }
            let carried = packet.get(at..)?;
            match next {
                58 => Some(matches!(carried.first()?, 131 | 133..=137 | 143)),
                17 => has_port(carried, &[546, 547]),
                _ => Some(false),
            }
        }
        _ => Some(false),
    }
}

fn has_port(datagram: &[u8], ports: &[u16]) -> Option<bool> {
    Some(ports.contains(&u16_at(datagram, 0)?) || ports.contains(&u16_at(datagram, 2)?))
}
