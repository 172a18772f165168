//! Memory is bounded: ten times as many reports take but their rows more.

use std::path::Path;

use crate::{put, sample};

use v6check_lab::needs;

/// The peak resident set in KiB (time(1)).
fn peak(folder: &Path) -> u64 {
    let mut command = needs::command("/usr/bin/time");
    command.args(["-q", "-f", "%M", env!("CARGO_BIN_EXE_v6check"), "matrix", "reports"]);
    command.args(["--text", "out.txt", "--html", "out.html", "--json", "out.json"]).current_dir(folder);
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    String::from_utf8(output.stderr).unwrap().trim().parse().unwrap()
}

#[test]
fn ten_times_as_many_reports_take_but_their_rows_more() {
    let mut report = sample("guest-fault");
    // 50 KiB of evidence, so that whoever keeps reports is seen.
    report["results"][3]["evidence"][0]["value"] = "x".repeat(50 << 10).into();
    let folder = tempfile::TempDir::new().unwrap();
    let fill = |numbers: std::ops::Range<usize>| {
        for number in numbers {
            put(folder.path(), &format!("reports/{number:04}.json"), &report);
        }
    };
    fill(0..100);
    let few = peak(folder.path());
    fill(100..1000);
    let many = peak(folder.path());
    // A row is less than 4 KiB; the 900 reports more are 50 MiB.
    assert!(many < few + 900 * 4, "100 reports take {few} KiB, 1000 take {many} KiB");
    assert!(std::fs::metadata(folder.path().join("out.html")).unwrap().len() > 1000 * 2000, "the page has the evidence of each image");
}
