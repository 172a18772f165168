//! What was seen of an image, for when it is asked for again: each of the many readers of one run sees the same, and the machine is asked
//! once. What could not be looked at then is noted again.

use std::collections::HashMap;
use std::path::PathBuf;
use std::rc::Rc;

use super::Image;
use crate::facts::Reason;

/// As much as is kept, in bytes; and of one file or directory.
const MOST_KEPT: usize = 1 << 20;
const MOST_KEPT_OF_ONE: usize = 64 << 10;

/// The names in a directory, sorted.
#[derive(Debug, Clone, Default)]
pub(super) struct Names {
    pub(super) names: Rc<[String]>,
    /// Names that are not UTF-8, as they may be shown.
    pub(super) odd: Rc<[String]>,
}

/// An answer, and what could not be looked at for it.
#[derive(Debug, Clone)]
pub(super) struct Kept<T> {
    answer: T,
    unread: Rc<[Rc<Reason>]>,
}

type Answers<T> = HashMap<String, Kept<T>>;

/// What was seen.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// What the symbolic link at a place says; `None` where none is.
    pub(super) links: HashMap<PathBuf, Option<PathBuf>>,
    pub(super) names: Answers<Names>,
    /// The paths that match a pattern.
    pub(super) globs: Answers<Rc<[String]>>,
    /// Texts of files; `None` where no file is.
    pub(super) texts: HashMap<String, Option<Rc<str>>>,
    /// Whether something is at a path, what follows from several files together, by what was asked.
    pub(super) answers: Answers<bool>,
    /// How much that is, in bytes.
    kept: usize,
}

impl Seen {
    /// Whether `bytes` more are kept.
    pub(super) fn has_room(&mut self, bytes: usize) -> bool {
        let room = bytes <= MOST_KEPT_OF_ONE && self.kept + bytes <= MOST_KEPT;
        self.kept += if room { bytes } else { 0 };
        room
    }
}

/// How much memory an answer takes.
pub(super) trait Size {
    fn size(&self) -> usize;
}

impl Size for bool {
    fn size(&self) -> usize {
        0
    }
}

impl Size for Rc<[String]> {
    fn size(&self) -> usize {
        self.iter().map(|name| name.len() + size_of::<String>()).sum()
    }
}

impl Size for Names {
    fn size(&self) -> usize {
        self.names.size() + self.odd.size()
    }
}

impl Image {
    /// The answer to `question`, which is found once.
    pub(super) fn kept<T: Clone + Size>(&self, of: impl Fn(&mut Seen) -> &mut Answers<T>, question: &str, answer: impl FnOnce() -> T) -> T {
        let known = of(&mut self.seen.borrow_mut()).get(question).cloned();
        if let Some(known) = known {
            self.ledger.again(&known.unread);
            return known.answer;
        }
        let (answer, unread) = self.ledger.of(answer);
        self.ledger.again(&unread);
        let mut seen = self.seen.borrow_mut();
        if seen.has_room(question.len() + answer.size()) {
            of(&mut seen).insert(question.to_owned(), Kept { answer: answer.clone(), unread: unread.into() });
        }
        answer
    }
}
