//! Capture files out of frames: pcapng as our recorder writes it, and pcap as tcpdump does.

use v6check::capture::{Way, write};

/// A frame of a capture: when in nanoseconds since 1970, which way, and its bytes from the link-layer header on.
pub(crate) type Captured = (u64, Way, Vec<u8>);

/// Ethernet frames of one interface as pcapng, in our recorder's blocks but without its journal entries.
pub(crate) fn pcapng(interface: &str, mac: [u8; 6], frames: &[Captured]) -> Vec<u8> {
    let mut file = write::section("v6check test", "");
    file.extend(write::interface(v6check::capture::link_type::ETHERNET, 262_144, interface, "", Some(mac)));
    for (at_ns, way, bytes) in frames {
        file.extend(write::packet(0, *at_ns, *way, u32::try_from(bytes.len()).unwrap(), bytes));
    }
    file
}

/// Packets as pcap with microseconds, little-endian, as tcpdump writes it.
pub(crate) fn pcap(link_type: u16, frames: &[Captured]) -> Vec<u8> {
    let mut file = 0xa1b2_c3d4_u32.to_le_bytes().to_vec();
    file.extend([2_u16, 4].into_iter().flat_map(u16::to_le_bytes));
    file.extend([0, 0, 262_144, u32::from(link_type)].into_iter().flat_map(u32::to_le_bytes));
    for (at_ns, _, bytes) in frames {
        let length = u32::try_from(bytes.len()).unwrap();
        let (seconds, microseconds) = (at_ns / 1_000_000_000, at_ns / 1000 % 1_000_000);
        let header = [u32::try_from(seconds).unwrap(), u32::try_from(microseconds).unwrap(), length, length];
        file.extend(header.into_iter().flat_map(u32::to_le_bytes));
        file.extend(bytes);
    }
    file
}
