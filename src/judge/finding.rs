//! What a rule finds.

use serde::{Deserialize, Serialize};

use super::{Evidence, Place};
use crate::facts::{Reason, Tense, Unknown};

/// The verdict on one requirement of one subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Verdict {
    /// It was looked at and holds.
    Pass,
    /// It was looked at and does not hold.
    Fail,
    /// It does not apply here.
    Skip,
    /// It applies, but could not be looked at.
    Inconclusive,
}

/// A cause that calls for another change than the requirement's usual one; check files name its remedy under `[remedy.cause]`, and whose fault it
/// is, where that is not the usual one, under `[blame-by-cause]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// Frames arrive and no socket sees them: the guest's firewall, most likely.
    Firewall,
    /// Forwarding is on, so that the kernel wants `accept_ra=2`.
    Forwarding,
    /// Another node uses the address.
    Duplicate,
    /// The server knows this MAC under another DUID, or not at all.
    NoAddress,
    /// Nobody answered.
    Silence,
    /// The guest did not ask.
    NotAsked,
    /// The file that decides is one that cloud-init writes by the cloud's metadata.
    Metadata,
    /// What the stack is set up to do cannot be read.
    Unread,
}

impl Cause {
    /// All of them.
    pub const ALL: [Self; 8] =
        [Self::Firewall, Self::Forwarding, Self::Duplicate, Self::NoAddress, Self::Silence, Self::NotAsked, Self::Metadata, Self::Unread];

    /// Whether its remedy is one more, to be told before the usual one, which is right as well.
    pub fn adds(self) -> bool {
        self == Self::Metadata
    }

    /// Its name in check files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Firewall => "firewall",
            Self::Forwarding => "forwarding",
            Self::Duplicate => "duplicate",
            Self::NoAddress => "no-address",
            Self::Silence => "silence",
            Self::NotAsked => "not-asked",
            Self::Metadata => "metadata",
            Self::Unread => "unread",
        }
    }
}

/// What a rule found on one subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The verdict.
    pub verdict: Verdict,
    /// What was expected, a lower-case fragment; empty for skip and inconclusive.
    pub expected: String,
    /// What was seen, likewise.
    pub seen: String,
    /// One line that a user can act on, without the interface's name.
    pub message: String,
    /// Why it was skipped or inconclusive.
    pub reason: Option<Reason>,
    /// What was looked at.
    pub evidence: Vec<Evidence>,
    /// What is behind a failure, if that calls for another remedy than the usual one.
    pub cause: Option<Cause>,
}

/// What a rule returns; `?` on something that could not be looked at makes `inconclusive`.
pub type Judgement = Result<Finding, Unknown>;

impl Finding {
    /// It holds: `expected` was seen as `seen`.
    pub fn pass(expected: impl Into<String>, seen: impl Into<String>) -> Self {
        let seen = seen.into();
        Self { message: seen.clone(), seen, ..Self::new(Verdict::Pass, expected) }
    }

    /// It does not hold; `message` is the sentence that goes into the diagnosis.
    pub fn fail(expected: impl Into<String>, seen: impl Into<String>, message: impl Into<String>) -> Self {
        Self { seen: seen.into(), message: message.into(), ..Self::new(Verdict::Fail, expected) }
    }

    /// It does not apply, for `reason`.
    pub fn skip(reason: impl Into<Reason>) -> Self {
        Self::without_look(Verdict::Skip, reason)
    }

    /// It applies but could not be looked at, for `reason`.
    pub fn inconclusive(reason: impl Into<Reason>) -> Self {
        Self::without_look(Verdict::Inconclusive, reason)
    }

    /// Adds a piece of evidence.
    #[must_use]
    pub fn with(mut self, tense: Tense, place: impl Into<Place>, value: impl Into<String>) -> Self {
        self.evidence.push(Evidence::new(tense, place, value));
        self
    }

    /// Adds several pieces of evidence; what a router says again and again is told once.
    #[must_use]
    pub fn with_all(mut self, evidence: impl IntoIterator<Item = Evidence>) -> Self {
        let mut known = std::collections::BTreeSet::new();
        self.evidence.extend(evidence.into_iter().filter(|evidence| known.insert((evidence.place.clone(), evidence.value.clone()))));
        self
    }

    /// Names the cause.
    #[must_use]
    pub fn because(mut self, cause: Cause) -> Self {
        self.cause = Some(cause);
        self
    }

    fn new(verdict: Verdict, expected: impl Into<String>) -> Self {
        Self { verdict, expected: expected.into(), seen: String::new(), message: String::new(), reason: None, evidence: Vec::new(), cause: None }
    }

    fn without_look(verdict: Verdict, reason: impl Into<Reason>) -> Self {
        let reason = reason.into();
        Self { message: reason.text.clone(), reason: Some(reason), ..Self::new(verdict, "") }
    }
}
