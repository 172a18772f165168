//! What a guest holds, in a form that can be compared: nothing of it may change when it is looked at.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;

use super::{Guest, LabError};

/// Keys of `ip -json` that count down or up by themselves.
const MOVING: [&str; 6] = ["valid_life_time", "preferred_life_time", "expires", "used", "confirmed", "updated"];

/// Addresses, routes, known routers, settings and files of a guest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    parts: BTreeMap<String, String>,
}

impl Snapshot {
    /// Takes one; lifetimes are left out.
    ///
    /// # Errors
    /// A command failed.
    pub fn take(guest: &Guest) -> Result<Self, LabError> {
        let mut parts = BTreeMap::new();
        for words in ["-json addr show", "-json -6 route show table all", "-json -4 route show table all", "-json link show"] {
            let text = guest.namespace().ip(words)?;
            let mut value: Value = serde_json::from_str(&text).map_err(|error| LabError::Refused(format!("ip {words}: {error}")))?;
            forget_moving(&mut value);
            parts.insert(format!("ip {words}"), format!("{value:#}"));
        }
        let neighbours: Value = serde_json::from_str(&guest.namespace().ip("-json -6 neigh show")?).unwrap_or_default();
        for router in neighbours.as_array().into_iter().flatten().filter(|neighbour| neighbour.get("router").is_some()) {
            parts.insert(format!("router {}", router["dst"]), router["lladdr"].to_string());
        }
        for line in guest.succeed("grep", &["-rsI", "", "/proc/sys/net/ipv4", "/proc/sys/net/ipv6"]).or_else(despite_unreadable)?.lines() {
            if let Some((path, value)) = line.split_once(':') {
                parts.insert(path.into(), value.into());
            }
        }
        for directory in ["etc", "run", "var/lib"] {
            files(&guest.path(directory), &mut parts).map_err(LabError::io(directory))?;
        }
        Ok(Self { parts })
    }

    /// Adds something else that must not change, such as the server's lease file.
    #[must_use]
    pub fn with(mut self, name: &str, text: String) -> Self {
        self.parts.insert(name.into(), text);
        self
    }

    /// How many things are compared.
    pub fn len(&self) -> usize {
        self.parts.len()
    }

    /// Whether nothing is compared.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// What differs in `later`, one text each.
    pub fn differences(&self, later: &Self) -> Vec<String> {
        let names: std::collections::BTreeSet<&String> = self.parts.keys().chain(later.parts.keys()).collect();
        let changed = names.into_iter().filter(|name| self.parts.get(*name) != later.parts.get(*name));
        changed.map(|name| format!("{name}: {:?} became {:?}", self.parts.get(name), later.parts.get(name))).collect()
    }
}

/// grep ends with 2 if some settings are write-only, and has printed the rest.
fn despite_unreadable(error: LabError) -> Result<String, LabError> {
    match error {
        LabError::Failed { code: Some(2), text, .. } => Ok(text),
        other => Err(other),
    }
}

fn forget_moving(value: &mut Value) {
    match value {
        Value::Object(object) => {
            object.retain(|key, _| !MOVING.contains(&key.as_str()));
            object.values_mut().for_each(forget_moving);
        }
        Value::Array(array) => array.iter_mut().for_each(forget_moving),
        _ => {}
    }
}

fn files(directory: &Path, parts: &mut BTreeMap<String, String>) -> std::io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            files(&path, parts)?;
        } else if path.is_file() {
            parts.insert(path.display().to_string(), String::from_utf8_lossy(&fs::read(&path)?).into_owned());
        }
    }
    Ok(())
}
