//! The cells: one table of guests and of what must be said of them.

use v6check::lab::{LabError, Stack};

use crate::expectation::{Deviation, FAIL, INCONCLUSIVE, NO_EXCHANGE_SEEN, NO_RA_SEEN, NO_REQUEST_SEEN, NO_RS_SEEN, PASS, SKIP, compare};
use crate::scenes::{self, Scene};
use crate::stacks::{self, Break, Reaches};

/// The program under test.
pub(crate) const V6CHECK: &str = env!("CARGO_BIN_EXE_v6check");

/// One guest and what must be said of it.
pub(crate) struct Cell {
    pub(crate) name: &'static str,
    build: Builder,
    /// Goes before the program.
    wrapper: &'static [&'static str],
    arguments: &'static [&'static str],
    exit: i32,
    deviations: &'static [Deviation],
    /// Requirements, and words that their evidence must have.
    evidence: &'static [(&'static str, &'static str)],
}

/// How a guest is built.
enum Builder {
    /// By a scene of its own.
    Scene(fn() -> Result<Scene, LabError>),
    /// By a network stack, with what is done to it and what comes about in spite of that.
    Stack(Stack, Break, Reaches),
}

const fn cell(name: &'static str, build: fn() -> Result<Scene, LabError>, exit: i32, deviations: &'static [Deviation]) -> Cell {
    Cell { name, build: Builder::Scene(build), wrapper: &[], arguments: &[], exit, deviations, evidence: &[] }
}

/// A guest that `stack` boots.
pub(crate) const fn stack(name: &'static str, by: (Stack, Break), reaches: Reaches, exit: i32, deviations: &'static [Deviation]) -> Cell {
    Cell { name, build: Builder::Stack(by.0, by.1, reaches), wrapper: &[], arguments: &[], exit, deviations, evidence: &[] }
}

impl Cell {
    const fn with(self, arguments: &'static [&'static str]) -> Self {
        Self { arguments, ..self }
    }

    const fn seen_in(self, evidence: &'static [(&'static str, &'static str)]) -> Self {
        Self { evidence, ..self }
    }

    const fn under(self, wrapper: &'static [&'static str]) -> Self {
        Self { wrapper, ..self }
    }
}

const WITHOUT_RAW_SOCKETS: &[&str] = &["setpriv", "--bounding-set=-net_raw", "--inh-caps=-net_raw"];

pub(crate) const NO_RA_TAKEN: &[Deviation] = &[
    ("ra-accepted", "*", FAIL, "though /etc/network/interfaces"),
    ("ra-default-route", "*", FAIL, ""),
    ("ra-solicited", "*", SKIP, ""),
    ("rs-outlasts-late-link", "*", SKIP, ""),
    NO_RS_SEEN,
    NO_RA_SEEN,
];

pub(crate) const FORWARDING: &[Deviation] = &[
    ("ra-accept-intended", "*", FAIL, "must be 2"),
    ("ra-accepted", "*", FAIL, "forwarding"),
    ("ra-default-route", "*", FAIL, ""),
    ("ra-solicited", "*", SKIP, ""),
    ("rs-outlasts-late-link", "*", SKIP, ""),
    NO_RS_SEEN,
    NO_RA_SEEN,
];

/// It solicited before; and the route that it learned then is gone.
const FORWARDING_LATER: &[Deviation] =
    &[("rs-at-boot", "*", PASS, "since"), FORWARDING[0], FORWARDING[1], FORWARDING[2], FORWARDING[3], FORWARDING[4], NO_RA_SEEN];

const REFUSED: &[Deviation] = &[
    ("network-dhcpv6-offer", "*", FAIL, "noaddrsavail"),
    ("dhcpv6-address", "*", INCONCLUSIVE, "noaddrsavail"),
    ("dhcpv6-address-as-offered", "*", SKIP, ""),
    ("dhcpv6-prefix-length", "*", SKIP, ""),
    NO_EXCHANGE_SEEN,
];

/// Nothing was asked of the network, for a reason that has this word.
const fn network_unasked(word: &'static str) -> [Deviation; 8] {
    [
        ("dhcpv6-address-as-offered", "*", INCONCLUSIVE, word),
        ("network-router-advertisement", "*", INCONCLUSIVE, word),
        ("network-managed-flag", "*", INCONCLUSIVE, word),
        ("network-no-slaac-prefix", "*", INCONCLUSIVE, word),
        ("network-no-on-link-prefix", "*", INCONCLUSIVE, word),
        ("network-dhcpv6-offer", "*", INCONCLUSIVE, word),
        ("network-single-router", "*", INCONCLUSIVE, word),
        ("network-single-server", "*", INCONCLUSIVE, word),
    ]
}

