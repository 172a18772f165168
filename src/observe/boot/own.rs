//! A recording of `v6check record`: names and directions are certain, and journal entries tell what changed in the kernel.

use std::collections::{BTreeMap, BTreeSet};

use super::span::{LONGEST_NAME, MOST_GUESTS, MOST_NAMED, Recordings, Span, seen};
use crate::capture::{Packet, Way};
use crate::facts::{Direction, Event, Happening, LinkChange, Mac, Recorder, Recording};
use crate::wire::frame::{Frame, OWN_FLOW_LABEL};

/// The interfaces of a recording.
#[derive(Debug, Default)]
pub(super) struct Own {
    interfaces: BTreeMap<String, Told>,
    /// Interfaces that are too many to be told of.
    beyond: BTreeSet<String>,
    /// As much as their frames have, in bytes.
    bytes: usize,
    /// When the recorder began, in nanoseconds since 1970 and since the machine booted; absent once it ended.
    began: Option<(u64, u64)>,
}

/// How long before now what happens need not have been written yet: on a busy machine the recorder waits for its turn.
const UNWRITTEN_NS: u64 = 1_000_000_000;

/// As much of frames as is kept, in bytes: what a recording has by default.
const MOST_BYTES: usize = 4 << 20;

/// Whether something was found to be so, rather than seen to come about.
type Found = bool;

/// What is told of one.
#[derive(Debug, Default)]
struct Told {
    mac: Option<Mac>,
    /// Times are in nanoseconds since 1970.
    events: Vec<(u64, Found, Happening)>,
    /// When it came up; or that it was up already when the recording began, so that this is not known.
    up: Up,
    /// From when until when events were left out, and how many.
    left_out: Option<(u64, u64, u64)>,
}

#[derive(Debug, Default)]
enum Up {
    #[default]
    NotYet,
    At(u64),
    Before,
}

#[derive(serde::Deserialize)]
struct Renamed {
    from: String,
    to: String,
}

#[derive(serde::Deserialize)]
struct Missing {
    from_ns: u64,
    until_ns: u64,
    frames: Option<u64>,
}

impl Own {
    /// Takes a frame. Of its interface's number `names` has the name, which changes with the interface's.
    pub(super) fn packet(&mut self, packet: &Packet<'_>, bytes: &[u8], cut: bool, names: &[String]) {
        let room = self.bytes < MOST_BYTES;
        self.bytes += if room { bytes.len() } else { 0 };
        let Some(told) = names.get(packet.interface).and_then(|name| self.told(name)) else { return };
        if !room {
            told.leave_out(packet.at_ns);
            return;
        }
        let sent = packet.way == Some(Way::Out);
        let frame = Frame::parse(bytes);
        if let (true, None, Some((frame, _))) = (sent, told.mac, &frame) {
            told.mac = Some(frame.source_mac);
        }
        let direction = match (sent, frame.is_some_and(|(frame, _)| frame.flow_label == OWN_FLOW_LABEL)) {
            (true, true) => Direction::Sent,
            (true, false) => Direction::Guest,
            (false, _) => Direction::Received,
        };
        told.add(packet.at_ns, false, Happening::Frame(seen(direction, bytes.to_vec(), cut)));
    }

