//! Link types as Ethernet, and the cheap filter.

use v6check::capture::{Way, cooked, ethernet, interesting, link_type};

use crate::packets;

/// The link types that carry a packet without more than a word before it.
const BARE: [(u16, &[u8]); 6] = [
    (link_type::RAW, b""),
    (link_type::RAW_BSD, b""),
    (link_type::RAW_OPENBSD, b""),
    (link_type::IPV6, b""),
    // AF_INET6 of macOS in its byte order, and of OpenBSD in the network's.
    (link_type::NULL, &[30, 0, 0, 0]),
    (link_type::LOOP, &[0, 0, 0, 24]),
];

fn sll(packet_type: u8, address: &[u8], rest: &[u8]) -> Vec<u8> {
    let mut padded = address.to_vec();
    padded.resize(8, 0);
    [&[0, packet_type, 0, 1, 0, u8::try_from(address.len()).unwrap()], &padded[..], rest].concat()
}

/// `rest` begins with the type.
pub(crate) fn sll2(packet_type: u8, address: &[u8], rest: &[u8]) -> Vec<u8> {
    let mut padded = address.to_vec();
    padded.resize(8, 0);
    let length = u8::try_from(address.len()).unwrap();
    [&rest[..2], &[0, 0, 0, 0, 0, 7, 0, 1, packet_type, length], &padded, &rest[2..]].concat()
}

#[test]
fn every_link_type_carries_every_captured_packet() {
    for (name, frame) in packets::all() {
        let (head, rest) = frame.split_at(12);
        let multicast = head[0] == 0x33;
        let destination: &[u8] = if multicast { &head[..6] } else { &[0; 6] };
        assert!(interesting(link_type::ETHERNET, &frame), "{name}");
        assert_eq!(&*ethernet(link_type::ETHERNET, &frame).unwrap(), frame);
        for (link, packet) in [(link_type::LINUX_SLL, sll(2, &head[6..], rest)), (link_type::LINUX_SLL2, sll2(2, &head[6..], rest))] {
            assert!(interesting(link, &packet), "{name} {link}");
            assert_eq!(&*ethernet(link, &packet).unwrap(), [destination, &head[6..], rest].concat(), "{name} {link}");
        }
        for (link, word) in BARE {
            let packet = [word, &rest[2..]].concat();
            assert!(interesting(link, &packet), "{name} {link}");
            assert_eq!(&*ethernet(link, &packet).unwrap(), [destination, &[0; 6], rest].concat(), "{name} {link}");
        }
        assert!(!interesting(147, &frame) && ethernet(147, &frame).is_none(), "an unknown link type");
    }
}

#[test]
fn cooked_captures_tell_the_way_and_the_interface() {
    let mac = [2, 0, 0, 0, 0, 9];
    for (packet_type, way) in
        [(0, Some(Way::In)), (1, Some(Way::In)), (2, Some(Way::In)), (3, Some(Way::In)), (4, Some(Way::Out)), (6, None), (255, None)]
    {
        let told = cooked(link_type::LINUX_SLL, &sll(packet_type, &mac, &[0x86, 0xdd])).unwrap();
        assert_eq!((told.way, told.interface, told.source), (way, None, Some(mac)));
        let told = cooked(link_type::LINUX_SLL2, &sll2(packet_type, &mac, &[0x86, 0xdd])).unwrap();
        assert_eq!((told.way, told.interface, told.source), (way, Some(7), Some(mac)));
    }
    // A tunnel has no MAC address; Ethernet is not cooked.
    assert_eq!(cooked(link_type::LINUX_SLL, &sll(0, &[], &[0x86, 0xdd])).unwrap().source, None);
    assert_eq!(cooked(link_type::ETHERNET, &[0; 60]), None);
    // Frames without a type: spanning tree is such a one.
    assert_eq!(ethernet(link_type::LINUX_SLL, &sll(2, &mac, &[0, 4, 0x42, 0x42])), None);
}

