//! One requirement as its check file says it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Remedy;
use crate::facts::Tense;
use crate::judge::{Cause, Rule, Verdict};

/// How much a requirement weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Level {
    /// Told, never counted.
    Info,
    /// Counted only with `--strict`.
    Should,
    /// Without it the guest does not get its address, or does not keep it.
    Must,
}

/// Whose fault a failure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Blame {
    /// The guest's: its image or its configuration.
    Guest,
    /// The network's: its router, its DHCPv6 server, their settings.
    Network,
}

/// The document that a requirement comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Source {
    /// `RFC 8415`, a man page, a web page by its title.
    pub document: String,
    /// Section in it.
    pub section: String,
}

/// A requirement: one file `checks/<family>/<id>.toml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Check {
    /// Its name, the same as the file's.
    pub id: String,
    /// What is required, as a statement that is true when it holds.
    pub title: String,
    /// Its level where no profile says another.
    pub level: Level,
    /// Whose fault a failure is.
    pub blame: Blame,
    /// Whose fault a failure of these causes is instead.
    #[serde(default)]
    pub blame_by_cause: BTreeMap<Cause, Blame>,
    /// The tenses it reads.
    pub needs: Vec<Tense>,
    /// Why it matters, in two sentences.
    pub why: String,
    /// How it is judged, in our own words.
    pub judged: String,
    /// Where it comes from.
    pub source: Source,
    /// Requirements whose failure brings this one's about; the diagnosis names the cause only.
    #[serde(default)]
    pub follows: Vec<String>,
    /// What to change.
    pub remedy: Remedy,
    /// The rule.
    pub rule: Rule,
    /// Whether it applies; where this rule fails, the requirement is skipped.
    pub when: Option<Rule>,
    /// Worked examples, each a test, as they are written; [`Self::examples`] reads them. The program itself has no use for them.
    #[serde(default, rename = "case")]
    pub cases: Vec<toml::Table>,
}

impl Check {
    /// Whose fault a failure with this cause is.
    pub fn blame_of(&self, cause: Option<Cause>) -> Blame {
        cause.and_then(|cause| self.blame_by_cause.get(&cause)).copied().unwrap_or(self.blame)
    }

    /// Its worked examples.
    ///
    /// # Errors
    /// One has a key that there is not, lacks one, or a value is none of its kind.
    pub fn examples(&self) -> Result<Vec<Case>, String> {
        let read = |table: &toml::Table| table.clone().try_into().map_err(|error: toml::de::Error| format!("{}: {}", self.id, error.message()));
        self.cases.iter().map(read).collect()
    }
}

/// A worked example: the known-good guest with one deviation, and the verdict that it must get.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Case {
    /// What deviates.
    pub name: String,
    /// The verdict.
    pub verdict: Verdict,
    /// A word that message or reason must contain.
    pub says: Option<String>,
    /// Whose fault it must be, where the cause decides.
    pub blame: Option<Blame>,
    /// The good guest is an image on disk that does not run: it has no link, no state and no network.
    #[serde(default)]
    pub image: bool,
    /// Deviation of the host's facts (`run`, `intent`, `state`, `interfaces` beside the first), a merge patch.
    pub host: Option<toml::Table>,
    /// Deviation of the interface's facts (`link`, `tenses`), a merge patch.
    pub interface: Option<toml::Table>,
    /// What was recorded of the boot, instead of the good guest's: `{ at = 1.5, solicit = {} }`, in the order of time.
    pub boot: Option<Vec<toml::Table>>,
    /// The guest has a second interface `eth1`, like the first, of whose boot this was recorded.
    pub second_boot: Option<Vec<toml::Table>>,
    /// The Router Advertisements that answer, instead of the good network's one.
    pub advertisements: Option<Vec<toml::Table>>,
    /// The DHCPv6 messages that answer, instead of the good network's one.
    pub answers: Option<Vec<toml::Table>>,
}
