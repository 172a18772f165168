//! How files are written below a root: links of the image are read as the image has them, nothing outside is touched, and each file is there
//! whole or not at all.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use super::pieces::{Kind, MARK, PROGRAM_MARK, Piece};
use crate::rooted::{self, Node, Root, is_absence};

/// As large as a unit or script of ours may be, in bytes.
const MOST_TEXT: u64 = 1 << 20;
/// As large as a program may be, in bytes.
const MOST_PROGRAM: u64 = 256 << 20;

/// As many names of one directory as are looked at.
const MOST_NAMES: usize = 16_384;

/// What is at the place of a piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum There {
    Nothing,
    /// Exactly it.
    Same,
    /// An earlier one of ours.
    Ours,
    Foreign,
}

/// What is below a directory that stands for `/`.
#[derive(Debug)]
pub(super) struct Tree {
    root: Root,
}

/// A name in a directory, whatever is there.
struct Place<'a> {
    folder: Node,
    name: &'a OsStr,
}

impl Tree {
    pub(super) fn new(top: &Path) -> Self {
        Self { root: Root::new(top) }
    }

    /// What is at `path` instead of `wanted`. A link there is not followed.
    pub(super) fn look(&self, path: &str, wanted: &Kind) -> io::Result<There> {
        let there = match self.root.look(Path::new(path), false) {
            Err(error) if is_absence(&error) => return Ok(There::Nothing),
            there => there?,
        };
        Ok(match wanted {
            Kind::Link(target) if there.is_link() && self.root.target(&there)? == Path::new(target) => There::Same,
            Kind::File { mode, bytes } if there.is_file() => {
                let found = self.root.read(&there, if path == super::PROGRAM { MOST_PROGRAM } else { MOST_TEXT })?;
                let mark = if path == super::PROGRAM { PROGRAM_MARK } else { MARK.as_bytes() };
                if found == *bytes && there.mode() == *mode {
                    There::Same
                } else if holds(&found, mark) {
                    There::Ours
                } else {
                    There::Foreign
                }
            }
            _ => There::Foreign,
        })
    }

