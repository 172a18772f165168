//! Waivers: requirements that a deployment knowingly does without, each with a reason and, best, an end.
//!
//! A waiver takes the weight off a failure; it hides nothing, and one that waives nothing or is past its end is told.

use std::path::Path;

use serde::Deserialize;

use super::{Catalogue, CatalogueError, files};
use crate::glob::matches;

/// The interface name by which a waiver means the host.
const HOST: &str = "host";

/// A file of waivers: `[[waiver]]` entries.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Waivers {
    #[serde(default, rename = "waiver")]
    waivers: Vec<Waiver>,
}

/// The same entries with the places of their ids.
#[derive(Deserialize)]
struct Places {
    #[serde(default, rename = "waiver")]
    waivers: Vec<Place>,
}

#[derive(Deserialize)]
struct Place {
    id: toml::Spanned<String>,
}

/// One requirement that is done without.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Waiver {
    /// Id of the requirement, or a shell pattern of ids.
    pub id: String,
    /// The interface, or a shell pattern of interfaces; `host` is the host. All of them, where it is absent.
    #[serde(default = "every")]
    pub interface: String,
    /// Why.
    pub reason: String,
    /// The last day on which it holds.
    pub expires: Option<toml::value::Date>,
}

fn every() -> String {
    "*".into()
}

impl Waiver {
    /// Whether it names requirement `id` of `interface` (the host where that is absent).
    pub fn covers(&self, id: &str, interface: Option<&str>) -> bool {
        matches(&self.id, id) && matches(&self.interface, interface.unwrap_or(HOST))
    }

    /// Whether it is past its end on the day that an RFC 3339 time begins with.
    pub fn expired(&self, on: &str) -> bool {
        // Both are YYYY-MM-DD, so the order of the texts is that of the days.
        self.expires.is_some_and(|last| on.get(..10).is_some_and(|day| last.to_string().as_str() < day))
    }
}

/// Reads a file of waivers.
///
/// # Errors
/// It cannot be read, is too large or does not parse; a reason is empty, or an id is that of no requirement. The error names file, line and column.
pub fn load_waivers(path: &Path, catalogue: &Catalogue) -> Result<Vec<Waiver>, CatalogueError> {
    let text = files::text(path)?;
    let waivers: Waivers = toml::from_str(&text).map_err(|error| CatalogueError::syntax(path, &text, &error))?;
    let places: Places = toml::from_str(&text).map_err(|error| CatalogueError::syntax(path, &text, &error))?;
    for Place { id } in &places.waivers {
        if !catalogue.checks().iter().any(|check| matches(id.get_ref(), &check.id)) {
            // Why there is none, with similar ids.
            catalogue.check(id.get_ref()).map_err(|error| CatalogueError::within(path, &text, Some(id.span()), error))?;
        }
    }
    match waivers.waivers.iter().find(|waiver| waiver.reason.trim().is_empty()) {
        Some(waiver) => Err(CatalogueError::whole(path, format!("the waiver of {:?} has no reason", waiver.id))),
        None => Ok(waivers.waivers),
    }
}
