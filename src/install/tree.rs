//! How files are written below a root: links of the image are read as the image has them, nothing outside is touched, and each file is there
//! whole or not at all.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use super::pieces::{Kind, MARK, PROGRAM_MARK, Piece};
use crate::below;

/// As large as a unit or script of ours may be, in bytes.
const MOST_TEXT: u64 = 1 << 20;
/// As large as a program may be, in bytes.
const MOST_PROGRAM: u64 = 256 << 20;

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
    top: PathBuf,
}

impl Tree {
    pub(super) fn new(top: &Path) -> Self {
        Self { top: top.to_owned() }
    }

    /// What is at `path` instead of `wanted`. A link there is not followed.
    pub(super) fn look(&self, path: &str, wanted: &Kind) -> io::Result<There> {
        let place = self.place(path)?;
        let there = match place.symlink_metadata() {
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(There::Nothing),
            there => there?,
        };
        Ok(match wanted {
            Kind::Link(target) if there.is_symlink() && fs::read_link(&place)? == Path::new(target) => There::Same,
            Kind::File { mode, bytes } if there.is_file() => {
                let found = read(&place, if path == super::PROGRAM { MOST_PROGRAM } else { MOST_TEXT })?;
                let mark = if path == super::PROGRAM { PROGRAM_MARK } else { MARK.as_bytes() };
                if found == *bytes && there.permissions().mode() & 0o7777 == *mode {
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
        let place = self.resolve(path).ok().filter(|place| place.is_file())?;
        read(&place, MOST_TEXT).ok().map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The first bytes of a regular file.
    pub(super) fn start(&self, path: &str, most: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        if let Some(file) = self.resolve(path).ok().filter(|place| place.is_file()).and_then(|place| fs::File::open(place).ok()) {
            let _ = file.take(most).read_to_end(&mut bytes);
        }
        bytes
    }

    /// What the symbolic link at `path` says.
    pub(super) fn link(&self, path: &str) -> Option<String> {
        fs::read_link(self.place(path).ok()?).ok()?.into_os_string().into_string().ok()
    }

    pub(super) fn is_file(&self, path: &str) -> bool {
        self.place(path).is_ok_and(|place| place.symlink_metadata().is_ok_and(|there| there.is_file()))
    }

    pub(super) fn exists(&self, path: &str) -> bool {
        self.resolve(path).is_ok_and(|place| place.exists())
    }

    pub(super) fn is_directory(&self, path: &str) -> bool {
        self.resolve(path).is_ok_and(|place| place.is_dir())
    }

    /// The names in a directory, sorted.
    pub(super) fn names(&self, path: &str) -> Vec<String> {
        let entries = self.resolve(path).and_then(fs::read_dir);
        let mut names: Vec<String> =
            entries.into_iter().flatten().flatten().filter_map(|entry| entry.file_name().into_string().ok()).take(16_384).collect();
        names.sort();
        names
    }

    /// The directories that `path` needs and that are not there yet, as paths of the image.
    pub(super) fn missing_folders(&self, path: &str) -> io::Result<BTreeSet<String>> {
        let place = self.place(path)?;
        let missing = place.ancestors().skip(1).take_while(|folder| *folder != self.top && folder.symlink_metadata().is_err());
        missing
            .map(|folder| {
                let inside = folder.strip_prefix(&self.top).ok().and_then(Path::to_str);
                Ok(format!("/{}", inside.ok_or_else(|| io::Error::other("leads through a name that is not UTF-8"))?))
            })
            .collect()
    }

    /// Makes `folders` and then `pieces`: all are written under other names before the first gets its own, so that what fails mostly fails
    /// while nothing has changed.
    pub(super) fn write(&self, folders: &BTreeSet<String>, pieces: &[&Piece]) -> Result<(), (String, io::Error)> {
        let mut made = Vec::new();
        let mut staged: Vec<(PathBuf, PathBuf)> = Vec::new();
        let mut written = Ok(());
        // Sorted, so that the outer comes first.
        for path in folders {
            if written.is_ok() {
                written = match self.resolve(path).and_then(|place| make_folder(&place).map(|()| place)) {
                    Ok(place) => {
                        made.push(place);
                        Ok(())
                    }
                    Err(error) => Err((path.clone(), error)),
                };
            }
        }
        for piece in pieces {
            if written.is_ok() {
                written = self.stage(piece).map(|stage| staged.push(stage)).map_err(|error| (piece.path.clone(), error));
            }
        }
        let mut renamed = 0;
        for ((temporary, place), piece) in staged.iter().zip(pieces) {
            if written.is_ok() {
                written = fs::rename(temporary, place).map_err(|error| (piece.path.clone(), error));
                renamed += usize::from(written.is_ok());
            }
        }
        if written.is_err() {
            for (temporary, _) in &staged[renamed..] {
                let _ = fs::remove_file(temporary);
            }
            for folder in made.iter().rev() {
                let _ = fs::remove_dir(folder);
            }
        }
        written
    }

    /// Writes a piece beside its place.
    fn stage(&self, piece: &Piece) -> io::Result<(PathBuf, PathBuf)> {
        let place = self.place(&piece.path)?;
        let name = place.file_name().map(OsString::from).unwrap_or_default();
        let mut temporary = OsString::from(".");
        temporary.push(name);
        temporary.push(format!(".{}.tmp", std::process::id()));
        let temporary = place.with_file_name(temporary);
        let written = match &piece.kind {
            Kind::Link(target) => symlink(target, &temporary),
            Kind::File { mode, bytes } => write_file(&temporary, *mode, bytes),
        };
        match written {
            Ok(()) => Ok((temporary, place)),
            Err(error) => {
                // What was there before is not ours to remove.
                if error.kind() != ErrorKind::AlreadyExists {
                    let _ = fs::remove_file(&temporary);
                }
                Err(error)
            }
        }
    }

    /// Removes a file or link; that it is gone already is no error.
    pub(super) fn remove(&self, path: &str) -> io::Result<()> {
        match fs::remove_file(self.place(path)?) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            removed => removed,
        }
    }

    /// Removes a directory if nothing is in it, and says whether it did.
    pub(super) fn remove_empty(&self, path: &str) -> io::Result<bool> {
        match fs::remove_dir(self.place(path)?) {
            Ok(()) => Ok(true),
            Err(error) if matches!(error.kind(), ErrorKind::DirectoryNotEmpty | ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Whether nothing would be in a directory without `gone`.
    pub(super) fn empty_without(&self, path: &str, gone: &[String]) -> bool {
        let gone: BTreeSet<PathBuf> = gone.iter().filter_map(|path| self.place(path).ok()).collect();
        self.resolve(path)
            .and_then(|place| fs::read_dir(place)?.collect::<io::Result<Vec<_>>>())
            .is_ok_and(|entries| entries.iter().all(|entry| gone.contains(&entry.path())))
    }

    /// Where `path` is, its last name taken as it stands.
    fn place(&self, path: &str) -> io::Result<PathBuf> {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        Ok(self.resolve(folder)?.join(name))
    }

    /// Where `path` leads to, its symbolic links read as this root has them.
    fn resolve(&self, path: &str) -> io::Result<PathBuf> {
        below::resolve(&self.top, Path::new(path), |place| fs::read_link(place).ok())
    }
}

fn make_folder(place: &Path) -> io::Result<()> {
    fs::create_dir(place)?;
    // Whatever the umask: the init system is not alone in reading there.
    fs::set_permissions(place, Permissions::from_mode(0o755))
}

fn write_file(place: &Path, mode: u32, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(place)?;
    file.write_all(bytes)?;
    file.set_permissions(Permissions::from_mode(mode))?;
    file.sync_all()
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

/// The bytes of what was a regular file a moment ago.
fn read(place: &Path, most: u64) -> io::Result<Vec<u8>> {
    let file = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY | libc::O_NOFOLLOW).open(place)?;
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(io::Error::other(format!("larger than {most} bytes")));
    }
    Ok(bytes)
}
