//! Whatever the bytes are: no panic, every flaw lies within them, and what was read is written again to the same bytes.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod packets;

use dhcproto::{Decodable, Decoder, v6};
use pnet::util::MacAddr;
use proptest::collection::vec;
use proptest::prelude::*;
use v6check::wire::Flaw;
use v6check::wire::dhcpv6::{DhcpOption, Message};
use v6check::wire::duid::Duid;
use v6check::wire::frame::{self, Envelope, Frame, Payload};
use v6check::wire::ndp::{NdOption, PrefixInformation, RouterAdvertisement};

fn within(flaws: &[Flaw], bytes: &[u8]) {
    assert!(flaws.iter().all(|flaw| flaw.offset <= bytes.len()), "{flaws:?} of {} bytes", bytes.len());
}

fn check_advertisement(bytes: &[u8]) {
    if let Some((advertisement, flaws)) = RouterAdvertisement::parse(bytes) {
        within(&flaws, bytes);
        assert_eq!(advertisement.build(), bytes);
    }
}

fn check_message(bytes: &[u8]) {
    if let Some((message, flaws)) = Message::parse(bytes) {
        within(&flaws, bytes);
        assert_eq!(message.build(), bytes);
        if let Some(duid) = message.client_id() {
            let duid = Duid(duid.to_vec());
            assert!(!duid.describe().is_empty());
            assert!(duid.0.is_empty() || Duid::from_hex(&duid.to_string()) == Some(duid));
        }
    }
}

fn check_frame(bytes: &[u8]) {
    if let Some((frame, flaws)) = Frame::parse(bytes) {
        within(&flaws, bytes);
        match frame.payload {
            Payload::Icmpv6 { message, .. } => check_advertisement(message),
            Payload::Udp { data, .. } => check_message(data),
            Payload::Other(_) => {}
        }
    }
}

#[test]
fn every_prefix_of_every_captured_packet() {
    for (_, bytes) in packets::all() {
        for length in 0..=bytes.len() {
            check_frame(&bytes[..length]);
        }
    }
}

/// A message cut short inside a frame that is whole comes to the parser of messages as well.
#[test]
fn every_prefix_of_every_captured_message() {
    for (_, bytes) in packets::all() {
        let message = match Frame::parse(&bytes).unwrap().0.payload {
            Payload::Icmpv6 { message, .. } => message,
            Payload::Udp { data, .. } => data,
            Payload::Other(next) => panic!("header {next}"),
        };
        for length in 0..=message.len() {
            check_advertisement(&message[..length]);
            check_message(&message[..length]);
        }
    }
}

#[test]
fn every_byte_of_every_captured_packet_changed_to_every_value() {
    for (_, mut bytes) in packets::all() {
        for at in 0..bytes.len() {
            let before = bytes[at];
            for value in 0..=u8::MAX {
                bytes[at] = value;
                check_frame(&bytes);
            }
            bytes[at] = before;
        }
    }
}

fn nd_option() -> impl Strategy<Value = NdOption> {
    let prefix = (0..=128_u8, any::<u8>(), any::<[u32; 3]>(), any::<[u8; 16]>()).prop_map(|(length, flags, numbers, prefix)| {
        let [valid_s, preferred_s, reserved] = numbers;
        NdOption::PrefixInformation(PrefixInformation { length, flags, valid_s, preferred_s, reserved, prefix: prefix.into() })
    });
    prop_oneof![
        any::<[u8; 6]>().prop_map(|mac| NdOption::SourceLinkLayerAddress(MacAddr::from(mac))),
        prefix,
        any::<(u16, u32)>().prop_map(|(reserved, mtu)| NdOption::Mtu(reserved, mtu)),
        // Option 40 and above have no length of their own here.
        (40..=u8::MAX, 1..=255_usize, any::<u8>()).prop_map(|(kind, units, fill)| NdOption::Other(kind, vec![fill; units * 8 - 2])),
    ]
}

fn dhcp_option() -> impl Strategy<Value = DhcpOption> {
    let leaf = prop_oneof![
        vec(any::<u8>(), 3..=130).prop_map(DhcpOption::ClientId),
        vec(any::<u8>(), 3..=130).prop_map(DhcpOption::ServerId),
        vec(any::<u16>(), 0..9).prop_map(DhcpOption::OptionRequest),
        any::<u8>().prop_map(DhcpOption::Preference),
        any::<u16>().prop_map(DhcpOption::ElapsedTime),
        (any::<u16>(), vec(any::<u8>(), 0..40)).prop_map(|(code, text)| DhcpOption::StatusCode(code, text)),
        (200..=u16::MAX, vec(any::<u8>(), 0..40)).prop_map(|(code, data)| DhcpOption::Other(code, data)),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            (any::<[u32; 3]>(), vec(inner.clone(), 0..4)).prop_map(|([iaid, t1_s, t2_s], options)| DhcpOption::IaNa { iaid, t1_s, t2_s, options }),
            (any::<[u8; 16]>(), any::<[u32; 2]>(), vec(inner, 0..4)).prop_map(|(address, [preferred_s, valid_s], options)| {
                DhcpOption::IaAddress { address: address.into(), preferred_s, valid_s, options }
            }),
        ]
    })
}

