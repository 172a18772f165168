//! The process that holds a link: builds it, notes it, and takes it down at SIGTERM.
//!
//! It is started by `link up` in a session of its own, with a pipe each way. By the one it tells how far it is, and at last that it is ready; by
//! the other it hears that it shall stay. If `link up` ends before that, nobody knows of the link, so it is taken down.

use std::fs;
use std::io::Write;
use std::thread::sleep;
use std::time::Duration;

use super::options::Wish;
use super::place::Place;
use super::sums::Sums;
use super::{able, signals};
use crate::faults::Scene;
use crate::tool::status::Note;
use crate::{LabError, interrupt, is_interrupted};

/// What the keeper says when all is there, and what it is told then.
pub(super) const READY: &str = "ready";
pub(super) const STAY: &str = "stay";

const STEP: Duration = Duration::from_millis(100);

/// Holds a link until SIGTERM.
pub(super) fn keep(place: &Place, wish: &Wish) -> Result<u8, LabError> {
    // By the pipe as well, since the log goes with the link.
    hold(place, wish).inspect_err(|error| say(&error.to_string())).map(|()| 0)
}

fn hold(place: &Place, wish: &Wish) -> Result<(), LabError> {
    able()?;
    let sums = Sums::of(wish)?;
    signals::listen(|| ())?;
    let held = place.hold_link()?;
    std::thread::spawn(hear);
    let built = held.keep_files().and_then(|()| build(place, &sums)).map(|scene| {
        say(READY);
        while !is_interrupted() {
            sleep(STEP);
        }
        drop(scene);
    });
    held.clear();
    built
}

fn build(place: &Place, sums: &Sums) -> Result<Scene, LabError> {
    let mut scene = Scene::build(&sums.wanted, &sums.setup, &mut say)?;
    let text = Note::of(&mut scene, sums).written()?;
    // In one step, so that who reads it reads all of it.
    let (new, path) = (place.of_link("note.new"), place.of_link("note.json"));
    fs::write(&new, text).and_then(|()| fs::rename(&new, &path)).map_err(LabError::io(path.display().to_string()))?;
    Ok(scene)
}

/// Who started this process may be gone.
fn say(line: &str) {
    let mut output = std::io::stdout();
    let _ = writeln!(output, "{line}").and_then(|()| output.flush());
}

fn hear() {
    let mut line = String::new();
    let _ = std::io::stdin().read_line(&mut line);
    if line.trim() != STAY {
        interrupt();
    }
}
