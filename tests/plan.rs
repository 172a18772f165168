//! The plan: which links are NICs to this guest, what is sent, and that its prose fits a terminal.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::time::Duration;

use v6check::facts::{Link, LinkKind, Observed, Reason, ReasonKind, Tense};
use v6check::plan::{Plan, PlanError, Survey, SurveyedLink, Wanted, plan};

fn survey(links: &[(&str, SurveyedLink)]) -> Survey {
    let links = links.iter().map(|(name, link)| ((*name).to_owned(), link.clone())).collect();
    Survey { links, raw_sockets: Observed::Seen(()) }
}

fn link(index: u32, kind: LinkKind) -> SurveyedLink {
    let link = Link { index, mac: None, permanent_mac: None, kind, up: true, carrier: true, mtu: 1500, master: None, lower: None };
    SurveyedLink { link, configured: false }
}

fn device(index: u32) -> SurveyedLink {
    link(index, LinkKind::Device)
}

fn of_kind(index: u32, kind: &str) -> SurveyedLink {
    link(index, LinkKind::Virtual(kind.into()))
}

fn port_of(master: u32, mut surveyed: SurveyedLink) -> SurveyedLink {
    surveyed.link.master = Some(master);
    surveyed
}

fn on(lower: Option<u32>, mut surveyed: SurveyedLink) -> SurveyedLink {
    surveyed.link.lower = lower;
    surveyed
}

fn down(mut surveyed: SurveyedLink) -> SurveyedLink {
    surveyed.link.up = false;
    surveyed
}

fn wanted(interfaces: &[&str]) -> Wanted {
    let interfaces = interfaces.iter().map(|name| (*name).to_owned()).collect();
    Wanted { interfaces, passive: false, thorough: false, timeout: Duration::from_secs(5), boot: None, nics: None }
}

fn all_tenses() -> BTreeSet<Tense> {
    BTreeSet::from([Tense::Intent, Tense::State, Tense::Network])
}

fn by_default(survey: &Survey) -> Plan {
    plan(survey, &wanted(&[]), &all_tenses()).unwrap()
}

/// The reason why each link is left out, in the order of `links`; empty for one that is checked.
fn reasons(links: &[(&str, SurveyedLink)]) -> Vec<String> {
    let plan = by_default(&survey(links));
    links.iter().map(|(name, _)| plan.interfaces[*name].left_out.clone().unwrap_or_default()).collect()
}

#[test]
fn devices_and_veths_with_the_other_end_elsewhere_are_nics() {
    let far = link(3, LinkKind::Veth { peer_elsewhere: true });
    let near = link(4, LinkKind::Veth { peer_elsewhere: false });
    assert_eq!(
        reasons(&[("lo", link(1, LinkKind::Loopback)), ("eth0", far.clone()), ("veth0", near)]),
        ["loopback", "", "a veth whose other end is in this namespace"]
    );
    let mut addressed = far;
    addressed.configured = true;
    assert_eq!(reasons(&[("eth0", device(2)), ("eth1", addressed)]), ["", ""]);
}

/// A host of containers that routes to them has one veth for each, with a link-local address only.
#[test]
fn veths_of_routed_containers_beside_a_nic_are_left_out() {
    let container = || link(3, LinkKind::Veth { peer_elsewhere: true });
    let reason = "a veth without an address beside a NIC: a container's end, most likely";
    assert_eq!(reasons(&[("eth0", device(2)), ("cali1", container()), ("cali2", container())]), ["", reason, reason]);
    assert_eq!(reasons(&[("eth0", down(device(2))), ("eth1", container())])[1], "");
}

fn configured(mut surveyed: SurveyedLink) -> SurveyedLink {
    surveyed.configured = true;
    surveyed
}

