//! Frames of a small link and the captures that hold them.

use std::collections::BTreeMap;
use std::net::Ipv6Addr;

use pnet::util::MacAddr;
use v6check::capture::{Way, link_type, write};
use v6check::facts::{Direction, Happening, Recording, SeenFrame};
use v6check::wire::dhcpv6::{DhcpOption, Message, kind};
use v6check::wire::duid::Duid;
use v6check::wire::frame::{self, Envelope, multicast_mac};
use v6check::wire::ndp::{NdOption, RouterAdvertisement, router_solicitation};
use v6check::wire::neighbor::solicited_node;

pub(crate) const SECOND: u64 = 1_000_000_000;
/// 2026-11-24 05:54:00 UTC in nanoseconds.
pub(crate) const BEGAN: u64 = 1_795_499_640 * SECOND;
pub(crate) const ROUTER_MAC: MacAddr = MacAddr(0xee, 0xee, 0xee, 0xee, 0xee, 0xee);
pub(crate) const ROUTER: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0xecee, 0xeeff, 0xfeee, 0xeeee);
pub(crate) const LEASED: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 1, 0, 0, 0, 0, 0x10);
const ALL_NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);
const ALL_ROUTERS: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 2);
const ALL_SERVERS: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 1, 2);

/// A guest by the last byte of its MAC address.
#[derive(Clone, Copy)]
pub(crate) struct Guest(pub(crate) u8);

impl Guest {
    pub(crate) fn mac(self) -> MacAddr {
        MacAddr::new(0xfa, 0x16, 0x3e, 0, 0, self.0)
    }

    pub(crate) fn name(self) -> String {
        self.mac().to_string()
    }

    pub(crate) fn address(self) -> Ipv6Addr {
        Ipv6Addr::new(0xfe80, 0, 0, 0, 0xf816, 0x3eff, 0xfe00, self.0.into())
    }

    fn to_group(self, source: Ipv6Addr, group: Ipv6Addr, hop_limit: u8) -> Envelope {
        Envelope { source_mac: self.mac(), destination_mac: multicast_mac(group), source, destination: group, hop_limit }
    }

    pub(crate) fn rs(self) -> Vec<u8> {
        frame::icmpv6(&self.to_group(self.address(), ALL_ROUTERS, 255), &router_solicitation(Some(self.mac())))
    }

    /// Tests its link-local address.
    pub(crate) fn dad(self) -> Vec<u8> {
        self.tests(self.address())
    }

    /// Tests an address.
    pub(crate) fn tests(self, address: Ipv6Addr) -> Vec<u8> {
        let mut message = vec![135, 0, 0, 0, 0, 0, 0, 0];
        message.extend(address.octets());
        frame::icmpv6(&self.to_group(Ipv6Addr::UNSPECIFIED, solicited_node(address), 255), &message)
    }

    /// Asks for the MAC address of the router, from its link-local address.
    pub(crate) fn asks_for_router(self) -> Vec<u8> {
        let mut message = vec![135, 0, 0, 0, 0, 0, 0, 0];
        message.extend(ROUTER.octets());
        message.extend([1, 1]);
        message.extend(self.mac().octets());
        frame::icmpv6(&self.to_group(self.address(), solicited_node(ROUTER), 255), &message)
    }

    fn client(self, kind: u8, transaction_id: u32, more: Vec<DhcpOption>) -> Vec<u8> {
        // A Request names the address that the Advertise has.
        let requested = DhcpOption::IaAddress { address: LEASED, preferred_s: 0, valid_s: 0, options: Vec::new() };
        let requested = if kind == kind::REQUEST { vec![requested] } else { Vec::new() };
        let mut options = vec![
            DhcpOption::ClientId(Duid::link_layer(self.mac()).0),
            DhcpOption::IaNa { iaid: 1, t1_s: 0, t2_s: 0, options: requested },
            DhcpOption::ElapsedTime(0),
        ];
        options.extend(more);
        frame::udp(&self.to_group(self.address(), ALL_SERVERS, 1), 546, 547, &Message { kind, transaction_id, options }.build())
    }

