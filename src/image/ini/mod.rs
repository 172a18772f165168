//! INI: `key=value` lines, below `[section]` lines or without them. One reader of lines for every dialect: plain assignments (/etc/default,
//! .conf files) are read here; [`systemd`] continues lines, [`keyfile`] is GLib's. What a shell would expand is read by `shell_variables`.

pub(crate) mod keyfile;
pub(crate) mod systemd;

use crate::facts::FileLine;

/// A line that is neither empty nor a comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line<'a> {
    /// What stands in brackets, and the number of the line.
    Section(&'a str, u32),
    /// A bracket that nothing closes.
    Unclosed,
    Assignment(Keyed<'a>),
    /// Neither of them.
    Other,
}

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

/// The lines of a text in which a comment begins with one of `comments`. Values keep the blanks at their end.
fn lines<'a>(text: &'a str, comments: &'static [char]) -> impl Iterator<Item = Line<'a>> {
    let mut section = "";
    (1..).zip(text.lines()).filter_map(move |(line, whole)| {
        let text = whole.trim();
        if text.is_empty() || text.starts_with(comments) {
            return None;
        }
        let closed = text.strip_prefix('[').map(|name| (name, name.strip_suffix(']')));
        Some(match (closed, whole.split_once('=')) {
            (Some((name, closed)), assignment) if closed.is_some() || assignment.is_none() => {
                section = closed.unwrap_or(name);
                if closed.is_some() { Line::Section(section, line) } else { Line::Unclosed }
            }
            (_, Some((key, value))) => Line::Assignment(Keyed { section, key: key.trim(), value: value.trim_start(), line, text }),
            (_, None) => Line::Other,
        })
    })
}

/// The assignments of a text, in their order.
pub(crate) fn assignments(text: &str) -> impl Iterator<Item = Keyed<'_>> {
    raw_assignments(text).map(|found| Keyed { value: unquoted(found.value), ..found })
}

/// As [`assignments`], with quotation marks as they stand there.
fn raw_assignments(text: &str) -> impl Iterator<Item = Keyed<'_>> {
    lines(text, &['#', ';']).filter_map(|line| match line {
        Line::Assignment(found) => Some(Keyed { value: found.value.trim_end(), ..found }),
        Line::Section(..) | Line::Unclosed | Line::Other => None,
    })
}

/// The last assignment of a key, whichever section it is in.
pub(crate) fn last<'a>(text: &'a str, key: &str) -> Option<Keyed<'a>> {
    assignments(text).filter(|found| found.key == key).last()
}

fn unquoted(value: &str) -> &str {
    ['"', '\''].into_iter().find_map(|mark| value.strip_prefix(mark)?.strip_suffix(mark)).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_and_quotation_marks() {
        let text = "a = 1\n#b=2\n[one]\nb=\"2 3\"\n[two]\n;c=4\nc='\nno line\n[three\nd=[5]\n";
        let found: Vec<_> = assignments(text).map(|found| (found.section, found.key, found.value, found.line)).collect();
        assert_eq!(found, [("", "a", "1", 1), ("one", "b", "2 3", 4), ("two", "c", "'", 7), ("three", "d", "[5]", 10)]);
        assert_eq!(last("a=1\na=2\n", "a").map(|found| found.value), Some("2"));
    }
}
