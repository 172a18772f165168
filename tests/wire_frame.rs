//! VLAN tags, extension headers, lengths and checksums of frames that no capture here has: each flaw is said exactly.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::net::Ipv6Addr;

use pnet::util::MacAddr;
use v6check::wire::Flaw;
use v6check::wire::frame::{self, Envelope, Frame, Payload};
use v6check::wire::ndp;

#[path = "packets/mod.rs"]
mod packets;

const IPV6: usize = 14;
const BODY: usize = IPV6 + 40;

fn envelope() -> Envelope {
    Envelope {
        source_mac: MacAddr(0xfa, 0x16, 0x3e, 0, 0, 1),
        destination_mac: frame::multicast_mac(Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 2)),
        source: Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1),
        destination: Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 2),
        hop_limit: 255,
    }
}

fn solicitation() -> Vec<u8> {
    frame::icmpv6(&envelope(), &ndp::router_solicitation(Some(envelope().source_mac)))
}

/// The frame with an extension header of this number before what it carries.
fn with_extension(mut frame: Vec<u8>, number: u8, mut header: Vec<u8>) -> Vec<u8> {
    header[0] = std::mem::replace(&mut frame[IPV6 + 6], number);
    frame.splice(BODY..BODY, header);
    let length = u16::try_from(frame.len() - BODY).unwrap();
    frame[IPV6 + 4..IPV6 + 6].copy_from_slice(&length.to_be_bytes());
    frame
}

fn parse(bytes: &[u8]) -> (Payload<'_>, Vec<String>) {
    let (frame, flaws) = Frame::parse(bytes).unwrap();
    (frame.payload, flaws.iter().map(Flaw::to_string).collect())
}

/// It is read as the solicitation with a right checksum, and these are its flaws.
fn assert_read(bytes: &[u8], expected: &[&str]) {
    let (payload, flaws) = parse(bytes);
    assert!(matches!(payload, Payload::Icmpv6 { message: [133, ..], checksum_right: true }), "{payload:?}, {flaws:?}");
    assert_eq!(flaws, expected);
}

#[test]
fn vlan_tags() {
    let mut bytes = solicitation();
    bytes.splice(12..12, [0x88, 0xa8, 0x20, 100, 0x81, 0x00, 0xef, 0xff]);
    let (frame, flaws) = Frame::parse(&bytes).unwrap();
    assert_eq!((frame.vlans, flaws), (vec![100, 0xfff], vec![]));
    bytes.splice(12..12, [0x81, 0, 0, 1].repeat(3));
    assert_eq!(Frame::parse(&bytes), None, "five tags");
}

#[test]
fn not_ipv6() {
    let mut bytes = solicitation();
    assert_eq!(Frame::parse(&bytes[..BODY - 1]), None);
    bytes[13] = 0;
    assert_eq!(Frame::parse(&bytes), None);
    let mut bytes = solicitation();
    bytes[IPV6] = 0x40;
    assert_read(&bytes, &["IP version is 4, not 6 at byte 14"]);
}

#[test]
fn extension_headers_are_walked() {
    let options = vec![0, 0, 1, 4, 0, 0, 0, 0];
    assert_read(&with_extension(solicitation(), 0, options.clone()), &[]);
    let long = [vec![0, 1, 1, 12], vec![0; 12]].concat();
    assert_read(&with_extension(solicitation(), 60, long), &[]);
    assert_read(&with_extension(solicitation(), 43, vec![0; 8]), &[]);
    assert_read(&with_extension(solicitation(), 43, vec![0, 0, 0, 2, 0, 0, 0, 0]), &["routing header with 2 segments left at byte 54"]);
    let late = with_extension(with_extension(solicitation(), 0, options.clone()), 60, options.clone());
    assert_read(&late, &["hop-by-hop options are not the first header at byte 62"]);
    let sixteen = (0..16).fold(solicitation(), |frame, _| with_extension(frame, 60, options.clone()));
    assert_read(&sixteen, &[]);
    let endless = with_extension(sixteen, 60, options);
    assert_eq!(parse(&endless), (Payload::Other(60), vec!["more than 16 extension headers at byte 182".to_owned()]));
}

#[test]
fn extension_header_past_the_end() {
    let bytes = with_extension(solicitation(), 60, vec![0, 9, 0, 0, 0, 0, 0, 0]);
    assert_eq!(parse(&bytes), (Payload::Other(60), vec!["extension header 60 is 80 bytes long, 24 are left at byte 54".to_owned()]));
}

#[test]
fn fragments() {
    let first = with_extension(solicitation(), 44, vec![0, 0, 0, 1, 0, 0, 0, 7]);
    assert_eq!(parse(&first), (Payload::Other(44), vec!["the first fragment of a packet, which is not put together here at byte 54".to_owned()]));
    let later = with_extension(solicitation(), 44, vec![0, 0, 5, 0xa8, 0, 0, 0, 7]);
    assert_eq!(
        parse(&later),
        (Payload::Other(44), vec!["the fragment from byte 1448 on of a packet, which is not put together here at byte 54".to_owned()])
    );
    let whole = with_extension(solicitation(), 44, vec![0, 0, 0, 0, 0, 0, 0, 7]);
    assert_read(&whole, &["fragment header in a Neighbor Discovery message (RFC 6980 section 5) at byte 54"]);
    let datagram = with_extension(frame::udp(&envelope(), 546, 547, &[1]), 44, vec![0; 8]);
    let (payload, flaws) = parse(&datagram);
    assert!(matches!(payload, Payload::Udp { data: [1], checksum_right: true, .. }));
    assert_eq!(flaws, ["fragment header in a packet that is whole at byte 54"]);
}

