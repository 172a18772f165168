//! The syntax of systemd.syntax(7): sections and assignments, each with its file and line.
//!
//! A value that systemd cannot read is skipped with a warning, so that an earlier one stays; it is skipped here too.

use super::raw_assignments;
use crate::facts::{FileLine, Setting};

/// An assignment and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Assignment {
    pub(crate) section: String,
    pub(crate) key: String,
    pub(crate) value: String,
    pub(crate) at: FileLine,
    /// The line as it stands there.
    pub(crate) text: String,
}

/// Assignments in the order in which they count: drop-ins come after the file that they belong to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Assignments(pub(crate) Vec<Assignment>);

impl Assignments {
    /// The assignments of a file. Lines outside of a section and lines without `=` mean nothing.
    pub(crate) fn parse(path: &str, text: &str) -> Self {
        let text = joined(text.trim_start_matches('\u{feff}'));
        let found = raw_assignments(&text).filter(|found| !found.section.is_empty());
        let owned = found.map(|found| Assignment {
            section: found.section.to_owned(),
            key: found.key.to_owned(),
            value: found.value.to_owned(),
            at: found.at(path),
            text: found.text.to_owned(),
        });
        Self(owned.collect())
    }

    /// All assignments of a list since the last empty one, which resets it.
    pub(crate) fn list(&self, section: &str, key: &str) -> Vec<&Assignment> {
        let all: Vec<&Assignment> = self.of(section, key).collect();
        let reset = all.iter().rposition(|assignment| assignment.value.is_empty()).map_or(0, |at| at + 1);
        all[reset..].to_vec()
    }

    /// The value that counts: the last one that can be read, and none where an empty one comes after it.
    pub(crate) fn setting<T>(&self, section: &str, key: &str, read: impl Fn(&str) -> Option<T>) -> Option<Setting<T>> {
        let read = |assignment: &&Assignment| {
            let value = read(&assignment.value)?;
            Some(Setting { value, at: assignment.at.clone(), text: assignment.text.clone() })
        };
        self.list(section, key).iter().rev().find_map(read)
    }

    fn of(&self, section: &str, key: &str) -> impl Iterator<Item = &Assignment> {
        self.0.iter().filter(move |assignment| assignment.section == section && assignment.key == key)
    }
}

/// The text with each continued line (an odd number of backslashes at its end) joined into its first one, and an empty line for each that was
/// joined, so that the count stays. A comment between continued lines is left out, and does not end them.
fn joined(text: &str) -> String {
    let mut joined = String::with_capacity(text.len());
    let (mut continues, mut left_out) = (false, 0);
    for line in text.lines() {
        let line = line.trim();
        if continues && line.starts_with(['#', ';']) {
            left_out += 1;
            continue;
        }
        let backslashes = line.bytes().rev().take_while(|byte| *byte == b'\\').count();
        continues = backslashes % 2 == 1 && !line.starts_with(['#', ';']);
        if continues {
            joined.push_str(&line[..line.len() - 1]);
            joined.push(' ');
            left_out += 1;
        } else {
            joined.push_str(line);
            joined.push('\n');
            joined.extend(std::iter::repeat_n('\n', std::mem::take(&mut left_out)));
        }
    }
    joined
}

/// A boolean as systemd spells it (parse_boolean of src/basic/parse-util.c).
pub(crate) fn boolean(text: &str) -> Option<bool> {
    match &text.to_ascii_lowercase()[..] {
        "1" | "yes" | "y" | "true" | "t" | "on" => Some(true),
        "0" | "no" | "n" | "false" | "f" | "off" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn continued_lines() {
        let text = "[S]\nA=1 \\\n; no\n\t2 \\\n\nB=C:\\\\\n# x \\\nD=3\n[T]\nE=1 \\";
        let parsed = Assignments::parse("/f", text);
        let found: Vec<(u32, &str, &str)> = parsed.0.iter().map(|found| (found.at.line, &found.key[..], &found.value[..])).collect();
        assert_eq!(found, [(2, "A", "1  2"), (6, "B", "C:\\\\"), (8, "D", "3"), (10, "E", "1")]);
    }

    fn number(text: &str) -> Option<u32> {
        text.parse().ok()
    }

    #[test]
    fn the_last_value_that_can_be_read_counts() {
        let text = "A=0\n[S]\n; A=1\nA = 2\nA=x\n[T]\nA=4\n[S]\nB=5\nB=\n\nL=1 \\\n# no\n  2\nL=3\n";
        let parsed = Assignments::parse("/f", text);
        let a = parsed.setting("S", "A", number).unwrap();
        assert_eq!((a.value, a.at.line, &a.text[..]), (2, 4, "A = 2"));
        assert_eq!(parsed.setting("T", "A", number).unwrap().at.line, 7);
        assert_eq!(parsed.setting("S", "B", number), None);
        let list: Vec<(u32, &str)> = parsed.list("S", "L").iter().map(|found| (found.at.line, &found.value[..])).collect();
        assert_eq!(list, [(12, "1  2"), (15, "3")]);
    }

    #[test]
    fn booleans() {
        for (text, value) in [("Yes", Some(true)), ("t", Some(true)), ("OFF", Some(false)), ("0", Some(false)), ("maybe", None), ("", None)] {
            assert_eq!(boolean(text), value, "{text}");
        }
    }
}
