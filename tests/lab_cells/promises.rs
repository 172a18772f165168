//! What v6check promises on a real link besides its verdicts: that it changes nothing, says the same of saved facts, survives a signal
//! and a bad output, and that the lab leaves nothing behind.

use std::fs::{self, File};
use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use v6check_lab::faults::{Fault, Scene};
use v6check_lab::needs;
use v6check_lab::{Daemon, Guest, LabError, STATE_LIMIT, Snapshot, Stack, poll, run};

use crate::cells::{V6CHECK, table_agrees};
use crate::stacks;

type Promise = fn() -> Result<(), String>;

/// All of them, by name.
pub(crate) const ALL: &[(&str, Promise)] = &[
    ("promise-changes-nothing", changes_nothing),
    ("promise-changes-nothing-of-dhcpcd", || changes_nothing_of_a_daemon(Stack::Dhcpcd)),
    ("promise-changes-nothing-of-networkd", || changes_nothing_of_a_daemon(Stack::Networkd)),
    ("promise-changes-nothing-of-networkmanager", || changes_nothing_of_a_daemon(Stack::NetworkManager)),
    ("promise-passive-sends-nothing", passive_sends_nothing),
    ("promise-replay-says-the-same", replay_says_the_same),
    ("promise-one-bad-output-loses-no-other", one_bad_output_loses_no_other),
    ("promise-a-signal-ends-the-waiting", a_signal_ends_the_waiting),
    ("promise-a-missing-interface-is-an-error", a_missing_interface_is_an_error),
    ("promise-a-broken-check-file-is-an-error", a_broken_check_file_is_an_error),
    ("lab-leaves-nothing-behind", leaves_nothing_behind),
    ("lab-faults-are-told-as-its-table-says", table_agrees),
];

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

fn of(fault: &str) -> Result<Scene, LabError> {
    Scene::one(Fault::find(fault)?, Stack::Ifupdown)
}

fn ensure(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(otherwise()) }
}

fn snapshot(scene: &mut Scene) -> Result<Snapshot, LabError> {
    let leases = scene.server_leases()?;
    Ok(Snapshot::take(scene.guest())?.with("the server's leases", leases))
}

/// Addresses, routes, settings, files, and the leases of both sides are the same before and after a run that asks for all it can.
fn changes_nothing() -> Result<(), String> {
    changes_nothing_of(stacks::good(Stack::Ifupdown).map_err(text)?)
}

/// The same of a guest whose daemon takes Router Advertisements itself, and hears those that are asked for.
fn changes_nothing_of_a_daemon(stack: Stack) -> Result<(), String> {
    changes_nothing_of(stacks::good(stack).map_err(text)?)
}

fn changes_nothing_of(mut scene: Scene) -> Result<(), String> {
    let before = snapshot(&mut scene).map_err(text)?;
    ensure(before.len() > 500, || format!("only {} things are compared", before.len()))?;
    let run = scene.guest().v6check(&[V6CHECK], &["--thorough"]).map_err(text)?;
    ensure(run.code == Some(0) && run.report.is_some(), || format!("exit code {:?}: {}{}", run.code, run.stdout, run.stderr))?;
    let after = snapshot(&mut scene).map_err(text)?;
    let differences = before.differences(&after);
    ensure(differences.is_empty(), || differences.join("\n"))?;
    scene.guest().namespace().set(&[("ipv6/conf/eth0/accept_ra", 2)]).map_err(text)?;
    let differences = before.differences(&snapshot(&mut scene).map_err(text)?);
    ensure(differences.len() == 1, || format!("a setting was changed, and the comparison shows {differences:?}"))
}

