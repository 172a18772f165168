//! A directory that stands for `/`: everything below it is reached through one handle, and nothing outside of it.
//!
//! Symbolic links are resolved as the image has them once it is booted. Only paths without links are given to the kernel, which refuses those
//! where a link has taken the place of a directory meanwhile; what is done next is done to the handle, and no path is resolved twice.

mod fault;
mod links;
mod walk;
mod write;

use std::cell::Cell;
use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Dir, FileType, FsWord, Mode, OFlags, ResolveFlags, Stat, fstat, fstatfs, openat, openat2, readlinkat};
use rustix::io::Errno;

use fault::Calls;
pub use fault::Fault;
pub(crate) use links::resolve;

/// File systems whose files are no data: reading some of them acts, as reading /proc/kmsg takes lines from the kernel's log.
/// (linux/magic.h: procfs, sysfs, tracefs, debugfs, securityfs, configfs.)
const MADE_UP: [(FsWord, &str); 6] = [
    (0x9fa0, "procfs"),
    (0x6265_6572, "sysfs"),
    (0x7472_6163, "tracefs"),
    (0x6462_6720, "debugfs"),
    (0x7363_6673, "securityfs"),
    (0x6265_6570, "configfs"),
];
/// As often as the kernel is asked again where directories are moved under its feet.
const MOST_TRIES: u32 = 16;

/// The directory.
#[derive(Debug)]
pub(crate) struct Root {
    top: Result<OwnedFd, Errno>,
    device: u64,
    /// Whether this is the machine's own `/`, which has /proc and /sys.
    is_machine: bool,
    /// Whether the kernel has no `openat2`, or a filter of system calls keeps it from us.
    walks: Cell<bool>,
    calls: Calls,
}

/// Something below the root, held by a handle that can neither be read nor written.
#[derive(Debug)]
pub(crate) struct Node {
    handle: OwnedFd,
    stat: Stat,
    place: PathBuf,
}

impl Node {
    fn kind(&self) -> FileType {
        FileType::from_raw_mode(self.stat.st_mode)
    }

    pub(crate) fn is_file(&self) -> bool {
        self.kind() == FileType::RegularFile
    }

    pub(crate) fn is_directory(&self) -> bool {
        self.kind() == FileType::Directory
    }

    pub(crate) fn is_link(&self) -> bool {
        self.kind() == FileType::Symlink
    }

    /// Whether it is /dev/null, which is empty and may be read.
    pub(crate) fn is_null(&self) -> bool {
        self.kind() == FileType::CharacterDevice && self.stat.st_rdev == rustix::fs::makedev(1, 3)
    }

    /// Its size in bytes.
    pub(crate) fn size(&self) -> u64 {
        u64::try_from(self.stat.st_size).unwrap_or(0)
    }

    /// Its permission bits.
    pub(crate) fn mode(&self) -> u32 {
        self.stat.st_mode & 0o7777
    }

    /// When it was last written, in seconds since 1970.
    pub(crate) fn modified(&self) -> u64 {
        u64::try_from(self.stat.st_mtime).unwrap_or(0)
    }

    /// Its path in the image, where no part but the last can be a link.
    pub(crate) fn place(&self) -> &Path {
        &self.place
    }

    fn is(&self, other: &Stat) -> bool {
        (self.stat.st_dev, self.stat.st_ino) == (other.st_dev, other.st_ino)
    }
}

impl Root {
    /// The directory `top`. Where it cannot be opened, nothing below it can be.
    pub(crate) fn new(top: &Path) -> Self {
        Self::failing(top, None)
    }

    /// As [`Root::new`], and one of its system calls fails.
    pub(crate) fn failing(top: &Path, fault: Option<Fault>) -> Self {
        let calls = Calls::new(fault);
        let opened = calls.make(|| openat(CWD, top, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()));
        // Where the top itself is made up, no device is like it, and all below is looked at.
        let stat = opened.as_ref().ok().filter(|top| made_up(top).is_ok_and(|kind| kind.is_none())).and_then(|top| fstat(top).ok());
        let device = stat.map_or(0, |stat| stat.st_dev);
        Self { top: opened, device, is_machine: top == Path::new("/"), walks: Cell::new(false), calls }
    }

    /// How many system calls were made so far.
    pub(crate) fn calls(&self) -> u64 {
        self.calls.made()
    }

