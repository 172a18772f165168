//! Where a path of an image leads to: its symbolic links are read as the image has them once it is booted, so that none leads out of its root.

use std::ffi::OsString;
use std::io;
use std::path::{Component, Path, PathBuf};

/// As many symbolic links as one path may lead through; the kernel's limit (path_resolution(7)).
const MOST_LINKS: usize = 40;

/// Where `path` leads to, its links being what `link_at` says; `None` where there is no link. Nothing need be there.
///
/// # Errors
/// There are too many links, or one could not be looked at.
pub(crate) fn resolve(path: &Path, mut link_at: impl FnMut(&Path) -> io::Result<Option<PathBuf>>) -> io::Result<PathBuf> {
    place(path, true, &mut link_at)
}

/// The place of `path`, as `link_at` tells what the symbolic link at a place says; `None` where there is no link. The last name is followed
/// only if `follow` says so.
///
/// # Errors
/// There are too many links in the way, or one could not be looked at.
pub(super) fn place(path: &Path, follow: bool, link_at: &mut dyn FnMut(&Path) -> io::Result<Option<PathBuf>>) -> io::Result<PathBuf> {
    let mut ahead: Vec<OsString> = parts(path).collect();
    let mut here = PathBuf::from("/");
    let mut links = 0;
    while let Some(part) = ahead.pop() {
        if part == ".." {
            here.pop();
            continue;
        }
        here.push(part);
        if ahead.is_empty() && !follow {
            break;
        }
        let Some(target) = link_at(&here)? else { continue };
        links += 1;
        if links > MOST_LINKS {
            return Err(io::Error::other("too many symbolic links"));
        }
        if target.is_absolute() {
            here = PathBuf::from("/");
        } else {
            here.pop();
        }
        ahead.extend(parts(&target));
    }
    Ok(here)
}

/// The names in a path, the last first.
fn parts(path: &Path) -> impl Iterator<Item = OsString> {
    path.components().rev().filter_map(|part| match part {
        Component::Normal(part) => Some(part.to_owned()),
        Component::ParentDir => Some("..".into()),
        Component::CurDir | Component::RootDir | Component::Prefix(_) => None,
    })
}
