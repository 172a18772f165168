//! What every format says about one result in full, as labels and values.

use super::CheckResult;
use crate::catalogue::{Blame, Level};
use crate::facts::Tense;
use crate::sanitize;

/// Expected, seen, evidence, remedy and source, those that there are. Values are sanitized; only a remedy has line ends.
pub(crate) fn details(result: &CheckResult) -> Vec<(&'static str, String)> {
    let mut details = Vec::new();
    let mut add = |label, value: String| {
        if !value.is_empty() {
            details.push((label, value));
        }
    };
    add("reason", result.reason.as_deref().map(sanitize::line).unwrap_or_default());
    add("expected", sanitize::line(&result.expected));
    add("seen", sanitize::line(&result.seen));
    for evidence in &result.evidence {
        let source = sanitize::line(&evidence.source);
        add("evidence", format!("{}: {source}: {}", tense(evidence.tense), sanitize::line(&evidence.value)));
    }
    add("remedy", result.remedy.as_deref().map(|remedy| paragraphs(&sanitize::block(remedy))).unwrap_or_default());
    let section = match &result.source.section {
        none if none.is_empty() => String::new(),
        number if number.starts_with(|first: char| first.is_ascii_digit()) => format!(" section {}", sanitize::line(number)),
        name => format!(", {}", sanitize::line(name)),
    };
    add("source", format!("{}{section}", sanitize::line(&result.source.document)));
    details
}

/// A text as paragraphs, one a line, whatever lines its file has. Indented lines are examples and stay as they are.
fn paragraphs(text: &str) -> String {
    let mut paragraphs = String::with_capacity(text.len());
    let mut after_prose = false;
    for line in text.lines() {
        let prose = !line.trim().is_empty() && !line.starts_with(' ');
        if !paragraphs.is_empty() {
            paragraphs.push(if after_prose && prose { ' ' } else { '\n' });
        }
        paragraphs.push_str(line.trim_end());
        after_prose = prose;
    }
    paragraphs
}

/// A tense by its name in JSON.
pub(super) fn tense(tense: Tense) -> &'static str {
    match tense {
        Tense::Intent => "intent",
        Tense::State => "state",
        Tense::Boot => "boot",
        Tense::Network => "network",
    }
}

/// A level by its name in JSON.
pub(crate) fn level(level: Level) -> &'static str {
    match level {
        Level::Info => "info",
        Level::Should => "should",
        Level::Must => "must",
    }
}

/// Whose fault a failure is, by its name in JSON.
pub(crate) fn blame(blame: Blame) -> &'static str {
    match blame {
        Blame::Guest => "guest",
        Blame::Network => "network",
    }
}
