//! Many looks at one thing and the verdict of them all: one that is wrong decides, then one that cannot be told.

use super::{Evidence, Finding};
use crate::exchange::trace::Trace;
use crate::wire::message::Message;

/// What one look found.
pub(in crate::judge) enum Look {
    /// It is as expected.
    Right,
    /// It is not: what was seen, and a sentence that says it.
    Wrong(String, String),
    /// It cannot be told, for this reason.
    Unsure(String),
}

/// The looks so far.
pub(in crate::judge) struct Verdicts {
    expected: String,
    looks: usize,
    wrong: Option<(String, String)>,
    unsure: Option<String>,
    evidence: Vec<Evidence>,
}

/// As many pieces of evidence as are told of looks that were right.
const MOST_EVIDENCE: usize = 8;

impl Verdicts {
    /// None yet.
    pub(in crate::judge) fn new(expected: impl Into<String>) -> Self {
        Self { expected: expected.into(), looks: 0, wrong: None, unsure: None, evidence: Vec::new() }
    }

    /// One more, with what shows it.
    pub(in crate::judge) fn look(&mut self, evidence: Evidence, look: Look) {
        self.looks += 1;
        let telling = match look {
            Look::Right => false,
            Look::Wrong(seen, message) => self.wrong.is_none() && self.wrong.replace((seen, message)).is_none(),
            Look::Unsure(reason) => self.unsure.is_none() && self.unsure.replace(reason).is_none(),
        };
        if telling || self.evidence.len() < MOST_EVIDENCE {
            self.evidence.push(evidence);
        }
    }

    /// The verdict; `what` names in the plural what was looked at. Where there was nothing it does not apply, unless frames are missing.
    pub(in crate::judge) fn settle<'a>(self, what: &str, traces: impl IntoIterator<Item = &'a Trace<'a>>) -> Finding {
        let nothing = || {
            let unread = |trace: &Trace<'_>| trace.packets.iter().any(|packet| packet.cut && packet.message == Message::Other);
            if traces.into_iter().any(|trace| !trace.recording.gaps.is_empty() || unread(trace)) {
                Finding::inconclusive(format!("no {what} in what was recorded, and frames are missing or cut short"))
            } else {
                Finding::skip(format!("no {what} in the recording"))
            }
        };
        self.conclude(what, nothing)
    }

    /// The verdict; where there was nothing to look at, `nothing`.
    pub(in crate::judge) fn conclude(self, what: &str, nothing: impl FnOnce() -> Finding) -> Finding {
        let finding = if let Some((seen, message)) = self.wrong {
            Finding::fail(self.expected, seen, message)
        } else if let Some(reason) = self.unsure {
            Finding::inconclusive(reason)
        } else if self.looks > 0 {
            Finding::pass(self.expected, format!("so in all {} {what}", self.looks))
        } else {
            nothing()
        };
        finding.with_all(self.evidence)
    }
}
