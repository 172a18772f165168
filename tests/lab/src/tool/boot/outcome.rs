//! What became of each image, and of all of them.

use std::fmt::Write;

use serde_json::Value;

use v6check::terminal::block;
use v6check::terminal::wrap;

/// What became of an image.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) name: String,
    pub(super) what: What,
}

#[derive(Debug)]
pub(super) enum What {
    /// It reported, and there is something to say of that besides.
    Reported { report: Value, notes: Vec<String> },
    /// It could not be run, or did not report: why.
    NotRun(String),
}

/// Exit codes, the worst first.
const WORST_FIRST: [u8; 4] = [1, 2, 3, 0];
const NOT_RUN: u8 = 2;
/// As many characters of what a guest says are told; the report has all of it.
const MOST_OF_A_GUEST: usize = 1200;

impl Outcome {
    /// As v6check's own; that of a report which has none is that of one that did not come.
    fn code(&self) -> u8 {
        match &self.what {
            What::Reported { report, .. } => report["summary"]["exit_code"].as_u64().and_then(|code| code.try_into().ok()).unwrap_or(NOT_RUN),
            What::NotRun(_) => NOT_RUN,
        }
    }

    fn rank(&self) -> usize {
        WORST_FIRST.iter().position(|code| *code == self.code()).unwrap_or_default()
    }

    /// In a line.
    pub(super) fn in_short(&self) -> String {
        match &self.what {
            What::Reported { .. } => format!("done: exit code {}, {}", self.code(), in_words(self.code())),
            What::NotRun(why) => format!("done: not run: {}", why.lines().next().unwrap_or_default()),
        }
    }

    fn paragraph(&self) -> String {
        let mut text = format!("{}: exit code {}: ", self.name, self.code());
        match &self.what {
            What::NotRun(why) => text.push_str(why),
            What::Reported { report, notes } => {
                text.push_str(&diagnosis(report).unwrap_or_else(|| in_words(self.code()).to_owned()));
                for note in notes {
                    let _ = write!(text, "\n{note}");
                }
            }
        }
        wrap("", 2, &block(&text)).join("\n")
    }
}

fn in_words(code: u8) -> &'static str {
    match code {
        0 => "no must failed",
        1 => "a must failed by the guest's fault",
        3 => "a must could not be judged, or failed by the network's fault",
        _ => "no verdict",
    }
}

/// The first sentence of what the report begins with.
fn diagnosis(report: &Value) -> Option<String> {
    let first = report["summary"]["diagnosis"].as_array()?.first()?;
    let (interface, text) = (first["interface"].as_str()?, first["text"].as_str()?);
    let sentence = text.split_once(". ").map_or(text, |(sentence, _)| sentence);
    // Nor may a guest begin a line.
    let told = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(MOST_OF_A_GUEST).collect::<String>();
    Some(format!("{}: {}.", told(interface), told(sentence.trim_end_matches('.'))))
}

/// A paragraph each, the worst first.
pub(super) fn summary(outcomes: &[Outcome]) -> String {
    let mut sorted: Vec<&Outcome> = outcomes.iter().collect();
    sorted.sort_by(|one, other| (one.rank(), &one.name).cmp(&(other.rank(), &other.name)));
    sorted.into_iter().map(|outcome| outcome.paragraph() + "\n").collect()
}

/// Of the worst.
pub(super) fn code(outcomes: &[Outcome]) -> u8 {
    outcomes.iter().min_by_key(|outcome| outcome.rank()).map_or(NOT_RUN, Outcome::code)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn reported(name: &str, code: u8, text: Option<&str>) -> Outcome {
        let diagnosis: Vec<Value> = text.map(|text| json!({ "interface": "ens3", "fault": "guest", "text": text })).into_iter().collect();
        let report = json!({ "summary": { "exit_code": code, "diagnosis": diagnosis } });
        Outcome { name: name.into(), what: What::Reported { report, notes: Vec::new() } }
    }

    #[test]
    fn the_worst_is_first_and_gives_the_exit_code() {
        let not_run = Outcome { name: "d".into(), what: What::NotRun("no report\nmore".into()) };
        let mut outcomes = vec![reported("a", 0, None), reported("b", 3, Some("no router answers. Fault: network.")), not_run];
        assert_eq!(code(&outcomes[..1]), 0);
        assert_eq!(code(&outcomes[..2]), 3);
        assert_eq!(code(&outcomes), 2);
        outcomes.push(reported("c", 1, Some("the address is a /64: 1.5 s late. Fault: guest. Remedy: Do.")));
        assert_eq!(code(&outcomes), 1);
        assert_eq!(
            summary(&outcomes),
            "c: exit code 1: ens3: the address is a /64: 1.5 s late.\nd: exit code 2: no report\n  more\nb: exit code 3: ens3: no router answers.\n\
             a: exit code 0: no must failed\n"
        );
        assert_eq!(reported("x", 7, None).code(), 7);
        assert_eq!(code(&[]), NOT_RUN);
    }

    #[test]
    fn what_a_guest_says_cannot_move_the_cursor_or_begin_a_line() {
        let hostile = reported("a", 1, Some("\x1b[2Jgone\r\u{9b}\u{202e}\nb: exit code 0: no must failed. More."));
        assert_eq!(summary(&[hostile]), "a: exit code 1: ens3: \\x1b[2Jgone \\x9b\\u{202e} b: exit code 0: no must failed.\n");
        assert!(summary(&[reported("a", 1, Some(&"x".repeat(1 << 20)))]).len() < 2000);
        let refused = Outcome { name: "a".into(), what: What::NotRun("the facts that came: \x07\nmore".into()) };
        assert_eq!(summary(&[refused]), "a: exit code 2: the facts that came: \\x07\n  more\n");
    }
}
