//! What is laid over an image before it boots: files, and a script that runs in it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::LabError;

/// One file of a layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Where it goes, from the image's top: `etc/sysctl.d/99-site.conf`.
    pub path: String,
    /// What it holds.
    pub bytes: Vec<u8>,
    /// Its permissions.
    pub mode: u32,
}

/// Changes to an image: files first, then the script.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Layer {
    /// Files to be written.
    pub entries: Vec<Entry>,
    /// Run by the image's own `sh -e` inside the image; may be empty.
    pub script: String,
}

impl Layer {
    /// With a file that everybody may read.
    #[must_use]
    pub fn file(mut self, path: &str, text: &str) -> Self {
        self.entries.push(Entry { path: path.into(), bytes: text.into(), mode: 0o644 });
        self
    }

    /// With a program.
    #[must_use]
    pub fn program(mut self, path: &str, text: &str) -> Self {
        self.entries.push(Entry { path: path.into(), bytes: text.into(), mode: 0o755 });
        self
    }

    /// With a file that only root may read, as those that can hold passwords must be.
    #[must_use]
    pub fn private(mut self, path: &str, text: &str) -> Self {
        self.entries.push(Entry { path: path.into(), bytes: text.into(), mode: 0o600 });
        self
    }

    /// With these lines at the script's end.
    #[must_use]
    pub fn run(mut self, lines: &str) -> Self {
        self.script.push_str(lines);
        self.script.push('\n');
        self
    }

    /// With `other` on top of it.
    #[must_use]
    pub fn under(mut self, other: &Self) -> Self {
        self.entries.extend(other.entries.iter().cloned());
        self.script.push_str(&other.script);
        self
    }

    /// Lays its files out below `top`.
    pub(super) fn lay_out(&self, top: &Path) -> Result<(), LabError> {
        for Entry { path, bytes, mode } in &self.entries {
            let to = top.join(path);
            let made = to.parent().map_or(Ok(()), fs::create_dir_all);
            made.and_then(|()| fs::write(&to, bytes))
                .and_then(|()| fs::set_permissions(&to, fs::Permissions::from_mode(*mode)))
                .map_err(LabError::io(format!("the layer's file {path}")))?;
        }
        Ok(())
    }
}
