//! Files as evidence: read whole or not at all, below a root directory, without waiting and without surprises.
//!
//! Only regular files are read (a FIFO would block, a device might act) and only up to a limit; symbolic links are resolved inside the
//! root, so that a mounted image cannot lead to a file of the machine that looks at it.

pub(crate) mod ini;
mod overlay;
pub(crate) mod shell_variables;
pub(crate) mod xml;
pub(crate) mod yaml;

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::below;
use crate::facts::Mac;
use overlay::Said;

pub(crate) use crate::glob::{has_wildcard, matches};
pub(crate) use overlay::{Entry, Overlay};

/// As many bytes as a configuration or lease file may have: 1 MiB.
pub(crate) const MOST_BYTES: u64 = 1 << 20;
/// As many paths as one pattern may give.
const MOST_MATCHES: usize = 1024;
/// As many entries of one directory as are looked at.
const MOST_ENTRIES: usize = 16_384;

/// As much as is kept of what was read, for when it is asked for again, in bytes; and of one file or directory.
const MOST_KEPT: usize = 1 << 20;
const MOST_KEPT_OF_ONE: usize = 64 << 10;

/// An interface as files may speak of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nic {
    /// Its name.
    pub name: String,
    /// Its MAC address; unknown in an image.
    pub mac: Option<Mac>,
}

/// The directory that stands for `/`. What was seen below it is kept: each of the many readers of one run sees the same, and the machine
/// is asked once. So it is made anew for each run.
#[derive(Debug, Clone)]
pub(crate) struct Image {
    top: PathBuf,
    edits: Rc<Overlay>,
    seen: Rc<RefCell<Seen>>,
}

/// Where a path leads to.
enum Place<'a> {
    /// A place of the files, and its path within the image.
    Files(PathBuf, String),
    /// What edits put there.
    Edited(&'a Entry),
    /// A directory of the edits alone, or of both.
    Folder { path: String, files: Option<PathBuf> },
}

/// What was seen.
#[derive(Debug, Default)]
struct Seen {
    /// What the symbolic link at a place says; `None` where none is.
    links: HashMap<PathBuf, Option<PathBuf>>,
    /// The names in a directory.
    names: HashMap<String, Vec<String>>,
    /// The paths that match a pattern.
    globs: HashMap<String, Vec<String>>,
    /// Texts of files; `None` where no file is.
    texts: HashMap<String, Option<Rc<str>>>,
    /// Whether something is at a path.
    exists: HashMap<String, bool>,
    /// What follows from several files together, by what was asked.
    answers: HashMap<String, bool>,
    /// How much that is, in bytes.
    kept: usize,
}

impl Seen {
    /// Whether `bytes` more are kept.
    fn has_room(&mut self, bytes: usize) -> bool {
        let room = bytes <= MOST_KEPT_OF_ONE && self.kept + bytes <= MOST_KEPT;
        self.kept += if room { bytes } else { 0 };
        room
    }

    fn has_room_for(&mut self, names: &[String]) -> bool {
        self.has_room(names.iter().map(|name| name.len() + size_of::<String>()).sum())
    }
}

impl Image {
    /// Paths below `root`.
    pub(crate) fn new(root: &Path) -> Self {
        Self { top: root.to_owned(), edits: Rc::default(), seen: Rc::default() }
    }

    /// This image as it is with `edits` on top of what is there now. Nothing is written, and nothing that was seen before is taken over.
    #[cfg_attr(not(test), allow(dead_code, reason = "for fixes, which are tried on an image before they are called fixes"))]
    pub(crate) fn with(&self, edits: &Overlay) -> Self {
        // By the folder that the edit is in, whatever links lead to it; what cannot be resolved cannot be read either.
        let place = |path: &str| {
            let (folder, name) = path.rsplit_once('/')?;
            Some(format!("{}/{name}", self.within(&self.resolve(folder).ok()?)?))
        };
        let placed = edits.entries().map(|(path, entry)| (place(path).unwrap_or_else(|| path.to_owned()), entry.clone()));
        let all = self.edits.followed_by(placed.collect());
        Self { top: self.top.clone(), edits: Rc::new(all), seen: Rc::default() }
    }

    /// The bytes of the regular file at the absolute path `path`.
    ///
    /// # Errors
    /// It is absent, not readable, not a regular file, or larger than `most` bytes.
    pub(crate) fn read(&self, path: &str, most: u64) -> io::Result<Vec<u8>> {
        match self.find(path)? {
            Place::Files(place, _) => read(&place, most),
            Place::Edited(Entry::File { bytes, .. }) if bytes.len() as u64 <= most => Ok(bytes.to_vec()),
            Place::Edited(Entry::File { .. }) => Err(io::Error::other(format!("larger than {most} bytes"))),
            Place::Edited(_) | Place::Folder { .. } => Err(io::Error::other("not a regular file")),
        }
    }

