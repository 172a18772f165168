//! Key files: groups of keys (GKeyFile of GLib; NetworkManager's and ConnMan's files), with the line of each key.

use std::io;

use super::{Line, lines};
use crate::facts::Setting;
use crate::image::Image;

/// As many lines as are kept of one file.
const MOST_LINES: usize = 1 << 14;

/// A file of groups.
#[derive(Debug, Clone, Default)]
pub(crate) struct KeyFile {
    /// Its groups in their order; one name may come more than once.
    pub(crate) groups: Vec<Group>,
}

/// A group.
#[derive(Debug, Clone)]
pub(crate) struct Group {
    /// What stands in brackets.
    pub(crate) name: String,
    /// The line of it.
    pub(crate) line: u32,
    /// Its keys, as they stand there (with a `+` or `-` at the end), and values.
    pub(crate) entries: Vec<(String, Setting<String>)>,
}

impl KeyFile {
    /// The file's groups; `None` if it is not of this format, which makes a program pass over the whole file.
    ///
    /// # Errors
    /// It has too many lines.
    pub(crate) fn parse(path: &str, text: &str) -> io::Result<Option<Self>> {
        let mut file = Self::default();
        for (count, line) in lines(text, &['#']).enumerate() {
            if count >= MOST_LINES {
                return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("{path}: more than {MOST_LINES} lines of keys")));
            }
            match (line, file.groups.last_mut()) {
                (Line::Section(name, line), _) => file.groups.push(Group { name: name.to_owned(), line, entries: Vec::new() }),
                (Line::Assignment(found), Some(group)) => {
                    let setting = Setting { value: found.value.to_owned(), at: found.at(path), text: found.text.to_owned() };
                    group.entries.push((found.key.to_owned(), setting));
                }
                (Line::Assignment(_), None) | (Line::Unclosed | Line::Other, _) => return Ok(None),
            }
        }
        Ok(Some(file))
    }

    /// The file at `path`; one without groups if there is none, or if it is not of this format.
    ///
    /// # Errors
    /// It cannot be read, or has too many lines.
    pub(crate) fn read(root: &Image, path: &str) -> io::Result<Self> {
        Ok(root.text_if_any(path)?.map(|text| Self::parse(path, &text)).transpose()?.flatten().unwrap_or_default())
    }

    /// The last value of a key in the groups of these names.
    pub(crate) fn get(&self, groups: &[&str], key: &str) -> Option<&Setting<String>> {
        let entries = self.groups.iter().filter(|group| groups.contains(&&group.name[..])).flat_map(|group| &group.entries);
        entries.rev().find(|(found, _)| found == key).map(|(_, setting)| setting)
    }

    /// The last value of a key, whichever group it is in.
    pub(crate) fn any(&self, key: &str) -> Option<&Setting<String>> {
        let mut entries = self.groups.iter().flat_map(|group| &group.entries).rev();
        entries.find(|(found, _)| found == key).map(|(_, setting)| setting)
    }

    /// Whether the groups of this name have a key that begins like this.
    pub(crate) fn has_key(&self, group: &str, start: &str) -> bool {
        let groups = self.groups.iter().filter(|found| found.name == group);
        groups.flat_map(|group| &group.entries).any(|(key, _)| key.starts_with(start))
    }

    /// Whether there is a group of this name.
    pub(crate) fn has_group(&self, name: &str) -> bool {
        self.groups.iter().any(|group| group.name == name)
    }
}

/// Whether a value is true (`g_key_file_get_boolean`); `None` if it is neither: a `yes` or `no` is as if it were not there.
pub(crate) fn strict_boolean(value: &str) -> Option<bool> {
    match value.trim_end() {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}

/// Whether a value of NetworkManager.conf is true (`_nm_utils_ascii_str_to_bool`); `None` if it is neither.
pub(crate) fn boolean(value: &str) -> Option<bool> {
    let is = |words: &[&str]| words.iter().any(|word| value.trim_end().eq_ignore_ascii_case(word));
    if is(&["true", "yes", "on", "1"]) {
        return Some(true);
    }
    is(&["false", "no", "off", "0"]).then_some(false)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn groups_of_a_file() {
        let file = KeyFile::parse("/f", "#c\n[a]\nx = 1 \n[b]\nx=2\n[a]\ny=3\n").unwrap().unwrap();
        let lines: Vec<(u32, &str)> = file.groups.iter().map(|group| (group.line, &group.name[..])).collect();
        assert_eq!(lines, [(2, "a"), (4, "b"), (6, "a")]);
        assert_eq!(file.get(&["a"], "x").map(|set| &set.value[..]), Some("1 "));
        assert_eq!(file.any("x").map(|set| set.at.line), Some(5));
        for refused in ["x=1\n[a]\n", "[a]\nno key\n", "[a\nx=1\n", "[a] b\nx=1\n", "[a]\n;c\n"] {
            assert!(KeyFile::parse("/f", refused).unwrap().is_none(), "{refused}");
        }
    }

    /// What is left over of a long file is not as if it were not there.
    #[test]
    fn a_file_that_is_too_long() {
        let text = format!("[a]\n{}", "x=1\n".repeat(MOST_LINES));
        assert_eq!(KeyFile::parse("/f", &text).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
    }
}
