//! What was noticed, as blocks of the recording: frames, and journal entries for everything else, with a line for people and fields for who
//! reads the file again.

use std::io;
use std::rc::Rc;

use super::file::{Recorded, Span};
use super::known::Interface;
use super::source::{Item, What};
use crate::capture::{Way, link_type, write};
use crate::facts::{AddressChange, Change, Happening, LinkChange, RouteChange};
use crate::observe::packet::filter::LONGEST_FRAME;

/// As many interfaces as are described; these blocks are never left out, so that an endless coming and going must not fill the file.
const MOST_DESCRIBED: usize = 1024;
/// As many bytes as are written at once.
const AT_ONCE: usize = 64 << 10;

const INTERFACE: &str = "V6CHECK_INTERFACE";
const EVENT: &str = "V6CHECK_EVENT";
const FOUND: &str = "V6CHECK_FOUND";
const RENAMED: &str = "V6CHECK_RENAMED";
const RECORDING: &str = "V6CHECK_RECORDING";
const UPTIME: &str = "V6CHECK_UPTIME_NS";
const CLOCK: &str = "V6CHECK_CLOCK_SET";

/// Blocks that are not written yet, and what numbers them.
#[derive(Debug)]
pub(super) struct Blocks {
    /// Each what is written at once, but for the last.
    full: Vec<Vec<u8>>,
    bytes: Vec<u8>,
    /// The interfaces in the order of their description, with how many of their frames were recorded.
    described: Vec<(Rc<Interface>, u64)>,
}

impl Blocks {
    /// The first blocks behind the section header. By time and uptime a reader knows how far the recording of a silent guest reaches while it
    /// goes on.
    pub(super) fn begin(at_ns: u64, uptime_cs: Option<u64>) -> Self {
        let mut blocks = Self { full: Vec::new(), bytes: Vec::new(), described: Vec::new() };
        let uptime_ns = (uptime_cs.unwrap_or_default() * 10_000_000).to_string();
        let fields = [(RECORDING, "began"), (UPTIME, uptime_ns.as_str())];
        blocks.push(&write::journal(at_ns, "v6check begins to record", &fields[..if uptime_cs.is_some() { 2 } else { 1 }]));
        blocks
    }

    /// Adds what was noticed.
    pub(super) fn add(&mut self, Item { at_ns, what }: Item) {
        match what {
            What::Frame { interface, outgoing, wire_length, bytes, .. } => {
                let way = if outgoing { Way::Out } else { Way::In };
                match self.number(&interface) {
                    Some(number) => {
                        if let Some((_, frames)) = self.described.get_mut(number as usize) {
                            *frames += 1;
                        }
                        self.push(&write::packet(number, at_ns, way, wire_length, &bytes));
                    }
                    None => self.push(&gap(at_ns, at_ns, Some(1), "a frame was left out: there are too many interfaces")),
                }
            }
            What::Happened { interface, found, happening } => self.happened(at_ns, &interface, found, &happening),
            What::Renamed { interface, from } => {
                let message = format!("{from} is {} now", interface.name);
                let names = serde_json::json!({ "from": from, "to": interface.name }).to_string();
                self.push(&write::journal(at_ns, &message, &[(INTERFACE, &interface.name), (RENAMED, &names)]));
            }
            What::Missed { since_ns, frames, why } => self.push(&gap(since_ns, at_ns, frames, &why)),
            What::ClockSet(by_ns) => {
                let message = format!("the clock was set by {} ms, times of this recording go on as before", by_ns / 1_000_000);
                self.push(&write::journal(at_ns, &message, &[(CLOCK, &by_ns.to_string())]));
            }
        }
    }

    /// The last blocks. The socket dropped frames of all interfaces together; the first interface stands for them.
    pub(super) fn end(&mut self, at_ns: u64, why: &str, dropped: u64) {
        for (number, (_, frames)) in std::mem::take(&mut self.described).into_iter().enumerate() {
            let (dropped, number) = (if number == 0 { dropped } else { 0 }, u32::try_from(number).unwrap_or_default());
            self.push(&write::statistics(number, at_ns, frames.saturating_add(dropped), dropped));
        }
        self.push(&write::journal(at_ns, &format!("v6check ends recording: {why}"), &[(RECORDING, "ended")]));
    }

    /// Writes them.
    ///
    /// # Errors
    /// The file's.
    pub(super) fn write(&mut self, recorded: &mut Recorded) -> io::Result<()> {
        for full in self.full.drain(..) {
            recorded.append(&full)?;
        }
        recorded.append(&self.bytes)?;
        self.bytes.clear();
        Ok(())
    }

    /// All that would be written.
    pub(super) fn bytes(self) -> Vec<u8> {
        [self.full.concat(), self.bytes].concat()
    }

    fn happened(&mut self, at_ns: u64, interface: &Rc<Interface>, found: bool, happening: &Happening) {
        // Described also if no frame follows, so that a reader knows which MAC address had it.
        self.number(interface);
        let event = serde_json::to_string(happening).unwrap_or_default();
        let fields = [(INTERFACE, interface.name.as_str()), (EVENT, &event), (FOUND, "1")];
        let message = format!("{}: {}{}", interface.name, in_words(happening), if found { ", found so" } else { "" });
        self.push(&write::journal(at_ns, &message, &fields[..if found { 3 } else { 2 }]));
    }

    /// The number of an interface, which is described if it is new.
    fn number(&mut self, interface: &Rc<Interface>) -> Option<u32> {
        let known = self.described.iter().rposition(|(described, _)| described == interface);
        if known.is_none() {
            if self.described.len() == MOST_DESCRIBED {
                return None;
            }
            let longest = u32::try_from(LONGEST_FRAME).unwrap_or(u32::MAX);
            let description = format!("index {}", interface.index);
            self.push(&write::interface(link_type::ETHERNET, longest, &interface.name, &description, Some(interface.mac.octets())));
            self.described.push((Rc::clone(interface), 0));
        }
        u32::try_from(known.unwrap_or(self.described.len() - 1)).ok()
    }

    fn push(&mut self, block: &[u8]) {
        if self.bytes.len() + block.len() > AT_ONCE {
            self.full.push(std::mem::take(&mut self.bytes));
        }
        self.bytes.extend_from_slice(block);
    }
}

fn gap(from_ns: u64, until_ns: u64, frames: Option<u64>, why: &str) -> Vec<u8> {
    Span { from_ns, until_ns, frames }.entry(why)
}

fn in_words(happening: &Happening) -> String {
    let is = |change: &Change| match change {
        Change::Set => "is there",
        Change::Gone => "is gone",
    };
    match happening {
        Happening::Link(LinkChange { up: false, .. }) => "the link is down".into(),
        Happening::Link(LinkChange { carrier: false, .. }) => "the link is up without a carrier".into(),
        Happening::Link(_) => "the link is up".into(),
        Happening::Address(AddressChange { change, address, prefix_length, flags, .. }) => {
            format!("address {address}/{prefix_length} {} {flags:?}", is(change))
        }
        Happening::Route(RouteChange { change, route }) => {
            let by = route.gateway.map_or_else(String::new, |gateway| format!(" by {gateway}"));
            format!("route {}/{}{by} {}", route.destination, route.prefix_length, is(change))
        }
        Happening::Forwarding(on) => format!("IPv6 forwarding is {}", if *on { "on" } else { "off" }),
        Happening::Frame(_) => "a frame".into(),
    }
}
