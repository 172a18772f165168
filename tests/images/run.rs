//! Runs the program over an image as a user without rights, bounded in time and memory.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use tempfile::TempDir;
use v6check::report::Report;
use v6check_lab::needs;

use crate::tree::NOBODY;

/// Seconds of a processor that it may take, whatever else the machine does; an image is judged in milliseconds.
const PROCESSOR_SECONDS: &str = "20";
/// Seconds after which it waits for something that does not come.
const SECONDS: &str = "600";
/// As much address space as it may take.
const MOST_BYTES: &str = "268435456";

/// What came of a run.
pub(crate) struct Ran {
    pub(crate) report: Report,
    /// All that it printed.
    pub(crate) printed: String,
}

/// The report on one interface of the image at `root`.
pub(crate) fn judge(root: &Path, interface: &str) -> Result<Ran, String> {
    judge_with(root, &["-i", interface])
}

/// The report on the image at `root`, by some options.
pub(crate) fn judge_with(root: &Path, options: &[&str]) -> Result<Ran, String> {
    let mut command = needs::command("prlimit");
    command.args([format!("--as={MOST_BYTES}"), format!("--cpu={PROCESSOR_SECONDS}")]).args(["timeout", SECONDS]).arg(program());
    command.arg("--root").arg(root).args(options).args(["--json", "-"]);
    command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").current_dir("/");
    // The owner of a process's folder in /proc is its effective user.
    if std::fs::metadata("/proc/self").map_err(|error| error.to_string())?.uid() == 0 {
        command.uid(NOBODY).gid(NOBODY);
    }
    let output = command.output().map_err(|error| error.to_string())?;
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let code = output.status.code();
    if !matches!(code, Some(0 | 1 | 3)) {
        return Err(format!("exit code {code:?}: {stderr}"));
    }
    let report: Report = serde_json::from_str(&stdout).map_err(|error| format!("{error}: {stdout}"))?;
    if code != Some(i32::from(report.summary.exit_code)) {
        return Err(format!("exit code {code:?}, but the report says {}", report.summary.exit_code));
    }
    Ok(Ran { report, printed: format!("{stdout}{stderr}") })
}

/// What `v6check remedy` prints for one interface of the image at `root`.
pub(crate) fn remedy(root: &Path, interface: &str, format: &str) -> Result<String, String> {
    let mut command = needs::command("timeout");
    command.arg(SECONDS).arg(program()).args(["remedy", "--format", format, "--root"]).arg(root).args(["-i", interface]);
    command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").current_dir("/");
    if std::fs::metadata("/proc/self").map_err(|error| error.to_string())?.uid() == 0 {
        command.uid(NOBODY).gid(NOBODY);
    }
    let output = command.output().map_err(|error| error.to_string())?;
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if matches!(output.status.code(), Some(0 | 3)) { Ok(stdout.into_owned()) } else { Err(format!("{}: {stderr}", output.status)) }
}

/// A copy of the program in a place that nobody can reach, whatever the folder that it is built in allows.
fn program() -> &'static Path {
    static PROGRAM: OnceLock<(TempDir, PathBuf)> = OnceLock::new();
    let (_, path) = PROGRAM.get_or_init(|| {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("v6check");
        std::fs::copy(env!("CARGO_BIN_EXE_v6check"), &path).unwrap();
        for place in [directory.path(), &path] {
            std::fs::set_permissions(place, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        (directory, path)
    });
    path
}
