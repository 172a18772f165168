//! Neighbor Discovery between hosts: Router and Neighbor Solicitation, Neighbor Advertisement (RFC 4861 section 4.1, 4.3 and 4.4).
//!
//! Knows the form of the messages, not what they are sent for.

use std::net::Ipv6Addr;

use super::ndp::{NEIGHBOR_ADVERTISEMENT, NEIGHBOR_SOLICITATION, NdOption, ROUTER_SOLICITATION, parse_options};
use super::{Flaw, address_at, flaw, u32_at};

/// Where the options of a Router Solicitation begin, and where its addresses end in the others, in bytes.
const SOLICITATION: usize = 8;
const WITH_TARGET: usize = 24;

/// A Router Solicitation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouterSolicitation {
    /// ICMPv6 code, 0 in a valid one.
    pub code: u8,
    /// The reserved field.
    pub reserved: u32,
    /// Its options in order.
    pub options: Vec<NdOption>,
}

impl RouterSolicitation {
    /// Reads an ICMPv6 message of type 133; `None` if it is of another type or shorter than its 8 bytes.
    pub fn parse(message: &[u8]) -> Option<(Self, Vec<Flaw>)> {
        let mut flaws = code_flaw(message, ROUTER_SOLICITATION)?;
        let options = parse_options(message.get(..SOLICITATION).map(|_| message)?, SOLICITATION, &mut flaws);
        Some((Self { code: message[1], reserved: u32_at(message, 4)?, options }, flaws))
    }
}

/// A Neighbor Solicitation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NeighborSolicitation {
    /// ICMPv6 code, 0 in a valid one.
    pub code: u8,
    /// The reserved field.
    pub reserved: u32,
    /// Whose MAC address is asked for, or which address is tested.
    pub target: Ipv6Addr,
    /// Its options in order.
    pub options: Vec<NdOption>,
}

impl NeighborSolicitation {
    /// Reads an ICMPv6 message of type 135; `None` if it is of another type or shorter than its 24 bytes.
    pub fn parse(message: &[u8]) -> Option<(Self, Vec<Flaw>)> {
        let (code, reserved, target, options, flaws) = with_target(message, NEIGHBOR_SOLICITATION)?;
        Some((Self { code, reserved, target, options }, flaws))
    }
}

/// A Neighbor Advertisement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NeighborAdvertisement {
    /// ICMPv6 code, 0 in a valid one.
    pub code: u8,
    /// Flags and reserved bits: R 0x8000_0000, S 0x4000_0000, O 0x2000_0000.
    pub flags: u32,
    /// Whose MAC address is told.
    pub target: Ipv6Addr,
    /// Its options in order.
    pub options: Vec<NdOption>,
}

impl NeighborAdvertisement {
    /// R: the sender is a router.
    pub const ROUTER: u32 = 0x8000_0000;
    /// S: it answers a solicitation.
    pub const SOLICITED: u32 = 0x4000_0000;
    /// O: it replaces what was known.
    pub const OVERRIDE: u32 = 0x2000_0000;

    /// Reads an ICMPv6 message of type 136; `None` if it is of another type or shorter than its 24 bytes.
    pub fn parse(message: &[u8]) -> Option<(Self, Vec<Flaw>)> {
        let (code, flags, target, options, flaws) = with_target(message, NEIGHBOR_ADVERTISEMENT)?;
        Some((Self { code, flags, target, options }, flaws))
    }
}

/// The solicited-node group of an address (RFC 4291 section 2.7.1).
pub fn solicited_node(address: Ipv6Addr) -> Ipv6Addr {
    let [.., a, b, c] = address.octets();
    Ipv6Addr::new(0xff02, 0, 0, 0, 0, 1, 0xff00 | u16::from(a), u16::from_be_bytes([b, c]))
}

type WithTarget = (u8, u32, Ipv6Addr, Vec<NdOption>, Vec<Flaw>);

fn with_target(message: &[u8], kind: u8) -> Option<WithTarget> {
    let mut flaws = code_flaw(message, kind)?;
    let target = address_at(message, 8)?;
    let options = parse_options(message, WITH_TARGET, &mut flaws);
    Some((message[1], u32_at(message, 4)?, target, options, flaws))
}

fn code_flaw(message: &[u8], kind: u8) -> Option<Vec<Flaw>> {
    match message {
        [found, 0, ..] if *found == kind => Some(Vec::new()),
        [found, code, ..] if *found == kind => Some(vec![flaw(1, format!("ICMPv6 code is {code}, not 0"))]),
        _ => None,
    }
}
