//! The kernel's filter: which frames are worth waking up for, as classic BPF (Linux Documentation/networking/filter.rst).
//!
//! It lets through IPv6 with Router Solicitations, Router Advertisements, or UDP from or to port 546 or 547, behind at most one
//! hop-by-hop header. Fragments and other extension headers are not looked behind: no client takes an RA out of fragments (RFC 6980).

use socket2::SockFilter;

/// As many bytes of a frame as are kept.
pub(in crate::observe) const LONGEST_FRAME: usize = 2048;

const LOAD_BYTE: u16 = 0x30;
const LOAD_HALF: u16 = 0x28;
const LOAD_BYTE_BEHIND_X: u16 = 0x50;
const LOAD_HALF_BEHIND_X: u16 = 0x48;
const LOAD_X: u16 = 0x01;
const ADD: u16 = 0x04;
const SHIFT_LEFT: u16 = 0x64;
const COPY_TO_X: u16 = 0x07;
const JUMP_IF_EQUAL: u16 = 0x15;
const RETURN: u16 = 0x06;

/// Offsets in an untagged Ethernet frame that carries IPv6.
const ETHER_TYPE: u32 = 12;
const NEXT_HEADER: u32 = 20;
const PAYLOAD: u32 = 54;

const IPV6: u32 = 0x86dd;
const HOP_BY_HOP: u32 = 0;
const UDP: u32 = 17;
const ICMPV6: u32 = 58;

/// The program; for sockets that see the Ethernet header.
#[rustfmt::skip]
pub(in crate::observe) fn program() -> [SockFilter; 23] {
    let step = |code, value| SockFilter::new(code, 0, 0, value);
    let jump = |value, if_equal, otherwise| SockFilter::new(JUMP_IF_EQUAL, if_equal, otherwise, value);
    [
        /*  0 */ step(LOAD_HALF, ETHER_TYPE),
        /*  1 */ jump(IPV6, 0, 19),
        /*  2 */ step(LOAD_X, 0),
        /*  3 */ step(LOAD_BYTE, NEXT_HEADER),
        /*  4 */ jump(HOP_BY_HOP, 0, 5),
        // The header is (length + 1) * 8 bytes long (RFC 8200 section 4.3); X becomes the distance to what is behind it.
        /*  5 */ step(LOAD_BYTE, PAYLOAD + 1),
        /*  6 */ step(ADD, 1),
        /*  7 */ step(SHIFT_LEFT, 3),
        /*  8 */ step(COPY_TO_X, 0),
        /*  9 */ step(LOAD_BYTE, PAYLOAD),
        /* 10 */ jump(ICMPV6, 0, 3),
        /* 11 */ step(LOAD_BYTE_BEHIND_X, PAYLOAD),
        /* 12 */ jump(133, 9, 0),
        /* 13 */ jump(134, 8, 7),
        /* 14 */ jump(UDP, 0, 6),
        /* 15 */ step(LOAD_HALF_BEHIND_X, PAYLOAD),
        /* 16 */ jump(546, 5, 0),
        /* 17 */ jump(547, 4, 0),
        /* 18 */ step(LOAD_HALF_BEHIND_X, PAYLOAD + 2),
        /* 19 */ jump(546, 2, 0),
        /* 20 */ jump(547, 1, 0),
        /* 21 */ step(RETURN, 0),
        #[expect(clippy::cast_possible_truncation, reason = "2048 fits")]
        /* 22 */ step(RETURN, LONGEST_FRAME as u32),
    ]
}
