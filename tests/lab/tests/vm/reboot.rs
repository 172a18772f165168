//! Guests that are mended by what `v6check remedy` prints, and boot again: then nothing may be wrong any more.

use std::path::Path;

use v6check_lab::LabError;
use v6check_lab::vm::{BREAKS, Booted, Break, IMAGES, Image, Mend, More, Reported, ran_well, user_data};

use crate::cell::seen;
use crate::table::{Cell, Found, Verdicts};
use crate::turns::{self, Turn};

/// The cells that are mended after their boot. Each of these boots once more, or twice where a cloud's user data mend it.
const MENDED: [(&str, &str); 5] = [
    ("debian-12-ifupdown", "client-by-hand"),
    ("debian-12-ifupdown", "ipv6-disabled"),
    ("debian-12-networkd", "ipv6acceptra-no"),
    ("debian-12-networkmanager", "second-method-ignore"),
    ("debian-13-cloud-init", "firewall-nftables"),
];

/// What is booted and mended.
struct Mended<'a> {
    name: String,
    image: &'static Image,
    broken: &'static Break,
    program: &'a Path,
}

/// What was reported before the remedy and after it.
struct Reports {
    before: Verdicts,
    after: Verdicts,
}

/// Those of them that the table does not have, which would go untested.
pub(crate) fn unknown(cells: &[Cell]) -> Vec<String> {
    let known = |(image, broken): &(&str, &str)| cells.iter().any(|cell| cell.image == *image && cell.broken == *broken);
    MENDED.iter().filter(|mended| !known(mended)).map(|(image, broken)| format!("{image}::{broken}")).collect()
}

/// Whether `cell` is mended after its boot.
pub(crate) fn mends(cell: &Cell) -> bool {
    MENDED.contains(&(cell.image.as_str(), cell.broken.as_str()))
}

/// Boots the cell's guest, has it mended, and boots again, after which it must be as `good` as its image is without the break. Gives what the first boot
/// reports.
pub(crate) fn run(cell: &Cell, good: &Verdicts, program: &Path) -> Result<Found, String> {
    let image = IMAGES.iter().find(|image| image.name == cell.image).ok_or_else(|| format!("no image is called {}", cell.image))?;
    let broken = BREAKS.iter().find(|broken| broken.name == cell.broken).ok_or_else(|| format!("no break is called {}", cell.broken))?;
    let mended = Mended { name: cell.name(), image, broken, program };
    let reports = if image.seed.is_some() { mended.by_user_data() } else { mended.by_script() }?;
    let wrong = good.differences(&reports.after);
    if wrong.is_empty() { Ok(Found { name: cell.name(), verdicts: reports.before }) } else { Err(format!("mended: {}", wrong.join("\nmended: "))) }
}

impl Mended<'_> {
    /// The guest runs the remedy's script and boots again.
    fn by_script(&self) -> Result<Reports, String> {
        let mut booted = self.boot(Mend::Shell, None).map_err(|error| lab(&error))?;
        let before = booted.report_of(1).map_err(|error| lab(&error))?;
        let after = booted.report_of(2).map_err(|error| lab(&error))?;
        let console = booted.console();
        drop(booted);
        let reports = Reports { before: self.before(&before, &console)?, after: self.after(&after, &console)? };
        ran_well(&console)?;
        Ok(reports)
    }

    /// The guest gives the remedy as user data; a new instance of the same image has them, and its second boot is right.
    fn by_user_data(&self) -> Result<Reports, String> {
        let mut first = self.boot(Mend::CloudInit, None).map_err(|error| lab(&error))?;
        let before = first.report_of(1).map_err(|error| lab(&error))?;
        let console = first.shown(|console| user_data(console).is_some()).map_err(|error| lab(&error))?;
        drop(first);
        let before = self.before(&before, &console)?;
        let mut second = self.boot(Mend::Reboot, user_data(&console)).map_err(|error| lab(&error))?;
        let after = second.report_of(2).map_err(|error| lab(&error))?;
        let console = second.console();
        drop(second);
        Ok(Reports { before, after: self.after(&after, &console)? })
    }

    fn boot(&self, mend: Mend, user_data: Option<String>) -> Result<Booted, LabError> {
        let turn = Turn::take();
        let booted = Booted::under(self.image, self.broken, &More { layer: mend.layer(), user_data }, self.program)?;
        turns::over(turn, || booted.console());
        Ok(booted)
    }

    fn before(&self, reported: &Reported, console: &[u8]) -> Result<Verdicts, String> {
        seen(&self.name, self.program, reported, console)
    }

    fn after(&self, reported: &Reported, console: &[u8]) -> Result<Verdicts, String> {
        seen(&format!("{}::mended", self.name), self.program, reported, console)
    }
}

fn lab(error: &LabError) -> String {
    format!("the lab: {error}")
}
