//! Frames by one packet socket for all interfaces: which of them the kernel wakes us up for, and how they are read and sent.
//!
//! Shared by the conversations and by the recorder. Knows nothing of what the frames mean.

pub(in crate::observe) mod filter;
mod socket;

pub(in crate::observe) use socket::{Captured, PacketSocket, Received, registered, wait};
