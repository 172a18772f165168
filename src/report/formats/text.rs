//! The report as text for people: the diagnosis first, then what failed in full, then the rest in a line each. 80 columns, ASCII besides
//! what the facts contain, so that it survives a serial console and a ticket.

use super::{Format, Rendered, Style, Verbosity};
use crate::catalogue::Level;
use crate::facts::ReasonKind;
use crate::judge::Verdict;
use crate::report::chart::chart;
use crate::report::details::{blame, details, level};
use crate::report::exit_code::Weight;
use crate::report::group_interfaces::{Group, alike, diagnoses, group_interfaces, names};
use crate::report::{CheckResult, InterfaceEntry, Report, WaiverState, exit_meaning};
use crate::sanitize::{cut, line};
use crate::wrap::wrap;

pub(super) const FORMAT: Format = Format { name: "text", about: "plain text", render };

/// As many characters of one value as are shown; `-v` and JSON have all of it.
const MOST_OF_A_VALUE: usize = 400;
/// As many characters of a diagnosis; it is what is read first.
const MOST_OF_A_DIAGNOSIS: usize = 900;
/// As many requirements of which the same is said are told in one place.
const GROUPED_FROM: usize = 3;
/// Where values begin.
const INDENT: usize = 12;

#[expect(clippy::unnecessary_wraps, reason = "the shape of a format; others can fail")]
fn render(report: &Report, style: Style) -> Rendered {
    let mut text = Text { lines: Vec::new(), style };
    text.diagnosis(report);
    text.lines.push(String::new());
    if style.verbosity > Verbosity::Quiet {
        text.header(report);
        text.failures(report);
        text.told(report);
        let reason = |result: &CheckResult| result.reason.clone().unwrap_or_else(|| result.message.clone());
        text.in_a_line(report, Verdict::Inconclusive, "INCONCLUSIVE", Colour::Yellow, reason);
        text.in_a_line(report, Verdict::Pass, "pass", Colour::Green, |result| result.seen.clone());
        text.in_a_line(report, Verdict::Skip, "skip", Colour::Bold, reason);
        text.left_out(report);
        text.waivers(report);
        text.boot(report);
    }
    text.sum(report);
    let mut text = text.lines.join("\n");
    text.push('\n');
    Ok(text)
}

