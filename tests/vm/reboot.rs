//! Guests that are mended by what `v6check remedy` prints, and boot again: then nothing may be wrong any more.

use std::path::{Path, PathBuf};

use libtest_mimic::Trial;
use v6check::lab::vm::{BREAKS, Booted, IMAGES, Reported, mend};

use crate::cell::seen;
use crate::table::{Cell, Table, Verdicts};

/// What the first boot of each reports, as in `table.txt`. Of the second, everything passes.
const BEFORE: &str = "
debian-12-ifupdown       stock                    exit 1
debian-12-ifupdown       client-by-hand           exit 1
debian-12-networkd       ipv6acceptra-no          exit 1
debian-12-networkmanager method-ignore            exit 1
";

pub(crate) fn trials(program: &Result<PathBuf, String>) -> Vec<Trial> {
    let trial = |cell: Cell| {
        let program = program.clone();
        Trial::test(format!("reboot::{}", cell.name()), move || Ok(run(&cell, &program?)?))
    };
    match Table::parse(BEFORE) {
        Ok(table) => table.cells.into_iter().map(trial).collect(),
        Err(error) => vec![Trial::test("reboot", move || Err(error.into()))],
    }
}

fn run(cell: &Cell, program: &Path) -> Result<(), String> {
    let image = IMAGES.iter().find(|image| image.name == cell.image).ok_or_else(|| format!("no image is called {}", cell.image))?;
    let broken = BREAKS.iter().find(|broken| broken.name == cell.broken).ok_or_else(|| format!("no break is called {}", cell.broken))?;
    let lab = |error: v6check::lab::LabError| format!("the lab: {error}");
    let mut booted = Booted::under(image, broken, &mend::by_script(), program).map_err(lab)?;
    let before = booted.report_of(1).map_err(lab)?;
    let after = booted.report_of(2).map_err(lab)?;
    let console = booted.console();
    drop(booted);
    let [before, after] = [("before", before), ("after", after)].map(|(when, reported)| verdicts(cell, when, program, &reported, &console));
    let mut wrong = wrong("before", &cell.expected, &before?);
    wrong.extend(mend::mended_twice_alike(&console).err());
    wrong.extend(self::wrong("after", &Verdicts::default(), &after?));
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}

fn verdicts(cell: &Cell, when: &str, program: &Path, reported: &Reported, console: &[u8]) -> Result<Verdicts, String> {
    seen(&format!("reboot::{}::{when}", cell.name()), program, reported, console)
}

fn wrong(when: &str, expected: &Verdicts, found: &Verdicts) -> Vec<String> {
    expected.differences(found).into_iter().map(|wrong| format!("{when}: {wrong}")).collect()
}
