//! The files that a boot leaves beside each other, by the image's name.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::LabError;
use crate::vm::Reported;
use v6check::facts;
use v6check::observe::boot::again;

const JUNIT: &str = "junit.xml";
const REPORT: &str = "report.json";
const FACTS: &str = "facts.json";
const RECORDING: &str = "boot.pcapng";
const CONSOLE: &str = "console.log";
const ALL: [&str; 5] = [JUNIT, REPORT, FACTS, RECORDING, CONSOLE];

/// Where they are.
#[derive(Debug)]
pub(super) struct Left {
    folder: PathBuf,
    name: String,
}

impl Left {
    pub(super) fn of(folder: &Path, name: &str) -> Self {
        Self { folder: folder.into(), name: name.into() }
    }

    /// Takes away what an earlier boot left: a report is of this boot, or there is none.
    ///
    /// # Errors
    /// It cannot.
    pub(super) fn clear(&self) -> Result<(), LabError> {
        for ending in ALL {
            let path = self.path(ending);
            match fs::remove_file(&path) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(LabError::io(path.display().to_string())(error)),
                _ => {}
            }
        }
        Ok(())
    }

    /// # Errors
    /// It cannot be written.
    pub(super) fn console(&self, console: &[u8]) -> Result<(), LabError> {
        self.write(CONSOLE, console)
    }

    /// Everything that was reported, the recording of the boot included; what could not be left, in words.
    ///
    /// # Errors
    /// It cannot be written, or what came are no facts.
    pub(super) fn report(&self, reported: &Reported) -> Result<Vec<String>, LabError> {
        self.write(JUNIT, reported.junit.as_bytes())?;
        self.write(REPORT, reported.json.as_bytes())?;
        self.write(FACTS, reported.facts.as_bytes())?;
        let facts = facts::load(&reported.facts).map_err(|error| LabError::Refused(format!("the facts that came: {error}")))?;
        match again(&facts) {
            Some(recording) => self.write(RECORDING, &recording).map(|()| Vec::new()),
            None => Ok(vec![format!("There is no {}: the guest has no recording of its boot.", self.path(RECORDING).display())]),
        }
    }

    fn path(&self, ending: &str) -> PathBuf {
        self.folder.join(format!("{}.{ending}", self.name))
    }

    /// As facts have addresses and identifiers of a machine, for its owner only.
    fn write(&self, ending: &str, bytes: &[u8]) -> Result<(), LabError> {
        let mode = if ending == FACTS { 0o600 } else { 0o644 };
        let path = self.path(ending);
        let file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&path);
        file.and_then(|mut file| file.write_all(bytes)).map_err(LabError::io(path.display().to_string()))
    }
}
