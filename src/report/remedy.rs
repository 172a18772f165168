//! The changes for what failed, for this very guest: to read, to run, as a diff, as user data for cloud-init, or as JSON. They are printed and
//! never made.

use serde::Serialize;

use super::{CheckResult, Report, Style};
use crate::catalogue::Blame;
use crate::facts::{Fix, Goal};
use crate::fix::{self, Plan};
use crate::judge::Verdict;
use crate::sanitize::line;
use crate::wrap::wrap;

/// How remedies are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RemedyFormat {
    /// Text for people.
    Text,
    /// A script for `sh`, to be run as root in the guest (or in the image, by chroot).
    Shell,
    /// User data for cloud-init: the same commands under `runcmd`.
    CloudInit,
    /// A unified diff of the files, for `patch -p1 -d DIR`.
    Diff,
    /// JSON.
    Json,
}

/// Name and version of the JSON.
const SCHEMA: &str = "v6check.remedy/1";

/// One change: what a result calls for, once for all results that call for the same.
struct Change<'a> {
    results: Vec<&'a CheckResult>,
    text: String,
    /// What is edited, and whether that is proven; none where a check file alone says what to do.
    fix: Option<&'a Fix>,
    script: Option<String>,
}

/// A goal of the host or of an interface, and the result that misses it.
struct Wish<'a> {
    result: &'a CheckResult,
    goal: Goal,
    interface: Option<&'a str>,
}

/// What a change in the guest may fix. Failures of the network and waived ones are not among it.
fn fixable(result: &CheckResult) -> bool {
    result.verdict == Verdict::Fail && result.waived.is_none() && result.blame == Blame::Guest
}

/// The goals that the results miss, each once for a result.
fn wishes(report: &Report) -> Vec<Wish<'_>> {
    report.results.iter().filter(|result| fixable(result)).flat_map(of_result).collect()
}

fn of_result(result: &CheckResult) -> impl Iterator<Item = Wish<'_>> {
    result.goals.iter().map(move |goal| {
        let interface = if goal.is_of_host() { None } else { result.interface.as_deref() };
        Wish { result, goal: *goal, interface }
    })
}

/// The goals that failures miss, and those of requirements that do not apply yet: switched off, IPv6 hides what else is wrong.
pub fn goals(report: &Report) -> [Vec<(Goal, Option<&str>)>; 2] {
    let hidden = report.results.iter().filter(|result| result.verdict == Verdict::Skip).flat_map(of_result);
    [wishes(report), hidden.collect()].map(|wishes| wishes.into_iter().map(|wish| (wish.goal, wish.interface)).collect())
}

/// The remedies of a report; `plan` has the fixes of what [`goals`] says of it.
pub fn remedies(report: &Report, plan: &Plan, format: RemedyFormat) -> String {
    let changes = changes(report, plan);
    match format {
        RemedyFormat::Text => text(report, &changes),
        RemedyFormat::Shell => shell(report, &changes, plan),
        RemedyFormat::CloudInit => cloud_init(report, &changes, plan),
        RemedyFormat::Diff => diff(report, &changes, plan),
        RemedyFormat::Json => json(report, &changes),
    }
}

fn changes<'a>(report: &'a Report, plan: &'a Plan) -> Vec<Change<'a>> {
    let wishes = wishes(report);
    let mut changes: Vec<Change<'_>> = Vec::new();
    let mut fixed: Vec<*const CheckResult> = Vec::new();
    for planned in &plan.fixes {
        let mut results: Vec<&CheckResult> = Vec::new();
        for wish in planned.grants.iter().filter_map(|number| wishes.get(*number)) {
            if !results.iter().any(|known| std::ptr::eq(*known, wish.result)) {
                results.push(wish.result);
            }
        }
        fixed.extend(results.iter().map(|result| std::ptr::from_ref::<CheckResult>(result)));
        changes.push(Change { results, text: fix::text(&planned.fix, report.image.is_some()), fix: Some(&planned.fix), script: None });
    }
    for result in report.results.iter().filter(|result| fixable(result) && !fixed.contains(&std::ptr::from_ref::<CheckResult>(result))) {
        let Some(text) = result.remedy.as_deref() else { continue };
        let script = result.script.as_deref();
        let same = |change: &&mut Change<'_>| change.fix.is_none() && change.script.as_deref() == script && (script.is_some() || change.text == text);
        match changes.iter_mut().find(same) {
            Some(change) => change.results.push(result),
            None => changes.push(Change { results: vec![result], text: text.to_owned(), fix: None, script: script.map(str::to_owned) }),
        }
    }
    changes
}

impl Change<'_> {
    /// Each result by requirement and interface.
    fn names(&self) -> String {
        let name = |result: &&CheckResult| match &result.interface {
            Some(interface) => format!("{} of {}", line(&result.id), line(interface)),
            None => line(&result.id),
        };
        if self.results.is_empty() { "Then as well".to_owned() } else { self.results.iter().map(name).collect::<Vec<_>>().join(", ") }
    }

    /// Its text in lines, none of which moves a cursor.
    fn lines(&self) -> String {
        self.text.lines().map(line).collect::<Vec<_>>().join("\n")
    }
}

fn subject(report: &Report) -> String {
    let place = match (&report.image, &report.capture) {
        (Some(image), _) => format!("image {image}"),
        (None, Some(capture)) => format!("capture {capture}"),
        (None, None) => format!("host {}", report.host.name),
    };
    line(&format!("{} {}, profile {}, {place}, {}", report.tool.name, report.tool.version, report.profile, report.started))
}

