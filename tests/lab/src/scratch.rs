//! Where the lab's files are: in directories that end with what they belong to.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use tempfile::TempDir;

use super::{LabError, enter};

static KEPT_IN: OnceLock<PathBuf> = OnceLock::new();

/// Has all directories be made in `folder` instead of /tmp, so that a process that was killed leaves them where they are found.
///
/// # Errors
/// They have a folder already, or guests would not see it.
pub(super) fn keep_in(folder: PathBuf) -> Result<(), LabError> {
    seen(&folder)?;
    KEPT_IN.set(folder).map_err(|folder| LabError::Refused(format!("{}: the lab's files have another place", folder.display())))
}

/// A new directory.
pub(super) fn directory(role: &str) -> Result<TempDir, LabError> {
    let folder = KEPT_IN.get().cloned().unwrap_or_else(std::env::temp_dir);
    seen(&folder)?;
    TempDir::with_prefix_in(format!("v6lab-{role}-"), &folder).map_err(LabError::io(format!("a directory in {}", folder.display())))
}

/// Whether guests see this folder.
///
/// # Errors
/// They have their own in its place.
pub(super) fn seen(folder: &Path) -> Result<(), LabError> {
    if enter::is_seen(folder) {
        return Ok(());
    }
    Err(LabError::Asked(format!("the lab's files cannot be in {}, which guests have of their own; set TMPDIR", folder.display())))
}
