//! A capture read in one pass, with bounded memory: items go to the reader of our own recordings or to that of foreign captures, by what the
//! section says that wrote them. What is too much becomes a gap, never a silence.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::Path;

use super::ReadError;
use super::external_capture::ExternalCapture;
use super::recorded_capture::RecordedCapture;
use super::span::{LONGEST_NAME, Span};
use crate::capture::{self, Item, Packet, Reader};
use crate::facts::Recording;
use crate::image;

/// As many interfaces as a capture's packets are told apart by.
const MOST_INTERFACES: usize = 4096;
/// What a packet may be earlier than the one before it in the file: processors of their own buffer what they receive.
const UNORDERED_NS: u64 = 1_000_000_000;

/// What a capture says.
#[derive(Debug)]
pub(super) struct Reading {
    /// Its recordings, by interface.
    pub(super) recordings: BTreeMap<String, Recording>,
    /// Interfaces of which there is none, because they are too many.
    pub(super) left_out: BTreeSet<String>,
    /// Of which boot it is, where it says so.
    pub(super) boot_id: Option<String>,
    /// Packets that were not read, in words, and frames that there was no room for.
    pub(super) unread: Vec<String>,
    /// When it began, as in its recordings, and how far it reaches in microseconds.
    pub(super) began: String,
    pub(super) elapsed_us: u64,
}

/// Whether a file that begins with these bytes is a capture, or a compressed one, which is told when it is read.
pub fn begins(first: &[u8]) -> bool {
    // pcapng's section header, pcap with microseconds, nanoseconds and Kuznetzov's, in either byte order; zstd.
    const BEGINNINGS: [u32; 8] = [0x0a0d_0d0a, 0xa1b2_c3d4, 0xd4c3_b2a1, 0xa1b2_3c4d, 0x4d3c_b2a1, 0xa1b2_cd34, 0x34cd_b2a1, 0x28b5_2ffd];
    let word = first.get(..4).and_then(|bytes| bytes.try_into().ok()).map(u32::from_be_bytes);
    first.starts_with(&[0x1f, 0x8b]) || word.is_some_and(|word| BEGINNINGS.contains(&word))
}

/// Reads the regular file at `path`.
pub(super) fn file(path: &Path) -> Result<Reading, ReadError> {
    let name = path.display().to_string();
    let failed = |what: String| ReadError { file: name.clone(), what };
    let mut opened = image::open(path).map_err(|error| failed(error.to_string()))?;
    stream(&mut opened, &name)
}

/// Reads a capture from `source`, which is called `name`.
pub(super) fn stream(source: &mut dyn Read, name: &str) -> Result<Reading, ReadError> {
    running(source, name, &|| None)
}

/// The same; where a recorder may still be writing it, `uptime_ns` says after the reading that it is, and how long after the boot of the machine
/// the reading began.
pub(super) fn running(source: &mut dyn Read, name: &str, uptime_ns: &dyn Fn() -> Option<u64>) -> Result<Reading, ReadError> {
    let failed = |error: capture::CaptureError| ReadError { file: name.to_owned(), what: error.to_string() };
    let mut reader = Reader::new(source).map_err(failed)?;
    let mut pass = Pass {
        span: Span::default(),
        names: Vec::new(),
        own: None,
        ours: false,
        foreign: ExternalCapture::default(),
        boot_id: None,
        dropped: BTreeMap::new(),
        latest: BTreeMap::new(),
        untimed: 0,
        unread: BTreeMap::new(),
    };
    while let Some(item) = reader.next().map_err(failed)? {
        pass.item(item);
    }
    if reader.cut_off().is_some()
        && pass.own.is_none()
        && let Some(until_ns) = pass.span.until()
    {
        // What came after the last whole packet is not known. Our own recorder may be writing it just now.
        pass.span.gap(until_ns, u64::MAX, None);
    }
    if let Some(own) = &pass.own
        && let Some(until_ns) = uptime_ns().and_then(|uptime_ns| own.written_until(uptime_ns))
    {
        // Who records silence writes nothing.
        pass.span.reaches(until_ns);
    }
    Ok(pass.finish(name))
}

/// The pass through one file.
struct Pass {
    span: Span,
    /// Names of the capture's interfaces.
    names: Vec<String>,
    /// Set once a section says that it is ours; what other programs' sections have is then left aside.
    own: Option<RecordedCapture>,
    /// The section is ours.
    ours: bool,
    foreign: ExternalCapture,
    boot_id: Option<String>,
    /// What was told last of packets that were dropped, by interface: when, and how many.
    dropped: BTreeMap<usize, (u64, u64)>,
    /// The latest time of each interface's packets.
    latest: BTreeMap<usize, u64>,
    /// How many packets that matter have no time.
    untimed: u64,
    /// Packets of link types that are not read: how many, and from when until when.
    unread: BTreeMap<u16, (u64, u64, u64)>,
}

