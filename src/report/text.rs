//! The report as text for people: the diagnosis first, then what failed in full, then the rest in a line each. 80 columns, ASCII besides
//! what the facts contain, so that it survives a serial console and a ticket.

use super::counting::Weight;
use super::details::{blame, details, level, verdict};
use super::fold::{Group, fold, names};
use super::harmless::{cut, line};
use super::{CheckResult, Diagnosis, Format, RenderError, Report, Style, Verbosity, exit_meaning};
use crate::judge::Verdict;
use crate::wrap::{COLUMNS, wrap};

pub(super) const FORMAT: Format = Format { name: "text", about: "text for people", render };

/// As many characters of one value as are shown; `-v` and JSON have all of it.
const MOST_OF_A_VALUE: usize = 400;
/// Where values begin.
const INDENT: usize = 12;

#[expect(clippy::unnecessary_wraps, reason = "the shape of a format; others can fail")]
fn render(report: &Report, style: Style) -> Result<String, RenderError> {
    let mut text = Text { lines: Vec::new(), style };
    text.diagnosis(report);
    text.lines.push(String::new());
    if style.verbosity > Verbosity::Quiet {
        text.header(report);
        text.in_full(report, Verdict::Fail);
        text.in_full(report, Verdict::Inconclusive);
        text.passes(report);
        text.skips(report);
        text.left_out(report);
    }
    text.sum(report);
    let mut text = text.lines.join("\n");
    text.push('\n');
    Ok(text)
}

struct Text {
    lines: Vec<String>,
    style: Style,
}

/// ANSI SGR parameters.
#[derive(Clone, Copy)]
enum Colour {
    Red = 31,
    Green = 32,
    Yellow = 33,
    Bold = 1,
}

impl Text {
    fn diagnosis(&mut self, report: &Report) {
        let subject = |diagnosis: &Diagnosis| diagnosis.interface.clone();
        let key = |diagnosis: &Diagnosis| (diagnosis.fault.map(blame), vec![diagnosis.text.clone()]);
        for group in self.groups(report.summary.diagnosis.iter(), subject, key) {
            let label = format!("{}:", names(&group.names, "host"));
            self.paragraph(&label, Colour::Bold, &format!("{label} "), 2, &line(&group.first.text));
        }
    }

    fn header(&mut self, report: &Report) {
        let seconds = format!("{}.{:03} s", report.elapsed_ms / 1000, report.elapsed_ms % 1000);
        let fact = |text: &str| self.cut(&line(text));
        let (tool, host) = (&report.tool, &report.host);
        let distribution = if host.distribution.is_empty() { String::new() } else { format!(", {}", fact(&host.distribution)) };
        let run = format!("{} {}, profile {}, {} ({seconds})", fact(&tool.name), fact(&tool.version), fact(&report.profile), fact(&report.started));
        let host = format!("host {}, kernel {}{distribution}", fact(&host.name), fact(&host.kernel));
        for text in [run, host] {
            self.lines.extend(wrap("", 2, &text));
        }
        self.lines.push(String::new());
    }

    /// Results of one verdict with all that is known of them.
    fn in_full(&mut self, report: &Report, which: Verdict) {
        for group in self.results(report, which) {
            let result = group.first;
            let word = verdict(which).to_uppercase();
            let colour = if self.style.counting.weigh(result) == Weight::Failure { Colour::Red } else { Colour::Yellow };
            let mut weight = format!("{}, {}", level(result.level), blame(result.blame));
            if which == Verdict::Fail && self.style.counting.weigh(result) == Weight::Nothing {
                weight.push_str(", not counted");
            }
            let title = format!("{}  {}  ({weight})", line(&result.id), names(&group.names, "host"));
            self.paragraph(&word, colour, &format!("{word}  "), 4, &title);
            self.paragraph("", colour, "  ", 2, &line(&result.title));
            if which == Verdict::Fail && !result.message.is_empty() {
                self.value("message", &line(&result.message));
            }
            self.details(result);
            if group.names.len() > 1 {
                self.value("shown for", &names(&group.names[..1], "host"));
            }
            self.lines.push(String::new());
        }
    }

    fn passes(&mut self, report: &Report) {
        let verbose = self.style.verbosity == Verbosity::Verbose;
        for group in self.results(report, Verdict::Pass) {
            let mut text = format!("pass  {:<28}  {}", line(&group.first.id), names(&group.names, "host"));
            if group.names.len() == 1 && !verbose {
                fill(&mut text, &line(&group.first.seen));
            }
            self.lines.push(text.replacen("pass", &self.paint("pass", Colour::Green), 1));
            if verbose {
                self.details(group.first);
            }
        }
    }

