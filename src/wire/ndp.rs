//! Neighbor Discovery: Router Solicitation and Advertisement (RFC 4861 section 4.1, 4.2 and 4.6; RFC 4191, 8106).
//!
//! Knows the form of the messages, not what a host makes of them: lifetimes and flags are not weighed against each other here.

use std::net::Ipv6Addr;

use pnet::util::MacAddr;

use super::{Flaw, address_at, flaw, mac_at, u16_at, u32_at};

/// ICMPv6 type of a Router Solicitation.
pub const ROUTER_SOLICITATION: u8 = 133;
/// ICMPv6 type of a Router Advertisement.
pub const ROUTER_ADVERTISEMENT: u8 = 134;

/// ICMPv6 type of a Neighbor Solicitation.
pub const NEIGHBOR_SOLICITATION: u8 = 135;
/// ICMPv6 type of a Neighbor Advertisement.
pub const NEIGHBOR_ADVERTISEMENT: u8 = 136;
/// ICMPv6 type of a Redirect.
pub const REDIRECT: u8 = 137;

/// Fixed part of a Router Advertisement, in bytes.
const FIXED: usize = 16;

/// A Router Advertisement (RFC 4861 section 4.2, RFC 4191 section 2.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouterAdvertisement {
    /// ICMPv6 code, 0 in a valid one.
    pub code: u8,
    /// Checksum as it stands in the message.
    pub checksum: u16,
    /// Hop limit for the hosts, 0 if unspecified.
    pub current_hop_limit: u8,
    /// The byte of flags: M 0x80, O 0x40, H 0x20, preference 0x18, P 0x04, reserved 0x03.
    pub flags: u8,
    /// Router lifetime in seconds; 0 is not a default router.
    pub lifetime_s: u16,
    /// Reachable time in milliseconds.
    pub reachable_ms: u32,
    /// Retransmission timer in milliseconds.
    pub retransmit_ms: u32,
    /// Its options in order.
    pub options: Vec<NdOption>,
}

impl RouterAdvertisement {
    /// M: addresses by DHCPv6.
    pub const MANAGED: u8 = 0x80;
    /// O: other configuration by DHCPv6.
    pub const OTHER: u8 = 0x40;

    /// Reads an ICMPv6 message of type 134; `None` if it is of another type or shorter than the 16 bytes of its fixed part.
    pub fn parse(message: &[u8]) -> Option<(Self, Vec<Flaw>)> {
        if message.first() != Some(&ROUTER_ADVERTISEMENT) || message.len() < FIXED {
            return None;
        }
        let mut flaws = Vec::new();
        if message[1] != 0 {
            flaws.push(flaw(1, format!("ICMPv6 code is {}, not 0", message[1])));
        }
        let advertisement = Self {
            code: message[1],
            checksum: u16_at(message, 2)?,
            current_hop_limit: message[4],
            flags: message[5],
            lifetime_s: u16_at(message, 6)?,
            reachable_ms: u32_at(message, 8)?,
            retransmit_ms: u32_at(message, 12)?,
            options: parse_options(message, FIXED, &mut flaws),
        };
        Some((advertisement, flaws))
    }

    /// The message again, byte for byte; the checksum field as it stands in [`Self::checksum`]. The data of an option of more than 2038 bytes
    /// is cut off, of one that does not fill its units of 8 bytes is filled with zeros.
    pub fn build(&self) -> Vec<u8> {
        let mut bytes = vec![ROUTER_ADVERTISEMENT, self.code];
        bytes.extend(self.checksum.to_be_bytes());
        bytes.extend([self.current_hop_limit, self.flags]);
        bytes.extend(self.lifetime_s.to_be_bytes());
        bytes.extend(self.reachable_ms.to_be_bytes());
        bytes.extend(self.retransmit_ms.to_be_bytes());
        for option in &self.options {
            option.build(&mut bytes);
        }
        bytes
    }

    /// M is set.
    pub fn managed(&self) -> bool {
        self.flags & Self::MANAGED != 0
    }

    /// O is set.
    pub fn other(&self) -> bool {
        self.flags & Self::OTHER != 0
    }

    /// Its prefixes, in order.
    pub fn prefixes(&self) -> impl Iterator<Item = &PrefixInformation> {
        self.options.iter().filter_map(|option| match option {
            NdOption::PrefixInformation(prefix) => Some(prefix),
            _ => None,
        })
    }
}

/// An option of a Neighbor Discovery message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NdOption {
    /// Source link-layer address (type 1) of an Ethernet link.
    SourceLinkLayerAddress(MacAddr),
    /// Prefix information (type 3).
    PrefixInformation(PrefixInformation),
    /// MTU (type 5): reserved field and value.
    Mtu(u16, u32),
    /// Any other, or one of the above whose length does not fit: type and everything behind the length byte.
    Other(u8, Vec<u8>),
    /// The last bytes of the message, raw, from where no option can be read: a length of 0 or one past the end leaves no way on.
    Rest(Vec<u8>),
}

impl NdOption {
    fn parse(kind: u8, data: &[u8]) -> Self {
        Self::typed(kind, data).unwrap_or_else(|| Self::Other(kind, data.to_vec()))
    }