#[test]
fn a_bridge_that_stands_for_its_nic_is_checked() {
    let container = |index, master| port_of(master, link(index, LinkKind::Veth { peer_elsewhere: true }));
    let not_a_nic = "a bridge of this host, not a NIC";
    // With the address of its NIC; beside it one of containers.
    let docker = configured(of_kind(6, "bridge"));
    let links = [("br0", configured(of_kind(3, "bridge"))), ("docker0", docker.clone()), ("eth0", port_of(3, device(4))), ("veth1", container(5, 6))];
    assert_eq!(reasons(&links), ["", not_a_nic, "port of br0", "port of docker0"]);
    // Without an address, where nothing else of the guest has one.
    let links = [("br0", of_kind(3, "bridge")), ("eth0", port_of(3, device(4)))];
    assert_eq!(reasons(&links), ["", "port of br0"]);
    // One that only carries the frames of virtual machines.
    let links = [("br0", of_kind(3, "bridge")), ("eth0", port_of(3, device(4))), ("eth1", configured(device(5)))];
    assert_eq!(reasons(&links), [not_a_nic, "port of br0", ""]);
    // Over a bond.
    let links = [("br0", configured(of_kind(3, "bridge"))), ("bond0", port_of(3, of_kind(7, "bond"))), ("eth0", port_of(7, device(4)))];
    assert_eq!(reasons(&links), ["", "port of br0", "port of bond0"]);
    // Open vSwitch: all ports are below one link.
    let switch = |index| of_kind(index, "openvswitch");
    let links =
        [("br-ex", configured(switch(3))), ("br-int", switch(4)), ("ovs-system", switch(5)), ("eth0", port_of(5, device(6))), ("virbr0", docker)];
    assert_eq!(reasons(&links), ["", not_a_nic, not_a_nic, "port of ovs-system", not_a_nic]);
}

#[test]
fn a_bridge_and_its_ports_are_left_out() {
    let container = port_of(2, link(3, LinkKind::Veth { peer_elsewhere: true }));
    let links = [("docker0", of_kind(2, "bridge")), ("veth1", container), ("eth0", device(4))];
    assert_eq!(reasons(&links), ["a bridge of this host, not a NIC", "port of docker0", ""]);
}

#[test]
fn a_bond_of_nics_stands_for_its_ports() {
    let links = [("bond0", of_kind(2, "bond")), ("eth0", port_of(2, device(3))), ("eth1", port_of(2, device(4))), ("bond1", of_kind(5, "bond"))];
    assert_eq!(reasons(&links), ["", "port of bond0", "port of bond0", "a bond without a port that is a NIC"]);
}

#[test]
fn links_on_nics_are_nics() {
    let links = [
        ("eth0", device(2)),
        ("br0", of_kind(3, "bridge")),
        ("eth0.7", on(Some(2), of_kind(4, "vlan"))),
        ("br0.7", on(Some(3), of_kind(5, "vlan"))),
        ("eth0.7.8", on(Some(4), of_kind(6, "vlan"))),
        ("macvlan0", on(None, of_kind(7, "macvlan"))),
        ("ipvlan0", on(None, of_kind(8, "ipvlan"))),
    ];
    assert_eq!(reasons(&links), ["", "a bridge of this host, not a NIC", "", "a vlan on br0, which is no NIC", "", "", ""]);
}

#[test]
fn links_that_stand_on_each_other_end_the_walk() {
    let links = [("a", on(Some(2), of_kind(1, "vlan"))), ("b", on(Some(1), of_kind(2, "vlan")))];
    assert_eq!(reasons(&links), ["a vlan on b, which is no NIC", "a vlan on a, which is no NIC"]);
}

#[test]
fn a_vrf_leaves_its_links_what_they_are() {
    let links = [("vrf0", of_kind(2, "vrf")), ("eth0", port_of(2, device(3)))];
    assert_eq!(reasons(&links), ["a virtual device (vrf), not a NIC", ""]);
}

#[test]
fn tunnels_and_virtual_devices_are_left_out() {
    let links = [("tun0", of_kind(2, "tun")), ("wg0", of_kind(3, "wireguard")), ("ifb0", of_kind(4, "ifb")), ("x", of_kind(5, "invented"))];
    assert_eq!(
        reasons(&links),
        ["a tunnel (tun)", "a tunnel (wireguard)", "a virtual device (ifb), not a NIC", "a virtual device (invented), not a NIC"]
    );
}

/// Each NIC of the guest is to ask for its address: one that nothing brings up is at fault, whatever else is up.
#[test]
fn a_hardware_nic_is_checked_though_it_is_down() {
    assert_eq!(reasons(&[("lo", link(1, LinkKind::Loopback)), ("eth0", down(device(2))), ("eth1", device(3))]), ["loopback", "", ""]);
    assert_eq!(reasons(&[("eth0", down(device(2))), ("eth1", down(device(3))), ("x", of_kind(4, "dummy"))])[..2], ["", ""]);
    assert_eq!(
        reasons(&[("eth0", port_of(3, down(device(2)))), ("bond0", of_kind(3, "bond"))]),
        ["port of bond0", ""],
        "a port's frames are its bundle's"
    );
}

