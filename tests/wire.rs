//! Captured packets parse to what tshark says of them and are rebuilt to the same bytes; another implementation agrees; what is wrong with a
//! malformed packet is said exactly, and what stands behind it is still read.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod packets;

use std::net::Ipv6Addr;

use dhcproto::{Decodable, Decoder, v6};
use pnet::util::MacAddr;
use v6check::wire::Flaw;
use v6check::wire::dhcpv6::{self, DhcpOption, Message, kind, status};
use v6check::wire::duid::Duid;
use v6check::wire::frame::{self, Envelope, Frame, Payload};
use v6check::wire::ndp::{self, NdOption, PrefixInformation, RouterAdvertisement};

const GUEST: MacAddr = MacAddr(0xfa, 0x16, 0x3e, 0, 0, 1);
const HOST: MacAddr = MacAddr(0xfe, 0x16, 0x3e, 0, 0, 1);

fn load(name: &str) -> Vec<u8> {
    packets::all().into_iter().find(|(of, _)| of == name).unwrap().1
}

fn address(text: &str) -> Ipv6Addr {
    text.parse().unwrap()
}

fn icmpv6_of<'a>(frame: &Frame<'a>) -> &'a [u8] {
    match frame.payload {
        Payload::Icmpv6 { message, checksum_right: true } => message,
        ref other => panic!("{other:?}"),
    }
}

/// The Router Advertisement of a captured frame that has no flaws.
fn advertisement(name: &str) -> RouterAdvertisement {
    let bytes = load(name);
    let (frame, flaws) = Frame::parse(&bytes).unwrap();
    assert_eq!(flaws, []);
    let (advertisement, flaws) = RouterAdvertisement::parse(icmpv6_of(&frame)).unwrap();
    assert_eq!(flaws, []);
    advertisement
}

/// The DHCPv6 message of a captured frame that has no flaws.
fn message(name: &str) -> Message {
    let bytes = load(name);
    let (frame, flaws) = Frame::parse(&bytes).unwrap();
    assert_eq!(flaws, []);
    let Payload::Udp { data, checksum_right: true, .. } = frame.payload else { panic!("{:?}", frame.payload) };
    let (message, flaws) = Message::parse(data).unwrap();
    assert_eq!(flaws, []);
    message
}

fn what(flaws: &[Flaw]) -> Vec<String> {
    flaws.iter().map(Flaw::to_string).collect()
}

#[test]
fn router_solicitation_of_linux() {
    let bytes = load("router-solicitation");
    let (frame, flaws) = Frame::parse(&bytes).unwrap();
    assert_eq!(flaws, []);
    assert_eq!((frame.source_mac, frame.destination_mac), (GUEST, frame::multicast_mac(address("ff02::2"))));
    assert_eq!((frame.source, frame.destination), (address("fe80::f816:3eff:fe00:1"), address("ff02::2")));
    assert_eq!((frame.hop_limit, frame.vlans.len()), (255, 0));
    let mut built = ndp::router_solicitation(Some(GUEST));
    built[2..4].copy_from_slice(&[0x0e, 0xfe]);
    assert_eq!(icmpv6_of(&frame), built);
    assert_eq!(ndp::router_solicitation(None), [133, 0, 0, 0, 0, 0, 0, 0]);
}

#[test]
fn advertisement_of_dnsmasq_stateful() {
    let advertisement = advertisement("router-advertisement-dnsmasq-stateful");
    assert_eq!((advertisement.checksum, advertisement.current_hop_limit, advertisement.lifetime_s), (0xa022, 64, 1800));
    assert_eq!((advertisement.reachable_ms, advertisement.retransmit_ms), (0, 0));
    assert!(advertisement.managed() && advertisement.other());
    let prefix = PrefixInformation { length: 64, flags: 0, valid_s: 86400, preferred_s: 86400, reserved: 0, prefix: address("2001:db8:1::") };
    assert_eq!(advertisement.options[..2], [NdOption::PrefixInformation(prefix), NdOption::SourceLinkLayerAddress(HOST)]);
    assert!(matches!(&advertisement.options[2..], [NdOption::Other(31, search), NdOption::Other(25, servers)]
        if search.len() == 22 && servers[6..] == address("2001:db8:ffff::53").octets()));
}

#[test]
fn advertisement_of_dnsmasq_slaac() {
    let advertisement = advertisement("router-advertisement-dnsmasq-slaac");
    assert!(!advertisement.managed());
    let prefixes: Vec<_> = advertisement.prefixes().collect();
    assert!(prefixes[0].autonomous() && prefixes[0].on_link());
    assert_eq!((prefixes.len(), prefixes[0].length, prefixes[0].prefix), (1, 64, address("2001:db8:1::")));
}

