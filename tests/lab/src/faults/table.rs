//! The table of guests. What must be said of each is the tests' business, but for the requirement that tells the fault.

use super::Whose::{Guest, Network as OfNetwork};
use super::{Fault, Network, Step, Whose, steps};
use crate::Range;

/// One that a guest of ifupdown can have, on the link that it shares with others.
const fn fault(name: &'static str, title: &'static str, blame: (Whose, &'static str), prepare: Step, reach: Step) -> Fault {
    Fault {
        name,
        title,
        whose: Some(blame.0),
        told_by: blame.1,
        arguments: &[],
        needs: &[],
        any_stack: false,
        network: Network::Shared,
        nics: &["eth0"],
        prepare,
        reach,
    }
}

/// A guest of which v6check must blame nobody.
const fn harmless(name: &'static str, title: &'static str, told_by: &'static str, prepare: Step, reach: Step) -> Fault {
    Fault { whose: None, ..fault(name, title, (Guest, told_by), prepare, reach) }
}

impl Fault {
    const fn of_any_stack(self) -> Self {
        Self { any_stack: true, ..self }
    }

    const fn needing(self, needs: &'static [&'static str]) -> Self {
        Self { needs, ..self }
    }

    const fn on(self, network: Network) -> Self {
        Self { network, ..self }
    }
}

/// All of them.
pub const ALL: &[Fault] = &[
    harmless("good", "nothing is wrong", "", steps::nothing, steps::has_all).of_any_stack(),
    fault("length-64", "dhclient makes the address a /64, as before ISC 4.4.0", (Guest, "dhcpv6-prefix-length"), steps::length_64, steps::has_64),
    fault("forwarding", "forwarding is on, and accept_ra is 1, not 2", (Guest, "ra-accepted"), steps::forwarding, steps::kernel_takes_no_ra)
        .of_any_stack(),
    fault("forwarding-later", "forwarding came on when all was there", (Guest, "ra-accepted"), steps::nothing, steps::forwarding_later),
    harmless("forwarding-accept-ra-2", "nothing: it forwards, and accept_ra is 2", "", steps::forwarding_accept_ra_2, steps::keeps_accept_ra_2),
    fault("accept-ra-0", "accept_ra is 0", (Guest, "ra-accepted"), steps::accept_ra_0, steps::without_route),
    fault("hardened", "accept_ra=0 in sysctl.d, as CIS has it", (Guest, "ra-accepted"), steps::hardened, steps::kernel_takes_no_ra).of_any_stack(),
    fault("ras-off", "its stack is set up to take no RA", (Guest, "ra-default-route"), steps::ras_off, steps::stack_takes_no_ra).of_any_stack(),
    fault("dhcpv6-off", "its stack is set up to run no DHCPv6", (Guest, "dhcpv6-intended"), steps::dhcpv6_off, steps::asks_nobody).of_any_stack(),
    Fault {
        nics: &["eth0", "eth1"],
        ..fault("second-nic-silent", "no DHCPv6 on eth1", (Guest, "dhcpv6-intended"), steps::eth1_without_client, steps::eth0_has_all)
    },
    fault("client-killed", "its client was killed", (Guest, "dhcpv6-client-running"), steps::nothing, steps::client_killed).of_any_stack(),
    fault("ipv6-off", "disable_ipv6 is 1", (Guest, "ipv6-enabled"), steps::ipv6_off, steps::nothing),
    fault("dhcpv6-dropped", "its firewall drops the server's answers", (Guest, "firewall-passes-dhcpv6"), steps::drop_dhcpv6, steps::dropped_dhcpv6)
        .needing(&["nft"]),
    fault("ra-dropped", "its firewall drops Router Advertisements", (Guest, "firewall-passes-ra"), steps::drop_ras, steps::dropped_ras)
        .needing(&["nft"]),
    fault("firewall-closed", "its firewall lets answers to its own in", (Guest, "firewall-passes-ra"), steps::close_firewall, steps::firewall_closed)
        .of_any_stack()
        .needing(&["nft"]),
    fault("offer-changed", "Neutron changed the port's address", (Guest, "dhcpv6-address-as-offered"), steps::nothing, steps::offer_changed),
    fault("duplicate-removed", "another node answers for its address", (Guest, "dhcpv6-address"), steps::duplicate, steps::duplicate_removed),
    fault("duplicate-marked", "the same, and the address stays", (Guest, "dhcpv6-address"), steps::lasting_duplicate, steps::duplicate_marked),
    fault("unknown-mac", "the server does not know its MAC", (OfNetwork, "network-dhcpv6-offer"), steps::unknown_mac, steps::refused),
    fault("rebuilt", "its address is leased to an earlier DUID", (OfNetwork, "network-dhcpv6-offer"), steps::rebuilt, steps::refused),
    fault("rebuilt-without-client", "the same, and no client", (Guest, "dhcpv6-intended"), steps::rebuilt_without_client, steps::has_route),
    harmless("duid-unknown", "the file with its DUID is lost", "", steps::nothing, steps::duid_lost),
    fault("nobody-answers", "no router and no server", (OfNetwork, "network-router-advertisement"), steps::silence, steps::solicits)
        .on(Network::Own(Range::Stateful)),
    fault("slaac-subnet", "the subnet is SLAAC", (OfNetwork, "network-managed-flag"), steps::nothing, steps::has_route_and_address)
        .of_any_stack()
        .on(Network::Own(Range::Slaac)),
    Fault {
        arguments: &["--thorough"],
        ..fault("rogue-router", "a second router and server", (OfNetwork, "network-single-router"), steps::add_rogue, steps::has_two_routers)
    }
    .on(Network::Switched),
    fault("plain-neutron", "no Calico: Neutron with radvd", (OfNetwork, "network-no-on-link-prefix"), steps::nothing, steps::has_all)
        .needing(&["radvd"])
        .on(Network::Neutron),
    harmless("no-ipv4", "nothing: it has IPv6 only", "ipv4-address", steps::no_ipv4, steps::has_all),
];
