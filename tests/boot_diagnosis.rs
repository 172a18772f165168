//! What a report says of a guest whose boot went wrong: whose fault it is, what the diagnosis names, and how the run ends. The rules themselves
//! have their worked examples in `checks/boot`.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[expect(dead_code, reason = "the catalogue's own test needs the rest of it")]
mod support;

use support::{INTERFACE, deviation, story};
use toml::Table;
use v6check::catalogue::{Blame, Case, Catalogue};
use v6check::facts::{Boot, Conversation, Facts, HostState, Network, Observed, Recorder, State, Tenses};
use v6check::judge::Verdict;
use v6check::report::{Counting, Report, assemble};

/// The report on the good guest with the deviation that `case` writes.
fn report(case: &str) -> Report {
    let good = support::good_guest().unwrap();
    let case: Case = toml::from_str(&format!("name = 'boot'\nverdict = 'fail'\n{case}")).unwrap();
    judged(&deviation::facts(&good, &case).unwrap())
}

fn judged(facts: &Facts) -> Report {
    assemble(facts, &Catalogue::load(None).unwrap().select("calico").unwrap(), Counting::default())
}

fn failed(report: &Report) -> Vec<(&str, Blame)> {
    report.results.iter().filter(|result| result.verdict == Verdict::Fail).map(|result| (result.id.as_str(), result.blame)).collect()
}

fn diagnosis(report: &Report) -> (Option<Blame>, &str) {
    let diagnosis = report.summary.diagnosis.iter().find(|it| it.interface.as_deref() == Some(INTERFACE)).unwrap();
    (diagnosis.fault, &diagnosis.text)
}

/// The interface with its link-local address only.
const NO_GLOBAL_ADDRESS: &str = "interface.tenses.state.addresses.seen = [{ address = 'fe80::f816:3eff:fe00:1', prefix_length = 64, \
    scope = 'link', flags = ['permanent'], created_cs = 250, protocol = 3 }]";

const SILENT_SERVER: &str = "boot = [{ at = 2.0, link = 'up' }, { at = 2.3, ns = { target = 'fe80::f816:3eff:fe00:1' } }, { at = 3.3, rs = {} }, \
    { at = 3.4, ra = {} }, { at = 3.7, solicit = {} }, { at = 4.8, solicit = {} }, { at = 7.0, solicit = {} }]";

#[test]
fn a_server_that_was_silent_at_boot_only_is_the_networks_fault() {
    let report = report(SILENT_SERVER);
    assert_eq!(failed(&report), [("dhcpv6-exchange-completed", Blame::Network)]);
    let (fault, text) = diagnosis(&report);
    assert!(fault == Some(Blame::Network) && text.contains("brought no Advertise"), "{text}");
    assert_eq!(report.summary.exit_code, 3, "the guest is not at fault");
    assert!(report.results.iter().all(|result| result.verdict != Verdict::Fail || result.remedy.as_deref().unwrap().contains("compute host")));
}

#[test]
fn a_server_that_is_silent_still_is_named_once() {
    let report = report(&format!("answers = []\n{SILENT_SERVER}\n{NO_GLOBAL_ADDRESS}"));
    assert!(failed(&report).contains(&("network-dhcpv6-offer", Blame::Network)));
    let (fault, text) = diagnosis(&report);
    assert!(
        fault == Some(Blame::Network) && text.contains("no DHCPv6 server answers") && !text.contains("Advertise") && !text.contains("guest"),
        "{text}"
    );
}

#[test]
fn a_client_started_by_hand_is_named_once() {
    let report = report(
        "boot = [{ at = 2.0, link = 'up' }, { at = 2.3, ns = { target = 'fe80::f816:3eff:fe00:1' } }, { at = 3.3, rs = {} }, { at = 3.4, ra = {} }, \
         { at = 95.0, solicit = {} }, { at = 95.1, advertise = {} }, { at = 96.0, request = {} }, { at = 96.1, reply = {} }]",
    );
    assert_eq!(failed(&report), [("dhcpv6-at-boot", Blame::Guest), ("dhcpv6-exchange-completed", Blame::Guest)]);
    let (fault, text) = diagnosis(&report);
    assert!(fault == Some(Blame::Guest) && text.matches("not started at boot").count() == 1, "{text}");
    assert_eq!(report.summary.exit_code, 1);
}