    /// The regular file at `path`, to be read piece by piece.
    ///
    /// # Errors
    /// It is absent, not readable, or not a regular file. Edits have no open file.
    pub(crate) fn open(&self, path: &str) -> io::Result<File> {
        match self.find(path)? {
            Place::Files(place, _) => open(&place),
            Place::Edited(_) => Err(io::Error::other("edited, so no file can be opened")),
            Place::Folder { .. } => Err(io::Error::other("not a regular file")),
        }
    }

    /// The text of a file of at most [`MOST_BYTES`]; bytes that are not UTF-8 are replaced.
    ///
    /// # Errors
    /// As [`Image::read`].
    pub(crate) fn text(&self, path: &str) -> io::Result<String> {
        if let Some(known) = self.seen.borrow().texts.get(path) {
            return known.as_ref().map(ToString::to_string).ok_or_else(|| io::ErrorKind::NotFound.into());
        }
        let text = match self.read(path, MOST_BYTES) {
            Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(error),
            Err(error) => return Err(error),
        };
        let mut seen = self.seen.borrow_mut();
        if seen.has_room(path.len() + text.as_ref().map_or(0, String::len)) {
            seen.texts.insert(path.to_owned(), text.as_deref().ok().map(Rc::from));
        }
        text
    }

    /// As [`Image::text`]; `None` if there is no such file.
    ///
    /// # Errors
    /// There is one, and it cannot be read.
    pub(crate) fn text_if_any(&self, path: &str) -> io::Result<Option<String>> {
        Ok(self.bytes_if_any(path)?.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
    }

    /// The bytes of a file of at most [`MOST_BYTES`]; `None` if there is no such file.
    ///
    /// # Errors
    /// There is one, and it cannot be read.
    pub(crate) fn bytes_if_any(&self, path: &str) -> io::Result<Option<Vec<u8>>> {
        if path.rsplit_once('/').is_some_and(|(folder, _)| self.lacks(folder)) {
            return Ok(None);
        }
        match self.read(path, MOST_BYTES) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
            Err(error) => Err(io::Error::new(error.kind(), format!("{path}: {error}"))),
        }
    }