/// The compute host hears nothing of a passive run, and something of another one.
fn passive_sends_nothing() -> Result<(), String> {
    let mut scene = stacks::good(Stack::Ifupdown).map_err(text)?;
    let mut heard_of = |arguments: &[&str]| {
        let link = |scene: &mut Scene| scene.link()?.heard();
        let before = link(&mut scene)?;
        scene.guest().v6check(&[V6CHECK], arguments)?;
        let after = link(&mut scene)?;
        Ok((after.0 - before.0, after.1 - before.1))
    };
    let passive = heard_of(&["--passive"]).map_err(|error: LabError| error.to_string())?;
    let active = heard_of(&[]).map_err(|error: LabError| error.to_string())?;
    ensure(passive == (0, 0), || format!("a passive run sent {passive:?} solicitations of a router and of a server"))?;
    ensure(active.0 > 0 && active.1 > 0, || format!("a run sent {active:?} solicitations of a router and of a server"))
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}

/// Saved facts give the same reports, byte for byte, on a machine that knows nothing of the guest.
fn replay_says_the_same() -> Result<(), String> {
    let mut scene = of("length-64").map_err(text)?;
    let folder = scene.guest().path("");
    let path = |name: &str| folder.join(name).display().to_string();
    let (facts, junit, plain) = (path("facts.json"), path("a.xml"), path("a.txt"));
    let (replayed_json, replayed_junit, replayed_plain) = (path("b.json"), path("b.xml"), path("b.txt"));
    let checked = scene.guest().v6check(&[V6CHECK], &["--save", &facts, "--junit", &junit, "--text", &plain]).map_err(text)?;
    let mode = std::os::unix::fs::MetadataExt::mode(&fs::metadata(&facts).map_err(text)?) & 0o777;
    ensure(mode == 0o600, || format!("the saved facts have mode {mode:o}"))?;
    let mut command = needs::command(V6CHECK);
    command.args(["replay", &facts, "--json", &replayed_json, "--junit", &replayed_junit, "--text", &replayed_plain]);
    let replayed = run(&mut command, "", Duration::from_secs(10)).map_err(text)?;
    ensure(replayed.code == checked.code, || format!("exit code {:?}, then {:?}: {}", checked.code, replayed.code, replayed.stderr))?;
    for (first, second) in [(&junit, &replayed_junit), (&plain, &replayed_plain), (&path("report-1.json"), &replayed_json)] {
        let (first, second) = (read(Path::new(first))?, read(Path::new(second))?);
        ensure(!first.is_empty() && first == second, || format!("the reports differ:\n{first}\n---\n{second}"))?;
    }
    Ok(())
}

/// A file that cannot be made, and a device that is full once it is written to.
fn one_bad_output_loses_no_other() -> Result<(), String> {
    let mut scene = stacks::good(Stack::Ifupdown).map_err(text)?;
    for (number, bad) in ["/dev/null/report.txt", "/dev/full"].iter().enumerate() {
        let good = scene.guest().path(&format!("good-{number}.xml"));
        let run = scene.guest().v6check(&[V6CHECK], &["--junit", &good.display().to_string(), "--text", bad]).map_err(text)?;
        ensure(run.code == Some(2), || format!("{bad}: exit code {:?}", run.code))?;
        let clear = run.stderr.trim().lines().count() == 1 && run.stderr.contains(bad);
        ensure(clear, || format!("{bad}: not one clear error: {:?}", run.stderr))?;
        ensure(run.report.is_some(), || format!("{bad}: the JSON report is lost"))?;
        ensure(read(&good)?.contains("</testsuites>"), || format!("{bad}: the JUnit report is lost or cut"))?;
    }
    Ok(())
}

