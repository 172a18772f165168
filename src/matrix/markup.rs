//! What the page and its panels have in common: text as HTML, and the words and letters of cells.

use super::cell::{Cell, State};
use super::table::Table;
use crate::report::line;

/// Up to as many images what holds has its evidence in the page as well.
pub(super) const MOST_IN_FULL: usize = 50;

/// Text of a report in one line, as HTML text or as an attribute in double quotes.
pub(super) fn esc(text: &str) -> String {
    markup(&line(text))
}

/// Text that is safe already.
pub(super) fn markup(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(character),
        }
    }
    escaped
}

/// Whether the evidence of this cell is in the page.
pub(super) fn is_told(cell: Cell, table: &Table) -> bool {
    !cell.is_quiet() || table.rows.len() <= MOST_IN_FULL
}

/// A letter where ASCII has none as clear.
pub(super) fn letter(cell: Cell) -> &'static str {
    match cell.mark().class {
        "p" => "\u{2713}",
        "s" => "\u{2013}",
        "f" => "F",
        "n" => "N",
        "fs" => "f",
        "ns" => "n",
        "u" => "?",
        "i" => "i",
        _ => "w",
    }
}

/// The word for a state that stands in its row.
pub(super) fn label(state: State) -> &'static str {
    match state {
        State::Guest => "guest",
        State::Network => "network",
        State::Undecided => "not judged",
        State::Good => "good",
    }
}
