//! The reader: a capture file of any origin, item by item, in one pass and with one buffer.
//!
//! A file that is cut off is read up to its last whole packet or block, and ends there without an error; one that is damaged is read up to
//! the damage. It knows nothing of what the packets mean.

use std::io::{self, Read};
use std::ops::Range;

use thiserror::Error;

use super::blocks::{Order, Section};
use super::found::{Filter, Found, Stop};
use super::input::Input;
use super::{Interface, Item, Packet, cooked, write};

/// The most that a packet or block may be long, as in Wireshark (`WTAP_MAX_PACKET_SIZE_DBUS` and room for options).
const LONGEST: u64 = 129 << 20;

/// The most that is captured of a packet of a usual link type, whatever the file says (libpcap's `MAXIMUM_SNAPLEN`).
const MAXIMUM_SNAPLEN: u32 = 262_144;

/// Magic numbers of pcap (draft-ietf-opsawg-pcap section 4), and of its relatives that are read by nobody else.
const PCAP_MICROSECONDS: u32 = 0xa1b2_c3d4;
const PCAP_NANOSECONDS: u32 = 0xa1b2_3c4d;
const PCAP_KUZNETZOV: u32 = 0xa1b2_cd34;

/// Why a capture file is not read, or no further.
#[derive(Debug, Error)]
pub enum CaptureError {
    /// Its bytes cannot be had.
    #[error("cannot read on at byte {offset}: {error}")]
    Read {
        /// How far it was read.
        offset: u64,
        /// Why not further.
        error: io::Error,
    },
    /// It is something else.
    #[error("not a capture file in pcap or pcapng format: {0}")]
    Foreign(&'static str),
    /// It is damaged.
    #[error("damaged at byte {offset}: {what}")]
    Corrupt {
        /// Where the packet or block begins that is damaged.
        offset: u64,
        /// What is wrong.
        what: &'static str,
    },
}

/// Reads a capture file.
pub struct Reader<'f> {
    input: Input<'f>,
    format: Format,
    filter: Option<Filter>,
    cut_off: Option<u64>,
    ended: bool,
}

enum Format {
    Pcap { order: Order, header: Option<Interface>, link_type: u16, unit_ns: u64, longest: u32 },
    Pcapng(Section),
}

impl<'f> Reader<'f> {
    /// Begins with a file, whose kind its first bytes tell.
    pub fn new(file: impl Read + 'f) -> Result<Self, CaptureError> {
        let mut input = Input::new(file);
        let first = input.peek(4).map_err(|error| CaptureError::Read { offset: 0, error })?;
        let Ok(first) = <[u8; 4]>::try_from(first) else {
            return Err(CaptureError::Foreign(if first.is_empty() { "it is empty" } else { "it is shorter than any" }));
        };
        let little = u32::from_le_bytes(first);
        let mut reader = Self { input, format: Format::Pcapng(Section::default()), filter: None, cut_off: None, ended: false };
        if little != write::SECTION_HEADER {
            let order = if matches!(first, [0xa1, ..]) { Order::Big } else { Order::Little };
            let unit_ns = match order.u32(&first, 0) {
                Some(PCAP_MICROSECONDS) => 1000,
                Some(PCAP_NANOSECONDS) => 1,
                Some(PCAP_KUZNETZOV) => return Err(CaptureError::Foreign("Kuznetzov's variant of pcap; `editcap -F pcapng` converts it")),
                _ if first.starts_with(&[0x1f, 0x8b]) => return Err(CaptureError::Foreign("it is compressed; `gunzip` it first")),
                _ if little == 0xfd2f_b528 => return Err(CaptureError::Foreign("it is compressed; `unzstd` it first")),
                _ => return Err(CaptureError::Foreign("its first bytes are of neither")),
            };
            reader.pcap(order, unit_ns).map_err(|error| CaptureError::Read { offset: 0, error })?;
        }
        Ok(reader)
    }

    /// Returns only the packets that a filter wants.
    #[must_use]
    pub fn only(mut self, filter: Filter) -> Self {
        self.filter = Some(filter);
        self
    }

    /// Where the packet or block begins in which the file ends, once that was found.
    pub fn cut_off(&self) -> Option<u64> {
        self.cut_off
    }

