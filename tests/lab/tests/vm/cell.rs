//! One boot of one cell, from image to verdicts, and what it leaves to be looked at.

use std::fs;
use std::path::{Path, PathBuf};

use v6check_lab::needs;
use v6check_lab::vm::{BREAKS, Booted, IMAGES, Reported};

use crate::table::{Cell, Found, Verdicts};
use crate::turns::{self, Turn};

/// Boots the cell's guest and reads its report. What every cell must hold, whatever is wrong with its guest, is an error here.
pub(crate) fn run(cell: &Cell, program: &Path) -> Result<Found, String> {
    let image = IMAGES.iter().find(|image| image.name == cell.image).ok_or_else(|| format!("no image is called {}", cell.image))?;
    let broken = BREAKS.iter().find(|broken| broken.name == cell.broken).ok_or_else(|| format!("no break is called {}", cell.broken))?;
    let lab = |error: v6check_lab::LabError| format!("the lab: {error}");
    let turn = Turn::take();
    let mut booted = Booted::of(image, broken, program).map_err(lab)?;
    turns::over(turn, || booted.console());
    let reported = booted.report_of(1).map_err(lab)?;
    let console = booted.console();
    drop(booted);
    Ok(Found { name: cell.name(), verdicts: seen(&cell.name(), program, &reported, &console)? })
}

/// The verdicts of one boot, which leaves what it reported.
pub(crate) fn seen(name: &str, program: &Path, reported: &Reported, console: &[u8]) -> Result<Verdicts, String> {
    leave(name, reported, console).map_err(|error| error.to_string())?;
    let report = reported.report()?;
    replays_alike(name, program, reported)?;
    is_on_console(&report, console)?;
    Verdicts::of(&report)
}

fn leave(name: &str, reported: &Reported, console: &[u8]) -> std::io::Result<()> {
    fs::create_dir_all(crate::left())?;
    for (ending, bytes) in
        [("json", reported.json.as_bytes()), ("junit.xml", reported.junit.as_bytes()), ("facts", reported.facts.as_bytes()), ("console", console)]
    {
        fs::write(file(name, ending), bytes)?;
    }
    Ok(())
}

/// What the cell of this name leaves, by its ending.
pub(crate) fn file(name: &str, ending: &str) -> PathBuf {
    crate::left().join(format!("{}.{ending}", name.replace("::", " ")))
}

/// The facts that the guest sent give the very report that it sent.
fn replays_alike(name: &str, program: &Path, reported: &Reported) -> Result<(), String> {
    let facts = file(name, "facts");
    let output = needs::command(program).arg("replay").arg(facts).args(["--json", "-"]).output().map_err(|error| error.to_string())?;
    if output.stdout == reported.json.as_bytes() {
        return Ok(());
    }
    Err(format!("the saved facts replay to another report: {}", String::from_utf8_lossy(&output.stderr)))
}

/// What an operator reads on the serial console is there: the first words of each diagnosis, however they are wrapped.
fn is_on_console(report: &serde_json::Value, console: &[u8]) -> Result<(), String> {
    let shown: String = String::from_utf8_lossy(console).split_whitespace().collect();
    for diagnosis in report["summary"]["diagnosis"].as_array().into_iter().flatten() {
        let text: String = diagnosis["text"].as_str().unwrap_or_default().split_whitespace().collect();
        let start: String = text.chars().take(30).collect();
        if !shown.contains(&start) {
            return Err(format!("the console does not show the diagnosis {start:?}"));
        }
    }
    Ok(())
}
