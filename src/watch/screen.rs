//! Standard output of `watch`: lines, and on a terminal the running diagnosis below them, drawn anew in its place.

use std::io::{self, ErrorKind, IsTerminal, StdoutLock, Write};

use serde_json::json;

use super::line::Line;
use super::style;
use crate::cli::{Watch, able};
use crate::report::{self, Report};

/// As many lines of diagnosis stay at the bottom; the whole of it comes at the end.
const MOST_BELOW: usize = 10;
/// The column of interfaces is at least as wide, and at most.
const NARROWEST: usize = 4;
const WIDEST: usize = 17;

/// Back to the first of `n` lines, and all below it away (ECMA-48: CUU, ED).
fn away(lines: usize) -> String {
    if lines == 0 { String::new() } else { format!("\x1b[{lines}A\r\x1b[J") }
}

/// How an event is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Json,
    /// One line, whatever its length.
    Lines,
    /// In as many columns as people read.
    Folded,
}

/// Where lines go.
pub(super) struct Screen {
    out: StdoutLock<'static>,
    form: Form,
    colour: bool,
    /// The diagnosis is drawn below what happened.
    pub(super) redraws: bool,
    width: usize,
    /// As many lines are drawn below.
    below: usize,
    failed: Option<io::Error>,
}

impl Screen {
    pub(super) fn new(wanted: &Watch) -> Self {
        let redraws = wanted.capture.is_none() && !wanted.json && able() && io::stdout().is_terminal();
        let form = match wanted.json {
            true => Form::Json,
            false if io::stdout().is_terminal() => Form::Folded,
            false => Form::Lines,
        };
        let colour = wanted.colour;
        Self { out: io::stdout().lock(), form, colour, redraws, width: NARROWEST, below: 0, failed: None }
    }

    /// Nobody reads any more, or nothing can be written.
    pub(super) fn closed(&self) -> bool {
        self.failed.is_some()
    }

    /// Shows an event.
    pub(super) fn event(&mut self, line: &Line<'_>) {
        self.width = self.width.max(line.name().chars().count().min(WIDEST));
        let text = if self.form == Form::Json { line.json() } else { line.text(self.width, self.colour, self.form == Form::Folded) };
        self.say(&text);
    }

    /// Says a line above the diagnosis, which is gone until it is drawn again.
    pub(super) fn say(&mut self, text: &str) {
        let text = format!("{}{text}\n", away(std::mem::take(&mut self.below)));
        self.put(&text);
    }

    /// Draws the diagnosis so far below what happened.
    pub(super) fn draw(&mut self, report: &Report) {
        let mut lines = report::diagnosis(report, style(self.colour));
        let more = lines.len().saturating_sub(MOST_BELOW);
        if more > 0 {
            lines.truncate(MOST_BELOW - 1);
            lines.push(format!("  ({} lines more)", more + 1));
        }
        // No line may take two of the screen's, or it would not be known how far back the first is (DECAWM).
        let mut text = away(std::mem::take(&mut self.below)) + "\x1b[?7l\n";
        for line in &lines {
            text.push_str(line);
            text.push('\n');
        }
        text.push_str("\x1b[?7h");
        self.below = lines.len() + 1;
        self.put(&text);
        self.flush();
    }

    /// The diagnosis, once and whole.
    pub(super) fn conclude(&mut self, report: &Report) {
        if self.form == Form::Json {
            for diagnosis in &report.summary.diagnosis {
                let line = json!({"kind": "diagnosis", "interface": diagnosis.interface, "fault": diagnosis.fault, "text": diagnosis.text});
                self.say(&line.to_string());
            }
            return;
        }
        self.say("");
        for line in report::diagnosis(report, style(self.colour)) {
            self.say(&line);
        }
    }

    pub(super) fn flush(&mut self) {
        if self.failed.is_none()
            && let Err(error) = self.out.flush()
        {
            self.failed = Some(error);
        }
    }

    /// Whether all was written. A reader that closed early has seen what it wanted.
    ///
    /// # Errors
    /// It could not be.
    pub(super) fn end(mut self) -> io::Result<()> {
        self.flush();
        self.failed.map_or(Ok(()), |error| if error.kind() == ErrorKind::BrokenPipe { Ok(()) } else { Err(error) })
    }

    fn put(&mut self, text: &str) {
        if self.failed.is_none()
            && let Err(error) = self.out.write_all(text.as_bytes())
        {
            self.failed = Some(error);
        }
    }
}
