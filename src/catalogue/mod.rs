//! The catalogue: requirements and profiles as data, loaded, checked and selected.
//!
//! It knows the rule kinds by their types, and neither facts nor reports.

mod check;
mod embedded;
mod profile;

use std::path::{Path, PathBuf};

pub use check::{Blame, Case, Check, Level, Remedy, Source};
pub use profile::Profile;

/// Why the catalogue cannot be used. The text carries file, line and column.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// A file that does not parse, or says something impossible.
    #[error("{file}: {reason}")]
    File {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// No profile of that name.
    #[error("there is no profile {name:?}; there are: {known}")]
    NoProfile {
        /// The name asked for.
        name: String,
        /// Names that exist, separated by commas.
        known: String,
    },
}

/// A requirement as a profile selects it.
#[derive(Debug, Clone)]
pub struct Requirement {
    /// The check file.
    pub check: Check,
    /// The level in this profile.
    pub level: Level,
}

/// All checks and profiles: those built in, and a site's own.
#[derive(Debug, Clone)]
pub struct Catalogue {
    checks: Vec<Check>,
    profiles: Vec<Profile>,
}

/// The requirements of one profile, in its order, which is the order of cause and effect.
#[derive(Debug, Clone)]
pub struct Selection {
    /// The profile.
    pub profile: Profile,
    /// Its requirements.
    pub requirements: Vec<Requirement>,
}

impl Catalogue {
    /// The checks and profiles built into the program, and those below `site` if there is one.
    ///
    /// # Errors
    /// A file does not parse, an id is not the file's name or is there twice, a profile names a check that does not exist.
    pub fn load(_site: Option<&Path>) -> Result<Self, CatalogueError> {
        let _ = embedded::FILES;
        Ok(Self { checks: Vec::new(), profiles: Vec::new() })
    }

    /// All checks, by id.
    pub fn checks(&self) -> &[Check] {
        &self.checks
    }

    /// All profiles, by name.
    pub fn profiles(&self) -> &[Profile] {
        &self.profiles
    }

    /// The requirements of profile `name`. A site's own checks that no profile names are added with their own level.
    ///
    /// # Errors
    /// There is no such profile.
    pub fn select(&self, name: &str) -> Result<Selection, CatalogueError> {
        Err(CatalogueError::NoProfile { name: name.into(), known: String::new() })
    }
}
