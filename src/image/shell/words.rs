//! Expansion of words: variables that are known, and what is not.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::Word;
use super::lexer::{Part, RawWord};

/// The variables of a shell; `None` is one whose value only a running shell knows.
pub(super) type Variables = BTreeMap<String, Option<Rc<str>>>;
/// As many variables as are kept.
pub(super) const MAX_VARIABLES: usize = 256;
/// Longest value of a word, in bytes.
const MAX_BYTES: usize = 4 << 10;

/// What a variable holds.
pub(super) enum Value {
    Known(String),
    Unknown,
    /// Nothing here sets it; the environment may, and seldom does.
    Unset,
}

/// What a variable comes to; `None` if that is not known.
fn value_of(name: &str, default: Option<&String>, value: &dyn Fn(&str) -> Value) -> Option<String> {
    match (value(name), default) {
        (Value::Known(text), Some(default)) if text.is_empty() => Some(default.clone()),
        (Value::Unset, Some(default)) => Some(default.clone()),
        (Value::Known(text), _) => Some(text),
        (Value::Unknown, _) | (Value::Unset, None) => None,
    }
}

/// The fields that a word becomes; an unquoted variable alone is split.
pub(super) fn fields(raw: &RawWord, value: &dyn Fn(&str) -> Value) -> Vec<Word> {
    if let [Part::Variable { name, quoted, default }] = &raw.parts[..]
        && (!quoted || matches!(&name[..], "@" | "*"))
        && let Some(text) = value_of(name, default.as_ref(), value)
    {
        return text.split_whitespace().map(Word::of).collect();
    }
    vec![expanded(raw, value)]
}

/// A word as one.
pub(super) fn expanded(raw: &RawWord, value: &dyn Fn(&str) -> Value) -> Word {
    let mut word = Word::of("");
    for part in &raw.parts {
        let (known, shown) = match part {
            Part::Text(text) => (true, text.clone()),
            Part::Opaque(text) => (false, text.clone()),
            Part::Variable { name, default, .. } => match value_of(name, default.as_ref(), value) {
                Some(text) => (true, text),
                None => (false, format!("${name}")),
            },
        };
        word.known &= known;
        word.pattern.push_str(if known { &shown } else { "*" });
        word.text.push_str(&shown);
        if word.text.len() > MAX_BYTES {
            return Word::unknown("(too long)");
        }
    }
    word
}

/// The name and the value of an assignment.
pub(super) fn assignment(raw: &RawWord) -> Option<(String, RawWord)> {
    let Some(Part::Text(first)) = raw.parts.first() else { return None };
    let (name, value) = first.split_once('=')?;
    let is_name =
        |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') && !name.starts_with(|first: char| first.is_ascii_digit());
    if name.is_empty() || !is_name(name) {
        return None;
    }
    let mut parts = vec![Part::Text(value.to_owned())];
    parts.extend_from_slice(&raw.parts[1..]);
    Some((name.to_owned(), RawWord { parts, quoted: true }))
}