    /// Takes a journal entry.
    pub(super) fn journal(&mut self, fields: &[(String, String)], names: &mut [String], span: &mut Span) {
        let field = |wanted: &str| fields.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
        let Some(at_ns) = field("__REALTIME_TIMESTAMP").and_then(|text| text.parse::<u64>().ok()).and_then(|us| us.checked_mul(1000)) else { return };
        match field("V6CHECK_RECORDING") {
            Some("began") => {
                // What happened between two recorders nobody saw.
                if let Some(ended_ns) = span.until() {
                    span.gap(ended_ns.min(at_ns), ended_ns.max(at_ns), None);
                }
                self.began = field("V6CHECK_UPTIME_NS").and_then(|text| text.parse().ok()).map(|uptime_ns| (at_ns, uptime_ns));
            }
            Some(_) => self.began = None,
            None => {}
        }
        span.reaches(at_ns);
        if let Some(gap) = field("V6CHECK_GAP").and_then(|text| serde_json::from_str::<Missing>(text).ok()) {
            span.gap(gap.from_ns, gap.until_ns, gap.frames);
        }
        if let Some(Renamed { from, to }) = field("V6CHECK_RENAMED").and_then(|text| serde_json::from_str(text).ok()) {
            let to: String = to.chars().take(LONGEST_NAME).collect();
            for name in names.iter_mut().filter(|name| **name == from) {
                name.clone_from(&to);
            }
            if let Some(told) = self.interfaces.remove(&from) {
                self.interfaces.insert(to, told);
            }
        }
        let happened = field("V6CHECK_EVENT").and_then(|text| serde_json::from_str::<Happening>(text).ok());
        let (Some(interface), Some(happened)) = (field("V6CHECK_INTERFACE"), happened) else { return };
        let Some(told) = self.told(interface) else { return };
        let found = field("V6CHECK_FOUND").is_some();
        if let Happening::Link(LinkChange { up: true, carrier: true }) = happened {
            told.up = match (&told.up, found) {
                (Up::NotYet, false) => Up::At(at_ns),
                (Up::At(at), _) => Up::At(*at),
                (Up::NotYet, true) | (Up::Before, _) => Up::Before,
            };
        }
        told.add(at_ns, found, happened);
    }

    /// Until when the recorder has written all that it saw, if it still goes on `uptime_ns` after the machine booted.
    pub(super) fn written_until(&self, uptime_ns: u64) -> Option<u64> {
        let (at_ns, began_ns) = self.began?;
        Some(at_ns.saturating_add(uptime_ns.checked_sub(began_ns)?.checked_sub(UNWRITTEN_NS)?))
    }

    fn told(&mut self, name: &str) -> Option<&mut Told> {
        let name: String = name.chars().take(LONGEST_NAME).collect();
        if self.interfaces.len() >= MOST_GUESTS && !self.interfaces.contains_key(&name) {
            if self.beyond.len() < MOST_NAMED {
                self.beyond.insert(name);
            }
            return None;
        }
        Some(self.interfaces.entry(name).or_default())
    }

    /// The recordings by the last names of the interfaces.
    pub(super) fn finish(self, span: &Span, file: &str) -> Recordings {
        let (began, elapsed_us, gaps) = span.told();
        let recording = |(name, mut told): (String, Told)| {
            told.events.sort_by_key(|(at_ns, ..)| *at_ns);
            let mut gaps = gaps.clone();
            gaps.extend(told.left_out.map(|(from, until, frames)| crate::facts::Gap {
                from_us: span.since(from),
                until_us: span.since(until),
                frames: Some(frames),
            }));
            let recording = Recording {
                file: file.to_owned(),
                by: Recorder::Guest,
                mac: told.mac,
                began: began.clone(),
                elapsed_us,
                up_at_us: if let Up::At(at_ns) = told.up { Some(span.since(at_ns)) } else { None },
                events: told.events.into_iter().map(|(at_ns, found, what)| Event { at_us: span.since(at_ns), found, what }).collect(),
                gaps,
            };
            (name, recording)
        };
        (self.interfaces.into_iter().map(recording).collect(), self.beyond)
    }
}

impl Told {
    fn add(&mut self, at_ns: u64, found: Found, what: Happening) {
        if self.events.len() < Recording::MOST_EVENTS {
            self.events.push((at_ns, found, what));
        } else {
            self.leave_out(at_ns);
        }
    }

    fn leave_out(&mut self, at_ns: u64) {
        let (from, until, count) = self.left_out.unwrap_or((at_ns, at_ns, 0));
        self.left_out = Some((from.min(at_ns), until.max(at_ns), count + 1));
    }
}
