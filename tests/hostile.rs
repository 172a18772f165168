//! Facts that nobody saved: each field of the good guest, and of each worked example, made into something else. Each is refused with its
//! place or gives a whole report; none ends in a panic.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[expect(dead_code, reason = "the catalogue's own test needs the rest of it")]
mod support;

use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::{Value, json};
use v6check::catalogue::{Catalogue, Selection};
use v6check::facts::{self, Facts, StoreError};
use v6check::fix::Plan;
use v6check::report::{self, Counting, FORMATS, RemedyFormat, Style, Verbosity};
use v6check_lab::needs;

/// As many mutations of each worked example, so that all of it takes seconds.
const OF_A_CASE: usize = 2;

fn nasty() -> Vec<Value> {
    vec![
        json!(null),
        json!(true),
        json!(0),
        json!(-1),
        json!(1),
        json!(u64::MAX),
        json!(i64::MIN),
        json!(u32::MAX),
        json!(i32::MIN),
        json!(255),
        json!(0.5),
        json!(1e300),
        json!(""),
        json!("0"),
        json!("::"),
        json!("ff02::1"),
        json!("\u{0}\u{1b}[2J\n\r\u{202e}\u{85}]]>\u{ffff}&amp;'\";`$(x)"),
        json!("../../../etc/passwd"),
        json!("é".repeat(3000)),
        json!([]),
        json!([[[]]]),
        json!({}),
        json!({"seen": null}),
        json!({"seen": []}),
        json!({"unknown": "\u{1b}\n"}),
        json!({"absent": ""}),
        json!({"seen": 1, "unknown": "2"}),
    ]
}

/// Where each value of `value` is, as JSON pointers.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    let escaped = |key: &str| key.replace('~', "~0").replace('/', "~1");
    match value {
        Value::Object(object) => object.iter().for_each(|(key, value)| places(value, &format!("{at}/{}", escaped(key)), found)),
        Value::Array(array) => array.iter().enumerate().for_each(|(nth, value)| places(value, &format!("{at}/{nth}"), found)),
        _ => {}
    }
}

fn all_places(value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    places(value, "", &mut found);
    found
}

/// The requirements of all profiles.
fn selection() -> Selection {
    let catalogue = Catalogue::load(None).unwrap();
    let mut selection = catalogue.select("calico").unwrap();
    for more in catalogue.select("rfc-host").unwrap().requirements {
        if selection.requirements.iter().all(|there| there.check.id != more.check.id) {
            selection.requirements.push(more);
        }
    }
    selection
}

/// Judges and reports in every form, or says why the facts are refused.
fn report_of(text: &str, selection: &Selection) -> Result<(), StoreError> {
    let facts = facts::load(text)?;
    let report = report::assemble(&facts, selection, Counting::default());
    // One verbosity for each report, as its text has it: both for all of them would take twice as long and find no more.
    let verbosity = if text.len().is_multiple_of(5) { Verbosity::Quiet } else { Verbosity::Verbose };
    for format in FORMATS {
        let written = format.render(&report, Style { verbosity, ..Style::default() }).unwrap_or_else(|error| panic!("{}: {error}", format.name));
        let harmful = |character: char| character.is_control() && character != '\n';
        assert!(format.name == "json" || !written.contains(harmful), "{} with a control character", format.name);
    }
    for format in [RemedyFormat::Text, RemedyFormat::Shell, RemedyFormat::CloudInit, RemedyFormat::Diff, RemedyFormat::Json] {
        report::remedies(&report, &Plan::default(), format);
    }
    // What judges is what is kept: it reads back.
    let mut saved = Vec::new();
    facts::save(&facts, &mut saved).unwrap();
    assert!(facts::load(&String::from_utf8(saved).unwrap()).unwrap() == facts, "saved facts read back otherwise");
    Ok(())
}

/// What is wrong with the answer to `text`, if something is.
fn complaint(text: &str, selection: &Selection) -> Option<String> {
    match catch_unwind(AssertUnwindSafe(|| report_of(text, selection))) {
        Ok(Ok(()) | Err(StoreError::Schema { .. } | StoreError::TooLarge(_))) => None,
        Ok(Err(error)) => {
            let told = error.to_string();
            (!told.contains(" at line ") || told.contains("line 0")).then(|| format!("no place: {told:.200}"))
        }
        Err(panic) => Some(panic.downcast_ref::<String>().map_or("a panic", String::as_str).to_owned()),
    }
}

fn json_of(facts: &Facts) -> Value {
    serde_json::to_value(facts).unwrap()
}

fn assert_none(complaints: &[String]) {
    assert!(complaints.is_empty(), "{} of them:\n{}", complaints.len(), complaints.iter().take(40).cloned().collect::<Vec<_>>().join("\n"));
}

