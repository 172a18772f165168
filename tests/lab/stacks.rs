//! Guests of every network stack that Debian 12 can boot by: good, and each with the same breaks, made in the stack's own way where it has one.

use v6check::lab::{LabError, Range, Stack};

use crate::cells::{Cell, stack};
use crate::expectation::{Deviation, FAIL, INCONCLUSIVE, SKIP};
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
    /// Hardening in the style of CIS: accept_ra=0 by sysctl.d, and in force.
    Hardened,
    /// Something else, such as a container engine, made it forward.
    Forwarding,
    /// Its firewall lets in only what belongs to a connection of its own.
    FirewallClosed,
    /// Its client was killed once all was there.
    ClientKilled,
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
    let (link, mut guest, _) = scenes::plugged(Range::Stateful)?;
    match broken {
        Break::None | Break::ClientKilled => {}
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

macro_rules! cells {
    ($($name:literal $stack:ident $broken:ident $reaches:ident $exit:literal $deviations:expr;)*) => {
        /// All of them. What a row does not name must be as on the good guest.
        pub(crate) const CELLS: &[Cell] = &[$(stack($name, (Stack::$stack, Break::$broken), $reaches, $exit, $deviations)),*];
    };
}

cells! {
    "dhcpcd-good" Dhcpcd None BOTH 0 &[];
    "dhcpcd-ras-off" Dhcpcd RasOff ADDRESS 0 &[];
    "dhcpcd-dhcpv6-off" Dhcpcd Dhcpv6Off NEITHER 0 &[];
    "dhcpcd-hardened" Dhcpcd Hardened BOTH 0 &[];
    "dhcpcd-forwarding" Dhcpcd Forwarding BOTH 0 &[];
    "dhcpcd-firewall-closed" Dhcpcd FirewallClosed NEITHER 0 &[];
    "dhcpcd-killed" Dhcpcd ClientKilled BOTH 0 &[];
    "networkd-good" Networkd None BOTH 0 &[];
    "networkd-ras-off" Networkd RasOff ADDRESS 0 &[];
    "networkd-dhcpv6-off" Networkd Dhcpv6Off ROUTE 0 &[];
    "networkd-hardened" Networkd Hardened BOTH 0 &[];
    "networkd-forwarding" Networkd Forwarding BOTH 0 &[];
    "networkd-firewall-closed" Networkd FirewallClosed NEITHER 0 &[];
    "networkd-killed" Networkd ClientKilled BOTH 0 &[];
    "netplan-good" Netplan None BOTH 0 &[];
    "netplan-ras-off" Netplan RasOff NEITHER 0 &[];
    "netplan-dhcpv6-off" Netplan Dhcpv6Off ROUTE 0 &[];
    "netplan-hardened" Netplan Hardened BOTH 0 &[];
    "netplan-forwarding" Netplan Forwarding BOTH 0 &[];
    "netplan-firewall-closed" Netplan FirewallClosed NEITHER 0 &[];
    "netplan-killed" Netplan ClientKilled BOTH 0 &[];
    "networkmanager-good" NetworkManager None BOTH 0 &[];
    "networkmanager-ras-off" NetworkManager RasOff ADDRESS 0 &[];
    "networkmanager-dhcpv6-off" NetworkManager Dhcpv6Off ROUTE 0 &[];
    "networkmanager-hardened" NetworkManager Hardened BOTH 0 &[];
    "networkmanager-forwarding" NetworkManager Forwarding BOTH 0 &[];
    "networkmanager-firewall-closed" NetworkManager FirewallClosed NEITHER 0 &[];
    "networkmanager-killed" NetworkManager ClientKilled BOTH 0 &[];
    "udhcpc6-good" Udhcpc6 None BOTH 0 &[];
    "udhcpc6-ras-off" Udhcpc6 RasOff ADDRESS 0 &[];
    "udhcpc6-dhcpv6-off" Udhcpc6 Dhcpv6Off ROUTE 0 &[];
    "udhcpc6-hardened" Udhcpc6 Hardened ADDRESS 0 &[];
    "udhcpc6-forwarding" Udhcpc6 Forwarding ADDRESS 0 &[];
    "udhcpc6-firewall-closed" Udhcpc6 FirewallClosed ADDRESS 0 &[];
    "udhcpc6-killed" Udhcpc6 ClientKilled BOTH 0 &[];
    "dhclient-good" Ifupdown None BOTH 0 &[];
    "dhclient-ras-off" Ifupdown RasOff ADDRESS 0 &[];
    "dhclient-dhcpv6-off" Ifupdown Dhcpv6Off ROUTE 0 &[];
    "dhclient-hardened" Ifupdown Hardened ADDRESS 0 &[];
    "dhclient-forwarding" Ifupdown Forwarding ADDRESS 0 &[];
    "dhclient-firewall-closed" Ifupdown FirewallClosed NEITHER 0 &[];
    "dhclient-killed" Ifupdown ClientKilled BOTH 0 &[];
}
