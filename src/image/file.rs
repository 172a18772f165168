//! Files of the machine itself, by their paths: those of /proc, and those that a user names.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::MOST_BYTES;

/// The bytes of a regular file, files of /proc among them.
///
/// # Errors
/// It is absent, not readable, not a regular file, or larger than `most` bytes.
pub(crate) fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let file = open(path)?;
    // Files of /proc tell no size beforehand; most of them fit in a page or two, and so take one read.
    let mut bytes = Vec::with_capacity(8 << 10);
    file.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(io::Error::other(format!("larger than {most} bytes")));
    }
    Ok(bytes)
}

/// The bytes of a file of /proc that only the kernel can have put there, so that one need not look at what it is.
///
/// # Errors
/// It is absent or not readable.
pub(crate) fn of_kernel(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(8 << 10);
    File::open(path)?.take(MOST_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A regular file.
///
/// # Errors
/// It is absent, not readable, or not a regular file.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    // Looked at before: to open a device can act by itself, as it does with a watchdog.
    if !path.metadata()?.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    // Whatever took its place meanwhile: without O_NONBLOCK the open would wait for the other end of a FIFO.
    let file = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY).open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::Error::other("not a regular file")) }
}