impl Pass {
    fn item(&mut self, item: Item<'_>) {
        match item {
            Item::Section { application, comment } => {
                self.ours = application.starts_with("v6check ");
                if self.ours {
                    let first = self.own.is_none();
                    self.own.get_or_insert_with(RecordedCapture::default);
                    let boot_id = comment.split_whitespace().find_map(|word| word.strip_prefix("boot_id=")).map(str::to_owned);
                    // Of several boots it is of none.
                    self.boot_id = if first || boot_id == self.boot_id { boot_id } else { None };
                }
            }
            Item::Interface(interface) => {
                if self.names.len() < MOST_INTERFACES {
                    let name = Some(interface.name).filter(|name| !name.is_empty()).unwrap_or_else(|| format!("interface {}", self.names.len()));
                    self.names.push(name.chars().take(LONGEST_NAME).collect());
                }
            }
            Item::Packet(packet) => self.packet(&packet),
            Item::Journal(fields) => {
                if let Some(own) = self.own.as_mut().filter(|_| self.ours) {
                    own.journal(&fields, &mut self.names, &mut self.span);
                }
            }
            // Our own recorder tells of each drop when it was noticed; the sum at the end says no more.
            Item::Dropped { .. } if self.own.is_some() => {}
            Item::Dropped { interface, at_ns, packets } => self.dropped(interface, at_ns, packets),
        }
    }

    fn packet(&mut self, packet: &Packet<'_>) {
        if packet.at_ns == 0 {
            // What has no time cannot be put between the others.
            self.untimed += u64::from(capture::interesting(packet.link_type, packet.bytes));
            return;
        }
        self.span.reaches(packet.at_ns);
        if !capture::readable(packet.link_type) {
            if self.unread.len() < MOST_INTERFACES || self.unread.contains_key(&packet.link_type) {
                let (count, from, until) = self.unread.entry(packet.link_type).or_insert((0, packet.at_ns, packet.at_ns));
                (*count, *from, *until) = (*count + 1, packet.at_ns.min(*from), packet.at_ns.max(*until));
            }
            return;
        }
        if !capture::interesting(packet.link_type, packet.bytes) {
            if self.own.is_none() {
                self.foreign.bystander(packet);
            }
            return;
        }
        let Some(bytes) = capture::ethernet(packet.link_type, packet.bytes) else { return };
        // Of a frame with another link-layer header only the rest can be compared with its length on the wire.
        let cut = (packet.wire_length as usize) > packet.bytes.len();
        match &mut self.own {
            Some(own) if self.ours => own.packet(packet, &bytes, cut, &self.names),
            Some(_) => {}
            None => {
                self.foreign.packet(packet, bytes, cut);
                self.order(packet);
            }
        }
    }

    /// A clock that was set back puts later packets between earlier ones: of that span nothing is certain.
    fn order(&mut self, packet: &Packet<'_>) {
        let room = self.latest.len() < MOST_INTERFACES;
        match self.latest.get_mut(&packet.interface) {
            Some(latest) => {
                if packet.at_ns.saturating_add(UNORDERED_NS) < *latest {
                    self.span.gap(packet.at_ns, *latest, None);
                }
                *latest = packet.at_ns.max(*latest);
            }
            None if room => drop(self.latest.insert(packet.interface, packet.at_ns)),
            None => {}
        }
    }

    /// Counts go up: what is more than was told before was dropped since then.
    fn dropped(&mut self, interface: usize, at_ns: u64, packets: u64) {
        if self.dropped.len() >= MOST_INTERFACES && !self.dropped.contains_key(&interface) {
            return;
        }
        let before = self.dropped.insert(interface, (at_ns, packets));
        let (since_ns, counted) = before.unwrap_or((0, 0));
        if let Some(more) = packets.checked_sub(counted).filter(|more| *more > 0) {
            self.span.gap(since_ns, at_ns, Some(more));
        }
    }

    fn finish(self, name: &str) -> Reading {
        let Self { mut span, names, own, foreign, boot_id, untimed, unread: types, .. } = self;
        let mut unread = Vec::new();
        if untimed > 0 {
            span.gap(0, u64::MAX, Some(untimed));
            unread.push(format!("{untimed} packet(s) without a time, as a Simple Packet Block has none, were not read"));
        }
        for (link, (count, from, until)) in types {
            span.gap(from, until, Some(count));
            unread.push(format!("{count} packet(s) of {} were not read", capture::link_type::name(link)));
        }
        let (began, elapsed_us, _) = span.told();
        let (recordings, left_out) = if let Some(own) = own {
            own.finish(&span, name)
        } else {
            unread.extend(foreign.crowded());
            foreign.finish(span, &names, name)
        };
        Reading { recordings, left_out, boot_id, unread, began, elapsed_us }
    }
}
