//! The cells: one table of guests and of what must be said of them.

use v6check_lab::Stack;
use v6check_lab::faults::{Fault, Scene, Whose};

use crate::expectation::{Deviation, FAIL, INCONCLUSIVE, NO_EXCHANGE_SEEN, NO_RA_SEEN, NO_REQUEST_SEEN, NO_RS_SEEN, PASS, SKIP, compare};
use crate::stacks;

/// The program under test.
pub(crate) const V6CHECK: &str = env!("CARGO_BIN_EXE_v6check");

/// One guest and what must be said of it.
pub(crate) struct Cell {
    pub(crate) name: &'static str,
    /// What is wrong with it, by the lab's name.
    fault: &'static str,
    /// What boots it.
    stack: Stack,
    /// Goes before the program.
    wrapper: &'static [&'static str],
    arguments: &'static [&'static str],
    exit: i32,
    deviations: &'static [Deviation],
    /// Requirements, and words that their evidence must have.
    evidence: &'static [(&'static str, &'static str)],
}

const fn cell(name: &'static str, fault: &'static str, exit: i32, deviations: &'static [Deviation]) -> Cell {
    stack(name, Stack::Ifupdown, fault, exit, deviations)
}

/// A guest that `stack` boots.
pub(crate) const fn stack(name: &'static str, stack: Stack, fault: &'static str, exit: i32, deviations: &'static [Deviation]) -> Cell {
    Cell { name, fault, stack, wrapper: &[], arguments: &[], exit, deviations, evidence: &[] }
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
    cell("cell-01-good-guest", "good", 0, &[]),
    cell("cell-01-good-guest-thorough", "good", 0, &[("network-single-router", "*", PASS, ""), ("network-single-server", "*", PASS, "")])
        .with(&["--thorough"]),
    cell("cell-02-accept-ra-0", "accept-ra-0", 1, NO_RA_TAKEN),
    cell("cell-03-forwarding-accept-ra-1", "forwarding", 1, FORWARDING),
    cell("cell-03-forwarding-accept-ra-2", "forwarding-accept-ra-2", 0, &[]),
    cell("cell-04-forwarding-later", "forwarding-later", 1, FORWARDING_LATER),
    cell(
        "cell-05-length-64",
        "length-64",
        1,
        &[
            ("dhcpv6-prefix-length", "*", FAIL, "/64"),
            ("no-implied-on-link-prefix", "*", FAIL, "2001:db8:1::/64"),
            ("dhclient-prefix-length-fix", "*", FAIL, ""),
        ],
    ),
    cell(
        "cell-06-no-client",
        "dhcpv6-off",
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
        "second-nic-silent",
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
        "ipv6-off",
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
    cell("cell-09-unknown-mac", "unknown-mac", 3, REFUSED),
    cell("cell-10-rebuilt", "rebuilt", 3, REFUSED),
    cell(
        "cell-10-rebuilt-without-client",
        "rebuilt-without-client",
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
        "duid-unknown",
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
        "slaac-subnet",
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
        "nobody-answers",
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
        "duplicate-removed",
        1,
        &[("dhcpv6-address", "*", FAIL, "duplicate"), ("dhcpv6-address-as-offered", "*", SKIP, ""), ("dhcpv6-prefix-length", "*", SKIP, "")],
    ),
    cell("cell-13-duplicate-marked", "duplicate-marked", 1, &[("dhcpv6-address", "*", FAIL, "duplicate")]),
    cell(
        "cell-14-drops-dhcpv6",
        "dhcpv6-dropped",
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
        "ra-dropped",
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
    cell("cell-16-offer-changed", "offer-changed", 1, &[("dhcpv6-address-as-offered", "*", FAIL, "2001:db8:1::1010")]),
    cell("cell-17-rogue", "rogue-router", 0, ROGUE).with(&["--thorough"]),
    cell("cell-17-rogue-strict", "rogue-router", 3, ROGUE).with(&["--thorough", "--strict"]),
    cell("cell-17-rogue-strict-network-faults", "rogue-router", 1, ROGUE).with(&["--thorough", "--strict", "--network-faults", "fail"]),
    cell("cell-18-no-raw-sockets", "good", 3, &network_unasked("cap_net_raw")).under(WITHOUT_RAW_SOCKETS),
    cell("cell-19-passive", "good", 3, &network_unasked("--passive")).with(&["--passive"]),
    cell("cell-20-plain-neutron", "plain-neutron", 0, &[("network-no-on-link-prefix", "*", FAIL, "2001:db8:1::/64")]),
    cell("cell-21-no-ipv4", "no-ipv4", 0, &[("ipv4-address", "*", FAIL, "")]),
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

/// What the lab's table says of a fault, for `v6check-lab demo` to go by, is what the cells of ifupdown expect; and each fault has such a cell.
pub(crate) fn table_agrees() -> Result<(), String> {
    let mut wrong = Vec::new();
    for of in v6check_lab::faults::ALL {
        let mut cells = CELLS.iter().chain(stacks::CELLS).filter(|cell| cell.fault == of.name && cell.stack == Stack::Ifupdown).peekable();
        if cells.peek().is_none() {
            wrong.push(format!("{}: no cell has it", of.name));
        }
        for cell in cells.filter(|cell| cell.wrapper.is_empty() && !cell.arguments.contains(&"--passive")) {
            if !of.told_by.is_empty() && !cell.deviations.iter().any(|(id, _, verdict, _)| *id == of.told_by && *verdict == FAIL) {
                wrong.push(format!("{}: {} does not fail in {}", of.name, of.told_by, cell.name));
            }
            let blamed: Vec<_> = ["eth0", "eth1"].into_iter().filter_map(|nic| fault(cell, nic)).collect();
            if blamed.iter().any(|blame| of.whose.map(Whose::word) != Some(*blame)) || blamed.is_empty() != of.whose.is_none() {
                wrong.push(format!("{}: it is {:?}, and {} blames {blamed:?}", of.name, of.whose, cell.name));
            }
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}

/// Builds the cell's guest, runs v6check in it, and compares. The error tells every difference.
pub(crate) fn run(cell: &Cell) -> Result<(), String> {
    let wanted = Fault::find(cell.fault).map_err(|error| error.to_string())?;
    let mut scene = Scene::one(wanted, cell.stack).map_err(|error| format!("the lab: {error}"))?;
    let command = [cell.wrapper, &[V6CHECK]].concat();
    let run = scene.guest().v6check(&command, cell.arguments).map_err(|error| error.to_string())?;
    let said = format!("exit code {:?}\n{}{}", run.code, run.stdout, run.stderr);
    let report = run.report.as_ref().ok_or_else(|| format!("no report: {said}"))?;
    let nics: Vec<String> = scene.guest().nics().iter().map(|nic| nic.name.clone()).collect();
    let nics: Vec<&str> = nics.iter().map(String::as_str).collect();
    let mut deviations = cell.deviations.to_vec();
    deviations.extend(stacks::of_every_guest(cell.stack, cell.fault));
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