const ROGUE: &[Deviation] = &[("network-single-router", "*", FAIL, ""), ("network-single-server", "*", FAIL, "")];

/// All of them. What a row does not name must be as on the good guest.
pub(crate) const CELLS: &[Cell] = &[
    cell("cell-01-good-guest", scenes::good, 0, &[]),
    cell("cell-01-good-guest-thorough", scenes::good, 0, &[("network-single-router", "*", PASS, ""), ("network-single-server", "*", PASS, "")])
        .with(&["--thorough"]),
    cell("cell-02-accept-ra-0", scenes::accept_ra_0, 1, NO_RA_TAKEN),
    cell("cell-03-forwarding-accept-ra-1", scenes::forwarding_accept_ra_1, 1, FORWARDING),
    cell("cell-03-forwarding-accept-ra-2", scenes::forwarding_accept_ra_2, 0, &[]),
    cell("cell-04-forwarding-later", scenes::forwarding_later, 1, FORWARDING_LATER),
    cell(
        "cell-05-length-64",
        scenes::length_64,
        1,
        &[
            ("dhcpv6-prefix-length", "*", FAIL, "/64"),
            ("no-implied-on-link-prefix", "*", FAIL, "2001:db8:1::/64"),
            ("dhclient-prefix-length-fix", "*", FAIL, ""),
        ],
    ),
    cell(
        "cell-06-no-client",
        scenes::no_client,
        1,
        &[
            ("dhcpv6-intended", "*", FAIL, "ifupdown"),
            ("dhcpv6-client-running", "*", FAIL, ""),
            ("dhcpv6-address", "*", FAIL, ""),
            ("dhcpv6-address-as-offered", "*", SKIP, ""),
            ("dhcpv6-prefix-length", "*", SKIP, ""),
            ("dhclient-prefix-length-fix", "*", SKIP, ""),
            NO_REQUEST_SEEN,
            NO_EXCHANGE_SEEN,
        ],
    ),
    cell(
        "cell-07-second-nic-without-client",
        scenes::two_nics,
        1,
        &[
            ("dhcpv6-intended", "eth1", FAIL, "ifupdown"),
            ("dhcpv6-client-running", "eth1", FAIL, ""),
            ("dhcpv6-address", "eth1", FAIL, ""),
            ("dhcpv6-address-as-offered", "eth1", SKIP, ""),
            ("dhcpv6-prefix-length", "eth1", SKIP, ""),
            ("dhclient-prefix-length-fix", "eth1", SKIP, ""),
            ("dhcpv6-at-boot", "eth1", INCONCLUSIVE, "nothing else shows"),
            ("dhcpv6-exchange-completed", "eth1", INCONCLUSIVE, "nothing else shows"),
        ],
    ),
    cell(
        "cell-08-ipv6-off",
        scenes::ipv6_off,
        1,
        &[
            ("ipv6-enabled", "*", FAIL, "disable_ipv6"),
            ("link-local-address", "*", SKIP, ""),
            ("ra-accepted", "*", SKIP, ""),
            ("firewall-passes-ra", "*", SKIP, ""),
            ("firewall-passes-dhcpv6", "*", SKIP, ""),
            ("settings-persistent", "*", SKIP, ""),
            ("ra-default-route", "*", SKIP, ""),
            ("ra-solicited", "*", SKIP, ""),
            ("rs-outlasts-late-link", "*", SKIP, ""),
            ("dhcpv6-client-running", "*", SKIP, ""),
            ("dhcpv6-address", "*", SKIP, ""),
            ("dhcpv6-address-as-offered", "*", SKIP, ""),
            ("dhcpv6-prefix-length", "*", SKIP, ""),
            ("no-implied-on-link-prefix", "*", SKIP, ""),
            ("dhclient-prefix-length-fix", "*", SKIP, ""),
            ("network-dhcpv6-offer", "*", INCONCLUSIVE, "link-local"),
            ("network-single-server", "*", INCONCLUSIVE, "link-local"),
            ("rs-at-boot", "*", SKIP, ""),
            ("ra-received-at-boot", "*", SKIP, ""),
            ("dad-before-use", "*", SKIP, ""),
            ("dhcpv6-at-boot", "*", SKIP, ""),
            ("dhcpv6-exchange-completed", "*", SKIP, ""),
        ],
    ),
    cell("cell-09-unknown-mac", scenes::unknown_mac, 3, REFUSED),
    cell("cell-10-rebuilt", scenes::rebuilt, 3, REFUSED),
    cell(
        "cell-10-rebuilt-without-client",
        scenes::rebuilt_without_client,
        1,
        &[
            ("network-dhcpv6-offer", "*", INCONCLUSIVE, "duid"),
            ("dhcpv6-intended", "*", FAIL, ""),
            ("dhcpv6-client-running", "*", FAIL, ""),
            ("dhcpv6-address", "*", INCONCLUSIVE, "noaddrsavail"),
            ("dhcpv6-address-as-offered", "*", SKIP, ""),
            ("dhcpv6-prefix-length", "*", SKIP, ""),
            ("dhclient-prefix-length-fix", "*", SKIP, ""),
            NO_REQUEST_SEEN,
            NO_EXCHANGE_SEEN,
        ],
    ),
    cell(
        "cell-10-duid-unknown",
        scenes::duid_unknown,
        3,
        &[
            ("network-dhcpv6-offer", "*", INCONCLUSIVE, "duid"),
            ("network-single-server", "*", INCONCLUSIVE, "duid"),
            ("duid-of-this-guest", "*", INCONCLUSIVE, "not known"),
            ("dhcpv6-address-as-offered", "*", INCONCLUSIVE, ""),
        ],
    ),
    cell(
        "cell-11-slaac-subnet",
        scenes::slaac,
        3,
        &[
            ("network-managed-flag", "*", FAIL, "m=0"),
            ("network-no-slaac-prefix", "*", FAIL, "2001:db8:1::/64"),
            ("network-no-on-link-prefix", "*", FAIL, "2001:db8:1::/64"),
            ("network-dhcpv6-offer", "*", FAIL, "no dhcpv6 server answers"),
            ("dhcpv6-address", "*", INCONCLUSIVE, "no dhcpv6 server answers"),
            ("dhcpv6-address-as-offered", "*", SKIP, ""),
            ("dhcpv6-prefix-length", "*", SKIP, ""),
            NO_EXCHANGE_SEEN,
        ],
    ),
    cell(
        "cell-12-nobody",
        scenes::nobody,
        3,
        &[
            ("ra-default-route", "*", INCONCLUSIVE, ""),
            ("network-router-advertisement", "*", FAIL, "no router"),
            ("network-managed-flag", "*", SKIP, ""),
            ("network-no-slaac-prefix", "*", SKIP, ""),
            ("network-no-on-link-prefix", "*", SKIP, ""),
            ("network-dhcpv6-offer", "*", FAIL, "no dhcpv6 server answers"),
            ("dhcpv6-address", "*", INCONCLUSIVE, "no dhcpv6 server answers"),
            ("dhcpv6-address-as-offered", "*", SKIP, ""),
            ("dhcpv6-prefix-length", "*", SKIP, ""),
            NO_RA_SEEN,
            NO_EXCHANGE_SEEN,
        ],
    ),
    cell(
        "cell-13-duplicate-removed",
        scenes::duplicate_removed,
        1,
        &[("dhcpv6-address", "*", FAIL, "duplicate"), ("dhcpv6-address-as-offered", "*", SKIP, ""), ("dhcpv6-prefix-length", "*", SKIP, "")],
    ),
    cell("cell-13-duplicate-marked", scenes::duplicate_marked, 1, &[("dhcpv6-address", "*", FAIL, "duplicate")]),
    cell(
        "cell-14-drops-dhcpv6",
        scenes::drops_dhcpv6,
        1,
        &[
            ("firewall-passes-dhcpv6", "*", FAIL, "no socket"),
            ("dhcpv6-address", "*", FAIL, "firewall"),
            ("dhcpv6-address-as-offered", "*", SKIP, ""),
            ("dhcpv6-prefix-length", "*", SKIP, ""),
            NO_EXCHANGE_SEEN,
        ],
    )
    .seen_in(&[("firewall-passes-dhcpv6", "AF_PACKET"), ("dhcpv6-address", "AF_PACKET"), ("dhcpv6-address", "/proc/net/dev_snmp6/eth0")]),
    cell(
        "cell-15-drops-ras",
        scenes::drops_ras,
        1,
        &[
            ("firewall-passes-ra", "*", FAIL, "no socket"),
            ("ra-accepted", "*", FAIL, "firewall"),
            ("ra-default-route", "*", FAIL, "firewall"),
            ("ra-solicited", "*", SKIP, ""),
            ("rs-outlasts-late-link", "*", SKIP, ""),
            NO_RA_SEEN,
        ],
    )
    .seen_in(&[
        ("ra-accepted", "AF_PACKET"),
        ("ra-accepted", "/proc/net/dev_snmp6/eth0"),
        ("ra-default-route", "AF_PACKET"),
        ("ra-default-route", "/proc/net/dev_snmp6/eth0"),
    ]),
    cell("cell-16-offer-changed", scenes::offer_changed, 1, &[("dhcpv6-address-as-offered", "*", FAIL, "2001:db8:1::11")]),
    cell("cell-17-rogue", scenes::rogue, 0, ROGUE).with(&["--thorough"]),
    cell("cell-17-rogue-strict", scenes::rogue, 3, ROGUE).with(&["--thorough", "--strict"]),
    cell("cell-17-rogue-strict-network-faults", scenes::rogue, 1, ROGUE).with(&["--thorough", "--strict", "--network-faults", "fail"]),
    cell("cell-18-no-raw-sockets", scenes::good, 3, &network_unasked("cap_net_raw")).under(WITHOUT_RAW_SOCKETS),
    cell("cell-19-passive", scenes::good, 3, &network_unasked("--passive")).with(&["--passive"]),
    cell("cell-20-plain-neutron", scenes::neutron, 0, &[("network-no-on-link-prefix", "*", FAIL, "2001:db8:1::/64")]),
    cell("cell-21-no-ipv4", scenes::no_ipv4, 0, &[("ipv4-address", "*", FAIL, "")]),
];