#[test]
fn what_is_made_of_others_is_left_out_while_it_is_down_without_an_address() {
    let veth = || down(link(4, LinkKind::Veth { peer_elsewhere: true }));
    let vlan = || down(on(Some(2), of_kind(5, "vlan")));
    assert_eq!(reasons(&[("eth0", veth())]), ["down and without an address"]);
    assert_eq!(reasons(&[("eth0", device(2)), ("eth0.7", vlan())]), ["", "down and without an address"]);
    assert_eq!(reasons(&[("eth0", device(2)), ("eth0.7", SurveyedLink { configured: true, ..vlan() })]), ["", ""]);
}

#[test]
fn a_name_overrides_what_is_left_out_by_default() {
    let survey = survey(&[("lo", link(1, LinkKind::Loopback)), ("eth0", device(2)), ("br0", down(of_kind(3, "bridge")))]);
    let plan = plan(&survey, &wanted(&["br0", "br0"]), &all_tenses()).unwrap();
    let left_out: Vec<_> = plan.interfaces.values().map(|planned| planned.left_out.as_deref()).collect();
    assert_eq!(left_out, [None, Some("not asked for"), Some("not asked for")]);
}

#[test]
fn a_name_that_does_not_exist_is_an_error_that_names_those_that_do() {
    let survey = survey(&[("lo", link(1, LinkKind::Loopback)), ("eth0", device(2)), ("\u{1b}c", device(3))]);
    let error = plan(&survey, &wanted(&["eth0", "eht1"]), &all_tenses()).unwrap_err();
    assert_eq!(error.to_string(), "there is no interface \"eht1\"; there are: \"\\u{1b}c\", eth0, lo");
}

#[test]
fn the_loopback_is_refused() {
    let survey = survey(&[("lo", link(1, LinkKind::Loopback))]);
    assert_eq!(plan(&survey, &wanted(&["lo"]), &all_tenses()).unwrap_err(), PlanError::Loopback("lo".into()));
}

#[test]
fn nothing_is_sent_for_a_reason() {
    let with = |passive, needs: &[Tense], raw_sockets| {
        let survey = Survey { raw_sockets, ..survey(&[("eth0", device(2))]) };
        plan(&survey, &Wanted { passive, ..wanted(&[]) }, &needs.iter().copied().collect()).unwrap()
    };
    let network = [Tense::State, Tense::Network];
    let no_capability = || Observed::unknown("CAP_NET_RAW is missing");
    assert_eq!(with(false, &network, Observed::Seen(())).network, Observed::Seen(()));
    assert_eq!(with(true, &network, no_capability()).network, Observed::unknown(Reason::new(ReasonKind::Passive, "nothing was sent: --passive")));
    assert!(with(true, &network, no_capability()).passive);
    assert_eq!(with(false, &network, no_capability()).network, no_capability());
    assert_eq!(with(false, &[Tense::State], Observed::Seen(())).network, Observed::unknown("nothing was sent: no requirement needs the network"));
}

#[test]
fn the_prose_says_what_is_sent_and_fits_80_columns() {
    let survey = survey(&[("lo", link(1, LinkKind::Loopback)), ("eth0", device(2)), ("evil\u{1b}[2J", of_kind(3, "bridge"))]);
    let prose = by_default(&survey).to_string();
    for part in ["eth0", "loopback", "ff02::2", "ff02::1:2", "without Rapid Commit", "link-local address", "Nothing else is sent", "at most 5 s"] {
        assert!(prose.split_whitespace().collect::<Vec<_>>().join(" ").contains(part), "{part:?} is not in\n{prose}");
    }
    assert!(!prose.contains('\u{1b}'), "{prose:?}");
    assert!(prose.lines().all(|line| line.chars().count() <= 80), "{prose}");
}

#[test]
fn the_prose_of_a_passive_run_sends_nothing() {
    let survey = survey(&[("eth0", device(2))]);
    let prose = plan(&survey, &Wanted { passive: true, ..wanted(&[]) }, &all_tenses()).unwrap().to_string();
    assert!(prose.ends_with("\nNothing is sent (--passive).\n"), "{prose}");
    assert!(!prose.contains("ff02::"), "{prose}");
}
