//! Guests that are mended by what `v6check remedy` prints, and boot again: then nothing may be wrong any more.

use std::path::{Path, PathBuf};

use libtest_mimic::Trial;
use v6check::lab::LabError;
use v6check::lab::vm::{BREAKS, Booted, Break, IMAGES, Image, Mend, More, ran_well, user_data};

use crate::cell::seen;
use crate::table::{Cell, Table, Verdicts};

/// What the first boot of each reports, as in `table.txt`. Of the second, everything passes.
const BEFORE: &str = "
debian-12-ifupdown       client-by-hand           exit 1
    fail guest: dhcpv6-at-boot dhcpv6-intended settings-persistent
debian-12-networkd       ipv6acceptra-no          exit 1
debian-12-networkmanager method-ignore            exit 1
debian-13-cloud-init     network-config-disabled  exit 1
debian-12-ifupdown       firewall-nftables        exit 1
debian-12-ifupdown       ipv6-disabled            exit 1
debian-12-ifupdown       accept-ra-0-stanza       exit 1
debian-12-ifupdown       forwarding               exit 1
debian-12-networkd       forwarding               exit 1
debian-12-networkmanager method-disabled          exit 1
debian-12-ifupdown       length-64                exit 1
debian-12-netplan        accept-ra-false          exit 1
";

/// What is booted and mended.
struct Mended {
    cell: Cell,
    image: &'static Image,
    broken: &'static Break,
    program: PathBuf,
}

pub(crate) fn trials(program: &Result<PathBuf, String>) -> Vec<Trial> {
    let trial = |cell: Cell| {
        let program = program.clone();
        Trial::test(format!("reboot::{}", cell.name()), move || Ok(run(cell, &program?)?))
    };
    match Table::parse(BEFORE) {
        Ok(table) => table.cells.into_iter().map(trial).collect(),
        Err(error) => vec![Trial::test("reboot", move || Err(error.into()))],
    }
}

fn run(cell: Cell, program: &Path) -> Result<(), String> {
    let image = IMAGES.iter().find(|image| image.name == cell.image).ok_or_else(|| format!("no image is called {}", cell.image))?;
    let broken = BREAKS.iter().find(|broken| broken.name == cell.broken).ok_or_else(|| format!("no break is called {}", cell.broken))?;
    let mended = Mended { cell, image, broken, program: program.into() };
    let wrong = if image.seed.is_some() { mended.by_user_data() } else { mended.by_script() }?;
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}

impl Mended {
    /// The guest runs the remedy's script and boots again.
    fn by_script(&self) -> Result<Vec<String>, String> {
        let mut booted = self.boot(Mend::Shell, None).map_err(|error| lab(&error))?;
        let before = booted.report_of(1).map_err(|error| lab(&error))?;
        let after = booted.report_of(2).map_err(|error| lab(&error))?;
        let console = booted.console();
        drop(booted);
        let before = self.verdicts("before", &before, &console)?;
        let after = self.verdicts("after", &after, &console)?;
        Ok([self.before(&before), ran_well(&console).err().into_iter().collect(), nothing_is_wrong(&after)].concat())
    }

    /// The guest gives the remedy as user data; a new instance of the same image has them, and its second boot is right.
    fn by_user_data(&self) -> Result<Vec<String>, String> {
        let mut first = self.boot(Mend::CloudInit, None).map_err(|error| lab(&error))?;
        let before = first.report_of(1).map_err(|error| lab(&error))?;
        let console = first.shown(|console| user_data(console).is_some()).map_err(|error| lab(&error))?;
        drop(first);
        let before = self.verdicts("before", &before, &console)?;
        let mut second = self.boot(Mend::Reboot, user_data(&console)).map_err(|error| lab(&error))?;
        let after = second.report_of(2).map_err(|error| lab(&error))?;
        let console = second.console();
        drop(second);
        let after = self.verdicts("after", &after, &console)?;
        Ok([self.before(&before), nothing_is_wrong(&after)].concat())
    }

    fn boot(&self, mend: Mend, user_data: Option<String>) -> Result<Booted, LabError> {
        Booted::under(self.image, self.broken, &More { layer: mend.layer(), user_data }, &self.program)
    }

    fn verdicts(&self, when: &str, reported: &v6check::lab::vm::Reported, console: &[u8]) -> Result<Verdicts, String> {
        seen(&format!("reboot::{}::{when}", self.cell.name()), &self.program, reported, console)
    }

    fn before(&self, found: &Verdicts) -> Vec<String> {
        wrong("before", &self.cell.expected, found)
    }
}

fn lab(error: &LabError) -> String {
    format!("the lab: {error}")
}

fn nothing_is_wrong(after: &Verdicts) -> Vec<String> {
    wrong("after", &Verdicts::default(), after)
}

fn wrong(when: &str, expected: &Verdicts, found: &Verdicts) -> Vec<String> {
    expected.differences(found).into_iter().map(|wrong| format!("{when}: {wrong}")).collect()
}