    /// The text of a regular file.
    pub(super) fn text(&self, path: &str) -> Option<String> {
        let there = self.there(path).filter(Node::is_file)?;
        self.root.read(&there, MOST_TEXT).ok().map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The first bytes of a regular file.
    pub(super) fn start(&self, path: &str, most: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        if let Some(file) = self.there(path).and_then(|there| self.root.open(&there).ok()) {
            let _ = file.take(most).read_to_end(&mut bytes);
        }
        bytes
    }

    /// What the symbolic link at `path` says.
    pub(super) fn link(&self, path: &str) -> Option<String> {
        let link = self.root.look(Path::new(path), false).ok().filter(Node::is_link)?;
        self.root.target(&link).ok()?.into_os_string().into_string().ok()
    }

    /// Whether a regular file is at `path` itself.
    pub(super) fn is_file(&self, path: &str) -> bool {
        self.root.look(Path::new(path), false).is_ok_and(|there| there.is_file())
    }

    pub(super) fn exists(&self, path: &str) -> bool {
        self.there(path).is_some()
    }

    pub(super) fn is_directory(&self, path: &str) -> bool {
        self.there(path).is_some_and(|there| there.is_directory())
    }

    /// The names in a directory, sorted.
    pub(super) fn names(&self, path: &str) -> Vec<String> {
        let names = self.there(path).and_then(|folder| self.root.list(&folder, MOST_NAMES).ok()).unwrap_or_default();
        let mut names: Vec<String> = names.into_iter().filter_map(|name| name.into_string().ok()).collect();
        names.sort();
        names
    }

    /// The directories that `path` needs and that are not there yet, as paths of the image.
    pub(super) fn missing_folders(&self, path: &str) -> io::Result<BTreeSet<String>> {
        let (folder, _) = split(path);
        let place = rooted::resolve(Path::new(folder), |place| self.root.link(place))?;
        let mut missing = BTreeSet::new();
        for folder in place.ancestors().take_while(|folder| *folder != Path::new("/")) {
            match self.root.look(folder, false) {
                Ok(_) => break,
                Err(error) if is_absence(&error) => {}
                Err(error) => return Err(error),
            }
            let name = folder.to_str().ok_or_else(|| io::Error::other("leads through a name that is not UTF-8"))?;
            missing.insert(name.to_owned());
        }
        Ok(missing)
    }

    /// Makes `folders` and then `pieces`: all are written under other names before the first gets its own, so that what fails mostly fails
    /// while nothing has changed.
    pub(super) fn write(&self, folders: &BTreeSet<String>, pieces: &[&Piece]) -> Result<(), (String, io::Error)> {
        let mut made = Vec::new();
        let mut staged: Vec<(Place<'_>, OsString)> = Vec::new();
        let written = self.write_to(folders, pieces, &mut made, &mut staged);
        if written.is_err() {
            for (place, temporary) in &staged {
                let _ = self.root.remove(&place.folder, temporary);
            }
            for place in made.iter().rev() {
                let _ = self.root.remove_directory(&place.folder, place.name);
            }
        }
        written
    }

    /// As [`Tree::write`]; what it leaves behind where it fails is in `made` and `staged`.
    fn write_to<'a>(
        &self,
        folders: &'a BTreeSet<String>,
        pieces: &[&'a Piece],
        made: &mut Vec<Place<'a>>,
        staged: &mut Vec<(Place<'a>, OsString)>,
    ) -> Result<(), (String, io::Error)> {
        // Sorted, so that the outer comes first.
        for path in folders {
            let place = self.place(path).map_err(of(path))?;
            self.root.make_directory(&place.folder, place.name, 0o755).map_err(of(path))?;
            made.push(place);
        }
        for piece in pieces {
            staged.push(self.stage(piece).map_err(of(&piece.path))?);
        }
        for piece in pieces {
            let Some((place, temporary)) = staged.first() else { break };
            self.root.rename(&place.folder, temporary, place.name).map_err(of(&piece.path))?;
            staged.remove(0);
        }
        Ok(())
    }

    /// Writes a piece beside its place.
    fn stage<'a>(&self, piece: &'a Piece) -> io::Result<(Place<'a>, OsString)> {
        let place = self.place(&piece.path)?;
        let mut temporary = OsString::from(".");
        temporary.push(place.name);
        temporary.push(format!(".{}.tmp", std::process::id()));
        let written = match &piece.kind {
            Kind::Link(target) => self.root.make_link(&place.folder, &temporary, Path::new(target)),
            Kind::File { mode, bytes } => self.root.make_file(&place.folder, &temporary, *mode, bytes),
        };
        match written {
            Ok(()) => Ok((place, temporary)),
            Err(error) => {
                // What was there before is not ours to remove.
                if error.kind() != ErrorKind::AlreadyExists {
                    let _ = self.root.remove(&place.folder, &temporary);
                }
                Err(error)
            }
        }
    }

    /// Removes a file or link; that it is gone already is no error.
    pub(super) fn remove(&self, path: &str) -> io::Result<()> {
        match self.place(path).and_then(|place| self.root.remove(&place.folder, place.name)) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            removed => removed,
        }
    }

    /// Removes a directory if nothing is in it, and says whether it did.
    pub(super) fn remove_empty(&self, path: &str) -> io::Result<bool> {
        match self.place(path).and_then(|place| self.root.remove_directory(&place.folder, place.name)) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::DirectoryNotEmpty || is_absence(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Whether nothing would be in a directory without `gone`.
    pub(super) fn empty_without(&self, path: &str, gone: &[String]) -> bool {
        let Some(folder) = self.there(path).filter(Node::is_directory) else { return false };
        let is_gone = |name: &OsString| {
            gone.iter().any(|path| {
                let (above, last) = split(path);
                OsStr::new(last) == name && self.there(above).is_some_and(|above| above.place() == folder.place())
            })
        };
        self.root.list(&folder, MOST_NAMES).is_ok_and(|names| names.iter().all(is_gone))
    }

    /// What `path` leads to.
    fn there(&self, path: &str) -> Option<Node> {
        self.root.look(Path::new(path), true).ok()
    }

    /// Where `path` is, its last name taken as it stands.
    fn place<'a>(&self, path: &'a str) -> io::Result<Place<'a>> {
        let (folder, name) = split(path);
        Ok(Place { folder: self.root.look(Path::new(folder), true)?, name: OsStr::new(name) })
    }
}

/// The folder of a path, and its last name.
fn split(path: &str) -> (&str, &str) {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    (if folder.is_empty() { "/" } else { folder }, name)
}

fn of(path: &str) -> impl Fn(io::Error) -> (String, io::Error) + '_ {
    move |error| (path.to_owned(), error)
}

/// Whether `mark` is somewhere in `bytes`. Whole marks are stepped over where none of its bytes is.
fn holds(bytes: &[u8], mark: &[u8]) -> bool {
    let mut at = mark.len() - 1;
    while let Some(byte) = bytes.get(at) {
        match mark.iter().rposition(|of_mark| of_mark == byte) {
            Some(index) if bytes[at - index..].starts_with(mark) => return true,
            Some(_) => at += 1,
            None => at += mark.len(),
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rooted::tests::Swapped;

    #[test]
    fn nothing_outside_is_written_or_removed_while_a_directory_is_swapped_for_a_link() {
        let swapped = Swapped::new();
        let tree = Tree::new(&swapped.root());
        let pieces = [Piece::file("/etc/d/unit", 0o644, MARK.into()), Piece::file("/etc/d/sub/unit", 0o644, MARK.into())];
        let (mut written, mut removed) = (0, 0);
        while written < 30 || removed < 30 {
            let mut folders = BTreeSet::new();
            for piece in &pieces {
                folders.extend(tree.missing_folders(&piece.path).unwrap_or_default());
            }
            written += usize::from(tree.write(&folders, &pieces.each_ref()).is_ok());
            for path in ["/etc/d/unit", "/etc/d/sub/unit", "/etc/d/name"] {
                let ours = tree.look(path, &pieces[0].kind);
                assert!(path != "/etc/d/name" || !matches!(ours, Ok(There::Ours | There::Same)));
                removed += usize::from(path != "/etc/d/name" && tree.remove(path).is_ok());
            }
            let _ = tree.remove_empty("/etc/d/sub");
            assert_eq!(swapped.outside(), ["name"]);
        }
    }
}
