//! Dumps of the kernel by netlink, message by message.
//!
//! The attributes are walked here, not decoded whole by a library: an attribute of a newer or an older kernel must cost that attribute and
//! not the message that it stands in, and how long an array of settings really is must stay visible.

use std::io;
use std::time::Duration;

use netlink_packet_core::{NLM_F_DUMP, NLM_F_DUMP_INTR, NLM_F_REQUEST, NetlinkBuffer};
use netlink_sys::{Socket, SocketAddr};
use socket2::SockRef;

/// As much as the kernel puts into one datagram of a dump (af_netlink.c: at most 32 KiB), and room to see that it was not cut.
pub(in crate::observe) const DATAGRAM: usize = 64 << 10;
/// As many messages as one dump may have; a full routing table of the Internet stays below it.
const MOST_MESSAGES: usize = 1 << 19;
/// As many objects of one dump as are kept.
const MOST_KEPT: usize = 1 << 16;
/// How often a dump is begun anew because something changed meanwhile.
const TRIES: usize = 5;
/// How long the kernel may take for one datagram. It answers from memory; this only keeps a fault from hanging the run.
const PATIENCE: Duration = Duration::from_secs(2);

const HEADER: usize = 16;
const NLMSG_NOOP: u16 = 1;
const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;
const NLMSG_OVERRUN: u16 = 4;
/// The bits of an attribute's number that are not flags (linux/netlink.h, `NLA_TYPE_MASK`).
const KIND: u16 = 0x3fff;

/// Asks for a dump and keeps what `decode` makes of its messages (their bytes after the netlink header).
///
/// # Errors
/// The kernel refuses, does not answer, answers something that is not netlink, or changes faster than it can be read.
pub(in crate::observe) fn dump<T>(protocol: isize, kind: u16, request: &[u8], decode: impl Fn(&[u8]) -> Option<T>) -> io::Result<Vec<T>> {
    for _ in 0..TRIES {
        if let Some(found) = dump_once(protocol, kind, request, &decode)? {
            return Ok(found);
        }
    }
    Err(io::Error::other("the kernel's tables change faster than they can be read"))
}

/// One dump; `None` if it was interrupted by a change (`NLM_F_DUMP_INTR`), so that something may be missing or twice.
fn dump_once<T>(protocol: isize, kind: u16, request: &[u8], decode: &impl Fn(&[u8]) -> Option<T>) -> io::Result<Option<Vec<T>>> {
    const SEQUENCE: u32 = 1;
    let mut socket = Socket::new(protocol)?;
    socket.bind_auto()?;
    SockRef::from(&socket).set_read_timeout(Some(PATIENCE))?;
    let kernel = SocketAddr::new(0, 0);
    let mut message = vec![0; HEADER + request.len()];
    let length = u32::try_from(message.len()).map_err(io::Error::other)?;
    let mut header = NetlinkBuffer::new(&mut message);
    header.set_length(length);
    header.set_message_type(kind);
    header.set_flags(NLM_F_REQUEST | NLM_F_DUMP);
    header.set_sequence_number(SEQUENCE);
    message[HEADER..].copy_from_slice(request);
    socket.send_to(&message, &kernel, 0)?;

    let mut found = Vec::new();
    let mut interrupted = false;
    let mut messages = 0;
    let mut datagram = Vec::with_capacity(DATAGRAM);
    loop {
        datagram.clear();
        let (length, sender) = match socket.recv_from(&mut datagram, libc::MSG_TRUNC) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            received => received?,
        };
        if sender.port_number() != 0 {
            continue;
        }
        if length > datagram.len() {
            return Err(io::Error::other("the kernel's answer was cut short"));
        }
        for part in Messages(&datagram) {
            let part = part?;
            messages += 1;
            if messages > MOST_MESSAGES || found.len() > MOST_KEPT {
                return Err(io::Error::other("the kernel's table is too large to be read"));
            }
            if part.sequence != SEQUENCE {
                continue;
            }
            interrupted |= part.flags & NLM_F_DUMP_INTR != 0;
            match part.kind {
                NLMSG_NOOP => {}
                NLMSG_OVERRUN => return Err(io::Error::other("the kernel lost a part of its answer")),
                NLMSG_ERROR | NLMSG_DONE => {
                    let code = i32_at(part.payload, 0).unwrap_or(0);
                    if code < 0 {
                        return Err(io::Error::from_raw_os_error(-code));
                    }
                    return Ok((!interrupted).then_some(found));
                }
                _ => found.extend(decode(part.payload)),
            }
        }
    }
}

