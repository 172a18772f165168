//! Events of this machine as they happen, until a signal comes or nobody reads any more.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use tokio::time::{MissedTickBehavior, interval};

use super::Failure;
use super::line::{Clock, Line};
use super::screen::Screen;
use crate::catalogue::Selection;
use crate::cli::Watch;
use crate::facts::{Direction, Event, Gap, Happening, LIVE, LinkChange, Observed, Recorder, Recording};
use crate::observe::{Signals, boot, state};
use crate::report::{self, Counting, Report};
use crate::story::{Actor, Narrator, Told};

/// How long the diagnosis may lag behind what happened.
const LAG: Duration = Duration::from_millis(200);
/// As many times as judging takes is left for everything else.
const REST: u32 = 20;
/// As many interfaces are followed; names may come and go without end.
const MOST_INTERFACES: usize = 256;

pub(super) fn follow(wanted: &Watch, selection: &Selection) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
    let mut live = Live {
        screen: Screen::new(wanted),
        clock: Clock::started(),
        begun: Instant::now(),
        recordings: BTreeMap::new(),
        narrators: BTreeMap::new(),
        changed: true,
    };
    if live.screen.redraws {
        live.screen.say("Listening; times are UTC. Nothing is sent. Ctrl-C ends.");
    }
    let live = RefCell::new(live);
    let ended = runtime.block_on(async {
        let mut signals = Signals::catch()?;
        let mut told = |news: boot::Live<'_>| live.borrow_mut().hear(news);
        let mut following = std::pin::pin!(boot::follow(&wanted.interfaces, &mut signals, &mut told));
        let mut ticks = interval(LAG);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                ended = &mut following => break ended,
                _ = ticks.tick() => {
                    let took = live.borrow_mut().draw(selection);
                    if took * REST > LAG {
                        ticks.reset_after(took * REST);
                    }
                }
            }
        }
    });
    let mut live = live.into_inner();
    ended.map_err(|error| format!("cannot follow what happens on this machine: {error}"))?;
    let report = live.judged(selection);
    live.screen.conclude(&report);
    Ok(live.screen.end()?)
}

struct Live {
    screen: Screen,
    clock: Clock,
    begun: Instant,
    recordings: BTreeMap<String, Recording>,
    narrators: BTreeMap<String, Narrator>,
    /// Something happened since the diagnosis was drawn.
    changed: bool,
}

impl Live {
    fn hear(&mut self, news: boot::Live<'_>) -> ControlFlow<()> {
        self.changed = true;
        match news {
            boot::Live::Happened(name, event) => self.event(name, event),
            boot::Live::Renamed { from, to } => {
                if let Some(recording) = self.recordings.remove(from) {
                    self.recordings.insert(to.into(), recording);
                }
                if let Some(narrator) = self.narrators.remove(from) {
                    self.narrators.insert(to.into(), narrator);
                }
                let told = kernel(self.elapsed_us(), "renamed", format!("{from} is {to} now"));
                self.screen.event(&Line { clock: &self.clock, interface: Some(to), told: &told });
            }
            boot::Live::Gap(gap) => {
                let told = crate::story::gap(&gap);
                self.screen.event(&Line { clock: &self.clock, interface: None, told: &told });
                for recording in self.recordings.values_mut() {
                    recording.gaps.push(gap.clone());
                }
            }
        }
        if self.screen.closed() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn event(&mut self, name: &str, event: Event) {
        if !self.recordings.contains_key(name) && self.recordings.len() >= MOST_INTERFACES {
            return;
        }
        let narrator = self.narrators.entry(name.to_owned()).or_default();
        if narrator.lacks_client(&event) {
            narrator.name_client(client(name));
        }
        if let Some(told) = narrator.tell(&event) {
            self.screen.event(&Line { clock: &self.clock, interface: Some(name), told: &told });
        }
        let began = self.clock.began();
        let recording = self.recordings.entry(name.to_owned()).or_insert_with(|| empty(began));
        keep(recording, event);
    }

    fn elapsed_us(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    fn judged(&mut self, selection: &Selection) -> Report {
        let now = self.elapsed_us();
        for recording in self.recordings.values_mut() {
            recording.elapsed_us = now;
        }
        let facts = boot::recorded(self.recordings.clone(), LIVE, self.clock.began(), now);
        report::assemble(&facts, selection, Counting::default())
    }

    /// Draws the diagnosis anew where something happened, and says how long that took.
    fn draw(&mut self, selection: &Selection) -> Duration {
        let since = Instant::now();
        if std::mem::take(&mut self.changed) && self.screen.redraws {
            let report = self.judged(selection);
            self.screen.draw(&report);
        }
        since.elapsed()
    }
}

/// The DHCPv6 client that serves an interface, where there is one and only one.
fn client(name: &str) -> Option<String> {
    let tables = state::Tables::read();
    let mut states = state::interfaces(&BTreeSet::from([name.to_owned()]), &state::host(&tables), &tables);
    match states.remove(name)?.owners.dhcpv6 {
        Observed::Seen(owners) if owners.len() == 1 => owners.into_iter().next().map(|owner| owner.name),
        _ => None,
    }
}

fn kernel(at_us: u64, kind: &str, text: String) -> Told {
    Told { at_us, from: Actor::Kernel, to: Actor::Guest, kind: kind.into(), text, fields: serde_json::Map::new() }
}

fn empty(began: String) -> Recording {
    Recording { file: LIVE.into(), by: Recorder::Guest, mac: None, began, elapsed_us: 0, up_at_us: None, events: Vec::new(), gaps: Vec::new() }
}

/// Keeps an event for the diagnosis; of very many, the first and the last, with a gap between them.
fn keep(recording: &mut Recording, event: Event) {
    if let Happening::Link(LinkChange { up: true, carrier: true }) = event.what
        && !event.found
    {
        recording.up_at_us = recording.up_at_us.or(Some(event.at_us));
    }
    if let Happening::Frame(frame) = &event.what
        && frame.direction == Direction::Guest
        && recording.mac.is_none()
    {
        recording.mac = frame.bytes.get(6..12).and_then(|mac| <[u8; 6]>::try_from(mac).ok()).map(Into::into);
    }
    if recording.events.len() >= Recording::MOST_EVENTS {
        let middle = Recording::MOST_EVENTS / 2;
        let left_out = recording.events.remove(middle).at_us;
        match recording.gaps.iter_mut().find(|gap| gap.frames.is_none() && gap.until_us <= left_out) {
            Some(gap) => gap.until_us = left_out,
            None => recording.gaps.push(Gap { from_us: left_out, until_us: left_out, frames: None }),
        }
    }
    recording.events.push(event);
}
