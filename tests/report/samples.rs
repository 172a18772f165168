//! Reports built by hand: the good guest's, and what becomes of it by one deviation each.

use v6check::catalogue::{Blame, Level, Source};
use v6check::facts::{Host, Reason, ReasonKind, Run, Tense, Tool};
use v6check::judge::Verdict;
use v6check::report::{
    BootEntry, Causes, CheckResult, Counting, Evidence, InterfaceEntry, OwnerEntry, Report, SCHEMA, WaiverEntry, WaiverState, exit_code, summarize,
};
use v6check::story::{Actor, Told};

use Blame::{Guest, Network};
use Level::{Info, Must, Should};

struct Row(&'static str, Level, Blame, &'static str, &'static str, &'static str, &'static [&'static str]);

/// Requirements of an interface: id, level, blame, title, what is expected, what a good guest shows, what it follows.
const REQUIREMENTS: &[Row] = &[
    Row("ipv6-enabled", Must, Guest, "IPv6 is on for the interface", "IPv6 is on", "disable_ipv6=0, MTU 1500", &[]),
    Row(
        "network-router-advertisement",
        Must,
        Network,
        "A router answers our solicitation",
        "a valid RA",
        "an RA of fe80::ecee:eeff:feee:eeee, lifetime 30 s",
        &["ipv6-enabled"],
    ),
    Row("ra-accepted", Must, Guest, "Router Advertisements are accepted", "accept_ra=1", "accept_ra=1, forwarding=0", &["ipv6-enabled"]),
    Row(
        "ra-default-route",
        Must,
        Guest,
        "A default route is learned by RA",
        "a default route with protocol ra",
        "default via fe80::ecee:eeff:feee:eeee proto ra",
        &["ra-accepted", "network-router-advertisement"],
    ),
    Row("ra-solicited", Should, Guest, "Somebody solicits routers", "router_solicitations is not 0", "router_solicitations=-1", &["ipv6-enabled"]),
    Row("dhcpv6-client-running", Should, Guest, "One DHCPv6 client serves the interface", "one client", "dhclient (pid 512)", &[]),
    Row(
        "network-dhcpv6-offer",
        Must,
        Network,
        "A DHCPv6 server offers an address",
        "an Advertise with an address",
        "2001:db8:1::10 by the server 00:01:00:01:2a:3b:4c:5d:fa:16:3e:00:00:01",
        &["ipv6-enabled"],
    ),
    Row(
        "dhcpv6-address",
        Must,
        Guest,
        "An address assigned by DHCPv6 is held",
        "a global address by DHCPv6",
        "2001:db8:1::10/128, valid 86399 s",
        &["dhcpv6-client-running", "network-dhcpv6-offer"],
    ),
    Row("ipv4-address", Info, Guest, "An IPv4 address is there for troubleshooting", "an IPv4 address", "10.0.0.10", &[]),
];

pub(crate) fn causes() -> Causes {
    let rows: Vec<(&str, Vec<String>)> = REQUIREMENTS.iter().map(|row| (row.0, row.6.iter().map(|id| (*id).to_owned()).collect())).collect();
    Causes::new(rows.iter().map(|(id, follows)| (*id, follows.as_slice())))
}

pub(crate) fn run() -> Run {
    Run {
        image: None,
        capture: None,
        unread: Vec::new(),
        started: "2026-11-24T06:44:00.125Z".into(),
        elapsed_us: 312_480,
        uptime_cs: 4200,
        passive: false,
        thorough: false,
        timeout_ms: 5000,
        interrupted: None,
    }
}

pub(crate) fn interface(name: &str) -> InterfaceEntry {
    let owner = OwnerEntry { ra: Some("kernel".into()), dhcpv6: Some(vec!["dhclient".into()]) };
    InterfaceEntry { name: name.into(), mac: Some("fa:16:3e:00:00:01".into()), owner: Some(owner), left_out: None, assumed: None, never_given: None }
}

