//! `v6check-lab demo`: a good guest and a broken one, judged side by side.

use std::path::Path;

use serde_json::Value;

use super::options::Wish;
use super::place::Place;
use super::sums::Sums;
use super::{able, show, signals, tell, v6check};
use crate::faults::{Fault, Scene, Whose};
use crate::{GuestRun, LabError};
use v6check::terminal::{COLUMNS, wrap};

/// Shows it. The exit code is 1 if v6check did not tell the fault, or told one of the good guest.
pub(super) fn demo(place: &Place, fault: &str, program: Option<&Path>) -> Result<u8, LabError> {
    let fault = Fault::find(fault)?;
    able()?;
    let wish = Wish { guests: 1, faults: vec![fault.name.to_owned()], stack: None };
    let sums = Sums::of(&wish)?;
    let program = v6check(program)?;
    sums.tell_what_is_left_out(None);
    signals::listen(|| ())?;
    let held = place.hold_demo()?;
    let runs = held.keep_files().and_then(|()| Scene::build(&sums.wanted, &sums.setup, &mut tell)).and_then(|scene| judge(scene, &program));
    held.clear();
    place.leave();
    let [good, broken] = runs?;
    let told = told(fault, &good, &broken);
    show(&shown(fault, &good, &broken, &told));
    Ok(u8::from(told.is_err()))
}

/// Runs v6check in both at the same time; the guests are gone after that.
fn judge(mut scene: Scene, program: &Path) -> Result<[GuestRun; 2], LabError> {
    tell("running v6check in both");
    let program = program.display().to_string();
    let run = |member: &mut crate::faults::Member| {
        let arguments: Vec<&str> = ["-q", "--color", "never"].iter().chain(member.fault.arguments).copied().collect();
        member.guest.v6check(&[&program], &arguments)
    };
    let [good, broken] = &mut scene.members[..] else { return Err(LabError::Refused("there are not two guests".into())) };
    std::thread::scope(|scope| {
        let other = scope.spawn(|| run(good));
        let broken = run(broken);
        let good = other.join().unwrap_or_else(|_| Err(LabError::Refused("v6check's run broke off".into())));
        Ok([good?, broken?])
    })
}

/// How v6check told the fault, or in which way it did not.
fn told(fault: &Fault, good: &GuestRun, broken: &GuestRun) -> Result<String, String> {
    let report = |run: &GuestRun, which: &str| {
        run.report.clone().ok_or_else(|| format!("v6check wrote no report in the {which} guest: {}", run.stderr.trim()))
    };
    let (of_good, of_broken) = (report(good, "good")?, report(broken, "broken")?);
    if good.code != Some(0) || !blamed(&of_good).is_empty() {
        return Err("v6check found a fault in the good guest.".into());
    }
    let blamed = blamed(&of_broken);
    let id = fault.told_by;
    let Some(whose) = fault.whose else {
        return if blamed.is_empty() {
            Ok("v6check blames nobody, and nothing is broken.".into())
        } else {
            Err(format!("v6check blames the {}.", blamed[0]))
        };
    };
    if !fails(&of_broken, id) {
        return Err(format!("v6check did not tell it: {id} does not fail in the broken guest."));
    }
    if fails(&of_good, id) {
        return Err(format!("v6check did not tell the guests apart: {id} fails in both."));
    }
    if !blamed.iter().any(|fault| *fault == Whose::word(whose)) {
        return Err(format!("v6check did not tell whose fault it is: it is the {}'s.", whose.word()));
    }
    Ok(format!("v6check told it: {id} fails in the broken guest alone, and the fault is the {}'s.", whose.word()))
}

/// Whose faults the diagnoses name.
fn blamed(report: &Value) -> Vec<&str> {
    report["summary"]["diagnosis"].as_array().into_iter().flatten().filter_map(|diagnosis| diagnosis["fault"].as_str()).collect()
}

fn fails(report: &Value, id: &str) -> bool {
    report["results"].as_array().into_iter().flatten().any(|result| result["id"] == id && result["verdict"] == "fail")
}