#[test]
fn advertisements_of_radvd() {
    let stateful = advertisement("router-advertisement-radvd-stateful");
    assert!(stateful.managed() && !stateful.other());
    assert!(stateful.prefixes().all(|prefix| prefix.on_link() && !prefix.autonomous()));
    assert_eq!((stateful.prefixes().count(), stateful.lifetime_s), (1, 300));
    let slaac = advertisement("router-advertisement-radvd-slaac");
    assert!(!slaac.managed() && slaac.prefixes().all(PrefixInformation::autonomous));
    assert!(slaac.options.contains(&NdOption::Mtu(0, 1450)));
    assert!(slaac.options.iter().any(|option| matches!(option, NdOption::Other(25, _))));
}

#[test]
fn messages_of_dhclient() {
    let solicit = message("solicit");
    let duid = Duid(solicit.client_id().unwrap().to_vec());
    assert_eq!((solicit.kind, solicit.transaction_id), (kind::SOLICIT, 0x005f_5cdf));
    assert_eq!(duid.to_string(), "00:01:00:01:32:97:ef:cc:fa:16:3e:00:00:01");
    assert_eq!(duid.mac(), Some(GUEST));
    assert_eq!(duid.describe(), "DUID-LLT of fa:16:3e:00:00:01, made 2026-11-24");
    assert_eq!(solicit.server_id(), None);
    assert_eq!(
        solicit.options[1..],
        [
            DhcpOption::OptionRequest(vec![23, 24, 39, 31]),
            DhcpOption::ElapsedTime(0),
            DhcpOption::IaNa { iaid: 0x3e00_0001, t1_s: 3600, t2_s: 5400, options: vec![] },
        ]
    );
    let request = message("request");
    assert_eq!((request.kind, request.transaction_id), (kind::REQUEST, 0x008e_a937));
    assert_eq!(request.client_id(), solicit.client_id());
}

#[test]
fn messages_of_dnsmasq() {
    let leased =
        |lifetime_s, valid_s| DhcpOption::IaAddress { address: address("2001:db8:1::10"), preferred_s: lifetime_s, valid_s, options: vec![] };
    let advertise = message("advertise");
    assert_eq!((advertise.kind, advertise.transaction_id), (kind::ADVERTISE, 0x005f_5cdf));
    assert_eq!(Duid(advertise.server_id().unwrap().to_vec()).to_string(), "00:01:00:01:32:97:ef:c9:02:b7:20:e6:79:99");
    assert_eq!(
        advertise.options[2..5],
        [
            DhcpOption::IaNa { iaid: 0x3e00_0001, t1_s: 43200, t2_s: 75600, options: vec![leased(86400, 86400)] },
            DhcpOption::StatusCode(status::SUCCESS, b"success".to_vec()),
            DhcpOption::Preference(0),
        ]
    );
    let reply = message("reply");
    assert_eq!((reply.kind, reply.transaction_id), (kind::REPLY, 0x008e_a937));
    assert_eq!(reply.options[2], DhcpOption::IaNa { iaid: 0x3e00_0001, t1_s: 3600, t2_s: 6300, options: vec![leased(7200, 7500)] });
    assert!(matches!(&reply.options[6], DhcpOption::Other(39, fqdn) if fqdn.len() == 37));
    let refused = message("advertise-no-addrs-avail");
    assert_eq!(refused.kind, kind::ADVERTISE);
    assert!(refused.options.iter().any(|option| matches!(option, DhcpOption::StatusCode(status::NO_ADDRS_AVAIL, _))));
    assert!(!refused.options.iter().any(|option| matches!(option, DhcpOption::IaNa { .. })));
}

#[test]
fn captured_packets_are_rebuilt_to_the_same_bytes() {
    for (name, bytes) in packets::all() {
        let (frame, flaws) = Frame::parse(&bytes).unwrap();
        assert_eq!(flaws, [], "{name}");
        let Frame { source_mac, destination_mac, source, destination, hop_limit, .. } = frame;
        let envelope = Envelope { source_mac, destination_mac, source, destination, hop_limit };
        let built = match frame.payload {
            Payload::Icmpv6 { message, checksum_right } => {
                assert!(checksum_right, "{name}");
                if let Some((advertisement, _)) = RouterAdvertisement::parse(message) {
                    assert_eq!(advertisement.build(), message, "{name}");
                }
                let mut without_checksum = message.to_vec();
                without_checksum[2..4].fill(0);
                frame::icmpv6(&envelope, &without_checksum)
            }
            Payload::Udp { source_port, destination_port, data, checksum_right } => {
                assert_eq!(checksum_right, !name.contains("partial-checksum"), "{name}");
                assert_eq!(Message::parse(data).unwrap().0.build(), data, "{name}");
                if !checksum_right {
                    continue;
                }
                frame::udp(&envelope, source_port, destination_port, data)
            }
            Payload::Other(next) => panic!("{name}: header {next}"),
        };
        // Traffic class and flow label are the kernel's choice.
        assert_eq!((&built[..14], &built[18..]), (&bytes[..14], &bytes[18..]), "{name}");
    }
}

