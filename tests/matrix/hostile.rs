//! Reports that are none, or mean harm: each is a row that says why, and the rest comes out.

use std::fs;
use std::os::unix::fs::symlink;

use serde_json::{Value, json as value};
use v6check_lab::needs;

use crate::{folder, json, order, put, run, sample, stderr, stdout};

#[test]
fn what_cannot_be_read_is_a_row_of_its_own() {
    let mut other = sample("guest-fault");
    other["schema"] = "v6check.facts/1".into();
    let folder = folder(&[("good.json", sample("good-guest")), ("bad.json", sample("guest-fault")), ("facts.json", other)]);
    let whole = fs::read(folder.path().join("bad.json")).unwrap();
    let file = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
    file("empty.json", b"");
    file("cut.json", &whole[..whole.len() / 2]);
    file("latin1.json", b"{\"schema\":\n \"\xe9\"}");
    file("deep.json", &[b"{\"schema\": \"v6check.report/1\", \"x\": ".to_vec(), vec![b'['; 1 << 20]].concat());
    file("list.json", b"[1, 2]");
    fs::create_dir(folder.path().join("directory.json")).unwrap();
    symlink("nowhere", folder.path().join("link.json")).unwrap();
    assert!(needs::command("mkfifo").arg(folder.path().join("pipe.json")).status().unwrap().success());
    fs::File::create(folder.path().join("large.json")).unwrap().set_len((64 << 20) + 1).unwrap();
    fs::create_dir(folder.path().join("none")).unwrap();
    let (matrix, code) = json(folder.path(), &[".", "missing.json", "none", "/dev/zero"]);
    assert_eq!((order(&matrix), code), (vec!["bad", "good"], Some(2)));
    let why: Vec<(&str, &str)> =
        matrix["unread"].as_array().unwrap().iter().map(|unread| (unread["name"].as_str().unwrap(), unread["why"].as_str().unwrap())).collect();
    let expected = [
        ("cut", "not a report: EOF while parsing a string at line 1 column "),
        ("deep", "not a report: EOF while parsing a list at line 1 column 1048612"),
        ("directory", "a directory"),
        ("empty", "the file is empty"),
        ("facts", "saved facts (--save); matrix takes the reports that --json wrote"),
        ("large", "larger than 67108864 bytes, so not a report"),
        ("latin1", "not a report: not UTF-8 text at line 2 column 3"),
        ("link", "No such file or directory"),
        ("list", "not a report: invalid type: integer `1`, expected a string at line 1 column 2"),
        ("missing", "No such file or directory"),
        ("none", "there is no report (*.json) in this directory"),
        ("pipe", "not a regular file; give a report that comes by a pipe on standard input, as -"),
        ("zero", "not a regular file; give a report that comes by a pipe on standard input, as -"),
    ];
    assert_eq!(why.len(), expected.len(), "{why:#?}");
    for ((name, why), (expected_name, expected)) in why.into_iter().zip(expected) {
        assert!(name == expected_name && why.starts_with(expected), "{name}: {why}\nexpected {expected_name}: {expected}");
    }
    let output = run(folder.path(), &[".", "--html", "page.html"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).lines().any(|line| line == "v6check: ./empty.json: the file is empty"), "{}", stderr(&output));
    assert!(stdout(&output).contains("NOT READ  ./empty.json: the file is empty"), "{}", stdout(&output));
    let page = fs::read_to_string(folder.path().join("page.html")).unwrap();
    assert_eq!(page.matches("<b class=\"x\">not read</b>").count(), 10);
}

#[test]
fn a_document_that_is_cut_anywhere_is_never_a_panic() {
    let whole = serde_json::to_vec(&sample("hostile-text")).unwrap();
    let folder = tempfile::TempDir::new().unwrap();
    let files: Vec<String> = (0..whole.len()).step_by(whole.len() / 150).map(|end| format!("{end}.json")).collect();
    for (at, name) in files.iter().enumerate() {
        fs::write(folder.path().join(name), &whole[..at * (whole.len() / 150)]).unwrap();
    }
    let output = run(folder.path(), &[".", "--json", "-", "--html", "page.html", "--text", "out.txt"]);
    assert_eq!(output.status.code(), Some(2));
    let matrix: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((order(&matrix).len(), matrix["unread"].as_array().unwrap().len()), (0, files.len()));
}