pub(crate) fn left_out(name: &str, why: &str) -> InterfaceEntry {
    InterfaceEntry { name: name.into(), mac: None, owner: None, left_out: Some(why.into()), assumed: None, never_given: None }
}

fn source(document: &str, section: &str) -> Source {
    Source { document: document.into(), section: section.into() }
}

fn good(row: &Row, interface: &str) -> CheckResult {
    let (tense, from) = if row.2 == Network { (Tense::Network, "frame 2, received") } else { (Tense::State, "rtnetlink") };
    CheckResult {
        id: row.0.into(),
        interface: Some(interface.into()),
        level: row.1,
        blame: row.2,
        verdict: Verdict::Pass,
        title: row.3.into(),
        expected: row.4.into(),
        seen: row.5.into(),
        message: row.5.into(),
        reason: None,
        reason_kind: ReasonKind::Other,
        evidence: vec![Evidence { tense, source: format!("{from}, {interface}"), value: row.5.into() }],
        remedy: None,
        script: None,
        goals: Vec::new(),
        waived: None,
        source: source("Calico for OpenStack: IPv6 in guests", "Guest configuration"),
    }
}

fn of_host() -> CheckResult {
    CheckResult {
        id: "recipe-literal-backticks".into(),
        interface: None,
        level: Must,
        blame: Guest,
        verdict: Verdict::Skip,
        title: "No line of the recipe was pasted with its backticks".into(),
        expected: String::new(),
        seen: String::new(),
        message: "does not apply: ISC dhclient is not installed".into(),
        reason: Some("does not apply: ISC dhclient is not installed".into()),
        reason_kind: ReasonKind::Other,
        evidence: Vec::new(),
        remedy: None,
        script: None,
        goals: Vec::new(),
        waived: None,
        source: source("Calico for OpenStack: IPv6 in guests", "Guest configuration"),
    }
}

/// A report with every requirement passed on each of `interfaces` that is checked.
pub(crate) fn report(interfaces: Vec<InterfaceEntry>) -> Report {
    let mut results = vec![of_host()];
    for entry in interfaces.iter().filter(|entry| entry.left_out.is_none()) {
        results.extend(REQUIREMENTS.iter().map(|row| good(row, &entry.name)));
    }
    let summary = summarize(&interfaces, &results, &causes(), &run(), Counting::default());
    Report {
        schema: SCHEMA.into(),
        name: "vm-1.example".into(),
        image: None,
        capture: None,
        boot: Vec::new(),
        waivers: Vec::new(),
        tool: Tool { name: "v6check".into(), version: "0.1.0".into() },
        host: Host { name: "vm-1.example".into(), kernel: "6.1.0-28-amd64".into(), distribution: "Debian GNU/Linux 12 (bookworm)".into() },
        profile: "calico".into(),
        started: run().started,
        elapsed_ms: 312,
        interfaces,
        results,
        summary,
    }
}

pub(crate) fn good_guest() -> Report {
    report(vec![interface("eth0"), left_out("docker0", "a bridge for containers"), left_out("lo", "the loopback")])
}

impl Change for Report {
    fn result(&mut self, id: &str, interface: &str) -> &mut CheckResult {
        self.results.iter_mut().find(|result| result.id == id && result.interface.as_deref() == Some(interface)).expect("there is such a result")
    }

    fn fails(mut self, id: &str, interface: &str, seen: &str, message: &str, remedy: &str) -> Self {
        let result = self.result(id, interface);
        result.verdict = Verdict::Fail;
        result.seen = seen.into();
        result.message = message.into();
        result.remedy = Some(remedy.into());
        self
    }

    fn undecided(mut self, id: &str, interface: &str, reason: impl Into<Reason>) -> Self {
        let reason = reason.into();
        let result = self.result(id, interface);
        result.verdict = Verdict::Inconclusive;
        result.expected.clear();
        result.seen.clear();
        result.evidence.clear();
        result.message.clone_from(&reason.text);
        result.reason = Some(reason.text);
        result.reason_kind = reason.kind;
        self
    }

