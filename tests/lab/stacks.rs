//! Guests of every network stack that Debian 12 can boot by: good, and each with the same breaks, made in the stack's own way where it has one.

use v6check::lab::{LabError, Range, Stack};

use crate::cells::{Cell, FORWARDING, NO_RA_TAKEN, stack};
use crate::expectation::{Deviation, FAIL, INCONCLUSIVE, NO_EXCHANGE_SEEN, NO_RA_SEEN, NO_REQUEST_SEEN, NO_RS_SEEN, PASS, SKIP};
use crate::scenes::{self, Scene};

/// What is done to a guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Break {
    /// Nothing.
    None,
    /// Its stack is set up not to take Router Advertisements.
    RasOff,
    /// Its stack is set up not to run DHCPv6.
    Dhcpv6Off,
    /// Hardening in the style of CIS: accept_ra=0 by sysctl.d, and in force. ifupdown writes another value at the next boot.
    Hardened,
    /// Something else, such as a container engine, made it forward.
    Forwarding,
    /// Its firewall lets in only what belongs to a connection of its own.
    FirewallClosed,
    /// Its client was killed once all was there.
    ClientKilled,
    /// Nothing is wrong with it, but its network leaves addresses to SLAAC: no Router Advertisement sets M, and nobody answers DHCPv6.
    SlaacSubnet,
}

/// What comes about in a guest in spite of its break.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reaches {
    route: bool,
    address: bool,
}

const BOTH: Reaches = Reaches { route: true, address: true };
const ROUTE: Reaches = Reaches { route: true, address: false };
const ADDRESS: Reaches = Reaches { route: false, address: true };
const NEITHER: Reaches = Reaches { route: false, address: false };

const HARDENING: &str = "# CIS 3.3.9\nnet.ipv6.conf.all.accept_ra = 0\nnet.ipv6.conf.default.accept_ra = 0\nnet.ipv6.conf.eth0.accept_ra = 0\n";

const CLOSED: &str = "table inet filter {\n chain input {\n  type filter hook input priority filter; policy drop;\n  iif lo accept\n  \
                      ct state established,related accept\n }\n}\n";

/// Builds the guest.
pub(crate) fn build(stack: Stack, broken: Break, reaches: Reaches) -> Result<Scene, LabError> {
    let range = if broken == Break::SlaacSubnet { Range::Slaac } else { Range::Stateful };
    let (link, mut guest, _) = scenes::plugged(range)?;
    match broken {
        Break::None | Break::ClientKilled | Break::SlaacSubnet => {}
        Break::RasOff => guest.nic("eth0")?.ras = false,
        Break::Dhcpv6Off => guest.nic("eth0")?.dhcpv6 = false,
        Break::Hardened => {
            guest.write("etc/sysctl.d/60-hardening.conf", HARDENING)?;
            guest.namespace().set(&[("ipv6/conf/all/accept_ra", 0), ("ipv6/conf/default/accept_ra", 0), ("ipv6/conf/eth0/accept_ra", 0)])?;
        }
        Break::Forwarding => guest.namespace().set(&[("ipv6/conf/all/forwarding", 1)])?,
        Break::FirewallClosed => {
            guest.write("etc/nftables.conf", CLOSED)?;
            guest.enable("nftables.service")?;
            guest.namespace().nft(CLOSED)?;
        }
    }
    guest.boot_by(stack)?;
    if reaches.route {
        guest.wait_for_default_route("eth0")?;
    }
    if reaches.address {
        guest.wait_for_global("eth0")?;
    }
    if broken == Break::ClientKilled {
        guest.kill_clients()?;
    }
    if reaches.route && reaches.address { Ok(Scene::on(link, guest)) } else { Scene::lacking(link, guest) }
}

/// A good guest.
pub(crate) fn good(stack: Stack) -> Result<Scene, LabError> {
    build(stack, Break::None, BOTH)
}

const WITHOUT_DHCLIENT: Deviation = ("dhclient-prefix-length-fix", "*", SKIP, "");

/// udhcpc6 makes up an IAID each time it starts and tells nobody, so the network cannot be asked what it would offer this client.
const IAID_UNKNOWN: [Deviation; 3] = [
    ("dhcpv6-address-as-offered", "*", INCONCLUSIVE, "not known"),
    ("network-dhcpv6-offer", "*", INCONCLUSIVE, "not known"),
    ("network-single-server", "*", INCONCLUSIVE, "not known"),
];

