//! The exit code, as a truth table.

use v6check::catalogue::{Blame, Level};
use v6check::judge::Verdict;
use v6check::report::{Counting, exit_code, exit_meaning};

use crate::samples;

use Blame::{Guest, Network};
use Level::{Info, Must, Should};
use Verdict::{Fail, Inconclusive, Pass, Skip};

const PLAIN: Counting = Counting { strict: false, network_faults_fail: false };
const STRICT: Counting = Counting { strict: true, network_faults_fail: false };
const NETWORK: Counting = Counting { strict: false, network_faults_fail: true };
const BOTH: Counting = Counting { strict: true, network_faults_fail: true };

/// One result that is not a pass, and the codes without options, with `--strict`, with `--network-faults fail`, and with both.
const TABLE: &[(Level, Blame, Verdict, [u8; 4])] = &[
    (Must, Guest, Fail, [1, 1, 1, 1]),
    (Must, Network, Fail, [3, 3, 1, 1]),
    (Should, Guest, Fail, [0, 1, 0, 1]),
    (Should, Network, Fail, [0, 3, 0, 1]),
    (Info, Guest, Fail, [0, 0, 0, 0]),
    (Info, Network, Fail, [0, 0, 0, 0]),
    (Must, Guest, Inconclusive, [3, 3, 3, 3]),
    (Must, Network, Inconclusive, [3, 3, 3, 3]),
    (Should, Guest, Inconclusive, [0, 0, 0, 0]),
    (Should, Network, Inconclusive, [0, 0, 0, 0]),
    (Info, Guest, Inconclusive, [0, 0, 0, 0]),
    (Must, Guest, Skip, [0, 0, 0, 0]),
    (Must, Network, Skip, [0, 0, 0, 0]),
    (Must, Guest, Pass, [0, 0, 0, 0]),
];

#[test]
fn of_one_deviation() {
    for (level, blame, verdict, codes) in TABLE {
        let mut report = samples::good_guest();
        let result = &mut report.results[1];
        (result.level, result.blame, result.verdict) = (*level, *blame, *verdict);
        for (counting, code) in [PLAIN, STRICT, NETWORK, BOTH].into_iter().zip(codes) {
            assert_eq!(exit_code(&report.interfaces, &report.results, counting), *code, "{level:?} {blame:?} {verdict:?} {counting:?}");
        }
    }
}

#[test]
fn a_fault_of_the_guest_goes_before_what_is_undecided() {
    let mut report = samples::network_fault();
    assert_eq!(exit_code(&report.interfaces, &report.results, PLAIN), 3);
    report.results[1].verdict = Fail;
    assert_eq!(exit_code(&report.interfaces, &report.results, PLAIN), 1);
}

#[test]
fn nothing_judged_is_never_0() {
    let report = samples::no_interface();
    assert_eq!(exit_code(&report.interfaces, &report.results, PLAIN), 3);
    assert_eq!(exit_code(&[], &[], PLAIN), 3);
    assert_eq!(exit_code(&[samples::interface("eth0")], &[], PLAIN), 3, "no requirement");
    let mut report = samples::report(vec![samples::interface("eth0"), samples::interface("eth1")]);
    for result in report.results.iter_mut().filter(|result| result.interface.as_deref() == Some("eth1")) {
        result.verdict = Skip;
    }
    assert_eq!(exit_code(&report.interfaces, &report.results, PLAIN), 3, "eth1 has nothing but skips");
}

#[test]
fn every_code_has_a_meaning_of_its_own() {
    let meanings: std::collections::BTreeSet<_> = (0..=3).map(|code| exit_meaning(code, PLAIN)).collect();
    assert_eq!(meanings.len(), 4);
}
