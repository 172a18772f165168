//! Capture files as bytes: reading pcap and pcapng of any origin in one pass, writing pcapng block by block.
//!
//! Knows blocks, link types and time stamps, and nothing of what the packets mean. Reading needs memory for the largest packet that is
//! kept, whatever the size of the file; writing makes bytes and leaves them to the caller.

mod blocks;
mod encapsulation;
mod found;
mod input;
mod link;
mod network_header;
mod reader;
pub mod write;

pub use found::Filter;
pub use link::{Cooked, cooked, ethernet, interesting, readable};
pub use reader::{CaptureError, Reader};

/// Which way a packet went, as seen by who captured it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// It arrived there.
    In,
    /// It was sent from there.
    Out,
}

/// Link types (IANA pcap link types, as in pcap and pcapng).
pub mod link_type {
    /// Loopback of BSD and macOS, with the address family before the packet.
    pub const NULL: u16 = 0;
    /// Ethernet.
    pub const ETHERNET: u16 = 1;
    /// Raw IP, as some systems wrote it (`DLT_RAW` of most).
    pub const RAW_BSD: u16 = 12;
    /// Raw IP, as OpenBSD wrote it.
    pub const RAW_OPENBSD: u16 = 14;
    /// Raw IP.
    pub const RAW: u16 = 101;
    /// Loopback of OpenBSD.
    pub const LOOP: u16 = 108;
    /// Linux cooked capture, version 1.
    pub const LINUX_SLL: u16 = 113;
    /// Raw IPv4.
    pub const IPV4: u16 = 228;
    /// Raw IPv6.
    pub const IPV6: u16 = 229;
    /// Linux cooked capture, version 2.
    pub const LINUX_SLL2: u16 = 276;

    /// A link type in words: `link type 105 (IEEE 802.11)`, or its number alone.
    pub fn name(link: u16) -> String {
        let name = match link {
            NULL | LOOP => "loopback",
            ETHERNET => "Ethernet",
            9 | 50 | 204 => "PPP",
            51 => "PPPoE session",
            104 => "Cisco HDLC",
            105 => "IEEE 802.11",
            107 => "Frame Relay",
            113 | 276 => "Linux cooked",
            119 | 127 | 192 => "IEEE 802.11 with radio header",
            149 | 187 | 201 | 254 => "Bluetooth",
            189 | 220 | 249 => "USB",
            195 | 230 => "IEEE 802.15.4",
            239 => "netfilter log",
            _ => return format!("link type {link}"),
        };
        format!("link type {link} ({name})")
    }
}

/// An interface of a capture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interface {
    /// Its name; empty where the file tells none.
    pub name: String,
    /// Its link type, see [`link_type`].
    pub link_type: u16,
}

/// A packet of a capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packet<'a> {
    /// Its interface, by the order of the interfaces in the whole file.
    pub interface: usize,
    /// Link type of that interface.
    pub link_type: u16,
    /// When, in nanoseconds since 1970; 0 where the file tells none (Simple Packet Block).
    pub at_ns: u64,
    /// Which way, where the file tells.
    pub way: Option<Way>,
    /// How long it was on the wire, in bytes.
    pub wire_length: u32,
    /// What was captured of it, from its link-layer header on.
    pub bytes: &'a [u8],
}

/// One thing of a capture file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item<'a> {
    /// A section began, with the comment and the name of the application that it has.
    Section {
        /// The program that wrote it (`shb_userappl`); empty where the file tells none.
        application: String,
        /// Its first comment; empty where it has none.
        comment: String,
    },
    /// An interface was described.
    Interface(Interface),
    /// A packet.
    Packet(Packet<'a>),
    /// A journal entry (pcapng's systemd Journal Export Block): its fields in order.
    Journal(Vec<(String, String)>),
    /// So many packets of an interface were dropped from the beginning of the capture until this time, in nanoseconds since 1970.
    Dropped {
        /// The interface, by the order of the interfaces in the whole file.
        interface: usize,
        /// When that was counted.
        at_ns: u64,
        /// The count.
        packets: u64,
    },
}
