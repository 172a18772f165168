//! An image with edits made on top of it, in memory: nothing is written.

use std::rc::Rc;

use super::edit::{EditError, apply};
use crate::facts::Edit;
use crate::image::{Entry, Image, MOST_BYTES, Overlay};

/// As many symbolic links as one path may lead through.
const MOST_LINKS: usize = 40;
/// The permissions of a file that is made without its own.
const MODE: u32 = 0o644;

/// What is at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Node {
    /// Nothing.
    Absent,
    /// A file.
    File(Rc<[u8]>),
    /// A symbolic link and its target.
    Link(String),
}

/// What edits change at one path, no part of which is a symbolic link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) path: String,
    pub(crate) before: Node,
    pub(crate) after: Node,
    /// The permissions of a file that is new.
    pub(crate) mode: u32,
}

/// An image and the edits made so far.
#[derive(Clone)]
pub(crate) struct Sandbox {
    base: Image,
    edits: Overlay,
    image: Image,
}

impl Sandbox {
    /// The image as it is.
    pub(crate) fn new(base: &Image) -> Self {
        Self { base: base.clone(), edits: Overlay::default(), image: base.clone() }
    }

    /// The image with the edits.
    pub(crate) fn image(&self) -> &Image {
        &self.image
    }

    /// Makes these edits, all or none of them.
    ///
    /// # Errors
    /// One of them cannot be made.
    pub(crate) fn make(&mut self, edits: &[Edit]) -> Result<(), EditError> {
        let mut all = self.edits.clone();
        let mut image = self.image.clone();
        for edit in edits {
            for (path, entry) in entries(&image, edit)? {
                all.put(&path, entry);
            }
            image = self.base.with(&all);
        }
        self.edits = all;
        self.image = image;
        Ok(())
    }

    /// What differs from the image as it was.
    pub(crate) fn changes(&self) -> Vec<Change> {
        let change = |(path, entry): (&str, &Entry)| {
            let before = node(&self.base, path);
            let (after, mode) = match entry {
                Entry::File { bytes, mode } => (Node::File(Rc::clone(bytes)), *mode),
                Entry::Link(target) => (Node::Link(target.clone()), MODE),
                Entry::Absent => (Node::Absent, MODE),
            };
            (before != after).then(|| Change { path: path.to_owned(), before, after, mode })
        };
        self.edits.entries().filter_map(change).collect()
    }
}

/// What is at a path that leads through no symbolic link.
fn node(image: &Image, path: &str) -> Node {
    match (image.link(path), image.read(path, MOST_BYTES)) {
        (Some(target), _) => Node::Link(target),
        (None, Ok(bytes)) => Node::File(bytes.into()),
        (None, Err(_)) => Node::Absent,
    }
}

/// What an edit leaves, by real paths.
fn entries(image: &Image, edit: &Edit) -> Result<Vec<(String, Entry)>, EditError> {
    let unreadable = |path: &str, reason: &str| EditError::Unreadable { path: path.to_owned(), reason: reason.to_owned() };
    match edit {
        Edit::Remove { path } => Ok(vec![(folder_of(image, path).ok_or_else(|| unreadable(path, "too many symbolic links"))?, Entry::Absent)]),
        Edit::Unit { links, .. } => {
            let entry = |(path, target): &(String, Option<String>)| {
                let real = folder_of(image, path).ok_or_else(|| unreadable(path, "too many symbolic links"))?;
                Ok((real, target.clone().map_or(Entry::Absent, Entry::Link)))
            };
            links.iter().map(entry).collect()
        }
        _ => {
            let path = edit.path();
            let real = real(image, path).ok_or_else(|| unreadable(path, "too many symbolic links"))?;
            let bytes = image.bytes_if_any(&real).map_err(|error| unreadable(path, &error.to_string()))?;
            let is_new = bytes.is_none();
            let text = String::from_utf8(bytes.unwrap_or_default()).map_err(|_| unreadable(path, "not a text in UTF-8"))?;
            let mode = if let Edit::Write { mode, .. } = edit { *mode } else { MODE };
            if is_new && matches!(edit, Edit::Lines { .. }) {
                return Err(EditError::NotThere { path: path.to_owned() });
            }
            Ok(vec![(real, Entry::File { bytes: apply(edit, &text)?.into_bytes().into(), mode })])
        }
    }
}