#[test]
fn a_firewall_that_drops_answers_now_is_named_not_its_traces_at_boot() {
    let report = report(&format!(
        "boot = [{{ at = 2.0, link = 'up' }}, {{ at = 2.3, ns = {{ target = 'fe80::f816:3eff:fe00:1' }} }}, {{ at = 3.3, rs = {{}} }}, \
         {{ at = 3.4, ra = {{}} }}, {{ at = 3.7, solicit = {{}} }}, {{ at = 3.8, advertise = {{}} }}, {{ at = 4.8, solicit = {{}} }}, \
         {{ at = 6.9, solicit = {{}} }}]\n{NO_GLOBAL_ADDRESS}\ninterface.tenses.state.counters.seen.after.Ip6InDelivers = 13",
    ));
    let failed = failed(&report);
    assert!(
        failed.contains(&("dhcpv6-exchange-completed", Blame::Guest)) && failed.contains(&("firewall-passes-dhcpv6", Blame::Guest)),
        "{failed:?}"
    );
    let (fault, text) = diagnosis(&report);
    assert!(fault == Some(Blame::Guest) && text.contains("no socket sees them") && !text.contains("went on"), "{text}");
}

#[test]
fn an_interface_that_nothing_sets_up_is_named_not_its_silence_at_boot() {
    let report = report(&format!(
        "boot = [{{ at = 2.0, link = 'up' }}, {{ at = 3.3, rs = {{}} }}, {{ at = 3.4, ra = {{}} }}]\n{NO_GLOBAL_ADDRESS}\n\
         interface.tenses.state.owners.dhcpv6.seen = []\ninterface.tenses.intent.stack.seen.dhcpv6.value = 'no'",
    ));
    assert!(failed(&report).contains(&("dhcpv6-at-boot", Blame::Guest)));
    let (_, text) = diagnosis(&report);
    assert!(text.contains("nothing sets it up to run DHCPv6") && !text.contains("left within"), "{text}");
}

#[test]
fn a_good_guest_without_a_recorder_is_well() {
    let report = report("interface.tenses.boot = { recording = { unknown = 'nothing was recorded' }, journal = { unknown = 'not read' } }");
    assert_eq!((failed(&report), report.summary.exit_code), (Vec::new(), 0));
    let evidence = report.results.iter().filter(|result| result.id.starts_with("dhcpv6-") && result.id.contains("boot")).flat_map(|it| &it.evidence);
    assert!(evidence.clone().count() > 0 && evidence.clone().all(|evidence| evidence.value.contains("weaker than a recording")));
}

#[test]
fn a_capture_alone_is_judged_as_the_recording_is() {
    const NOTHING_ELSE: &str = "a capture shows none of it";
    let of = |events: &str| {
        let mut facts = support::good_guest().unwrap();
        facts.run.capture = Some("tap.pcapng".into());
        facts.state = HostState::absent(NOTHING_ELSE);
        let table: Table = toml::from_str(&format!("boot = {events}")).unwrap();
        let events: Vec<Table> = table["boot"].clone().try_into().unwrap();
        let mut recording = story::recording(&events).unwrap();
        (recording.by, recording.up_at_us) = (Recorder::Capture, None);
        let interface = facts.interfaces.get_mut(INTERFACE).unwrap();
        interface.link = Observed::Absent(NOTHING_ELSE.into());
        let tenses: &mut Tenses = interface.tenses.as_mut().unwrap();
        tenses.intent.stack = Observed::Absent(NOTHING_ELSE.into());
        tenses.state = State::absent(NOTHING_ELSE);
        let nothing: Observed<Conversation> = Observed::Absent(NOTHING_ELSE.into());
        tenses.network = Network { router: nothing.clone(), server: nothing };
        tenses.boot = Boot { recording: Observed::Seen(recording), journal: Observed::Absent(NOTHING_ELSE.into()) };
        judged(&facts)
    };
    let boot = |report: &Report| {
        let ids = ["rs-at-boot", "ra-received-at-boot", "dad-before-use", "dhcpv6-at-boot", "dhcpv6-exchange-completed"];
        ids.map(|id| report.results.iter().find(|result| result.id == id).unwrap().verdict)
    };
    let begin = "{ at = 2.3, ns = { target = 'fe80::f816:3eff:fe00:1' } }, { at = 3.3, rs = {} }, { at = 3.4, ra = {} }, { at = 3.7, solicit = {} }";
    let good = of(&format!(
        "[{begin}, {{ at = 3.8, advertise = {{}} }}, {{ at = 4.8, request = {{}} }}, {{ at = 4.9, reply = {{}} }}, \
         {{ at = 5.3, ns = {{ target = '2001:db8:1::10' }} }}]"
    ));
    assert_eq!(boot(&good), [Verdict::Pass; 5], "{good:#?}");
    let silent = of(&format!("[{begin}, {{ at = 4.8, solicit = {{}} }}]"));
    assert_eq!(boot(&silent), [Verdict::Pass, Verdict::Pass, Verdict::Pass, Verdict::Pass, Verdict::Fail]);
    assert_eq!(diagnosis(&silent).0, Some(Blame::Network));
}
