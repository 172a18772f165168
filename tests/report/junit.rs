//! JUnit as others read it: quick-junit, Debian's junitparser, and a schema in the style of Jenkins.

use std::fs;
use std::path::Path;

use v6check::catalogue::{Blame, Level};
use v6check::judge::Verdict;
use v6check::report::{Counting, Report, Style};
use v6check_lab::needs;

use crate::golden::{folder, render};
use crate::samples::{self, Change};

const STRICT: Counting = Counting { strict: true, network_faults_fail: false };
const NETWORK: Counting = Counting { strict: false, network_faults_fail: true };

fn junit(report: &Report, counting: Counting) -> String {
    render("junit", report, Style { counting, ..Style::default() })
}

fn read(xml: &str) -> quick_junit::Report {
    quick_junit::Report::deserialize_from_str(xml).unwrap()
}

/// Tests, failures, errors and skipped of a suite by its cases; its attributes must say the same. (quick-junit drops the attribute
/// `skipped`; junitparser reads it.)
fn counts(suite: &quick_junit::TestSuite) -> [usize; 4] {
    use quick_junit::{NonSuccessKind, TestCaseStatus};
    let of = |wanted: NonSuccessKind| {
        let is = |case: &&quick_junit::TestCase| matches!(&case.status, TestCaseStatus::NonSuccess { kind, .. } if *kind == wanted);
        suite.test_cases.iter().filter(is).count()
    };
    let skipped = suite.test_cases.iter().filter(|case| matches!(case.status, TestCaseStatus::Skipped { .. })).count();
    let counted = [suite.test_cases.len(), of(NonSuccessKind::Failure), of(NonSuccessKind::Error), skipped];
    assert_eq!([suite.tests, suite.failures, suite.errors], counted[..3], "the attributes of {:?}", suite.name);
    counted
}

fn message(case: &quick_junit::TestCase) -> String {
    match &case.status {
        quick_junit::TestCaseStatus::NonSuccess { message, .. } | quick_junit::TestCaseStatus::Skipped { message, .. } => {
            message.as_ref().unwrap().to_string()
        }
        quick_junit::TestCaseStatus::Success { .. } => panic!("{:?} is a success", case.name),
    }
}

fn case<'a>(report: &'a quick_junit::Report, suite: usize, id: &str) -> &'a quick_junit::TestCase {
    report.test_suites[suite].test_cases.iter().find(|case| case.name.as_str() == id).unwrap()
}

#[test]
fn suites_and_counts() {
    let expected = [
        (samples::good_guest(), vec![("vm-1_example/v6check/calico/host", [1, 0, 0, 1]), ("vm-1_example/v6check/calico/eth0", [9, 0, 0, 0])]),
        (samples::guest_fault(), vec![("vm-1_example/v6check/calico/host", [1, 0, 0, 1]), ("vm-1_example/v6check/calico/eth0", [9, 2, 0, 0])]),
        (samples::network_fault(), vec![("vm-1_example/v6check/calico/host", [1, 0, 0, 1]), ("vm-1_example/v6check/calico/eth0", [9, 0, 3, 0])]),
        // The should that could not be looked at is no error.
        (samples::inconclusive(), vec![("vm-1_example/v6check/calico/host", [1, 0, 0, 1]), ("vm-1_example/v6check/calico/eth0", [9, 0, 2, 1])]),
        (samples::recommendation(), vec![("vm-1_example/v6check/calico/host", [1, 0, 0, 1]), ("vm-1_example/v6check/calico/eth0", [9, 0, 0, 0])]),
        (samples::hostile(), vec![("vm-1_example/v6check/calico/host", [1, 0, 0, 1]), ("vm-1_example/v6check/calico/eth0", [9, 2, 1, 0])]),
        (samples::no_interface(), vec![("vm-1_example/v6check/calico/host", [2, 0, 1, 1])]),
    ];
    for (report, suites) in expected {
        let read = read(&junit(&report, Counting::default()));
        let found: Vec<_> = read.test_suites.iter().map(|suite| (suite.name.as_str(), counts(suite))).collect();
        assert_eq!(found, suites);
    }
}

#[test]
fn red_exactly_where_the_exit_code_is_not_0() {
    for (name, report) in samples::all() {
        for counting in [Counting::default(), STRICT, NETWORK] {
            let report = report.clone().counted(counting);
            let read = read(&junit(&report, counting));
            let breaks = read.test_suites.iter().map(counts).any(|[_, failures, errors, _]| failures + errors > 0);
            assert_eq!(breaks, report.summary.exit_code != 0, "{name} {counting:?}");
        }
    }
}

