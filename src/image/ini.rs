//! Files of `key=value` lines, below `[section]` lines or without them: INI of systemd and keyfiles, plain assignments of /etc/default. Knows
//! neither continued lines nor what a shell would expand; `shell_variables` does.
//!
//! And the files of such folders by name, which mask each other.

use crate::facts::FileLine;
use crate::image::Image;

/// One assignment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Keyed<'a> {
    /// Empty above the first section.
    pub(crate) section: &'a str,
    pub(crate) key: &'a str,
    /// Without quotation marks around it.
    pub(crate) value: &'a str,
    pub(crate) line: u32,
    /// The line as it stands there.
    pub(crate) text: &'a str,
}

impl Keyed<'_> {
    pub(crate) fn at(&self, path: &str) -> FileLine {
        FileLine { path: path.to_owned(), line: self.line }
    }
}

/// The assignments of a text, in their order.
pub(crate) fn assignments(text: &str) -> impl Iterator<Item = Keyed<'_>> {
    raw_assignments(text).map(|found| Keyed { value: unquoted(found.value), ..found })
}

/// As [`assignments`], with quotation marks as they stand there.
pub(crate) fn raw_assignments(text: &str) -> impl Iterator<Item = Keyed<'_>> {
    let mut section = "";
    (1..).zip(text.lines()).filter_map(move |(line, text)| {
        let text = text.trim();
        if text.starts_with(['#', ';']) {
            return None;
        }
        if let Some(name) = text.strip_prefix('[') {
            section = name.trim_end().strip_suffix(']').unwrap_or(name);
            return None;
        }
        let (key, value) = text.split_once('=')?;
        Some(Keyed { section, key: key.trim(), value: value.trim(), line, text })
    })
}

/// The last assignment of a key, whichever section it is in.
pub(crate) fn last<'a>(text: &'a str, key: &str) -> Option<Keyed<'a>> {
    assignments(text).filter(|found| found.key == key).last()
}

fn unquoted(value: &str) -> &str {
    ['"', '\''].into_iter().find_map(|mark| value.strip_prefix(mark)?.strip_suffix(mark)).unwrap_or(value)
}

/// The files of some folders whose names end with `ending`, in the order of their names; of equal names the one in the first folder counts,
/// and a link to /dev/null masks (systemd.unit(5), sysctl.d(5), modprobe.d(5)).
pub(crate) fn files_by_name(root: &Image, folders: &[&str], ending: &str) -> Vec<String> {
    let mut by_name = std::collections::BTreeMap::new();
    for folder in folders {
        for name in root.names(folder).into_iter().filter(|name| name.ends_with(ending) && !name.starts_with('.')) {
            by_name.entry(name.clone()).or_insert_with(|| format!("{folder}/{name}"));
        }
    }
    by_name.into_values().filter(|path| root.link(path).is_none_or(|target| target != "/dev/null")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_and_quotation_marks() {
        let text = "a = 1\n#b=2\n[one]\nb=\"2 3\"\n[two]\n;c=4\nc='\nno line\n";
        let found: Vec<_> = assignments(text).map(|found| (found.section, found.key, found.value, found.line)).collect();
        assert_eq!(found, [("", "a", "1", 1), ("one", "b", "2 3", 4), ("two", "c", "'", 7)]);
        assert_eq!(last("a=1\na=2\n", "a").map(|found| found.value), Some("2"));
    }
}