    /// When the regular file at `path` was last written, in seconds since 1970.
    ///
    /// # Errors
    /// It is absent or not a regular file.
    pub(crate) fn modified(&self, path: &str) -> io::Result<u64> {
        let Place::Files(place, _) = self.find(path)? else { return Err(io::Error::other("not a regular file that was ever written")) };
        let found = place.metadata()?;
        if !found.is_file() {
            return Err(io::Error::other("not a regular file"));
        }
        Ok(found.modified()?.duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_secs()))
    }

    /// Whether something is at `path`.
    pub(crate) fn exists(&self, path: &str) -> bool {
        if let Some(known) = self.seen.borrow().exists.get(path) {
            return *known;
        }
        let exists = self.find(path).is_ok_and(|found| match found {
            Place::Files(place, _) => place.symlink_metadata().is_ok(),
            Place::Edited(_) | Place::Folder { .. } => true,
        });
        let mut seen = self.seen.borrow_mut();
        if seen.has_room(path.len()) {
            seen.exists.insert(path.to_owned(), exists);
        }
        exists
    }

    /// The answer to `question`, which only files below this root decide.
    pub(crate) fn once(&self, question: String, answer: impl FnOnce() -> bool) -> bool {
        if let Some(known) = self.seen.borrow().answers.get(&question) {
            return *known;
        }
        let answer = answer();
        let mut seen = self.seen.borrow_mut();
        if seen.has_room(question.len()) {
            seen.answers.insert(question, answer);
        }
        answer
    }

    /// Whether nothing is at `folder`, so that nothing is below it: asked once where each interface would have a file there.
    fn lacks(&self, folder: &str) -> bool {
        self.once(format!("lacks {folder}"), || {
            let found = self.find(folder).and_then(|found| match found {
                Place::Files(place, _) => place.metadata().map(|_| ()),
                Place::Edited(_) | Place::Folder { .. } => Ok(()),
            });
            found.is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
        })
    }

    /// Whether a directory is at `path`.
    pub(crate) fn is_directory(&self, path: &str) -> bool {
        self.find(path).is_ok_and(|found| match found {
            Place::Files(place, _) => place.is_dir(),
            Place::Edited(_) => false,
            Place::Folder { .. } => true,
        })
    }

    /// What the symbolic link at `path` says, if one is there.
    pub(crate) fn link(&self, path: &str) -> Option<String> {
        let (folder, name) = path.rsplit_once('/')?;
        let link = self.resolve(folder).ok()?.join(name);
        self.link_at(&link)?.into_os_string().into_string().ok()
    }

    /// The absolute paths that match `pattern`, sorted. Each component may hold `*`, `?` and `[...]`; a leading `.` is matched only by
    /// itself (glob(7)).
    pub(crate) fn glob(&self, pattern: &str) -> Vec<String> {
        if let Some(known) = self.seen.borrow().globs.get(pattern) {
            return known.clone();
        }
        let found = self.look_for(pattern);
        let mut seen = self.seen.borrow_mut();
        if seen.has_room_for(&found) {
            seen.globs.insert(pattern.to_owned(), found.clone());
        }
        found
    }

    fn look_for(&self, pattern: &str) -> Vec<String> {
        let mut found = vec![String::new()];
        for part in pattern.split('/').filter(|part| !part.is_empty()) {
            let mut next = Vec::new();
            for base in &found {
                if has_wildcard(part) {
                    let names = self.names(if base.is_empty() { "/" } else { base });
                    let fitting = names.iter().filter(|name| (part.starts_with('.') || !name.starts_with('.')) && matches(part, name));
                    next.extend(fitting.map(|name| format!("{base}/{name}")));
                } else {
                    next.push(format!("{base}/{part}"));
                }
                next.truncate(MOST_MATCHES);
            }
            found = next;
        }
        found.retain(|path| !path.is_empty() && self.exists(path));
        found
    }

    /// The names in a directory, sorted; none if it cannot be read.
    pub(crate) fn names(&self, path: &str) -> Vec<String> {
        if let Some(known) = self.seen.borrow().names.get(path) {
            return known.clone();
        }
        let listed = |place: &Path| -> BTreeSet<String> {
            let entries = std::fs::read_dir(place).into_iter().flatten();
            entries.take(MOST_ENTRIES).flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect()
        };
        let names: Vec<String> = match self.find(path) {
            Err(_) | Ok(Place::Edited(_)) => Vec::new(),
            Ok(Place::Files(place, inside)) => self.amended(&inside, listed(&place)),
            Ok(Place::Folder { path, files }) => self.amended(&path, files.map(|place| listed(&place)).unwrap_or_default()),
        };
        let mut seen = self.seen.borrow_mut();
        if seen.has_room_for(&names) {
            seen.names.insert(path.to_owned(), names.clone());
        }
        names
    }

    fn amended(&self, folder: &str, mut names: BTreeSet<String>) -> Vec<String> {
        self.edits.amend(folder, &mut names);
        names.into_iter().collect()
    }

    /// What is where `path` leads to.
    fn find(&self, path: &str) -> io::Result<Place<'_>> {
        let place = self.resolve(path)?;
        let Some(inside) = self.within(&place).filter(|_| !self.edits.is_empty()) else { return Ok(Place::Files(place, String::new())) };
        match self.edits.at(&inside) {
            Said::Nothing => Ok(Place::Files(place, inside)),
            Said::Entry(Entry::Absent) => Err(io::ErrorKind::NotFound.into()),
            Said::NotADirectory => Err(io::ErrorKind::NotADirectory.into()),
            Said::Entry(entry) => Ok(Place::Edited(entry)),
            Said::Directory { only } => Ok(Place::Folder { files: (!only).then_some(place), path: inside }),
        }
    }

    /// The path within the image of a place below its top: `""` for the top. None if it is not UTF-8.
    fn within(&self, place: &Path) -> Option<String> {
        let inside = place.strip_prefix(&self.top).ok()?.to_str()?;
        Some(if inside.is_empty() { String::new() } else { format!("/{inside}") })
    }

    /// Where `path` leads to, its symbolic links read as this root has them.
    fn resolve(&self, path: &str) -> io::Result<PathBuf> {
        below::resolve(&self.top, Path::new(path), |place| self.link_at(place))
    }

    /// What the symbolic link at `place` says. What cannot be read is none, and is told when it is opened.
    fn link_at(&self, place: &Path) -> Option<PathBuf> {
        if let Some(known) = self.seen.borrow().links.get(place) {
            return known.clone();
        }
        let said = self.within(place).filter(|_| !self.edits.is_empty()).map_or(Said::Nothing, |inside| self.edits.at(&inside));
        let target = match said {
            Said::Nothing => std::fs::read_link(place).ok(),
            Said::Entry(Entry::Link(target)) => Some(target.into()),
            Said::Entry(_) | Said::NotADirectory => None,
            Said::Directory { only } => (!only).then(|| std::fs::read_link(place).ok()).flatten(),
        };
        let mut seen = self.seen.borrow_mut();
        if seen.has_room(2 * place.as_os_str().len()) {
            seen.links.insert(place.to_owned(), target.clone());
        }
        target
    }
}

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

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn a_link_stays_below_the_root() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::create_dir(directory.path().join("etc")).unwrap();
        std::fs::write(directory.path().join("etc/hostname"), "image\n").unwrap();
        for (name, target) in [("a", "/etc/hostname"), ("b", "../../../../etc/hostname"), ("c", "/d"), ("d", "/c")] {
            std::os::unix::fs::symlink(target, directory.path().join(name)).unwrap();
        }
        let root = Image::new(directory.path());
        assert_eq!(root.text("/a").unwrap(), "image\n");
        assert_eq!(root.text("/b").unwrap(), "image\n");
        assert_eq!(root.text("/../../etc/./hostname").unwrap(), "image\n");
        assert!(root.text("/c").unwrap_err().to_string().contains("symbolic links"));
        assert_eq!(root.text_if_any("/etc/hostname/x").unwrap(), None);
        assert_eq!(root.bytes_if_any("/absent/x").unwrap(), None);
        assert!(root.bytes_if_any("/c/x").is_err(), "what cannot be looked at is not absent");
        assert_eq!(root.glob("/e*/host?ame"), ["/etc/hostname"]);
    }

    #[test]
    fn edits_are_seen_by_every_question_and_written_nowhere() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(directory.path().join("usr/lib/d")).unwrap();
        std::os::unix::fs::symlink("usr/lib", directory.path().join("lib")).unwrap();
        for name in ["a", "b", "c"] {
            std::fs::write(directory.path().join("usr/lib/d").join(name), name).unwrap();
        }
        let before = Image::new(directory.path());
        assert_eq!(before.names("/lib/d"), ["a", "b", "c"]);
        let mut edits = Overlay::default();
        edits.put("/lib/d/a", Entry::File { bytes: Rc::from(*b"new"), mode: 0o644 });
        edits.put("/lib/d/b", Entry::Absent);
        edits.put("/usr/lib/d/c", Entry::Link("/dev/null".into()));
        edits.put("/etc/x/y/z", Entry::File { bytes: Rc::from(*b"made"), mode: 0o755 });
        edits.put("/etc/link", Entry::Link("x/y".into()));
        let after = before.with(&edits);
        assert_eq!(after.text("/usr/lib/d/a").unwrap(), "new");
        assert_eq!(after.text("/lib/d/a").unwrap(), "new");
        assert!(after.read("/lib/d/a", 2).is_err());
        assert_eq!(after.bytes_if_any("/lib/d/b").unwrap(), None);
        assert_eq!(after.text_if_any("/lib/d/a/x").unwrap(), None);
        assert_eq!(after.names("/lib/d"), ["a", "c"]);
        assert_eq!((after.link("/lib/d/c").as_deref(), after.link("/usr/lib/d/a")), (Some("/dev/null"), None));
        assert_eq!(after.glob("/usr/lib/*/[ab]"), ["/usr/lib/d/a"]);
        assert_eq!(after.text("/etc/link/z").unwrap(), "made");
        assert_eq!(after.glob("/etc/*/*/z"), ["/etc/x/y/z"]);
        assert_eq!(after.glob("/etc/*/z"), ["/etc/link/z"]);
        assert_eq!(after.names("/"), ["etc", "lib", "usr"]);
        assert!(after.is_directory("/etc/x") && after.exists("/etc/x/y") && !after.is_directory("/etc/x/y/z") && !after.exists("/lib/d/b"));

        let mut again = Overlay::default();
        again.put("/lib/d", Entry::Absent);
        again.put("/lib/d/e", Entry::File { bytes: Rc::from(*b""), mode: 0o644 });
        assert_eq!(after.with(&again).names("/usr/lib/d"), ["e"], "a directory that is made anew");
        assert_eq!(before.text("/lib/d/a").unwrap(), "a", "the image itself stays as it is");
        assert_eq!(Image::new(directory.path()).names("/"), ["lib", "usr"], "nothing is written");
    }

    #[test]
    fn neither_waits_nor_reads_for_ever() {
        let directory = tempfile::tempdir().unwrap();
        let fifo = directory.path().join("fifo");
        assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
        assert!(read(&fifo, MOST_BYTES).unwrap_err().to_string().contains("not a regular file"));
        assert!(read(Path::new("/dev/zero"), MOST_BYTES).unwrap_err().to_string().contains("not a regular file"));
        std::fs::write(directory.path().join("large"), "12345").unwrap();
        assert!(read(&directory.path().join("large"), 4).is_err());
        assert_eq!(read(&directory.path().join("large"), 5).unwrap(), b"12345");
    }
}