/// Nobody answers, SIGTERM comes after the first progress line: the report is written, and gives the signal as the reason.
fn a_signal_ends_the_waiting() -> Result<(), String> {
    let mut scene = of("nobody-answers").map_err(text)?;
    let (json, log) = (scene.guest().path("report.json"), scene.guest().path("said"));
    let file = File::create(&log).map_err(text)?;
    let mut command = scene.guest().command(V6CHECK);
    command.args(["--timeout", "60", "--text", "/dev/null", "--json"]).arg(&json);
    let mut running = Daemon::start(&mut command, &file).map_err(text)?;
    poll("v6check says that it waits", STATE_LIMIT, || Ok(fs::read_to_string(&log).is_ok_and(|said| said.contains("eth0")))).map_err(text)?;
    ensure(running.ended().map_err(text)?.is_none(), || "it did not wait".into())?;
    running.terminate();
    let code = running.wait(Duration::from_secs(5)).map_err(|error| format!("after SIGTERM: {error}"))?;
    ensure(code == 3, || format!("exit code {code}"))?;
    let report: Value = serde_json::from_str(&read(&json)?).map_err(text)?;
    let results = report["results"].as_array().ok_or("no results")?;
    let of = |id: &str| results.iter().find(|result| result["id"] == id).ok_or_else(|| format!("no {id}"));
    for id in ["network-router-advertisement", "network-dhcpv6-offer"] {
        let result = of(id)?;
        let reason = result["reason"].as_str().unwrap_or_default();
        ensure(result["verdict"] == "inconclusive" && reason.contains("signal"), || format!("{id}: {} {reason}", result["verdict"]))?;
    }
    ensure(of("dhcpv6-intended")?["verdict"] == "pass", || "what was known before the signal is lost".into())
}

fn a_missing_interface_is_an_error() -> Result<(), String> {
    let mut guest = Guest::make().map_err(text)?;
    let run = guest.v6check(&[V6CHECK], &["-i", "nosuch0"]).map_err(text)?;
    ensure(run.code == Some(2), || format!("exit code {:?}", run.code))?;
    let one_line = run.stderr.trim().lines().count() == 1;
    ensure(one_line && run.stderr.contains("nosuch0"), || format!("not one clear error: {:?}", run.stderr))
}

fn a_broken_check_file_is_an_error() -> Result<(), String> {
    let mut scene = stacks::good(Stack::Ifupdown).map_err(text)?;
    let folder = scene.guest().path("site");
    fs::create_dir(&folder).map_err(text)?;
    fs::write(folder.join("site-rule.toml"), "id = \"site-rule\"\ntitel = \"a slip of the pen\"\n").map_err(text)?;
    let before = scene.link().map_err(text)?.heard().map_err(text)?;
    let run = scene.guest().v6check(&[V6CHECK], &["--checks", &folder.display().to_string()]).map_err(text)?;
    let after = scene.link().map_err(text)?.heard().map_err(text)?;
    ensure(run.code == Some(2), || format!("exit code {:?}", run.code))?;
    ensure(run.stderr.contains("site-rule.toml") && run.stderr.contains("titel"), || format!("not a clear error: {}", run.stderr))?;
    ensure(before == after, || "something was sent before the check files were read".into())
}

/// Namespaces, processes and files of a link are gone with it, whatever daemons the guest had.
fn leaves_nothing_behind() -> Result<(), String> {
    gone_with(stacks::good(Stack::Ifupdown).map_err(text)?)?;
    for stack in [Stack::NetworkManager, Stack::Dhcpcd] {
        gone_with(stacks::good(stack).map_err(text)?)?;
    }
    Ok(())
}

fn gone_with(scene: Scene) -> Result<(), String> {
    let link = scene.links.first().ok_or("no link")?;
    let namespaces = [scene.members[0].guest.namespace(), link.router()];
    let files = scene.members[0].guest.path("etc");
    let names: Vec<String> = namespaces.iter().map(|namespace| namespace.name().to_owned()).collect();
    let mut processes = Vec::new();
    for namespace in namespaces {
        let running = namespace.processes().map_err(text)?;
        ensure(!running.is_empty(), || format!("nothing runs in {}", namespace.name()))?;
        processes.extend(running);
    }
    drop(scene);
    for name in names {
        ensure(!Path::new("/run/netns").join(&name).exists(), || format!("{name} is still there"))?;
    }
    ensure(!files.exists(), || format!("{} is still there", files.display()))?;
    let gone = |process: &u32| {
        let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
        status.is_empty() || status.contains("State:\tZ") || status.contains("State:\tX")
    };
    poll("the processes of the link are gone", STATE_LIMIT, || Ok(processes.iter().all(gone))).map_err(text)
}
