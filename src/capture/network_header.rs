//! Where a packet's network header begins, by its link type.

use super::link_type;

pub(super) const IPV4: u16 = 0x0800;
pub(super) const IPV6: u16 = 0x86dd;
/// 802.1Q, 802.1ad, and what was used for the outer tag before it.
pub(super) const VLAN_TAGS: [u16; 3] = [0x8100, 0x88a8, 0x9100];
pub(super) const MOST_VLANS: usize = 4;

/// From here on a frame's type is a type; below it is a length (IEEE 802.3 clause 3.2.6), and one of Linux's own kinds in a cooked capture.
const FIRST_TYPE: u16 = 0x0600;

/// Lengths of link-layer headers.
pub(super) const ETHERNET_HEADER: usize = 14;
const SLL_HEADER: usize = 16;
const SLL2_HEADER: usize = 20;
const LOOPBACK_HEADER: usize = 4;

/// Where a packet's network header begins and of which type it is.
pub(super) fn network(link: u16, bytes: &[u8]) -> Option<(u16, usize)> {
    let (at, told) = match link {
        link_type::ETHERNET => (ETHERNET_HEADER, Some(12)),
        link_type::LINUX_SLL => (SLL_HEADER, Some(14)),
        link_type::LINUX_SLL2 => (SLL2_HEADER, Some(0)),
        link_type::NULL | link_type::LOOP => (LOOPBACK_HEADER, None),
        link_type::RAW | link_type::RAW_BSD | link_type::RAW_OPENBSD | link_type::IPV4 | link_type::IPV6 => (0, None),
        _ => return None,
    };
    // The address family of loopback captures has the number and byte order of the machine that captured; the packet itself tells as well.
    let kind = match told {
        Some(told) => u16_at(bytes, told)?,
        None => match bytes.get(at)? >> 4 {
            4 => IPV4,
            6 => IPV6,
            _ => return None,
        },
    };
    (kind >= FIRST_TYPE && bytes.len() >= at).then_some((kind, at))
}

pub(super) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..at + 2)?.try_into().ok().map(u16::from_be_bytes)
}
