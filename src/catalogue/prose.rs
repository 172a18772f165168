//! Requirements for a reader: the list of a profile, and one requirement as prose. Both are read from the check files alone.

use std::fmt::Write;

use serde::Serialize;

use super::{Blame, Catalogue, Check, Level, Selection};
use crate::facts::Tense;
use crate::wrap::wrap;

/// Name and version of the list's JSON.
pub const LIST_SCHEMA: &str = "v6check.list/1";

/// The requirements of `selection`, a line or two each, in its order.
pub fn list(catalogue: &Catalogue, selection: &Selection) -> String {
    let mut text = paragraph("", 2, &format!("Profile {}: {}", selection.profile.name, selection.profile.title));
    text.push('\n');
    let width = selection.requirements.iter().map(|requirement| requirement.check.id.chars().count()).max().unwrap_or(0).min(32);
    for requirement in &selection.requirements {
        let term = format!("{:<6}  {:<width$}  ", level_word(requirement.level), requirement.check.id);
        text.push_str(&paragraph(&term, 10 + width, &requirement.check.title));
    }
    let others: Vec<&str> = catalogue.profiles().iter().map(|profile| profile.name.as_str()).filter(|name| *name != selection.profile.name).collect();
    if !others.is_empty() {
        text.push('\n');
        text.push_str(&paragraph("", 2, &format!("Other profiles: {}", others.join(", "))));
    }
    let count = match selection.requirements.len() {
        1 => "1 requirement".to_owned(),
        many => format!("{many} requirements"),
    };
    let _ = writeln!(text, "\n{count}; `v6check explain ID` tells more about one of them.");
    text
}

#[derive(Serialize)]
struct Listed<'a> {
    schema: &'static str,
    profile: &'a str,
    title: &'a str,
    requirements: Vec<ListedCheck<'a>>,
}

#[derive(Serialize)]
struct ListedCheck<'a> {
    id: &'a str,
    level: Level,
    blame: Blame,
    title: &'a str,
    needs: &'a [Tense],
    why: String,
    judged: String,
    source: &'a super::Source,
    follows: &'a [String],
}

/// The requirements of `selection` as JSON of [`LIST_SCHEMA`].
///
/// # Errors
/// The JSON library failed.
pub fn list_json(selection: &Selection) -> Result<String, serde_json::Error> {
    let listed = selection.requirements.iter().map(|requirement| {
        let check = &requirement.check;
        ListedCheck {
            id: &check.id,
            level: requirement.level,
            blame: check.blame,
            title: &check.title,
            needs: &check.needs,
            why: flowing(&check.why),
            judged: flowing(&check.judged),
            source: &check.source,
            follows: &check.follows,
        }
    });
    let profile = &selection.profile;
    let listed = Listed { schema: LIST_SCHEMA, profile: &profile.name, title: &profile.title, requirements: listed.collect() };
    Ok(serde_json::to_string_pretty(&listed)? + "\n")
}

