//! Where reports go: standard output, a file that is there whole or not at all, or a device, pipe or socket.
//!
//! It knows bytes and names of files, and nothing of reports.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// Mode of a new file that everybody may read whom the umask lets.
const BY_UMASK: u32 = 0o666;
/// Mode of a new file that only its owner may read.
const OWNER_ONLY: u32 = 0o600;

/// As many bytes as are written at once.
const PIECE: usize = 64 << 10;

/// Where one report goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Standard output, `-`.
    Stdout,
    /// A file, device, pipe or socket by its path.
    Path(PathBuf),
}

impl From<&OsStr> for Target {
    fn from(name: &OsStr) -> Self {
        if name == "-" { Self::Stdout } else { Self::Path(name.into()) }
    }
}

impl From<OsString> for Target {
    fn from(name: OsString) -> Self {
        name.as_os_str().into()
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Stdout => to.write_str("standard output"),
            Self::Path(path) => write!(to, "{}", path.display()),
        }
    }
}

impl Target {
    /// Whether both name the same file, however they spell it, so that one report would replace the other. Several may go to one device or pipe:
    /// they come one after the other.
    pub fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Path(one), Self::Path(another)) => lasting(one) && (one == another || place(one) == place(another)),
            _ => self == other,
        }
    }
}

/// Whether what is written there replaces what was there.
fn lasting(path: &Path) -> bool {
    fs::metadata(path).map_or(true, |there| !straight_through(path, &there))
}

/// The one spelling of a path whose file need not be there.
fn place(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| match (fs::canonicalize(folder(path)), path.file_name()) {
        (Ok(folder), Some(name)) => folder.join(name),
        _ => path.to_owned(),
    })
}

/// Why an output cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {target}: {source}")]
pub struct OutputError {
    /// The output.
    pub target: Target,
    /// Why.
    pub source: io::Error,
}

/// Whether `target` looks writable, before a run is made for it. Creates and changes nothing, and opens no device.
///
/// # Errors
/// It is a folder or a file that may not be written, or its folder does not exist or may not be written.
pub fn check_writable(target: &Target) -> Result<(), OutputError> {
    let Target::Path(path) = target else { return Ok(()) };
    check_path(path).map_err(|source| OutputError { target: target.clone(), source })
}

/// Writes `bytes` to `target`. A file appears under its name when it is whole; its mode is by the umask. A reader that closed standard output
/// early has seen what it wanted, so that is no error.
///
/// # Errors
/// It cannot be written; then a file that was there before is as it was.
pub fn write(target: &Target, bytes: &[u8]) -> Result<(), OutputError> {
    stream(target, &mut |to| to.write_all(bytes))
}

/// The same for what nobody but its owner shall read: the file's mode is 0600.
///
/// # Errors
/// As for [`write()`].
pub fn write_private(target: &Target, bytes: &[u8]) -> Result<(), OutputError> {
    stream_with_mode(target, &mut |to| to.write_all(bytes), OWNER_ONLY)
}

/// The same for what is too large to be held as one: `produce` writes it piece by piece. It is asked again where the file turns out to be
/// one that can be written but not replaced.
///
/// # Errors
/// As for [`write()`], and what `produce` says.
pub fn stream(target: &Target, produce: Produce<'_>) -> Result<(), OutputError> {
    stream_with_mode(target, produce, BY_UMASK)
}

/// Who writes what an output has.
pub type Produce<'a> = &'a mut dyn FnMut(&mut dyn Write) -> io::Result<()>;

fn stream_with_mode(target: &Target, produce: Produce<'_>, mode: u32) -> Result<(), OutputError> {
    let written = match target {
        Target::Stdout => to_stdout(produce),
        Target::Path(path) => to_path(path, produce, mode),
    };
    written.map_err(|source| OutputError { target: target.clone(), source })
}

/// Writes each output, whatever becomes of the others, and returns what went wrong.
pub fn write_all<'a>(outputs: impl IntoIterator<Item = (&'a Target, &'a [u8])>) -> Vec<OutputError> {
    outputs.into_iter().filter_map(|(target, bytes)| write(target, bytes).err()).collect()
}

fn to_stdout(produce: Produce<'_>) -> io::Result<()> {
    match through(&mut io::stdout().lock(), produce) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

/// In large pieces, however small those are that are produced.
fn through(to: &mut dyn Write, produce: Produce<'_>) -> io::Result<()> {
    let mut to = BufWriter::with_capacity(PIECE, to);
    produce(&mut to)?;
    to.flush()
}

fn to_path(path: &Path, produce: Produce<'_>, mode: u32) -> io::Result<()> {
    let existing = existing(path)?;
    match &existing {
        Some(there) if there.file_type().is_socket() => through(&mut UnixStream::connect(path)?, produce),
        Some(there) if straight_through(path, there) => {
            through(&mut OpenOptions::new().write(true).custom_flags(libc::O_NOCTTY).open(path)?, produce)
        }
        _ => match replace(&behind_links(path), produce, mode) {
            // A file that is mounted by itself, or in a folder that is not ours, can be written but not replaced.
            Err(error) if existing.is_some() && in_place_only(&error) => {
                through(&mut OpenOptions::new().write(true).truncate(true).open(path)?, produce)
            }
            replaced => replaced,
        },
    }
}

/// Writes a file beside `path` and gives it its name.
fn replace(path: &Path, produce: Produce<'_>, mode: u32) -> io::Result<()> {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    // Not made of the file's name, which may be as long as a name can be.
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let temporary = folder(path).join(format!(".v6check.{}.{number}.tmp", std::process::id()));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&temporary)?;
    let written = through(&mut file, produce).and_then(|()| file.sync_all()).and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    written
}

fn in_place_only(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::ResourceBusy | ErrorKind::ReadOnlyFilesystem)
}

fn check_path(path: &Path) -> io::Result<()> {
    let existing = existing(path)?;
    match &existing {
        Some(there) if there.is_dir() => Err(ErrorKind::IsADirectory.into()),
        Some(there) if straight_through(path, there) => Ok(()),
        Some(_) => File::options().write(true).open(path).map(drop),
        None if path.file_name().is_none() => Err(io::Error::new(ErrorKind::InvalidInput, "not the name of a file")),
        None => check_folder(folder(&behind_links(path))),
    }
}

/// Whether a file could be made in `folder`. A file without a name (open(2), `O_TMPFILE`) asks the file system itself, which read-only
/// mounts and access lists answer for too; where it knows no such files, the folder's being there must do.
fn check_folder(folder: &Path) -> io::Result<()> {
    if !fs::metadata(folder)?.is_dir() {
        return Err(ErrorKind::NotADirectory.into());
    }
    match OpenOptions::new().write(true).custom_flags(libc::O_TMPFILE).open(folder) {
        Err(error) if matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem | ErrorKind::NotFound) => Err(error),
        _ => Ok(()),
    }
}

fn existing(path: &Path) -> io::Result<Option<fs::Metadata>> {
    match fs::metadata(path) {
        Ok(there) => Ok(Some(there)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Devices, pipes and sockets; and whatever is behind /dev/stdout or /dev/fd, whose reader would not see a file put in its place.
fn straight_through(path: &Path, there: &fs::Metadata) -> bool {
    let kind = there.file_type();
    let is_stream = kind.is_char_device() || kind.is_block_device() || kind.is_fifo() || kind.is_socket();
    is_stream || path.starts_with("/dev") || path.starts_with("/proc")
}

/// The file that `path` names, so that a symbolic link stays one. A link to nothing is itself replaced.
fn behind_links(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
