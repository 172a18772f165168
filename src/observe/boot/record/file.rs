//! The file of a recording: blocks are appended, each time whole, and when it is full its middle is left out, so that the first half and the last
//! blocks stay.
//!
//! It knows of blocks what a reader must: kinds, lengths and times. A recording of the same boot is continued by a new section.

use std::ffi::OsStr;
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::capture::write;

/// The folder that is made if it is not there.
const FOLDER: &str = "v6check";
/// Kinds of blocks and the first bytes of a file (draft-ietf-opsawg-pcapng section 4), in the byte order of this machine.
const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const BYTE_ORDER_MAGIC: u32 = 0x1a2b_3c4d;
const INTERFACE_DESCRIPTION: u32 = 1;
const ENHANCED_PACKET: u32 = 6;
const JOURNAL_EXPORT: u32 = 9;
/// As much of a block as is read to know its kind, its time, and a gap's span.
const BEGINNING: usize = 256;
/// As much of a section header as is read to know whose it is.
const LONGEST_HEADER: usize = 512;
/// Of a full file the last part of this size stays, in parts of the whole.
const TAIL: u64 = 4;

/// How often it is tried to lock the file.
const LOCK_TRIES: u32 = 5;

/// The field of a gap's journal entry. It stands first, so that it is found in a block's beginning.
pub(super) const GAP: &str = "V6CHECK_GAP";

/// A span of which something is missing, in nanoseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Span {
    pub(super) from_ns: u64,
    pub(super) until_ns: u64,
    pub(super) frames: Option<u64>,
}

impl Span {
    /// Its journal entry.
    pub(super) fn entry(&self, why: &str) -> Vec<u8> {
        write::journal(self.until_ns, why, &[(GAP, &serde_json::to_string(self).unwrap_or_default())])
    }
}

/// The file.
#[derive(Debug)]
pub(super) struct Recorded {
    file: File,
    /// Absent for standard output, which is as long as it becomes.
    path: Option<PathBuf>,
    length: u64,
    /// What is never left out: the blocks that begin the file, up to half of it.
    head: u64,
    most: u64,
}