    fn counted(mut self, counting: Counting) -> Self {
        self.summary = summarize(&self.interfaces, &self.results, &causes(), &run(), counting);
        assert_eq!(self.summary.exit_code, exit_code(&self.interfaces, &self.results, counting));
        self
    }
}

/// Deviations of a report. [`Change::counted`] ends them.
pub(crate) trait Change: Sized {
    fn result(&mut self, id: &str, interface: &str) -> &mut CheckResult;
    fn fails(self, id: &str, interface: &str, seen: &str, message: &str, remedy: &str) -> Self;
    fn undecided(self, id: &str, interface: &str, reason: impl Into<Reason>) -> Self;
    fn counted(self, counting: Counting) -> Self;
}

const SILENT_ROUTER: &str = "the network sends no RA, so there is nothing to accept";

fn no_accept_ra(report: Report, interface: &str) -> Report {
    let remedy = format!(
        "Write `accept_ra 1` in the stanza of {interface}:\n  iface {interface} inet6 dhcp\n    accept_ra 1\nThen run `ifdown {interface}; ifup {interface}`."
    );
    report.fails("ra-accepted", interface, "accept_ra=0, forwarding=0", "the kernel ignores Router Advertisements (accept_ra=0)", &remedy).fails(
        "ra-default-route",
        interface,
        "no default route by RA",
        "there is no default route by RA though a router offers one",
        "Mend ra-accepted.",
    )
}

pub(crate) fn guest_fault() -> Report {
    let mut report = no_accept_ra(good_guest(), "eth0");
    report.result("ra-solicited", "eth0").source = source("RFC 7559", "2");
    report
        .fails("ipv4-address", "eth0", "no IPv4 address", "no IPv4 address to log in by", "Add an IPv4 subnet.")
        .fails("ra-solicited", "eth0", "router_solicitations=0", "nobody solicits routers", "Set router_solicitations to -1.")
        .counted(Counting::default())
}

pub(crate) fn network_fault() -> Report {
    good_guest()
        .fails(
            "network-router-advertisement",
            "eth0",
            "silence for 5.0 s",
            "no router answers",
            "Look for dnsmasq on the compute host. It may be down.",
        )
        .undecided("ra-accepted", "eth0", SILENT_ROUTER)
        .undecided("ra-default-route", "eth0", SILENT_ROUTER)
        .counted(Counting::default())
}

pub(crate) fn inconclusive() -> Report {
    let raw = &Reason::new(ReasonKind::MissingPrivilege, "CAP_NET_RAW is missing");
    good_guest()
        .undecided("network-router-advertisement", "eth0", raw)
        .undecided("network-dhcpv6-offer", "eth0", raw)
        .undecided("ra-solicited", "eth0", "this kernel has no counter Icmp6OutRouterSolicits")
        .counted(Counting::default())
}

pub(crate) fn recommendation() -> Report {
    good_guest()
        .fails("ra-solicited", "eth0", "router_solicitations=0", "nobody solicits routers", "Set router_solicitations to -1.")
        .counted(Counting::default())
}

/// Text that breaks a terminal, a line, XML or a reader's trust.
pub(crate) const HOSTILE: &str = "a\0b \x1b[31mred\x1b[0m ]]> \u{fffe} <script>&amp;\"'</script> \u{202e}txt \u{9b}2J tab\there";

pub(crate) fn hostile() -> Report {
    let mut report = guest_fault();
    report.host.name = "vm\n2 pass, 0 fail".into();
    report.host.distribution = HOSTILE.into();
    report.interfaces[1].left_out = Some(HOSTILE.into());
    let long = "0123456789".repeat(500);
    let result = report.result("ra-accepted", "eth0");
    result.seen = HOSTILE.into();
    result.message = format!("{HOSTILE}\nPASS everything");
    result.evidence = vec![
        Evidence { tense: Tense::Intent, source: "/etc/network/interfaces:7".into(), value: long.clone() },
        Evidence { tense: Tense::Boot, source: HOSTILE.into(), value: format!("{long} ]]>\r\n") },
    ];
    report.undecided("dhcpv6-address", "eth0", HOSTILE).counted(Counting::default())
}