    /// A Solicit with another IAID than all its other messages.
    pub(crate) fn solicit_for(self, transaction_id: u32, iaid: u32) -> Vec<u8> {
        let options = vec![
            DhcpOption::ClientId(Duid::link_layer(self.mac()).0),
            DhcpOption::IaNa { iaid, t1_s: 0, t2_s: 0, options: Vec::new() },
            DhcpOption::ElapsedTime(0),
        ];
        frame::udp(&self.to_group(self.address(), ALL_SERVERS, 1), 546, 547, &Message { kind: kind::SOLICIT, transaction_id, options }.build())
    }

    pub(crate) fn solicit(self, transaction_id: u32) -> Vec<u8> {
        self.client(kind::SOLICIT, transaction_id, Vec::new())
    }

    pub(crate) fn request(self, transaction_id: u32) -> Vec<u8> {
        self.client(kind::REQUEST, transaction_id, vec![DhcpOption::ServerId(Duid::link_layer(ROUTER_MAC).0)])
    }

    fn server(self, kind: u8, transaction_id: u32) -> Vec<u8> {
        let address = DhcpOption::IaAddress { address: LEASED, preferred_s: 3600, valid_s: 7200, options: Vec::new() };
        let options = vec![
            DhcpOption::ClientId(Duid::link_layer(self.mac()).0),
            DhcpOption::ServerId(Duid::link_layer(ROUTER_MAC).0),
            DhcpOption::IaNa { iaid: 1, t1_s: 1800, t2_s: 2880, options: vec![address] },
        ];
        let envelope = Envelope { source_mac: ROUTER_MAC, destination_mac: self.mac(), source: ROUTER, destination: self.address(), hop_limit: 64 };
        frame::udp(&envelope, 547, 546, &Message { kind, transaction_id, options }.build())
    }

    pub(crate) fn advertise(self, transaction_id: u32) -> Vec<u8> {
        self.server(kind::ADVERTISE, transaction_id)
    }

    pub(crate) fn reply(self, transaction_id: u32) -> Vec<u8> {
        self.server(kind::REPLY, transaction_id)
    }

    /// All of a good boot, at its times in milliseconds.
    pub(crate) fn boot(self) -> Vec<(u64, Vec<u8>)> {
        vec![
            (1000, self.dad()),
            (2000, self.rs()),
            (2100, ra()),
            (2200, self.solicit(1)),
            (2210, self.advertise(1)),
            (3300, self.request(2)),
            (3310, self.reply(2)),
            (3500, self.tests(LEASED)),
        ]
    }
}

/// The router's advertisement to all nodes, with M and O.
pub(crate) fn ra() -> Vec<u8> {
    let message = RouterAdvertisement {
        code: 0,
        checksum: 0,
        current_hop_limit: 64,
        flags: RouterAdvertisement::MANAGED | RouterAdvertisement::OTHER,
        lifetime_s: 1800,
        reachable_ms: 0,
        retransmit_ms: 0,
        options: vec![NdOption::SourceLinkLayerAddress(ROUTER_MAC)],
    };
    let envelope =
        Envelope { source_mac: ROUTER_MAC, destination_mac: multicast_mac(ALL_NODES), source: ROUTER, destination: ALL_NODES, hop_limit: 255 };
    frame::icmpv6(&envelope, &message.build())
}

/// What nobody here is interested in: TCP over IPv4.
pub(crate) fn noise() -> Vec<u8> {
    let mut bytes = vec![0x02; 12];
    bytes.extend([0x08, 0x00, 0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6]);
    bytes.resize(600, 0);
    bytes
}

/// A VLAN tag put in.
pub(crate) fn tagged(bytes: &[u8], vlan: u8) -> Vec<u8> {
    [&bytes[..12], &[0x81, 0, 0, vlan], &bytes[12..]].concat()
}

