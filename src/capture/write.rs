//! Blocks of a pcapng file in the byte order of this machine (draft-ietf-opsawg-pcapng section 3 and 4), each whole in itself: a file that is
//! cut off anywhere can be read up to its last whole block.

use super::Way;

pub(super) const BYTE_ORDER_MAGIC: u32 = 0x1a2b_3c4d;
pub(super) const SECTION_HEADER: u32 = 0x0a0d_0d0a;
pub(super) const INTERFACE_DESCRIPTION: u32 = 1;
pub(super) const INTERFACE_STATISTICS: u32 = 5;
pub(super) const ENHANCED_PACKET: u32 = 6;
pub(super) const JOURNAL_EXPORT: u32 = 9;

/// Options, by their names in the draft.
pub(super) const OPT_COMMENT: u16 = 1;
pub(super) const SHB_USERAPPL: u16 = 4;
pub(super) const IF_NAME: u16 = 2;
pub(super) const IF_DESCRIPTION: u16 = 3;
pub(super) const IF_MACADDR: u16 = 6;
pub(super) const IF_TSRESOL: u16 = 9;
pub(super) const EPB_FLAGS: u16 = 2;
pub(super) const ISB_IFRECV: u16 = 4;
pub(super) const ISB_IFDROP: u16 = 5;

/// As many bytes of a text as an option keeps.
const LONGEST_TEXT: usize = 4096;

/// The header of a section, which a file begins with.
pub fn section(application: &str, comment: &str) -> Vec<u8> {
    let mut body = BYTE_ORDER_MAGIC.to_ne_bytes().to_vec();
    body.extend([1_u16, 0].into_iter().flat_map(u16::to_ne_bytes));
    // The length of the section is not known beforehand.
    body.extend(u64::MAX.to_ne_bytes());
    option(&mut body, SHB_USERAPPL, application.as_bytes());
    option(&mut body, OPT_COMMENT, comment.as_bytes());
    block(SECTION_HEADER, &body)
}

/// An interface; packets name it by its number, counted from 0 in the order of description. Times are in nanoseconds.
pub fn interface(link_type: u16, longest: u32, name: &str, description: &str, mac: Option<[u8; 6]>) -> Vec<u8> {
    let mut body = [link_type, 0].into_iter().flat_map(u16::to_ne_bytes).collect::<Vec<_>>();
    body.extend(longest.to_ne_bytes());
    option(&mut body, IF_NAME, name.as_bytes());
    option(&mut body, IF_DESCRIPTION, description.as_bytes());
    if let Some(mac) = mac {
        option(&mut body, IF_MACADDR, &mac);
    }
    option(&mut body, IF_TSRESOL, &[9]);
    block(INTERFACE_DESCRIPTION, &body)
}

/// A packet of an interface, at a time in nanoseconds since 1970.
pub fn packet(interface: u32, at_ns: u64, way: Way, wire_length: u32, bytes: &[u8]) -> Vec<u8> {
    let mut body = interface.to_ne_bytes().to_vec();
    time(&mut body, at_ns);
    let captured = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    body.extend([captured, wire_length].into_iter().flat_map(u32::to_ne_bytes));
    body.extend(bytes);
    pad(&mut body);
    let flags: u32 = match way {
        Way::In => 1,
        Way::Out => 2,
    };
    option(&mut body, EPB_FLAGS, &flags.to_ne_bytes());
    block(ENHANCED_PACKET, &body)
}

/// How many packets of an interface came and how many were dropped, from the beginning until a time in nanoseconds since 1970.
pub fn statistics(interface: u32, at_ns: u64, received: u64, dropped: u64) -> Vec<u8> {
    let mut body = interface.to_ne_bytes().to_vec();
    time(&mut body, at_ns);
    option(&mut body, ISB_IFRECV, &received.to_ne_bytes());
    option(&mut body, ISB_IFDROP, &dropped.to_ne_bytes());
    block(INTERFACE_STATISTICS, &body)
}

/// An entry in systemd's journal export format, which Wireshark shows among the packets: time in nanoseconds since 1970, a line for people, and
/// further fields, whose names are upper-case. A line feed in a value becomes a blank.
pub fn journal(at_ns: u64, message: &str, fields: &[(&str, &str)]) -> Vec<u8> {
    let mut text = format!("__REALTIME_TIMESTAMP={}\n", at_ns / 1000);
    for (name, value) in fields.iter().copied().chain([("MESSAGE", message)]) {
        text.push_str(name);
        text.push('=');
        text.extend(value.chars().map(|character| if character == '\n' { ' ' } else { character }));
        text.push('\n');
    }
    let mut body = text.into_bytes();
    pad(&mut body);
    block(JOURNAL_EXPORT, &body)
}

fn time(body: &mut Vec<u8>, at_ns: u64) {
    let halves = [at_ns >> 32, at_ns & 0xffff_ffff];
    body.extend(halves.into_iter().flat_map(|half| u32::try_from(half).unwrap_or_default().to_ne_bytes()));
}

/// An option with a value; an empty one is left out.
fn option(body: &mut Vec<u8>, code: u16, value: &[u8]) {
    let value = &value[..value.len().min(LONGEST_TEXT)];
    if !value.is_empty() {
        body.extend(code.to_ne_bytes());
        body.extend(u16::try_from(value.len()).unwrap_or_default().to_ne_bytes());
        body.extend(value);
        pad(body);
    }
}

fn pad(bytes: &mut Vec<u8>) {
    bytes.resize(bytes.len().next_multiple_of(4), 0);
}

/// Type, length, body, length. An end of options is optional, and left out.
fn block(kind: u32, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 12).unwrap_or_default().to_ne_bytes();
    [&kind.to_ne_bytes()[..], &length, body, &length].concat()
}
