//! Who is at which step, on standard error: in place on a terminal, a line each step elsewhere.

use std::fmt::Write as _;
use std::io::{IsTerminal, Write};
use std::sync::{Mutex, PoisonError};

use crate::tool::tell;
use v6check::terminal::COLUMNS;

/// More do not fit on a terminal.
const MOST_IN_PLACE: usize = 20;

#[derive(Debug)]
pub(super) struct Progress {
    names: Vec<String>,
    in_place: bool,
    /// Each image's step; and whether they were shown already.
    shown: Mutex<(Vec<String>, bool)>,
}

impl Progress {
    pub(super) fn of(names: Vec<String>) -> Self {
        let in_place = std::io::stderr().is_terminal() && names.len() <= MOST_IN_PLACE;
        let steps = vec!["waiting for its turn".to_owned(); names.len()];
        Self { names, in_place, shown: Mutex::new((steps, false)) }
    }

    /// Image number `number` is at this step now.
    pub(super) fn step(&self, number: usize, step: &str) {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(here) = shown.0.get_mut(number) else { return };
        step.clone_into(here);
        if self.in_place {
            let text = drawn(&self.names, &shown.0, shown.1);
            shown.1 = true;
            let _ = std::io::stderr().write_all(text.as_bytes());
        } else {
            tell(&format!("{}: {step}", self.names[number]));
        }
    }
}

/// All lines, over those that are there (ECMA-48: CUU, EL). None is wider than the terminal is thought to be, so that each is one.
fn drawn(names: &[String], steps: &[String], again: bool) -> String {
    let mut text = String::new();
    if again {
        let _ = write!(text, "\x1b[{}A", names.len());
    }
    for (name, step) in names.iter().zip(steps) {
        let line: String =
            format!("{name}: {step}").chars().map(|character| if character.is_control() { ' ' } else { character }).take(COLUMNS - 1).collect();
        let _ = writeln!(text, "\x1b[2K{line}");
    }
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn lines_are_drawn_over_those_before() {
        let names = ["a".to_owned(), "b\n".repeat(50)];
        let steps = ["booting".to_owned(), "done".to_owned()];
        let first = super::drawn(&names, &steps, false);
        let again = super::drawn(&names, &steps, true);
        assert_eq!(again, format!("\x1b[2A{first}"));
        assert!(first.starts_with("\x1b[2Ka: booting\n\x1b[2Kb b b "), "{first:?}");
        assert!(first.lines().count() == 2 && first.lines().all(|line| line.len() <= 84), "{first:?}");
    }
}