#[test]
fn another_implementation_reads_the_same() {
    for name in ["solicit", "advertise", "advertise-no-addrs-avail", "request", "reply", "solicit-partial-checksum"] {
        let bytes = load(name);
        let Payload::Udp { data, .. } = Frame::parse(&bytes).unwrap().0.payload else { panic!("{name}") };
        let ours = Message::parse(data).unwrap().0;
        let theirs = v6::Message::decode(&mut Decoder::new(data)).unwrap();
        assert_eq!((ours.kind, ours.transaction_id), (theirs.msg_type().into(), theirs.xid_num()), "{name}");
        let ours: Vec<_> = ours.options.iter().filter_map(association).collect();
        let theirs: Vec<_> = theirs.opts().iter().filter_map(their_association).collect();
        assert_eq!(ours, theirs, "{name}");
        assert_eq!(ours.len(), usize::from(name != "advertise-no-addrs-avail"), "{name}");
    }
}

/// IAID, T1, T2, and the addresses with their lifetimes.
type Association = (u32, u32, u32, Vec<(Ipv6Addr, u32, u32)>);

fn association(option: &DhcpOption) -> Option<Association> {
    let DhcpOption::IaNa { iaid, t1_s, t2_s, options } = option else { return None };
    let addresses = options.iter().filter_map(|option| match option {
        DhcpOption::IaAddress { address, preferred_s, valid_s, .. } => Some((*address, *preferred_s, *valid_s)),
        _ => None,
    });
    Some((*iaid, *t1_s, *t2_s, addresses.collect()))
}

fn their_association(option: &v6::DhcpOption) -> Option<Association> {
    let v6::DhcpOption::IANA(ia) = option else { return None };
    let addresses = ia.opts.iter().filter_map(|option| match option {
        v6::DhcpOption::IAAddr(address) => Some((address.addr, address.preferred_life, address.valid_life)),
        _ => None,
    });
    Some((ia.id, ia.t1, ia.t2, addresses.collect()))
}

