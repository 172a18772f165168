//! The binary by its command line: help, list, explain, and one clear error with exit code 2 for what is wrong. Nothing here sends a packet.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;
use std::process::Output;

use v6check_lab::needs;

fn v6check(arguments: &[&str]) -> Output {
    needs::command(env!("CARGO_BIN_EXE_v6check")).args(arguments).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// What a command that succeeds prints; it complains about nothing.
fn told(arguments: &[&str]) -> String {
    let output = v6check(arguments);
    assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(0), ""), "{arguments:?}");
    stdout(&output)
}

/// What a command complains that is impossible; it prints nothing else.
fn refused(arguments: &[&str]) -> String {
    let output = v6check(arguments);
    assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(2), ""), "{arguments:?}: {}", stderr(&output));
    stderr(&output)
}

fn assert_contains(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in\n{text}");
    }
}

fn assert_fits(text: &str) {
    let long: Vec<&str> = text.lines().filter(|line| line.chars().count() > 80).collect();
    assert!(long.is_empty(), "over 80 columns: {long:#?}");
}

const GOOD: &str = r#"id = "site-check"
title = "A check of this site's own"
level = "should"
blame = "guest"
needs = ["state"]
why = "We say so."
judged = "As we like."
source = { document = "Handbook", section = "7" }

[remedy]
general = "Ask us."

[rule.ipv6-enabled]
smallest-mtu = 1280
"#;

/// A site's folder with one check.
fn site(check: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("own")).unwrap();
    fs::create_dir_all(folder.path().join("profiles")).unwrap();
    fs::write(folder.path().join("own/site-check.toml"), check).unwrap();
    folder
}

