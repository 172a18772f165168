//! The syntax of interfaces(5): lines, stanzas, and the files that others draw in.
//!
//! A line that interfaces(5) does not know ends nothing and means nothing here; ifup itself would refuse the file.

use std::collections::BTreeSet;
use std::io;

use crate::facts::FileLine;
use crate::image::Image;

/// As many files as are read, and as deep as they may draw in each other.
const MOST_FILES: usize = 256;
const DEEPEST: usize = 16;
/// As many lines as are kept of all files.
const MOST_LINES: usize = 1 << 16;
/// As many stanzas as are kept: each may inherit from any other, so the work grows with their square.
const MOST_STANZAS: usize = 4096;

/// A line and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) at: FileLine,
    /// The line as it stands there, continuations joined.
    pub(crate) text: String,
}

impl Line {
    /// The first word.
    pub(crate) fn key(&self) -> &str {
        self.text.split_whitespace().next().unwrap_or_default()
    }

    /// What follows the first word.
    pub(crate) fn value(&self) -> &str {
        self.text.split_once(char::is_whitespace).map_or("", |(_, value)| value.trim())
    }

    fn words(&self) -> impl Iterator<Item = &str> {
        self.text.split_whitespace().skip(1)
    }
}

/// An `iface` stanza.
#[derive(Debug, Clone)]
pub(crate) struct Stanza {
    /// Its first line.
    pub(crate) line: Line,
    /// The (logical) interface.
    pub(crate) name: String,
    /// `inet`, `inet6`; absent where it only inherits.
    pub(crate) family: Option<String>,
    /// `dhcp`, `auto`, `static`.
    pub(crate) method: Option<String>,
    /// The stanza that it inherits from.
    pub(crate) inherits: Option<String>,
    /// Its options.
    pub(crate) options: Vec<Line>,
}

/// What the files say.
#[derive(Debug, Default)]
pub(crate) struct Configuration {
    /// `iface` stanzas in their order.
    pub(crate) stanzas: Vec<Stanza>,
    /// Lines that name interfaces to bring up at boot (`auto`, `allow-auto`, `allow-hotplug`), with the names or patterns.
    pub(crate) at_boot: Vec<(Line, Vec<String>)>,
    /// `mapping` lines with their patterns.
    pub(crate) mappings: Vec<(Line, Vec<String>)>,
    seen: BTreeSet<String>,
    lines: usize,
}

impl Configuration {
    /// Reads the file at `path` and those that it draws in; `None` if there is no such file.
    ///
    /// # Errors
    /// One of the files cannot be read, or they are too many.
    pub(crate) fn read(root: &Image, path: &str) -> io::Result<Option<Self>> {
        Self::read_with(root, path, &str::to_owned)
    }

    /// As [`Configuration::read`], of the text that `filled` makes of each file's.
    ///
    /// # Errors
    /// As there.
    pub(crate) fn read_with(root: &Image, path: &str, filled: &dyn Fn(&str) -> String) -> io::Result<Option<Self>> {
        let mut configuration = Self::default();
        Ok(configuration.include(root, path, filled, 0)?.then_some(configuration))
    }

    /// Whether there is such a file.
    fn include(&mut self, root: &Image, path: &str, filled: &dyn Fn(&str) -> String, depth: usize) -> io::Result<bool> {
        if !self.seen.insert(path.to_owned()) {
            return Ok(true);
        }
        if self.seen.len() > MOST_FILES || depth > DEEPEST {
            return Err(io::Error::other(format!("{path}: too many files draw in each other")));
        }
        let Some(text) = root.text_if_any(path)?.map(|text| filled(&text)) else { return Ok(false) };
        let mut part = Part::Outside;
        for line in lines(path, &text) {
            self.lines += 1;
            if self.lines > MOST_LINES || self.stanzas.len() > MOST_STANZAS {
                return Err(io::Error::other(format!("{path}: too many lines")));
            }
            part = self.take(root, line, part, filled, depth)?;
        }
        Ok(true)
    }

    /// Takes one line, and says what the next ones belong to.
    fn take(&mut self, root: &Image, line: Line, part: Part, filled: &dyn Fn(&str) -> String, depth: usize) -> io::Result<Part> {
        let words: Vec<String> = line.words().map(str::to_owned).collect();
        match line.key() {
            // A template is a stanza that others inherit from, in ifupdown-ng.
            "iface" | "template" => self.stanzas.push(stanza(line, &words)),
            "auto" | "allow-auto" | "allow-hotplug" => {
                self.at_boot.push((line, words));
                return Ok(Part::Outside);
            }
            "mapping" => {
                self.mappings.push((line, words));
                return Ok(Part::Outside);
            }
            "source" | "source-directory" => {
                for pattern in &words {
                    for path in drawn_in(root, &line.at.path, pattern, line.key() == "source") {
                        self.include(root, &path, filled, depth + 1)?;
                    }
                }
                return Ok(Part::Outside);
            }
            "rename" | "no-auto-down" | "no-scripts" => return Ok(Part::Outside),
            other if other.starts_with("allow-") => return Ok(Part::Outside),
            _ => {
                if let (Part::Stanza, Some(stanza)) = (part, self.stanzas.last_mut()) {
                    match line.key() {
                        "inherits" => stanza.inherits = words.first().cloned(),
                        _ => stanza.options.push(line),
                    }
                }
                return Ok(part);
            }
        }
        Ok(Part::Stanza)
    }
}

/// What a line without a keyword belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Stanza,
    Outside,
}

fn stanza(line: Line, words: &[String]) -> Stanza {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let (name, rest) = words.split_first().map_or(("", &[][..]), |(name, rest)| (*name, rest));
    let (kind, inherits) = match rest {
        ["inherits", from, ..] => (&[][..], Some(*from)),
        [_, _, "inherits", from, ..] => (&rest[..2], Some(*from)),
        _ => (rest, None),
    };
    Stanza {
        name: name.to_owned(),
        family: kind.first().map(|family| (*family).to_owned()),
        method: kind.get(1).map(|method| (*method).to_owned()),
        inherits: inherits.map(str::to_owned),
        options: Vec::new(),
        line,
    }
}

/// The logical lines: comments and empty lines left out, continuations (a backslash at the end) joined.
fn lines(path: &str, text: &str) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut numbered = (1..).zip(text.lines());
    while let Some((number, first)) = numbered.next() {
        if first.trim_start().starts_with('#') || first.trim().is_empty() {
            continue;
        }
        let mut logical = first.to_owned();
        while logical.ends_with('\\') {
            logical.pop();
            let Some((_, next)) = numbered.next() else { break };
            logical.push_str(next);
        }
        lines.push(Line { at: FileLine { path: path.to_owned(), line: number }, text: logical.trim().to_owned() });
    }
    lines
}

/// The files that a pattern draws in. A directory stands for its files with a name as run-parts(8) has them; files are for `source` only.
fn drawn_in(root: &Image, from: &str, pattern: &str, files: bool) -> Vec<String> {
    let directory = from.rsplit_once('/').map_or("", |(directory, _)| directory);
    let pattern = if pattern.starts_with('/') { pattern.to_owned() } else { format!("{directory}/{pattern}") };
    let mut paths = Vec::new();
    for path in root.glob(&pattern) {
        if root.is_directory(&path) {
            let plain = |name: &String| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
            let inside = root.names(&path).into_iter().filter(plain).map(|name| format!("{path}/{name}"));
            paths.extend(inside.filter(|path| !root.is_directory(path)));
        } else if files {
            paths.push(path);
        }
    }
    paths
}
