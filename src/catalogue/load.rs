//! From texts to checks and profiles, and the laws that hold for all of them together.
//!
//! A broken law is told with its place in the file. Places are looked up only then: files that are right are read once.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::files::Document;
use super::{Catalogue, CatalogueError, Check, Profile};
use crate::suggest::similar;

/// Reads `texts`, which are in the order of their precedence: who comes first has a name first. Where only one profile is asked for, the built-in
/// checks that it does not name are left unread: they are known to be right, and reading them all takes longer than judging.
pub(super) fn load(texts: &[Document], only: Option<&str>) -> Result<Catalogue, CatalogueError> {
    let mut checks: BTreeMap<String, (Check, &Document)> = BTreeMap::new();
    let mut profiles: BTreeMap<String, (Profile, &Document)> = BTreeMap::new();
    for text in texts.iter().filter(|text| text.profile) {
        let profile: Profile = parse(text)?;
        enter(&mut profiles, profile.name.clone(), profile, text)?;
    }
    let of_checks = || texts.iter().filter(|text| !text.profile);
    // Of those built in, the file's name is the id.
    let mut known: BTreeSet<String> = of_checks().filter(|text| !text.site).map(|text| text.stem().into_owned()).collect();
    let mut needed: BTreeSet<String> = of_checks().filter(|text| text.site).map(|text| text.stem().into_owned()).collect();
    let only = only.and_then(|name| profiles.get(name));
    needed.extend(only.iter().flat_map(|(profile, _)| &profile.requirements).map(|selected| selected.id.clone()));
    for text in of_checks().filter(|text| only.is_none() || needed.contains(&*text.stem())) {
        let check: Check = parse(text)?;
        enter(&mut checks, check.id.clone(), check, text)?;
    }
    known.extend(checks.keys().cloned());
    for (check, text) in checks.values() {
        for (at, cause) in check.follows.iter().enumerate() {
            if !known.contains(cause) {
                return Err(unknown_check(text, cause, known.iter(), place(text, &|table| item(table, "follows", at))));
            }
        }
    }
    circles(&checks)?;
    for (profile, text) in profiles.values() {
        let mut named = BTreeSet::new();
        for (at, selected) in profile.requirements.iter().enumerate() {
            let place = || place(text, &|table| item(table, "requirement", at)?.get_ref().as_table()?.get("id"));
            if !known.contains(&selected.id) {
                return Err(unknown_check(text, &selected.id, known.iter(), place()));
            }
            if !named.insert(&selected.id) {
                let reason = format!("requirement {:?} is named twice in this profile", selected.id);
                return Err(broken(text, place(), reason));
            }
        }
    }
    let site = checks.iter().filter(|(_, (_, text))| text.site).map(|(id, _)| id.clone()).collect();
    Ok(Catalogue {
        checks: checks.into_values().map(|(check, _)| check).collect(),
        profiles: profiles.into_values().map(|(profile, _)| profile).collect(),
        site,
    })
}

fn parse<T: for<'de> Deserialize<'de>>(text: &Document) -> Result<T, CatalogueError> {
    toml::from_str(&text.text).map_err(|error| CatalogueError::syntax(&text.file, &text.text, &error))
}

/// Enters `item` under `name`, which must be the file's name and not be taken.
fn enter<'a, T>(items: &mut BTreeMap<String, (T, &'a Document)>, name: String, item: T, text: &'a Document) -> Result<(), CatalogueError> {
    let (key, what) = if text.profile { ("name", "profile") } else { ("id", "check") };
    let place = || place(text, &|table| table.get(key));
    if name != text.stem() {
        return Err(broken(text, place(), format!("{key} is {name:?}, but the file is named {:?}", text.stem())));
    }
    match items.entry(name) {
        Entry::Vacant(free) => {
            free.insert((item, text));
            Ok(())
        }
        Entry::Occupied(taken) => {
            let (_, first) = taken.get();
            let owner = if first.site { first.file.display().to_string() } else { "built in".into() };
            Err(broken(text, place(), format!("there is a {what} {:?} already ({owner}); choose another {key}", taken.key())))
        }
    }
}

/// Refuses causes that follow from their own effect: no diagnosis could name a first one.
fn circles(checks: &BTreeMap<String, (Check, &Document)>) -> Result<(), CatalogueError> {
    for (id, (check, text)) in checks {
        let mut causes = BTreeSet::new();
        let mut open: Vec<&String> = check.follows.iter().collect();
        while let Some(cause) = open.pop() {
            if cause == id {
                let place = place(text, &|table| item(table, "follows", 0));
                return Err(broken(text, place, format!("check {id:?} follows from itself")));
            }
            if causes.insert(cause) {
                open.extend(checks.get(cause).map(|(check, _)| check.follows.iter()).into_iter().flatten());
            }
        }
    }
    Ok(())
}

fn unknown_check<'a>(text: &Document, id: &str, known: impl Iterator<Item = &'a String>, at: Option<Range<usize>>) -> CatalogueError {
    let known: Vec<&str> = known.map(String::as_str).collect();
    let similar = similar(id, known.iter().copied());
    let hint = if similar.is_empty() { format!("there are: {}", known.join(", ")) } else { format!("did you mean {}?", similar.join(" or ")) };
    broken(text, at, format!("there is no check {id:?}; {hint}"))
}

fn broken(text: &Document, at: Option<Range<usize>>, reason: String) -> CatalogueError {
    CatalogueError::within(&text.file, &text.text, at, reason)
}

/// Where the value stands that `find` finds in the text.
fn place(text: &Document, find: &dyn for<'t> Fn(&'t DeTable<'t>) -> Option<&'t Spanned<DeValue<'t>>>) -> Option<Range<usize>> {
    let table = DeTable::parse(&text.text).ok()?;
    find(table.get_ref()).map(Spanned::span)
}

fn item<'t>(table: &'t DeTable<'t>, list: &str, at: usize) -> Option<&'t Spanned<DeValue<'t>>> {
    table.get(list)?.get_ref().as_array()?.get(at)
}