pub(crate) fn many_interfaces() -> Report {
    let names: Vec<String> = (0..64).map(|number| format!("eth{number:02}")).collect();
    let mut report = report(names.iter().map(|name| interface(name)).collect());
    report.results.retain(|result| ["ra-accepted", "ra-default-route", "dhcpv6-address"].contains(&result.id.as_str()));
    for name in &names[2..10] {
        report = no_accept_ra(report, name);
    }
    for (number, name) in names.iter().enumerate().skip(20).take(6) {
        let seen = format!("2001:db8:1::{number:x}, deprecated");
        let message = format!("2001:db8:1::{number:x} is deprecated");
        report = report.fails("dhcpv6-address", name, &seen, &message, "Restart the DHCPv6 client.");
    }
    // A waiver is for this one alone, and so is said of it alone.
    report.result("dhcpv6-address", "eth24").waived = Some("is to be renumbered".into());
    report = report.undecided("dhcpv6-address", "eth63", Reason::new(ReasonKind::MissingPrivilege, "CAP_NET_RAW is missing"));
    let result = report.result("dhcpv6-address", "eth62");
    result.verdict = Verdict::Skip;
    result.reason = Some("does not apply: no DHCPv6 client".into());
    report.counted(Counting::default())
}

pub(crate) fn no_interface() -> Report {
    report(vec![left_out("lo", "the loopback")])
}

/// A waived failure, a waiver that waives nothing and one past its end.
pub(crate) fn waived() -> Report {
    let mut report = no_accept_ra(good_guest(), "eth0");
    let entry = |id: &str, state| WaiverEntry {
        id: id.into(),
        interface: "eth*".into(),
        reason: "static routes here, ticket 4711".into(),
        expires: Some("2026-12-31".into()),
        state,
    };
    report.result("ra-accepted", "eth0").waived = Some("static routes here, ticket 4711".into());
    report.waivers =
        vec![entry("ra-accepted", WaiverState::Used), entry("dhcpv6-*", WaiverState::Unused), entry("ipv4-address", WaiverState::Expired)];
    report.counted(Counting::default())
}

/// A guest whose boot was recorded: nobody answers its Solicits for long, and the server that does is hostile.
pub(crate) fn recorded() -> Report {
    let mut report = good_guest();
    let told =
        |at_us, from, to, kind: &str, text: &str| Told { at_us, from, to, kind: kind.into(), text: text.into(), fields: serde_json::Map::new() };
    let solicit = |at_us| told(at_us, Actor::Guest, Actor::Server, "solicit", "Solicit xid 1a2b3c IA 1");
    let mut events = vec![told(2_000_000, Actor::Kernel, Actor::Guest, "link", "link up")];
    events.push(told(3_000_000, Actor::Guest, Actor::Router, "router_solicitation", "RS"));
    events.extend([4, 5, 7, 11].map(|second| solicit(second * 1_000_000)));
    let hostile = "Advertise refuses: UnspecFail \"\x1b[2J\n<script>]]>\u{202e}\u{e9}\"";
    events.push(told(11_500_000, Actor::Server, Actor::Guest, "advertise", hostile));
    report.boot = vec![BootEntry {
        interface: "eth0".into(),
        file: "/run/v6check/boot.pcapng".into(),
        began: "2026-11-24T05:54:00Z".into(),
        events,
        left_out: 0,
    }];
    report
}

/// Every golden report by the name of its files.
pub(crate) fn all() -> Vec<(&'static str, Report)> {
    vec![
        ("good-guest", good_guest()),
        ("guest-fault", guest_fault()),
        ("network-fault", network_fault()),
        ("inconclusive", inconclusive()),
        ("recommendation", recommendation()),
        ("hostile-text", hostile()),
        ("many-interfaces", many_interfaces()),
        ("no-interface", no_interface()),
        ("waived", waived()),
        ("recorded", recorded()),
    ]
}