/// What is so on every guest of a stack, good or broken.
pub(crate) fn of_every_guest(stack: Stack, broken: Break) -> Vec<Deviation> {
    let mut all = Vec::new();
    if stack != Stack::Ifupdown {
        all.push(WITHOUT_DHCLIENT);
    }
    // Of the others, dhcpcd keeps a DUID with a MAC address in it.
    if stack == Stack::Dhcpcd && !matches!(broken, Break::Dhcpv6Off | Break::ClientKilled) {
        all.push(("duid-of-this-guest", "*", PASS, ""));
    }
    if stack != Stack::Dhcpcd && broken == Break::ClientKilled {
        all.push(("duid-of-this-guest", "*", SKIP, "no dhcpv6 client"));
    }
    if stack == Stack::Udhcpc6 && broken != Break::Dhcpv6Off {
        all.extend(IAID_UNKNOWN);
    }
    all
}

/// Whoever takes Router Advertisements is told to take none, with the word that tells it.
const fn takes_none(word: &'static str) -> [Deviation; 7] {
    [
        ("ra-accept-intended", "*", FAIL, word),
        ("ra-accepted", "*", FAIL, word),
        ("ra-default-route", "*", FAIL, ""),
        ("ra-solicited", "*", SKIP, ""),
        ("rs-outlasts-late-link", "*", SKIP, ""),
        NO_RS_SEEN,
        NO_RA_SEEN,
    ]
}

/// Nothing runs DHCPv6, as these words of its files have it.
const fn no_dhcpv6(word: &'static str) -> [Deviation; 7] {
    [
        ("dhcpv6-intended", "*", FAIL, word),
        ("dhcpv6-client-running", "*", FAIL, ""),
        ("dhcpv6-address", "*", FAIL, "no dhcpv6 client"),
        ("dhcpv6-address-as-offered", "*", SKIP, ""),
        ("dhcpv6-prefix-length", "*", SKIP, ""),
        NO_REQUEST_SEEN,
        NO_EXCHANGE_SEEN,
    ]
}

/// As systemd-networkd does: without Router Advertisements it runs no DHCPv6 unless told to.
const NETPLAN_WITHOUT_RAS: &[Deviation] = &[
    ("ra-accept-intended", "*", FAIL, "accept-ra: false"),
    ("ra-accepted", "*", FAIL, "accept-ra: false"),
    ("ra-default-route", "*", FAIL, ""),
    ("ra-solicited", "*", SKIP, ""),
    ("rs-outlasts-late-link", "*", SKIP, ""),
    ("dhcpv6-intended", "*", FAIL, ""),
    ("dhcpv6-client-running", "*", FAIL, ""),
    ("dhcpv6-address", "*", FAIL, "no dhcpv6 client"),
    ("dhcpv6-address-as-offered", "*", SKIP, ""),
    ("dhcpv6-prefix-length", "*", SKIP, ""),
    NO_RS_SEEN,
    NO_RA_SEEN,
    NO_REQUEST_SEEN,
    NO_EXCHANGE_SEEN,
];

/// dhcpcd 9 installs a default route only once it has a global address for it.
const DHCPCD_WITHOUT_DHCPV6: &[Deviation] = &[
    ("ra-default-route", "*", FAIL, "global address"),
    ("dhcpv6-intended", "*", FAIL, "nodhcp6"),
    ("dhcpv6-client-running", "*", FAIL, ""),
    ("dhcpv6-address", "*", FAIL, "no dhcpv6 client"),
    ("dhcpv6-address-as-offered", "*", SKIP, ""),
    ("dhcpv6-prefix-length", "*", SKIP, ""),
    NO_RA_SEEN,
    NO_REQUEST_SEEN,
    NO_EXCHANGE_SEEN,
];

const DROPPED: [Deviation; 7] = [
    ("firewall-passes-ra", "*", FAIL, ""),
    ("firewall-passes-dhcpv6", "*", FAIL, ""),
    ("ra-accepted", "*", FAIL, "firewall"),
    ("ra-default-route", "*", FAIL, "firewall"),
    ("ra-solicited", "*", SKIP, ""),
    ("rs-outlasts-late-link", "*", SKIP, ""),
    NO_RA_SEEN,
];

