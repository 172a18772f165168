//! The changes that mend what failed, for this very guest: to read, to run, or as user data for cloud-init. They are printed and never made.

use super::{CheckResult, Report, Style};
use crate::catalogue::Blame;
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
}

/// One change: what a result calls for, once for all results that call for the same.
struct Change<'a> {
    results: Vec<&'a CheckResult>,
    text: &'a str,
    script: Option<&'a str>,
}

/// The remedies of a report. Failures of the network and waived ones have none here: nothing in the guest mends them.
pub fn remedies(report: &Report, format: RemedyFormat) -> String {
    let changes = changes(report);
    match format {
        RemedyFormat::Text => text(report, &changes),
        RemedyFormat::Shell => shell(report, &changes),
        RemedyFormat::CloudInit => cloud_init(report, &changes),
    }
}

fn changes(report: &Report) -> Vec<Change<'_>> {
    let mut changes: Vec<Change<'_>> = Vec::new();
    let failed = |result: &&CheckResult| result.verdict == Verdict::Fail && result.waived.is_none() && result.blame == Blame::Guest;
    for result in report.results.iter().filter(failed) {
        let Some(text) = result.remedy.as_deref() else { continue };
        let script = result.script.as_deref();
        let same = |change: &&mut Change<'_>| change.script == script && (script.is_some() || change.text == text);
        match changes.iter_mut().find(same) {
            Some(change) => change.results.push(result),
            None => changes.push(Change { results: vec![result], text, script }),
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
        self.results.iter().map(name).collect::<Vec<_>>().join(", ")
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
        let text = change.text.lines().map(line).collect::<Vec<_>>().join("\n");
        lines.extend(wrap("  ", 2, &text));
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
# Read it first, and keep copies: it edits files in place. Run it as root in the guest, from its console if you can, since interfaces may go
# down and up; then reboot.
";

fn shell(report: &Report, changes: &[Change<'_>]) -> String {
    let mut script = format!("#!/bin/sh\n# {}\n{SAFETY}set -e\n", subject(report));
    if changes.is_empty() {
        script.push('\n');
        script.push_str(&comments(&nothing(report, changes)));
    }
    for command in commands(changes) {
        script.push('\n');
        script.push_str(&command);
    }
    script
}

/// Every change as a comment that names it and its commands; one that no command makes stays a comment.
fn commands(changes: &[Change<'_>]) -> Vec<String> {
    let command = |change: &Change<'_>| {
        let title = format!("# {}\n", change.names());
        if let Some(script) = change.script {
            format!("{title}{}\n", script.trim_end())
        } else {
            let text = wrap("# ", 0, &line(change.text)).join("\n# ");
            format!("{title}# To be done by hand:\n{text}\n")
        }
    };
    changes.iter().map(command).collect()
}

fn cloud_init(report: &Report, changes: &[Change<'_>]) -> String {
    let mut yaml = format!("#cloud-config\n# {}\n{}", subject(report), comments(&nothing(report, changes)));
    let commands = commands(changes);
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