    /// The option in its type, `None` if it has none here or its length does not fit.
    fn typed(kind: u8, data: &[u8]) -> Option<Self> {
        match (kind, data.len()) {
            (1, 6) => Some(Self::SourceLinkLayerAddress(mac_at(data, 0)?)),
            (3, 30) => Some(Self::PrefixInformation(PrefixInformation {
                length: data[0],
                flags: data[1],
                valid_s: u32_at(data, 2)?,
                preferred_s: u32_at(data, 6)?,
                reserved: u32_at(data, 10)?,
                prefix: address_at(data, 14)?,
            })),
            (5, 6) => Some(Self::Mtu(u16_at(data, 0)?, u32_at(data, 2)?)),
            _ => None,
        }
    }

    fn build(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::SourceLinkLayerAddress(mac) => {
                bytes.extend([1, 1]);
                bytes.extend(mac.octets());
            }
            Self::PrefixInformation(prefix) => {
                bytes.extend([3, 4, prefix.length, prefix.flags]);
                bytes.extend(prefix.valid_s.to_be_bytes());
                bytes.extend(prefix.preferred_s.to_be_bytes());
                bytes.extend(prefix.reserved.to_be_bytes());
                bytes.extend(prefix.prefix.octets());
            }
            Self::Mtu(reserved, mtu) => {
                bytes.extend([5, 1]);
                bytes.extend(reserved.to_be_bytes());
                bytes.extend(mtu.to_be_bytes());
            }
            Self::Other(kind, data) => {
                let units = u8::try_from((data.len() + 2).div_ceil(8)).unwrap_or(u8::MAX);
                let length = usize::from(units) * 8 - 2;
                bytes.extend([*kind, units]);
                bytes.extend(data.iter().copied().chain(std::iter::repeat(0)).take(length));
            }
            Self::Rest(raw) => bytes.extend(raw),
        }
    }
}

/// The options of a message of Neighbor Discovery, from `start` on.
pub(super) fn parse_options(message: &[u8], start: usize, flaws: &mut Vec<Flaw>) -> Vec<NdOption> {
    let (mut options, mut at) = (Vec::new(), start);
    while let Some(rest) = message.get(at..).filter(|rest| !rest.is_empty()) {
        let &[kind, units, ..] = rest else {
            flaws.push(flaw(at, "1 byte behind the last option"));
            options.push(NdOption::Rest(rest.to_vec()));
            break;
        };
        let length = usize::from(units) * 8;
        if length == 0 || length > rest.len() {
            let left = if length == 0 { String::new() } else { format!(", {} bytes are left", rest.len()) };
            flaws.push(flaw(at, format!("{} is {} long{left}", option_name(kind), in_units(units))));
            options.push(NdOption::Rest(rest.to_vec()));
            break;
        }
        let option = NdOption::parse(kind, &rest[2..length]);
        if !length_fits(kind, units) {
            flaws.push(flaw(at, format!("{} is {} long", option_name(kind), in_units(units))));
        }
        if let NdOption::PrefixInformation(PrefixInformation { length: bits @ 129.., .. }) = option {
            flaws.push(flaw(at + 2, format!("prefix length is {bits}")));
        }
        options.push(option);
        at += length;
    }
    options
}

/// RFC 4861 section 4.6, RFC 4191 section 2.3, RFC 8106 section 5. An unknown option has any length.
fn length_fits(kind: u8, units: u8) -> bool {
    match kind {
        1 | 2 | 5 => units == 1,
        3 => units == 4,
        24 => (1..=3).contains(&units),
        25 => units >= 3 && units % 2 == 1,
        31 => units >= 2,
        _ => true,
    }
}

fn in_units(units: u8) -> String {
    if units == 1 { "1 unit".to_owned() } else { format!("{units} units") }
}

/// An option in words: `option 5 (MTU)`, or its number alone if it has no name here.
pub fn option_name(kind: u8) -> String {
    let name = match kind {
        1 => "source link-layer address",
        2 => "target link-layer address",
        3 => "prefix information",
        4 => "redirected header",
        5 => "MTU",
        7 => "advertisement interval",
        14 => "nonce",
        24 => "route information",
        25 => "recursive DNS server",
        31 => "DNS search list",
        37 => "captive portal",
        38 => "PREF64",
        _ => return format!("option {kind}"),
    };
    format!("option {kind} ({name})")
}

/// Prefix information (RFC 4861 section 4.6.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrefixInformation {
    /// Length of the prefix in bits.
    pub length: u8,
    /// The byte of flags: L 0x80, A 0x40, the rest reserved or of later documents.
    pub flags: u8,
    /// Valid lifetime in seconds.
    pub valid_s: u32,
    /// Preferred lifetime in seconds.
    pub preferred_s: u32,
    /// The reserved field.
    pub reserved: u32,
    /// The prefix as sent, bits behind its length included.
    pub prefix: Ipv6Addr,
}

impl PrefixInformation {
    /// L: the prefix is on the link.
    pub fn on_link(&self) -> bool {
        self.flags & 0x80 != 0
    }

    /// A: addresses may be made from it.
    pub fn autonomous(&self) -> bool {
        self.flags & 0x40 != 0
    }
}

/// A Router Solicitation; with a source link-layer address unless the source address is unspecified (RFC 4861 section 4.1). Its checksum
/// field is 0; [`super::frame::icmpv6`] fills it in.
pub fn router_solicitation(source_mac: Option<MacAddr>) -> Vec<u8> {
    let mut bytes = vec![ROUTER_SOLICITATION, 0, 0, 0, 0, 0, 0, 0];
    if let Some(mac) = source_mac {
        NdOption::SourceLinkLayerAddress(mac).build(&mut bytes);
    }
    bytes
}