/// The firewall drops the answers too, and the client asks all the same.
const ALL_DROPPED: &[Deviation] = &[
    DROPPED[0],
    DROPPED[1],
    DROPPED[2],
    DROPPED[3],
    DROPPED[4],
    DROPPED[5],
    DROPPED[6],
    ("dhcpv6-address", "*", FAIL, "firewall"),
    ("dhcpv6-address-as-offered", "*", SKIP, ""),
    ("dhcpv6-prefix-length", "*", SKIP, ""),
    NO_EXCHANGE_SEEN,
    // Of dhcpcd, which serves IPv4 as well, a process shows no request.
    NO_REQUEST_SEEN,
];

/// The firewall drops Router Advertisements, and the client waits for one.
const WAITING: &[Deviation] = &[
    DROPPED[0],
    DROPPED[1],
    DROPPED[2],
    DROPPED[3],
    DROPPED[4],
    DROPPED[5],
    DROPPED[6],
    ("dhcpv6-client-running", "*", SKIP, "firewall"),
    ("dhcpv6-address", "*", FAIL, "firewall"),
    ("dhcpv6-address-as-offered", "*", SKIP, ""),
    ("dhcpv6-prefix-length", "*", SKIP, ""),
    NO_REQUEST_SEEN,
    NO_EXCHANGE_SEEN,
];

/// What was learned is still there, and nobody renews it.
const KILLED: &[Deviation] = &[
    ("ra-accepted", "*", FAIL, "no program handles them"),
    ("ra-solicited", "*", SKIP, ""),
    ("rs-outlasts-late-link", "*", SKIP, ""),
    ("dhcpv6-client-running", "*", FAIL, ""),
];

const CLIENT_KILLED: &[Deviation] = &[("dhcpv6-client-running", "*", FAIL, "")];

/// The network's faults, and a client that rightly does not run, or runs and rightly asks nobody.
const SLAAC: [Deviation; 10] = [
    NO_REQUEST_SEEN,
    NO_EXCHANGE_SEEN,
    ("network-managed-flag", "*", FAIL, "m=0"),
    ("network-no-slaac-prefix", "*", FAIL, ""),
    ("network-no-on-link-prefix", "*", FAIL, ""),
    ("network-dhcpv6-offer", "*", FAIL, "no dhcpv6 server answers"),
    ("dhcpv6-address", "*", INCONCLUSIVE, "no dhcpv6 server answers"),
    ("dhcpv6-address-as-offered", "*", SKIP, ""),
    ("dhcpv6-prefix-length", "*", SKIP, ""),
    ("dhcpv6-client-running", "*", SKIP, "none does here"),
];

macro_rules! cells {
    ($($name:literal $stack:ident $broken:ident $reaches:ident $exit:literal $deviations:expr;)*) => {
        /// All of them. What a row does not name must be as on the good guest.
        pub(crate) const CELLS: &[Cell] = &[$(stack($name, (Stack::$stack, Break::$broken), $reaches, $exit, $deviations)),*];
    };
}

