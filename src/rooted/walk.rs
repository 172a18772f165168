//! Opening a path below a directory step by step, where the kernel (before 5.6) or a filter of system calls has no `openat2`.

use std::ffi::OsStr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Component, Path};

use rustix::fs::{FileType, Mode, OFlags, fstat, openat};
use rustix::io::{Errno, Result};

use super::fault::Calls;

/// Opens `path` below `top` with `flags`. No link is followed: one in the way is an error, as with `RESOLVE_NO_SYMLINKS`.
pub(super) fn open(calls: &Calls, top: BorrowedFd<'_>, path: &Path, flags: OFlags) -> Result<OwnedFd> {
    let step = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    // The way back for `..`, which is not asked of the file system: a directory may have been moved.
    let mut way: Vec<OwnedFd> = Vec::new();
    let mut parts = path.components().peekable();
    let mut last = OsStr::new(".");
    while let Some(part) = parts.next() {
        match part {
            Component::Normal(name) if parts.peek().is_none() => last = name,
            Component::Normal(name) => {
                let here = way.last().map_or(top, AsFd::as_fd);
                let handle = calls.make(|| openat(here, name, step, Mode::empty()))?;
                match FileType::from_raw_mode(calls.make(|| fstat(&handle))?.st_mode) {
                    FileType::Directory => way.push(handle),
                    FileType::Symlink => return Err(Errno::LOOP),
                    _ => return Err(Errno::NOTDIR),
                }
            }
            Component::ParentDir => {
                way.pop();
            }
            Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
        }
    }
    let here = way.last().map_or(top, AsFd::as_fd);
    calls.make(|| openat(here, last, flags, Mode::empty()))
}
