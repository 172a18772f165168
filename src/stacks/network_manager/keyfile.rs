//! The format of NetworkManager's files: groups of keys (GKeyFile of GLib, nm-settings-keyfile(5)), with the line of each key.

use crate::facts::{FileLine, Setting};

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
    /// Its keys, as they stand there (with a `+` or `-` at the end), and values.
    pub(crate) entries: Vec<(String, Setting<String>)>,
}

impl KeyFile {
    /// The file's groups; `None` if it is not of this format, which makes NetworkManager pass over the whole file.
    pub(crate) fn parse(path: &str, text: &str) -> Option<Self> {
        let mut file = Self::default();
        for (number, line) in (1..).zip(text.lines().take(MOST_LINES)) {
            let line = line.trim_start();
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.trim_end().strip_suffix(']')) {
                file.groups.push(Group { name: name.to_owned(), entries: Vec::new() });
                continue;
            }
            let (key, value) = line.split_once('=')?;
            let at = FileLine { path: path.to_owned(), line: number };
            let setting = Setting { value: value.trim_start().to_owned(), at, text: line.trim_end().to_owned() };
            file.groups.last_mut()?.entries.push((key.trim().to_owned(), setting));
        }
        Some(file)
    }

    /// The last value of a key in the groups of these names.
    pub(crate) fn get(&self, groups: &[&str], key: &str) -> Option<&Setting<String>> {
        let entries = self.groups.iter().filter(|group| groups.contains(&&group.name[..])).flat_map(|group| &group.entries);
        entries.rev().find(|(found, _)| found == key).map(|(_, setting)| setting)
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

/// Whether a value of a profile is true (`g_key_file_get_boolean`); `None` if it is neither: a `yes` or `no` is as if it were not there.
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
