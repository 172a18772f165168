//! Whatever the facts contain, every format can be written, and JUnit read.

use proptest::prelude::*;
use v6check::facts::Tense;
use v6check::report::Evidence;
use v6check::report::{FORMATS, Style};

use crate::golden::render;
use crate::samples;

/// Any text, with more than its share of what breaks things.
fn text() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        Just("]]>".to_owned()),
        Just("<![CDATA[".to_owned()),
        Just("]".to_owned()),
        Just("&#0;".to_owned()),
        Just("eth0".to_owned()),
        any::<char>().prop_map(String::from),
        proptest::char::range('\0', '\u{ff}').prop_map(String::from),
        proptest::char::range('\u{fff0}', '\u{ffff}').prop_map(String::from),
        ".{0,20}",
    ];
    proptest::collection::vec(part, 0..8).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn any_text_anywhere(texts in proptest::collection::vec(text(), 10)) {
        let mut report = samples::guest_fault();
        let mut next = texts.iter().cycle().cloned();
        let mut set = |to: &mut String| *to = next.next().unwrap_or_default();
        for text in [&mut report.host.name, &mut report.host.kernel, &mut report.host.distribution, &mut report.started, &mut report.profile] {
            set(text);
        }
        for result in &mut report.results {
            for text in [&mut result.id, &mut result.title, &mut result.expected, &mut result.seen, &mut result.message] {
                set(text);
            }
            for text in result.reason.iter_mut().chain(&mut result.remedy).chain([&mut result.source.document]) {
                set(text);
            }
            let (mut source, mut value) = (String::new(), String::new());
            set(&mut source);
            set(&mut value);
            result.evidence.push(Evidence { tense: Tense::Boot, source, value });
        }
        for diagnosis in &mut report.summary.diagnosis {
            set(&mut diagnosis.text);
        }
        for format in FORMATS {
            format.render(&report, Style::default()).unwrap();
        }
        let xml = render("junit", &report, Style::default());
        let read = quick_junit::Report::deserialize_from_str(&xml).unwrap();
        prop_assert_eq!(read.test_suites.iter().map(|suite| suite.test_cases.len()).sum::<usize>(), report.results.len());
        let plain = render("text", &report, Style::default());
        prop_assert!(!plain.chars().any(|character| character.is_control() && character != '\n'));
    }
}
