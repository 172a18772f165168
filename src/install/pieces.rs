//! What is put into an image, a file or link each, and how it is known again.

use std::collections::BTreeSet;

/// In each text that is ours, so that nothing else is ever overwritten or removed.
pub(super) const MARK: &str = "# Put here by `v6check install`; `v6check uninstall` takes it away.";
/// In each v6check since the first.
pub(super) const PROGRAM_MARK: &[u8] = b"v6check.report/1";
/// Before what came with the installation: directories, and the program where it was not there before.
const CAME_WITH_IT: &str = "# Came with it: ";

/// One file or link.
#[derive(Debug)]
pub(super) struct Piece {
    /// Where it goes, inside the image.
    pub(super) path: String,
    pub(super) kind: Kind,
}

#[derive(Debug)]
pub(super) enum Kind {
    File { mode: u32, bytes: Vec<u8> },
    Link(String),
}

impl Piece {
    pub(super) fn file(path: &str, mode: u32, bytes: Vec<u8>) -> Self {
        Self { path: path.to_owned(), kind: Kind::File { mode, bytes } }
    }

    pub(super) fn link(path: &str, target: &str) -> Self {
        Self { path: path.to_owned(), kind: Kind::Link(target.to_owned()) }
    }

    /// What is done, in a line.
    pub(super) fn told(&self) -> String {
        match &self.kind {
            Kind::File { .. } => format!("write {}", self.path),
            Kind::Link(target) => format!("link {} -> {target}", self.path),
        }
    }
}

/// The mark and the list, as lines of a comment.
pub(super) fn header(list: &BTreeSet<String>) -> String {
    let mut header = format!("{MARK}\n");
    for path in list {
        header.extend([CAME_WITH_IT, path, "\n"]);
    }
    header
}

/// The list in a text of ours; of another's, nothing.
pub(super) fn listed(text: &str) -> BTreeSet<String> {
    let ours = text.contains(MARK);
    text.lines().filter(|_| ours).filter_map(|line| line.strip_prefix(CAME_WITH_IT)).filter(|path| path.starts_with('/')).map(str::to_owned).collect()
}

/// `template` with `@MARK@` as the header and each `@NAME@` as told.
pub(super) fn fill(template: &str, list: &BTreeSet<String>, with: &[(&str, &str)]) -> Vec<u8> {
    let mut text = template.replace("@MARK@\n", &header(list));
    // Arguments last: what stands in them is not filled in again.
    for (name, value) in with {
        text = text.replace(name, value);
    }
    text.into_bytes()
}

/// Whether a character stands for itself in sh and in units.
pub(super) fn is_plain(character: char) -> bool {
    character.is_ascii_alphanumeric() || "-_./=".contains(character)
}