/// Whose fault the diagnosis of `nic` must name: the guest's before the network's, and nobody's for what is only told.
fn fault(cell: &Cell, nic: &str) -> Option<&'static str> {
    let of_network = |id: &str| id.starts_with("network-");
    let told_only = |id: &str| id == "ipv4-address";
    let faults = cell.deviations.iter().filter(|(id, on, verdict, _)| *verdict == FAIL && (*on == "*" || *on == nic) && !told_only(id));
    let faults: Vec<&str> = faults.map(|(id, ..)| *id).collect();
    if cell.exit == 3 && faults.iter().all(|id| *id == "dhcpv6-client-running") {
        // A recommendation only: what could not be judged goes before it.
        return None;
    }
    let faults: Vec<bool> = faults.into_iter().map(of_network).collect();
    (!faults.is_empty()).then(|| if faults.into_iter().all(|network| network) { "network" } else { "guest" })
}

/// Builds the cell's guest, runs v6check in it, and compares. The error tells every difference.
pub(crate) fn run(cell: &Cell) -> Result<(), String> {
    let built = match cell.build {
        Builder::Scene(build) => build(),
        Builder::Stack(stack, broken, reaches) => stacks::build(stack, broken, reaches),
    };
    let mut scene = built.map_err(|error| format!("the lab: {error}"))?;
    let command = [cell.wrapper, &[V6CHECK]].concat();
    let run = scene.guest.v6check(&command, cell.arguments).map_err(|error| error.to_string())?;
    let said = format!("exit code {:?}\n{}{}", run.code, run.stdout, run.stderr);
    let report = run.report.as_ref().ok_or_else(|| format!("no report: {said}"))?;
    let nics: Vec<String> = scene.guest.nics().iter().map(|nic| nic.name.clone()).collect();
    let nics: Vec<&str> = nics.iter().map(String::as_str).collect();
    let mut deviations = cell.deviations.to_vec();
    if let Builder::Stack(stack, broken, _) = cell.build {
        deviations.extend(stacks::of_every_guest(stack, broken));
    }
    let mut wrong = compare(report, &nics, &deviations).err();
    for (id, word) in cell.evidence {
        let mut results = report["results"].as_array().into_iter().flatten();
        if !results.any(|result| result["id"] == *id && result["evidence"].to_string().contains(word)) {
            wrong = Some(format!("{id}: its evidence has no {word:?}\n{}", wrong.unwrap_or_default()));
        }
    }
    for nic in &nics {
        let mut diagnoses = report["summary"]["diagnosis"].as_array().into_iter().flatten();
        let told = diagnoses.find(|diagnosis| diagnosis["interface"] == *nic).and_then(|diagnosis| diagnosis["fault"].as_str());
        if told != fault(cell, nic) {
            wrong = Some(format!("the diagnosis of {nic} blames {told:?} instead of {:?}\n{}", fault(cell, nic), wrong.unwrap_or_default()));
        }
    }
    if run.code != Some(cell.exit) {
        wrong = Some(format!("exit code {:?} instead of {}\n{}", run.code, cell.exit, wrong.unwrap_or_default()));
    }
    if report["summary"]["exit_code"] != cell.exit {
        wrong = Some(format!("the report's exit code is {}\n{}", report["summary"]["exit_code"], wrong.unwrap_or_default()));
    }
    wrong.map_or(Ok(()), |wrong| Err(format!("{wrong}\n\n{said}")))
}
