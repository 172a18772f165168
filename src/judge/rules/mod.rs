//! The rule kinds. One line below and one file make a new one; its name in check files is the file's name with hyphens.

use serde::Deserialize;

use super::{Finding, Judgement, Subject};

/// What a rule judges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Each checked interface.
    Interface,
    /// The host, once.
    Host,
}

/// A rule kind: its parameters are its fields.
trait Kind {
    /// What it judges.
    const SCOPE: Scope = Scope::Interface;

    /// Judges one subject.
    fn judge(&self, subject: &Subject<'_>) -> Judgement;
}

macro_rules! kinds {
    ($($file:ident :: $kind:ident),+ $(,)?) => {
        $(mod $file;)+

        /// A rule as a check file names it, `[rule.<kind>]`, with its parameters.
        #[derive(Debug, Clone, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Rule {
            $(#[doc = concat!("The rule of `rules/", stringify!($file), ".rs`.")] $kind($file::$kind)),+
        }

        impl Rule {
            /// Whether it judges each interface or the host.
            pub fn scope(&self) -> Scope {
                match self { $(Self::$kind(_) => <$file::$kind as Kind>::SCOPE),+ }
            }

            pub(super) fn judge(&self, subject: &Subject<'_>) -> Judgement {
                match self { $(Self::$kind(kind) => kind.judge(subject)),+ }
            }
        }
    };
}

kinds! {
    ipv6_enabled::Ipv6Enabled,
}
