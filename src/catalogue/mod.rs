//! The catalogue: requirements and profiles as data, loaded, checked and selected.
//!
//! It knows the rule kinds by their types, and neither facts nor reports.

mod check;
mod embedded;
mod error;
mod files;
mod load;
mod profile;
mod prose;
mod remedy;
mod waiver;

use std::collections::BTreeSet;
use std::path::Path;

use crate::suggest::similar;
pub use check::{Blame, Case, Check, Level, Source};
pub use error::{CatalogueError, Position};
pub use profile::{Profile, Selected};
pub use prose::{LIST_SCHEMA, explain, list, list_json};
pub use remedy::{InCharge, Remedy};
pub use waiver::{Waiver, load_waivers};

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
    /// Ids of a site's own checks.
    site: BTreeSet<String>,
}

/// The requirements of one profile, in its order, which is the order of cause and effect.
#[derive(Debug, Clone)]
pub struct Selection {
    /// The profile.
    pub profile: Profile,
    /// Its requirements.
    pub requirements: Vec<Requirement>,
    /// What is knowingly done without.
    pub waivers: Vec<Waiver>,
}

impl Catalogue {
    /// The checks and profiles built into the program, without their cases, and those below `site` if there is one:
    /// `<family>/<id>.toml` and `profiles/<name>.toml`.
    ///
    /// # Errors
    /// A file cannot be read or does not parse, a name is not the file's or is there twice, a profile or a `follows` names a check that does
    /// not exist.
    pub fn load(site: Option<&Path>) -> Result<Self, CatalogueError> {
        load::load(&Self::texts(site)?, None)
    }

    /// The requirements of the profile `name`, as [`Catalogue::select`] gives them, without reading what it does not need.
    ///
    /// # Errors
    /// As [`Catalogue::load`], or there is no such profile.
    pub fn selection(site: Option<&Path>, name: &str) -> Result<Selection, CatalogueError> {
        load::load(&Self::texts(site)?, Some(name))?.select(name)
    }

    fn texts(site: Option<&Path>) -> Result<Vec<files::Document>, CatalogueError> {
        let mut texts = files::built_in();
        if let Some(folder) = site {
            texts.extend(files::below(folder)?);
        }
        Ok(texts)
    }

    /// The checks and profiles below `folder` alone, with their cases.
    ///
    /// # Errors
    /// As [`Catalogue::load`].
    pub fn read(folder: &Path) -> Result<Self, CatalogueError> {
        load::load(&files::below(folder)?, None)
    }

    /// All checks, by id.
    pub fn checks(&self) -> &[Check] {
        &self.checks
    }

    /// All profiles, by name.
    pub fn profiles(&self) -> &[Profile] {
        &self.profiles
    }

    /// The check of that id.
    ///
    /// # Errors
    /// There is none; the error names similar ids.
    pub fn check(&self, id: &str) -> Result<&Check, CatalogueError> {
        self.checks.iter().find(|check| check.id == id).ok_or_else(|| {
            let similar = similar(id, self.checks.iter().map(|check| check.id.as_str()));
            let hint = if similar.is_empty() { "`v6check list` shows all".into() } else { format!("did you mean {}?", similar.join(" or ")) };
            CatalogueError::NoCheck { id: id.into(), hint }
        })
    }

    /// The requirements of profile `name`. A site's own checks that no profile names are added with their own level.
    ///
    /// # Errors
    /// There is no such profile.
    pub fn select(&self, name: &str) -> Result<Selection, CatalogueError> {
        let Some(profile) = self.profiles.iter().find(|profile| profile.name == name) else {
            let known = self.profiles.iter().map(|profile| profile.name.as_str()).collect::<Vec<_>>().join(", ");
            return Err(CatalogueError::NoProfile { name: name.into(), known });
        };
        let named = profile.requirements.iter().filter_map(|selected| Some((self.check(&selected.id).ok()?, selected.level)));
        let in_a_profile: BTreeSet<&str> =
            self.profiles.iter().flat_map(|profile| &profile.requirements).map(|selected| selected.id.as_str()).collect();
        let added = self.checks.iter().filter(|check| self.site.contains(&check.id) && !in_a_profile.contains(check.id.as_str()));
        let requirements = named.chain(added.map(|check| (check, check.level)));
        let requirements = requirements.map(|(check, level)| Requirement { check: check.clone(), level }).collect();
        Ok(Selection { profile: profile.clone(), requirements, waivers: Vec::new() })
    }
}