fn name(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn help_teaches_and_fits_80_columns() {
    let help = told(&["--help"]);
    assert_contains(&help, &["Exit codes:", "Examples:", "What is sent:", "--passive", "replay", "list", "explain", "[default: calico]"]);
    for arguments in [&["--help"][..], &["replay", "--help"], &["list", "--help"], &["explain", "--help"]] {
        assert_fits(&told(arguments));
    }
    for command in ["replay", "remedy", "record", "watch", "install", "matrix"] {
        let help = told(&[command, "--help"]);
        assert_contains(&help, &["Examples:", &format!("v6check {command} ")]);
        assert_fits(&help);
    }
}

#[test]
fn every_format_has_its_option() {
    for arguments in [&["--help"][..], &["replay", "--help"], &["install", "--help"]] {
        let help = told(arguments);
        for format in v6check::report::FORMATS {
            let place = if arguments[0] == "install" && format.name == "text" { "DEVICE|FILE" } else { "FILE" };
            assert_contains(&help, &[&format!("--{} <{place}>", format.name)]);
            let said = refused(&["--plan", &format!("--{}", format.name), "out"]);
            assert!(said.contains(&format!("--{} <FILE>", format.name)) && said.contains("cannot be used with"), "{said}");
        }
    }
}

#[test]
fn version_is_the_crates() {
    assert_eq!(told(&["--version"]), format!("v6check {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn list_names_every_requirement_of_the_profile() {
    let text = told(&["list"]);
    assert_fits(&text);
    let json: serde_json::Value = serde_json::from_str(&told(&["list", "--json"])).unwrap();
    assert_eq!(json["schema"], "v6check.list/1");
    let ids: Vec<&str> = json["requirements"].as_array().unwrap().iter().map(|check| check["id"].as_str().unwrap()).collect();
    assert!(ids.contains(&"ipv6-enabled"), "{ids:?}");
    assert_contains(&text, &ids);
}

#[test]
fn explain_tells_every_requirement_in_80_columns() {
    let json: serde_json::Value = serde_json::from_str(&told(&["list", "--json"])).unwrap();
    for check in json["requirements"].as_array().unwrap() {
        let text = told(&["explain", check["id"].as_str().unwrap()]);
        assert_fits(&text);
        assert_contains(
            &text,
            &["Level", "Blame", "Why", "How it is judged", "What to change", "calico (", check["source"]["document"].as_str().unwrap()],
        );
    }
}

#[test]
fn explain_suggests_near_ids() {
    assert_contains(&refused(&["explain", "ipv6-enabeld"]), &["no requirement \"ipv6-enabeld\"", "did you mean ipv6-enabled"]);
    assert_contains(&refused(&["explain", "zzzzzzzzzzzz"]), &["`v6check list` shows all"]);
}

#[test]
fn a_reader_that_stops_early_is_no_error() {
    let mut child = needs::command(env!("CARGO_BIN_EXE_v6check")).args(["list", "--json"]).stdout(std::process::Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn wrong_options_are_refused() {
    assert_contains(&refused(&["--pasive"]), &["--pasive", "--passive"]);
    for seconds in ["0", "-1", "nan", "inf", "1e9", "five", ""] {
        assert_contains(&refused(&["--timeout", seconds]), &["--timeout"]);
    }
    assert_contains(&refused(&["--network-faults", "ignore"]), &["inconclusive", "fail"]);
    assert_contains(&refused(&["--passive", "--thorough"]), &["--passive", "--thorough"]);
    assert_contains(&refused(&["--plan", "--junit", "out.xml"]), &["--plan", "--junit"]);
    assert_contains(&refused(&["--passive", "list"]), &["list"]);
    assert_contains(&refused(&["replay"]), &["FACTS"]);
}

#[test]
fn waivers_are_for_what_is_judged() {
    assert_contains(&refused(&["list", "--waivers", "nofile"]), &["--waivers"]);
}

#[test]
fn a_file_for_another_command_is_told_as_what_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let [facts, report, empty] = ["facts.json", "report.json", "empty.json"].map(|file| folder.path().join(file));
    fs::write(&facts, "{\"schema\": \"v6check.facts/1\"}").unwrap();
    fs::write(&report, "{\"schema\": \"v6check.report/1\"}").unwrap();
    fs::write(&empty, "").unwrap();
    for (path, told) in [(&report, "a report (--json); replay takes the facts that --save kept"), (&empty, "the file is empty")] {
        assert_contains(&refused(&["replay", name(path)]), &[&format!("v6check: {}: {told}", name(path))]);
    }
    for (path, told) in [(&facts, "saved facts (--save); matrix takes the reports that --json wrote"), (&empty, "the file is empty")] {
        let output = v6check(&["matrix", name(path)]);
        assert_eq!(output.status.code(), Some(2));
        assert_contains(&stderr(&output), &[&format!("v6check: {}: {told}", name(path))]);
    }
}

#[test]
fn two_reports_do_not_share_a_file() {
    assert_contains(&refused(&["replay", "facts.json", "--junit", "-", "--json", "-"]), &["two reports", "standard output"]);
    assert_contains(&refused(&["replay", "facts.json", "--text", "a", "--json", "a"]), &["two reports", "to a;"]);
}

#[test]
fn a_profile_that_does_not_exist_is_refused() {
    for arguments in [&["list", "--profile", "calcio"][..], &["--plan", "--profile", "calcio"]] {
        assert_contains(&refused(arguments), &["no profile \"calcio\"", "there are: calico"]);
    }
}

#[test]
fn a_sites_own_check_is_added() {
    let folder = site(GOOD);
    let checks = name(folder.path());
    assert_contains(&told(&["list", "--checks", checks]), &["should  site-check", "ipv6-enabled"]);
    assert_contains(&told(&["explain", "site-check", "--checks", checks]), &["Handbook", "Ask us."]);
}

#[test]
fn a_sites_own_profile_selects_and_weighs() {
    let folder = site(GOOD);
    let profile = "name = \"ours\"\ntitle = \"Ours\"\n\n[[requirement]]\nid = \"site-check\"\nlevel = \"must\"\n";
    fs::write(folder.path().join("profiles/ours.toml"), profile).unwrap();
    let checks = name(folder.path());
    let ours = told(&["list", "--checks", checks, "--profile", "ours"]);
    assert_contains(&ours, &["must    site-check", "Other profiles: calico"]);
    assert!(!ours.contains("ipv6-enabled"), "{ours}");
    assert!(!told(&["list", "--checks", checks]).contains("site-check"), "another profile names it");
}

/// What is said of a site's check in which `from` is replaced by `to`, without the folder's name.
fn refusal(from: &str, to: &str) -> String {
    assert!(GOOD.contains(from), "{from}");
    let folder = site(&GOOD.replacen(from, to, 1));
    let said = refused(&["list", "--checks", name(folder.path())]);
    said.replace(name(folder.path()), "DIR")
}

#[test]
fn a_broken_check_file_is_told_with_line_and_column() {
    for (from, to, place, parts) in [
        ("level = \"should\"", "level = \"shuold\"", "3:9", &["shuold", "`info`", "`should`", "`must`"][..]),
        ("blame =", "blaim =", "4:1", &["blaim", "`blame`"]),
        ("[rule.ipv6-enabled]", "[rule.ipv6-enabeld]", "13:7", &["ipv6-enabeld", "`ipv6-enabled`"]),
        ("smallest-mtu = 1280", "smallest-mtu = \"1280\"", "14:16", &["string", "u32"]),
        ("smallest-mtu = 1280", "smallest-mtu = 4294967296", "14:16", &["integer `4294967296`", "u32"]),
        ("smallest-mtu = 1280", "smallest-mtu = 2026-05-27", "14:16", &["invalid type", "u32"]),
        ("smallest-mtu =", "smalest-mtu =", "14:1", &["unknown field `smalest-mtu`", "`smallest-mtu`"]),
        ("smallest-mtu = 1280", "", "13:1", &["missing field `smallest-mtu`"]),
        ("smallest-mtu = 1280", "smallest-mtu = 1280\nsmallest-mtu = 1280", "15:1", &["duplicate key"]),
        ("[rule.ipv6-enabled]", "[rule.dhcpv6-decline]\n[rule.ipv6-enabled]", "13:2", &["exactly 1 element"]),
        ("needs = [\"state\"]", "needs = \"state\"", "5:9", &["string \"state\"", "a sequence"]),
        ("needs = [\"state\"]", "needs = [\"state\"", "6:1", &[]),
        ("id = \"site-check\"", "id = \"other\"", "1:6", &["\"other\"", "\"site-check\""]),
        ("level =", "follows = [\n  \"ipv6-enabeld\"]\nlevel =", "4:3", &["no check \"ipv6-enabeld\"", "did you mean ipv6-enabled?"]),
        ("level =", "follows = [\"site-check\"]\nlevel =", "3:12", &["follows from itself"]),
    ] {
        let said = refusal(from, to);
        assert_contains(&said, &[&format!("v6check: DIR/own/site-check.toml:{place}: ")]);
        assert_contains(&said, parts);
    }
}

#[test]
fn a_missing_key_names_the_key() {
    assert_contains(&refusal("why = \"We say so.\"\n", ""), &["DIR/own/site-check.toml:1:1: ", "missing field `why`"]);
}

#[test]
fn a_broken_profile_is_told_with_line_and_column() {
    let header = "name = \"ours\"\ntitle = \"Ours\"\n";
    for (profile, place, part) in [
        (format!("{header}[[requirement]]\nid = \"no-check\"\nlevel = \"must\"\n"), "4:6", "no check \"no-check\""),
        (format!("{header}{0}{0}", "[[requirement]]\nid = \"ipv6-enabled\"\nlevel = \"must\"\n"), "7:6", "twice"),
        (format!("requirement = []\n{}", header.replace("\"ours\"", "\"calico\"")), "2:8", "the file is named \"ours\""),
    ] {
        let folder = site(GOOD);
        fs::write(folder.path().join("profiles/ours.toml"), profile).unwrap();
        let said = refused(&["list", "--checks", name(folder.path())]);
        assert_contains(&said, &[&format!("profiles/ours.toml:{place}: "), part]);
    }
}

#[test]
fn names_are_unique_across_built_in_and_site() {
    let folder = site(GOOD);
    fs::write(folder.path().join("own/ipv6-enabled.toml"), GOOD.replace("site-check", "ipv6-enabled")).unwrap();
    assert_contains(&refused(&["list", "--checks", name(folder.path())]), &["ipv6-enabled.toml:1:6: ", "already (built in)"]);
    let folder = site(GOOD);
    fs::create_dir(folder.path().join("second")).unwrap();
    fs::write(folder.path().join("second/site-check.toml"), GOOD).unwrap();
    assert_contains(&refused(&["list", "--checks", name(folder.path())]), &["already (", "own/site-check.toml)"]);
}

#[test]
fn a_folder_that_is_none_is_refused() {
    assert_contains(&refused(&["list", "--checks", "/nonexistent/checks"]), &["v6check: /nonexistent/checks: No such file"]);
    let folder = site(GOOD);
    assert_contains(&refused(&["list", "--checks", name(&folder.path().join("own/site-check.toml"))]), &["Not a directory"]);
}

#[test]
fn a_hostile_folder_neither_hangs_nor_fills_memory() {
    let folder = site(GOOD);
    std::os::unix::fs::symlink("..", folder.path().join("own/circle")).unwrap();
    assert_contains(&refused(&["list", "--checks", name(folder.path())]), &["own/circle: a symbolic link to a folder is not followed"]);

    let folder = site(GOOD);
    std::os::unix::fs::symlink("/dev/zero", folder.path().join("own/endless.toml")).unwrap();
    assert_contains(&refused(&["list", "--checks", name(folder.path())]), &["own/endless.toml: not a regular file"]);

    let folder = site(&format!("{GOOD}# {}", "x".repeat(1 << 20)));
    assert_contains(&refused(&["list", "--checks", name(folder.path())]), &["own/site-check.toml: larger than 1048576 bytes"]);

    let folder = site(&format!("a = {}", "[".repeat(100_000)));
    assert_contains(&refused(&["list", "--checks", name(folder.path())]), &["own/site-check.toml:1:"]);

    let folder = site(GOOD);
    for number in 0..1000 {
        fs::write(folder.path().join(format!("own/c{number}.toml")), "").unwrap();
    }
    assert_contains(&refused(&["list", "--checks", name(folder.path())]), &["more than 1000 files"]);

    let folder = site(GOOD);
    fs::write(folder.path().join("own/site-check.toml"), b"id = \"a\"\ntitle = \"\xff\"").unwrap();
    assert_contains(&refused(&["list", "--checks", name(folder.path())]), &["own/site-check.toml:2:10: not UTF-8 text"]);
}

#[test]
fn files_of_other_names_are_passed_over() {
    let folder = site(GOOD);
    for other in ["own/README.md", "own/.site-check.toml", "own/site-check.toml~"] {
        fs::write(folder.path().join(other), "not TOML at all {").unwrap();
    }
    assert_contains(&told(&["list", "--checks", name(folder.path())]), &["site-check"]);
}

#[test]
fn what_people_type_first_gets_the_right_command() {
    let directory = tempfile::tempdir().unwrap();
    let image = directory.path().to_str().unwrap();
    let capture = directory.path().join("tap.pcap");
    std::fs::write(&capture, "").unwrap();
    let capture = capture.to_str().unwrap();
    assert_contains(&refused(&[image]), &[&format!("\n  v6check --root {image}\n")]);
    assert_contains(&refused(&["-q", image]), &[&format!("\n  v6check --root {image}\n")]);
    assert_contains(&refused(&[capture]), &[&format!("\n  v6check replay {capture}\n")]);
    assert_contains(&refused(&["help"]), &["\n  v6check --help\n"]);
    // What is none of these keeps the similar commands that clap knows.
    assert_contains(&refused(&["repaly"]), &["replay"]);
}

#[test]
fn what_is_no_root_is_not_judged() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    for folder in ["mnt", "data/x", "unpacked/rootfs/etc/network", "unpacked/rootfs/usr"] {
        std::fs::create_dir_all(path(folder)).unwrap();
    }
    for command in [&[][..], &["remedy"]] {
        let of = |name: &str| refused(&[command, &["--root", &path(name)]].concat());
        assert_contains(&of("mnt"), &["mnt is not a root file system: it is empty; mount or unpack the image there first"]);
        assert_contains(&of("data"), &["data is not a root file system: it has neither etc nor usr"]);
        assert_contains(&of("unpacked"), &[&format!("type: v6check --root {}\n", path("unpacked/rootfs"))]);
        assert_contains(&of("unpacked/rootfs/etc"), &[&format!("type: v6check --root {}\n", path("unpacked/rootfs"))]);
    }
}
