//! From facts and requirements to the report: asks each rule about each of its subjects, in an order that never varies.

use std::path::Path;

use super::boot;
use super::diagnosis::diagnose;
use super::waive::waive;
use super::{Causes, CheckResult, Counting, InterfaceEntry, OwnerEntry, Report, SCHEMA, Summary, exit_code};
use crate::catalogue::{InCharge, Requirement, Selection};
use crate::exchange::Exchanges;
use crate::facts::{Facts, Goal, Interface, Naming, Owner, Run, Tense, Tenses};
use crate::fix;
use crate::judge::{Evidence, Finding, Scope, Subject, Verdict, judge};

/// Stands for the interface in a remedy of the host's.
const ANY_INTERFACE: &str = "INTERFACE";

/// Host names that tell no machine from another.
const ANYBODY: [&str; 6] = ["", "(none)", "image", "localhost", "localhost.localdomain", "unknown"];

/// Judges `facts` by `selection` and makes the report of it.
pub fn assemble(facts: &Facts, selection: &Selection, counting: Counting) -> Report {
    let interfaces: Vec<InterfaceEntry> = facts.interfaces.iter().map(|(name, interface)| entry(name, interface)).collect();
    let exchanges = &Exchanges::read(facts);
    let mut results = of_host(facts, exchanges, selection);
    results.extend(checked(facts).flat_map(|(name, _, tenses)| of_interface(name, tenses, facts, exchanges, selection)));
    let waivers = waive(&mut results, &selection.waivers, &facts.run.started);
    let summary = summarize(&interfaces, &results, &Causes::of(selection), &facts.run, counting);
    Report {
        schema: SCHEMA.into(),
        name: name(facts),
        tool: facts.tool.clone(),
        host: facts.host.clone(),
        image: facts.run.image.clone(),
        capture: facts.run.capture.clone(),
        profile: selection.profile.name.clone(),
        started: facts.run.started.clone(),
        elapsed_ms: facts.run.elapsed_us.saturating_add(500) / 1000,
        interfaces,
        results,
        boot: checked(facts).filter_map(|(name, _, tenses)| boot::entry(name, tenses)).collect(),
        waivers,
        summary,
    }
}

/// What a report is called where nobody names it: the host name, or where that is no one's in particular the directory or file that was looked at.
fn name(facts: &Facts) -> String {
    let host = facts.host.name.as_str();
    let looked_at = facts.run.image.as_ref().or(facts.run.capture.as_ref());
    let file = looked_at.and_then(|path| Path::new(path).file_name()).map(|name| name.to_string_lossy().into_owned());
    file.filter(|_| ANYBODY.contains(&host) || facts.run.capture.is_some()).unwrap_or_else(|| host.to_owned())
}

/// The sum of `results`: counts, exit code and diagnosis.
pub fn summarize(interfaces: &[InterfaceEntry], results: &[CheckResult], causes: &Causes, run: &Run, counting: Counting) -> Summary {
    let count = |verdict| results.iter().filter(|result| result.verdict == verdict).count();
    Summary {
        pass: count(Verdict::Pass),
        fail: count(Verdict::Fail),
        skip: count(Verdict::Skip),
        inconclusive: count(Verdict::Inconclusive),
        exit_code: exit_code(interfaces, results, counting),
        diagnosis: diagnose(interfaces, results, causes, run, counting),
    }
}

fn of_interface(name: &str, tenses: &Tenses, facts: &Facts, exchanges: &Exchanges<'_>, selection: &Selection) -> Vec<CheckResult> {
    let subject = Subject::of_interface(facts, exchanges, name, &selection.profile.network);
    let stack = stack(tenses);
    of_scope(selection, Scope::Interface).map(|it| judged(it, &subject, stack)).collect()
}

fn of_host(facts: &Facts, exchanges: &Exchanges<'_>, selection: &Selection) -> Vec<CheckResult> {
    let subject = Subject::of_host(facts, exchanges, &selection.profile.network);
    // A remedy for one stack is right for the host only where no interface has another.
    let mut stacks: Vec<_> = checked(facts).map(|(_, _, tenses)| stack(tenses)).collect();
    stacks.dedup();
    let stack = if stacks.len() == 1 { stacks.pop().flatten() } else { None };
    of_scope(selection, Scope::Host).map(|it| judged(it, &subject, stack)).collect()
}

fn checked(facts: &Facts) -> impl Iterator<Item = (&str, &Interface, &Tenses)> {
    let checked = facts.interfaces.iter().filter(|(_, interface)| interface.left_out.is_none());
    checked.filter_map(|(name, interface)| interface.tenses.as_ref().map(|tenses| (name.as_str(), interface, tenses)))
}

