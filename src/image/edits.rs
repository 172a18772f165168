//! Edits for an image's files, made of the lines that stand there.

use super::Image;
use crate::facts::{Edit, FileLine, UnitChange};

/// The name of files that fixes make where no file is there to be changed.
pub(crate) const OWN: &str = "v6check";

/// One step towards the goal.
#[derive(Debug, Default)]
pub(crate) struct Step {
    pub(crate) edits: Vec<Edit>,
    /// What somebody has to do by hand.
    pub(crate) by_hand: Vec<String>,
}

impl Step {
    /// These edits.
    pub(crate) fn edits(edits: impl IntoIterator<Item = Edit>) -> Self {
        Self { edits: edits.into_iter().collect(), by_hand: Vec::new() }
    }

    /// No edit, but this.
    pub(crate) fn by_hand(text: impl Into<String>) -> Self {
        Self { edits: Vec::new(), by_hand: vec![text.into()] }
    }
}

impl From<Edit> for Step {
    fn from(edit: Edit) -> Self {
        Self::edits([edit])
    }
}

/// The line at `at` as it stands there, with those that continue it by a backslash.
pub(crate) fn lines(image: &Image, at: &FileLine) -> Option<Vec<String>> {
    let text = image.text(&at.path).ok()?;
    let first = usize::try_from(at.line).ok()?.checked_sub(1)?;
    let mut found = Vec::new();
    for line in text.split_terminator('\n').skip(first) {
        found.push(line.to_owned());
        if !line.ends_with('\\') {
            break;
        }
    }
    (!found.is_empty()).then_some(found)
}

/// Other lines in the place of the one at `at`.
pub(crate) fn replace(image: &Image, at: &FileLine, new: impl IntoIterator<Item = String>) -> Option<Edit> {
    Some(Edit::Lines { path: at.path.clone(), line: at.line, old: lines(image, at)?, new: new.into_iter().collect() })
}

/// The line at `at` goes.
pub(crate) fn delete(image: &Image, at: &FileLine) -> Option<Edit> {
    replace(image, at, [])
}

/// Lines behind the one at `at`.
pub(crate) fn insert_after(image: &Image, at: &FileLine, new: impl IntoIterator<Item = String>) -> Option<Edit> {
    let old = lines(image, at)?;
    Some(Edit::Lines { path: at.path.clone(), line: at.line, new: old.iter().cloned().chain(new).collect(), old })
}

/// Lines before the one at `at`.
pub(crate) fn insert_before(image: &Image, at: &FileLine, new: impl IntoIterator<Item = String>) -> Option<Edit> {
    let old = lines(image, at)?;
    Some(Edit::Lines { path: at.path.clone(), line: at.line, new: new.into_iter().chain(old.iter().cloned()).collect(), old })
}

/// Another value for the assignment `key = value` at `at`, whatever its blanks. Quotation marks go: `value` is a plain word.
pub(crate) fn assign(image: &Image, at: &FileLine, value: &str) -> Option<Edit> {
    let line = lines(image, at)?.concat();
    let (key, rest) = line.split_once('=')?;
    let blank = if rest.starts_with([' ', '\t']) { " " } else { "" };
    replace(image, at, [format!("{key}={blank}{value}")])
}

/// The blanks that a line begins with.
pub(crate) fn indentation(line: &str) -> &str {
    &line[..line.len() - line.trim_start().len()]
}

/// A unit of systemd that was masked may be started again.
pub(crate) fn unmask(unit: &str) -> Edit {
    Edit::Unit { unit: unit.to_owned(), change: UnitChange::Unmask, links: vec![(format!("/etc/systemd/system/{unit}"), None)] }
}

/// Whether a vendor's file, which the next update of its package overwrites.
pub(crate) fn is_of_vendor(path: &str) -> bool {
    ["/usr/lib/", "/usr/share/", "/lib/", "/usr/local/lib/"].iter().any(|folder| path.starts_with(folder))
}
