//! The kernel's filters: which frames are worth waking up for, as classic BPF (Linux Documentation/networking/filter.rst).
//!
//! Both let through IPv6 with certain ICMPv6 messages, or UDP from or to port 546 or 547, behind at most one hop-by-hop header. Fragments and
//! other extension headers are not looked behind: no client takes an RA out of fragments (RFC 6980).

use socket2::SockFilter;

/// As many bytes of a frame as are kept.
pub(in crate::observe) const LONGEST_FRAME: usize = 2048;

/// ICMPv6 of the conversations: Router Solicitation and Router Advertisement.
const ROUTER_DISCOVERY: [u32; 2] = [133, 134];
/// ICMPv6 that decides how a boot goes: neighbour discovery with Redirect (RFC 4861 section 4), and the reports of MLD (RFC 2710 section 3.1, RFC
/// 3810 section 5.2), by which a guest joins the groups that its neighbour discovery needs.
const BOOT: [u32; 7] = [133, 134, 135, 136, 137, 143, 131];
const DHCPV6: [u32; 2] = [546, 547];
const DHCPV4: [u32; 2] = [67, 68];

const LOAD_BYTE: u16 = 0x30;
const LOAD_HALF: u16 = 0x28;
const LOAD_BYTE_BEHIND_X: u16 = 0x50;
const LOAD_HALF_BEHIND_X: u16 = 0x48;
const LOAD_X: u16 = 0x01;
/// X becomes four times the low half of a byte: the length of an IPv4 header.
const LOAD_X_LENGTH: u16 = 0xb1;
const ADD: u16 = 0x04;
const SHIFT_LEFT: u16 = 0x64;
const COPY_TO_X: u16 = 0x07;
const JUMP_IF_EQUAL: u16 = 0x15;
const JUMP_IF_SET: u16 = 0x45;
const RETURN: u16 = 0x06;

/// Offsets in an untagged Ethernet frame that carries IPv6.
const ETHER_TYPE: u32 = 12;
const NEXT_HEADER: u32 = 20;
const PAYLOAD: u32 = 54;
/// Offsets in one that carries IPv4 (RFC 791 section 3.1).
const IPV4_HEADER: u32 = 14;
const FRAGMENT_OFFSET: u32 = 20;
const PROTOCOL: u32 = 23;

const IPV6: u32 = 0x86dd;
const IPV4: u32 = 0x0800;
const HOP_BY_HOP: u32 = 0;
const UDP: u32 = 17;
const ICMPV6: u32 = 58;

/// Where a jump leads to.
#[derive(Clone, Copy)]
enum To {
    Next,
    Ahead(u8),
    Accept,
    Reject,
}

/// A step, with where it leads to if its comparison holds and if not.
type Step = (u16, u32, To, To);

/// Of the conversations; for sockets that see the Ethernet header.
pub(in crate::observe) fn conversations() -> Vec<SockFilter> {
    assemble(&over_ipv6(&ROUTER_DISCOVERY))
}

/// Of the recorder: the above with all that decides how a boot goes, and DHCPv4.
pub(in crate::observe) fn recorder() -> Vec<SockFilter> {
    let six = over_ipv6(&BOOT);
    let behind = u8::try_from(six.len()).unwrap_or(u8::MAX);
    let mut steps = vec![step(LOAD_HALF, ETHER_TYPE), jump(IPV4, To::Ahead(behind), To::Next)];
    steps.extend(six);
    steps.extend([
        step(LOAD_BYTE, PROTOCOL),
        jump(UDP, To::Next, To::Reject),
        step(LOAD_HALF, FRAGMENT_OFFSET),
        // Of a datagram in fragments only the first has the ports.
        (JUMP_IF_SET, 0x1fff, To::Reject, To::Next),
        step(LOAD_X_LENGTH, IPV4_HEADER),
    ]);
    steps.extend(either_port(IPV4_HEADER, DHCPV4));
    assemble(&steps)
}

/// Accepts or rejects every frame.
fn over_ipv6(types: &[u32]) -> Vec<Step> {
    let mut steps = vec![
        step(LOAD_HALF, ETHER_TYPE),
        jump(IPV6, To::Next, To::Reject),
        step(LOAD_X, 0),
        step(LOAD_BYTE, NEXT_HEADER),
        jump(HOP_BY_HOP, To::Next, To::Ahead(5)),
        // The header is (length + 1) * 8 bytes long (RFC 8200 section 4.3); X becomes the distance to what is behind it.
        step(LOAD_BYTE, PAYLOAD + 1),
        step(ADD, 1),
        step(SHIFT_LEFT, 3),
        step(COPY_TO_X, 0),
        step(LOAD_BYTE, PAYLOAD),
        jump(ICMPV6, To::Next, To::Ahead(u8::try_from(types.len() + 1).unwrap_or(u8::MAX))),
        step(LOAD_BYTE_BEHIND_X, PAYLOAD),
    ];
    steps.extend(one_of(types));
    steps.push(jump(UDP, To::Next, To::Reject));
    steps.extend(either_port(PAYLOAD, DHCPV6));
    steps
}

/// Accepts a datagram with one of `ports`, X behind `at`, and rejects others.
fn either_port(at: u32, ports: [u32; 2]) -> Vec<Step> {
    let mut steps = vec![step(LOAD_HALF_BEHIND_X, at), jump(ports[0], To::Accept, To::Next), jump(ports[1], To::Accept, To::Next)];
    steps.push(step(LOAD_HALF_BEHIND_X, at + 2));
    steps.extend(one_of(&ports));
    steps
}

/// Accepts one of `values`, and rejects others.
fn one_of(values: &[u32]) -> impl Iterator<Item = Step> {
    let last = values.len().saturating_sub(1);
    values.iter().enumerate().map(move |(at, value)| jump(*value, To::Accept, if at == last { To::Reject } else { To::Next }))
}

fn step(code: u16, value: u32) -> Step {
    (code, value, To::Next, To::Next)
}

fn jump(value: u32, holds: To, otherwise: To) -> Step {
    (JUMP_IF_EQUAL, value, holds, otherwise)
}

/// The program, with its two ends behind the steps.
fn assemble(steps: &[Step]) -> Vec<SockFilter> {
    let reject = steps.len();
    let program = steps.iter().enumerate().map(|(at, (code, value, holds, otherwise))| {
        let distance = |to: To| match to {
            To::Next => 0,
            To::Ahead(distance) => distance,
            // 255 at the most, or the kernel refuses the program, which a test shows it does not.
            To::Reject => u8::try_from(reject - at - 1).unwrap_or(u8::MAX),
            To::Accept => u8::try_from(reject - at).unwrap_or(u8::MAX),
        };
        SockFilter::new(*code, distance(*holds), distance(*otherwise), *value)
    });
    #[expect(clippy::cast_possible_truncation, reason = "2048 fits")]
    let ends = [SockFilter::new(RETURN, 0, 0, 0), SockFilter::new(RETURN, 0, 0, LONGEST_FRAME as u32)];
    program.chain(ends).collect()
}
