//! YAML as evidence: a tree whose every key knows its line.
//!
//! Only the first document of a file is read. Anchors are shared rather than copied, so that a small file cannot become a large tree; tags
//! and merge keys (`<<`) mean nothing here.

use std::collections::HashMap;
use std::io;
use std::rc::Rc;

use saphyr_parser::{Event, Parser, ScalarStyle};

use crate::facts::{FileLine, Setting};

/// As deep as nodes may stand in each other.
const DEEPEST: usize = 64;
/// As many events as are taken from one file.
const MOST_EVENTS: usize = 1 << 17;
/// As much of a line as is shown.
const LONGEST_LINE: usize = 200;

/// A node.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) content: Content,
}

/// What a node is.
#[derive(Debug)]
pub(crate) enum Content {
    /// A scalar as text; absent where it is null.
    Scalar(Option<String>),
    Sequence(Vec<Rc<Node>>),
    /// Keys with the lines that they begin on, from 1; those that are no scalars are left out.
    Mapping(Vec<(String, u32, Rc<Node>)>),
}

impl Node {
    /// The scalar, if it is one and not null.
    pub(crate) fn scalar(&self) -> Option<&str> {
        match &self.content {
            Content::Scalar(text) => text.as_deref(),
            _ => None,
        }
    }

    /// The items of a sequence.
    pub(crate) fn items(&self) -> &[Rc<Node>] {
        match &self.content {
            Content::Sequence(items) => items,
            _ => &[],
        }
    }

    /// Keys with their lines and values.
    pub(crate) fn entries(&self) -> &[(String, u32, Rc<Node>)] {
        match &self.content {
            Content::Mapping(entries) => entries,
            _ => &[],
        }
    }

    /// The value of a key and the key's line; the last one where it is there twice.
    pub(crate) fn entry(&self, key: &str) -> Option<(u32, &Rc<Node>)> {
        self.entries().iter().rev().find(|(name, _, _)| name == key).map(|(_, line, node)| (*line, node))
    }

    /// The value of a key.
    pub(crate) fn get(&self, key: &str) -> Option<&Rc<Node>> {
        self.entry(key).map(|(_, node)| node)
    }
}

/// The first document of a file.
#[derive(Debug)]
pub(crate) struct Document {
    path: String,
    lines: Vec<String>,
    /// What it holds; absent if it is empty.
    pub(crate) root: Option<Rc<Node>>,
}

impl Document {
    /// Parses `text` of the file at `path`.
    ///
    /// # Errors
    /// It is not YAML, or too deep or too large.
    pub(crate) fn parse(path: &str, text: &str) -> io::Result<Self> {
        let lines = text.lines().map(|line| line.trim().chars().take(LONGEST_LINE).collect()).collect();
        Ok(Self { path: path.to_owned(), lines, root: tree(path, text)? })
    }

    /// `value` as what stands on `line`.
    pub(crate) fn setting<T>(&self, line: u32, value: T) -> Setting<T> {
        let text = usize::try_from(line).ok().and_then(|line| self.lines.get(line.checked_sub(1)?));
        Setting { value, at: self.at(line), text: text.cloned().unwrap_or_default() }
    }

    /// The line of this file.
    pub(crate) fn at(&self, line: u32) -> FileLine {
        FileLine { path: self.path.clone(), line }
    }
}

/// A collection that is being read.
struct Open {
    anchor: usize,
    content: Content,
    /// The key whose value comes next, with its line; a key that is no scalar has no text.
    key: Option<(Option<String>, u32)>,
}