fn of_scope(selection: &Selection, scope: Scope) -> impl Iterator<Item = &Requirement> {
    selection.requirements.iter().filter(move |requirement| requirement.check.rule.scope() == scope)
}

fn judged(requirement: &Requirement, subject: &Subject<'_>, stack: Option<InCharge>) -> CheckResult {
    let check = &requirement.check;
    let Finding { verdict, expected, seen, message, reason, evidence, cause } = judge(&check.rule, check.when.as_ref(), subject);
    let interface = subject.interface.map(|_| subject.name.to_owned());
    let named = interface.as_deref().unwrap_or(ANY_INTERFACE);
    let goals = check.rule.goals(cause);
    let failed = verdict == Verdict::Fail;
    let fix = fixes(subject, &goals).filter(|_| failed);
    let script = if failed && fix.is_none() { check.remedy.pick_script(cause, stack, named, &files(&evidence)) } else { None };
    let remedy = failed.then(|| match fix {
        Some(fix) => check.remedy.before(cause, named) + &fix,
        // A fix was looked for, and none was found.
        None if subject.facts.run.image.is_some() && !goals.is_empty() => format!("{}\n{}", check.remedy.pick(cause, stack, named), fix::ADVICE),
        None => check.remedy.pick(cause, stack, named),
    });
    CheckResult {
        id: check.id.clone(),
        interface,
        level: requirement.level,
        blame: check.blame_of(cause),
        verdict,
        title: check.title.clone(),
        expected,
        seen,
        message,
        reason_kind: reason.as_ref().map(|reason| reason.kind).unwrap_or_default(),
        reason: reason.map(|reason| reason.text),
        evidence: evidence.into_iter().map(Into::into).collect(),
        remedy,
        script,
        goals,
        waived: None,
        source: check.source.clone(),
    }
}

/// What the fixes for the subject's goals say, as far as there are any.
fn fixes(subject: &Subject<'_>, goals: &[Goal]) -> Option<String> {
    let interface = subject.interface.map(|_| subject.name);
    let of = |goal: &Goal| {
        subject.facts.fixes.iter().find(|fix| fix.goal == *goal && fix.interface.as_deref() == interface.filter(|_| !goal.is_of_host()))
    };
    let texts: Vec<String> = goals.iter().filter_map(of).map(|fix| fix::text(fix, subject.facts.run.image.is_some())).collect();
    (!texts.is_empty()).then(|| texts.join("\n"))
}

/// The configuration files that evidence names, each once.
fn files(evidence: &[Evidence]) -> Vec<&str> {
    let mut files: Vec<&str> = Vec::new();
    for line in evidence.iter().filter(|evidence| evidence.tense == Tense::Intent).filter_map(|evidence| evidence.place.line()) {
        if !files.contains(&line.path.as_str()) {
            files.push(&line.path);
        }
    }
    files
}

/// The stack whose remedies fit: the one that will configure the interface, else a daemon that is in charge of it now.
fn stack(tenses: &Tenses) -> Option<InCharge> {
    if let Ok(intent) = tenses.intent.stack.get() {
        return Some(InCharge { stack: intent.stack, by: intent.by });
    }
    let owners = &tenses.state.owners;
    let ra = owners.ra.get().ok().filter(|owner| owner.name != Owner::KERNEL);
    let owner = ra.or_else(|| owners.dhcpv6.get().ok().and_then(|clients| clients.first()));
    owner.and_then(Owner::id).map(InCharge::from)
}

fn entry(name: &str, interface: &Interface) -> InterfaceEntry {
    let nothing_observed = || interface.tenses.is_none().then(|| "the facts say nothing of it".to_owned());
    let left_out = interface.left_out.clone().or_else(nothing_observed);
    let owner = interface.tenses.as_ref().filter(|_| left_out.is_none()).map(|tenses| {
        let owners = &tenses.state.owners;
        OwnerEntry {
            ra: owners.ra.get().ok().map(|owner| owner.name.clone()),
            dhcpv6: owners.dhcpv6.get().ok().map(|clients| clients.iter().map(|client| client.name.clone()).collect()),
        }
    });
    let recorded = || interface.tenses.as_ref()?.boot.recording.get().ok()?.mac;
    let mac = interface.link.get().map_or_else(|_| recorded(), |link| link.mac);
    let (assumed, never_given) = match &interface.naming {
        Some(Naming::Assumed { driver, by }) => (Some(format!("a NIC with the driver {driver}, named {}", by.text())), None),
        Some(Naming::NeverGiven { gives, by }) => (None, Some(format!("this image names its first NIC {gives}, {}", by.text()))),
        None => (None, None),
    };
    InterfaceEntry { name: name.to_owned(), mac: mac.map(|mac| mac.to_string()), owner, left_out, assumed, never_given }
}
