//! No line of Calico's recipe was pasted with the backticks of the web page.

use super::{Evidence, Finding, Judgement, Kind, Place, Scope, Subject};
use crate::facts::Tense;

/// The recipe's lines stand in the page between backticks. Pasted with them, a shell runs the line in a subshell and throws the result
/// away, and sysctl takes the backtick for a part of the key: in both cases without an error that anybody sees.
#[derive(Debug, Clone, Default)]
pub struct NoPastedBackticks;

impl Kind for NoPastedBackticks {
    const SCOPE: Scope = Scope::Host;

    fn judge(&self, subject: &Subject<'_>) -> Judgement {
        const EXPECTED: &str = "no recipe line with literal backticks";
        let pasted = subject.facts.intent.pasted_backticks.get()?;
        let evidence = pasted.iter().map(|line| Evidence::new(Tense::Intent, &line.at, line.text.clone()));
        let finding = match pasted.first() {
            None => {
                Finding::pass(EXPECTED, "none").with(Tense::Intent, Place::Words("dhclient-script, its hooks, sysctl.d, interfaces".into()), "none")
            }
            Some(first) => {
                let message = match &pasted[1..] {
                    [] => format!("a line of the recipe was pasted with its backticks and has no effect ({})", first.at),
                    [second] => format!("lines of the recipe were pasted with their backticks and have no effect ({} and {})", first.at, second.at),
                    [second, more @ ..] => format!(
                        "lines of the recipe were pasted with their backticks and have no effect ({}, {} and {} more)",
                        first.at,
                        second.at,
                        more.len()
                    ),
                };
                Finding::fail(EXPECTED, format!("{} line(s)", pasted.len()), message)
            }
        };
        Ok(finding.with_all(evidence))
    }
}
