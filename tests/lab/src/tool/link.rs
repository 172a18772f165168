//! `v6check-lab link up` and `link down`.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Stdio};
use std::time::Duration;

use super::keeper::{READY, STAY};
use super::options::Wish;
use super::place::{self, Place, Remainder};
use super::status::{self, Note};
use super::sums::Sums;
use super::{able, show, signals, tell, this_program};
use crate::{LabError, is_interrupted, needs};

/// A link is down within a second or two; more guests take longer.
const DOWN: Duration = Duration::from_mins(2);

/// Makes a link that stays.
pub(super) fn up(place: &Place, wish: &Wish) -> Result<u8, LabError> {
    able()?;
    let sums = Sums::of(wish)?;
    needs::check_for("a link that stays", &["setsid"])?;
    if let Some(keeper) = place.keeper()? {
        return Err(LabError::Asked(format!(
            "a link is up already, held by process {keeper}; `v6check-lab link status` shows it, `v6check-lab link down` ends it"
        )));
    }
    if !place.remainders()?.is_empty() {
        return Err(LabError::Asked("an earlier link or demo was killed and left something; `v6check-lab link down` clears it".into()));
    }
    sums.tell_what_is_left_out(wish.stack);
    let mut keeper = start(place, wish, &sums)?;
    // The keeper is not in the terminal's session, so Ctrl-C reaches only this process.
    let id = keeper.id();
    signals::listen(move || crate::command::signal("TERM", &[id]))?;
    if !follow(&mut keeper) {
        // It has said why, or was told to end. One that came not far has left its log.
        let _ = keeper.wait();
        place.remainders()?.iter().filter(|left| left.namespaces.is_empty()).try_for_each(Remainder::clear)?;
        place.leave();
        let why = if is_interrupted() {
            LabError::Interrupted
        } else {
            LabError::Asked("the link was not made; what there was of it is gone again".into())
        };
        return Err(why);
    }
    let note = Note::read(place)?;
    show(&format!("{}{}", status::text(&note, id), next(place, &note)));
    Ok(0)
}

fn start(place: &Place, wish: &Wish, sums: &Sums) -> Result<Child, LabError> {
    let log = place.of_link("log");
    let made = log.parent().map_or(Ok(()), std::fs::create_dir_all);
    // Not this process' own standard error, which whoever reads it would wait for as long as the keeper lives.
    let log = made.and_then(|()| std::fs::File::create(&log)).map_err(LabError::io(log.display().to_string()))?;
    let mut command = needs::command("setsid");
    command.arg(this_program()?).arg("--state").arg(place.root()).args(["keep", "--guests", &wish.guests.to_string()]);
    command.args(["--stack", &sums.stack.word()]).args(wish.faults.iter().flat_map(|fault| ["--fault", fault]));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log);
    command.spawn().map_err(LabError::io("the keeper of the link"))
}

/// Shows how far the keeper is; whether it came to its end and was told to stay.
fn follow(keeper: &mut Child) -> bool {
    let (Some(said), Some(mut told)) = (keeper.stdout.take(), keeper.stdin.take()) else { return false };
    for line in BufReader::new(said).lines().map_while(Result::ok) {
        if line == READY {
            return !is_interrupted() && writeln!(told, "{STAY}").is_ok();
        }
        tell(&line);
    }
    false
}

fn next(place: &Place, note: &Note) -> String {
    let state = if place.root() == "/run/v6check-lab" { String::new() } else { format!("--state {} ", place.root().display()) };
    let guest = note.guests.last().map_or("GUEST", |guest| &guest.name);
    format!("\nTry:\n  v6check-lab {state}shell {guest} v6check\n  v6check-lab {state}link status\n  v6check-lab {state}link down\n")
}

/// Ends the link, and clears what killed processes left.
pub(super) fn down(place: &Place) -> Result<u8, LabError> {
    able()?;
    needs::check(&["ip"])?;
    let keeper = place.keeper()?;
    if let Some(keeper) = keeper {
        place::end(place, keeper, DOWN)?;
        tell("the link is down");
    }
    let left = place.remainders()?;
    for remainder in &left {
        remainder.clear()?;
        tell(&format!("cleared what process {} left in {}", remainder.process.map_or("?".into(), |id| id.to_string()), remainder.folder().display()));
    }
    place.leave();
    if keeper.is_none() && left.is_empty() {
        tell("no link is up");
    }
    Ok(0)
}
