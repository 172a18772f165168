//! One image, from overlay to report.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::left::Left;
use super::outcome::{Outcome, What};
use crate::vm::{Booted, Reported, Setup, Unmountable, boot_anyones};
use crate::{LabError, is_interrupted, poll};

/// As much of a console as is told where no report comes.
const TAIL: usize = 2000;
/// The link is asked what it heard once in so many looks at the report's port.
const LOOKS: u32 = 40;

/// An image to be booted.
#[derive(Debug)]
pub(super) struct Image {
    pub(super) path: PathBuf,
    pub(super) name: String,
    /// Where its files go.
    pub(super) left: Left,
}

impl Image {
    /// Boots it and leaves what there is.
    pub(super) fn boot(&self, setup: &Setup, limit: Duration, step: &dyn Fn(&str)) -> Outcome {
        if is_interrupted() {
            // What an earlier run left of it stays: nothing comes in its place.
            return Outcome { name: self.name.clone(), what: What::NotRun("interrupted".into()) };
        }
        let what = self.left.clear().and_then(|()| self.reported(setup, limit, step));
        let what = match what {
            Err(_) if is_interrupted() => What::NotRun("interrupted".into()),
            Err(error) => What::NotRun(self.of_it(&error.to_string())),
            Ok(what) => what,
        };
        Outcome { name: self.name.clone(), what }
    }

    /// An error without the image's path before it: each is told behind the image's name.
    fn of_it(&self, error: &str) -> String {
        error.strip_prefix(&format!("{}: ", self.path.display())).unwrap_or(error).to_owned()
    }

    fn reported(&self, setup: &Setup, limit: Duration, step: &dyn Fn(&str)) -> Result<What, LabError> {
        let (mut booted, unmountable) = boot_anyones(&self.path, setup, step)?;
        let reported = wait(&mut booted, limit, step);
        let console = booted.console();
        drop(booted);
        self.left.console(&console)?;
        let reported = reported.map_err(|error| without_report(&error, unmountable.as_ref(), &console))?;
        let mut notes = self.left.report(&reported)?;
        if is_silent(&console) {
            notes.push("The kernel says nothing on the serial console: its command line lacks console=ttyS0, or has quiet.".into());
        }
        let report = reported.report().map_err(|error| LabError::Refused(format!("its JSON report: {error}")))?;
        Ok(What::Reported { report, notes })
    }
}

fn wait(booted: &mut Booted, limit: Duration, step: &dyn Fn(&str)) -> Result<Reported, LabError> {
    let (mut found, mut heard, mut looks) = (None, false, 0_u32);
    poll("a report", limit, || {
        looks += 1;
        if !heard && looks.is_multiple_of(LOOKS) && booted.stage().link().heard()? != (0, 0) {
            heard = true;
            step("it solicits: waiting for the report");
        }
        found = booted.look()?;
        Ok(found.is_some())
    })?;
    found.ok_or_else(|| LabError::Refused("no report".into()))
}

/// Why nothing came, what was tried, and the end of what its console shows.
fn without_report(error: &LabError, unmountable: Option<&Unmountable>, console: &[u8]) -> LabError {
    if is_interrupted() {
        return LabError::Interrupted;
    }
    let tried = match unmountable {
        None => "v6check was put in by mounting the overlay; does the image boot by BIOS?".to_owned(),
        Some(Unmountable(why)) => format!(
            "Two ways were tried: mounting the overlay ({}), and a NoCloud seed, by which cloud-init in the image would have put v6check in.",
            why.trim().replace('\n', "; ")
        ),
    };
    let text = String::from_utf8_lossy(console);
    let shown: String = text.chars().filter(|character| !character.is_control() || *character == '\n').collect();
    let tail: String = shown.chars().skip(shown.chars().count().saturating_sub(TAIL)).collect();
    let tail = if tail.trim().is_empty() { "The console shows nothing.".into() } else { format!("The console's end:\n{}", tail.trim()) };
    LabError::Asked(format!("{error}. {tried}\n{tail}"))
}

/// Whether there is no word of a kernel's or an init system's on the console.
fn is_silent(console: &[u8]) -> bool {
    const WORDS: [&str; 4] = ["Linux version", "systemd[1]", "[  OK  ]", "login:"];
    let text = String::from_utf8_lossy(console);
    !WORDS.iter().any(|word| text.contains(word))
}

/// Nothing, if `program` is one for the guest's processor that needs no shared library (ELF: no program header `PT_INTERP`).
///
/// # Errors
/// It is not.
pub(super) fn runs_anywhere(program: &Path) -> Result<(), LabError> {
    let failed = || LabError::io(program.display().to_string());
    let mut start = Vec::new();
    File::open(program).map_err(failed())?.take(4096).read_to_end(&mut start).map_err(failed())?;
    is_static_elf(&start).map_err(|why| LabError::Needs(format!("{}: {why}; build it by cargo build --release", program.display())))
}

fn is_static_elf(start: &[u8]) -> Result<(), &'static str> {
    const X86_64: u16 = 62;
    const INTERP: u32 = 3;
    let half = |at: usize| start.get(at..at + 2).and_then(|bytes| bytes.try_into().ok()).map(u16::from_le_bytes);
    let word = |at: usize| start.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map(u32::from_le_bytes);
    if !start.starts_with(b"\x7fELF\x02\x01") || half(18) != Some(X86_64) {
        return Err("not a program for x86-64, which the guests are");
    }
    let headers = || {
        let (at, size, count) = (word(32)?, half(54)?, half(56)?);
        (0..usize::from(count)).map(|number| word(usize::try_from(at).ok()? + number * usize::from(size))).collect::<Option<Vec<_>>>()
    };
    let headers = headers().ok_or("its ELF header is cut off")?;
    if headers.contains(&INTERP) { Err("it needs shared libraries, which a guest may not have") } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_needs_shared_libraries_is_told_from_one_that_does_not() {
        let own = std::fs::read("/proc/self/exe").expect("read");
        assert_eq!(is_static_elf(&own[..4096]), Ok(()), "tests are linked as the program is");
        let shell = std::fs::read("/bin/sh").expect("read");
        assert!(is_static_elf(&shell[..4096]).is_err_and(|why| why.contains("shared libraries")));
        assert!(is_static_elf(b"#!/bin/sh\n").is_err_and(|why| why.contains("x86-64")));
        assert!(is_static_elf(&own[..100]).is_err_and(|why| why.contains("cut off")));
    }

    #[test]
    fn both_ways_that_were_tried_are_told_with_the_end_of_the_console() {
        let late = || LabError::Late { what: "a report".into(), limit: Duration::from_secs(20) };
        let told = without_report(&late(), Some(&Unmountable("sector 2048: xfs: cannot be mounted here\n".into())), b"\x1b[2JBooting\r\nNo disk")
            .to_string();
        for word in ["not within 20 s", "xfs: cannot be mounted here", "NoCloud seed", "Booting\nNo disk"] {
            assert!(told.contains(word), "{word}: {told}");
        }
        let told = without_report(&late(), None, b"\r\n").to_string();
        assert!(told.contains("by mounting") && told.contains("The console shows nothing"), "{told}");
        assert!(is_silent(b"SeaBIOS\r\nGRUB loading") && !is_silent(b"[    0.000000] Linux version 6.1"));
    }
}
