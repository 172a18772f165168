//! The blocks of a pcapng file, read (draft-ietf-opsawg-pcapng section 4): what is unknown is skipped.

use std::ops::Range;

use super::found::{Filter, Found, Stop};
use super::write::{
    BYTE_ORDER_MAGIC, ENHANCED_PACKET, EPB_FLAGS, IF_NAME, IF_TSRESOL, INTERFACE_DESCRIPTION, INTERFACE_STATISTICS, ISB_IFDROP, JOURNAL_EXPORT,
    OPT_COMMENT, SECTION_HEADER, SHB_USERAPPL,
};
use super::{Interface, Item, Packet, Way};

const OBSOLETE_PACKET: u32 = 2;
const SIMPLE_PACKET: u32 = 3;
const IF_TSOFFSET: u16 = 14;
const ISB_OSDROP: u16 = 7;

/// As many interfaces as a file may have, and fields a journal entry: what is kept of them is bounded.
const MOST_INTERFACES: usize = 65_536;
const MOST_FIELDS: usize = 1024;

/// Byte order of a section.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Order {
    #[default]
    Little,
    Big,
}

impl Order {
    pub(super) fn u16(self, bytes: &[u8], at: usize) -> Option<u16> {
        let bytes = bytes.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if self == Self::Big { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
    }

    pub(super) fn u32(self, bytes: &[u8], at: usize) -> Option<u32> {
        let bytes = bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
        Some(if self == Self::Big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    }

    fn u64(self, bytes: &[u8], at: usize) -> Option<u64> {
        let bytes = bytes.get(at..at.checked_add(8)?)?.try_into().ok()?;
        Some(if self == Self::Big { u64::from_be_bytes(bytes) } else { u64::from_le_bytes(bytes) })
    }

    /// A time stamp: its upper half stands first in both orders.
    fn ticks(self, bytes: &[u8], at: usize) -> Option<u64> {
        Some(u64::from(self.u32(bytes, at)?) << 32 | u64::from(self.u32(bytes, at + 4)?))
    }
}

/// A section and its interfaces, which its packets name by number.
#[derive(Default)]
pub(super) struct Section {
    pub(super) order: Order,
    /// Interfaces of the sections before.
    before: usize,
    interfaces: Vec<Described>,
}

/// What packets need of their interface.
struct Described {
    link_type: u16,
    snap_length: u32,
    resolution: u8,
    offset_s: i64,
}

impl Described {
    /// Nanoseconds since 1970 of a time stamp (`if_tsresol`: a negative power of 10, or of 2 with the top bit set; `if_tsoffset`: seconds to add).
    fn nanoseconds(&self, ticks: u64) -> u64 {
        let (ticks, power) = (u128::from(ticks), u32::from(self.resolution & 0x7f));
        let nanoseconds = match power {
            // 2^64 ticks of 10^-9 s and 2^30 fit into 2^127 in any case.
            _ if self.resolution & 0x80 != 0 => (ticks * 1_000_000_000) >> power,
            0..=9 => ticks * 10_u128.pow(9 - power),
            _ => 10_u128.checked_pow(power - 9).map_or(0, |divisor| ticks / divisor),
        };
        let seconds = i128::from(self.offset_s) * 1_000_000_000;
        u64::try_from(i128::try_from(nanoseconds).unwrap_or(i128::MAX).saturating_add(seconds).max(0)).unwrap_or(u64::MAX)
    }
}

impl Section {
    /// The kind of a block by its first twelve bytes; a section's header tells the byte order of all that follows.
    pub(super) fn begin(&mut self, head: &[u8; 12]) -> Result<u32, Stop> {
        if Order::Little.u32(head, 0) == Some(SECTION_HEADER) {
            self.order = [Order::Little, Order::Big]
                .into_iter()
                .find(|order| order.u32(head, 8) == Some(BYTE_ORDER_MAGIC))
                .ok_or(Stop::Corrupt("a section of neither byte order"))?;
        }
        self.order.u32(head, 0).ok_or(Stop::End)
    }

    /// Reads a block's body, which is the block's beginning only where it is not `whole`. Packets are told by where they are in it.
    pub(super) fn read(&mut self, kind: u32, body: &[u8], whole: bool, filter: Option<Filter>) -> Result<Found, Stop> {
        let item = match kind {
            SECTION_HEADER => self.section(body),
            INTERFACE_DESCRIPTION => self.interface(body)?,
            INTERFACE_STATISTICS => return Ok(self.statistics(body).map_or(Found::Nothing, Found::Item)),
            JOURNAL_EXPORT => Some(Item::Journal(journal(body))),
            ENHANCED_PACKET | OBSOLETE_PACKET | SIMPLE_PACKET => {
                let (packet, range) = self.packet(kind, body, whole)?;
                let Some(bytes) = body.get(range.clone()) else { return Err(Stop::Corrupt("a packet is longer than its block")) };
                if filter.is_some_and(|wanted| !wanted(packet.link_type, bytes)) {
                    return Ok(Found::Nothing);
                }
                let way = if kind == SIMPLE_PACKET { None } else { self.way(body, range.end.next_multiple_of(4)) };
                return Ok(Found::Packet(Packet { way, ..packet }, range));
            }
            _ => return Ok(Found::Nothing),
        };
        item.map(Found::Item).ok_or(Stop::Corrupt("a block is too short for what it says it is"))
    }

    fn section(&mut self, body: &[u8]) -> Option<Item<'static>> {
        self.before += self.interfaces.len();
        self.interfaces.clear();
        let options = body.get(16..)?;
        let text = |code| self.options(options).find(|(is, _)| *is == code).map(|(_, value)| lossy(value)).unwrap_or_default();
        Some(Item::Section { application: text(SHB_USERAPPL), comment: text(OPT_COMMENT) })
    }

    fn interface(&mut self, body: &[u8]) -> Result<Option<Item<'static>>, Stop> {
        if self.before + self.interfaces.len() >= MOST_INTERFACES {
            return Err(Stop::Corrupt("more interfaces than are read"));
        }
        let (Some(link_type), Some(snap_length), Some(options)) = (self.order.u16(body, 0), self.order.u32(body, 4), body.get(8..)) else {
            return Ok(None);
        };
        // Without a resolution, microseconds.
        let mut described = Described { link_type, snap_length, resolution: 6, offset_s: 0 };
        let mut name = String::new();
        for (code, value) in self.options(options) {
            match code {
                IF_NAME => name = lossy(value),
                IF_TSRESOL => described.resolution = value.first().copied().unwrap_or(6),
                IF_TSOFFSET => described.offset_s = self.order.u64(value, 0).unwrap_or_default().cast_signed(),
                _ => {}
            }
        }
        self.interfaces.push(described);
        Ok(Some(Item::Interface(Interface { name, link_type })))
    }

