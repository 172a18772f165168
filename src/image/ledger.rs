//! What of an image could not be looked at: the path and the reason. Whatever is derived while an entry is made is not known.
//!
//! Readers need not think of it: a question whose answer could not be known is answered as if nothing were there, and the entry is made. Who
//! turns what they derive into facts asks for the entries ([`Image::known`]).

use std::cell::RefCell;
use std::rc::Rc;

use super::Image;
use crate::facts::Reason;

/// As many entries of one derivation as are kept; one is enough for it to be unknown.
const MOST_ENTRIES: usize = 16;

/// The entries of the derivations that go on, the innermost last.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    open: RefCell<Vec<Vec<Rc<Reason>>>>,
}

impl Ledger {
    /// Notes an entry for the derivation that goes on.
    pub(super) fn note(&self, path: &str, reason: impl Into<Reason>) {
        let Reason { kind, text } = reason.into();
        self.again(&[Rc::new(Reason::new(kind, format!("{path}: {text}")))]);
    }

    /// Notes entries of what is known from before.
    pub(super) fn again(&self, entries: &[Rc<Reason>]) {
        if let Some(open) = self.open.borrow_mut().last_mut() {
            let room = MOST_ENTRIES.saturating_sub(open.len());
            open.extend(entries.iter().take(room).cloned());
        }
    }

    /// What `derive` gives, and the entries that were made meanwhile.
    pub(super) fn of<T>(&self, derive: impl FnOnce() -> T) -> (T, Vec<Rc<Reason>>) {
        self.open.borrow_mut().push(Vec::new());
        let derived = derive();
        (derived, self.open.borrow_mut().pop().unwrap_or_default())
    }
}

impl Image {
    /// What `derive` gives, and the first that could not be looked at meanwhile: `PATH: REASON`.
    pub(crate) fn scope<T>(&self, derive: impl FnOnce() -> T) -> (T, Option<Rc<Reason>>) {
        let (derived, entries) = self.ledger.of(derive);
        (derived, entries.into_iter().next())
    }

    /// What `derive` gives, if all that it looked at could be looked at. A derivation around this one is not concerned.
    ///
    /// # Errors
    /// Why it is not known.
    pub(crate) fn known<T, E: Into<Reason>>(&self, derive: impl FnOnce() -> Result<T, E>) -> Result<T, Reason> {
        match self.scope(derive) {
            (Err(reason), _) => Err(reason.into()),
            (Ok(_), Some(unread)) => Err(Reason::clone(&unread)),
            (Ok(derived), None) => Ok(derived),
        }
    }

    /// At most `most` of some files. That others are left out is noted.
    pub(crate) fn at_most<T>(&self, most: usize, mut files: Vec<T>, what: &str) -> Vec<T> {
        if files.len() > most {
            self.note(what, format!("more than {most} files"));
            files.truncate(most);
        }
        files
    }

    /// Says that something at `path` is not looked at.
    pub(crate) fn note(&self, path: &str, reason: impl Into<Reason>) {
        self.ledger.note(path, reason);
    }
}