#[test]
fn every_field_may_be_anything() {
    let selection = selection();
    let good = json_of(&support::good_guest().unwrap());
    let mut complaints = Vec::new();
    for (nth, place) in all_places(&good).into_iter().enumerate() {
        // A third of the values for each field, another third for the next: each kind of field meets each of them.
        for value in nasty().into_iter().skip(nth % 3).step_by(3) {
            let mut facts = good.clone();
            let told = format!("{place} = {:.60}", value.to_string());
            *facts.pointer_mut(&place).unwrap() = value;
            complaints.extend(complaint(&facts.to_string(), &selection).map(|what| format!("{told}: {what}")));
        }
    }
    assert_none(&complaints);
}

#[test]
fn numbers_of_worked_examples_may_be_anything() {
    let selection = selection();
    let good = support::good_guest().unwrap();
    let catalogue = Catalogue::read(&support::root().join("checks")).unwrap();
    let mut complaints = Vec::new();
    let mut nth = 0;
    for check in catalogue.checks() {
        for case in &check.examples().unwrap() {
            let deviating = json_of(&support::deviation::facts(&good, case).unwrap());
            let numbers: Vec<String> = all_places(&deviating).into_iter().filter(|place| deviating.pointer(place).unwrap().is_number()).collect();
            let values = [json!(u64::MAX), json!(i64::MAX), json!(i64::MIN), json!(u32::MAX), json!(i32::MIN), json!(65535), json!(255), json!(0)];
            for _ in 0..OF_A_CASE {
                // A stride that is prime to both counts, so that each meets each sooner or later.
                nth += 7919;
                let (place, value) = (&numbers[nth % numbers.len()], &values[nth / 7 % values.len()]);
                let mut facts = deviating.clone();
                *facts.pointer_mut(place).unwrap() = value.clone();
                let told = format!("{} with {place} = {value}", check.id);
                complaints.extend(complaint(&facts.to_string(), &selection).map(|what| format!("{told}: {what}")));
            }
        }
    }
    assert_none(&complaints);
}

#[test]
fn facts_may_end_anywhere() {
    let text = json_of(&support::good_guest().unwrap()).to_string();
    for end in (0..text.len()).step_by(3) {
        let told = facts::load(&text[..end]).unwrap_err().to_string();
        assert!(told.contains("at line 1 column"), "{end}: {told}");
    }
}

#[test]
fn frames_may_be_anything() {
    let selection = selection();
    let good = json_of(&support::good_guest().unwrap());
    let frames: Vec<String> = all_places(&good).into_iter().filter(|place| place.ends_with("/bytes")).collect();
    assert!(frames.len() >= 4, "{frames:?}");
    let mut complaints = Vec::new();
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 16).unwrap()
    };
    for place in &frames {
        let whole = good.pointer(place).unwrap().as_str().unwrap().to_owned();
        let cuts = (0..whole.len() / 2).step_by(7).map(|end| whole[..end * 2].to_owned());
        let broken = (0..24).map(|_| {
            let mut bytes = whole.clone().into_bytes();
            for _ in 0..=random() % 4 {
                let at = random() % bytes.len();
                bytes[at] = b"0123456789abcdef"[random() % 16];
            }
            String::from_utf8(bytes).unwrap()
        });
        let odd = ["0", "zz", "+1", "éé", "0x", "  "].map(str::to_owned);
        for bytes in cuts.collect::<Vec<_>>().into_iter().chain(broken.collect::<Vec<_>>()).chain(odd) {
            let mut facts = good.clone();
            *facts.pointer_mut(place).unwrap() = json!(bytes);
            complaints.extend(complaint(&facts.to_string(), &selection).map(|what| format!("{place} = {bytes}: {what}")));
        }
    }
    assert_none(&complaints);
}

#[test]
fn depth_has_an_end() {
    for text in ["[".repeat(1 << 20), "{\"schema\":".repeat(1 << 18), format!("{{\"x\":{}", "[".repeat(1 << 20))] {
        assert!(facts::load(&text).is_err());
    }
}

fn v6check(arguments: &[&str]) -> std::process::Output {
    needs::command(env!("CARGO_BIN_EXE_v6check")).args(arguments).output().unwrap()
}

/// What a run complains that is impossible: one line of bounded length without a control character.
fn refused(arguments: &[&str]) -> String {
    let output = v6check(arguments);
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), output.stdout.is_empty()), (Some(2), true), "{arguments:?}: {told}");
    told
}

