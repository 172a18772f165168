//! A deviation as a merge patch (RFC 7396) of facts' JSON.
//!
//! Two rules are added. TOML cannot say null: the text `null!` stands for it. And what could not be looked at replaces what was seen, and the
//! other way round, as a whole.

use serde_json::{Map, Value};

const NULL: &str = "null!";

/// Patches `target`.
///
/// # Errors
/// The patch removes what is not there; the text names the key.
pub(crate) fn merge(target: &mut Value, patch: Value) -> Result<(), String> {
    merge_at(target, patch, "")
}

fn merge_at(target: &mut Value, patch: Value, path: &str) -> Result<(), String> {
    let Value::Object(patch) = patch else {
        *target = patch;
        return Ok(());
    };
    let others = |object: &Map<String, Value>| ["unknown", "absent"].iter().any(|other| object.contains_key(*other));
    let turned = others(&patch) || (patch.contains_key("seen") && target.as_object().is_some_and(others));
    if turned || !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Some(object) = target.as_object_mut() else { return Err(format!("{path} is no object")) };
    for (key, value) in patch {
        let path = format!("{path}.{key}");
        if value != NULL {
            merge_at(object.entry(key).or_insert(Value::Null), value, &path)?;
        } else if key == "seen" {
            object.insert(key, Value::Null);
        } else if object.remove(&key).is_none() {
            return Err(format!("{path} is not there, so it cannot be removed"));
        }
    }
    Ok(())
}