/// How one result becomes a test case: level, blame, verdict, what counts, then element and type.
#[test]
fn verdicts_become_elements() {
    use quick_junit::{NonSuccessKind::Error, NonSuccessKind::Failure, TestCaseStatus};
    let table = [
        (Level::Must, Blame::Guest, Verdict::Fail, Counting::default(), Some((Failure, "must"))),
        (Level::Should, Blame::Guest, Verdict::Fail, Counting::default(), None),
        (Level::Should, Blame::Guest, Verdict::Fail, STRICT, Some((Failure, "should"))),
        (Level::Info, Blame::Guest, Verdict::Fail, STRICT, None),
        (Level::Must, Blame::Network, Verdict::Fail, Counting::default(), Some((Error, "network"))),
        (Level::Must, Blame::Network, Verdict::Fail, NETWORK, Some((Failure, "must"))),
        (Level::Should, Blame::Network, Verdict::Fail, Counting::default(), None),
        (Level::Must, Blame::Guest, Verdict::Inconclusive, Counting::default(), Some((Error, "inconclusive"))),
        (Level::Must, Blame::Network, Verdict::Inconclusive, Counting::default(), Some((Error, "inconclusive"))),
    ];
    for (level, blame, verdict, counting, expected) in table {
        let mut report = samples::good_guest();
        let result = report.result("ra-accepted", "eth0");
        (result.level, result.blame, result.verdict, result.message) = (level, blame, verdict, "one line".into());
        let read = read(&junit(&report, counting));
        let case = case(&read, 1, "ra-accepted");
        match (&case.status, expected) {
            (TestCaseStatus::NonSuccess { kind, ty, message, .. }, Some((expected, name))) => {
                assert_eq!((*kind, ty.as_ref().unwrap().as_str(), message.as_ref().unwrap().as_str()), (expected, name, "one line"));
            }
            (TestCaseStatus::Success { .. }, None) => {
                let out = case.system_out.as_ref().unwrap().as_str();
                assert!(out.starts_with("failed, but not counted (") && out.contains("one line"), "{out}");
            }
            (status, expected) => panic!("{level:?} {blame:?} {verdict:?}: {status:?} instead of {expected:?}"),
        }
    }
}

#[test]
fn skipped_says_why() {
    let read = read(&junit(&samples::inconclusive(), Counting::default()));
    assert_eq!(message(case(&read, 0, "recipe-literal-backticks")), "does not apply: ISC dhclient is not installed");
    assert_eq!(message(case(&read, 1, "ra-solicited")), "this kernel has no counter Icmp6OutRouterSolicits");
    assert_eq!(
        message(case(&self::read(&junit(&samples::no_interface(), Counting::default())), 0, "exit-code")).split(',').next(),
        Some("no interface was checked")
    );
}

#[test]
fn the_body_has_what_one_needs() {
    let read = read(&junit(&samples::guest_fault(), Counting::default()));
    let quick_junit::TestCaseStatus::NonSuccess { description: Some(body), .. } = &case(&read, 1, "ra-accepted").status else {
        panic!("no failure with a body")
    };
    for label in ["expected: accept_ra=1", "seen: accept_ra=0", "evidence: state: ", "remedy: Write", "\n    accept_ra 1\n", "source: Calico"] {
        assert!(body.as_str().contains(label), "{label} is not in {}", body.as_str());
    }
}

#[test]
fn host_name_time_and_properties_are_the_reports() {
    let report = samples::guest_fault();
    let xml = junit(&report, Counting::default());
    assert_eq!(xml, junit(&report, Counting::default()), "not the same twice");
    let read = read(&xml);
    let suite = &read.test_suites[1];
    assert_eq!(suite.extra.get("hostname").unwrap().as_str(), "vm-1.example");
    assert_eq!(suite.timestamp.unwrap().to_rfc3339(), "2026-11-24T06:44:00.125+00:00");
    let property =
        |name: &str| suite.properties.iter().find(|property| property.name.as_str() == name).map(|property| property.value.as_str().to_owned());
    for (name, value) in [
        ("profile", "calico"),
        ("version", "0.1.0"),
        ("kernel", "6.1.0-28-amd64"),
        ("exit-code", "1"),
        ("mac", "fa:16:3e:00:00:01"),
        ("owner.ra", "kernel"),
        ("owner.dhcpv6", "dhclient"),
    ] {
        assert_eq!(property(name).as_deref(), Some(value), "{name}");
    }
    assert!(property("diagnosis").unwrap().contains("Fault: guest"));
    assert_eq!(case(&read, 1, "ra-accepted").classname.as_ref().unwrap().as_str(), "vm-1_example/v6check/calico/eth0");
}

#[test]
fn the_name_of_the_report_begins_each_suite_and_class() {
    let mut report = samples::guest_fault();
    report.name = "ubuntu-24.04/minimal".into();
    let read = read(&junit(&report, Counting::default()));
    for suite in &read.test_suites {
        // Without a dot: openQA cuts there.
        let begins = |text: &str| text.starts_with("ubuntu-24_04_minimal/v6check/calico/") && !text.contains('.');
        assert!(begins(&suite.name), "{:?}", suite.name);
        assert!(suite.test_cases.iter().all(|case| begins(case.classname.as_ref().unwrap())), "{:?}", suite.name);
        let name = suite.properties.iter().find(|property| property.name.as_str() == "name").unwrap();
        assert_eq!(name.value.as_str(), "ubuntu-24.04/minimal");
    }
}

