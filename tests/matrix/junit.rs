//! All reports as one JUnit XML, read by Debian's junitparser.

use std::collections::BTreeSet;
use std::fs;

use v6check_lab::needs;

use super::{put, run, sample};

/// Prints suite, class and name of each case, a line each, and the verdict.
const SCRIPT: &str = r"
import sys
from junitparser import JUnitXml
for suite in JUnitXml.fromfile(sys.argv[1]):
    for case in suite:
        print(suite.name, case.classname, case.name, ','.join(type(result).__name__ for result in case.result) or 'Passed', sep='\t')
";

#[test]
fn forty_images_stay_apart() {
    let folder = tempfile::tempdir().unwrap();
    let report = sample("guest-fault");
    for number in 0..40 {
        put(folder.path(), &format!("reports/image-{number}.04.json"), &report);
    }
    fs::write(folder.path().join("reports/broken.json"), "{").unwrap();
    let output = run(folder.path(), &["reports", "--junit", "all.xml", "--text", "/dev/null"]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let file = folder.path().join("all.xml");
    let output = needs::command("/usr/bin/python3").arg("-c").arg(SCRIPT).arg(&file).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let cases: Vec<Vec<&str>> = text.lines().map(|line| line.split('\t').collect()).collect();
    let keys: BTreeSet<&[&str]> = cases.iter().map(|case| &case[..3]).collect();
    assert_eq!(keys.len(), cases.len(), "no case has the key of another");
    let suites: BTreeSet<&str> = cases.iter().map(|case| case[0]).collect();
    // Each image has a suite for the host and one for its interface; the report that could not be read has one.
    assert_eq!(suites.len(), 81);
    for number in 0..40 {
        let failed = [format!("image-{number}_04/v6check/calico/eth0").as_str(), "Failure"].map(str::to_owned);
        assert!(cases.iter().any(|case| case[0] == failed[0] && case[1] == failed[0] && case[3] == failed[1]), "{number}: {text}");
    }
    assert!(text.contains("broken/v6check\tbroken/v6check\treport\tError"), "{text}");
}