cells! {
    "dhclient-good" Ifupdown None BOTH 0 &[];
    "dhclient-ras-off" Ifupdown RasOff ADDRESS 1 &takes_none("accept_ra");
    "dhclient-dhcpv6-off" Ifupdown Dhcpv6Off ROUTE 1 WITHOUT_STANZA;
    "dhclient-hardened" Ifupdown Hardened ADDRESS 1 NO_RA_TAKEN;
    "dhclient-forwarding" Ifupdown Forwarding ADDRESS 1 FORWARDING;
    "dhclient-firewall-closed" Ifupdown FirewallClosed NEITHER 1 ALL_DROPPED.split_at(11).0;
    "dhclient-killed" Ifupdown ClientKilled BOTH 0 CLIENT_KILLED;

    "dhcpcd-good" Dhcpcd None BOTH 0 &[];
    "dhcpcd-ras-off" Dhcpcd RasOff ADDRESS 1 &[("ra-default-route", "*", FAIL, ""), NO_RA_SEEN];
    "dhcpcd-dhcpv6-off" Dhcpcd Dhcpv6Off NEITHER 1 DHCPCD_WITHOUT_DHCPV6;
    "dhcpcd-hardened" Dhcpcd Hardened BOTH 0 &[];
    "dhcpcd-forwarding" Dhcpcd Forwarding BOTH 0 &[];
    "dhcpcd-firewall-closed" Dhcpcd FirewallClosed NEITHER 1 ALL_DROPPED;
    "dhcpcd-killed" Dhcpcd ClientKilled BOTH 1 KILLED;
    "dhcpcd-slaac-subnet" Dhcpcd SlaacSubnet BOTH 3 SLAAC.split_at(9).0;

    "networkd-good" Networkd None BOTH 0 &[];
    "networkd-ras-off" Networkd RasOff ADDRESS 1 &takes_none("ipv6acceptra=no");
    "networkd-dhcpv6-off" Networkd Dhcpv6Off ROUTE 1 &no_dhcpv6("dhcpv6client=no");
    "networkd-hardened" Networkd Hardened BOTH 0 &[];
    "networkd-forwarding" Networkd Forwarding BOTH 0 &[];
    "networkd-firewall-closed" Networkd FirewallClosed NEITHER 1 WAITING;
    "networkd-killed" Networkd ClientKilled BOTH 1 KILLED;
    "networkd-slaac-subnet" Networkd SlaacSubnet BOTH 3 &SLAAC;

    "netplan-good" Netplan None BOTH 0 &[];
    "netplan-ras-off" Netplan RasOff NEITHER 1 NETPLAN_WITHOUT_RAS;
    "netplan-dhcpv6-off" Netplan Dhcpv6Off ROUTE 1 &no_dhcpv6("dhcpv6client=no");
    "netplan-hardened" Netplan Hardened BOTH 0 &[];
    "netplan-forwarding" Netplan Forwarding BOTH 0 &[];
    "netplan-firewall-closed" Netplan FirewallClosed NEITHER 1 WAITING;
    "netplan-killed" Netplan ClientKilled BOTH 1 KILLED;

    "networkmanager-good" NetworkManager None BOTH 0 &[];
    "networkmanager-ras-off" NetworkManager RasOff ADDRESS 1 &takes_none("method=dhcp");
    "networkmanager-dhcpv6-off" NetworkManager Dhcpv6Off ROUTE 1 &no_dhcpv6("method=ignore");
    "networkmanager-hardened" NetworkManager Hardened BOTH 0 &[];
    "networkmanager-forwarding" NetworkManager Forwarding BOTH 0 &[];
    "networkmanager-firewall-closed" NetworkManager FirewallClosed NEITHER 1 WAITING;
    "networkmanager-killed" NetworkManager ClientKilled BOTH 1 KILLED;
    "networkmanager-slaac-subnet" NetworkManager SlaacSubnet BOTH 3 &SLAAC;

    "udhcpc6-good" Udhcpc6 None BOTH 3 &[];
    "udhcpc6-ras-off" Udhcpc6 RasOff ADDRESS 1 &takes_none("accept_ra");
    "udhcpc6-dhcpv6-off" Udhcpc6 Dhcpv6Off ROUTE 1 &no_dhcpv6("inet6 auto");
    "udhcpc6-hardened" Udhcpc6 Hardened ADDRESS 1 NO_RA_TAKEN;
    "udhcpc6-forwarding" Udhcpc6 Forwarding ADDRESS 1 FORWARDING;
    "udhcpc6-firewall-closed" Udhcpc6 FirewallClosed ADDRESS 1 &DROPPED;
    "udhcpc6-killed" Udhcpc6 ClientKilled BOTH 3 CLIENT_KILLED;
}

/// ifupdown without `inet6 dhcp`: there is no dhclient for DHCPv6 either.
const WITHOUT_STANZA: &[Deviation] = &[
    ("dhcpv6-intended", "*", FAIL, "ifupdown"),
    ("dhcpv6-client-running", "*", FAIL, ""),
    ("dhcpv6-address", "*", FAIL, "no dhcpv6 client"),
    ("dhcpv6-address-as-offered", "*", SKIP, ""),
    ("dhcpv6-prefix-length", "*", SKIP, ""),
    WITHOUT_DHCLIENT,
    NO_REQUEST_SEEN,
    NO_EXCHANGE_SEEN,
];
