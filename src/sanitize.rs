//! Sanitizes text from facts: what could move a terminal's cursor, break a line or break XML becomes an escape such as `\x1b`. Nothing is
//! dropped, so a hostile name stays visible as what it is.

use std::fmt::Write;

/// `text` in one line: control characters, line ends among them, are shown as escapes.
pub(crate) fn line(text: &str) -> String {
    escape(text, |_| false)
}

/// `text` with its line ends; every other control character is shown as an escape.
pub fn block(text: &str) -> String {
    escape(text, |character| character == '\n')
}

fn escape(text: &str, keep: impl Fn(char) -> bool) -> String {
    // Fast path: nothing to escape.
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return text.to_owned();
    }
    let mut sanitized = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            _ if keep(character) || !is_harmful(character) => sanitized.push(character),
            '\n' => sanitized.push_str("\\n"),
            '\r' => sanitized.push_str("\\r"),
            '\t' => sanitized.push_str("\\t"),
            _ if u32::from(character) < 0x100 => {
                let _ = write!(sanitized, "\\x{:02x}", u32::from(character));
            }
            _ => {
                let _ = write!(sanitized, "\\u{{{:x}}}", u32::from(character));
            }
        }
    }
    sanitized
}

/// C0 and C1 controls, line and paragraph separators, marks that reorder text (Unicode TR 36 section 2.5), and what is no `Char` of XML 1.0
/// (section 2.2).
fn is_harmful(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        || matches!(character, '\u{fffe}' | '\u{ffff}')
}

/// An error or a progress message as one line of bounded length: its beginning, and its end, where the place is.
#[must_use]
pub fn bounded_line(text: &str) -> String {
    const BEGINNING: usize = 1200;
    const END: usize = 300;
    let characters = text.chars().count();
    if characters <= BEGINNING + END {
        return line(text);
    }
    let beginning: String = text.chars().take(BEGINNING).collect();
    let end: String = text.chars().skip(characters - END).collect();
    format!("{} ... ({} characters left out) ... {}", line(&beginning), characters - BEGINNING - END, line(&end))
}

/// `text` cut to `most` characters, with a word on what is missing.
pub(crate) fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some((at, _)) => format!("{} ... ({} characters more)", &text[..at], text[at..].chars().count()),
    }
}
