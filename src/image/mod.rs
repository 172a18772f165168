//! An image's files as evidence: read whole or not at all, below a root directory, without waiting and without surprises.
//!
//! Only regular files are read (a FIFO would block, a device might act) and only up to a limit; symbolic links are resolved inside the
//! root, so that a mounted image cannot lead to a file of the machine that looks at it.
//!
//! Only what the file system says is not there is absent. All else that could not be looked at is noted in a ledger, and what is derived from
//! it is unknown.

mod budget;
pub(crate) mod by_name;
pub(crate) mod edits;
mod file;
mod find;
pub(crate) mod ini;
mod ledger;
mod overlay;
mod seen;
pub(crate) mod shell;
pub(crate) mod shell_variables;
pub(crate) mod xml;
pub(crate) mod yaml;

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::path::Path;
use std::rc::Rc;

use crate::facts::Mac;
use crate::rooted::{Fault, Root, is_absence};
use budget::Budget;
use find::Found;
use ledger::Ledger;
use seen::{Names, Seen};

pub(crate) use crate::glob::{has_wildcard, matches};
pub(crate) use file::{of_kernel, open, read};
pub(crate) use overlay::{Entry, Overlay};

/// As many bytes as a configuration or lease file may have: 1 MiB.
pub(crate) const MOST_BYTES: u64 = 1 << 20;
/// As many paths as one pattern may give.
const MOST_MATCHES: usize = 1024;

/// An interface as files may speak of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nic {
    /// Its name.
    pub name: String,
    /// Its MAC address; unknown in an image.
    pub mac: Option<Mac>,
    /// Its driver, where an image's NIC is assumed to have one.
    pub driver: Option<String>,
}

impl Nic {
    /// One that files speak of by its name.
    pub fn named(name: impl Into<String>) -> Self {
        Self { name: name.into(), mac: None, driver: None }
    }

    /// One of an image, with a driver.
    pub fn assumed(name: impl Into<String>, driver: impl Into<String>) -> Self {
        Self { driver: Some(driver.into()), ..Self::named(name) }
    }
}

/// The directory that stands for `/`, with edits on top of its files. What was seen below it is kept, so it is made anew for each run.
#[derive(Debug, Clone)]
pub(crate) struct Image {
    root: Rc<Root>,
    edits: Rc<Overlay>,
    ledger: Rc<Ledger>,
    budget: Rc<Budget>,
    seen: Rc<RefCell<Seen>>,
}

impl Image {
    /// Paths below `root`.
    pub(crate) fn new(root: &Path) -> Self {
        Self::failing(root, None)
    }

    /// As [`Image::new`], and one of the system calls fails.
    pub(crate) fn failing(root: &Path, fault: Option<Fault>) -> Self {
        Self { root: Rc::new(Root::failing(root, fault)), edits: Rc::default(), ledger: Rc::default(), budget: Rc::default(), seen: Rc::default() }
    }

    /// How many system calls were made so far.
    pub(crate) fn calls(&self) -> u64 {
        self.root.calls()
    }

    /// The bytes of the regular file at the absolute path `path`.
    ///
    /// # Errors
    /// It is absent, not readable, not a regular file, or larger than `most` bytes.
    pub(crate) fn read(&self, path: &str, most: u64) -> io::Result<Vec<u8>> {
        let read = match self.find(path)? {
            Found::Files(node) => self.root.read(&node, most).and_then(|bytes| self.budget.bytes(bytes.len()).map(|()| bytes)),
            Found::Edited(Entry::File { bytes, .. }) if bytes.len() as u64 <= most => Ok(bytes.to_vec()),
            Found::Edited(Entry::File { .. }) => Err(io::Error::other(format!("larger than {most} bytes"))),
            Found::Edited(_) | Found::Directory { .. } => Err(not_a_file()),
        };
        self.noted(path, read)
    }

