//! Why something could not be looked at: a text for people, and a kind for what is decided by it.

use std::fmt;
use std::io;

use serde::{Deserialize, Serialize};

/// What kind of obstacle it was. Only kinds that something depends on are told apart.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum ReasonKind {
    /// Any other obstacle.
    #[default]
    Other,
    /// This process lacks a capability or the permission to read a file: root may look.
    MissingPrivilege,
    /// Nothing was sent, because the run is passive.
    Passive,
    /// Nobody recorded the boot.
    NotRecorded,
}

impl ReasonKind {
    /// Whether it is [`ReasonKind::Other`].
    pub fn is_other(&self) -> bool {
        *self == Self::Other
    }
}

/// Why something could not be looked at.
///
/// Stored as its text alone where the kind is [`ReasonKind::Other`], else as `{"kind": KIND, "text": TEXT}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Stored", into = "Stored")]
pub struct Reason {
    /// What kind of obstacle it was.
    pub kind: ReasonKind,
    /// A lower-case fragment such as `CAP_NET_RAW is missing`.
    pub text: String,
}

impl Reason {
    /// A reason of this kind.
    pub fn new(kind: ReasonKind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into() }
    }

    /// `WHAT: ERROR`; of the kind that the error is.
    pub fn of_io(what: &str, error: &io::Error) -> Self {
        Self::new(Self::from(error).kind, format!("{what}: {error}"))
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl From<String> for Reason {
    fn from(text: String) -> Self {
        Self::new(ReasonKind::Other, text)
    }
}

impl From<&str> for Reason {
    fn from(text: &str) -> Self {
        Self::from(text.to_owned())
    }
}

impl From<&String> for Reason {
    fn from(text: &String) -> Self {
        Self::from(text.clone())
    }
}

impl From<&Reason> for Reason {
    fn from(reason: &Reason) -> Self {
        reason.clone()
    }
}

impl From<io::Error> for Reason {
    fn from(error: io::Error) -> Self {
        Self::from(&error)
    }
}

impl From<&io::Error> for Reason {
    fn from(error: &io::Error) -> Self {
        // EPERM and EACCES are of one kind in the standard library.
        let denied = error.kind() == io::ErrorKind::PermissionDenied;
        Self::new(if denied { ReasonKind::MissingPrivilege } else { ReasonKind::Other }, error.to_string())
    }
}

/// The stored form.
#[derive(Serialize, Deserialize)]
#[serde(untagged, expecting = "a reason: a text, or `kind` and `text`")]
enum Stored {
    Text(String),
    OfKind(OfKind),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OfKind {
    kind: ReasonKind,
    text: String,
}

impl From<Stored> for Reason {
    fn from(stored: Stored) -> Self {
        match stored {
            Stored::Text(text) => text.into(),
            Stored::OfKind(OfKind { kind, text }) => Self { kind, text },
        }
    }
}

impl From<Reason> for Stored {
    fn from(Reason { kind, text }: Reason) -> Self {
        if kind.is_other() { Self::Text(text) } else { Self::OfKind(OfKind { kind, text }) }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn a_plain_reason_is_stored_as_its_text() {
        let plain = Reason::from("eth0 is down");
        assert_eq!(serde_json::to_string(&plain).unwrap(), r#""eth0 is down""#);
        let passive = Reason::new(ReasonKind::Passive, "nothing was sent: --passive");
        let text = serde_json::to_string(&passive).unwrap();
        assert_eq!(text, r#"{"kind":"passive","text":"nothing was sent: --passive"}"#);
        assert_eq!(serde_json::from_str::<Reason>(&text).unwrap(), passive);
        assert_eq!(serde_json::from_str::<Reason>(r#""eth0 is down""#).unwrap(), plain);
        assert!(serde_json::from_str::<Reason>(r#"{"kind":"passive","text":"","more":1}"#).is_err());
    }

    #[test]
    fn a_denied_permission_is_a_missing_privilege() {
        for errno in [libc::EACCES, libc::EPERM] {
            assert_eq!(Reason::from(io::Error::from_raw_os_error(errno)).kind, ReasonKind::MissingPrivilege);
        }
        assert_eq!(Reason::from(io::Error::from_raw_os_error(libc::EIO)).kind, ReasonKind::Other);
    }
}