    /// The next item; `None` at the end of the file, and after an error.
    #[expect(clippy::should_implement_trait, reason = "an iterator cannot lend what is in its buffer")]
    pub fn next(&mut self) -> Result<Option<Item<'_>>, CaptureError> {
        while !self.ended {
            let offset = self.input.offset();
            let step = match &self.format {
                Format::Pcap { .. } => self.record(),
                Format::Pcapng(_) => self.block(),
            };
            match step {
                Ok(Found::Nothing) => {}
                Ok(Found::Item(item)) => return Ok(Some(item)),
                Ok(Found::Packet(packet, range)) => {
                    let bytes = self.input.bytes(range);
                    let way = packet.way.or_else(|| cooked(packet.link_type, bytes)?.way);
                    return Ok(Some(Item::Packet(Packet { way, bytes, ..packet })));
                }
                Err(stop) => {
                    self.ended = true;
                    match stop {
                        Stop::End => {}
                        Stop::CutOff => self.cut_off = Some(offset),
                        Stop::Corrupt(what) => return Err(CaptureError::Corrupt { offset, what }),
                        Stop::Read(error) => return Err(CaptureError::Read { offset: self.input.offset(), error }),
                    }
                }
            }
        }
        Ok(None)
    }

    /// The header of a pcap file (draft-ietf-opsawg-pcap section 4). The link type's upper bits tell of a frame check sequence.
    fn pcap(&mut self, order: Order, unit_ns: u64) -> io::Result<()> {
        if let Some(range) = self.input.take(24)? {
            let head = self.input.bytes(range);
            let link_type = order.u16(head, if order == Order::Big { 22 } else { 20 }).unwrap_or_default();
            let longest = order.u32(head, 16).unwrap_or_default().max(MAXIMUM_SNAPLEN);
            let header = Some(Interface { name: String::new(), link_type });
            self.format = Format::Pcap { order, header, link_type, unit_ns, longest };
        } else {
            (self.cut_off, self.ended) = (Some(0), true);
        }
        Ok(())
    }

    /// A packet of a pcap file (draft-ietf-opsawg-pcap section 5).
    fn record(&mut self) -> Result<Found, Stop> {
        let Format::Pcap { order, header, link_type, unit_ns, longest } = &mut self.format else { return Err(Stop::End) };
        if let Some(interface) = header.take() {
            return Ok(Found::Item(Item::Interface(interface)));
        }
        let (order, link_type, unit_ns, longest) = (*order, *link_type, *unit_ns, *longest);
        let head = self.next_head::<16>()?;
        let field = |at| order.u32(&head, at).unwrap_or_default();
        let captured = field(8);
        if captured > longest {
            return Err(Stop::Corrupt("a packet is longer than the file says that any is"));
        }
        let range = self.piece(16 + u64::from(captured))?;
        let range = range.start + 16..range.end;
        if self.unwanted(link_type, &range) {
            return Ok(Found::Nothing);
        }
        let at_ns = u64::from(field(0)) * 1_000_000_000 + u64::from(field(4)) * unit_ns;
        Ok(Found::Packet(Packet { interface: 0, link_type, at_ns, way: None, wire_length: field(12).max(captured), bytes: &[] }, range))
    }

    /// A block of a pcapng file (draft-ietf-opsawg-pcapng section 3.1).
    fn block(&mut self) -> Result<Found, Stop> {
        let head = self.next_head::<12>()?;
        let Format::Pcapng(section) = &mut self.format else { return Err(Stop::End) };
        let kind = section.begin(&head)?;
        let order = section.order;
        let length = order.u32(&head, 4).unwrap_or_default();
        if length < 12 || length % 4 != 0 {
            return Err(Stop::Corrupt("the length of a block is not a multiple of four from twelve on"));
        }
        let range = self.piece(u64::from(length))?;
        let whole = range.len() == length as usize;
        let body = range.start + 8..range.end - if whole { 4 } else { 0 };
        if whole && order.u32(self.input.bytes(body.end..range.end), 0) != Some(length) {
            return Err(Stop::Corrupt("a block's length is told differently at its beginning and end"));
        }
        let Format::Pcapng(section) = &mut self.format else { return Err(Stop::End) };
        let bytes = self.input.bytes(body.clone());
        match section.read(kind, bytes, whole, self.filter)? {
            Found::Packet(packet, within) => Ok(Found::Packet(packet, body.start + within.start..body.start + within.end)),
            other => Ok(other),
        }
    }

    /// The beginning of what comes next.
    fn next_head<const N: usize>(&mut self) -> Result<[u8; N], Stop> {
        if !self.input.finish()? {
            return Err(Stop::CutOff);
        }
        let head = self.input.peek(N)?;
        match <[u8; N]>::try_from(head) {
            // Neither a block nor a packet of a living clock.
            Ok(head) if head == [0; N] => Err(if self.input.only_zeros()? { Stop::CutOff } else { Stop::Corrupt("zeros between packets") }),
            Ok(head) => Ok(head),
            Err(_) if head.is_empty() => Err(Stop::End),
            Err(_) => Err(Stop::CutOff),
        }
    }

    /// Goes past a packet or block.
    fn piece(&mut self, length: u64) -> Result<Range<usize>, Stop> {
        if length > LONGEST {
            return Err(Stop::Corrupt("a packet or block is longer than any can be"));
        }
        self.input.take(length)?.ok_or(Stop::CutOff)
    }

    fn unwanted(&self, link_type: u16, range: &Range<usize>) -> bool {
        self.filter.is_some_and(|wanted| !wanted(link_type, self.input.bytes(range.clone())))
    }
}