/// One requirement: what, why, how judged, source, remedies, and the profiles that name it.
pub fn explain(catalogue: &Catalogue, check: &Check) -> String {
    let mut text = paragraph("", 2, &format!("{}: {}", check.id, check.title));
    let profiles: Vec<String> = catalogue
        .profiles()
        .iter()
        .flat_map(|profile| profile.requirements.iter().map(move |selected| (profile, selected)))
        .filter(|(_, selected)| selected.id == check.id)
        .map(|(profile, selected)| format!("{} ({})", profile.name, level_word(selected.level)))
        .collect();
    let mut facts = vec![("Level", level_prose(check.level).to_owned()), ("Blame", blame_prose(check.blame).to_owned())];
    if let Some(blame) = check.blame_by_cause.values().next() {
        let causes: Vec<_> = check.blame_by_cause.keys().map(|cause| cause_prose(*cause)).collect();
        facts.push(("", format!("{}, {}", causes.join(" or "), blame_prose(*blame))));
    }
    facts.push(("Looks at", check.needs.iter().map(|tense| tense_prose(*tense)).collect::<Vec<_>>().join("; ")));
    if !check.follows.is_empty() {
        facts.push(("Follows", format!("where this fails because {} did, only that is named as the cause", check.follows.join(" or "))));
    }
    facts.push(("Profiles", if profiles.is_empty() { "none; judged in every profile".into() } else { profiles.join(", ") }));
    let number = check.source.section.starts_with(|first: char| first.is_ascii_digit());
    facts.push(("Source", format!("{}, {}{}", check.source.document, if number { "section " } else { "" }, check.source.section)));
    text.push('\n');
    for (term, fact) in &facts {
        text.push_str(&paragraph(&format!("{term:<10}"), 10, fact));
    }
    section(&mut text, "Why", &flowing(&check.why));
    section(&mut text, "How it is judged", &flowing(&check.judged));
    section(&mut text, "What to change", &check.remedy.general);
    for (cause, remedy) in &check.remedy.cause {
        section(&mut text, &format!("What to change, {}", cause_prose(*cause)), remedy);
    }
    for (stack, remedy) in &check.remedy.stack {
        section(&mut text, &format!("What to change with {stack}"), remedy);
        for (by, remedy) in check.remedy.by.get(stack).into_iter().flatten() {
            section(&mut text, &format!("What to change with {stack}, which has {by} do the work"), remedy);
        }
        for (cause, remedy) in check.remedy.on.get(stack).into_iter().flatten() {
            section(&mut text, &format!("What to change with {stack}, {}", cause_prose(*cause)), remedy);
        }
    }
    text
}

fn section(text: &mut String, heading: &str, body: &str) {
    let _ = write!(text, "\n{heading}\n{}", paragraph("  ", 2, &body.trim().replace("{interface}", "INTERFACE")));
}

/// Prose without the line ends that it has in its file; empty lines part paragraphs. Remedies keep theirs: they quote configuration.
fn flowing(text: &str) -> String {
    let paragraphs = text.trim().split("\n\n").map(|paragraph| paragraph.split_whitespace().collect::<Vec<_>>().join(" "));
    paragraphs.collect::<Vec<_>>().join("\n\n")
}

fn paragraph(first: &str, indent: usize, text: &str) -> String {
    wrap(first, indent, text.trim()).join("\n") + "\n"
}

fn level_word(level: Level) -> &'static str {
    match level {
        Level::Info => "info",
        Level::Should => "should",
        Level::Must => "must",
    }
}

fn level_prose(level: Level) -> &'static str {
    match level {
        Level::Info => "info: told, never counted",
        Level::Should => "should: counted with --strict only",
        Level::Must => "must: without it the guest does not get its address, or does not keep it",
    }
}

fn blame_prose(blame: Blame) -> &'static str {
    match blame {
        Blame::Guest => "guest: its image or its configuration",
        Blame::Network => "network: its router, its DHCPv6 server, their settings",
    }
}

fn tense_prose(tense: Tense) -> &'static str {
    match tense {
        Tense::Intent => "intent (what the image is set up to do at the next boot)",
        Tense::State => "state (what the kernel and the daemons hold now)",
        Tense::Boot => "boot (what went over the wire while it booted)",
        Tense::Network => "network (what answers our own solicitations now)",
    }
}

fn cause_prose(cause: crate::judge::Cause) -> &'static str {
    use crate::judge::Cause;
    match cause {
        Cause::Firewall => "where frames arrive and no socket sees them",
        Cause::Forwarding => "where forwarding is on",
        Cause::Duplicate => "where another node uses the address",
        Cause::NoAddress => "where the server has no address for this guest",
        Cause::Silence => "where nobody answers",
        Cause::NotAsked => "where the guest does not ask",
        Cause::Metadata => "where cloud-init writes the file by the cloud's metadata",
        Cause::Unread => "where what is set up cannot be read",
    }
}
