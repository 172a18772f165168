//! From facts to the report, by the one rule that every version has.

use serde_json::{Value, json};
use v6check::catalogue::{Blame, Check, Level, Profile, Requirement, Selection};
use v6check::facts::{Facts, load};
use v6check::judge::{Cause, Expectations, Verdict};
use v6check::report::{Counting, Report, assemble};

fn link(mtu: u32) -> Value {
    json!({
        "index": 2, "mac": "fa:16:3e:00:00:01", "permanent_mac": null, "kind": "device", "up": true, "carrier": true, "mtu": mtu,
        "master": null, "lower": null
    })
}

fn checked(disable_ipv6: i64) -> Value {
    let unknown = || json!({"unknown": "not looked at"});
    json!({
        "link": {"seen": link(1500)},
        "tenses": {
            "intent": {"stack": unknown(), "claims": unknown(), "sysctl": unknown(), "firewalls": unknown()},
            "state": {
                "inet6": {"seen": {"rs_sent": true, "ra_received": true, "ra_managed": true, "ra_other": false}},
                "sysctl": {"seen": {"disable_ipv6": disable_ipv6}},
                "addresses": unknown(), "ipv4_addresses": unknown(), "routes": unknown(), "neighbours": unknown(), "counters": unknown(),
                "leases": unknown(),
                "owners": {
                    "ra": {"seen": {"name": "kernel", "pid": null, "evidence": ""}},
                    "dhcpv6": {"seen": [{"name": "dhclient", "pid": 512, "evidence": ""}]}
                }
            },
            "boot": {"recording": unknown(), "journal": unknown()},
            "network": {"router": unknown(), "server": unknown()}
        }
    })
}

fn facts(interfaces: &Value) -> Facts {
    let facts = json!({
        "schema": "v6check.facts/1",
        "tool": {"name": "v6check", "version": "0.1.0"},
        "host": {"name": "vm-1", "kernel": "6.1.0", "distribution": ""},
        "run": {
            "started": "2026-11-24T06:44:00.125Z", "elapsed_us": 1_499_500, "uptime_cs": 1, "passive": false, "thorough": false,
            "timeout_ms": 5000, "interrupted": null
        },
        "intent": {
            "dhclient": {"seen": null}, "pasted_backticks": {"seen": []}, "command_line": {"seen": []}, "modules": {"seen": []},
            "identity": {"unknown": "not looked at"}
        },
        "state": {
            "ipv6": {"seen": {"present": true, "command_line": null}}, "processes": {"seen": []}, "dhcpv6_client_sockets": {"seen": []}
        },
        "interfaces": interfaces
    });
    load(&facts.to_string()).unwrap()
}

fn requirement(id: &str, level: Level, smallest_mtu: u32, follows: &[&str]) -> Requirement {
    let check: Check = toml::from_str(&format!(
        r#"
        id = "{id}"
        title = "IPv6 is on"
        level = "must"
        blame = "guest"
        needs = ["state"]
        why = ""
        judged = ""
        source = {{ document = "RFC 8200", section = "5" }}
        follows = {follows:?}
        remedy = {{ general = "Switch it on on {{interface}}.", stack.dhclient = "For dhclient on {{interface}}.", stack.ifupdown = "In interfaces: {{interface}}." }}
        [rule.ipv6-enabled]
        smallest-mtu = {smallest_mtu}
        "#
    ))
    .unwrap();
    Requirement { check, level }
}

fn selection(requirements: Vec<Requirement>) -> Selection {
    let profile = Profile { name: "calico".into(), title: String::new(), network: Expectations::default(), requirements: Vec::new() };
    Selection { profile, requirements, waivers: Vec::new() }
}

fn report(interfaces: &Value) -> Report {
    let requirements = vec![requirement("ipv6-enabled", Level::Must, 1280, &[]), requirement("jumbo", Level::Should, 9000, &["ipv6-enabled"])];
    assemble(&facts(interfaces), &selection(requirements), Counting::default())
}

#[test]
fn every_requirement_of_every_checked_interface_by_name_then_in_the_profiles_order() {
    let report = report(&json!({"eth1": checked(0), "eth0": checked(1), "lo": {"left_out": "the loopback", "link": {"seen": link(1500)}}}));
    let order: Vec<_> = report.results.iter().map(|result| (result.interface.as_deref().unwrap(), result.id.as_str(), result.verdict)).collect();
    assert_eq!(
        order,
        [
            ("eth0", "ipv6-enabled", Verdict::Fail),
            ("eth0", "jumbo", Verdict::Fail),
            ("eth1", "ipv6-enabled", Verdict::Pass),
            ("eth1", "jumbo", Verdict::Fail),
        ]
    );
    assert_eq!((report.summary.pass, report.summary.fail, report.summary.exit_code), (1, 3, 1));
    assert_eq!((report.elapsed_ms, report.started.as_str()), (1500, "2026-11-24T06:44:00.125Z"));
    let left_out: Vec<_> = report.interfaces.iter().map(|it| (it.name.as_str(), it.left_out.as_deref(), it.owner.is_some())).collect();
    assert_eq!(left_out, [("eth0", None, true), ("eth1", None, true), ("lo", Some("the loopback"), false)]);
    let owner = report.interfaces[0].owner.clone().unwrap();
    assert_eq!((owner.ra.as_deref(), owner.dhcpv6), (Some("kernel"), Some(vec!["dhclient".to_owned()])));
}

