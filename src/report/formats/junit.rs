//! The report as JUnit XML, for a CI: one suite for the host and one for each checked interface.
//!
//! What breaks a build is red here and nothing else: a report whose exit code is not 0 has a failure or an error, one with 0 has none. The
//! library writes text as it is, so text is sanitized before; what the library cannot say is added after by `junit_complete`.

use std::error::Error;

use junit_report::{Duration, OffsetDateTime, ReportBuilder, TestCase, TestCaseBuilder, TestSuite};
use time::format_description::well_known::Rfc3339;

use super::junit_complete::{Completion, complete};
use super::{Format, Rendered, Style};
use crate::judge::Verdict;
use crate::report::details::{blame, details, level};
use crate::report::exit_code::Weight;
use crate::report::{CheckResult, Counting, InterfaceEntry, Report, WaiverState, exit_meaning};
use crate::sanitize::{block, line};

pub(super) const FORMAT: Format = Format { name: "junit", about: "JUnit XML", render };

/// The type of an error that says could-not-look.
const INCONCLUSIVE: &str = "inconclusive";

fn render(report: &Report, style: Style) -> Rendered {
    let (raw, completion) = raw(report, style)?;
    Ok(complete(&raw, &completion)?)
}

/// The suites of a report as XML, without the element around them, to be put beside those of other reports.
pub(crate) fn suites(report: &Report) -> Rendered {
    let (raw, completion) = raw(report, Style::default())?;
    Ok(complete(&raw, &Completion { is_part: true, ..completion })?)
}

/// A suite that says why a report called `name` could not be read.
pub(crate) fn unread(name: &str, why: &str) -> Rendered {
    let class = format!("{}/v6check", part(name));
    let mut suite = TestSuite::new(&class);
    suite.set_timestamp(OffsetDateTime::UNIX_EPOCH);
    let mut case = TestCaseBuilder::error("report", Duration::ZERO, "unread", &line(why));
    suite.add_testcase(case.set_classname(&class).set_trace(&cdata(why)).build());
    let mut raw = Vec::new();
    ReportBuilder::new().add_testsuites(vec![suite]).build().write_xml(&mut raw)?;
    Ok(complete(&raw, &Completion { properties: vec![Vec::new()], skipped: vec![0], elapsed_ms: 0, is_part: true })?)
}

/// What the library writes of a report, and what completes it.
fn raw(report: &Report, style: Style) -> Result<(Vec<u8>, Completion), Box<dyn Error + Send + Sync>> {
    let mut suites = vec![suite(report, None, style.counting)];
    let mut properties = vec![host_properties(report)];
    for interface in report.interfaces.iter().filter(|interface| interface.left_out.is_none()) {
        suites.push(suite(report, Some(&interface.name), style.counting));
        properties.push(interface_properties(report, interface));
    }
    if let Some(case) = exit_code_case(report, &suites, style.counting) {
        suites[0].add_testcase(case);
    }
    let skipped = suites.iter().map(TestSuite::skipped).collect();
    let mut raw = Vec::new();
    ReportBuilder::new().add_testsuites(suites).build().write_xml(&mut raw)?;
    Ok((raw, Completion { properties, skipped, elapsed_ms: report.elapsed_ms, is_part: false }))
}

/// The results of one interface, or of the host.
fn suite(report: &Report, interface: Option<&str>, counting: Counting) -> TestSuite {
    // GitLab knows a case by suite, class and name, so both begin with the report's name. openQA cuts a suite's name at its first dot.
    let name = [&report.name, &report.tool.name, &report.profile, interface.unwrap_or("host")].map(part).join("/");
    let mut suite = TestSuite::new(&name);
    suite.package = format!("{}.{}", line(&report.tool.name), line(&report.profile));
    suite.hostname = line(&report.host.name);
    // The same report is the same file, so a time that does not read becomes a fixed one and not now.
    suite.set_timestamp(OffsetDateTime::parse(&report.started, &Rfc3339).unwrap_or(OffsetDateTime::UNIX_EPOCH));
    let results = report.results.iter().filter(|result| result.interface.as_deref() == interface);
    suite.add_testcases(results.map(|result| case(result, &name, counting)));
    suite
}

/// A part of a suite's name, between slashes.
fn part(text: &str) -> String {
    line(text).replace(['.', '/'], "_")
}

