//! A throw-away disk over an image: all that is written goes into it, and the image stays as it is.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;

use super::header::format_of;
use super::{CONSOLE_PORT, Layer, REPORTS_PORT};
use crate::command::{run, succeed};
use crate::needs;
use crate::{COMMAND_LIMIT, LabError, scratch};

const CHANGE: &str = include_str!("change.sh");
/// A layer's script may make a boot loader's files anew, or an initramfs.
const CHANGE_LIMIT: Duration = Duration::from_mins(15);
/// The script's exit code where no root file system can be mounted.
const UNMOUNTABLE: i32 = 3;

/// Why an image's files cannot be reached from here: what was tried, a line each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unmountable(pub String);

/// A qcow2 file whose backing file is the image.
#[derive(Debug)]
pub struct Overlay {
    file: PathBuf,
    directory: TempDir,
}

impl Overlay {
    /// Over `image`, qcow2 or raw.
    ///
    /// # Errors
    /// It cannot be read, has parts outside of its own directory, or qemu-img does not run.
    pub fn over(image: &Path) -> Result<Self, LabError> {
        let image = image.canonicalize().map_err(LabError::io(image.display().to_string()))?;
        Self::made(&image, format_of(&image)?)
    }

    /// Over what another one holds now, which no machine may run from any more: a snapshot's clone.
    ///
    /// # Errors
    /// qemu-img does not run.
    pub fn over_snapshot(snapshot: &Self) -> Result<Self, LabError> {
        Self::made(&snapshot.file, "qcow2")
    }

    fn made(image: &Path, format: &str) -> Result<Self, LabError> {
        let directory = scratch::directory("vm")?;
        let file = directory.path().join("disk.qcow2");
        let mut create = needs::command("qemu-img");
        create.args(["create", "-q", "-f", "qcow2", "-F", format, "-b"]).arg(image).arg(&file);
        succeed(&mut create, "", COMMAND_LIMIT)?;
        Ok(Self { file, directory })
    }

    /// The disk's file, a qcow2.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// A place for what belongs to this disk's machine.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Lays `layer` over the image, and has `program`, a v6check, make each boot recorded and reported by the second serial port.
    ///
    /// # Errors
    /// A command failed. The inner error: no file system of the image can be mounted here.
    pub fn change(&self, layer: &Layer, program: Option<&Path>) -> Result<Result<(), Unmountable>, LabError> {
        self.changed(layer, program.map(|program| (program, &[][..])))
    }

    /// Has `program` make each boot recorded and reported, with these arguments to its `install` besides; runs nothing of the image.
    ///
    /// # Errors
    /// As of [`Self::change`].
    pub fn install(&self, program: &Path, arguments: &[String]) -> Result<Result<(), Unmountable>, LabError> {
        self.changed(&Layer::default(), Some((program, arguments)))
    }

    fn changed(&self, layer: &Layer, program: Option<(&Path, &[String])>) -> Result<Result<(), Unmountable>, LabError> {
        let work = TempDir::with_prefix_in("change-", self.directory.path()).map_err(LabError::io("a directory"))?;
        let (files, script) = (work.path().join("layer"), work.path().join("script"));
        fs::create_dir(&files).and_then(|()| fs::write(&script, &layer.script)).map_err(LabError::io("the layer"))?;
        layer.lay_out(&files)?;
        let mut command = needs::command("unshare");
        command.args(["--mount", "--propagation", "private", "sh", "-c", CHANGE, "change"]).arg(&self.file).arg(&files).arg(&script);
        command.env("WORK", work.path());
        if let Some((program, arguments)) = program {
            command.arg(program).arg("install").args(install_arguments()).args(arguments);
        }
        let output = run(&mut command, "", CHANGE_LIMIT)?;
        match output.code {
            Some(0) => Ok(Ok(())),
            Some(UNMOUNTABLE) => Ok(Err(Unmountable(output.stderr))),
            code => Err(LabError::Failed { command: "changing the image".into(), code, text: format!("{}{}", output.stderr, output.stdout) }),
        }
    }
}

/// What v6check is told to do with each boot: the text to the console, all else over the second port.
pub(super) fn install_arguments() -> [&'static str; 8] {
    ["--report", CONSOLE_PORT, "--save", REPORTS_PORT, "--json", REPORTS_PORT, "--junit", REPORTS_PORT]
}