/// Parts of the options, flaws, number of options that are read.
type Case<'a> = (&'a [&'a [u8]], &'a [&'a str], usize);

#[test]
fn malformed_advertisements() {
    let fixed = [134, 0, 0, 0, 64, 0x80, 0x07, 0x08, 0, 0, 0, 0, 0, 0, 0, 0];
    let mtu = [5, 1, 0, 0, 0, 0, 0x05, 0xaa];
    let mut long_prefix = [0; 32];
    long_prefix[..3].copy_from_slice(&[3, 4, 129]);
    let cases: [Case; 8] = [
        (&[&mtu, &[5, 0, 1, 2, 3, 4, 5, 6], &mtu], &["option 5 (MTU) is 0 units long at byte 24"], 2),
        (&[&mtu, &[3, 4, 64, 0xc0, 0, 0, 0, 0]], &["option 3 (prefix information) is 4 units long, 8 bytes are left at byte 24"], 2),
        (&[&mtu, &[5]], &["1 byte behind the last option at byte 24"], 2),
        (&[&[3, 1, 64, 0xc0, 0, 0, 0, 0], &mtu], &["option 3 (prefix information) is 1 unit long at byte 16"], 2),
        (&[&[1, 2], &[0; 14], &mtu], &["option 1 (source link-layer address) is 2 units long at byte 16"], 2),
        (&[&[25, 2], &[0; 14], &mtu], &["option 25 (recursive DNS server) is 2 units long at byte 16"], 2),
        (&[&long_prefix, &mtu], &["prefix length is 129 at byte 18"], 2),
        (&[&[99, 1, 1, 2, 3, 4, 5, 6], &mtu, &mtu], &[], 3),
    ];
    for (parts, expected, options) in cases {
        let bytes = [fixed.to_vec(), parts.concat()].concat();
        let (advertisement, flaws) = RouterAdvertisement::parse(&bytes).unwrap();
        assert_eq!(what(&flaws), expected);
        assert_eq!(advertisement.options.len(), options, "{expected:?}");
        assert!(advertisement.options.contains(&NdOption::Mtu(0, 1450)), "{expected:?}");
        assert_eq!(advertisement.build(), bytes, "{expected:?}");
    }
    let mut coded = fixed;
    coded[1] = 1;
    assert_eq!(what(&RouterAdvertisement::parse(&coded).unwrap().1), ["ICMPv6 code is 1, not 0 at byte 1"]);
    assert_eq!(RouterAdvertisement::parse(&fixed[..15]), None);
    coded[0] = 133;
    assert_eq!(RouterAdvertisement::parse(&coded), None);
}

#[test]
fn malformed_messages() {
    let preference = [0, 7, 0, 1, 9];
    let cases: [(&[&[u8]], &[&str]); 9] = [
        (&[&[0, 3, 0, 4, 0, 0, 0, 1], &preference], &["option 3 (IA_NA) is 4 bytes long at byte 4"]),
        (&[&[0, 5, 0, 2, 0, 0], &preference], &["option 5 (IA Address) is 2 bytes long at byte 4"]),
        (&[&[0, 13, 0, 1, 0], &preference], &["option 13 (Status Code) is 1 byte long at byte 4"]),
        (&[&[0, 6, 0, 3, 0, 23, 0], &preference], &["option 6 (Option Request) is 3 bytes long at byte 4"]),
        (&[&[0, 1, 0, 0], &preference], &["option 1 (Client Identifier) is 0 bytes long at byte 4"]),
        (&[&preference, &[0, 2, 0, 9, 1]], &["option 2 (Server Identifier) is 9 bytes long, 1 are left at byte 9"]),
        (&[&preference, &[0, 7, 0]], &["3 bytes behind the last option at byte 9"]),
        // Inside an association: what stands behind it is still read.
        (&[&[0, 3, 0, 13], &[0; 13], &preference], &["1 byte behind the last option at byte 20"]),
        (&[&[0, 3, 0, 18], &[0; 12], &[0, 13, 0, 8, 0, 2], &preference], &["option 13 (Status Code) is 8 bytes long, 2 are left at byte 20"]),
    ];
    for (parts, expected) in cases {
        let bytes = [vec![2, 1, 2, 3], parts.concat()].concat();
        let (message, flaws) = Message::parse(&bytes).unwrap();
        assert_eq!(what(&flaws), expected);
        assert!(message.options.contains(&DhcpOption::Preference(9)), "{expected:?}");
        assert_eq!(message.build(), bytes, "{expected:?}");
    }
    assert_eq!(Message::parse(&[1, 2, 3]), None);
}

#[test]
fn deep_nesting_ends_and_is_kept() {
    let mut option = DhcpOption::Preference(1);
    for iaid in 0..2000 {
        option = DhcpOption::IaNa { iaid, t1_s: 0, t2_s: 0, options: vec![option] };
    }
    let bytes = Message { kind: kind::REPLY, transaction_id: 1, options: vec![option] }.build();
    let (message, flaws) = Message::parse(&bytes).unwrap();
    assert_eq!(what(&flaws), ["option 3 (IA_NA) is nested deeper than 4 at byte 68"]);
    assert_eq!(message.build(), bytes);
}

#[test]
fn relay_messages_are_not_read_as_others() {
    let bytes: Vec<u8> = [12, 0].into_iter().chain([0; 32]).collect();
    let (message, flaws) = Message::parse(&bytes).unwrap();
    assert_eq!(what(&flaws), ["Relay-forward is a message between relay and server at byte 0"]);
    assert_eq!((message.client_id(), message.build()), (None, bytes));
}

#[test]
fn names() {
    assert_eq!([1, 7, 11, 99].map(dhcpv6::kind_name), ["Solicit", "Reply", "Information-request", "99"]);
    assert_eq!([0, 2, 5, 77].map(dhcpv6::status_name), ["Success", "NoAddrsAvail", "UseMulticast", "77"]);
}

#[test]
fn duids() {
    let duid = Duid::link_layer(GUEST);
    assert_eq!(duid.to_string(), "00:03:00:01:fa:16:3e:00:00:01");
    assert_eq!((duid.mac(), duid.describe()), (Some(GUEST), "DUID-LL of fa:16:3e:00:00:01".to_owned()));
    assert_eq!(Duid::from_hex("00:03:00:01:FA:16:3e:00:00:01"), Some(duid.clone()));
    assert_eq!(Duid::from_hex("00030001fa163e000001"), Some(duid));
    for odd in ["", ":", "0", "000", "00:0", "0:30", "0003:00", "00::03", "00:03:", "0g", "+1", "00 03", "é0", "00:é"] {
        assert_eq!(Duid::from_hex(odd), None, "{odd:?}");
    }
    let of = |text| Duid::from_hex(text).unwrap();
    assert_eq!(of("000200000ab11234").describe(), "DUID-EN of enterprise 2737");
    assert_eq!(of("00040123").describe(), "DUID-UUID");
    assert_eq!(of("0009").describe(), "DUID of type 9");
    // Another hardware type (InfiniBand), too short, too long.
    for other in ["00030020fa163e000001", "00030001fa163e0000", "00030001fa163e00000100", "00"] {
        assert_eq!(of(other).mac(), None, "{other}");
    }
}