#[test]
fn a_consequence_is_not_named_and_the_worst_comes_first() {
    let report = report(&json!({"eth0": checked(0), "eth1": checked(1)}));
    let texts: Vec<_> = report.summary.diagnosis.iter().map(|it| (it.interface.as_deref().unwrap(), it.fault, it.text.as_str())).collect();
    assert_eq!(
        texts,
        [
            ("eth1", Some(Blame::Guest), "IPv6 is switched off here (disable_ipv6=1). Fault: guest. Remedy: For dhclient on eth1."),
            (
                "eth0",
                Some(Blame::Guest),
                "works, but the MTU is 1500; below 9000 the kernel takes IPv6 off the interface. Fault: guest (a recommendation, not counted). \
             Remedy: For dhclient on eth0."
            ),
        ]
    );
}

#[test]
fn the_remedy_is_that_of_the_stack_in_the_image() {
    let mut eth0 = checked(1);
    let setting = |value: Value| json!({"value": value, "at": {"path": "/etc/network/interfaces", "line": 7}, "text": ""});
    eth0["tenses"]["intent"]["stack"] = json!({"seen": {"stack": "ifupdown", "at_boot": setting(json!(true)), "dhcpv6": setting(json!("yes")),
            "takes_ras": setting(json!("kernel")), "accept_ra": null}});
    let report = report(&json!({"eth0": eth0, "eth1": checked(0)}));
    assert_eq!(report.results[0].remedy.as_deref(), Some("In interfaces: eth0."));
    assert_eq!(report.results[2].remedy, None, "nothing to change where it holds");
}

#[test]
fn what_could_not_be_looked_at_is_undecided_with_its_reason() {
    let mut eth0 = checked(0);
    eth0["tenses"]["state"]["inet6"] = json!({"unknown": {"kind": "missing_privilege", "text": "rtnetlink: Operation not permitted"}});
    let report = report(&json!({"eth0": eth0}));
    assert_eq!((report.results[0].verdict, report.summary.exit_code), (Verdict::Inconclusive, 3));
    assert_eq!(
        report.summary.diagnosis[0].text,
        "nothing is known to be wrong, but ipv6-enabled could not be judged: rtnetlink: Operation not permitted. Run v6check as root."
    );
}

#[test]
fn no_interface_is_not_well() {
    for interfaces in
        [json!({}), json!({"lo": {"left_out": "the loopback", "link": {"seen": link(65536)}}}), json!({"eth0": {"link": {"seen": link(1500)}}})]
    {
        let report = report(&interfaces);
        assert_eq!(report.summary.exit_code, 3);
        assert!(report.summary.diagnosis[0].text.starts_with("no interface was checked"), "{:?}", report.summary.diagnosis);
        assert!(report.interfaces.iter().all(|interface| interface.left_out.is_some()), "an interface without tenses is not a checked one");
    }
}

#[test]
fn requirements_that_follow_each_other_still_have_a_cause() {
    let requirements = vec![requirement("a", Level::Must, 1280, &["b"]), requirement("b", Level::Must, 1280, &["a", "b"])];
    let report = assemble(&facts(&json!({"eth0": checked(1)})), &selection(requirements), Counting::default());
    assert_eq!(report.summary.diagnosis[0].text.matches("switched off").count(), 1, "{:?}", report.summary.diagnosis);
}

#[test]
fn the_cause_decides_whose_fault_a_failure_is() {
    let mut requirements = vec![requirement("ipv6-enabled", Level::Must, 1280, &[])];
    let check = &mut requirements[0].check;
    check.blame_by_cause.insert(Cause::Silence, Blame::Network);
    assert_eq!(
        (check.blame_of(Some(Cause::Silence)), check.blame_of(Some(Cause::Firewall)), check.blame_of(None)),
        (Blame::Network, Blame::Guest, Blame::Guest)
    );
    let report = assemble(&facts(&json!({"eth0": checked(1)})), &selection(requirements), Counting::default());
    assert_eq!(report.results[0].blame, Blame::Guest, "a failure without that cause");
}
