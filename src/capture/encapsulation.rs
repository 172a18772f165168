//! Frames inside others, as taps and bridges of clouds have them: VXLAN (RFC 7348), Geneve (RFC 8926) and PPPoE (RFC 2516); and IPv6 behind an IEEE
//! 802.2 SNAP header (RFC 1042).

use super::link_type;
use super::network_header::{ETHERNET_HEADER, IPV4, IPV6, MOST_VLANS, VLAN_TAGS, network, u16_at};

const PPPOE_SESSION: u16 = 0x8864;
const PPP_IPV6: u16 = 0x0057;
const PPPOE_HEADER: usize = 6;
/// UDP ports of VXLAN: IANA's, and the one that Linux used before.
const VXLAN: [u16; 2] = [4789, 8472];
const GENEVE: u16 = 6081;
const TRANSPARENT_ETHERNET: u16 = 0x6558;
const UDP_HEADER: usize = 8;
const VXLAN_HEADER: usize = 8;
const GENEVE_HEADER: usize = 8;
/// DSAP, SSAP and control of SNAP, and no organisation.
const SNAP: [u8; 6] = [0xaa, 0xaa, 0x03, 0, 0, 0];

/// What a packet carries.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Inner<'a> {
    /// Nothing that has to be unpacked.
    None,
    /// An Ethernet frame.
    Frame(&'a [u8]),
    /// IPv6 without an Ethernet header of its own; the outer one is put before it.
    Rewritten(Vec<u8>),
}

/// What a packet of this link type carries.
pub(super) fn inner(link: u16, bytes: &[u8]) -> Inner<'_> {
    unpack(link, bytes).unwrap_or(Inner::None)
}

fn unpack(link: u16, bytes: &[u8]) -> Option<Inner<'_>> {
    let (mut kind, mut at) = match link {
        // A length where the type is otherwise: IEEE 802.2.
        link_type::ETHERNET if u16_at(bytes, 12)? < 0x0600 => {
            let snap = bytes.get(ETHERNET_HEADER..)?;
            let kind = u16_at(snap, SNAP.len())?;
            let carries = snap.starts_with(&SNAP) && kind == IPV6;
            return carries.then(|| rewritten(bytes, ETHERNET_HEADER - 2, snap.get(SNAP.len() + 2..).unwrap_or_default()));
        }
        _ => network(link, bytes)?,
    };
    for _ in 0..MOST_VLANS {
        if VLAN_TAGS.contains(&kind) {
            (kind, at) = (u16_at(bytes, at + 2)?, at + 4);
        }
    }
    match kind {
        PPPOE_SESSION if link == link_type::ETHERNET => {
            let session = bytes.get(at..)?;
            let length = usize::from(u16_at(session, 4)?);
            let ppp = session.get(PPPOE_HEADER..)?;
            let ppp = ppp.get(..length).unwrap_or(ppp);
            (u16_at(ppp, 0)? == PPP_IPV6).then(|| rewritten(bytes, at - 2, &ppp[2..]))
        }
        IPV4 => {
            let packet = bytes.get(at..)?;
            // Neither more fragments nor an offset: its lower 14 bits are zero.
            let whole = u16_at(packet, 6)?.trailing_zeros() >= 14;
            (packet.get(9) == Some(&17) && whole).then(|| tunnel(packet.get(usize::from(packet[0] & 0xf) * 4..)?))?
        }
        IPV6 => {
            let packet = bytes.get(at..)?;
            (packet.get(6) == Some(&17)).then(|| tunnel(packet.get(40..)?))?
        }
        _ => None,
    }
}

/// The frame with the headers of the outer one up to its type at `at`, and IPv6 behind them.
fn rewritten(bytes: &[u8], at: usize, packet: &[u8]) -> Inner<'static> {
    Inner::Rewritten([&bytes[..at], &IPV6.to_be_bytes(), packet].concat())
}

fn tunnel(datagram: &[u8]) -> Option<Inner<'_>> {
    let port = u16_at(datagram, 2)?;
    let data = datagram.get(UDP_HEADER..)?;
    if VXLAN.contains(&port) && data.first()? & 0x08 != 0 {
        return data.get(VXLAN_HEADER..).map(Inner::Frame);
    }
    let geneve = port == GENEVE && data.first()? >> 6 == 0 && u16_at(data, 2)? == TRANSPARENT_ETHERNET;
    let options = usize::from(data.first()? & 0x3f) * 4;
    if geneve { data.get(GENEVE_HEADER + options..).map(Inner::Frame) } else { None }
}