/// The diagnosis of a report alone, as its text begins with it.
pub fn diagnosis(report: &Report, style: Style) -> Vec<String> {
    let mut text = Text { lines: Vec::new(), style };
    text.diagnosis(report);
    text.lines
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

/// Whether a failure is but told, in a line: it never counts.
fn is_told(result: &CheckResult, verbosity: Verbosity) -> bool {
    result.level == Level::Info && verbosity < Verbosity::Verbose
}

/// The column that ids fill.
fn id_width(report: &Report) -> usize {
    report.results.iter().map(|result| result.id.chars().count()).max().unwrap_or_default().min(28)
}

impl Text {
    fn diagnosis(&mut self, report: &Report) {
        for group in diagnoses(&report.summary.diagnosis, self.grouping()) {
            let label = format!("{}:", names(&group.names, "host"));
            let text = format!("{}{}", cut(&line(&group.first.text), MOST_OF_A_DIAGNOSIS), group.whose());
            self.paragraph(&label, Colour::Bold, &format!("{label} "), 2, &text);
        }
        self.names(report);
    }

    /// What there is to say of the names of an image's NICs.
    fn names<'a>(&mut self, report: &'a Report) {
        let said = |interface: &&InterfaceEntry| interface.assumed.is_some() || interface.never_given.is_some();
        let key = |interface: &'a InterfaceEntry| {
            let text = |text: &'a Option<String>| text.as_deref().unwrap_or_default();
            ((), vec![text(&interface.assumed), text(&interface.never_given)])
        };
        for group in self.groups(report.interfaces.iter().filter(said), |interface| Some(interface.name.clone()), key) {
            let names = names(&group.names, "host");
            let text = match (&group.first.assumed, &group.first.never_given) {
                (Some(assumed), _) => format!("{names} assumed: {}. The image's files name no such NIC.", line(assumed)),
                (None, Some(never)) => format!("no NIC of this image is named {names}: {}.", line(never)),
                (None, None) => continue,
            };
            self.paragraph("note:", Colour::Yellow, "note: ", 2, &self.cut(&text));
        }
    }

    fn header(&mut self, report: &Report) {
        let seconds = format!("{}.{:03} s", report.elapsed_ms / 1000, report.elapsed_ms % 1000);
        let fact = |text: &str| self.cut(&line(text));
        let (tool, host) = (&report.tool, &report.host);
        let distribution = if host.distribution.is_empty() { String::new() } else { format!(", {}", fact(&host.distribution)) };
        let run = format!("{} {}, profile {}, {} ({seconds})", fact(&tool.name), fact(&tool.version), fact(&report.profile), fact(&report.started));
        let host = match (&report.image, &report.capture) {
            (Some(image), _) => format!("image {}, host name {}{distribution}", fact(image), fact(&host.name)),
            (None, Some(capture)) => format!("capture {}", fact(capture)),
            (None, None) => format!("host {}, kernel {}{distribution}", fact(&host.name), fact(&host.kernel)),
        };
        for text in [run, host] {
            self.lines.extend(wrap("", 2, &text));
        }
        self.lines.push(String::new());
    }

    /// Failures with all that is known of them.
    fn failures(&mut self, report: &Report) {
        let verbosity = self.style.verbosity;
        for group in self.results(report, Verdict::Fail).into_iter().filter(|group| !is_told(group.first, verbosity)) {
            let result = group.first;
            let weight = self.style.counting.weigh(result);
            let colour = if weight == Weight::Failure { Colour::Red } else { Colour::Yellow };
            let counted = match (&result.waived, weight) {
                (Some(_), _) => ", waived",
                (None, Weight::Nothing) => ", not counted",
                _ => "",
            };
            let who = format!("{}  ({}, {}{counted})", names(&group.names, "host"), level(result.level), blame(result.blame));
            self.paragraph("FAIL", colour, &format!("FAIL  {}  ", line(&result.id)), 6, &who);
            let title = self.cut(&line(&result.title));
            self.paragraph("", colour, "  ", 2, &title);
            if !result.message.is_empty() {
                self.value("message", &line(&result.message));
            }
            if let Some(reason) = &result.waived {
                self.value("waived", &line(reason));
            }
            self.details(result);
            if group.names.len() > 1 {
                let others = if group.differ { "; the addresses of the others differ (-v)" } else { "" };
                self.value("shown for", &format!("{}{others}", names(&group.names[..1], "host")));
            }
            self.lines.push(String::new());
        }
    }

    /// Failures that are but told.
    fn told(&mut self, report: &Report) {
        let verbosity = self.style.verbosity;
        let width = id_width(report);
        let before = self.lines.len();
        for group in self.results(report, Verdict::Fail).into_iter().filter(|group| is_told(group.first, verbosity)) {
            let result = group.first;
            let waived = result.waived.as_ref().map(|reason| format!(" (waived: {})", line(reason))).unwrap_or_default();
            let text = self.cut(&format!("{}: {}{}{waived}", names(&group.names, "host"), line(&result.message), group.whose()));
            self.paragraph("info", Colour::Bold, &format!("info  {:<width$}  ", line(&result.id)), 6, &text);
        }
        if self.lines.len() > before {
            self.lines.push(String::new());
        }
    }

    /// Results of one verdict in a line each, with what `say` says of them where that is one thing. What is said of many is said once.
    fn in_a_line(&mut self, report: &Report, which: Verdict, label: &str, colour: Colour, say: impl Fn(&CheckResult) -> String) {
        let width = id_width(report);
        let before = self.lines.len();
        let mut said: Vec<(String, Vec<&CheckResult>)> = Vec::new();
        for group in self.results(report, which) {
            let result = group.first;
            let reason = if which == Verdict::Pass && group.names.len() > 1 { String::new() } else { line(&say(result)) };
            let waived = if result.waived.is_some() { ", waived" } else { "" };
            let level = if which == Verdict::Inconclusive { format!(" ({}{waived})", level(result.level)) } else { String::new() };
            let colon = if reason.is_empty() { "" } else { ": " };
            // What a capture never shows is nobody's in particular.
            let everybody =
                which == Verdict::Skip && report.capture.is_some() && (group.names == [None] || group.names.len() == report.interfaces.len());
            let text = if everybody { reason } else { format!("{}{level}{colon}{reason}", names(&group.names, "host")) };
            let text = format!("{}{}", self.cut(&text), group.whose());
            // What was seen is each requirement's own; a reason may be that of many.
            let folds = which != Verdict::Pass && self.style.verbosity < Verbosity::Verbose;
            match said.iter_mut().find(|(known, _)| folds && *known == text) {
                Some((_, results)) => results.push(result),
                None => said.push((text, vec![result])),
            }
        }
        for (text, results) in said {
            let ids = |results: &[&CheckResult]| results.iter().map(|result| line(&result.id)).collect::<Vec<_>>().join(", ");
            if results.len() < GROUPED_FROM {
                for result in results {
                    self.paragraph(label, colour, &format!("{label}  {:<width$}  ", line(&result.id)), 6, &text);
                    if self.style.verbosity == Verbosity::Verbose {
                        self.details(result);
                    }
                }
            } else {
                let count = format!("{} requirements", results.len());
                self.paragraph(label, colour, &format!("{label}  {count:<width$}  "), 6, &text);
                self.paragraph("", colour, "      ", 6, &ids(&results));
            }
        }
        if which == Verdict::Inconclusive && self.lines.len() > before {
            let unrecorded = |result: &CheckResult| result.reason_kind == ReasonKind::NotRecorded;
            if report.results.iter().any(|result| result.verdict == which && unrecorded(result)) {
                self.lines.push("To have the next boot recorded: v6check install.".into());
            }
            self.lines.push(String::new());
        }
    }

    fn left_out<'a>(&mut self, report: &'a Report) {
        let left_out = report.interfaces.iter().filter(|interface| interface.left_out.is_some());
        let key = |interface: &'a InterfaceEntry| ((), vec![interface.left_out.as_deref().unwrap_or_default()]);
        for group in self.groups(left_out, |interface| Some(interface.name.clone()), key) {
            let reason = line(group.first.left_out.as_deref().unwrap_or_default());
            self.lines.extend(wrap("left out  ", 10, &format!("{}: {}", names(&group.names, "host"), self.cut(&reason))));
        }
    }

    /// Waivers that waived nothing: they are to be looked at again.
    fn waivers(&mut self, report: &Report) {
        for waiver in &report.waivers {
            let what = match waiver.state {
                WaiverState::Used => continue,
                WaiverState::Unused => "waives nothing here".to_owned(),
                WaiverState::Expired => format!("expired on {}, so it waives nothing", waiver.expires.as_deref().unwrap_or_default()),
            };
            let whose = if waiver.interface == "*" { String::new() } else { format!(" of {}", line(&waiver.interface)) };
            let text = format!("{}{whose}: {what} ({})", line(&waiver.id), self.cut(&line(&waiver.reason)));
            self.lines.extend(wrap("waiver    ", 10, &text));
        }
    }

    /// The boot of each interface as a chart, where everything is told.
    fn boot(&mut self, report: &Report) {
        if self.style.verbosity == Verbosity::Verbose {
            for entry in &report.boot {
                self.lines.push(String::new());
                self.lines.extend(chart(entry));
            }
        }
    }

    fn sum(&mut self, report: &Report) {
        if self.lines.last().is_some_and(|line| !line.is_empty()) {
            self.lines.push(String::new());
        }
        let sum = &report.summary;
        let left_out = report.interfaces.iter().filter(|interface| interface.left_out.is_some()).count();
        let checked = report.interfaces.len() - left_out;
        let failed = report.results.iter().filter(|result| result.verdict == Verdict::Fail);
        let uncounted = match failed.filter(|result| self.style.counting.weigh(result) == Weight::Nothing).count() {
            0 => String::new(),
            all if all == sum.fail => " (not counted)".into(),
            some => format!(" ({some} not counted)"),
        };
        let interfaces = if checked == 1 { "interface" } else { "interfaces" };
        let verdicts = format!("{} pass, {} fail{uncounted}, {} inconclusive, {} skip.", sum.pass, sum.fail, sum.inconclusive, sum.skip);
        for text in [verdicts, format!("{checked} {interfaces} checked, {left_out} left out.")] {
            self.lines.extend(wrap("", 2, &text));
        }
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
        alike(&mut report.results.iter().filter(|result| result.verdict == which), self.grouping())
    }

    /// Everything in full has each interface by itself.
    fn grouping(&self) -> bool {
        self.style.verbosity < Verbosity::Verbose
    }

    fn groups<'a, T, K: Ord>(
        &self,
        items: impl Iterator<Item = &'a T>,
        name: impl Fn(&T) -> Option<String>,
        key: impl Fn(&'a T) -> (K, Vec<&'a str>),
    ) -> Vec<Group<'a, T>> {
        group_interfaces(items, self.grouping(), name, key)
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
        let mut lines = wrap(first, indent, text);
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
