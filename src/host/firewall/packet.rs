//! The two packets that matter, as rules see them: a Router Advertisement, and a DHCPv6 answer to the guest. And whether a rule fits them.
//!
//! Both come from a link-local address. Connection tracking leaves the Router Advertisement untracked (nf_conntrack_proto_icmpv6.c) and takes
//! the answer for new, because the Solicit that it answers went to a multicast address.

use std::net::Ipv6Addr;

/// Whether something fits a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fits {
    Yes,
    No,
    /// It depends on what is not known, or is not understood.
    Maybe,
}

impl Fits {
    pub(crate) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::No, _) | (_, Self::No) => Self::No,
            (Self::Yes, Self::Yes) => Self::Yes,
            _ => Self::Maybe,
        }
    }

    pub(crate) fn or(self, other: Self) -> Self {
        self.negated().and(other.negated()).negated()
    }

    pub(crate) fn negated(self) -> Self {
        match self {
            Self::Yes => Self::No,
            Self::No => Self::Yes,
            Self::Maybe => Self::Maybe,
        }
    }
}

impl From<bool> for Fits {
    fn from(fits: bool) -> Self {
        if fits { Self::Yes } else { Self::No }
    }
}

/// One of the packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Packet {
    RouterAdvertisement,
    Dhcpv6,
}

impl Packet {
    pub(crate) const BOTH: [Self; 2] = [Self::RouterAdvertisement, Self::Dhcpv6];
}

/// What a rule looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    Icmpv6Type,
    Icmpv6Code,
    /// The protocol above IPv6.
    Protocol,
    /// The family: IPv4 or IPv6.
    Family,
    UdpSource,
    UdpDestination,
    ConnectionState,
    /// The interface that it comes in by.
    Interface,
    Source,
    Destination,
    HopLimit,
    /// Whether it was sent to this host, to a group or to all.
    PacketType,
    /// A header that neither has: TCP, IPv4.
    NotThere,
}

/// What a field of a packet holds.
enum Value<'a> {
    Number(u32),
    Name(&'a str),
    /// An address in one of these networks.
    Within(&'static [(Ipv6Addr, u8)]),
    Unknown,
}

const LINK_LOCAL: (Ipv6Addr, u8) = (Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 64);
const ALL_NODES: (Ipv6Addr, u8) = (Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1), 128);

