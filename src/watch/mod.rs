//! `v6check watch`: what decides about IPv6 in lines, as it happens or as a capture has it, and the diagnosis of it.
//!
//! The only part that drives a terminal. It sends nothing and knows neither packets nor rules.

mod facts;
mod line;
mod live;
mod screen;

use std::collections::BTreeMap;
use std::error::Error;

use crate::catalogue::Selection;
use crate::cli::Watch;
use crate::facts::Recording;
use crate::observe::boot;
use crate::report::{self, Counting, Report, Style};
use crate::story::{self, Told};
use line::{Clock, Line};
use screen::Screen;

type Failure = Box<dyn Error>;

/// Shows what `wanted` asks for.
///
/// # Errors
/// The capture or this machine's events cannot be read, or the output cannot be written.
pub fn watch(wanted: &Watch, selection: &Selection) -> Result<(), Failure> {
    let Some(capture) = &wanted.capture else { return live::follow(wanted, selection) };
    let mut recordings = boot::read(capture)?;
    if let Some(missing) = wanted.interfaces.iter().find(|name| !recordings.contains_key(*name)) {
        let names: Vec<&str> = recordings.keys().map(String::as_str).collect();
        return Err(format!("{}: no interface {missing:?} in it, but {}", capture.display(), names.join(", ")).into());
    }
    if !wanted.interfaces.is_empty() {
        recordings.retain(|name, _| wanted.interfaces.contains(name));
    }
    let mut screen = Screen::new(wanted);
    if wanted.chart {
        for (name, recording) in &recordings {
            for text in report::chart(name, recording) {
                screen.say(&text);
            }
            screen.say("");
        }
    } else {
        for (name, told) in merged(&recordings) {
            let began = recordings.get(name).map_or("", |recording| recording.began.as_str());
            let clock = Clock::of(began);
            screen.event(&Line { clock: &clock, interface: name, told: &told });
        }
    }
    screen.conclude(&judged(&recordings, selection));
    Ok(screen.end()?)
}

/// What happened at all interfaces, in the order of time.
fn merged(recordings: &BTreeMap<String, Recording>) -> Vec<(&str, Told)> {
    let of = |(name, recording)| story::tell(recording, None).into_iter().map(move |told| (name, told));
    let mut all: Vec<(&str, Told)> = recordings.iter().map(|(name, recording)| (name.as_str(), recording)).flat_map(of).collect();
    all.sort_by_key(|(_, told)| told.at_us);
    all
}

/// The report on what was seen so far.
fn judged(recordings: &BTreeMap<String, Recording>, selection: &Selection) -> Report {
    report::assemble(&facts::of(recordings), selection, Counting::default())
}

/// The looks of a diagnosis.
fn style(colour: bool) -> Style {
    Style { colour, ..Style::default() }
}
