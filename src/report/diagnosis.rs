//! The diagnosis: of all that failed on a subject, the causes only, whose fault they are and the first thing to change of each, in a few
//! sentences. It reads results and what follows from what; it looks at no facts but how the run went.

use std::collections::{BTreeMap, BTreeSet};

use super::exit_code::Weight;
use super::{CheckResult, Counting, Diagnosis, InterfaceEntry};
use crate::catalogue::{Blame, Level, Selection};
use crate::facts::{IDLE, LIVE, ReasonKind, Run};
use crate::judge::Verdict;

/// For each requirement, the requirements whose failure brings its own about; what is behind those is found by walking on.
#[derive(Debug, Clone, Default)]
pub struct Causes(BTreeMap<String, Vec<String>>);

impl Causes {
    /// What follows from what in `selection`.
    pub fn of(selection: &Selection) -> Self {
        Self::new(selection.requirements.iter().map(|it| (it.check.id.as_str(), it.check.follows.as_slice())))
    }

    /// Requirements with those that they follow. Circles are no error: of two that follow each other the earlier one is the cause.
    pub fn new<'a>(follows: impl IntoIterator<Item = (&'a str, &'a [String])>) -> Self {
        Self(follows.into_iter().map(|(id, causes)| (id.to_owned(), causes.to_vec())).collect())
    }

    /// Whether `cause` brings `effect` about, directly or through others; but not through one that holds, which it did not bring about.
    fn follows(&self, effect: &str, cause: &str, holds: &BTreeSet<&str>) -> bool {
        let mut seen = BTreeSet::new();
        let mut open = vec![effect];
        while let Some(next) = open.pop() {
            for near in self.0.get(next).into_iter().flatten() {
                if near == cause {
                    return true;
                }
                if !holds.contains(near.as_str()) && seen.insert(near.as_str()) {
                    open.push(near);
                }
            }
        }
        false
    }
}

/// How bad a diagnosis is; the worst is told first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    GuestFault,
    NetworkFault,
    Undecided,
    Blemish,
    Well,
    /// Nothing is known of it, and nothing need be.
    Idle,
}

/// A NIC that may have been meant to be set up, beside those that are.
const NOT_CHECKED: &str = "not checked, as it is down and without an address; --interface has it judged all the same.";

/// One diagnosis for each checked interface and each that is idle beside them, and for the host where something is wrong with it or nothing was
/// checked. The worst comes first.
pub(super) fn diagnose(interfaces: &[InterfaceEntry], results: &[CheckResult], causes: &Causes, run: &Run, counting: Counting) -> Vec<Diagnosis> {
    let context = Context { causes, run, counting };
    // They stand together by their interfaces, so that not each of them is looked at for each interface.
    let parts: Vec<&[CheckResult]> = results.chunk_by(|one, next| one.interface == next.interface).collect();
    let of = |name: Option<&str>| parts.iter().filter(|part| part[0].interface.as_deref() == name).copied().flatten().collect::<Vec<_>>();
    let host = of(None);
    let mut ranked = Vec::new();
    let (rank, fault, text) = context.subject(&host, &[]);
    // Of a host with nothing wrong, or with nothing that applies, there is nothing to say.
    if host.iter().any(|result| matches!(result.verdict, Verdict::Fail | Verdict::Inconclusive)) && rank != Rank::Well {
        ranked.push((rank, Diagnosis { interface: None, fault, text }));
    }
    let mut none_checked = true;
    for interface in interfaces.iter().filter(|interface| interface.left_out.is_none()) {
        none_checked = false;
        let (rank, fault, text) = context.subject(&of(Some(&interface.name)), &host);
        ranked.push((rank, Diagnosis { interface: Some(interface.name.clone()), fault, text }));
    }
    if none_checked {
        ranked.push((Rank::Undecided, Diagnosis { interface: None, fault: None, text: nothing_checked(interfaces, run) }));
    } else {
        let idle = interfaces.iter().filter(|interface| interface.left_out.as_deref() == Some(IDLE));
        ranked.extend(idle.map(|idle| (Rank::Idle, Diagnosis { interface: Some(idle.name.clone()), fault: None, text: NOT_CHECKED.into() })));
    }
    // Stable, so that equals stay in the order of their names.
    ranked.sort_by_key(|(rank, _)| *rank);
    ranked.into_iter().map(|(_, diagnosis)| diagnosis).collect()
}

/// Whether it is being watched as it happens.
fn is_live(run: &Run) -> bool {
    run.capture.as_deref() == Some(LIVE)
}

fn nothing_checked(interfaces: &[InterfaceEntry], run: &Run) -> String {
    if run.image.is_some() {
        let unread = run.unread.first().map(|reason| format!(", and some could not be read ({})", plain(reason))).unwrap_or_default();
        return format!("no interface was checked: the files of this image name none{unread}. Name the guest's NIC with --interface.");
    }
    if is_live(run) {
        return "nothing has come yet on the interfaces that are watched, and one that is named may not be there yet.".into();
    }
    if run.capture.is_some() {
        return "no guest was judged: this capture shows none that solicits a router, tests an address or asks for one. Capture on its link while it \
                boots."
            .into();
    }
    let what = match interfaces.len() {
        0 => "this machine has no interface".to_owned(),
        1 => "the one interface of this machine was left out".to_owned(),
        many => format!("all {many} interfaces of this machine were left out"),
    };
    format!("no interface was checked, so nothing is known: {what}. Give the guest a NIC, or name one with --interface.")
}

