//! The diagnosis of samples: which failures are causes, whose fault it is, and what to do.

use v6check::catalogue::Blame;
use v6check::facts::{IDLE, Run};
use v6check::report::{Counting, Report, summarize};

use crate::samples::{self, Change};

fn first(report: Report) -> (Option<Blame>, String) {
    let report = report.counted(Counting::default());
    let diagnosis = &report.summary.diagnosis[0];
    (diagnosis.fault, diagnosis.text.clone())
}

#[test]
fn the_well_are_said_to_be_well() {
    assert_eq!(first(samples::good_guest()), (None, "nothing is wrong: all 9 requirements that apply hold.".into()));
}

#[test]
fn all_holds_is_said_only_where_all_holds() {
    let told = samples::good_guest().fails("ipv4-address", "eth0", "none", "there is no IPv4 address", "Add one.");
    assert_eq!(first(told), (None, "nothing that counts is wrong: 8 requirements hold.".into()));
    let mut waived = samples::good_guest().fails("ra-accepted", "eth0", "no", "RAs are refused", "Accept them.");
    waived.result("ra-accepted", "eth0").waived = Some("static routes here".into());
    assert_eq!(first(waived), (None, "nothing that counts is wrong: 8 hold, and 1 failure is waived.".into()));
}

#[test]
fn what_could_not_be_judged_and_is_waived_does_not_hold() {
    let mut one = samples::good_guest().undecided("ra-accepted", "eth0", "/proc cannot be read");
    one.result("ra-accepted", "eth0").waived = Some("looked at by hand".into());
    let mut two = one.clone().undecided("ipv6-enabled", "eth0", "/proc cannot be read");
    two.result("ipv6-enabled", "eth0").waived = Some("looked at by hand".into());
    let mut both = two.clone().fails("dhcpv6-address", "eth0", "none", "no DHCPv6 address is held", "Mend the client.");
    both.result("dhcpv6-address", "eth0").waived = Some("static here".into());
    for (report, text) in [
        (one, "nothing is known to be wrong: 8 hold, and 1 that could not be judged is waived."),
        (two, "nothing is known to be wrong: 7 hold, and 2 that could not be judged are waived."),
        (both, "nothing that counts is wrong: 6 hold, and 1 failure and 2 that could not be judged are waived."),
    ] {
        assert_eq!(first(report), (None, text.into()));
    }
}

#[test]
fn a_nic_left_down_beside_a_good_one_is_not_passed_over_in_silence() {
    let mut report = samples::good_guest();
    report.interfaces.push(samples::left_out("eth1", IDLE));
    let diagnosis = report.counted(Counting::default()).summary.diagnosis;
    let told: Vec<_> = diagnosis.iter().map(|it| (it.interface.as_deref().unwrap_or("host"), it.fault, &it.text[..])).collect();
    let not_checked = "not checked, as it is down and without an address; --interface has it judged all the same.";
    assert_eq!(told, [("eth0", None, "nothing is wrong: all 9 requirements that apply hold."), ("eth1", None, not_checked)]);
}

#[test]
fn of_an_image_its_files_are_said_to_be_well() {
    let first = |report: &Report| {
        let run = Run { image: Some("/mnt".into()), ..samples::run() };
        summarize(&report.interfaces, &report.results, &samples::causes(), &run, Counting::default()).diagnosis[0].text.clone()
    };
    assert_eq!(first(&samples::good_guest()), "nothing is wrong in the files: all 9 requirements that they decide hold.");
    let none = samples::report(Vec::new());
    assert_eq!(first(&none), "no interface was checked: the files of this image name none. Name the guest's NIC with --interface.");
    let unread = samples::good_guest().undecided("ipv6-enabled", "eth0", "/etc/x: cannot be read");
    let text = "nothing is known to be wrong, but ipv6-enabled could not be judged: /etc/x: cannot be read. Boot the image and run v6check in it.";
    assert_eq!(first(&unread), text);
}

/// No DHCPv6 client is only a should, but the address is a must.
#[test]
fn a_recommendation_behind_a_failed_must_is_its_cause() {
    let report = samples::good_guest().fails("dhcpv6-client-running", "eth0", "none", "no DHCPv6 client runs", "Start one.").fails(
        "dhcpv6-address",
        "eth0",
        "none",
        "no DHCPv6 address is held",
        "Mend the client.",
    );
    assert_eq!(first(report), (Some(Blame::Guest), "no DHCPv6 client runs. Fault: guest. Remedy: Start one.".into()));
}

#[test]
fn a_fault_of_the_guest_does_not_hide_behind_the_networks() {
    let report = samples::good_guest().fails("network-dhcpv6-offer", "eth0", "silence", "no server answers", "Look at dnsmasq.").fails(
        "dhcpv6-address",
        "eth0",
        "none",
        "no DHCPv6 address is held",
        "Run dhclient.",
    );
    let text = "no DHCPv6 address is held. Fault: guest, and the network as well: no server answers. Remedy: Run dhclient.";
    assert_eq!(first(report), (Some(Blame::Guest), text.into()));
}

