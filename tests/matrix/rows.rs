//! What the rows say: their order, how interfaces and waivers fold, what images are called, and the exit code.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json as value};
use v6check_lab::needs;

use crate::{folder, json, order, put, run, sample, stderr, stdout};

/// A result of this requirement; the rest is that of any.
fn result(id: &str, interface: &str, level: &str, blame: &str, verdict: &str) -> Value {
    let mut result = sample("guest-fault")["results"][3].clone();
    for (key, new) in [("id", id), ("interface", interface), ("level", level), ("blame", blame), ("verdict", verdict)] {
        result[key] = new.into();
    }
    result
}

fn waived(mut result: Value) -> Value {
    result["waived"] = "on purpose".into();
    result
}

fn report(exit_code: u8, results: &[Value]) -> Value {
    let mut report = sample("guest-fault");
    report["results"] = results.into();
    report["summary"]["exit_code"] = exit_code.into();
    report
}

const MUST: &str = "must";
const GUEST: &str = "guest";

#[test]
fn the_worst_comes_first() {
    let fails = |ids: &[&str]| ids.iter().map(|id| result(id, "eth0", MUST, GUEST, "fail")).collect::<Vec<_>>();
    let open = result("c", "eth0", MUST, GUEST, "inconclusive");
    let should = result("d", "eth0", "should", GUEST, "fail");
    let network = result("n", "eth0", MUST, "network", "fail");
    let folder = folder(&[
        ("1.json", report(0, &[result("a", "eth0", MUST, GUEST, "pass")])),
        ("2.json", report(0, std::slice::from_ref(&should))),
        ("3.json", report(3, std::slice::from_ref(&open))),
        ("4.json", report(3, std::slice::from_ref(&network))),
        ("5.json", report(1, &fails(&["a"]))),
        ("6.json", report(1, &[fails(&["a"]), vec![open.clone()]].concat())),
        ("7.json", report(1, &fails(&["a", "b"]))),
        ("8.json", report(1, &[fails(&["a"]), vec![should.clone()]].concat())),
        // Of a run with --strict.
        ("9.json", report(1, std::slice::from_ref(&should))),
        ("0.json", report(0, &[result("a", "eth0", MUST, GUEST, "pass")])),
    ]);
    let (matrix, code) = json(folder.path(), &["."]);
    assert_eq!((order(&matrix), code), (vec!["7", "6", "8", "5", "9", "4", "3", "2", "0", "1"], Some(1)));
    let states: Vec<&str> = matrix["images"].as_array().unwrap().iter().map(|image| image["state"].as_str().unwrap()).collect();
    assert_eq!(states, [&["guest"; 5][..], &["network", "undecided"], &["good"; 3]].concat());
    assert_eq!(matrix["summary"]["guest"], 5);
    let requirements: Vec<&str> = matrix["requirements"].as_array().unwrap().iter().map(|column| column["id"].as_str().unwrap()).collect();
    assert_eq!(requirements, ["a", "d", "c", "n", "b"], "columns are in the order of first appearance");
}

#[test]
fn interfaces_fold_to_the_worst() {
    let of = |results: &[(&str, &str, &str)]| {
        let results: Vec<Value> =
            results.iter().enumerate().map(|(at, (level, blame, verdict))| result("a", &format!("eth{at}"), level, blame, verdict)).collect();
        // The exit code has to fit; what fits depends on the cell, so all are tried.
        [0, 1, 3].into_iter().find_map(|code| {
            let folder = folder(&[("a.json", report(code, &results))]);
            let (matrix, _) = json(folder.path(), &["a.json"]);
            matrix["images"][0].as_object().map(|image| image["cells"]["a"].clone())
        })
    };
    let cell = of(&[(MUST, GUEST, "pass"), (MUST, "network", "fail"), (MUST, GUEST, "fail"), (MUST, GUEST, "inconclusive"), (MUST, GUEST, "fail")]);
    assert_eq!(cell, Some(value!({"verdict": "fail", "level": "must", "blame": "guest", "interfaces": ["eth2", "eth4"]})));
    let cell = of(&[(MUST, GUEST, "pass"), (MUST, GUEST, "inconclusive"), (MUST, GUEST, "skip")]);
    assert_eq!(cell, Some(value!({"verdict": "inconclusive", "level": "must", "blame": "guest", "interfaces": ["eth1"]})));
    let cell = of(&[(MUST, GUEST, "skip"), (MUST, GUEST, "pass")]);
    assert_eq!(cell.unwrap()["verdict"], "pass");
}