/// The path with the symbolic links of its folders resolved; its last name may be one itself.
fn folder_of(image: &Image, path: &str) -> Option<String> {
    let (folder, name) = path.rsplit_once('/')?;
    Some(format!("{}/{name}", real(image, folder)?))
}

/// Where the path leads to.
fn real(image: &Image, path: &str) -> Option<String> {
    let mut ahead: Vec<String> = parts(path);
    let mut done: Vec<String> = Vec::new();
    let mut links = 0;
    while let Some(part) = ahead.pop() {
        if part == ".." {
            done.pop();
            continue;
        }
        let here = format!("/{}{}{part}", done.join("/"), if done.is_empty() { "" } else { "/" });
        match image.link(&here) {
            None => done.push(part),
            Some(target) => {
                links += 1;
                if links > MOST_LINKS {
                    return None;
                }
                if target.starts_with('/') {
                    done.clear();
                }
                ahead.extend(parts(&target));
            }
        }
    }
    Some(if done.is_empty() { String::new() } else { format!("/{}", done.join("/")) })
}

/// The names of a path, the first one last.
fn parts(path: &str) -> Vec<String> {
    path.split('/').filter(|part| !part.is_empty() && *part != ".").map(str::to_owned).rev().collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn what_a_link_leads_to_is_changed_and_the_link_stays() {
        let directory = tempfile::tempdir().unwrap();
        let make = |path: &str| std::fs::create_dir_all(directory.path().join(path)).unwrap();
        make("etc/sysctl.d");
        make("usr/sbin");
        std::fs::write(directory.path().join("etc/sysctl.conf"), "a=1\n").unwrap();
        std::fs::write(directory.path().join("usr/sbin/script"), "#!/bin/sh\n").unwrap();
        std::os::unix::fs::symlink("../sysctl.conf", directory.path().join("etc/sysctl.d/99-sysctl.conf")).unwrap();
        std::os::unix::fs::symlink("usr/sbin", directory.path().join("sbin")).unwrap();
        let mut sandbox = Sandbox::new(&Image::new(directory.path()));
        let lines = |path: &str, old: &str, new: &str| Edit::Lines { path: path.into(), line: 1, old: vec![old.into()], new: vec![new.into()] };
        sandbox.make(&[lines("/etc/sysctl.d/99-sysctl.conf", "a=1", "a=2"), lines("/sbin/script", "#!/bin/sh", "#!/bin/bash")]).unwrap();
        let changed: Vec<(String, Node)> = sandbox.changes().into_iter().map(|change| (change.path, change.after)).collect();
        assert_eq!(
            changed,
            [("/etc/sysctl.conf".into(), Node::File(Rc::from(*b"a=2\n"))), ("/usr/sbin/script".into(), Node::File(Rc::from(*b"#!/bin/bash\n")))]
        );
        assert_eq!(sandbox.image().text("/etc/sysctl.d/99-sysctl.conf").unwrap(), "a=2\n");
        // One that cannot be made leaves all as it was.
        assert!(sandbox.make(&[lines("/etc/sysctl.conf", "a=2", "a=3"), lines("/sbin/script", "absent", "x")]).is_err());
        assert_eq!(sandbox.image().text("/etc/sysctl.conf").unwrap(), "a=2\n");
        // Back to what it was is no change.
        sandbox.make(&[lines("/etc/sysctl.conf", "a=2", "a=1"), lines("/sbin/script", "#!/bin/bash", "#!/bin/sh")]).unwrap();
        assert_eq!(sandbox.changes(), []);
    }
}