/// What failed on a subject and its host, and the ids of what holds there.
struct Failed<'a, 'r> {
    results: &'a [&'r CheckResult],
    holds: BTreeSet<&'a str>,
}

struct Context<'a> {
    causes: &'a Causes,
    run: &'a Run,
    counting: Counting,
}

impl Context<'_> {
    /// The diagnosis of one subject by its `own` results; `host` are the host's, whose failures may be behind them.
    fn subject(&self, own: &[&CheckResult], host: &[&CheckResult]) -> (Rank, Option<Blame>, String) {
        let failed: Vec<&CheckResult> =
            host.iter().chain(own).copied().filter(|result| result.verdict == Verdict::Fail && result.waived.is_none()).collect();
        let undecided: Vec<&CheckResult> = own.iter().copied().filter(|result| self.counting.weigh(result) == Weight::Undecided).collect();
        let holds: BTreeSet<&str> = host.iter().chain(own).filter(|result| result.verdict == Verdict::Pass).map(|result| &result.id[..]).collect();
        let failed = Failed { results: &failed, holds };
        let counted = self.roots(&failed, own, |level| self.counting.counts(level));
        let (guest, network): (Vec<_>, Vec<_>) = counted.into_iter().partition(|result| result.blame == Blame::Guest);
        if !guest.is_empty() {
            let also = network.first().map(|result| format!(", and the network as well: {}", plain(&result.message)));
            return (Rank::GuestFault, Some(Blame::Guest), fault("", &guest, "guest", &also.unwrap_or_default()));
        }
        if !network.is_empty() {
            let also = if undecided.is_empty() { "" } else { ", so that not all of the guest could be judged" };
            return (Rank::NetworkFault, Some(Blame::Network), fault("", &network, "network", also));
        }
        if !undecided.is_empty() {
            return (Rank::Undecided, None, self.undecided(&undecided));
        }
        let blemishes = self.roots(&failed, own, |level| level == Level::Should);
        if let Some(first) = blemishes.first() {
            let whose = first.blame;
            let same: Vec<_> = blemishes.iter().copied().filter(|result| result.blame == whose).collect();
            let name = if whose == Blame::Guest { "guest" } else { "network" };
            return (Rank::Blemish, Some(whose), fault("works, but ", &same, name, " (a recommendation, not counted)"));
        }
        let held = own.iter().filter(|result| result.verdict == Verdict::Pass).count();
        let waived = |verdict| own.iter().filter(|result| result.verdict == verdict && result.waived.is_some()).count();
        let waived = waivers_told(waived(Verdict::Fail), waived(Verdict::Inconclusive));
        let wrong = if own.iter().any(|result| result.verdict == Verdict::Fail) {
            "nothing that counts is wrong"
        } else if waived.is_some() {
            "nothing is known to be wrong"
        } else {
            "nothing is wrong"
        };
        let (place, apply, applies) = match (&self.run.image, &self.run.capture) {
            (Some(_), _) => (" in the files", "that they decide", "that they decide"),
            (None, Some(_)) if is_live(self.run) => (" so far", "that this shows", "that this shows"),
            (None, Some(_)) => (" in the capture", "that it decides", "that it decides"),
            (None, None) => ("", "that apply", "that applies"),
        };
        match (held, waived) {
            (_, Some(waived)) => (Rank::Well, None, format!("{wrong}{place}: {held} hold, and {waived} waived.")),
            (0, None) => (Rank::Undecided, None, "nothing was judged: none of the requirements applies.".into()),
            (1, None) => (Rank::Well, None, format!("{wrong}{place}: the one requirement {applies} holds.")),
            (_, None) if wrong == "nothing is wrong" => (Rank::Well, None, format!("{wrong}{place}: all {held} requirements {apply} hold.")),
            (_, None) => (Rank::Well, None, format!("{wrong}{place}: {held} requirements hold.")),
        }
    }

    /// Failures that are no consequence of another, and that are behind a failure of `own` at a level that is `wanted`.
    fn roots<'r>(&self, failed: &Failed<'_, 'r>, own: &[&CheckResult], wanted: impl Fn(Level) -> bool) -> Vec<&'r CheckResult> {
        let is_own = |result: &CheckResult| own.iter().any(|it| it.id == result.id && it.interface == result.interface);
        let behind = |root: &CheckResult, effect: &CheckResult| root.id == effect.id || self.brings_about(failed, root, effect);
        let wanted: Vec<_> = failed.results.iter().filter(|result| is_own(result) && wanted(result.level)).collect();
        let is_root = |result: &CheckResult| !failed.results.iter().any(|other| self.brings_about(failed, other, result));
        failed.results.iter().copied().filter(|root| is_root(root) && wanted.iter().any(|effect| behind(root, effect))).collect()
    }

    /// Whether `cause` is behind `effect`. A fault of the guest's never hides behind the network's; of two that name each other the earlier
    /// one is the cause.
    fn brings_about(&self, failed: &Failed<'_, '_>, cause: &CheckResult, effect: &CheckResult) -> bool {
        let at = |result: &CheckResult| failed.results.iter().position(|it| it.id == result.id);
        cause.id != effect.id
            && (cause.blame == effect.blame || effect.blame == Blame::Network)
            && self.causes.follows(&effect.id, &cause.id, &failed.holds)
            && (!self.causes.follows(&cause.id, &effect.id, &failed.holds) || at(cause) < at(effect))
    }

    fn undecided(&self, undecided: &[&CheckResult]) -> String {
        let reason = |result: &CheckResult| plain(result.reason.as_deref().unwrap_or(&result.message));
        let mut counts: Vec<(String, usize, &CheckResult)> = Vec::new();
        for result in undecided {
            match counts.iter_mut().find(|(text, ..)| *text == reason(result)) {
                Some((_, count, _)) => *count += 1,
                None => counts.push((reason(result), 1, result)),
            }
        }
        // The reason behind most; of equals the first, which is nearest to the cause.
        let most = counts.iter().map(|(_, count, _)| *count).max().unwrap_or_default();
        let Some((why, _, first)) = counts.into_iter().find(|(_, count, _)| *count == most) else { return String::new() };
        let id = &first.id;
        let others = match undecided.len().saturating_sub(1) {
            0 => String::new(),
            1 => " and 1 other requirement".into(),
            many => format!(" and {many} other requirements"),
        };
        format!("nothing is known to be wrong, but {id}{others} could not be judged: {why}. {}", self.way_out(first.reason_kind))
    }

    fn way_out(&self, obstacle: ReasonKind) -> &'static str {
        if self.run.interrupted.is_some() {
            "Let v6check run to its end."
        } else if obstacle == ReasonKind::MissingPrivilege {
            "Run v6check as root."
        } else if obstacle == ReasonKind::Passive {
            "Run v6check without --passive."
        } else if self.run.image.is_some() {
            "Boot the image and run v6check in it."
        } else if obstacle == ReasonKind::NotRecorded {
            "v6check install records the next boot."
        } else if is_live(self.run) {
            "Go on watching, or run v6check."
        } else if self.run.capture.is_some() {
            "Capture the whole boot, or run v6check in the guest."
        } else {
            "Mend that and run v6check again."
        }
    }
}

