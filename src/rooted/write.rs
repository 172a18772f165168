//! Changes in a directory that is held by its handle, each by one name: nothing is followed, and nothing is resolved.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use rustix::fs::{AtFlags, Mode, OFlags, fchmod, mkdirat, openat, renameat, symlinkat, unlinkat};

use super::{Node, Root};

impl Root {
    /// Makes a directory, with these permissions whatever the umask is.
    ///
    /// # Errors
    /// Something is there, or it cannot be made.
    pub(crate) fn make_directory(&self, parent: &Node, name: &OsStr, mode: u32) -> io::Result<()> {
        let mode = Mode::from_raw_mode(mode);
        self.calls.make(|| mkdirat(&parent.handle, name, mode))?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let made = self.calls.make(|| openat(&parent.handle, name, flags, Mode::empty()))?;
        Ok(self.calls.make(|| fchmod(&made, mode))?)
    }

    /// Makes a file that is on the disk when this returns.
    ///
    /// # Errors
    /// Something is there, or it cannot be written.
    pub(crate) fn make_file(&self, parent: &Node, name: &OsStr, mode: u32, bytes: &[u8]) -> io::Result<()> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let made = self.calls.make(|| openat(&parent.handle, name, flags, Mode::RUSR | Mode::WUSR))?;
        let mut file = File::from(made);
        file.write_all(bytes)?;
        self.calls.make(|| fchmod(&file, Mode::from_raw_mode(mode)))?;
        file.sync_all()
    }

    /// Makes a symbolic link.
    ///
    /// # Errors
    /// Something is there, or it cannot be made.
    pub(crate) fn make_link(&self, parent: &Node, name: &OsStr, target: &Path) -> io::Result<()> {
        Ok(self.calls.make(|| symlinkat(target, &parent.handle, name))?)
    }

    /// Gives a file its name, in place of what has it.
    ///
    /// # Errors
    /// It cannot be.
    pub(crate) fn rename(&self, parent: &Node, from: &OsStr, to: &OsStr) -> io::Result<()> {
        Ok(self.calls.make(|| renameat(&parent.handle, from, &parent.handle, to))?)
    }

    /// Removes a file or link.
    ///
    /// # Errors
    /// Nothing is there, or it cannot be removed.
    pub(crate) fn remove(&self, parent: &Node, name: &OsStr) -> io::Result<()> {
        Ok(self.calls.make(|| unlinkat(&parent.handle, name, AtFlags::empty()))?)
    }

    /// Removes an empty directory.
    ///
    /// # Errors
    /// It is none, or it cannot be removed.
    pub(crate) fn remove_directory(&self, parent: &Node, name: &OsStr) -> io::Result<()> {
        Ok(self.calls.make(|| unlinkat(&parent.handle, name, AtFlags::REMOVEDIR))?)
    }
}
