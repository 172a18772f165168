//! Whether `--root DIR` is the root of an image: empty mount points and folders one level off are not judged.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// What each root file system has at least one of.
const OF_A_ROOT: [&str; 2] = ["etc", "usr"];
/// As many entries are looked at for a root one level below.
const MAX_ENTRIES: usize = 64;

/// Nothing, if `root` may be the root of an image.
///
/// # Errors
/// Why it is none, and what to type instead.
pub(super) fn must_be_root(root: &Path) -> Result<(), String> {
    if is_root(root) {
        return Ok(());
    }
    let shown = root.display();
    let hint = match (entries(root), parent(root)) {
        (Some(entries), _) if entries.is_empty() => "it is empty; mount or unpack the image there first".to_owned(),
        (Some(entries), _) if entries.iter().any(|entry| is_root(entry)) => {
            let below = entries.into_iter().find(|entry| is_root(entry)).unwrap_or_default();
            format!("a directory in it is one; type: v6check --root {}", below.display())
        }
        (_, Some(above)) => format!("the directory above it is one; type: v6check --root {}", above.display()),
        _ => "it has neither etc nor usr; give the directory that has the image's etc".to_owned(),
    };
    Err(format!("{shown} is not a root file system: {hint}"))
}

/// Whether there is one of the folders of a root, or it cannot be known.
fn is_root(directory: &Path) -> bool {
    let is_there = |name: &&str| match fs::symlink_metadata(directory.join(name)) {
        Ok(_) => true,
        Err(error) => !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory),
    };
    OF_A_ROOT.iter().any(is_there)
}

/// The directories in `root`, sorted; `None` where they cannot be listed.
fn entries(root: &Path) -> Option<Vec<PathBuf>> {
    let listed = fs::read_dir(root).ok()?.take(MAX_ENTRIES).collect::<Result<Vec<_>, _>>().ok()?;
    let mut entries: Vec<PathBuf> = listed.into_iter().map(|entry| entry.path()).collect();
    entries.sort();
    Some(entries)
}

/// The directory above, if that is a root and this one is a part of it.
fn parent(root: &Path) -> Option<PathBuf> {
    let name = root.file_name()?.to_str()?;
    let above = root.parent().filter(|above| !above.as_os_str().is_empty())?;
    (OF_A_ROOT.contains(&name) && is_root(above)).then(|| above.to_owned())
}