impl Field {
    /// What the packet has there; `None` if it has no such header, so that no comparison of it fits.
    fn of(self, packet: Packet, nic: &str) -> Option<Value<'_>> {
        let is_ra = packet == Packet::RouterAdvertisement;
        Some(match self {
            Self::Icmpv6Type if is_ra => Value::Number(134),
            Self::Icmpv6Code if is_ra => Value::Number(0),
            Self::UdpSource if !is_ra => Value::Number(547),
            Self::UdpDestination if !is_ra => Value::Number(546),
            Self::NotThere | Self::Icmpv6Type | Self::Icmpv6Code | Self::UdpSource | Self::UdpDestination => return None,
            Self::Protocol => Value::Number(if is_ra { 58 } else { 17 }),
            Self::Family => Value::Name("ip6"),
            Self::ConnectionState => Value::Name(if is_ra { "untracked" } else { "new" }),
            Self::Interface => Value::Name(nic),
            // Routers may answer a solicitation to the guest alone (RFC 4861 section 6.2.6).
            Self::Destination if is_ra => Value::Within(&[ALL_NODES, LINK_LOCAL]),
            Self::Source | Self::Destination => Value::Within(&[LINK_LOCAL]),
            Self::HopLimit if is_ra => Value::Number(255),
            Self::HopLimit => Value::Unknown,
            Self::PacketType if is_ra => Value::Unknown,
            Self::PacketType => Value::Name("host"),
        })
    }

    /// Whether a packet's field is what `element` of a rule says: a value, or a range of numbers.
    pub(crate) fn is(self, packet: Packet, nic: &str, element: &str) -> Fits {
        let Some(value) = self.of(packet, nic) else { return Fits::No };
        match value {
            Value::Unknown => Fits::Maybe,
            Value::Within(networks) => within(networks, element),
            Value::Name(name) if self == Self::Interface => match element.strip_suffix(['*', '+']) {
                Some(start) => name.starts_with(start).into(),
                None => (name == element).into(),
            },
            Value::Name(name) => self.canonical(element).map_or(Fits::Maybe, |element| (element == name).into()),
            Value::Number(number) => match element.split_once(['-', ':']).filter(|(first, _)| first.bytes().all(|byte| byte.is_ascii_digit())) {
                Some((first, last)) => {
                    let first = if first.is_empty() { Some(0) } else { self.number(first) };
                    let last = if last.is_empty() { Some(u32::MAX) } else { self.number(last) };
                    first.zip(last).map_or(Fits::Maybe, |(first, last)| (first..=last).contains(&number).into())
                }
                None => self.number(element).map_or(Fits::Maybe, |element| (element == number).into()),
            },
        }
    }

    /// Whether the packet has the header at all.
    pub(crate) fn is_there(self, packet: Packet) -> bool {
        self.of(packet, "").is_some()
    }

    /// How the packet's number compares with another; `None` if that is not known.
    pub(crate) fn compared(self, packet: Packet, other: &str) -> Option<std::cmp::Ordering> {
        match self.of(packet, "")? {
            Value::Number(number) => self.number(other).map(|other| number.cmp(&other)),
            _ => None,
        }
    }

    /// The number that a name of nft(8), ip6tables(8) or /etc/services stands for.
    fn number(self, name: &str) -> Option<u32> {
        let hexadecimal = name.strip_prefix("0x").and_then(|digits| u32::from_str_radix(digits, 16).ok());
        if let Some(number) = name.parse().ok().or(hexadecimal) {
            return Some(number);
        }
        let lower = name.to_ascii_lowercase();
        let named = |names: &[(&str, u32)]| names.iter().find(|(known, _)| *known == lower).map(|(_, number)| *number);
        match self {
            Self::Icmpv6Type => named(&ICMPV6_TYPES),
            Self::Protocol => named(&PROTOCOLS),
            // Any other service has another port (/etc/services), and 0 is nobody's.
            Self::UdpSource | Self::UdpDestination if lower.starts_with(|first: char| first.is_ascii_alphabetic()) => {
                Some(named(&[("dhcpv6-client", 546), ("dhcpv6-server", 547)]).unwrap_or(0))
            }
            _ => None,
        }
    }

    /// A name in its usual spelling; `None` for one that is not known.
    fn canonical(self, name: &str) -> Option<&'static str> {
        let lower = name.to_ascii_lowercase();
        let names: &[(&str, &'static str)] = match self {
            Self::Family => &[("ipv6", "ip6"), ("ip6", "ip6"), ("0x86dd", "ip6"), ("ipv4", "ip"), ("ip", "ip"), ("arp", "arp")],
            Self::PacketType => &[("host", "host"), ("unicast", "host"), ("broadcast", "broadcast"), ("multicast", "multicast")],
            _ => &[
                ("new", "new"),
                ("established", "established"),
                ("related", "related"),
                ("invalid", "invalid"),
                ("untracked", "untracked"),
                // Translated addresses: nothing translates these packets on their way in.
                ("snat", "snat"),
                ("dnat", "dnat"),
            ],
        };
        names.iter().find(|(known, _)| *known == lower).map(|(_, usual)| *usual)
    }
}

const ICMPV6_TYPES: [(&str, u32); 29] = [
    ("destination-unreachable", 1),
    ("packet-too-big", 2),
    ("time-exceeded", 3),
    ("ttl-exceeded", 3),
    ("ttl-zero-during-transit", 3),
    ("parameter-problem", 4),
    ("bad-header", 4),
    ("unknown-header-type", 4),
    ("unknown-option", 4),
    ("echo-request", 128),
    ("ping", 128),
    ("echo-reply", 129),
    ("pong", 129),
    ("mld-listener-query", 130),
    ("mld-listener-report", 131),
    ("mld-listener-done", 132),
    ("mld-listener-reduction", 132),
    ("nd-router-solicit", 133),
    ("router-solicitation", 133),
    ("nd-router-advert", 134),
    ("router-advertisement", 134),
    ("nd-neighbor-solicit", 135),
    ("neighbour-solicitation", 135),
    ("neighbor-solicitation", 135),
    ("nd-neighbor-advert", 136),
    ("neighbour-advertisement", 136),
    ("neighbor-advertisement", 136),
    ("redirect", 137),
    ("nd-redirect", 137),
];

