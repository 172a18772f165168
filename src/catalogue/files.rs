//! The texts of a catalogue: the files built in, and those of a site's folder, read with bounds.
//!
//! It knows which file is a check and which a profile by where it lies, and nothing of what is in it.

use std::borrow::Cow;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use super::{CatalogueError, embedded};

/// As many bytes as one file may have.
const MOST_BYTES: u64 = 1 << 20;
/// As many files as a folder may hold.
const MOST_FILES: usize = 1000;
/// As many entries as are looked at, files of other names among them, so that a wrong folder ends soon.
const MOST_ENTRIES: usize = 10_000;
/// As deep as folders are entered.
const MOST_DEPTH: usize = 16;

/// One file and its text.
pub(super) struct Document {
    /// Where it lies, as told to the user.
    pub(super) file: PathBuf,
    /// It lies in `profiles/`.
    pub(super) profile: bool,
    /// It is a site's own.
    pub(super) site: bool,
    /// The text.
    pub(super) text: String,
}

impl Document {
    /// The file's name without `.toml`.
    pub(super) fn stem(&self) -> Cow<'_, str> {
        self.file.file_stem().map_or(Cow::Borrowed(""), |stem| stem.to_string_lossy())
    }
}

/// The files built in, sorted by path.
pub(super) fn built_in() -> Vec<Document> {
    let document = |(file, text): (String, String)| {
        let profile = file.starts_with("checks/profiles/");
        Document { file: file.into(), profile, site: false, text }
    };
    embedded::files().into_iter().map(document).collect()
}

/// The files `*.toml` below `folder`, sorted by path. Names that begin with a dot are passed over.
///
/// # Errors
/// A folder or file cannot be read, or there is more than a catalogue holds. Symbolic links to files are followed; to folders they are
/// refused, so that none leads in a circle.
pub(super) fn below(folder: &Path) -> Result<Vec<Document>, CatalogueError> {
    let mut files = Vec::new();
    let mut folders = vec![(folder.to_path_buf(), 0)];
    let mut entries = 0;
    while let Some((path, depth)) = folders.pop() {
        let failed = |error: std::io::Error| CatalogueError::whole(&path, error);
        for entry in fs::read_dir(&path).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            entries += 1;
            if entries > MOST_ENTRIES {
                return Err(CatalogueError::whole(folder, format!("more than {MOST_ENTRIES} entries, so not a folder of checks")));
            }
            let kind = entry.file_type().map_err(failed)?;
            if entry.file_name().as_encoded_bytes().starts_with(b".") {
                continue;
            }
            if kind.is_dir() {
                if depth == MOST_DEPTH {
                    return Err(CatalogueError::whole(&entry.path(), format!("more than {MOST_DEPTH} folders deep")));
                }
                folders.push((entry.path(), depth + 1));
            } else if kind.is_symlink() && fs::metadata(entry.path()).is_ok_and(|target| target.is_dir()) {
                return Err(CatalogueError::whole(&entry.path(), "a symbolic link to a folder is not followed"));
            } else if entry.path().extension().is_some_and(|extension| extension == "toml") {
                files.push(entry.path());
            }
            if files.len() > MOST_FILES {
                return Err(CatalogueError::whole(folder, format!("more than {MOST_FILES} files")));
            }
        }
    }
    files.sort();
    files.into_iter().map(|file| read(folder, file)).collect()
}

fn read(folder: &Path, file: PathBuf) -> Result<Document, CatalogueError> {
    let text = text(&file)?;
    let profile = file.strip_prefix(folder).is_ok_and(|path| path.starts_with("profiles"));
    Ok(Document { file, profile, site: true, text })
}

/// The text of one file.
///
/// # Errors
/// It is no regular file, cannot be read, is too large or is not UTF-8.
pub(super) fn text(file: &Path) -> Result<String, CatalogueError> {
    let failed = |reason: &dyn std::fmt::Display| CatalogueError::whole(file, reason);
    // Looked at before it is opened: opening a pipe would wait for its other end.
    if !fs::metadata(file).map_err(|error| failed(&error))?.is_file() {
        return Err(failed(&"not a regular file"));
    }
    let mut bytes = Vec::new();
    let opened = File::open(file).map_err(|error| failed(&error))?;
    opened.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(|error| failed(&error))?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(failed(&format!("larger than {MOST_BYTES} bytes")));
    }
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        CatalogueError::within(file, &String::from_utf8_lossy(&error.as_bytes()[..valid]), Some(valid..valid), "not UTF-8 text")
    })
}
