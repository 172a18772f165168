//! What reading a step further finds, in pcap and in pcapng alike.

use std::io;
use std::ops::Range;

use super::{Item, Packet};

/// What is wanted of the packets, by their link type and bytes.
pub type Filter = fn(u16, &[u8]) -> bool;

/// An item whose packet is still told by where it is in the buffer.
pub(super) enum Found {
    /// Nothing that is told.
    Nothing,
    /// Anything but a packet.
    Item(Item<'static>),
    /// A packet without its bytes.
    Packet(Packet<'static>, Range<usize>),
}

/// Why reading stops.
pub(super) enum Stop {
    End,
    CutOff,
    Corrupt(&'static str),
    Read(io::Error),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Read(error)
    }
}