/// So many causes are named, each with what to change; others are counted.
const NAMED: usize = 2;

/// What is wrong, whose fault it is, what to change.
fn fault(opening: &str, roots: &[&CheckResult], whose: &str, addition: &str) -> String {
    let mut wrong: Vec<String> = roots.iter().take(NAMED).map(|root| plain(&root.message)).collect();
    match roots.len().saturating_sub(NAMED) {
        0 => {}
        1 => wrong.push("and 1 more".into()),
        more => wrong.push(format!("and {more} more")),
    }
    let mut changes: Vec<String> = Vec::new();
    for root in roots.iter().take(NAMED) {
        let change = root.remedy.as_deref().map(|remedy| first_sentence(remedy, &root.id)).unwrap_or_default();
        if !change.is_empty() && !changes.contains(&change) {
            changes.push(change);
        }
    }
    let change = if changes.is_empty() { String::new() } else { format!(" Remedy: {}.", changes.join(". And: ")) };
    format!("{opening}{}. Fault: {whose}{addition}.{change}", wrong.join("; "))
}

/// How much is waived, as a subject with its verb: failures, and what could not be judged, which is no failure and does not hold either.
fn waivers_told(failed: usize, undecided: usize) -> Option<String> {
    let failures = if failed == 1 { "1 failure".to_owned() } else { format!("{failed} failures") };
    let unjudged = format!("{undecided} that could not be judged");
    let verb = if failed + undecided == 1 { "is" } else { "are" };
    match (failed, undecided) {
        (0, 0) => None,
        (_, 0) => Some(format!("{failures} {verb}")),
        (0, _) => Some(format!("{unjudged} {verb}")),
        _ => Some(format!("{failures} and {unjudged} {verb}")),
    }
}

/// A text as a part of a sentence: in one line, without its full stop.
fn plain(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.strip_suffix('.').map_or(line.clone(), str::to_owned)
}

/// The first sentence of a text, without its full stop. A full stop ends a sentence where a capital letter follows, so `e.g. this` does not;
/// what is indented is an example and no sentence. Where the sentence leads to an example, it is to be found under `id`.
fn first_sentence(text: &str, id: &str) -> String {
    let prose: Vec<&str> = text.lines().take_while(|line| !line.is_empty() && !line.starts_with(' ')).collect();
    let line = plain(&prose.join(" "));
    let ends = line.match_indices(". ").find(|(at, _)| line[at + 2..].starts_with(char::is_uppercase));
    let sentence = ends.map_or(line.as_str(), |(at, _)| &line[..at]);
    sentence.strip_suffix(':').map_or_else(|| sentence.to_owned(), |opening| format!("{opening} (see {id})"))
}