/// A message of the kernel's.
pub(in crate::observe) struct Message<'a> {
    /// What it is, `RTM_*` or one of netlink's own.
    pub(in crate::observe) kind: u16,
    flags: u16,
    sequence: u32,
    /// What is behind its header.
    pub(in crate::observe) payload: &'a [u8],
}

/// The messages of one datagram.
pub(in crate::observe) struct Messages<'a>(pub(in crate::observe) &'a [u8]);

impl<'a> Iterator for Messages<'a> {
    type Item = io::Result<Message<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let all = std::mem::take(&mut self.0);
        let buffer = match NetlinkBuffer::new_checked(all) {
            Ok(buffer) => buffer,
            Err(error) => return Some(Err(io::Error::other(format!("not a netlink message: {error}")))),
        };
        let length = buffer.length() as usize;
        self.0 = all.get(length.next_multiple_of(4)..).unwrap_or_default();
        let payload = all.get(HEADER..length).unwrap_or_default();
        Some(Ok(Message { kind: buffer.message_type(), flags: buffer.flags(), sequence: buffer.sequence_number(), payload }))
    }
}

/// The attributes in `bytes` by number and value; ends at the first that is cut short.
pub(super) fn attributes(bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    // Walked here and not by netlink-packet-core, whose checks at each attribute were most of what the links of a guest with many took.
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let (length, kind) = (usize::from(u16_at(rest, 0)?), u16_at(rest, 2)?);
        let value = rest.get(4..length)?;
        rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some((kind & KIND, value))
    })
}

/// The value of the first attribute of number `wanted`.
pub(in crate::observe) fn attribute(bytes: &[u8], wanted: u16) -> Option<&[u8]> {
    attributes(bytes).find(|(kind, _)| *kind == wanted).map(|(_, value)| value)
}

/// A native-endian `u32` at `at`.
pub(in crate::observe) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|chunk| u32::from_ne_bytes(*chunk))
}

/// A native-endian `i32` at `at`.
pub(in crate::observe) fn i32_at(bytes: &[u8], at: usize) -> Option<i32> {
    bytes.get(at..)?.first_chunk().map(|chunk| i32::from_ne_bytes(*chunk))
}

/// A native-endian `u16` at `at`.
pub(super) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|chunk| u16::from_ne_bytes(*chunk))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn attributes_of_any_length_end() {
        let bytes = [8, 0, 3, 0, b'e', b't', b'h', 0, 5, 0, 0x1a, 0x80, 7, 0, 0, 0];
        assert_eq!(attributes(&bytes).collect::<Vec<_>>(), [(3, &b"eth\0"[..]), (26, &[7][..])]);
        for length in 0..bytes.len() {
            assert!(attributes(&bytes[..length]).count() <= 2);
        }
        for at in 0..bytes.len() {
            for value in 0..=255 {
                let mut broken = bytes;
                broken[at] = value;
                assert!(attributes(&broken).count() <= 4);
            }
        }
    }

    #[test]
    fn messages_of_any_length_end() {
        let mut bytes = vec![20, 0, 0, 0, 16, 0, 2, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9, 9, 9, 9];
        bytes.extend_from_within(..);
        assert_eq!(Messages(&bytes).map(|message| message.unwrap().payload.len()).collect::<Vec<_>>(), [4, 4]);
        for at in 0..bytes.len() {
            for value in 0..=255 {
                let mut broken = bytes.clone();
                broken[at] = value;
                assert!(Messages(&broken).count() <= 4);
                assert!(Messages(&broken[..at]).count() <= 4);
            }
        }
    }
}
