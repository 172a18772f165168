//! `v6check watch`: what decides about IPv6 in lines, as it happens or as a capture has it, and the diagnosis of it.
//!
//! The only part that drives a terminal. It sends nothing and knows neither packets nor rules.

mod line;
mod live;
mod screen;

use std::error::Error;
use std::path::Path;

use crate::catalogue::Selection;
use crate::cli::Watch;
use crate::facts::{Facts, Recording};
use crate::observe::boot;
use crate::report::{self, Counting, Style};
use crate::story::{self, Told};
use line::{Clock, Line};
use screen::Screen;

type Failure = Box<dyn Error>;

/// Shows what `wanted` asks for.
///
/// # Errors
/// The capture or this machine's events cannot be read, or the output cannot be written.
pub(crate) fn watch(wanted: &Watch, selection: &Selection) -> Result<(), Failure> {
    let Some(capture) = &wanted.capture else { return live::follow(wanted, selection) };
    let mut facts = read(capture)?;
    if let Some(missing) = wanted.interfaces.iter().find(|name| !facts.interfaces.contains_key(*name)) {
        let names: Vec<&str> = facts.interfaces.keys().map(String::as_str).collect();
        let has = if names.is_empty() { "it has none".to_owned() } else { format!("it has {}", names.join(", ")) };
        return Err(format!("{}: no interface called {missing:?}; {has}", capture.display()).into());
    }
    if !wanted.interfaces.is_empty() {
        facts.interfaces.retain(|name, _| wanted.interfaces.contains(name));
    }
    let recordings = recordings(&facts);
    let mut screen = Screen::new(wanted);
    if wanted.chart {
        for (number, (name, recording)) in recordings.into_iter().enumerate() {
            if number > 0 {
                screen.say("");
            }
            for text in report::chart(name, recording) {
                screen.say(&text);
            }
        }
    } else {
        let clock = Clock::of(&facts.run.started);
        for (name, told) in merged(&recordings) {
            screen.event(&Line { clock: &clock, interface: name, told: &told });
        }
    }
    screen.conclude(&report::assemble(&facts, selection, Counting::default()));
    Ok(screen.end()?)
}

fn read(capture: &Path) -> Result<Facts, Failure> {
    if capture.as_os_str() == "-" {
        return Ok(boot::facts(&mut std::io::stdin().lock(), "stdin")?);
    }
    let name = capture.display().to_string();
    let mut file = std::fs::File::open(capture).map_err(|error| format!("{name}: {error}"))?;
    Ok(boot::facts(&mut file, &name)?)
}

fn recordings(facts: &Facts) -> Vec<(&str, &Recording)> {
    let recorded = facts.interfaces.iter().filter_map(|(name, interface)| Some((name, interface.tenses.as_ref()?)));
    recorded.filter_map(|(name, tenses)| Some((name.as_str(), tenses.boot.recording.get().ok()?))).collect()
}

/// What happened at each interface, in the order of time; what is missing of all of them is told once, without a name.
fn merged<'a>(recordings: &[(&'a str, &Recording)]) -> Vec<(Option<&'a str>, Told)> {
    let mut all: Vec<(Option<&str>, Told)> = Vec::new();
    for (name, recording) in recordings {
        all.extend(story::tell(recording, None).into_iter().map(|told| (Some(*name), told)));
    }
    all.sort_by_key(|(_, told)| told.at_us);
    let mut merged: Vec<(Option<&str>, Told)> = Vec::with_capacity(all.len());
    for (name, told) in all {
        match merged.last_mut() {
            Some((of, before)) if told.kind == "gap" && *before == told => *of = None,
            _ => merged.push((name, told)),
        }
    }
    merged
}

/// The looks of a diagnosis.
fn style(colour: bool) -> Style {
    Style { colour, ..Style::default() }
}