#[test]
fn an_error_is_one_harmless_line_with_its_place() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("facts");
    let file = file.to_str().unwrap();
    let good = std::fs::read_to_string(support::good_guest_path()).unwrap();
    let broken = |from: &str, to: &str| good.replacen(from, to, 1).into_bytes();
    let cases = [
        broken("\"device\"", &format!("\"\\u001b[2J\\n{}\"", "y".repeat(100_000))),
        broken("\"mtu\"", "\"\\u001b[2J\\n\""),
        [b"{\n\"schema\": \"", &[0xff_u8][..], b"\""].concat(),
        broken("\"schema\"", "\"schema\": \"x\", \"schema\""),
    ];
    let places = [" at line 1", " at line 1", " at line 2 column 12\n", "duplicate field `schema` at line 2 column"];
    for (bytes, place) in cases.into_iter().zip(places) {
        std::fs::write(file, bytes).unwrap();
        let told = refused(&["replay", file]);
        let harmless = told.trim_end_matches('\n').chars().all(|character| !character.is_control());
        assert!(harmless && told.len() < 2500 && told.contains(place), "{told:?}");
    }
    assert!(refused(&["replay", "no\u{1b}[2J\nsuch"]).contains("no\\x1b[2J\\nsuch"));
    assert!(refused(&["replay", "/dev/zero"]).contains("larger than"));
    assert!(refused(&["replay", directory.path().to_str().unwrap()]).contains("directory"));
}

#[test]
fn an_error_that_cannot_be_told_is_no_crash() {
    let full = || std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let binary = || needs::command(env!("CARGO_BIN_EXE_v6check"));
    assert_eq!(binary().args(["replay", "/nonexistent"]).stderr(full()).status().unwrap().code(), Some(2));
    assert_eq!(binary().arg("--help").stdout(full()).status().unwrap().code(), Some(2));
}

#[test]
fn one_file_by_two_names_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| format!("{}/{name}", directory.path().display());
    let good = support::good_guest_path();
    let good = good.to_str().unwrap();
    std::fs::write(path("there"), "").unwrap();
    std::os::unix::fs::symlink("there", path("link")).unwrap();
    for (one, another) in [("new", "./new"), ("there", "link"), ("there", "../there")] {
        let another = another
            .strip_prefix("../")
            .map_or_else(|| path(another), |name| path(&format!("./../{}/{name}", directory.path().file_name().unwrap().to_str().unwrap())));
        assert!(refused(&["replay", good, "--json", &path(one), "--junit", &another]).contains("two reports"), "{one} {another}");
        assert!(refused(&["--root", "/nonexistent", "--json", &path(one), "--save", &another]).contains("facts and a report"), "{one} {another}");
    }
    // What keeps nothing may be there twice.
    std::os::unix::fs::symlink("/dev/null", path("null")).unwrap();
    assert_eq!(v6check(&["replay", good, "--json", "/dev/null", "--text", &path("null")]).status.code(), Some(0));
}

#[test]
fn no_interface_can_be_called_that() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().to_str().unwrap();
    for name in ["", "..", "../x", "a b", "e\n0", "sixteen-letters-"] {
        assert!(refused(&["--root", root, "-i", name]).contains("no interface can be called"), "{name:?}");
    }
    std::fs::create_dir_all(directory.path().join("etc/network")).unwrap();
    std::fs::write(
        directory.path().join("etc/network/interfaces"),
        "auto eth0 ../x sixteen-letters-\niface ../x inet6 dhcp\niface eth0 inet6 dhcp\n",
    )
    .unwrap();
    let report: Value = serde_json::from_slice(&v6check(&["--root", root, "--json", "-"]).stdout).unwrap();
    let names: Vec<&str> = report["interfaces"].as_array().unwrap().iter().map(|entry| entry["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["eth0"]);
}

#[test]
fn an_image_of_too_much_ends_soon() {
    let directory = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = directory.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    let mebibyte = |text: &str| text.repeat((1 << 20) / text.len());
    write("usr/sbin/dhcpcd", "");
    write("etc/systemd/system/multi-user.target.wants/dhcpcd.service", "");
    write("etc/systemd/system/multi-user.target.wants/systemd-networkd.service", "");
    write("etc/dhcpcd.conf", &(0..30_000).map(|nth| format!("interface e{nth}\nnoipv6rs\n")).collect::<Vec<_>>().concat());
    for nth in 0..20 {
        write(&format!("etc/sysctl.d/{nth}.conf"), &mebibyte("net.ipv6.conf.*.accept_ra=0\nnet/ipv6/conf/e?*/accept_ra=1\n"));
        write(&format!("etc/systemd/network/{nth}.network"), &format!("[Match]\nName={}\n", &mebibyte("*a*a*a*b ")[20..]));
    }
    let output = v6check(&["--root", directory.path().to_str().unwrap(), "--json", "-"]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let entries = report["interfaces"].as_array().unwrap();
    let left_out = entries.iter().filter(|entry| entry["left_out"].is_string()).count();
    assert_eq!((entries.len(), left_out), (30_000, 30_000 - 256));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("bytes of sysctl.d") && text.contains("too many files or assignments, or too long ones"));
}