fn tree(path: &str, text: &str) -> io::Result<Option<Rc<Node>>> {
    let mut anchors: HashMap<usize, Rc<Node>> = HashMap::new();
    let mut open: Vec<Open> = Vec::new();
    let mut parser = Parser::new_from_str(text);
    for _ in 0..MOST_EVENTS {
        let Some(event) = parser.next_event() else { return Ok(None) };
        let (event, span) =
            event.map_err(|error| io::Error::other(format!("{path}:{}:{}: {}", error.marker().line(), error.marker().col() + 1, error.info())))?;
        let line = u32::try_from(span.start.line()).unwrap_or(u32::MAX);
        let refused = |why: &str| io::Error::other(format!("{path}:{line}:{}: {why}", span.start.col() + 1));
        let (node, anchor) = match event {
            Event::Scalar(text, style, anchor, _) => {
                let null = style == ScalarStyle::Plain && matches!(&*text, "" | "~" | "null" | "Null" | "NULL");
                (Rc::new(Node { content: Content::Scalar((!null).then(|| text.into_owned())) }), anchor)
            }
            Event::Alias(anchor) => (anchors.get(&anchor).cloned().ok_or_else(|| refused("an alias of what it stands in"))?, 0),
            Event::SequenceStart(anchor, _) => {
                open.push(Open { anchor, content: Content::Sequence(Vec::new()), key: None });
                if open.len() > DEEPEST {
                    return Err(refused("too deep"));
                }
                continue;
            }
            Event::MappingStart(anchor, _) => {
                open.push(Open { anchor, content: Content::Mapping(Vec::new()), key: None });
                if open.len() > DEEPEST {
                    return Err(refused("too deep"));
                }
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(closed) = open.pop() else { return Err(refused("an end without a beginning")) };
                (Rc::new(Node { content: closed.content }), closed.anchor)
            }
            Event::StreamEnd | Event::DocumentEnd => return Ok(None),
            Event::Nothing | Event::StreamStart | Event::DocumentStart(_) => continue,
        };
        if anchor > 0 {
            anchors.insert(anchor, Rc::clone(&node));
        }
        let Some(parent) = open.last_mut() else { return Ok(Some(node)) };
        match &mut parent.content {
            Content::Sequence(items) => items.push(node),
            Content::Mapping(entries) => match parent.key.take() {
                None => parent.key = Some((node.scalar().map(str::to_owned), line)),
                Some((Some(key), at)) => entries.push((key, at, node)),
                Some((None, _)) => {}
            },
            Content::Scalar(_) => {}
        }
    }
    Err(io::Error::other(format!("{path}: too large")))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use std::fmt::Write;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lines_of_block_and_flow() {
        let text = "# first\nnetwork:\n  ethernets:\n    eth0: &common\n      dhcp6: true\n    eth1: {dhcp6: false,\n      accept-ra: 'no'}\n    eth2: *common\n";
        let document = Document::parse("/f", text).unwrap();
        let ethernets = document.root.as_ref().unwrap().get("network").unwrap().get("ethernets").unwrap();
        let of = |name: &str, key: &str| {
            let (line, node) = ethernets.get(name).unwrap().entry(key).unwrap();
            (line, node.scalar().unwrap().to_owned())
        };
        assert_eq!(of("eth0", "dhcp6"), (5, "true".to_owned()));
        assert_eq!(of("eth1", "dhcp6"), (6, "false".to_owned()));
        assert_eq!(of("eth1", "accept-ra"), (7, "no".to_owned()));
        assert_eq!(of("eth2", "dhcp6"), (5, "true".to_owned()));
        assert_eq!(document.setting(5, ()).text, "dhcp6: true");
        assert_eq!(document.setting(500, ()).text, "");
    }

    #[test]
    fn what_is_refused() {
        let error = |text: &str| Document::parse("/f", text).unwrap_err().to_string();
        assert!(error("a:\n  b: [1\nc: 2\n").starts_with("/f:"), "{}", error("a:\n  b: [1\nc: 2\n"));
        assert!(error("a: &a [*a]").contains("an alias of what it stands in"));
        assert!(error(&"[".repeat(100)).contains("too deep"));
        assert!(error(&"- ".repeat(100_000)).contains("too deep"));
        assert!(error(&"- x\n".repeat(200_000)).contains("too large"));
        assert!(error("a: *nothing").starts_with("/f:1:"));
    }

    #[test]
    fn a_bomb_stays_small() {
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..30 {
            let aliases = vec![format!("*a{}", level - 1); 9].join(", ");
            writeln!(bomb, "a{level}: &a{level} [{aliases}]").unwrap();
        }
        assert_eq!(Document::parse("/f", &bomb).unwrap().root.unwrap().entries().len(), 30);
    }

    #[test]
    fn empty_files_hold_nothing() {
        for text in ["", "# comment\n", "---\n", "\u{feff}"] {
            assert!(Document::parse("/f", text).unwrap().root.is_none_or(|root| root.scalar().is_none()), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_ends(text in "[-a\\[\\]{}:,\"'&*!|>%@`# \t\n?~.\u{e9}]{0,80}") {
            drop(Document::parse("/f", &text));
        }
    }
}
