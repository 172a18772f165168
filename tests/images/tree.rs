//! A copy of an image's tree that a test may change.

use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// The user without rights that the program runs as.
pub(crate) const NOBODY: u32 = 65534;

/// Where the trees are.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/images")
}

/// The names of the images, sorted.
pub(crate) fn images() -> Vec<String> {
    let folders = fs::read_dir(folder()).unwrap().map(Result::unwrap).filter(|entry| entry.file_type().unwrap().is_dir());
    let mut names: Vec<String> = folders.map(|entry| entry.file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// The copy; it is removed with this.
pub(crate) struct Tree {
    /// Holds the image and, beside it, what is outside of it.
    directory: TempDir,
    root: PathBuf,
}

impl Tree {
    /// A copy of the image, readable by everybody.
    pub(crate) fn copy(image: &str) -> io::Result<Self> {
        let directory = tempfile::tempdir()?;
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755))?;
        let root = directory.path().join("root");
        copy(&folder().join(image), &root)?;
        Ok(Self { directory, root })
    }

    /// The image's directory.
    pub(crate) fn path(&self) -> &Path {
        &self.root
    }

    /// A place outside of the image.
    pub(crate) fn outside(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// The regular files with what they hold, as absolute paths in the image, sorted.
    pub(crate) fn contents(&self) -> Vec<(String, Vec<u8>)> {
        let mut found = Vec::new();
        let mut ahead = vec![self.root.clone()];
        while let Some(directory) = ahead.pop() {
            for entry in fs::read_dir(directory).unwrap().map(Result::unwrap) {
                let kind = entry.file_type().unwrap();
                if kind.is_dir() {
                    ahead.push(entry.path());
                } else if kind.is_file() {
                    let path = format!("/{}", entry.path().strip_prefix(&self.root).unwrap().display());
                    found.push((path, fs::read(entry.path()).unwrap()));
                }
            }
        }
        found.sort();
        found
    }

    pub(crate) fn write(&self, path: &str, text: &str) -> io::Result<()> {
        let place = self.make(path)?;
        fs::write(&place, text)?;
        restrict(&place)
    }

    pub(crate) fn append(&self, path: &str, text: &str) -> io::Result<()> {
        let mut whole = fs::read_to_string(self.place(path)?)?;
        whole.push_str(text);
        self.write(path, &whole)
    }

    pub(crate) fn delete(&self, path: &str) -> io::Result<()> {
        let place = self.place(path)?;
        if place.symlink_metadata()?.is_dir() { fs::remove_dir_all(place) } else { fs::remove_file(place) }
    }

    /// Every `old` becomes `new`; there must be one.
    pub(crate) fn replace(&self, path: &str, old: &str, new: &str) -> io::Result<()> {
        let text = fs::read_to_string(self.place(path)?)?;
        if !text.contains(old) {
            return Err(io::Error::other(format!("no `{old}` in it")));
        }
        self.write(path, &text.replace(old, new))
    }

    pub(crate) fn link(&self, path: &str, target: &str) -> io::Result<()> {
        let place = self.make(path)?;
        if place.symlink_metadata().is_ok() {
            fs::remove_file(&place)?;
        }
        symlink(target, place)
    }

    pub(crate) fn chmod(&self, path: &str, mode: u32) -> io::Result<()> {
        fs::set_permissions(self.place(path)?, fs::Permissions::from_mode(mode))
    }

    /// Where a path of the image is here. The trees' own links between directories are relative, so that they stay inside.
    pub(crate) fn place(&self, path: &str) -> io::Result<PathBuf> {
        let place = self.root.join(path.strip_prefix('/').ok_or_else(|| io::Error::other(format!("`{path}` is not absolute")))?);
        let folder = place.parent().unwrap_or(&place).canonicalize()?;
        if !folder.starts_with(self.root.canonicalize()?) {
            return Err(io::Error::other(format!("{path} leads out of the image")));
        }
        Ok(place)
    }

    fn make(&self, path: &str) -> io::Result<PathBuf> {
        if let Some(folder) = self.root.join(path.trim_start_matches('/')).parent() {
            fs::create_dir_all(folder)?;
        }
        self.place(path)
    }
}

/// Copies a directory; links stay links.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (kind, target) = (entry.file_type()?, to.join(entry.file_name()));
        if kind.is_dir() {
            copy(&entry.path(), &target)?;
        } else if kind.is_symlink() {
            symlink(fs::read_link(entry.path())?, target)?;
        } else {
            fs::copy(entry.path(), &target)?;
            restrict(&target)?;
        }
    }
    Ok(())
}

/// Gives a keyfile of NetworkManager the permissions that it has in every image, and that git does not keep: others are ignored. It is of the
/// user that the program runs as.
fn restrict(place: &Path) -> io::Result<()> {
    let is_keyfile = place.parent().and_then(Path::file_name).is_some_and(|folder| folder == "system-connections");
    if !is_keyfile || place.symlink_metadata()?.is_symlink() {
        return Ok(());
    }
    fs::set_permissions(place, fs::Permissions::from_mode(0o600))?;
    // The owner of a process's folder in /proc is its effective user.
    if fs::metadata("/proc/self")?.uid() == 0 { chown(place, Some(NOBODY), Some(NOBODY)) } else { Ok(()) }
}