fn text(report: &Report, changes: &[Change<'_>]) -> String {
    let mut lines = wrap("", 2, &subject(report));
    for change in changes {
        lines.push(String::new());
        lines.extend(wrap("", 2, &change.names()));
        lines.extend(wrap("  ", 2, &change.lines()));
    }
    if changes.is_empty() {
        lines.push(String::new());
        lines.extend(nothing(report, changes));
    }
    lines.join("\n") + "\n"
}

/// Why there are no changes, if there are none, in lines: a guest of which not all is known to be well is not passed over as if it were.
fn nothing(report: &Report, changes: &[Change<'_>]) -> Vec<String> {
    if !changes.is_empty() {
        return Vec::new();
    }
    if report.summary.exit_code == 0 {
        return vec!["Nothing failed that a change in the guest would mend.".into()];
    }
    let mut told = vec!["No change in the guest is known to help, and not all is known to be well:".to_owned()];
    told.extend(super::diagnosis(report, Style::default()));
    told
}

/// Lines as comments of sh and YAML.
fn comments(lines: &[String]) -> String {
    lines.iter().fold(String::new(), |text, line| text + "# " + line + "\n")
}

/// What whoever runs the script has to know.
const SAFETY: &str = "\
# Read it first. Run it as root in the guest, or in the image by chroot. It keeps a copy of each file that it changes below
# /var/backups/v6check, and stops where a file is not what v6check looked at. Then reboot.
";

fn shell(report: &Report, changes: &[Change<'_>], plan: &Plan) -> String {
    let mut script = format!("#!/bin/sh\n# {}\n{SAFETY}set -e\n", subject(report));
    if changes.is_empty() {
        script.push('\n');
        script.push_str(&comments(&nothing(report, changes)));
    }
    for command in commands(changes, plan) {
        script.push('\n');
        script.push_str(&command);
    }
    script
}

/// Every change as a comment that says it, then the commands that make all edits, then those of check files. What no command makes stays a comment.
fn commands(changes: &[Change<'_>], plan: &Plan) -> Vec<String> {
    let comment = |text: &str| wrap("# ", 0, text).join("\n# ").replace("\n# \n", "\n#\n") + "\n";
    let mut commands = Vec::new();
    let mut edits = String::new();
    for change in changes.iter().filter(|change| change.fix.is_some_and(|fix| fix.proven && !fix.edits.is_empty())) {
        edits += &["# ", &change.names(), "\n", &comment(&change.lines())].concat();
    }
    if !edits.is_empty() {
        commands.push(edits + &plan.script().concat());
    }
    for change in changes {
        let title = format!("# {}\n", change.names());
        match (change.fix, &change.script) {
            (Some(fix), _) if fix.proven && !fix.edits.is_empty() => {}
            (Some(fix), _) if fix.proven => {
                let now = fix.now.iter().fold(String::new(), |now, command| now + command + " || :\n");
                commands.push(format!("{title}{now}"));
            }
            (None, Some(script)) => commands.push(format!("{title}{}\n", script.trim_end())),
            _ => commands.push(format!("{title}# To be done by hand:\n{}", comment(&change.lines()))),
        }
    }
    commands
}

fn cloud_init(report: &Report, changes: &[Change<'_>], plan: &Plan) -> String {
    let mut yaml = format!("#cloud-config\n# {}\n{}", subject(report), comments(&nothing(report, changes)));
    let commands = commands(changes, plan);
    yaml.push_str(if commands.is_empty() { "runcmd: []\n" } else { "runcmd:\n" });
    for command in commands {
        // A block scalar takes any text as it is, and cloud-init gives it to sh, to which comments alone are no error.
        yaml.push_str("- |\n");
        for text in command.lines() {
            yaml.push_str(if text.is_empty() { "" } else { "  " });
            yaml.push_str(text);
            yaml.push('\n');
        }
    }
    yaml
}

/// The diff, and before it, as lines that patch passes over, what is to be done by hand.
fn diff(report: &Report, changes: &[Change<'_>], plan: &Plan) -> String {
    let mut head = vec![subject(report)];
    head.extend(nothing(report, changes));
    for change in changes.iter().filter(|change| !change.fix.is_some_and(|fix| fix.proven && !fix.edits.is_empty())) {
        head.push(format!("{}, by hand:", change.names()));
        head.extend(wrap("  ", 2, &change.lines()));
    }
    comments(&head) + &plan.diff()
}

/// The remedies as JSON.
#[derive(Serialize)]
struct Document<'a> {
    schema: &'a str,
    image: Option<&'a str>,
    host: &'a str,
    profile: &'a str,
    started: &'a str,
    changes: Vec<DocumentChange<'a>>,
}

/// One change of it.
#[derive(Serialize)]
struct DocumentChange<'a> {
    results: Vec<DocumentResult<'a>>,
    text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<&'a Fix>,
}

#[derive(Serialize)]
struct DocumentResult<'a> {
    id: &'a str,
    interface: Option<&'a str>,
}

fn json(report: &Report, changes: &[Change<'_>]) -> String {
    let of = |change| {
        let change: &Change<'_> = change;
        DocumentChange {
            results: change.results.iter().map(|result| DocumentResult { id: &result.id, interface: result.interface.as_deref() }).collect(),
            text: &change.text,
            fix: change.fix,
        }
    };
    let document = Document {
        schema: SCHEMA,
        image: report.image.as_deref(),
        host: &report.host.name,
        profile: &report.profile,
        started: &report.started,
        changes: changes.iter().map(of).collect(),
    };
    serde_json::to_string_pretty(&document).map(|text| text + "\n").unwrap_or_default()
}