const PROTOCOLS: [(&str, u32); 18] = [
    ("ipv6-icmp", 58),
    ("icmpv6", 58),
    ("icmp6", 58),
    ("udp", 17),
    ("tcp", 6),
    ("icmp", 1),
    ("igmp", 2),
    ("gre", 47),
    ("esp", 50),
    ("ah", 51),
    ("ospf", 89),
    ("vrrp", 112),
    ("sctp", 132),
    ("udplite", 136),
    ("dccp", 33),
    ("ipv6-route", 43),
    ("ipv6-frag", 44),
    ("ipv6-nonxt", 59),
];

/// Whether an address that is in one of `networks` is in `network`.
fn within(networks: &[(Ipv6Addr, u8)], network: &str) -> Fits {
    let (address, length) = network.split_once('/').unwrap_or((network, "128"));
    if address.parse::<std::net::Ipv4Addr>().is_ok() {
        return Fits::No;
    }
    let (Ok(address), Some(length)) = (address.parse::<Ipv6Addr>(), prefix_length(length)) else { return Fits::Maybe };
    let one = |(theirs, their_length): &(Ipv6Addr, u8)| {
        let shorter = length.min(*their_length);
        let bits = |address: Ipv6Addr| u128::from(address).checked_shr(128 - u32::from(shorter)).unwrap_or(0);
        match (bits(address) == bits(*theirs), length <= *their_length) {
            (false, _) => Fits::No,
            (true, true) => Fits::Yes,
            (true, false) => Fits::Maybe,
        }
    };
    let mut all = networks.iter().map(one);
    let first = all.next().unwrap_or(Fits::No);
    all.fold(first, |all, one| if all == one { all } else { Fits::Maybe })
}

/// A length in bits, or a mask as ip6tables also takes one.
fn prefix_length(text: &str) -> Option<u8> {
    if let Ok(mask) = text.parse::<Ipv6Addr>() {
        return u8::try_from(u128::from(mask).leading_ones()).ok();
    }
    text.parse().ok().filter(|length| *length <= 128)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks() {
        for (network, fits) in [
            ("fe80::/10", Fits::Yes),
            ("fe80::/64", Fits::Yes),
            ("::/0", Fits::Yes),
            ("fe80::/ffc0::", Fits::Yes),
            ("fe80::1", Fits::Maybe),
            ("2001:db8::/32", Fits::No),
            ("fec0::/10", Fits::No),
            ("192.0.2.0/24", Fits::No),
            ("anything", Fits::Maybe),
            ("fe80::/129", Fits::Maybe),
        ] {
            assert_eq!(Field::Source.is(Packet::Dhcpv6, "eth0", network), fits, "{network}");
        }
        assert_eq!(Field::Destination.is(Packet::RouterAdvertisement, "eth0", "ff02::1"), Fits::Maybe);
        assert_eq!(Field::Destination.is(Packet::RouterAdvertisement, "eth0", "::/0"), Fits::Yes);
    }

    #[test]
    fn fields() {
        let (ra, answer) = (Packet::RouterAdvertisement, Packet::Dhcpv6);
        for (field, packet, element, fits) in [
            (Field::Icmpv6Type, ra, "nd-router-advert", Fits::Yes),
            (Field::Icmpv6Type, ra, "133-136", Fits::Yes),
            (Field::Icmpv6Type, ra, "echo-request", Fits::No),
            (Field::Icmpv6Type, ra, "something-new", Fits::Maybe),
            (Field::Icmpv6Type, answer, "134", Fits::No),
            (Field::UdpDestination, answer, "dhcpv6-client", Fits::Yes),
            (Field::UdpDestination, answer, "500:600", Fits::Yes),
            (Field::UdpDestination, answer, ":545", Fits::No),
            (Field::UdpDestination, answer, "547-", Fits::No),
            (Field::UdpDestination, answer, "ssh", Fits::No),
            (Field::UdpDestination, ra, "546", Fits::No),
            (Field::Protocol, answer, "udp", Fits::Yes),
            (Field::Protocol, ra, "58", Fits::Yes),
            (Field::Protocol, ra, "l2tp", Fits::Maybe),
            (Field::ConnectionState, answer, "NEW", Fits::Yes),
            (Field::ConnectionState, answer, "established", Fits::No),
            (Field::ConnectionState, ra, "new", Fits::No),
            (Field::Interface, ra, "eth*", Fits::Yes),
            (Field::Interface, ra, "lo", Fits::No),
        ] {
            assert_eq!(field.is(packet, "eth0", element), fits, "{field:?} {element}");
        }
    }
}