    /// The regular file at `path`, to be read piece by piece.
    ///
    /// # Errors
    /// It is absent, not readable, or not a regular file.
    pub(crate) fn open(&self, path: &str) -> io::Result<File> {
        let opened = match self.find(path)? {
            Found::Files(node) => self.root.open(&node),
            Found::Edited(Entry::File { bytes, .. }) => in_memory(bytes),
            Found::Edited(_) | Found::Directory { .. } => Err(not_a_file()),
        };
        self.noted(path, opened)
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
            Err(error) if is_absence(&error) => Err(error),
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
            Err(error) if is_absence(&error) => Ok(None),
            Err(error) => Err(io::Error::new(error.kind(), format!("{path}: {error}"))),
        }
    }

    /// When the regular file at `path` was last written, in seconds since 1970.
    ///
    /// # Errors
    /// It is absent or not a regular file.
    pub(crate) fn modified(&self, path: &str) -> io::Result<u64> {
        match self.find(path)? {
            Found::Files(node) if node.is_file() => Ok(node.modified()),
            _ => self.noted(path, Err(not_a_file())),
        }
    }

    /// The permissions of the file at `path`, as chmod(2) has them.
    ///
    /// # Errors
    /// It is absent or cannot be looked at.
    pub(crate) fn permissions(&self, path: &str) -> io::Result<u32> {
        Ok(match self.find(path)? {
            Found::Files(node) | Found::Directory { files: Some(node), .. } => node.mode(),
            Found::Edited(Entry::File { mode, .. }) => *mode,
            Found::Edited(_) | Found::Directory { files: None, .. } => 0o755,
        })
    }

    /// Whether something is at `path`.
    pub(crate) fn exists(&self, path: &str) -> bool {
        self.kept(|seen| &mut seen.answers, &format!("exists {path}"), || self.find(path).is_ok())
    }

    /// The answer to `question`, which only files below this root decide.
    pub(crate) fn once(&self, question: &str, answer: impl FnOnce() -> bool) -> bool {
        self.kept(|seen| &mut seen.answers, question, answer)
    }

    /// Whether `bytes` more of scripts may be parsed.
    pub(crate) fn may_parse(&self, bytes: usize) -> bool {
        self.budget.parsed(bytes).is_ok()
    }

    /// Whether nothing is at `folder`, so that nothing is below it: asked once where each interface would have a file there.
    fn lacks(&self, folder: &str) -> bool {
        self.once(&format!("lacks {folder}"), || self.find(folder).is_err_and(|error| error.kind() == io::ErrorKind::NotFound))
    }

    /// Whether a directory is at `path`.
    pub(crate) fn is_directory(&self, path: &str) -> bool {
        self.find(path).is_ok_and(|found| match found {
            Found::Files(node) => node.is_directory(),
            Found::Edited(_) => false,
            Found::Directory { .. } => true,
        })
    }

    /// Whether the file at `path` may be run, by its mode.
    pub(crate) fn is_executable(&self, path: &str) -> bool {
        self.find(path).is_ok_and(|found| match found {
            Found::Files(node) => node.is_file() && node.mode() & 0o111 != 0,
            Found::Edited(Entry::File { mode, .. }) => mode & 0o111 != 0,
            Found::Edited(_) | Found::Directory { .. } => false,
        })
    }

    /// Whether `path` leads to /dev/null, by whatever links.
    pub(crate) fn leads_to_null(&self, path: &str) -> bool {
        self.link(path).is_some() && self.resolve(path).is_ok_and(|found| found.strip_prefix("/").unwrap_or(&found) == Path::new("dev/null"))
    }

    /// Whether the file at `path` is a regular one of size 0.
    pub(crate) fn is_empty_file(&self, path: &str) -> bool {
        self.find(path).is_ok_and(|found| match found {
            Found::Files(node) => node.is_file() && node.size() == 0,
            Found::Edited(Entry::File { bytes, .. }) => bytes.is_empty(),
            Found::Edited(_) | Found::Directory { .. } => false,
        })
    }

    /// Whether the regular file at `path` begins with these bytes.
    pub(crate) fn begins_with(&self, path: &str, bytes: &[u8]) -> bool {
        let mut first = Vec::new();
        self.open(path).is_ok_and(|file| file.take(bytes.len() as u64).read_to_end(&mut first).is_ok()) && first == bytes
    }

    /// What the symbolic link at `path` says, if one is there.
    pub(crate) fn link(&self, path: &str) -> Option<String> {
        let (folder, name) = path.rsplit_once('/')?;
        let link = self.resolve(folder).and_then(|folder| self.link_at(&folder.join(name)));
        let target = self.noted(path, link).ok()??.into_os_string().into_string();
        self.noted(path, target.map_err(|_| io::Error::other("leads to a name that is not UTF-8"))).ok()
    }

    /// The absolute paths that match `pattern`, sorted. Each component may hold `*`, `?` and `[...]`; a leading `.` is matched only by
    /// itself (glob(7)).
    pub(crate) fn glob(&self, pattern: &str) -> Vec<String> {
        let found = self.kept(
            |seen| &mut seen.globs,
            pattern,
            || {
                self.look_for(pattern)
                    .unwrap_or_else(|error| {
                        self.note(pattern, &error);
                        Vec::new()
                    })
                    .into()
            },
        );
        found.to_vec()
    }

    fn look_for(&self, pattern: &str) -> io::Result<Vec<String>> {
        let mut found = vec![String::new()];
        for part in pattern.split('/').filter(|part| !part.is_empty()) {
            if !has_wildcard(part) {
                found = found.iter().map(|base| format!("{base}/{part}")).collect();
                continue;
            }
            let fits = |name: &&String| (part.starts_with('.') || !name.starts_with('.')) && matches(part, name);
            let mut next = Vec::new();
            for base in &found {
                let folder = if base.is_empty() { "/" } else { base };
                let Names { names, odd } = self.listed(folder);
                self.budget.entries(names.len())?;
                if let Some(name) = odd.iter().find(fits) {
                    self.note(folder, not_utf8(name));
                }
                next.extend(names.iter().filter(fits).map(|name| format!("{base}/{name}")));
                if next.len() > MOST_MATCHES {
                    return Err(io::Error::other(format!("more than {MOST_MATCHES} files match")));
                }
            }
            found = next;
        }
        found.retain(|path| !path.is_empty() && self.exists(path));
        Ok(found)
    }

    /// The names in a directory, sorted; none if it cannot be read.
    pub(crate) fn names(&self, path: &str) -> Vec<String> {
        let Names { names, odd } = self.listed(path);
        if let Some(name) = odd.first() {
            self.note(path, not_utf8(name));
        }
        names.to_vec()
    }

    fn listed(&self, path: &str) -> Names {
        self.kept(|seen| &mut seen.names, path, || self.noted(path, self.list(path)).unwrap_or_default())
    }
}

fn not_a_file() -> io::Error {
    io::Error::other("not a regular file")
}

fn not_utf8(name: &str) -> String {
    format!("holds a name that is not UTF-8 ({name})")
}

/// A file that holds `bytes` and has no name.
fn in_memory(bytes: &[u8]) -> io::Result<File> {
    let mut file = File::from(rustix::fs::memfd_create("edited", rustix::fs::MemfdFlags::CLOEXEC)?);
    file.write_all(bytes)?;
    file.rewind()?;
    Ok(file)
}

#[cfg(test)]
mod tests;
