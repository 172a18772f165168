//! What wide-dhcpv6's dhcp6c and dibbler-client have in common: files of statements in braces; both leave Router Advertisements to the kernel, do
//! not bring an interface up, and run beside whatever configures it.

use crate::facts::{Intent, RunsDhcpv6, Setting, StackId, TakesRas};

/// As many blocks as are kept of a file.
const MOST_BLOCKS: usize = 4096;

/// What such a client does with an interface.
pub(crate) fn intent(stack: StackId, dhcpv6: Setting<RunsDhcpv6>) -> Intent {
    let by_itself = |text: String| Setting { value: (), at: dhcpv6.at.clone(), text };
    let at_boot = by_itself(format!("{stack} does not bring interfaces up")).holding(false);
    let takes_ras = by_itself(format!("{stack} leaves Router Advertisements to the kernel")).holding(TakesRas::Kernel);
    Intent::new(stack, at_boot, dhcpv6, takes_ras).with_client(stack)
}

/// A word, or one of `{`, `}` and `;`.
#[derive(Debug, Clone)]
pub(crate) struct Word {
    pub(crate) line: u32,
    pub(crate) text: String,
}

/// A statement with a body: `interface eth0 { .. }`. Bodies inside it are part of its words.
#[derive(Debug)]
pub(crate) struct Block {
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) line: u32,
    pub(crate) words: Vec<Word>,
}

impl Block {
    pub(crate) fn is(&self, kind: &str, name: &str) -> bool {
        self.kind == kind && self.name == name
    }
}

/// The words of a file whose comments begin with `#` or `//`, or stand between `/*` and `*/`, and whose strings have double quotes.
pub(crate) fn words(text: &str) -> Vec<Word> {
    let text = without_comments(text);
    let mut words = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.split('#').next().unwrap_or_default();
        let line = line.split("//").next().unwrap_or_default();
        let mut word = String::new();
        let mut quoted = false;
        for character in line.chars().chain([' ']) {
            let ends = !quoted && (character.is_whitespace() || matches!(character, '{' | '}' | ';' | ','));
            if character == '"' {
                quoted = !quoted;
            } else if !ends {
                word.push(character);
                continue;
            }
            if ends && !word.is_empty() {
                words.push(Word { line: number, text: std::mem::take(&mut word) });
            }
            if ends && matches!(character, '{' | '}' | ';') {
                words.push(Word { line: number, text: character.to_string() });
            }
        }
    }
    words
}

/// The text without what stands between `/*` and `*/`, its lines kept.
fn without_comments(text: &str) -> String {
    let mut parts = text.split("/*");
    let mut kept = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (comment, rest) = part.split_once("*/").unwrap_or((part, ""));
        kept.push(' ');
        kept.extend(comment.matches('\n'));
        kept.push_str(rest);
    }
    kept
}

/// The statements with a body, in their order.
pub(crate) fn blocks(words: &[Word]) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut depth = 0_usize;
    for (at, word) in words.iter().enumerate() {
        match &word.text[..] {
            "{" if depth == 0 && blocks.len() < MOST_BLOCKS => {
                let before = |back: usize| at.checked_sub(back).and_then(|at| words.get(at)).map_or("", |word| &word.text[..]);
                blocks.push(Block { kind: before(2).to_owned(), name: before(1).to_owned(), line: word.line, words: Vec::new() });
                depth = 1;
                continue;
            }
            "{" => depth += 1,
            "}" => depth = depth.saturating_sub(1),
            _ => {}
        }
        if let Some(block) = blocks.last_mut().filter(|_| depth > 0) {
            block.words.push(word.clone());
        }
    }
    blocks
}