    fn skips(&mut self, report: &Report) {
        for group in self.results(report, Verdict::Skip) {
            let reason = self.cut(&line(group.first.reason.as_deref().unwrap_or_default()));
            let label = format!("skip  {:<28}  ", line(&group.first.id));
            self.lines.extend(wrap(&label, 6, &format!("{}: {reason}", names(&group.names, "host"))));
        }
    }

    fn left_out(&mut self, report: &Report) {
        let left_out = report.interfaces.iter().filter(|interface| interface.left_out.is_some());
        let key = |interface: &super::InterfaceEntry| ((), vec![interface.left_out.clone().unwrap_or_default()]);
        for group in self.groups(left_out, |interface| Some(interface.name.clone()), key) {
            let reason = line(group.first.left_out.as_deref().unwrap_or_default());
            self.lines.extend(wrap("left out  ", 10, &format!("{}: {}", names(&group.names, "host"), self.cut(&reason))));
        }
    }

    fn sum(&mut self, report: &Report) {
        if self.lines.last().is_some_and(|line| !line.is_empty()) {
            self.lines.push(String::new());
        }
        let sum = &report.summary;
        let left_out = report.interfaces.iter().filter(|interface| interface.left_out.is_some()).count();
        let checked = report.interfaces.len() - left_out;
        let interfaces = if checked == 1 { "interface" } else { "interfaces" };
        let text = format!(
            "{} pass, {} fail, {} inconclusive, {} skip; {checked} {interfaces} checked, {left_out} left out.",
            sum.pass, sum.fail, sum.inconclusive, sum.skip
        );
        self.lines.extend(wrap("", 2, &text));
        let colour = match sum.exit_code {
            0 => Colour::Green,
            1 => Colour::Red,
            _ => Colour::Yellow,
        };
        let code = format!("Exit code {}", sum.exit_code);
        self.paragraph(&code, colour, &format!("{code}: "), 2, &format!("{}.", exit_meaning(sum.exit_code, self.style.counting)));
    }

    /// Results of one verdict; without `-v` those that differ in nothing but the interface are one.
    fn results<'a>(&self, report: &'a Report, which: Verdict) -> Vec<Group<'a, CheckResult>> {
        let key = |result: &CheckResult| {
            // A pass says the same of each interface, whatever was seen there.
            let texts = if which == Verdict::Pass {
                Vec::new()
            } else {
                let remedy = result.remedy.clone().unwrap_or_default();
                vec![result.message.clone(), result.expected.clone(), result.seen.clone(), remedy]
            };
            (result.id.clone(), texts)
        };
        let which = report.results.iter().filter(|result| result.verdict == which);
        self.groups(which, |result| result.interface.clone(), key)
    }

    fn groups<'a, T, K: Ord>(
        &self,
        items: impl Iterator<Item = &'a T>,
        name: impl Fn(&T) -> Option<String>,
        key: impl Fn(&T) -> (K, Vec<String>),
    ) -> Vec<Group<'a, T>> {
        fold(items, self.style.verbosity < Verbosity::Verbose, name, key)
    }

    fn details(&mut self, result: &CheckResult) {
        for (label, value) in details(result) {
            let value = self.cut(&value);
            self.value(label, &value);
        }
    }

    fn value(&mut self, label: &str, value: &str) {
        self.lines.extend(wrap(&format!("  {label:<10}"), INDENT, value));
    }

    fn cut(&self, value: &str) -> String {
        if self.style.verbosity == Verbosity::Verbose { value.to_owned() } else { cut(value, MOST_OF_A_VALUE) }
    }

    /// A paragraph that begins with `label`, which may be coloured; colour takes no column.
    fn paragraph(&mut self, label: &str, colour: Colour, first: &str, indent: usize, text: &str) {
        let mut lines = wrap(first, indent, &self.cut(text));
        if !label.is_empty()
            && let Some(first) = lines.first_mut()
        {
            *first = first.replacen(label, &self.paint(label, colour), 1);
        }
        self.lines.extend(lines);
    }

    fn paint(&self, text: &str, colour: Colour) -> String {
        if self.style.colour { format!("\x1b[{}m{text}\x1b[0m", colour as u8) } else { text.to_owned() }
    }
}

/// Adds to `text` the words of `value` that its line has room for, whole ones only.
fn fill(text: &mut String, value: &str) {
    const MORE: &str = " ...";
    let room = COLUMNS.saturating_sub(text.chars().count() + 2);
    let mut kept = String::new();
    let mut words = value.split_whitespace().peekable();
    while let Some(word) = words.next() {
        let after = if words.peek().is_some() { MORE.len() } else { 0 };
        if kept.chars().count() + 1 + word.chars().count() + after > room {
            if !kept.is_empty() {
                kept.push_str(MORE);
            }
            break;
        }
        if !kept.is_empty() {
            kept.push(' ');
        }
        kept.push_str(word);
    }
    if !kept.is_empty() {
        text.push_str("  ");
        text.push_str(&kept);
    }
}
