//! Golden files: every sample in every format. `UPDATE=1 cargo test --test report` rewrites them; the change is then for review.

use std::fs;
use std::path::PathBuf;

use v6check::report::{FORMATS, Format, Report, Style, Verbosity};

use crate::samples;

pub(crate) fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/reports")
}

/// Compares `text` with the file `name`, or writes it there.
pub(crate) fn compare(path: &std::path::Path, text: &str) {
    if std::env::var_os("UPDATE").is_some() {
        fs::write(path, text).unwrap();
        return;
    }
    let golden = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}; UPDATE=1 writes it", path.display()));
    assert!(golden == text, "{} differs; UPDATE=1 rewrites it\n--- is now\n{text}", path.display());
}

pub(crate) fn render(format: &str, report: &Report, style: Style) -> String {
    Format::named(format).unwrap().render(report, style).unwrap()
}

#[test]
fn every_report_in_every_format() {
    for (name, report) in samples::all() {
        for format in FORMATS {
            let ending = match format.name {
                "text" => "txt",
                "junit" => "xml",
                other => other,
            };
            compare(&folder().join(format!("{name}.{ending}")), &format.render(&report, Style::default()).unwrap());
        }
    }
    let style = |verbosity| Style { verbosity, ..Style::default() };
    compare(&folder().join("guest-fault.quiet.txt"), &render("text", &samples::guest_fault(), style(Verbosity::Quiet)));
    compare(&folder().join("recorded.verbose.txt"), &render("text", &samples::recorded(), style(Verbosity::Verbose)));
    compare(&folder().join("guest-fault.verbose.txt"), &render("text", &samples::guest_fault(), style(Verbosity::Verbose)));
}

#[test]
fn json_holds_the_whole_report() {
    for (name, report) in samples::all() {
        let read: Report = serde_json::from_str(&render("json", &report, Style::default())).unwrap();
        assert_eq!(read, report, "{name}");
    }
}

#[test]
fn text_fits_80_columns_but_for_words_that_cannot_be_broken() {
    for (name, report) in samples::all() {
        for verbosity in [Verbosity::Quiet, Verbosity::Normal, Verbosity::Verbose] {
            let text = render("text", &report, Style { verbosity, ..Style::default() });
            for line in text.lines().filter(|line| line.chars().count() > 80) {
                let words = line.split_whitespace().filter(|word| word.len() > 60).count();
                assert!(words == 1 && line.split_whitespace().count() <= 2, "{name}: too long: {line}");
            }
        }
    }
}

#[test]
fn text_has_no_characters_that_move_a_terminal() {
    for (name, report) in samples::all() {
        let text = render("text", &report, Style { verbosity: Verbosity::Verbose, ..Style::default() });
        let bad = text.chars().find(|character| (character.is_control() && *character != '\n') || "\u{202e}\u{fffe}".contains(*character));
        assert_eq!(bad, None, "{name}");
    }
    let hostile = render("text", &samples::hostile(), Style { verbosity: Verbosity::Verbose, ..Style::default() });
    assert!(hostile.contains(r"a\x00b \x1b[31mred\x1b[0m"), "{hostile}");
    assert!(!hostile.lines().any(|line| line.starts_with("2 pass") || line.starts_with("PASS everything")), "{hostile}");
}

#[test]
fn text_without_facts_is_ascii() {
    for (name, report) in samples::all() {
        assert!(render("text", &report, Style::default()).is_ascii(), "{name}");
    }
}

#[test]
fn colour_only_adds_escape_sequences() {
    for (name, report) in samples::all() {
        let coloured = render("text", &report, Style { colour: true, ..Style::default() });
        assert!(coloured.contains("\x1b["), "{name}");
        let mut plain = String::new();
        for (number, part) in coloured.split("\x1b[").enumerate() {
            plain.push_str(if number == 0 { part } else { part.split_once('m').unwrap().1 });
        }
        assert_eq!(plain, render("text", &report, Style::default()), "{name}");
    }
}

#[test]
fn the_first_line_says_what_is_wrong() {
    let first = |report: &Report| render("text", report, Style::default()).lines().next().unwrap().to_owned();
    assert!(first(&samples::guest_fault()).starts_with("eth0: the kernel ignores Router Advertisements (accept_ra=0). Fault:"));
    assert!(first(&samples::network_fault()).starts_with("eth0: no router answers. Fault: network"));
    assert!(first(&samples::many_interfaces()).starts_with("eth02, eth03 and 6 more: the kernel ignores Router"));
}

#[test]
fn many_equal_interfaces_stay_readable() {
    let text = render("text", &samples::many_interfaces(), Style::default());
    assert!(text.lines().count() < 80, "{} lines", text.lines().count());
    assert!(text.lines().any(|line| line.starts_with("pass  ra-accepted") && line.ends_with("eth00, eth01 and 54 more")), "{text}");
}
