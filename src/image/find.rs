//! What is where a path of an image leads to, its edits being on top of the files.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::overlay::Said;
use super::seen::Names;
use super::{Entry, Image, Overlay};
use crate::rooted::{self, Node, is_absence};

/// As many entries of one directory as are looked at.
const MOST_ENTRIES: usize = 16_384;

/// What a path leads to.
pub(super) enum Found<'a> {
    Files(Node),
    /// What edits put there: a file.
    Edited(&'a Entry),
    /// A directory of the edits alone, or of both, and its place.
    Directory {
        place: PathBuf,
        files: Option<Node>,
    },
}

impl Image {
    /// This image as it is with `edits` on top of what is there now. Nothing is written, and nothing that was seen before is taken over.
    #[cfg_attr(not(test), allow(dead_code, reason = "for fixes, which are tried on an image before they are called fixes"))]
    pub(crate) fn with(&self, edits: &Overlay) -> Self {
        // By the folder that the edit is in, whatever links lead to it; what cannot be resolved cannot be read either.
        let place = |path: &str| {
            let (folder, name) = path.rsplit_once('/')?;
            let folder = self.resolve(folder).ok()?;
            Some(format!("{}/{name}", within(&folder)?))
        };
        let placed = edits.entries().map(|(path, entry)| (place(path).unwrap_or_else(|| path.to_owned()), entry.clone()));
        let all = self.edits.followed_by(placed.collect());
        Self { edits: Rc::new(all), seen: Rc::default(), ..self.clone() }
    }

    /// What is where `path` leads to. What cannot be known is noted.
    pub(super) fn find(&self, path: &str) -> io::Result<Found<'_>> {
        self.noted(path, self.found(path))
    }

    /// Notes why it is not known what is at `path`.
    pub(super) fn noted<T>(&self, path: &str, found: io::Result<T>) -> io::Result<T> {
        if let Err(error) = &found
            && !is_absence(error)
        {
            self.note(path, error);
        }
        found
    }

    fn found(&self, path: &str) -> io::Result<Found<'_>> {
        self.budget.lookup()?;
        if self.edits.is_empty() {
            return self.root.find(Path::new(path), true, |place| self.link_at(place)).map(Found::Files);
        }
        let place = self.resolve(path)?;
        match within(&place).map_or(Said::Nothing, |place| self.edits.at(place)) {
            Said::Nothing => self.root.settled(&place).map(Found::Files),
            Said::Entry(Entry::Absent) => Err(io::ErrorKind::NotFound.into()),
            Said::NotADirectory => Err(io::ErrorKind::NotADirectory.into()),
            Said::Entry(entry) => Ok(Found::Edited(entry)),
            Said::Directory { only: true } => Ok(Found::Directory { place, files: None }),
            Said::Directory { only: false } => match self.root.settled(&place) {
                Ok(node) => Ok(Found::Directory { place, files: Some(node) }),
                Err(error) if is_absence(&error) => Ok(Found::Directory { place, files: None }),
                Err(error) => Err(error),
            },
        }
    }

    /// Where `path` leads to, its symbolic links read as this image has them.
    pub(super) fn resolve(&self, path: &str) -> io::Result<PathBuf> {
        rooted::resolve(Path::new(path), |place| self.link_at(place))
    }

    /// What the symbolic link at `place` says, in whose folders no link is.
    pub(super) fn link_at(&self, place: &Path) -> io::Result<Option<PathBuf>> {
        let said = within(place).map_or(Said::Nothing, |place| self.edits.at(place));
        match said {
            Said::Nothing | Said::Directory { only: false } => {}
            Said::Entry(Entry::Link(target)) => return Ok(Some(target.into())),
            Said::Entry(_) | Said::NotADirectory | Said::Directory { only: true } => return Ok(None),
        }
        // Known ones count too: a link may lead over hundreds of names, and thousands of paths over forty links.
        self.budget.lookup()?;
        if let Some(known) = self.seen.borrow().links.get(place) {
            return Ok(known.clone());
        }
        let target = self.root.link(place)?;
        let mut seen = self.seen.borrow_mut();
        if seen.has_room(2 * place.as_os_str().len()) {
            seen.links.insert(place.to_owned(), target.clone());
        }
        Ok(target)
    }

    /// The names in a directory.
    pub(super) fn list(&self, path: &str) -> io::Result<Names> {
        let (place, files) = match self.find(path)? {
            Found::Files(node) => (node.place().to_owned(), Some(node)),
            Found::Edited(_) => return Ok(Names::default()),
            Found::Directory { place, files } => (place, files),
        };
        let (mut names, mut odd) = (BTreeSet::new(), Vec::new());
        for name in files.map_or_else(|| Ok(Vec::new()), |node| self.root.list(&node, MOST_ENTRIES))? {
            match name.into_string() {
                Ok(name) => {
                    names.insert(name);
                }
                Err(name) => odd.push(name.to_string_lossy().into_owned()),
            }
        }
        self.budget.entries(names.len() + odd.len())?;
        if let Some(place) = within(&place) {
            self.edits.amend(place, &mut names);
        }
        Ok(Names { names: names.into_iter().collect(), odd: odd.into() })
    }
}

/// A place as edits name it: `""` for the top. `None` if it is not UTF-8.
fn within(place: &Path) -> Option<&str> {
    place.to_str().map(|place| if place == "/" { "" } else { place })
}
