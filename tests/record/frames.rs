//! Frames of a router, a server and a guest, and such as are no recorder's business.

use std::net::Ipv6Addr;

use v6check::wire::dhcpv6::{DhcpOption, Message, kind};
use v6check::wire::frame::{self, Envelope};
use v6check::wire::ndp::{NdOption, RouterAdvertisement};

const ROUTER: [u8; 6] = [0xfe, 0x16, 0x3e, 0, 0, 1];
const ALL_NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);
const LINK_LOCAL: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0xfc16, 0x3eff, 0xfe00, 1);
const ETHERNET: usize = 14;
const IPV6: usize = ETHERNET + 40;

/// Lengths of frames whose interesting part stands behind more headers than the kernel's filter looks behind.
pub(crate) const KERNEL_LOOKS_LESS_FAR: [usize; 1] = [IPV6 + 8 + 8 + 16];

/// To all nodes, so that any interface takes it.
fn envelope() -> Envelope {
    Envelope {
        source_mac: ROUTER.into(),
        destination_mac: frame::multicast_mac(ALL_NODES),
        source: LINK_LOCAL,
        destination: ALL_NODES,
        hop_limit: 255,
    }
}

pub(crate) fn router_advertisement() -> Vec<u8> {
    let advertisement = RouterAdvertisement {
        code: 0,
        checksum: 0,
        current_hop_limit: 64,
        flags: RouterAdvertisement::MANAGED,
        lifetime_s: 1800,
        reachable_ms: 0,
        retransmit_ms: 0,
        options: vec![NdOption::SourceLinkLayerAddress(ROUTER.into())],
    };
    frame::icmpv6(&envelope(), &advertisement.build())
}

fn message(kind: u8) -> Vec<u8> {
    Message { kind, transaction_id: 7, options: vec![DhcpOption::ClientId(vec![0, 3, 0, 1, 2, 2, 2, 2, 2, 2])] }.build()
}

pub(crate) fn solicit() -> Vec<u8> {
    frame::udp(&envelope(), 546, 547, &message(kind::SOLICIT))
}

pub(crate) fn advertise() -> Vec<u8> {
    frame::udp(&envelope(), 547, 546, &message(kind::ADVERTISE))
}

/// Longer than what is kept of a frame.
pub(crate) fn longest() -> Vec<u8> {
    frame::udp(&envelope(), 547, 546, &[7; 3000])
}

/// A neighbour advertisement; its last four bytes are a number.
pub(crate) fn numbered() -> Vec<u8> {
    frame::icmpv6(&envelope(), &[&[136, 0, 0, 0][..], &[0x77; 32]].concat())
}

pub(crate) fn number(bytes: &[u8]) -> Option<u32> {
    let is_numbered = bytes.get(IPV6) == Some(&136) && bytes.get(IPV6 + 4) == Some(&0x77);
    is_numbered.then(|| u32::from_be_bytes(*bytes.last_chunk().unwrap()))
}

/// With so many hop-by-hop headers, the last of 8 * `long` bytes.
fn behind(frame: &[u8], headers: usize, long: usize) -> Vec<u8> {
    let mut bytes = frame.to_vec();
    for header in 0..headers {
        let length = if header == 0 { long * 8 } else { 8 };
        let mut options = vec![0; length];
        options[..2].copy_from_slice(&[bytes[ETHERNET + 6], u8::try_from(length / 8 - 1).unwrap()]);
        bytes[ETHERNET + 6] = 0;
        bytes.splice(IPV6..IPV6, options);
    }
    let length = u16::try_from(bytes.len() - IPV6).unwrap();
    bytes[ETHERNET + 4..ETHERNET + 6].copy_from_slice(&length.to_be_bytes());
    bytes
}

/// UDP over IPv4 with `options` bytes of options, as a fragment at `offset`.
fn ipv4(protocol: u8, options: usize, offset: u16, source: u16, destination: u16) -> Vec<u8> {
    let mut bytes = [[0xff; 6], ROUTER].concat();
    bytes.extend([8, 0, 0x45 + u8::try_from(options / 4).unwrap(), 0, 0, u8::try_from(40 + options).unwrap(), 0, 1]);
    bytes.extend(offset.to_be_bytes());
    bytes.extend([64, protocol, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255]);
    bytes.resize(bytes.len() + options, 1);
    bytes.extend([source, destination, 20, 0].into_iter().flat_map(u16::to_be_bytes));
    bytes.resize(bytes.len() + 12, 0);
    bytes
}

/// What, its bytes, and whether it belongs in a recording. Each is of bytes of its own.
pub(crate) fn all() -> Vec<(String, Vec<u8>, bool)> {
    let mut all = Vec::new();
    let icmpv6 = |kind: u8| frame::icmpv6(&envelope(), &[&[kind, 0, 0, 0][..], &[0x55; 12]].concat());
    for kind in [1, 128, 129, 130, 131, 132, 133, 134, 135, 136, 137, 138, 142, 143, 144, 151] {
        all.push((format!("ICMPv6 {kind}"), icmpv6(kind), matches!(kind, 131 | 133..=137 | 143)));
    }
    for (source, destination) in
        [(546, 547), (547, 546), (547, 547), (4000, 547), (546, 4000), (4000, 546), (547, 4000), (53, 4000), (67, 68), (545, 548)]
    {
        let wanted = [source, destination].iter().any(|port| matches!(port, 546 | 547));
        all.push((format!("UDP {source} to {destination}"), frame::udp(&envelope(), source, destination, b"data"), wanted));
        let wanted = [source, destination].iter().any(|port| matches!(port, 67 | 68));
        all.push((format!("IPv4 UDP {source} to {destination}"), ipv4(17, 0, 0, source, destination), wanted));
    }
    all.push(("an RA behind a header".into(), behind(&icmpv6(134), 1, 1), true));
    all.push(("an echo behind a header".into(), behind(&icmpv6(128), 1, 1), false));
    all.push(("an RA behind a long header".into(), behind(&icmpv6(134), 1, 32), true));
    all.push(("an RA behind two headers".into(), behind(&icmpv6(134), 2, 1), false));
    all.push(("DHCPv6 behind a header".into(), behind(&frame::udp(&envelope(), 547, 546, b"data"), 1, 2), true));
    all.push(("DHCPv4 behind options".into(), ipv4(17, 8, 0, 67, 68), true));
    all.push(("a first fragment of DHCPv4".into(), ipv4(17, 0, 0x2000, 67, 68), true));
    all.push(("a later fragment".into(), ipv4(17, 0, 0x0010, 67, 68), false));
    all.push(("TCP with a port of DHCPv4".into(), ipv4(6, 0, 0, 67, 68), false));
    all
}