    fn statistics(&self, body: &[u8]) -> Option<Item<'static>> {
        let number = self.order.u32(body, 0)? as usize;
        let at_ns = self.interfaces.get(number)?.nanoseconds(self.order.ticks(body, 4)?);
        // Those that the interface and those that the operating system dropped; neither may be told.
        self.options(body.get(12..)?)
            .filter(|(code, _)| matches!(*code, ISB_IFDROP | ISB_OSDROP))
            .filter_map(|(_, value)| self.order.u64(value, 0))
            .reduce(u64::saturating_add)
            .map(|packets| Item::Dropped { interface: self.before + number, at_ns, packets })
    }

    /// A packet without its bytes and the way it went, and where its bytes are.
    fn packet(&self, kind: u32, body: &[u8], whole: bool) -> Result<(Packet<'static>, Range<usize>), Stop> {
        let field = |at| self.order.u32(body, at).ok_or(Stop::Corrupt("a packet's block is too short for its header"));
        let number = match kind {
            ENHANCED_PACKET => field(0)? as usize,
            OBSOLETE_PACKET => usize::from(self.order.u16(body, 0).unwrap_or_default()),
            _ => 0,
        };
        let described = self.interfaces.get(number).ok_or(Stop::Corrupt("a packet of an interface that was not described"))?;
        let (start, captured, wire_length, at_ns) = if kind == SIMPLE_PACKET {
            let wire_length = field(0)?;
            let limit = if described.snap_length == 0 { u32::MAX } else { described.snap_length };
            (4, wire_length.min(limit), wire_length, 0)
        } else {
            let ticks = self.order.ticks(body, 4).unwrap_or_default();
            (20, field(12)?, field(16)?, described.nanoseconds(ticks))
        };
        let end = start + captured as usize;
        // Of a block that is longer than the buffer, the packet's beginning is there.
        let end = if whole { end } else { end.min(body.len()) };
        let packet = Packet {
            interface: self.before + number,
            link_type: described.link_type,
            at_ns,
            way: None,
            wire_length: wire_length.max(captured),
            bytes: &[],
        };
        Ok((packet, start..end))
    }

    /// The direction bits of `epb_flags`, which are those of the obsolete block's flags too.
    fn way(&self, body: &[u8], options: usize) -> Option<Way> {
        let (_, value) = self.options(body.get(options..)?).find(|(code, _)| *code == EPB_FLAGS)?;
        match self.order.u32(value, 0)? & 3 {
            1 => Some(Way::In),
            2 => Some(Way::Out),
            _ => None,
        }
    }

    /// Options until their end, or until one that is not whole.
    fn options<'a>(&self, mut rest: &'a [u8]) -> impl Iterator<Item = (u16, &'a [u8])> + use<'a> {
        let order = self.order;
        std::iter::from_fn(move || {
            let (code, length) = (order.u16(rest, 0)?, usize::from(order.u16(rest, 2)?));
            let value = rest.get(4..4 + length)?;
            rest = rest.get(4 + length.next_multiple_of(4)..).unwrap_or_default();
            (code != 0).then_some((code, value))
        })
    }
}

/// An entry of systemd's journal export format: `NAME=value`, or the name alone and the value behind its length of eight bytes. What is not
/// whole ends it, as do the zeros that fill the block.
fn journal(mut rest: &[u8]) -> Vec<(String, String)> {
    let mut fields = Vec::new();
    while fields.len() < MOST_FIELDS
        && let Some(end) = rest.iter().position(|byte| *byte == b'\n')
    {
        let line = &rest[..end];
        rest = &rest[end + 1..];
        let (name, value) = if let Some(equals) = line.iter().position(|byte| *byte == b'=') {
            (&line[..equals], &line[equals + 1..])
        } else if line.is_empty() {
            continue;
        } else {
            let Some(length) = Order::Little.u64(rest, 0).and_then(|length| usize::try_from(length).ok()) else { break };
            let Some(value) = length.checked_add(8).and_then(|end| rest.get(8..end)) else { break };
            rest = rest.get(8 + length + 1..).unwrap_or_default();
            (line, value)
        };
        fields.push((lossy(name), lossy(value)));
    }
    fields
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