fn case(result: &CheckResult, class: &str, counting: Counting) -> TestCase {
    let name = line(&result.id);
    let message = line(&result.message);
    // A verdict takes no time worth a number; the run's is that of the whole report.
    let none = Duration::ZERO;
    let reason = line(result.reason.as_deref().unwrap_or(&result.message));
    let weight = counting.weigh(result);
    let mut case = match (result.verdict, weight) {
        (Verdict::Fail | Verdict::Inconclusive, _) if result.waived.is_some() => {
            TestCaseBuilder::skipped_with_cause(&name, "waived", &format!("{}: {message}", line(result.waived.as_deref().unwrap_or_default())))
        }
        (Verdict::Skip, _) => TestCaseBuilder::skipped_with_cause(&name, "skip", &reason),
        (Verdict::Inconclusive, Weight::Undecided) => TestCaseBuilder::error(&name, none, INCONCLUSIVE, &reason),
        (Verdict::Inconclusive, _) => TestCaseBuilder::skipped_with_cause(&name, INCONCLUSIVE, &reason),
        (Verdict::Fail, Weight::Failure) => TestCaseBuilder::failure(&name, none, level(result.level), &message),
        (Verdict::Fail, Weight::Network) => TestCaseBuilder::error(&name, none, "network", &message),
        (Verdict::Fail | Verdict::Pass, _) => TestCaseBuilder::success(&name, none),
    };
    case.set_classname(class);
    let body = cdata(&body(result));
    if matches!(weight, Weight::Failure | Weight::Network | Weight::Undecided) {
        let message = if result.verdict == Verdict::Fail { &message } else { &reason };
        case.set_trace(&format!("{}\n{body}", cdata(message)));
    } else if result.verdict == Verdict::Fail {
        let (level, blame) = (level(result.level), blame(result.blame));
        case.set_system_out(&format!("failed, but not counted ({level}, {blame}): {}\n{body}", cdata(&message)));
    } else if result.verdict == Verdict::Pass {
        case.set_system_out(&body);
    }
    case.build()
}

fn body(result: &CheckResult) -> String {
    let details = details(result).into_iter().map(|(label, value)| format!("{label}: {value}\n"));
    format!("{}\n{}", line(&result.title), details.collect::<String>())
}

/// A test case of its own where the exit code says what no result does: that nothing was judged. Without it the report would be green.
fn exit_code_case(report: &Report, suites: &[TestSuite], counting: Counting) -> Option<TestCase> {
    let red = suites.iter().any(|suite| suite.errors() + suite.failures() > 0);
    if red || report.summary.exit_code == 0 {
        return None;
    }
    let diagnosis = report.summary.diagnosis.first().map(|diagnosis| line(&diagnosis.text));
    let message = diagnosis.unwrap_or_else(|| exit_meaning(report.summary.exit_code, counting).to_owned());
    let mut case = TestCaseBuilder::error("exit-code", Duration::ZERO, INCONCLUSIVE, &message);
    let class = suites.first().map(|suite| suite.name.as_str()).unwrap_or_default();
    Some(case.set_classname(class).set_trace(&cdata(&message)).build())
}

fn host_properties(report: &Report) -> Vec<(String, String)> {
    let mut properties = run_properties(report);
    for interface in &report.interfaces {
        if let Some(reason) = &interface.left_out {
            properties.push((format!("left-out.{}", line(&interface.name)), line(reason)));
        }
    }
    for waiver in &report.waivers {
        let state = match waiver.state {
            WaiverState::Used => "used",
            WaiverState::Unused => "unused",
            WaiverState::Expired => "expired",
        };
        let name = format!("waiver.{}.{}", line(&waiver.id), line(&waiver.interface));
        properties.push((name, format!("{state}: {}", line(&waiver.reason))));
    }
    let diagnoses = report.summary.diagnosis.iter().filter(|diagnosis| diagnosis.interface.is_none());
    properties.extend(diagnoses.map(|diagnosis| ("diagnosis".to_owned(), line(&diagnosis.text))));
    properties
}

fn interface_properties(report: &Report, interface: &InterfaceEntry) -> Vec<(String, String)> {
    let mut properties = run_properties(report);
    let mut add = |name: &str, value: Option<&str>| {
        if let Some(value) = value {
            properties.push((name.to_owned(), line(value)));
        }
    };
    add("interface", Some(&interface.name));
    add("mac", interface.mac.as_deref());
    add("assumed", interface.assumed.as_deref());
    add("never-given", interface.never_given.as_deref());
    let owner = interface.owner.as_ref();
    add("owner.ra", owner.and_then(|owner| owner.ra.as_deref()));
    add("owner.dhcpv6", owner.and_then(|owner| owner.dhcpv6.as_ref()).map(|clients| clients.join(", ")).as_deref());
    let own = report.summary.diagnosis.iter().find(|diagnosis| diagnosis.interface.as_ref() == Some(&interface.name));
    add("diagnosis", own.map(|diagnosis| diagnosis.text.as_str()));
    properties
}

fn run_properties(report: &Report) -> Vec<(String, String)> {
    let property = |name: &str, value: &str| (name.to_owned(), line(value));
    let properties = [
        property("name", &report.name),
        property("profile", &report.profile),
        property("version", &report.tool.version),
        property("image", report.image.as_deref().unwrap_or_default()),
        property("capture", report.capture.as_deref().unwrap_or_default()),
        property("kernel", &report.host.kernel),
        property("distribution", &report.host.distribution),
        property("exit-code", &report.summary.exit_code.to_string()),
    ];
    // A running guest is no image and no capture, and those have no kernel that runs.
    properties.into_iter().filter(|(_, value)| !value.is_empty()).collect()
}

/// Text for a CDATA section, which the library opens and closes: where it would end early it is split in two sections.
fn cdata(text: &str) -> String {
    block(text).replace("]]>", "]]]]><![CDATA[>")
}