impl Recorded {
    /// Opens the file at `path`, `-` for standard output, makes it and its folder where they are not there, and begins a section. It will have
    /// `most` bytes at the most. A recording of another boot is replaced.
    ///
    /// # Errors
    /// It cannot be written, another recorder writes it, or it is something else than a recording.
    pub(super) fn begin(path: &Path, most: u64, application: &str, boot: &str) -> io::Result<Self> {
        let mut recorded = if path.as_os_str() == "-" {
            let file = File::from(io::stdout().as_fd().try_clone_to_owned()?);
            Self { file, path: None, length: 0, head: 0, most: u64::MAX }
        } else {
            // /run begins empty. A folder of another name that is not there is a name mistyped.
            if let Some(folder) = path.parent().filter(|folder| folder.file_name() == Some(OsStr::new(FOLDER)) && !folder.exists()) {
                DirBuilder::new().mode(0o755).create(folder)?;
            }
            let file =
                OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).custom_flags(libc::O_NONBLOCK).open(path)?;
            if !file.metadata()?.is_file() {
                return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a file"));
            }
            lock(&file)?;
            // The name itself is replaced when the file is full; behind a link, the file.
            let mut recorded = Self { file, path: Some(fs::canonicalize(path)?), length: 0, head: 0, most };
            recorded.go_on(boot)?;
            recorded
        };
        recorded.append(&write::section(application, boot))?;
        Ok(recorded)
    }

    /// Appends whole blocks. Where that fails, none of them is in the file.
    ///
    /// # Errors
    /// The file system's, as where it is full.
    pub(super) fn append(&mut self, blocks: &[u8]) -> io::Result<()> {
        let more = blocks.len() as u64;
        if self.length.saturating_add(more) > self.most {
            self.leave_out_the_middle()?;
        }
        if let Err(error) = self.file.write_all(blocks) {
            // What of it was written would hide what is appended later.
            let _ = self.file.set_len(self.length).and_then(|()| self.file.seek(SeekFrom::End(0)));
            return Err(error);
        }
        self.length += more;
        if self.length <= self.most / 2 {
            self.head = self.length;
        }
        Ok(())
    }

    /// Makes out what is in the file already.
    fn go_on(&mut self, boot: &str) -> io::Result<()> {
        let mut beginning = Vec::new();
        (&self.file).take(LONGEST_HEADER as u64).read_to_end(&mut beginning)?;
        let has = |text: &str| beginning.windows(text.len()).any(|window| window == text.as_bytes());
        let magic = [SECTION_HEADER.to_ne_bytes(), BYTE_ORDER_MAGIC.to_ne_bytes()];
        let is_capture = beginning.get(..4) == Some(&magic[0]) && beginning.get(8..12) == Some(&magic[1]);
        let is_ours = is_capture && has("v6check ") && has("boot_id=");
        if !is_ours && !beginning.is_empty() {
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, "it is there, and is no recording that v6check made"));
        }
        if has(boot) {
            let end = self.file.metadata()?.len();
            let half = self.most / 2;
            while let Some(block) = self.block(self.length, end)? {
                self.length += block.length;
                if self.length <= half {
                    self.head = self.length;
                }
            }
        }
        // A block that was being written when the recorder ended is cut off.
        self.file.set_len(self.length)?;
        self.file.seek(SeekFrom::Start(self.length)).map(drop)
    }

    /// The block at `at`, of a file that ends at `end`; `None` where none is whole.
    fn block(&self, at: u64, end: u64) -> io::Result<Option<Block>> {
        let mut beginning = [0; BEGINNING];
        let there = usize::try_from(end.saturating_sub(at)).unwrap_or(BEGINNING).min(BEGINNING);
        self.file.read_exact_at(&mut beginning[..there], at)?;
        let length = u64::from(u32_at(&beginning, 4));
        let whole = there >= 12 && length >= 12 && length % 4 == 0 && length <= end - at;
        Ok(whole.then(|| Block { kind: u32_at(&beginning, 0), length, beginning }))
    }

    /// Writes the file anew, without what stands between its head and its last part but for the blocks that number the interfaces. What is left
    /// out is told by a gap, which takes in those of before.
    fn leave_out_the_middle(&mut self) -> io::Result<()> {
        let Some(path) = self.path.clone() else { return Ok(()) };
        let mut kept = Vec::new();
        let mut span = Span { from_ns: u64::MAX, until_ns: 0, frames: Some(0) };
        let mut at = self.head;
        while self.length - at > self.most / TAIL {
            let Some(block) = self.block(at, self.length)? else { break };
            if matches!(block.kind, SECTION_HEADER | INTERFACE_DESCRIPTION) {
                let mut whole = vec![0; usize::try_from(block.length).map_err(io::Error::other)?];
                self.file.read_exact_at(&mut whole, at)?;
                kept.extend(whole);
            } else {
                block.add_to(&mut span);
            }
            at += block.length;
        }
        if span.until_ns > 0 {
            kept.extend(span.entry("left out, so that the recording does not become larger than it may"));
        }

        let temporary = path.with_file_name(format!(".v6check.{}.tmp", std::process::id()));
        let written = self.write_anew(&temporary, &kept, at).and_then(|file| fs::rename(&temporary, &path).map(|()| file));
        let file = match written {
            Ok(file) => file,
            Err(error) => {
                let _ = fs::remove_file(&temporary);
                return Err(error);
            }
        };
        self.length = self.head + kept.len() as u64 + (self.length - at);
        self.file = file;
        Ok(())
    }

    fn write_anew(&self, temporary: &Path, kept: &[u8], tail: u64) -> io::Result<File> {
        let mut file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(temporary)?;
        lock(&file)?;
        let mut old = &self.file;
        old.seek(SeekFrom::Start(0))?;
        io::copy(&mut old.take(self.head), &mut file)?;
        file.write_all(kept)?;
        old.seek(SeekFrom::Start(tail))?;
        io::copy(&mut old.take(self.length - tail), &mut file)?;
        Ok(file)
    }
}

/// A block as far as it is read here.
struct Block {
    kind: u32,
    length: u64,
    beginning: [u8; BEGINNING],
}

impl Block {
    /// Adds what is missing without this block.
    fn add_to(&self, span: &mut Span) {
        let number = |at| u64::from(u32_at(&self.beginning, at));
        let (from_ns, until_ns, frames) = match self.kind {
            ENHANCED_PACKET => (number(12) << 32 | number(16), number(12) << 32 | number(16), Some(1)),
            JOURNAL_EXPORT => {
                let text = String::from_utf8_lossy(&self.beginning[8..]);
                let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
                let Some(at_us) = field("__REALTIME_TIMESTAMP").and_then(|value| value.parse::<u64>().ok()) else { return };
                let at_ns = at_us.saturating_mul(1000);
                match field(GAP).and_then(|value| serde_json::from_str::<Span>(value).ok()) {
                    Some(gap) => (gap.from_ns, gap.until_ns, gap.frames),
                    None => (at_ns, at_ns, Some(0)),
                }
            }
            _ => return,
        };
        span.from_ns = span.from_ns.min(from_ns);
        span.until_ns = span.until_ns.max(until_ns);
        span.frames = span.frames.zip(frames).map(|(one, other)| one.saturating_add(other));
    }
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..).and_then(|bytes| bytes.first_chunk()).map_or(0, |chunk| u32::from_ne_bytes(*chunk))
}

/// Locks the file for as long as it is open, by which its readers tell that the recording goes on.
fn lock(file: &File) -> io::Result<()> {
    for _ in 0..LOCK_TRIES {
        match file.try_lock() {
            // A reader holds it for a moment, another recorder for good.
            Err(TryLockError::WouldBlock) => sleep(Duration::from_millis(10)),
            // Not every file system knows locks.
            Ok(()) | Err(TryLockError::Error(_)) => return Ok(()),
        }
    }
    Err(io::Error::new(io::ErrorKind::ResourceBusy, "another recorder writes it"))
}