#[test]
fn fields_of_later_versions_are_passed_over() {
    let mut report = sample("guest-fault");
    report["later"] = value!({"a": [1, 2, {"b": null}]});
    report["results"][0]["later"] = 1.into();
    report["host"]["later"] = "x".into();
    let folder = folder(&[("a.json", report)]);
    assert_eq!(json(folder.path(), &["a.json"]).1, Some(1));
}

#[test]
fn requirements_without_end_are_refused() {
    let with = |prefix: &str, count: usize| {
        let mut report = sample("good-guest");
        let result = report["results"][1].clone();
        let named = |number| {
            let mut result = result.clone();
            result["id"] = format!("{prefix}{number}").into();
            result
        };
        report["results"] = (0..count).map(named).collect::<Vec<_>>().into();
        report
    };
    let folder = folder(&[("a.json", with("a", 1000)), ("b.json", with("b", 1)), ("c.json", with("a", 10)), ("d.json", with(&"x".repeat(100), 1))]);
    let (matrix, code) = json(folder.path(), &["."]);
    assert_eq!((order(&matrix), code), (vec!["a", "c"], Some(2)));
    assert_eq!(matrix["unread"][0]["why"], "with it there would be more than 1000 requirements");
    assert!(matrix["unread"][1]["why"].as_str().unwrap().starts_with("not a report: no requirement is called"));
    let page = run(folder.path(), &["a.json", "--html", "-"]);
    assert!(page.status.success());
    let text = run(folder.path(), &["a.json"]);
    assert!(stdout(&text).lines().all(|line| line.len() <= 80));
}

/// Text that is cut where it is shown keeps a page small, however large its report is.
#[test]
fn huge_texts_are_cut() {
    let mut report = sample("guest-fault");
    let huge = "<&\u{1b}\u{202e}'\"\u{1f600} ".repeat(100_000);
    for key in ["title", "expected", "seen", "message", "remedy"] {
        report["results"][3][key] = huge.clone().into();
    }
    report["results"][3]["evidence"] = vec![value!({"tense": "state", "source": huge, "value": huge}); 3].into();
    report["host"]["distribution"] = huge.clone().into();
    report["summary"]["diagnosis"][0]["text"] = huge.into();
    let folder = folder(&[("a.json", report)]);
    let output = run(folder.path(), &["a.json", "--html", "page.html"]);
    assert_eq!(output.status.code(), Some(1));
    let page = fs::read_to_string(folder.path().join("page.html")).unwrap();
    assert!(page.len() < 500_000, "{} bytes", page.len());
    assert!(!page.contains('\u{1b}') && !page.contains('\u{202e}') && !page.contains("<&"));
    assert!(stdout(&output).len() < 10_000, "{} bytes", stdout(&output).len());
}

#[test]
fn names_of_files_are_harmless_too() {
    let folder = folder(&[]);
    put(folder.path(), "\u{1b}[31m\n<img src=x onerror=alert(1)>\".json", &sample("guest-fault"));
    fs::write(folder.path().join("\u{1b}<b>.json"), "").unwrap();
    let output = run(folder.path(), &[".", "--html", "page"]);
    assert!(!stdout(&output).contains('\u{1b}') && !stderr(&output).contains('\u{1b}'));
    let page = fs::read_to_string(folder.path().join("page")).unwrap();
    assert!(!page.contains("<img") && !page.contains("<b>.") && !page.contains('\u{1b}'), "{page}");
    assert!(page.contains(r"\x1b[31m\n&lt;img src=x onerror=alert(1)&gt;&quot;"), "{page}");
}
