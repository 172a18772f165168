//! Where a path of an image leads to: its symbolic links are read as the image has them once it is booted, so that none leads out of its root.

use std::ffi::OsString;
use std::io;
use std::path::{Component, Path, PathBuf};

/// As many symbolic links as one path may lead through; the kernel's limit (path_resolution(7)).
const MOST_LINKS: usize = 40;

/// The place of `path` below `top`, as `link_at` tells what the symbolic link at a place says; `None` where there is no link.
///
/// # Errors
/// There are too many links in the way.
pub(crate) fn resolve(top: &Path, path: &Path, mut link_at: impl FnMut(&Path) -> Option<PathBuf>) -> io::Result<PathBuf> {
    let mut ahead: Vec<OsString> = parts(path).collect();
    let mut here = top.to_owned();
    let mut depth = 0;
    let mut links = 0;
    while let Some(part) = ahead.pop() {
        if part == ".." {
            if depth > 0 {
                here.pop();
                depth -= 1;
            }
            continue;
        }
        here.push(part);
        depth += 1;
        let Some(target) = link_at(&here) else { continue };
        links += 1;
        if links > MOST_LINKS {
            return Err(io::Error::other("too many symbolic links"));
        }
        if target.is_absolute() {
            top.clone_into(&mut here);
            depth = 0;
        } else {
            here.pop();
            depth -= 1;
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