fn ipv6(next: u8, rest: &[u8]) -> Vec<u8> {
    let length = u16::try_from(rest.len()).unwrap().to_be_bytes();
    [&[0x60, 0, 0, 0, length[0], length[1], next, 255][..], &[0; 32], rest].concat()
}

fn udp(source: u16, destination: u16) -> Vec<u8> {
    [&source.to_be_bytes()[..], &destination.to_be_bytes(), &[0, 8, 0, 0]].concat()
}

fn wanted(packet: &[u8]) -> bool {
    let kind: [u8; 2] = if packet[0] >> 4 == 4 { [8, 0] } else { [0x86, 0xdd] };
    let tagged = |tags: &[u8]| [&[0; 12], tags, &kind, packet].concat();
    let plain = interesting(link_type::ETHERNET, &tagged(&[]));
    let (one, two) = (tagged(&[0x81, 0, 0, 5]), tagged(&[0x88, 0xa8, 0, 6, 0x81, 0, 0, 5]));
    let three = tagged(&[0x81, 0, 0, 1, 0x81, 0, 0, 1, 0x81, 0, 0, 1]);
    for tagged in [&one, &two, &three] {
        assert_eq!(interesting(link_type::ETHERNET, tagged), plain, "a VLAN tag changes nothing");
        // A cooked capture has the outer tag as its type.
        assert_eq!(interesting(link_type::LINUX_SLL, &sll(0, &[], &tagged[12..])), plain);
    }
    assert!(!interesting(link_type::ETHERNET, &tagged(&[0x81, 0, 0, 1].repeat(5))), "five tags");
    // Nothing is told of what is cut off.
    for length in 0..two.len() {
        interesting(link_type::ETHERNET, &two[..length]);
    }
    plain
}

#[test]
fn the_filter_by_type_and_port() {
    for kind in 0..=255 {
        let message = [kind, 0, 0, 0];
        let expected = matches!(kind, 131 | 133..=137 | 143);
        assert_eq!(wanted(&ipv6(58, &message)), expected, "{kind}");
        for between in [0, 43, 60] {
            let behind = [&[58, 0, 5, 2, 0, 0, 1, 0][..], &message].concat();
            assert_eq!(wanted(&ipv6(between, &behind)), expected, "{kind} behind header {between}");
        }
        let fragment = |offset: u8| [&[58, 0, 0, offset << 3 | 1, 0, 0, 0, 1][..], &message].concat();
        assert_eq!(wanted(&ipv6(44, &fragment(0))), expected, "{kind} in a first fragment");
        assert!(!wanted(&ipv6(44, &fragment(1))), "{kind} in a later fragment");
    }
    for (source, destination, expected) in
        [(546, 547, true), (547, 546, true), (40_000, 547, true), (546, 9, true), (67, 68, false), (53, 5353, false)]
    {
        assert_eq!(wanted(&ipv6(17, &udp(source, destination))), expected, "{source} {destination}");
        assert!(!wanted(&ipv6(6, &udp(source, destination))), "TCP");
    }
    assert!(!wanted(&ipv6(58, b"")), "a message that is cut off");
    let endless = [[0, 0, 0, 0, 0, 0, 0, 0]; 200].concat();
    assert!(!wanted(&ipv6(0, &endless)), "headers without an end");
}

#[test]
fn the_filter_in_ipv4() {
    let ipv4 = |words: u8, fragment: u8, protocol: u8, rest: &[u8]| {
        let mut header = vec![0x40 | words, 0, 0, 0, 0, 0, 0x40, fragment, 64, protocol];
        header.resize(usize::from(words.max(5)) * 4, 0);
        [&header[..], rest].concat()
    };
    for (source, destination, expected) in [(68, 67, true), (67, 68, true), (546, 547, false), (53, 53, false)] {
        assert_eq!(wanted(&ipv4(5, 0, 17, &udp(source, destination))), expected);
        assert_eq!(wanted(&ipv4(15, 0, 17, &udp(source, destination))), expected, "with options");
        assert!(!wanted(&ipv4(5, 1, 17, &udp(source, destination))), "a later fragment");
        assert!(!wanted(&ipv4(5, 0, 6, &udp(source, destination))), "TCP");
    }
}
