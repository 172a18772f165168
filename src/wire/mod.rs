//! Packets as bytes: lossless parsers and builders. Knows nothing of the rest of the program.
//!
//! A parser never fails: it yields what it could read and the [`Flaw`]s with their offsets. Order, duplicates, unknown options, reserved
//! bits and raw bytes are kept, so that a message parsed and built again is the same bytes.

pub mod dhcpv4;
pub mod dhcpv6;
pub mod duid;
pub mod frame;
pub mod message;
pub mod mld;
pub mod ndp;
pub mod neighbor;

use std::fmt;

/// Something wrong with the bytes of a packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    /// Where, in bytes from the start of what was parsed.
    pub offset: usize,
    /// What: a lower-case fragment such as `option 5 (MTU) is 0 units long`.
    pub what: String,
}

impl fmt::Display for Flaw {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} at byte {}", self.what, self.offset)
    }
}

fn flaw(offset: usize, what: impl Into<String>) -> Flaw {
    Flaw { offset, what: what.into() }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

fn address_at(bytes: &[u8], at: usize) -> Option<std::net::Ipv6Addr> {
    let octets: [u8; 16] = bytes.get(at..at.checked_add(16)?)?.try_into().ok()?;
    Some(octets.into())
}

fn mac_at(bytes: &[u8], at: usize) -> Option<pnet::util::MacAddr> {
    let octets: [u8; 6] = bytes.get(at..at.checked_add(6)?)?.try_into().ok()?;
    Some(octets.into())
}
