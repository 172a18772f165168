//! The catalogue: every worked example of every check is a test by its name, and so is every law that holds for all checks.
//!
//! `UPDATE=1` writes the frames of the known-good guest anew.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::print_stderr, reason = "a catalogue that does not load is told there")]

mod support;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Trial};
use support::{INTERFACE, deviation, frames, story};
use v6check::catalogue::{Case, Catalogue, Check, InCharge};
use v6check::facts::{self, Boot, Direction, Facts, Frame, Observed, StackId, TransportChecksum};
use v6check::judge::{Cause, Expectations, Finding, Scope, Subject, Verdict, judge};
use v6check_lab::needs;

/// Files as evidence may name them: one for each place that scripts change.
const FILES: [&str; 11] = [
    "/etc/network/interfaces",
    "/etc/systemd/network/a b.network",
    "/etc/NetworkManager/system-connections/it's.nmconnection",
    "/etc/sysconfig/network-scripts/ifcfg-eth0",
    "/var/lib/connman/wired/settings",
    "/etc/default/grub",
    "/etc/modprobe.d/ipv6.conf",
    "/etc/sysctl.d/60 cis.conf",
    "/etc/nftables.conf",
    "/etc/iptables/rules.v6",
    "/sbin/dhclient-script",
];

/// What the trials share.
struct Shelf {
    /// Read from the folder, as a site's is, so that cases are there.
    catalogue: Catalogue,
    good: Facts,
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    if std::env::var_os("UPDATE").is_some() {
        update_good_guest();
    }
    let shelf = match Catalogue::read(&support::root().join("checks")) {
        Ok(catalogue) => Arc::new(Shelf { catalogue, good: support::good_guest().unwrap() }),
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    let mut trials = vec![
        trial("law::there-are-checks", &shelf, |shelf| holds(!shelf.catalogue.checks().is_empty(), "checks/ is empty")),
        trial("law::built-in-is-the-folder-without-cases", &shelf, |shelf| built_in(&shelf.catalogue)),
        trial("law::every-check-is-in-a-profile", &shelf, |shelf| in_a_profile(&shelf.catalogue)),
        trial("law::causes-come-before-effects", &shelf, |shelf| causes_first(&shelf.catalogue)),
        trial("law::good-guest-is-as-it-is-stored", &shelf, |shelf| stored(&shelf.good)),
    ];
    for check in shelf.catalogue.checks() {
        let law = |name: &str, law: fn(&Shelf, &Check) -> Result<(), String>| {
            let check = check.clone();
            trial(&format!("{}::law::{name}", check.id), &shelf, move |shelf| law(shelf, &check))
        };
        trials.push(law("texts", |_, check| texts(check)));
        trials.push(law("a-pass-and-a-fail", |_, check| both_ways(check)));
        trials.push(law("good-guest", |shelf, check| {
            let finding = find(shelf, check, &shelf.good);
            holds(matches!(finding.verdict, Verdict::Pass | Verdict::Skip), &format!("the known-good guest gets {finding:#?}"))
        }));
        trials.push(law("good-image", |shelf, check| {
            let mut image = shelf.good.clone();
            deviation::as_image(&mut image);
            let finding = find(shelf, check, &image);
            holds(matches!(finding.verdict, Verdict::Pass | Verdict::Skip), &format!("the known-good guest's image gets {finding:#?}"))
        }));
        trials.push(law("scripts", |_, check| scripts(check)));
        let cases = match check.examples() {
            Ok(cases) => cases,
            Err(error) => {
                eprintln!("{error}");
                return ExitCode::FAILURE;
            }
        };
        for case in cases {
            let check = check.clone();
            trials.push(trial(&format!("{}::{}", check.id, case.name), &shelf, move |shelf| example(shelf, &check, &case)));
        }
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn trial(name: &str, shelf: &Arc<Shelf>, test: impl FnOnce(&Shelf) -> Result<(), String> + Send + 'static) -> Trial {
    let shelf = Arc::clone(shelf);
    Trial::test(name, move || test(&shelf).map_err(Into::into))
}

fn holds(holds: bool, otherwise: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(otherwise.into()) }
}

/// What `check` finds on the only interface of `facts`, or on its host.
fn find(shelf: &Shelf, check: &Check, facts: &Facts) -> Finding {
    let none = Expectations::default();
    let profile = shelf.catalogue.profiles().iter().find(|profile| profile.requirements.iter().any(|selected| selected.id == check.id));
    let expectations = profile.map_or(&none, |profile| &profile.network);
    let interface = &facts.interfaces[INTERFACE];
    let subject = match check.rule.scope() {
        Scope::Interface => Subject { facts, name: INTERFACE, interface: interface.tenses.as_ref().map(|tenses| (interface, tenses)), expectations },
        Scope::Host => Subject { facts, name: "", interface: None, expectations },
    };
    judge(&check.rule, check.when.as_ref(), &subject)
}

fn example(shelf: &Shelf, check: &Check, case: &Case) -> Result<(), String> {
    let file = file_of(check);
    let place = format!("{}, case {:?}", file.display(), case.name);
    let facts = deviation::facts(&shelf.good, case).map_err(|error| format!("{place}: {error}"))?;
    let finding = find(shelf, check, &facts);
    let wrong = |what: &str| format!("{place}: {what}; the finding is {finding:#?}");
    holds(finding.verdict == case.verdict, &wrong(&format!("the verdict is not {:?}", case.verdict)))?;
    if let Some(word) = &case.says {
        let said = finding.message.contains(word.as_str()) || finding.reason.as_ref().is_some_and(|reason| reason.text.contains(word.as_str()));
        holds(said, &wrong(&format!("neither message nor reason says {word:?}")))?;
    }
    let blame = check.blame_of(finding.cause);
    holds(case.blame.is_none_or(|expected| expected == blame), &wrong(&format!("the fault is not the {:?}'s", case.blame)))?;
    let beyond = finding.evidence.iter().find(|evidence| !check.needs.contains(&evidence.tense));
    holds(beyond.is_none(), &wrong(&format!("evidence {beyond:?} is of a tense that needs does not name")))?;
    holds(!finding.message.is_empty() && !finding.message.contains('\n'), &wrong("the message is not one line"))?;
    match finding.verdict {
        Verdict::Pass | Verdict::Fail => {
            holds(!finding.expected.is_empty() && !finding.seen.is_empty(), &wrong("expected or seen is empty"))?;
            holds(!finding.evidence.is_empty(), &wrong("there is no evidence"))
        }
        Verdict::Skip | Verdict::Inconclusive => holds(finding.reason.is_some(), &wrong("there is no reason")),
    }
}

fn file_of(check: &Check) -> PathBuf {
    let families = std::fs::read_dir(support::root().join("checks")).into_iter().flatten().flatten();
    let mut files = families.map(|family| family.path().join(&check.id).with_extension("toml"));
    let file = files.find(|file| file.is_file()).unwrap_or_else(|| PathBuf::from(&check.id));
    file.strip_prefix(support::root()).map_or(file.clone(), Into::into)
}

fn texts(check: &Check) -> Result<(), String> {
    let texts = [
        ("title", &check.title),
        ("why", &check.why),
        ("judged", &check.judged),
        ("source.document", &check.source.document),
        ("source.section", &check.source.section),
        ("remedy.general", &check.remedy.general),
    ];
    let remedy = &check.remedy;
    let special = remedy.by.values().flat_map(|texts| texts.values()).chain(remedy.on.values().flat_map(|texts| texts.values()));
    let more = remedy.cause.values().chain(remedy.stack.values()).chain(special).map(|text| ("a remedy", text));
    for (what, text) in texts.into_iter().chain(more) {
        holds(!text.trim().is_empty(), &format!("{what} is empty"))?;
        let left = text.replace("{interface}", "");
        holds(!left.contains(['{', '}']), &format!("{what} has a place to fill in other than {{interface}}: {text}"))?;
    }
    holds(!check.needs.is_empty(), "needs names no tense")?;
    holds(!check.title.ends_with('.') && !check.title.contains('\n'), "the title is not one line without a full stop")
}

fn cause_of(key: &str) -> Option<Cause> {
    Cause::ALL.into_iter().find(|cause| cause.name() == key)
}

/// Every script is one that a shell can read, for a cause or a stack that there is, and fills in all of its places.
fn scripts(check: &Check) -> Result<(), String> {
    let remedy = &check.remedy;
    for key in remedy.script.keys() {
        let (stack, cause) = (StackId::of_name(key), cause_of(key));
        holds(cause.is_some() || stack.is_some() || key == "general", &format!("remedy.script.{key}: neither a cause nor a stack nor `general`"))?;
        script(check, key, cause, stack)?;
    }
    for (stack, causes) in &remedy.script_on {
        for cause in causes.keys() {
            script(check, &format!("{stack}.{}", cause.name()), Some(*cause), Some(*stack))?;
        }
    }
    Ok(())
}

fn script(check: &Check, key: &str, cause: Option<Cause>, stack: Option<StackId>) -> Result<(), String> {
    let script = check.remedy.pick_script(cause, stack.map(InCharge::from), "eth0", &FILES).unwrap_or_default();
    holds(!script.trim().is_empty(), &format!("remedy.script.{key} is empty"))?;
    holds(!["{interface}", "{file}", "`"].iter().any(|left| script.contains(left)), &format!("a place or a backtick is left in {script}"))?;
    let output = needs::command("sh").args(["-n", "-c", &script]).output().map_err(|error| error.to_string())?;
    holds(output.status.success(), &format!("remedy.script.{key}: {}{script}", String::from_utf8_lossy(&output.stderr)))
}

fn both_ways(check: &Check) -> Result<(), String> {
    let cases = check.examples()?;
    for verdict in [Verdict::Pass, Verdict::Fail] {
        holds(cases.iter().any(|case| case.verdict == verdict), &format!("no case gets {verdict:?}"))?;
    }
    let mut names = BTreeSet::new();
    let twice = cases.iter().find(|case| !names.insert(case.name.as_str()));
    holds(twice.is_none(), &format!("two cases are named {:?}", twice.map(|case| &case.name)))
}

fn built_in(folder: &Catalogue) -> Result<(), String> {
    let built_in = Catalogue::load(None).map_err(|error| error.to_string())?;
    let without_cases = |check: &Check| format!("{:#?}", Check { cases: Vec::new(), ..check.clone() });
    let texts = |catalogue: &Catalogue| catalogue.checks().iter().map(without_cases).collect::<Vec<_>>();
    for (built_in, folder) in texts(&built_in).iter().zip(&texts(folder)) {
        holds(built_in == folder, &format!("cases must stand last in a check file; built in: {built_in}\nin the folder: {folder}"))?;
    }
    holds(built_in.checks().iter().all(|check| check.cases.is_empty()), "a case is built in")?;
    holds(built_in.checks().len() == folder.checks().len(), "not as many checks built in as in the folder")?;
    holds(format!("{:?}", built_in.profiles()) == format!("{:?}", folder.profiles()), "profiles differ")
}

fn in_a_profile(catalogue: &Catalogue) -> Result<(), String> {
    let named = |check: &&Check| catalogue.profiles().iter().flat_map(|profile| &profile.requirements).any(|selected| selected.id == check.id);
    let lost = catalogue.checks().iter().find(|check| !named(check));
    holds(lost.is_none(), &format!("no profile names {:?}", lost.map(|check| &check.id)))
}

fn causes_first(catalogue: &Catalogue) -> Result<(), String> {
    for profile in catalogue.profiles() {
        let place = |id: &str| profile.requirements.iter().position(|selected| selected.id == id);
        for check in catalogue.checks() {
            for cause in &check.follows {
                let (Some(before), Some(after)) = (place(cause), place(&check.id)) else { continue };
                holds(before < after, &format!("profile {} names {} before its cause {cause}", profile.name, check.id))?;
            }
        }
    }
    Ok(())
}

fn stored(good: &Facts) -> Result<(), String> {
    let text = std::fs::read_to_string(support::good_guest_path()).map_err(|error| error.to_string())?;
    holds(text == as_text(good), "the file is not as facts are stored; run with UPDATE=1")?;
    holds(framed(good.clone()) == *good, "frames are not as the builders make them; run with UPDATE=1")
}

fn as_text(facts: &Facts) -> String {
    let mut text = Vec::new();
    facts::save(facts, &mut text).unwrap();
    String::from_utf8(text).unwrap()
}

/// The good guest's boot and conversations: what it asked and what the good network answers.
fn framed(mut facts: Facts) -> Facts {
    let sent = |bytes| Frame { at_us: 0, direction: Direction::Sent, checksum: TransportChecksum::Complete, bytes };
    let nothing_special = toml::Table::new();
    let router = deviation::conversation(&mut facts, |network| &mut network.router).unwrap();
    router.frames = vec![sent(frames::solicitation())];
    deviation::answer(router, vec![frames::advertisement(&nothing_special).unwrap()]);
    let server = deviation::conversation(&mut facts, |network| &mut network.server).unwrap();
    let identity = server.identity.as_ref().unwrap();
    server.frames = vec![sent(frames::solicit(&identity.duid, identity.iaid).unwrap())];
    let asked = frames::Asked::of(server).unwrap();
    deviation::answer(server, vec![frames::answer(&nothing_special, &asked).unwrap()]);
    let boot = Boot { recording: Observed::Seen(story::good().unwrap()), journal: Observed::Seen(Vec::new()) };
    facts.interfaces.get_mut(INTERFACE).and_then(|interface| interface.tenses.as_mut()).unwrap().boot = boot;
    facts
}

fn update_good_guest() {
    std::fs::write(support::good_guest_path(), as_text(&framed(support::good_guest().unwrap()))).unwrap();
}
