//! Guests of every network stack that Debian 12 can boot by: good, and each with the same breaks, made in the stack's own way where it has one.

use v6check_lab::faults::{Fault, Scene};
use v6check_lab::{LabError, Stack};

use crate::cells::{Cell, FORWARDING, NO_RA_TAKEN, stack};
use crate::expectation::{Deviation, FAIL, INCONCLUSIVE, NO_EXCHANGE_SEEN, NO_RA_SEEN, NO_REQUEST_SEEN, NO_RS_SEEN, PASS, SKIP};

/// A good guest.
pub(crate) fn good(stack: Stack) -> Result<Scene, LabError> {
    Scene::one(Fault::find("good")?, stack)
}

const WITHOUT_DHCLIENT: Deviation = ("dhclient-prefix-length-fix", "*", SKIP, "");

/// udhcpc6 makes up an IAID each time it starts and tells nobody, so the network cannot be asked what it would offer this client.
const IAID_UNKNOWN: [Deviation; 3] = [
    ("dhcpv6-address-as-offered", "*", INCONCLUSIVE, "not known"),
    ("network-dhcpv6-offer", "*", INCONCLUSIVE, "not known"),
    ("network-single-server", "*", INCONCLUSIVE, "not known"),
];

/// What is so on every guest of a stack, good or broken.
pub(crate) fn of_every_guest(stack: Stack, fault: &str) -> Vec<Deviation> {
    let mut all = Vec::new();
    if stack != Stack::Ifupdown {
        all.push(WITHOUT_DHCLIENT);
    }
    // Of the others, dhcpcd keeps a DUID with a MAC address in it.
    if stack == Stack::Dhcpcd && !["dhcpv6-off", "client-killed"].contains(&fault) {
        all.push(("duid-of-this-guest", "*", PASS, ""));
    }
    if stack != Stack::Dhcpcd && fault == "client-killed" {
        all.push(("duid-of-this-guest", "*", SKIP, "no dhcpv6 client"));
    }
    if stack == Stack::Udhcpc6 && fault != "dhcpv6-off" {
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
    LOST_LATER,
];

/// Its lifetime ends, and no client renews it.
const LOST_LATER: Deviation = ("dhcpv6-address", "*", FAIL, "no dhcpv6 client runs that renews it");

const CLIENT_KILLED: &[Deviation] = &[("dhcpv6-client-running", "*", FAIL, ""), LOST_LATER];

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
    ($($name:literal $stack:ident $fault:literal $exit:literal $deviations:expr;)*) => {
        /// All of them. What a row does not name must be as on the good guest.
        pub(crate) const CELLS: &[Cell] = &[$(stack($name, Stack::$stack, $fault, $exit, $deviations)),*];
    };
}

cells! {
    "dhclient-good" Ifupdown "good" 0 &[];
    "dhclient-ras-off" Ifupdown "ras-off" 1 &takes_none("accept_ra");
    "dhclient-dhcpv6-off" Ifupdown "dhcpv6-off" 1 WITHOUT_STANZA;
    "dhclient-hardened" Ifupdown "hardened" 1 NO_RA_TAKEN;
    "dhclient-forwarding" Ifupdown "forwarding" 1 FORWARDING;
    "dhclient-firewall-closed" Ifupdown "firewall-closed" 1 ALL_DROPPED.split_at(11).0;
    "dhclient-killed" Ifupdown "client-killed" 1 CLIENT_KILLED;

    "dhcpcd-good" Dhcpcd "good" 0 &[];
    "dhcpcd-ras-off" Dhcpcd "ras-off" 1 &[("ra-default-route", "*", FAIL, ""), NO_RA_SEEN];
    "dhcpcd-dhcpv6-off" Dhcpcd "dhcpv6-off" 1 DHCPCD_WITHOUT_DHCPV6;
    "dhcpcd-hardened" Dhcpcd "hardened" 0 &[];
    "dhcpcd-forwarding" Dhcpcd "forwarding" 0 &[];
    "dhcpcd-firewall-closed" Dhcpcd "firewall-closed" 1 ALL_DROPPED;
    "dhcpcd-killed" Dhcpcd "client-killed" 1 KILLED;
    "dhcpcd-slaac-subnet" Dhcpcd "slaac-subnet" 3 SLAAC.split_at(9).0;

    "networkd-good" Networkd "good" 0 &[];
    "networkd-ras-off" Networkd "ras-off" 1 &takes_none("ipv6acceptra=no");
    "networkd-dhcpv6-off" Networkd "dhcpv6-off" 1 &no_dhcpv6("dhcpv6client=no");
    "networkd-hardened" Networkd "hardened" 0 &[];
    "networkd-forwarding" Networkd "forwarding" 0 &[];
    "networkd-firewall-closed" Networkd "firewall-closed" 1 WAITING;
    "networkd-killed" Networkd "client-killed" 1 KILLED;
    "networkd-slaac-subnet" Networkd "slaac-subnet" 3 &SLAAC;

    "netplan-good" Netplan "good" 0 &[];
    "netplan-ras-off" Netplan "ras-off" 1 NETPLAN_WITHOUT_RAS;
    "netplan-dhcpv6-off" Netplan "dhcpv6-off" 1 &no_dhcpv6("dhcpv6client=no");
    "netplan-hardened" Netplan "hardened" 0 &[];
    "netplan-forwarding" Netplan "forwarding" 0 &[];
    "netplan-firewall-closed" Netplan "firewall-closed" 1 WAITING;
    "netplan-killed" Netplan "client-killed" 1 KILLED;

    "networkmanager-good" NetworkManager "good" 0 &[];
    "networkmanager-ras-off" NetworkManager "ras-off" 1 &takes_none("method=dhcp");
    "networkmanager-dhcpv6-off" NetworkManager "dhcpv6-off" 1 &no_dhcpv6("method=ignore");
    "networkmanager-hardened" NetworkManager "hardened" 0 &[];
    "networkmanager-forwarding" NetworkManager "forwarding" 0 &[];
    "networkmanager-firewall-closed" NetworkManager "firewall-closed" 1 WAITING;
    "networkmanager-killed" NetworkManager "client-killed" 1 KILLED;
    "networkmanager-slaac-subnet" NetworkManager "slaac-subnet" 3 &SLAAC;

    "udhcpc6-good" Udhcpc6 "good" 3 &[];
    "udhcpc6-ras-off" Udhcpc6 "ras-off" 1 &takes_none("accept_ra");
    "udhcpc6-dhcpv6-off" Udhcpc6 "dhcpv6-off" 1 &no_dhcpv6("inet6 auto");
    "udhcpc6-hardened" Udhcpc6 "hardened" 1 NO_RA_TAKEN;
    "udhcpc6-forwarding" Udhcpc6 "forwarding" 1 FORWARDING;
    "udhcpc6-firewall-closed" Udhcpc6 "firewall-closed" 1 &DROPPED;
    "udhcpc6-killed" Udhcpc6 "client-killed" 1 CLIENT_KILLED;
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