/// The frame as a cooked capture of version 1 has it, or of version 2 with an interface's number.
pub(crate) fn cooked(bytes: &[u8], interface: Option<u8>) -> Vec<u8> {
    let source = &bytes[6..12];
    match interface {
        None => [&[0, 0, 0, 1, 0, 6], source, &[0, 0, 0x86, 0xdd], &bytes[14..]].concat(),
        Some(number) => [&[0x86, 0xdd, 0, 0, 0, 0, 0, number, 0, 1, 0, 6], source, &[0, 0], &bytes[14..]].concat(),
    }
}

/// A pcapng file that grows.
pub(crate) struct File {
    pub(crate) bytes: Vec<u8>,
}

impl File {
    /// Of another program, with interfaces of this link type.
    pub(crate) fn foreign(link: u16, interfaces: &[&str]) -> Self {
        let mut bytes = write::section("dumpcap", "");
        for name in interfaces {
            bytes.extend(write::interface(link, 65_535, name, "", None));
        }
        Self { bytes }
    }

    pub(crate) fn ethernet(interfaces: &[&str]) -> Self {
        Self::foreign(link_type::ETHERNET, interfaces)
    }

    /// A frame at a time in milliseconds.
    pub(crate) fn add(&mut self, interface: u32, at_ms: u64, bytes: &[u8]) -> &mut Self {
        self.add_cut(interface, at_ms, bytes, bytes.len())
    }

    pub(crate) fn add_cut(&mut self, interface: u32, at_ms: u64, bytes: &[u8], kept: usize) -> &mut Self {
        let length = u32::try_from(bytes.len()).unwrap();
        self.bytes.extend(write::packet(interface, BEGAN + at_ms * 1_000_000, Way::In, length, &bytes[..kept]));
        self
    }

    pub(crate) fn all(&mut self, interface: u32, frames: &[(u64, Vec<u8>)]) -> &mut Self {
        for (at_ms, bytes) in frames {
            self.add(interface, *at_ms, bytes);
        }
        self
    }

    /// As it is read.
    pub(crate) fn read(&self) -> BTreeMap<String, Recording> {
        read(&self.bytes)
    }
}

/// The recordings in a capture.
pub(crate) fn read(bytes: &[u8]) -> BTreeMap<String, Recording> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    v6check::observe::boot::read(file.path()).unwrap()
}

/// The frames of a recording in words: time in milliseconds, who, what.
pub(crate) fn told(recording: &Recording) -> Vec<String> {
    let frames = recording.events.iter().filter_map(|event| match &event.what {
        Happening::Frame(seen) => Some((event.at_us / 1000, seen)),
        _ => None,
    });
    frames.map(|(at_ms, seen)| format!("{at_ms} {} {}", who(seen), what(seen))).collect()
}

fn who(seen: &SeenFrame) -> &'static str {
    match seen.direction {
        Direction::Guest => "guest",
        Direction::Sent => "v6check",
        Direction::Received => "network",
    }
}

fn what(seen: &SeenFrame) -> String {
    use v6check::wire::message::Message as Said;
    let Some((frame, _)) = frame::Frame::parse(&seen.bytes) else { return "no IPv6".into() };
    match Said::of(&frame).0 {
        Said::RouterSolicitation(_) => "RS".into(),
        Said::RouterAdvertisement(_) => "RA".into(),
        Said::NeighborSolicitation(_) => "NS".into(),
        Said::FromClient(message) | Said::ToClient(message) => v6check::wire::dhcpv6::kind_name(message.kind),
        _ => "other".into(),
    }
}

/// What a good boot is told as, the first frame at 0.
pub(crate) const GOOD: [&str; 8] = [
    "0 guest NS",
    "1000 guest RS",
    "1100 network RA",
    "1200 guest Solicit",
    "1210 network Advertise",
    "2300 guest Request",
    "2310 network Reply",
    "2500 guest NS",
];
