//! Files of shell variables, as below /etc/sysconfig: what Red Hat's network scripts and SUSE's wicked source, NetworkManager's plugin
//! ifcfg-rh reads, and os-release(5) is.
//!
//! Nothing is executed: a value that a shell would have to work out is known to be there, and no more.

use std::collections::BTreeMap;
use std::io;

use crate::facts::{FileLine, Setting};
use crate::image::Image;

/// The variables that one file sets.
#[derive(Debug, Clone, Default)]
pub(crate) struct Variables {
    /// The file.
    pub(crate) path: String,
    /// What it sets. The last assignment to a name counts.
    values: BTreeMap<String, Setting<String>>,
    /// Variables whose value a shell would have to work out.
    computed: BTreeMap<String, Setting<String>>,
}

impl Variables {
    /// The variables of the file at `path`; `None` if there is no such file.
    ///
    /// # Errors
    /// It cannot be read.
    pub(crate) fn read(root: &Image, path: &str) -> io::Result<Option<Self>> {
        Ok(root.text_if_any(path)?.map(|text| Self::parse(path, &text)))
    }

    /// Those of a file that is not there.
    pub(crate) fn none_at(path: &str) -> Self {
        Self { path: path.to_owned(), ..Self::default() }
    }

    fn parse(path: &str, text: &str) -> Self {
        let mut variables = Self::none_at(path);
        for (number, line) in (1..).zip(text.split('\n')) {
            let Some((name, value)) = assignment(line.trim_start()) else { continue };
            let at = FileLine { path: path.to_owned(), line: number };
            let (text, name) = (line.trim().to_owned(), name.to_owned());
            variables.values.remove(&name);
            variables.computed.remove(&name);
            match value {
                Word::Literal(value) => variables.values.insert(name, Setting { value, at, text }),
                Word::Computed => variables.computed.insert(name, Setting { value: text.clone(), at, text }),
            };
        }
        variables
    }

    /// The value of a variable that is set and not empty.
    pub(crate) fn get(&self, name: &str) -> Option<&Setting<String>> {
        self.values.get(name).filter(|setting| !setting.value.is_empty())
    }

    /// The variables whose values are known.
    pub(crate) fn known(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values.iter().map(|(name, setting)| (name.as_str(), setting.value.as_str()))
    }

    /// The value that this file gives, or else `global`.
    pub(crate) fn get_or<'a>(&'a self, global: &'a Self, name: &str) -> Option<&'a Setting<String>> {
        if self.values.contains_key(name) { self.get(name) } else { global.get(name) }
    }

    /// Why one of `names` is not known, if a shell would have to work it out.
    pub(crate) fn not_known(&self, names: &[&str]) -> Option<String> {
        let setting = names.iter().find_map(|name| self.computed.get(*name))?;
        Some(format!("{}: the value of `{}` is worked out by a shell", setting.at, setting.text))
    }

    /// A text for a default, at the file as a whole.
    pub(crate) fn default_of<T>(&self, value: T, text: &str) -> Setting<T> {
        Setting { value, at: FileLine::whole(&self.path), text: text.to_owned() }
    }
}

/// What the right side of an assignment comes to.
#[derive(Debug, PartialEq, Eq)]
enum Word {
    Literal(String),
    Computed,
}

/// The name and value of a line that is an assignment and nothing else. With a command behind it the shell would set it for that command
/// alone; a line in backticks sets it in a shell of its own.
fn assignment(line: &str) -> Option<(&str, Word)> {
    let line = line.strip_prefix("export ").map_or(line, str::trim_start);
    let (name, rest) = line.split_once('=')?;
    let plain = |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if name.is_empty() || !plain(name) || name.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    word(rest).map(|word| (name, word))
}

/// The one word at the start of `text`, its quotes taken off (bash(1), QUOTING); `None` if a quote is left open or another word follows.
fn word(text: &str) -> Option<Word> {
    let mut value = String::new();
    let mut computed = false;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\'' => loop {
                match characters.next()? {
                    '\'' => break,
                    inside => value.push(inside),
                }
            },
            '"' => loop {
                match characters.next()? {
                    '"' => break,
                    '\\' => value.push(characters.next()?),
                    inside => {
                        computed |= matches!(inside, '$' | '`');
                        value.push(inside);
                    }
                }
            },
            '\\' => value.push(characters.next()?),
            ' ' | '\t' | ';' => {
                let rest: String = characters.collect();
                let rest = rest.trim_start_matches([' ', '\t', ';']);
                let ends = character == ';' || rest.trim().is_empty() || rest.starts_with('#');
                return ends.then_some(if computed { Word::Computed } else { Word::Literal(value) });
            }
            '`' if characters.clone().filter(|next| *next == '`').count() % 2 == 0 => return None,
            '$' | '`' => {
                computed = true;
                // What is inside is one word, blanks and all.
                let rest: String = characters.by_ref().collect();
                value.push_str(&rest);
            }
            '&' | '|' | '<' | '>' | '(' | ')' => return None,
            other => value.push(other),
        }
    }
    Some(if computed { Word::Computed } else { Word::Literal(value.trim_end_matches('\r').to_owned()) })
}

/// As `is_true` of the network scripts, and a little wider than NetworkManager's `svParseBoolean`.
pub(crate) fn is_true(value: &str) -> bool {
    ["yes", "y", "true", "t", "on", "1"].iter().any(|word| value.eq_ignore_ascii_case(word))
}

/// As `is_false` of the network scripts.
pub(crate) fn is_false(value: &str) -> bool {
    ["no", "n", "false", "f", "off", "0"].iter().any(|word| value.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn assignments_as_a_shell_takes_them() {
        let literal = |value: &str| Some(Word::Literal(value.to_owned()));
        for (line, value) in [
            ("A=yes", literal("yes")),
            ("A=\"yes\" # why", literal("yes")),
            ("export A='y'es", literal("yes")),
            ("A=", literal("")),
            ("A=yes;B=no", literal("yes")),
            ("A=yes\r", literal("yes")),
            ("A=a#b", literal("a#b")),
            ("A=\"a b\"", literal("a b")),
            ("A=$B", Some(Word::Computed)),
            ("A=\"$(uname -n)\"", Some(Word::Computed)),
            ("A=`uname -n`", Some(Word::Computed)),
            ("A=yes`", None),
            ("`A=yes`", None),
            ("A=yes command", None),
            ("A =yes", None),
            ("#A=yes", None),
            ("A=\"open", None),
            ("1A=yes", None),
        ] {
            assert_eq!(assignment(line).map(|(_, value)| value), value, "{line}");
        }
        let variables = Variables::parse("f", "A=1\nB=$A\n A=2\nB=3\nC=4\nC=$B\n");
        assert_eq!((variables.get("A").unwrap().at.line, variables.get("B").unwrap().value.as_str()), (3, "3"));
        assert!(variables.get("C").is_none() && variables.not_known(&["A", "C"]).unwrap().contains("f:6"));
    }
}
