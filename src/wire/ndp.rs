//! Neighbor Discovery: Router Solicitation and Advertisement (RFC 4861 section 4.1, 4.2 and 4.6; RFC 4191, 8106).

use std::net::Ipv6Addr;

use pnet::util::MacAddr;

use super::Flaw;

/// ICMPv6 type of a Router Solicitation.
pub const ROUTER_SOLICITATION: u8 = 133;
/// ICMPv6 type of a Router Advertisement.
pub const ROUTER_ADVERTISEMENT: u8 = 134;

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
    pub fn parse(_message: &[u8]) -> Option<(Self, Vec<Flaw>)> {
        unimplemented!()
    }

    /// The message again, byte for byte.
    pub fn build(&self) -> Vec<u8> {
        unimplemented!()
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

/// A Router Solicitation; with a source link-layer address unless the source address is unspecified (RFC 4861 section 4.1).
pub fn router_solicitation(_source_mac: Option<MacAddr>) -> Vec<u8> {
    unimplemented!()
}