fn shown(fault: &Fault, good: &GuestRun, broken: &GuestRun, told: &Result<String, String>) -> String {
    let mut lines = vec!["Two guests, booted side by side:".to_owned()];
    let place = if fault.has_own_network() { "on a link of its own, since the fault is the link's" } else { "on the same link" };
    lines.extend(wrap("  the good one    ", 18, "nothing is wrong"));
    lines.extend(wrap("  the broken one  ", 18, &format!("{}: {} ({place})", fault.name, fault.title)));
    for (name, run) in [("the good guest", good), ("the broken guest", broken)] {
        let code = run.code.map_or_else(|| "a signal".to_owned(), |code| format!("exit code {code}"));
        let heading = format!("--- v6check in {name}: {code} ");
        lines.extend([String::new(), format!("{heading:-<COLUMNS$}")]);
        lines.extend(run.stdout.trim_end().lines().map(str::to_owned));
        lines.extend(run.stderr.lines().filter(|line| run.report.is_none() && !line.is_empty()).map(str::to_owned));
    }
    lines.extend([String::new(), "-".repeat(COLUMNS)]);
    match told {
        Ok(how) | Err(how) => lines.extend(wrap("", 0, how)),
    }
    let name = fault.name;
    lines.extend(["", "Try next:"].map(str::to_owned));
    lines.push(format!("  v6check-lab link up --fault {name}"));
    lines.push(format!("  v6check-lab shell {name} v6check -v"));
    lines.push("  v6check-lab faults".into());
    lines.push(String::new());
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{shown, told};
    use crate::GuestRun;
    use crate::faults::Fault;

    fn run(code: i32, id: &str, verdict: &str, fault: Option<&str>) -> GuestRun {
        let report = json!({ "results": [{ "id": id, "verdict": verdict }], "summary": { "diagnosis": [{ "interface": "eth0", "fault": fault }] } });
        GuestRun { code: Some(code), stdout: "eth0: as it is\n".into(), stderr: String::new(), report: Some(report) }
    }

    #[test]
    fn a_fault_is_told_only_by_its_requirement_in_the_broken_guest_with_the_right_blame() {
        let fault = Fault::find("length-64").expect("known");
        let id = fault.told_by;
        let good = || run(0, id, "pass", None);
        assert!(told(fault, &good(), &run(1, id, "fail", Some("guest"))).is_ok());
        for (what, good, broken) in [
            ("it passes", good(), run(0, id, "pass", None)),
            ("another requirement fails", good(), run(1, "ra-accepted", "fail", Some("guest"))),
            ("the network is blamed", good(), run(3, id, "fail", Some("network"))),
            ("nobody is blamed", good(), run(1, id, "fail", None)),
            ("it fails in both", run(0, id, "fail", None), run(1, id, "fail", Some("guest"))),
            ("the good guest fails", run(1, "ra-accepted", "fail", Some("guest")), run(1, id, "fail", Some("guest"))),
            ("no report", good(), GuestRun { report: None, ..run(2, id, "fail", Some("guest")) }),
        ] {
            assert!(told(fault, &good, &broken).is_err(), "{what}");
        }
        let harmless = Fault::find("no-ipv4").expect("known");
        assert!(told(harmless, &good(), &run(0, "ipv4-address", "fail", None)).is_ok());
        assert!(told(harmless, &good(), &run(1, "ipv4-address", "fail", Some("guest"))).is_err());
    }

    #[test]
    fn what_is_shown_fits_80_columns() {
        for fault in crate::faults::ALL {
            let (good, broken) = (run(0, fault.told_by, "pass", None), run(1, fault.told_by, "fail", fault.whose.map(super::Whose::word)));
            let text = shown(fault, &good, &broken, &told(fault, &good, &broken));
            let longest = text.lines().map(|line| line.chars().count()).max();
            assert_eq!(longest, Some(80), "{text}");
            assert!(text.matches("eth0: as it is").count() == 2 && text.contains(fault.title.split(' ').next().expect("a word")), "{text}");
        }
    }
}