#[test]
fn payload_length() {
    let mut bytes = solicitation();
    bytes[IPV6 + 5] = 17;
    assert_read(&bytes, &["IPv6 payload length is 17, 16 bytes are left at byte 18"]);
    let mut bytes = solicitation();
    bytes.extend([0; 5]);
    assert_read(&bytes, &[]);
    bytes[IPV6 + 5] = 3;
    let (payload, flaws) = parse(&bytes);
    assert!(matches!(payload, Payload::Icmpv6 { message: [133, 0, _], checksum_right: false }));
    assert_eq!(flaws, ["ICMPv6 message of 3 bytes at byte 54"]);
}

#[test]
fn padding_of_a_short_frame_is_no_flaw() {
    let mut bytes = frame::icmpv6(&envelope(), &[133, 0, 0, 0]);
    bytes.resize(60, 0);
    assert!(matches!(parse(&bytes), (Payload::Icmpv6 { message: [133, 0, _, _], checksum_right: true }, flaws) if flaws.is_empty()));
}

#[test]
fn udp_length() {
    let datagram = frame::udp(&envelope(), 546, 547, &[1, 2, 3, 4]);
    let with_length = |length| {
        let mut bytes = datagram.clone();
        bytes[BODY + 5] = length;
        bytes
    };
    for (length, expected, data) in [
        (13, "UDP length is 13, 12 bytes are left at byte 58", &[1, 2, 3, 4][..]),
        (7, "UDP length is 7, less than its header at byte 58", &[1, 2, 3, 4]),
        (10, "2 bytes behind the UDP datagram at byte 64", &[1, 2]),
    ] {
        let bytes = with_length(length);
        let (payload, flaws) = parse(&bytes);
        assert!(matches!(payload, Payload::Udp { source_port: 546, destination_port: 547, data: read, .. } if read == data), "{payload:?}");
        assert_eq!(flaws, [expected]);
    }
    let mut short = datagram.clone();
    short.truncate(BODY + 7);
    short[IPV6 + 5] = 7;
    assert_eq!(parse(&short), (Payload::Other(17), vec!["UDP header of 7 bytes at byte 54".to_owned()]));
}

#[test]
fn checksums() {
    let right = |bytes: &[u8]| match parse(bytes).0 {
        Payload::Udp { checksum_right, .. } | Payload::Icmpv6 { checksum_right, .. } => checksum_right,
        Payload::Other(next) => panic!("header {next}"),
    };
    let datagram = frame::udp(&envelope(), 546, 547, &[1, 2, 3]);
    assert!(right(&datagram));
    let mut none = datagram.clone();
    none[BODY + 6..BODY + 8].fill(0);
    assert!(!right(&none), "no checksum at all");
    let mut wrong = datagram;
    *wrong.last_mut().unwrap() ^= 1;
    assert!(!right(&wrong));

    // Data that make the sum 0: it is sent as ffff, and ffff is right.
    let sum = |data: &[u8]| {
        let bytes = frame::udp(&envelope(), 546, 547, data);
        u16::from_be_bytes([bytes[BODY + 6], bytes[BODY + 7]])
    };
    let data = sum(&[0, 0]).to_be_bytes();
    assert_eq!(sum(&data), u16::MAX);
    let mut bytes = frame::udp(&envelope(), 546, 547, &data);
    assert!(right(&bytes));
    bytes[BODY + 6..BODY + 8].fill(0);
    assert!(!right(&bytes), "0 stands for none even where it is the sum");
}

#[test]
fn what_does_not_fit_is_cut_off() {
    let bytes = frame::udp(&envelope(), 546, 547, &vec![7; 70_000]);
    assert_eq!(bytes.len(), BODY + 65_535);
    assert!(matches!(parse(&bytes), (Payload::Udp { data, checksum_right: true, .. }, flaws) if data.len() == 65_527 && flaws.is_empty()));
    assert_eq!(frame::icmpv6(&envelope(), &vec![7; 70_000]).len(), BODY + 65_535);
}

#[test]
fn a_checksum_that_a_device_was_to_finish_is_told_from_a_wrong_one() {
    let unfinished = |bytes: &[u8]| Frame::parse(bytes).unwrap().0.checksum_unfinished;
    let mut found = Vec::new();
    for (name, bytes) in packets::all() {
        if unfinished(&bytes) {
            found.push(name);
        }
    }
    assert_eq!(found, ["solicit-partial-checksum"]);
    let (_, mut bytes) = packets::all().into_iter().find(|(name, _)| name == "solicit-partial-checksum").unwrap();
    bytes[BODY + 6] ^= 1;
    assert!(!unfinished(&bytes), "wrong by a bit");
    assert!(!unfinished(&frame::udp(&envelope(), 546, 547, &[1, 2, 3])), "right");
}
