//! Where reports come from: files, directories of files, standard input. The only file of the matrix that touches the machine.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::{self, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::facts::MOST_BYTES;
use crate::report::Target;

/// One report that is to be read.
#[derive(Debug)]
pub(super) struct Source {
    /// Its file as the user named it; `-` is standard input.
    pub(super) path: PathBuf,
    /// What was read already: standard input, which cannot be read twice, or why there is nothing to be read.
    kept: Option<Result<Vec<u8>, String>>,
}

/// The reports that `wanted` names, in that order and each once: files, the `*.json` of a directory by name but for what is written there as
/// the matrix, and standard input.
pub(super) fn find(wanted: &[PathBuf], outputs: &[&Target]) -> Vec<Source> {
    let mut sources: Vec<Source> = Vec::new();
    for path in wanted {
        if path.as_os_str() == "-" {
            sources.push(Source { path: path.clone(), kept: Some(limited(&mut io::stdin())) });
        } else if path.is_dir() {
            sources.extend(inside(path, outputs));
        } else {
            sources.push(Source { path: path.clone(), kept: None });
        }
    }
    let mut known = BTreeSet::new();
    sources.retain(|source| known.insert(source.place()));
    sources
}

fn inside(folder: &Path, outputs: &[&Target]) -> Vec<Source> {
    let bad = |why: String| vec![Source { path: folder.to_owned(), kept: Some(Err(why)) }];
    let listed = fs::read_dir(folder).and_then(|entries| entries.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<BTreeSet<_>>>());
    let mut paths = match listed {
        Ok(paths) => paths,
        Err(error) => return bad(error.to_string()),
    };
    paths.retain(|path: &PathBuf| path.extension() == Some(OsStr::new("json")));
    let mut sources: Vec<Source> = paths.into_iter().map(|path| Source { path, kept: None }).collect();
    sources.retain(|source| !outputs.iter().any(|target| source.is_written_by(target)));
    if sources.is_empty() { bad("there is no report (*.json) in this directory".into()) } else { sources }
}

impl Source {
    /// The bytes of the report, at most one more than a report may have.
    ///
    /// # Errors
    /// It cannot be read, in a lower-case fragment.
    pub(super) fn bytes(&self) -> Result<Vec<u8>, String> {
        if let Some(kept) = &self.kept {
            return kept.clone();
        }
        // Opening a pipe that nobody writes to would wait for ever.
        let mut file = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY).open(&self.path).map_err(told)?;
        match file.metadata().map_err(told)? {
            there if there.is_dir() => Err("a directory".into()),
            there if !there.is_file() => Err("not a regular file; give a report that comes by a pipe on standard input, as -".into()),
            _ => limited(&mut file),
        }
    }

    /// Whether it is a file; standard input is none.
    pub(super) fn is_file(&self) -> bool {
        self.path.as_os_str() != "-"
    }

    /// The one spelling of its path. A symbolic link is a report of its own, with a name of its own.
    fn place(&self) -> PathBuf {
        match (self.is_file(), self.path.parent(), self.path.file_name()) {
            (true, Some(folder), Some(name)) => canonical(folder).join(name),
            _ => self.path.clone(),
        }
    }

    /// Whether writing to `target` would overwrite it.
    pub(super) fn is_written_by(&self, target: &Target) -> bool {
        self.is_file() && *target != Target::Stdout && target.is_same(&Target::Path(self.path.clone()))
    }

    /// The way to its file from `folder`, a relative reference as HTML has it (RFC 3986 section 4.2).
    pub(super) fn link_from(&self, folder: &Path) -> String {
        let place = self.place();
        let mut common = 0;
        while common < folder.components().count() && folder.components().nth(common) == place.components().nth(common) {
            common += 1;
        }
        // Without the dot a colon in the first name would make it a scheme.
        let mut link = String::from(".");
        for _ in folder.components().skip(common) {
            link.push_str("/..");
        }
        for part in place.components().skip(common) {
            link.push('/');
            link.extend(part.as_os_str().as_encoded_bytes().iter().map(|byte| match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(*byte).to_string(),
                _ => format!("%{byte:02X}"),
            }));
        }
        link
    }
}

/// The folder that `target` is in, which links begin at; that of the shell for what is none.
pub(super) fn folder_of(target: &Target) -> PathBuf {
    match target {
        Target::Stdout => canonical(Path::new("")),
        Target::Path(path) => canonical(path.parent().unwrap_or(Path::new(""))),
    }
}

fn canonical(folder: &Path) -> PathBuf {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned())
}

fn limited(from: &mut dyn Read) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    from.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(told)?;
    Ok(bytes)
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err asks for")]
fn told(error: io::Error) -> String {
    error.to_string()
}
