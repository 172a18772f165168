//! Which links are NICs to this guest: those that a network outside of it is behind.

use std::collections::BTreeSet;

use super::{Survey, SurveyedLink};
use crate::facts::{IDLE, Link, LinkKind};

/// Kinds that carry packets inside other packets, by the kernel's names.
const TUNNELS: [&str; 18] = [
    "amt",
    "bareudp",
    "erspan",
    "geneve",
    "gre",
    "gretap",
    "gtp",
    "ip6erspan",
    "ip6gre",
    "ip6gretap",
    "ip6tnl",
    "ipip",
    "ppp",
    "sit",
    "tun",
    "vxlan",
    "wireguard",
    "xfrm",
];
/// Kinds that stand on another link and carry its frames.
const UPPERS: [&str; 6] = ["ipvlan", "ipvtap", "macsec", "macvlan", "macvtap", "vlan"];
/// Kinds that bundle their ports.
const BUNDLES: [&str; 2] = ["bond", "team"];
/// Kinds that switch between their ports.
const SWITCHES: [&str; 2] = ["bridge", "openvswitch"];

/// Why a link is not checked unless it is asked for, in plain words; `None` for a NIC.
pub(super) fn left_out(survey: &Survey, surveyed: &SurveyedLink) -> Option<String> {
    let link = &surveyed.link;
    if let Some(reason) = port(survey, link) {
        return Some(reason);
    }
    let reason = match &link.kind {
        LinkKind::Loopback => "loopback".to_owned(),
        LinkKind::Veth { peer_elsewhere: false } => "a veth whose other end is in this namespace".to_owned(),
        LinkKind::Veth { .. } if !surveyed.configured && has_device(survey) => {
            "a veth without an address beside a NIC: a container's end, most likely".to_owned()
        }
        // The addresses of a NIC that is its port are on the bridge.
        LinkKind::Virtual(kind) if SWITCHES.contains(&kind.as_str()) && carries_a_nic(survey, surveyed) => return None,
        LinkKind::Virtual(kind) if SWITCHES.contains(&kind.as_str()) => "a bridge of this host, not a NIC".to_owned(),
        LinkKind::Virtual(kind) if TUNNELS.contains(&kind.as_str()) || kind.starts_with("vti") => format!("a tunnel ({kind})"),
        LinkKind::Virtual(kind) if BUNDLES.contains(&kind.as_str()) && !is_nic(survey, link, &mut BTreeSet::new()) => {
            format!("a {kind} without a port that is a NIC")
        }
        LinkKind::Virtual(kind) if UPPERS.contains(&kind.as_str()) && !is_nic(survey, link, &mut BTreeSet::new()) => {
            let lower = link.lower.and_then(|index| named(survey, index)).map_or("a link", |(name, _)| name);
            format!("a {kind} on {lower}, which is no NIC")
        }
        LinkKind::Virtual(kind) if !UPPERS.contains(&kind.as_str()) && !BUNDLES.contains(&kind.as_str()) => {
            format!("a virtual device ({kind}), not a NIC")
        }
        // The cloud gave it to this guest, for its network: one that nothing brings up is the guest's fault, and nothing to pass over.
        LinkKind::Device => return None,
        // Its ports, which are NICs, are looked at through it.
        LinkKind::Virtual(kind) if BUNDLES.contains(&kind.as_str()) => return None,
        _ if !link.up && !surveyed.configured => IDLE.to_owned(),
        LinkKind::Veth { .. } | LinkKind::Virtual(_) => return None,
    };
    Some(reason)
}

/// Whether a bridge stands for a NIC: one is its port, and it has an address, or nothing else of this guest has. Ports of Open vSwitch are all
/// below one link of their own, so that of its bridges the one with an address counts.
fn carries_a_nic(survey: &Survey, bridge: &SurveyedLink) -> bool {
    let switch = LinkKind::Virtual("openvswitch".into());
    let is_of_switch =
        |master: u32| bridge.link.kind == switch && bridge.configured && named(survey, master).is_some_and(|(_, link)| link.kind == switch);
    let is_port = |port: &Link| port.master.is_some_and(|master| master == bridge.link.index || is_of_switch(master));
    let is_hardware = |port: &Link| match &port.kind {
        LinkKind::Device => true,
        // That of a container or of another guest is not behind it.
        LinkKind::Veth { .. } | LinkKind::Loopback => false,
        LinkKind::Virtual(_) => is_nic(survey, port, &mut BTreeSet::new()),
    };
    let others = || survey.links.values().any(|other| other.configured && other.link.kind != LinkKind::Loopback);
    survey.links.values().any(|port| is_port(&port.link) && is_hardware(&port.link)) && (bridge.configured || !others())
}

/// Whether this guest has a NIC that is in use. Where it has, the veths of a container host that routes (Calico, ptp of CNI) are none.
fn has_device(survey: &Survey) -> bool {
    survey.links.values().any(|surveyed| surveyed.link.kind == LinkKind::Device && surveyed.link.up)
}

/// The reason of a link whose frames belong to another one. A VRF is a routing table and leaves its links what they are.
fn port(survey: &Survey, link: &Link) -> Option<String> {
    let master = link.master?;
    match named(survey, master) {
        Some((_, vrf)) if vrf.kind == LinkKind::Virtual("vrf".into()) => None,
        Some((name, _)) => Some(format!("port of {name}")),
        None => Some(format!("port of link {master}")),
    }
}

/// Whether frames of `link` reach a network outside of this guest. `visited` ends the walk where links stand on each other in a circle.
fn is_nic(survey: &Survey, link: &Link, visited: &mut BTreeSet<u32>) -> bool {
    if !visited.insert(link.index) {
        return false;
    }
    match &link.kind {
        LinkKind::Device => true,
        LinkKind::Veth { peer_elsewhere } => *peer_elsewhere,
        LinkKind::Virtual(kind) if BUNDLES.contains(&kind.as_str()) => {
            survey.links.values().any(|port| port.link.master == Some(link.index) && is_nic(survey, &port.link, visited))
        }
        // Where the lower link is in another namespace, the network is there as well.
        LinkKind::Virtual(kind) if UPPERS.contains(&kind.as_str()) => link.lower.is_none_or(|lower| match named(survey, lower) {
            Some((_, lower)) => is_nic(survey, lower, visited),
            None => true,
        }),
        LinkKind::Loopback | LinkKind::Virtual(_) => false,
    }
}

fn named(survey: &Survey, index: u32) -> Option<(&str, &Link)> {
    survey.links.iter().find(|(_, surveyed)| surveyed.link.index == index).map(|(name, surveyed)| (name.as_str(), &surveyed.link))
}