/// GitLab reads the text of an element, and not its attributes.
#[test]
fn reasons_and_messages_are_text_as_well() {
    use quick_junit::TestCaseStatus;
    let mut seen = [0, 0];
    for (name, report) in samples::all() {
        let read = read(&junit(&report, Counting::default()));
        for case in read.test_suites.iter().flat_map(|suite| &suite.test_cases) {
            match &case.status {
                TestCaseStatus::Skipped { message, description, .. } => {
                    assert_eq!(description.as_ref().unwrap(), message.as_ref().unwrap(), "{name}: {:?}", case.name);
                    seen[0] += 1;
                }
                TestCaseStatus::NonSuccess { message, description, .. } => {
                    let (message, text) = (message.as_ref().unwrap().as_str(), description.as_ref().unwrap().as_str());
                    assert_eq!(text.lines().next(), Some(message), "{name}: {:?}", case.name);
                    seen[1] += 1;
                }
                TestCaseStatus::Success { .. } => {}
            }
        }
    }
    assert!(seen.iter().all(|count| *count > 3), "{seen:?}");
}

#[test]
fn hostile_text_reads_back_as_what_it_is() {
    let read = read(&junit(&samples::hostile(), Counting::default()));
    let shown = r#"a\x00b \x1b[31mred\x1b[0m ]]> \u{fffe} <script>&amp;"'</script> \u{202e}txt \x9b2J tab\there"#;
    assert_eq!(message(case(&read, 1, "ra-accepted")), format!(r"{shown}\nPASS everything"));
    assert_eq!(message(case(&read, 1, "dhcpv6-address")), shown);
    assert_eq!(read.test_suites[0].extra.get("hostname").unwrap().as_str(), r"vm\n2 pass, 0 fail");
    let quick_junit::TestCaseStatus::NonSuccess { description: Some(body), .. } = &case(&read, 1, "ra-accepted").status else {
        panic!("no failure with a body")
    };
    assert!(body.as_str().contains(&format!("seen: {shown}\n")), "{}", body.as_str());
    assert!(body.as_str().contains(&format!("{} ]]>\\r\\n\n", "0123456789".repeat(500))), "{}", body.as_str());
}

#[test]
fn junitparser_reads_the_same() {
    // Counts by walking the cases, and by junitparser's own sum of each suite.
    const SCRIPT: &str = r"
import json, sys
from junitparser import JUnitXml, Failure, Error, Skipped
suites = []
for suite in JUnitXml.fromfile(sys.argv[1]):
    cases = list(suite)
    of = lambda kind: sum(1 for case in cases for result in case.result if isinstance(result, kind))
    first = next((result.message for case in cases for result in case.result), None)
    suites.append([suite.name, suite.hostname, [suite.tests, suite.failures, suite.errors, suite.skipped],
                   [len(cases), of(Failure), of(Error), of(Skipped)], first,
                   {p.name: p.value for p in suite.properties()}.get('kernel')])
json.dump(suites, sys.stdout)
";
    for (name, report) in samples::all() {
        let path = folder().join(format!("{name}.xml"));
        let output = needs::command("/usr/bin/python3").arg("-c").arg(SCRIPT).arg(&path).output().unwrap();
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        let theirs: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let ours = read(&junit(&report, Counting::default()));
        assert_eq!(theirs.as_array().unwrap().len(), ours.test_suites.len(), "{name}");
        for (theirs, ours) in theirs.as_array().unwrap().iter().zip(&ours.test_suites) {
            let counts = serde_json::json!(counts(ours));
            assert_eq!((&theirs[2], &theirs[3]), (&counts, &counts), "{name}");
            assert_eq!(theirs[0], ours.name.as_str());
            assert_eq!(theirs[1], ours.extra.get("hostname").unwrap().as_str());
            let first = ours.test_cases.iter().find(|case| !matches!(case.status, quick_junit::TestCaseStatus::Success { .. }));
            assert_eq!(theirs[4], first.map(message).map_or(serde_json::Value::Null, Into::into), "{name}");
            assert_eq!(theirs[5], "6.1.0-28-amd64");
        }
    }
}

fn validates(xml: &Path) -> Result<(), String> {
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/jenkins-junit.xsd");
    let output = needs::command("xmllint").arg("--noout").arg("--schema").arg(schema).arg(xml).output().unwrap();
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

#[test]
fn valid_by_a_schema_like_jenkins() {
    for (name, _) in samples::all() {
        validates(&folder().join(format!("{name}.xml"))).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

#[test]
fn the_schema_refuses_what_jenkins_refuses() {
    let good = fs::read_to_string(folder().join("guest-fault.xml")).unwrap();
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("bad.xml");
    for (from, to) in [
        ("time=\"0\" skipped", "time=\"0.0125\" skipped"),
        ("<failure type=\"must\"", "<failure kind=\"must\""),
        ("<testcase name", "<testcase file=\"a\" name"),
        ("<properties>", "<settings>"),
        ("tests=\"9\"", "tests=\"nine\""),
    ] {
        assert!(good.contains(from), "{from}");
        let mut bad = good.replacen(from, to, 1);
        if from == "<properties>" {
            bad = bad.replacen("</properties>", "</settings>", 1);
        }
        fs::write(&path, bad).unwrap();
        assert!(validates(&path).is_err(), "{to}");
    }
}
