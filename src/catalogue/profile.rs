//! A profile: the requirements of one deployment.

use serde::Deserialize;

use super::Level;
use crate::judge::Expectations;

/// One deployment: what it requires at which level, and what its network looks like.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Profile {
    /// Its name, the same as the file's.
    pub name: String,
    /// What deployment it is, in a line.
    pub title: String,
    /// What its network is expected to look like.
    #[serde(default)]
    pub network: Expectations,
    /// Its requirements in the order of cause and effect.
    #[serde(rename = "requirement")]
    pub requirements: Vec<Selected>,
}

/// A requirement and its level in a profile.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Selected {
    /// Id of the check.
    pub id: String,
    /// Its level here.
    pub level: Level,
}
