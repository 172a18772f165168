//! Edits on top of an image's files, so that an image can be read as it would be after a change, while nothing is written.

#![cfg_attr(not(test), allow(dead_code, reason = "for fixes, which are tried on an image before they are called fixes"))]

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// What an edit leaves at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Entry {
    /// A regular file; its directories are there too.
    File { bytes: Rc<[u8]>, mode: u32 },
    /// A symbolic link that says this.
    Link(String),
    /// Nothing, whatever was there.
    Absent,
}

/// Edits by the absolute path of the image. The last name of a path is taken as it stands: an edit replaces a link, and does not follow it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Overlay {
    entries: BTreeMap<String, Entry>,
}

/// What edits say of a place whose folders are no symbolic links.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Said<'a> {
    /// Nothing: the files below count.
    Nothing,
    Entry(&'a Entry),
    /// A directory is there; `only` if none of the files below is in it.
    Directory {
        only: bool,
    },
    /// Something above it is a file.
    NotADirectory,
}

impl Overlay {
    /// Puts `entry` at `path`; an earlier edit of the same path gives way.
    pub(crate) fn put(&mut self, path: &str, entry: Entry) {
        self.entries.insert(path.to_owned(), entry);
    }

    /// These edits and `later` ones. What an earlier one left below a later one is gone with it.
    pub(super) fn followed_by(&self, later: BTreeMap<String, Entry>) -> Self {
        let mut entries = self.entries.clone();
        entries.retain(|path, _| !later.keys().any(|above| path.strip_prefix(above.as_str()).is_some_and(|rest| rest.starts_with('/'))));
        entries.extend(later);
        Self { entries }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The edits in the order of their paths.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&str, &Entry)> {
        self.entries.iter().map(|(path, entry)| (path.as_str(), entry))
    }

    /// What is at `place`, `""` being the root.
    pub(super) fn at(&self, place: &str) -> Said<'_> {
        match self.entries.get(place) {
            Some(Entry::Absent) | None => {}
            Some(entry) => return Said::Entry(entry),
        }
        // From the place upwards: the nearest edit counts.
        let mut above = std::iter::successors(Some(place), |path| path.rsplit_once('/').map(|(folder, _)| folder));
        let nearest = above.find_map(|path| Some((path, self.entries.get(path)?)));
        match nearest {
            Some((path, Entry::File { .. })) if path != place => Said::NotADirectory,
            Some((_, Entry::Absent)) if self.leads_to_something(place) => Said::Directory { only: true },
            Some((_, absent @ Entry::Absent)) => Said::Entry(absent),
            _ if self.leads_to_something(place) => Said::Directory { only: false },
            _ => Said::Nothing,
        }
    }

    /// Whether a file or link of the edits is below `folder`.
    fn leads_to_something(&self, folder: &str) -> bool {
        self.below(folder).any(|(_, entry)| *entry != Entry::Absent)
    }

    /// The edits below `folder`, by their path from there.
    fn below<'a>(&'a self, folder: &str) -> impl Iterator<Item = (&'a str, &'a Entry)> {
        let start = format!("{folder}/");
        let length = start.len();
        self.entries.range(start.clone()..).take_while(move |(path, _)| path.starts_with(&start)).map(move |(path, entry)| (&path[length..], entry))
    }

    /// Changes the names in the directory `folder` as the edits do.
    pub(super) fn amend(&self, folder: &str, names: &mut BTreeSet<String>) {
        for (path, entry) in self.below(folder) {
            match path.split_once('/') {
                Some((name, _)) if *entry != Entry::Absent => names.insert(name.to_owned()),
                None if *entry != Entry::Absent => names.insert(path.to_owned()),
                // What lies below an absent name comes after it, and brings it back.
                None => names.remove(path),
                Some(_) => false,
            };
        }
    }
}