#[test]
fn a_fault_of_the_network_is_the_guests_where_the_guest_brings_it_about() {
    let report = samples::good_guest().fails("ipv6-enabled", "eth0", "off", "IPv6 is off", "Switch it on.").fails(
        "network-router-advertisement",
        "eth0",
        "silence",
        "no router answers",
        "Look at dnsmasq.",
    );
    assert_eq!(first(report), (Some(Blame::Guest), "IPv6 is off. Fault: guest. Remedy: Switch it on.".into()));
}

/// What holds carries no cause on: the client runs, so whatever else is wrong, the missing address has another cause.
#[test]
fn a_cause_does_not_reach_through_what_holds() {
    let report = samples::good_guest().fails("ipv6-enabled", "eth0", "off", "IPv6 is off", "Switch it on.").fails(
        "dhcpv6-address",
        "eth0",
        "a duplicate",
        "the address is a duplicate",
        "Find the other node.",
    );
    let (_, text) = first(report);
    assert!(text.contains("IPv6 is off") && text.contains("the address is a duplicate"), "{text}");
}

#[test]
fn a_failure_of_the_host_is_named_where_it_is_behind_one_of_an_interface() {
    let mut report = samples::good_guest().fails("ra-accepted", "eth0", "no", "RAs are refused", "Accept them.");
    let mut host = report.result("ra-accepted", "eth0").clone();
    (host.id, host.interface, host.message, host.remedy) =
        ("ipv6-enabled".into(), None, "the kernel has no IPv6".into(), Some("Boot with IPv6.".into()));
    report.results.retain(|result| result.id != "ipv6-enabled");
    report.results.insert(0, host);
    let report = report.counted(Counting::default());
    let texts: Vec<_> = report.summary.diagnosis.iter().map(|it| (it.interface.as_deref(), it.text.as_str())).collect();
    let text = "the kernel has no IPv6. Fault: guest. Remedy: Boot with IPv6.";
    assert_eq!(texts, [(None, text), (Some("eth0"), text)]);
}

#[test]
fn of_two_causes_both_are_to_be_mended() {
    let report = samples::good_guest()
        .fails("ipv6-enabled", "eth0", "", "first", "Mend it. Then boot.")
        .fails("dhcpv6-client-running", "eth0", "", "second", "Start one.")
        .fails("dhcpv6-address", "eth0", "", "a consequence", "Wait.");
    assert_eq!(first(report).1, "first; second. Fault: guest. Remedy: Mend it. And: Start one.");
}

#[test]
fn many_causes_are_counted() {
    let report = samples::good_guest()
        .fails("ipv6-enabled", "eth0", "", "first", "R.")
        .fails("dhcpv6-client-running", "eth0", "", "second", "R.")
        .fails("dhcpv6-address", "eth0", "", "a consequence", "R.");
    assert_eq!(first(report).1, "first; second. Fault: guest. Remedy: R.");
    let mut report = samples::good_guest();
    for (number, result) in report.results.iter_mut().skip(1).enumerate() {
        result.id = format!("unrelated-{number}");
        result.blame = Blame::Guest;
        result.verdict = v6check::judge::Verdict::Fail;
        result.message = format!("fault {number}.");
    }
    assert!(first(report).1.starts_with("fault 0; fault 1; and 4 more. Fault: guest"));
}

#[test]
fn the_remedy_is_one_sentence_without_its_examples() {
    let text = |remedy: &str| first(samples::good_guest().fails("ipv6-enabled", "eth0", "", "off", remedy)).1;
    assert_eq!(text("Set it, e.g. by hand,\nin a file. Then boot."), "off. Fault: guest. Remedy: Set it, e.g. by hand, in a file.");
    assert_eq!(text("Write:\n  a = 1"), "off. Fault: guest. Remedy: Write (see ipv6-enabled).");
    assert_eq!(text(""), "off. Fault: guest.");
}

#[test]
fn what_to_do_about_the_undecided_is_by_its_reason() {
    let raw = samples::good_guest().undecided("ra-accepted", "eth0", "rare").undecided("dhcpv6-address", "eth0", "often").undecided(
        "ra-default-route",
        "eth0",
        "often",
    );
    let text = "nothing is known to be wrong, but ra-default-route and 2 other requirements could not be judged: often. Mend that and run \
                v6check again.";
    assert_eq!(first(raw), (None, text.into()));
    assert!(first(samples::inconclusive()).1.ends_with("CAP_NET_RAW is missing. Run v6check as root."));
}

#[test]
fn with_strict_a_recommendation_is_a_fault() {
    let strict = Counting { strict: true, ..Counting::default() };
    let report = samples::recommendation().counted(strict);
    assert_eq!(report.summary.exit_code, 1);
    assert!(report.summary.diagnosis[0].text.starts_with("nobody solicits routers. Fault: guest. "));
}