fn envelope() -> impl Strategy<Value = Envelope> {
    any::<([u8; 6], [u8; 6], [u8; 16], [u8; 16], u8)>().prop_map(|(source_mac, destination_mac, source, destination, hop_limit)| Envelope {
        source_mac: source_mac.into(),
        destination_mac: destination_mac.into(),
        source: source.into(),
        destination: destination.into(),
        hop_limit,
    })
}

proptest! {
    #[test]
    fn any_bytes(bytes in vec(any::<u8>(), 0..300)) {
        check_frame(&bytes);
        check_message(&bytes);
    }

    #[test]
    fn any_bytes_behind_the_fixed_part(bytes in vec(prop_oneof![3 => 0..8_u8, 1 => any::<u8>()], 0..300)) {
        check_advertisement(&[&[134, 0, 0, 0, 64, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], &bytes[..]].concat());
        check_message(&[&[7, 0, 0, 1], &bytes[..]].concat());
    }

    #[test]
    fn any_bytes_behind_the_ipv6_header(envelope in envelope(), next in prop::sample::select(vec![0_u8, 17, 43, 44, 58, 60]), bytes in vec(0..64_u8, 0..300)) {
        let mut built = frame::icmpv6(&envelope, &bytes);
        built[20] = next;
        check_frame(&built);
    }

    #[test]
    fn advertisement_built_is_the_one_parsed(
        fixed in any::<(u8, u8, u16)>(), numbers in any::<[u32; 2]>(), options in vec(nd_option(), 0..8)
    ) {
        let (current_hop_limit, flags, lifetime_s) = fixed;
        let [reachable_ms, retransmit_ms] = numbers;
        let built = RouterAdvertisement { code: 0, checksum: 7, current_hop_limit, flags, lifetime_s, reachable_ms, retransmit_ms, options };
        prop_assert_eq!(RouterAdvertisement::parse(&built.build()), Some((built, vec![])));
    }

    #[test]
    fn message_built_is_the_one_parsed(kind in 1..=11_u8, transaction_id in 0..1_u32 << 24, options in vec(dhcp_option(), 0..6)) {
        let built = Message { kind, transaction_id, options };
        prop_assert_eq!(Message::parse(&built.build()), Some((built, vec![])));
    }

    #[test]
    fn another_implementation_reads_what_was_built(
        kind in 1..=11_u8, transaction_id in 0..1_u32 << 24, duid in vec(any::<u8>(), 3..=130), numbers in any::<[u32; 5]>(), address in any::<[u8; 16]>()
    ) {
        let [iaid, t1_s, t2_s, preferred_s, valid_s] = numbers;
        let lease = DhcpOption::IaAddress { address: address.into(), preferred_s, valid_s, options: vec![] };
        let options = vec![DhcpOption::ClientId(duid.clone()), DhcpOption::IaNa { iaid, t1_s, t2_s, options: vec![lease] }];
        let built = Message { kind, transaction_id, options }.build();
        let read = v6::Message::decode(&mut Decoder::new(&built)).unwrap();
        prop_assert_eq!((u8::from(read.msg_type()), read.xid_num()), (kind, transaction_id));
        prop_assert!(matches!(read.opts().get(v6::OptionCode::ClientId), Some(v6::DhcpOption::ClientId(read)) if *read == duid));
        let Some(v6::DhcpOption::IANA(ia)) = read.opts().get(v6::OptionCode::IANA) else { panic!("no IA_NA") };
        let Some(v6::DhcpOption::IAAddr(lease)) = ia.opts.get(v6::OptionCode::IAAddr) else { panic!("no address") };
        prop_assert_eq!([ia.id, ia.t1, ia.t2, lease.preferred_life, lease.valid_life], numbers);
        prop_assert_eq!(lease.addr.octets(), address);
    }

    #[test]
    fn frame_built_is_the_one_parsed(envelope in envelope(), ports in any::<[u16; 2]>(), data in vec(any::<u8>(), 0..300)) {
        let bytes = frame::udp(&envelope, ports[0], ports[1], &data);
        let (frame, flaws) = Frame::parse(&bytes).unwrap();
        prop_assert_eq!(flaws, vec![]);
        let expected = Payload::Udp { source_port: ports[0], destination_port: ports[1], data: &data, checksum_right: true };
        prop_assert_eq!(frame.payload, expected);
        let Frame { source_mac, destination_mac, source, destination, hop_limit, .. } = frame;
        prop_assert_eq!(Envelope { source_mac, destination_mac, source, destination, hop_limit }, envelope);
        if data.len() >= 4 {
            let bytes = frame::icmpv6(&envelope, &data);
            let (frame, flaws) = Frame::parse(&bytes).unwrap();
            prop_assert_eq!(flaws, vec![]);
            let right = matches!(frame.payload, Payload::Icmpv6 { message, checksum_right: true } if message.len() == data.len());
            prop_assert!(right, "{:?}", frame.payload);
        }
    }
}