    fn top(&self) -> io::Result<BorrowedFd<'_>> {
        self.top.as_ref().map(AsFd::as_fd).map_err(|error| (*error).into())
    }

    /// What is at `path`. A link in the way, and one in the end if it is to be followed, leads where `link_at` says that it does; it says
    /// `None` where no link is.
    ///
    /// # Errors
    /// Nothing is there, or it could not be looked at.
    pub(crate) fn find(&self, path: &Path, follow: bool, mut link_at: impl FnMut(&Path) -> io::Result<Option<PathBuf>>) -> io::Result<Node> {
        match self.at(path) {
            Ok(node) if !(follow && node.is_link()) => return Ok(node),
            Ok(_) => {}
            Err(error) if error.raw_os_error() == Some(Errno::LOOP.raw_os_error()) => {}
            Err(error) => return Err(error),
        }
        self.settled(&links::place(path, follow, &mut link_at)?)
    }

    /// As [`Root::at`], for a place where no link is left.
    ///
    /// # Errors
    /// As [`Root::at`]; a link has taken the place of a directory meanwhile.
    pub(crate) fn settled(&self, place: &Path) -> io::Result<Node> {
        self.at(place).map_err(|error| match error.raw_os_error() {
            Some(number) if number == Errno::LOOP.raw_os_error() => io::Error::other("changed while it was looked at"),
            _ => error,
        })
    }

    /// As [`Root::find`], with each link read anew.
    ///
    /// # Errors
    /// As [`Root::find`].
    pub(crate) fn look(&self, path: &Path, follow: bool) -> io::Result<Node> {
        self.find(path, follow, |place| self.link(place))
    }

    /// What the symbolic link at `place` says, in whose folders no link is; `None` where there is none.
    ///
    /// # Errors
    /// It cannot be known.
    pub(crate) fn link(&self, place: &Path) -> io::Result<Option<PathBuf>> {
        match self.at(place) {
            Ok(node) if node.is_link() => self.target(&node).map(Some),
            Ok(_) => Ok(None),
            Err(error) if is_absence(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What a symbolic link says.
    ///
    /// # Errors
    /// It cannot be read.
    pub(crate) fn target(&self, link: &Node) -> io::Result<PathBuf> {
        let target = self.calls.make(|| readlinkat(&link.handle, "", Vec::new()))?;
        Ok(OsString::from_vec(target.into_bytes()).into())
    }

    /// What is at `place`, no link being followed.
    fn at(&self, place: &Path) -> io::Result<Node> {
        let handle = self.opened(place, OFlags::PATH)?;
        let stat = self.calls.make(|| fstat(&handle))?;
        if !self.is_machine
            && stat.st_dev != self.device
            && let Some(name) = self.calls.make(|| made_up(&handle))?
        {
            return Err(io::Error::other(format!("a file of the running kernel ({name}), which is not read in an image")));
        }
        Ok(Node { handle, stat, place: place.to_owned() })
    }

    fn opened(&self, place: &Path, flags: OFlags) -> io::Result<OwnedFd> {
        let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let top = self.top()?;
        let inside = place.strip_prefix("/").unwrap_or(place);
        let inside = if inside.as_os_str().is_empty() { Path::new(".") } else { inside };
        let resolve = ResolveFlags::IN_ROOT | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
        let mut tries = 0;
        while !self.walks.get() && tries < MOST_TRIES {
            match self.calls.make(|| openat2(top, inside, flags, Mode::empty(), resolve)) {
                Err(Errno::AGAIN) => tries += 1,
                Err(Errno::NOSYS | Errno::PERM) => self.walks.set(true),
                opened => return Ok(opened?),
            }
        }
        Ok(walk::open(&self.calls, top, inside, flags)?)
    }

    /// The names in a directory, as the file system has them.
    ///
    /// # Errors
    /// It is none, it cannot be read, or it has more than `most` names.
    pub(crate) fn list(&self, directory: &Node, most: usize) -> io::Result<Vec<OsString>> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let opened = self.calls.make(|| openat(&directory.handle, ".", flags, Mode::empty()))?;
        let mut names = Vec::new();
        for entry in self.calls.make(|| Dir::new(opened))? {
            let entry = self.calls.make(|| entry)?;
            let name = entry.file_name().to_bytes();
            if name == b"." || name == b".." {
                continue;
            }
            if names.len() == most {
                return Err(io::Error::other(format!("has more than {most} entries")));
            }
            names.push(OsString::from_vec(name.to_vec()));
        }
        Ok(names)
    }

    /// A regular file, opened to be read. Nothing else is opened: a FIFO would wait, and a device might act.
    ///
    /// # Errors
    /// It is no regular file, or it cannot be read.
    pub(crate) fn open(&self, node: &Node) -> io::Result<File> {
        if !node.is_file() {
            return Err(io::Error::other("not a regular file"));
        }
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY;
        let own = format!("/proc/self/fd/{}", node.handle.as_raw_fd());
        match self.calls.make(|| openat(CWD, &own[..], flags | OFlags::CLOEXEC, Mode::empty())) {
            Ok(file) => Ok(file.into()),
            // Without /proc by its path, and it must be the same.
            Err(Errno::NOENT) => {
                let file = self.opened(&node.place, flags)?;
                let stat = self.calls.make(|| fstat(&file))?;
                if node.is(&stat) { Ok(file.into()) } else { Err(io::Error::other("changed while it was looked at")) }
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The bytes of a regular file; /dev/null has none.
    ///
    /// # Errors
    /// It is not a regular file, cannot be read, or is larger than `most` bytes.
    pub(crate) fn read(&self, node: &Node, most: u64) -> io::Result<Vec<u8>> {
        /// Files of /proc tell no size beforehand; most of them fit in this, and so take one read.
        const PIECE: usize = 8 << 10;
        if node.is_null() {
            return Ok(Vec::new());
        }
        let file = self.open(node)?;
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let mut bytes = Vec::with_capacity(PIECE);
        loop {
            let room = bytes.spare_capacity_mut().len();
            if room == 0 {
                bytes.reserve(bytes.len().clamp(PIECE, 1 << 20));
            }
            if self.calls.make(|| rustix::io::read(&file, rustix::buffer::spare_capacity(&mut bytes)))? == 0 {
                return Ok(bytes);
            }
            if bytes.len() > most {
                return Err(io::Error::other(format!("larger than {most} bytes")));
            }
        }
    }
}

/// The name of the file system if its files are no data.
fn made_up(handle: &OwnedFd) -> Result<Option<&'static str>, Errno> {
    let kind = fstatfs(handle)?.f_type;
    Ok(MADE_UP.iter().find(|(magic, _)| kind == *magic).map(|(_, name)| *name))
}

/// Whether an error says that nothing is there. Every other one says that it is not known what is.
pub(crate) fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

#[cfg(test)]
pub(crate) mod tests;