#[test]
fn what_is_waived_is_shown_and_not_counted() {
    let fails = |interface| result("a", interface, MUST, GUEST, "fail");
    let folder = folder(&[
        ("all.json", report(0, &[waived(fails("eth0")), result("a", "eth1", MUST, GUEST, "pass")])),
        ("one.json", report(1, &[waived(fails("eth0")), fails("eth1")])),
        ("open.json", report(3, &[waived(fails("eth0")), result("a", "eth1", MUST, GUEST, "inconclusive")])),
    ]);
    let (matrix, _) = json(folder.path(), &["."]);
    assert_eq!(order(&matrix), ["one", "open", "all"]);
    let cell = |at: usize| matrix["images"][at]["cells"]["a"].clone();
    assert_eq!(cell(0), value!({"verdict": "fail", "level": "must", "blame": "guest", "interfaces": ["eth1"]}));
    assert_eq!(cell(1)["verdict"], "inconclusive");
    assert_eq!(cell(2), value!({"verdict": "fail", "level": "must", "blame": "guest", "waived": true, "interfaces": ["eth0"]}));
    assert_eq!((&matrix["images"][2]["counts"]["waived"], &matrix["images"][2]["counts"]["failed_guest"]), (&value!(1), &value!(0)));
}

#[test]
fn the_exit_code_is_that_of_the_worst() {
    let reports = [("good", sample("good-guest")), ("open", sample("inconclusive")), ("bad", sample("guest-fault"))];
    let files: Vec<(String, Value)> = reports.into_iter().map(|(name, report)| (format!("{name}.json"), report)).collect();
    let folder = folder(&files.iter().map(|(name, report)| (name.as_str(), report.clone())).collect::<Vec<_>>());
    let cases: [(&[&str], i32); 5] = [
        (&["good.json"], 0),
        (&["good.json", "open.json"], 3),
        (&["open.json", "bad.json", "good.json"], 1),
        (&["bad.json", "missing.json"], 2),
        (&["."], 1),
    ];
    for (reports, code) in cases {
        let (matrix, exit) = json(folder.path(), reports);
        assert_eq!((exit, &matrix["summary"]["exit_code"]), (Some(code), &value!(code)), "{reports:?}");
    }
    // An output that cannot be written does not keep the other from being.
    let output = run(folder.path(), &["good.json", "--html", "no/such/folder.html", "--json", "-"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("cannot write no/such/folder.html"), "{}", stderr(&output));
    assert_eq!(serde_json::from_slice::<Value>(&output.stdout).unwrap()["images"][0]["name"], "good");
}

#[test]
fn an_exit_code_that_its_results_contradict_is_not_believed() {
    let fail = result("a", "eth0", MUST, GUEST, "fail");
    let cases = [
        (report(0, std::slice::from_ref(&fail)), "its exit code is 0, and not every must holds"),
        (report(3, std::slice::from_ref(&fail)), "its exit code is 3, and a must fails on the guest's side"),
        (report(1, &[waived(fail)]), "its exit code is 1, and nothing fails"),
        (report(2, &[]), "its exit code is 2, and a report's is 0, 1 or 3"),
    ];
    for (report, why) in cases {
        let folder = folder(&[("a.json", report)]);
        let (matrix, code) = json(folder.path(), &["a.json"]);
        assert_eq!((code, &matrix["unread"][0]["why"]), (Some(2), &value!(format!("not a report: {why}"))));
    }
}

#[test]
fn images_of_one_name_are_told_apart() {
    let good = sample("good-guest");
    let folder =
        folder(&[("a/x/vm.json", good.clone()), ("b/x/vm.json", good.clone()), ("b/y/vm.json", good.clone()), ("b/y/other.report.json", good)]);
    let (matrix, _) = json(folder.path(), &["a/x", "b/x/vm.json", "b/y"]);
    assert_eq!(order(&matrix), ["a/x/vm", "b/x/vm", "other", "y/vm"]);
}

#[test]
fn a_file_that_is_named_twice_is_one_row() {
    let folder = folder(&[("a.json", sample("good-guest"))]);
    let (matrix, _) = json(folder.path(), &["a.json", ".", "./a.json"]);
    assert_eq!(order(&matrix), ["a"]);
}

#[test]
fn profiles_may_differ() {
    let mut other = report(0, &[result("only-here", "eth0", MUST, GUEST, "pass")]);
    other["profile"] = "site".into();
    let folder = folder(&[("a.json", sample("guest-fault")), ("b.json", other)]);
    let (matrix, _) = json(folder.path(), &["."]);
    assert!(matrix["requirements"].as_array().unwrap().iter().any(|column| column["id"] == "only-here"));
    assert!(matrix["images"][0]["cells"]["only-here"].is_null());
    assert_eq!((&matrix["images"][0]["profile"], &matrix["images"][1]["profile"]), (&value!("calico"), &value!("site")));
    let text = run(folder.path(), &["."]);
    assert!(stdout(&text).contains("Profiles calico, site."), "{}", stdout(&text));
}

#[test]
fn standard_input_is_read_once_and_shown_in_every_form() {
    let folder = folder(&[("a.json", sample("guest-fault"))]);
    let mut command = needs::command(env!("CARGO_BIN_EXE_v6check"));
    command.args(["matrix", "-", "--html", "out.html", "--json", "out.json"]).current_dir(folder.path());
    let output = command.stdin(Stdio::from(fs::File::open(folder.path().join("a.json")).unwrap())).output().unwrap();
    assert_eq!((output.status.code(), stderr(&output)), (Some(1), ""));
    assert!(stdout(&output).contains("standard input"));
    let page = fs::read_to_string(folder.path().join("out.html")).unwrap();
    assert!(page.contains("accept_ra=0, forwarding=0") && !page.contains("href=\"./"), "no file, so no link");
    let matrix: Value = serde_json::from_slice(&fs::read(folder.path().join("out.json")).unwrap()).unwrap();
    assert_eq!(matrix["images"][0]["cells"]["ra-accepted"]["interfaces"], value!(["eth0"]));
}

#[test]
fn links_to_reports_are_relative_to_the_page() {
    let folder = folder(&[("in/a b:c%é.json", sample("guest-fault"))]);
    fs::create_dir(folder.path().join("out")).unwrap();
    let output = run(folder.path(), &["in", "--html", "out/page.html"]);
    assert_eq!(output.status.code(), Some(1));
    let page = fs::read_to_string(folder.path().join("out/page.html")).unwrap();
    assert!(page.contains("href=\"./../in/a%20b%3Ac%25%C3%A9.json\""), "{page}");
}

#[test]
fn a_report_is_never_written_over() {
    let folder = folder(&[("a.json", sample("guest-fault"))]);
    let before = fs::read(folder.path().join("a.json")).unwrap();
    let output = run(folder.path(), &["a.json", "--json", "./a.json"]);
    assert_eq!((output.status.code(), stdout(&output)), (Some(2), ""));
    assert!(stderr(&output).contains("./a.json would be read as a report and written as the matrix"), "{}", stderr(&output));
    assert_eq!(fs::read(folder.path().join("a.json")).unwrap(), before);
    let twice = run(folder.path(), &["a.json", "--json", "x", "--html", "./x"]);
    assert_eq!((twice.status.code(), stdout(&twice)), (Some(2), ""));
}

/// A second run finds the first one's matrix among the reports.
#[test]
fn the_matrix_in_the_folder_of_the_reports_is_no_report() {
    let folder = folder(&[("a.json", sample("good-guest"))]);
    let matrix = || run(folder.path(), &[".", "--json", "matrix.json", "--text", "/dev/null"]);
    assert_eq!(matrix().status.code(), Some(0));
    let written = fs::read(folder.path().join("matrix.json")).unwrap();
    assert_eq!(matrix().status.code(), Some(0));
    assert_eq!(fs::read(folder.path().join("matrix.json")).unwrap(), written);
    assert!(Path::new(&put(folder.path(), "deeper/b.json", &value!({}))).exists());
    assert_eq!(matrix().status.code(), Some(0), "a folder is not read any deeper");
}

/// What holds has its evidence in the page as long as there are few images.
#[test]
fn many_images_leave_out_the_evidence_of_what_holds() {
    let page = |images: usize| {
        let folder = tempfile::TempDir::new().unwrap();
        for number in 0..images {
            put(folder.path(), &format!("{number}.json"), &sample("guest-fault"));
        }
        let output = run(folder.path(), &[".", "--html", "-"]);
        stdout(&output).to_owned()
    };
    let (few, many) = (page(50), page(51));
    assert_eq!((few.matches("MTU 1500").count() > 0, many.matches("MTU 1500").count()), (true, 0));
    assert_eq!((few.matches("<dd class=\"seen\">accept_ra=0").count(), many.matches("<dd class=\"seen\">accept_ra=0").count()), (50, 51));
}

/// The reader of the JSON holds the writer up after the first reading, while reports change; the page is made after that.
#[test]
fn a_report_that_changes_meanwhile_is_told() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name);
    for number in 0..400 {
        put(folder.path(), &format!("reports/{number:03}.json"), &sample("guest-fault"));
    }
    assert!(needs::command("mkfifo").arg(path("pipe")).status().unwrap().success());
    let mut command = needs::command(env!("CARGO_BIN_EXE_v6check"));
    command.args(["matrix", "reports", "--json", "pipe", "--html", "page.html", "--text", "out.txt"]).current_dir(folder.path());
    let child = command.stderr(Stdio::piped()).spawn().unwrap();
    // It is opened for writing when every report has been read once, and holds less than there is to be written.
    let mut pipe = fs::File::open(path("pipe")).unwrap();
    put(folder.path(), "reports/100.json", &sample("good-guest"));
    fs::remove_file(path("reports/200.json")).unwrap();
    let mut written = String::new();
    std::io::Read::read_to_string(&mut pipe, &mut written).unwrap();
    assert!(written.len() > 256 << 10, "{} bytes fit into a pipe", written.len());
    let output = child.wait_with_output().unwrap();
    let (changed, gone) = ("has changed since the table was made", "No such file or directory");
    assert_eq!(output.status.code(), Some(2));
    for line in [format!("reports/100.json: it {changed}"), format!("reports/200.json: {gone}")] {
        assert!(stderr(&output).contains(&line), "{}", stderr(&output));
    }
    let page = fs::read_to_string(path("page.html")).unwrap();
    for why in [&format!("it {changed}"), gone] {
        assert!(page.contains(&format!("The report could not be read again: {why}")), "{why}");
    }
    assert!(fs::read_to_string(path("out.txt")).unwrap().contains("400 images"));
}
