//! IPv6 routes and neighbours by rtnetlink.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv6Addr};

use super::addresses::ip;
use super::links::mac;
use super::netlink::{attribute, dump, i32_at, u16_at, u32_at};
use crate::facts::{Neighbour, Route};

const RTM_GETROUTE: u16 = 26;
const RTM_GETNEIGH: u16 = 30;
const RTM_GETNEXTHOP: u16 = 106;
const AF_INET6: u8 = 10;
// linux/rtnetlink.h
const RTMSG: usize = 12;
const RTA_DST: u16 = 1;
const RTA_OIF: u16 = 4;
const RTA_GATEWAY: u16 = 5;
const RTA_PRIORITY: u16 = 6;
const RTA_MULTIPATH: u16 = 9;
const RTA_CACHEINFO: u16 = 12;
const RTA_TABLE: u16 = 15;
const RTA_VIA: u16 = 18;
const RTA_NH_ID: u16 = 30;
const RTN_UNICAST: u8 = 1;
const RT_TABLE_LOCAL: u32 = 255;
const RTM_F_CLONED: u32 = 0x200;
/// The kernel's clock in messages to programs.
const USER_HZ: i64 = 100;
// linux/nexthop.h
const NHMSG: usize = 8;
const NHA_ID: u16 = 1;
const NHA_GROUP: u16 = 2;
const NHA_OIF: u16 = 5;
const NHA_GATEWAY: u16 = 6;
// linux/neighbour.h
const NDMSG: usize = 12;
const NDA_DST: u16 = 1;
const NDA_LLADDR: u16 = 2;
const NTF_ROUTER: u8 = 0x80;
const NUD_NOARP: u16 = 0x40;

/// Where one path of a route leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Hop {
    interface: u32,
    gateway: Option<IpAddr>,
}

#[derive(Debug)]
struct Told {
    route: Route,
    hops: Vec<Hop>,
    /// The nexthop object that stands for the hops where the message has none (`net.ipv4.nexthop_compat_mode=0`).
    object: Option<u32>,
}

impl Told {
    /// Whether one of its hops has no gateway, as far as the message tells.
    fn on_link(&self) -> bool {
        self.hops.is_empty() || self.hops.iter().any(|hop| hop.gateway.is_none())
    }
}

/// All IPv6 unicast routes of this network namespace but those of table `local`, once for each interface that they use.
///
/// # Errors
/// The kernel does not answer, or a route uses a nexthop object that it does not tell.
pub(super) fn routes() -> io::Result<Vec<(u32, Route)>> {
    routes_if(|_, _| true)
}

/// Those of them that `matter`: a route without its gateway yet, and whether it may lead to the link itself.
///
/// # Errors
/// As for all.
pub(in crate::observe) fn routes_if(matter: impl Fn(&Route, bool) -> bool) -> io::Result<Vec<(u32, Route)>> {
    let decode = |message: &[u8]| decode_route(message).filter(|told| matter(&told.route, told.on_link()));
    by_interface(dump(netlink_sys::protocols::NETLINK_ROUTE, RTM_GETROUTE, &request::<RTMSG>(), decode)?)
}

/// The route that a message of `RTM_NEWROUTE` or `RTM_DELROUTE` is about, if it is one of these, once for each interface that it uses.
///
/// # Errors
/// As for all.
pub(in crate::observe) fn told(message: &[u8], matters: impl Fn(&Route, bool) -> bool) -> io::Result<Vec<(u32, Route)>> {
    by_interface(decode_route(message).filter(|told| matters(&told.route, told.on_link())).into_iter().collect())
}

fn by_interface(told: Vec<Told>) -> io::Result<Vec<(u32, Route)>> {
    let objects = if told.iter().any(|told| told.object.is_some()) { Objects::read()? } else { Objects::default() };
    let mut routes = Vec::new();
    for Told { route, mut hops, object } in told {
        if let Some(object) = object {
            hops = objects
                .hops(object)
                .ok_or_else(|| io::Error::other(format!("a route uses nexthop object {object}, which the kernel does not tell")))?;
        }
        routes.extend(hops.into_iter().map(|hop| (hop.interface, Route { gateway: hop.gateway, ..route.clone() })));
    }
    Ok(routes)
}

/// A request of `LENGTH` bytes for everything of IPv6: the family is the first byte of each of these headers.
fn request<const LENGTH: usize>() -> [u8; LENGTH] {
    let mut request = [0; LENGTH];
    request[0] = AF_INET6;
    request
}

fn decode_route(message: &[u8]) -> Option<Told> {
    let [AF_INET6, prefix_length, _, _, short_table, protocol, _, RTN_UNICAST, ..] = *message else { return None };
    let body = message.get(RTMSG..)?;
    let number = |kind| attribute(body, kind).and_then(|value| u32_at(value, 0));
    let table = number(RTA_TABLE).unwrap_or(u32::from(short_table));
    if table == RT_TABLE_LOCAL || u32_at(message, 8)? & RTM_F_CLONED != 0 {
        return None;
    }
    let destination = match attribute(body, RTA_DST).map(ip) {
        None => Ipv6Addr::UNSPECIFIED,
        Some(Some(IpAddr::V6(destination))) => destination,
        Some(_) => return None,
    };
    let expires = attribute(body, RTA_CACHEINFO).and_then(|value| i32_at(value, 8)).filter(|ticks| *ticks != 0);
    let hops = match (number(RTA_OIF), attribute(body, RTA_MULTIPATH)) {
        (Some(interface), _) => vec![Hop { interface, gateway: gateway(body) }],
        (None, Some(paths)) => multipath(paths),
        (None, None) => Vec::new(),
    };
    let object = number(RTA_NH_ID).filter(|_| hops.is_empty());
    let route = Route {
        destination,
        prefix_length,
        gateway: None,
        protocol,
        metric: number(RTA_PRIORITY).unwrap_or(0),
        expires_s: expires.map(|ticks| i64::from(ticks) / USER_HZ),
        table,
    };
    Some(Told { route, hops, object })
}

fn gateway(attributes: &[u8]) -> Option<IpAddr> {
    attribute(attributes, RTA_GATEWAY).and_then(ip).or_else(|| attribute(attributes, RTA_VIA).and_then(|via| ip(via.get(2..)?)))
}

/// The hops of `RTA_MULTIPATH`: each a `struct rtnexthop` of 8 bytes, and its attributes.
fn multipath(mut paths: &[u8]) -> Vec<Hop> {
    let mut hops = Vec::new();
    while let (Some(length), Some(interface)) = (u16_at(paths, 0), u32_at(paths, 4)) {
        let Some(attributes) = paths.get(8..usize::from(length)) else { break };
        hops.push(Hop { interface, gateway: gateway(attributes) });
        paths = paths.get(usize::from(length).next_multiple_of(4)..).unwrap_or_default();
    }
    hops
}

/// Nexthop objects by id: where they lead to, or which others they are a group of.
#[derive(Debug, Default)]
struct Objects {
    single: BTreeMap<u32, Hop>,
    groups: BTreeMap<u32, Vec<u32>>,
}

impl Objects {
    fn read() -> io::Result<Self> {
        let mut objects = Self::default();
        for (id, hop, group) in dump(netlink_sys::protocols::NETLINK_ROUTE, RTM_GETNEXTHOP, &[0; NHMSG], decode_object)? {
            if let Some(hop) = hop {
                objects.single.insert(id, hop);
            }
            if !group.is_empty() {
                objects.groups.insert(id, group);
            }
        }
        Ok(objects)
    }

    /// The hops of an object; a group holds no groups (net/ipv4/nexthop.c).
    fn hops(&self, id: u32) -> Option<Vec<Hop>> {
        let members = self.groups.get(&id).map_or(std::slice::from_ref(&id), Vec::as_slice);
        members.iter().map(|member| self.single.get(member).copied()).collect()
    }
}

fn decode_object(message: &[u8]) -> Option<(u32, Option<Hop>, Vec<u32>)> {
    let body = message.get(NHMSG..)?;
    let number = |kind| attribute(body, kind).and_then(|value| u32_at(value, 0));
    let hop = number(NHA_OIF).map(|interface| Hop { interface, gateway: attribute(body, NHA_GATEWAY).and_then(ip) });
    // struct nexthop_grp: id, weight and padding, 8 bytes.
    let group = attribute(body, NHA_GROUP).unwrap_or_default().chunks_exact(8).filter_map(|member| u32_at(member, 0)).collect();
    Some((number(NHA_ID)?, hop, group))
}

/// All IPv6 neighbours of this network namespace that neighbour discovery made (`NUD_NOARP`, as for multicast, left out), with the index
/// of their interface.
///
/// # Errors
/// The kernel does not answer.
pub(super) fn neighbours() -> io::Result<Vec<(u32, Neighbour)>> {
    dump(netlink_sys::protocols::NETLINK_ROUTE, RTM_GETNEIGH, &request::<NDMSG>(), decode_neighbour)
}

fn decode_neighbour(message: &[u8]) -> Option<(u32, Neighbour)> {
    let state = u16_at(message, 8)?;
    if *message.first()? != AF_INET6 || state & NUD_NOARP != 0 {
        return None;
    }
    let body = message.get(NDMSG..)?;
    let neighbour = Neighbour {
        address: attribute(body, NDA_DST).and_then(ip)?,
        mac: attribute(body, NDA_LLADDR).and_then(mac),
        reachability: reachability(state).to_owned(),
        router: message.get(10)? & NTF_ROUTER != 0,
    };
    Some((u32_at(message, 4)?, neighbour))
}

fn reachability(state: u16) -> &'static str {
    match state {
        0 => "none",
        0x01 => "incomplete",
        0x02 => "reachable",
        0x04 => "stale",
        0x08 => "delay",
        0x10 => "probe",
        0x20 => "failed",
        0x80 => "permanent",
        _ => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attribute_of(kind: u16, value: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::from(u16::try_from(value.len() + 4).unwrap_or(0).to_ne_bytes());
        bytes.extend(kind.to_ne_bytes());
        bytes.extend(value);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    }

    fn default_route() -> Vec<u8> {
        let mut bytes = vec![10, 0, 0, 0, 254, 9, 0, 1, 0, 0, 0, 0];
        bytes.extend(attribute_of(RTA_PRIORITY, &1024_u32.to_ne_bytes()));
        let mut times = [0; 32];
        times[8..12].copy_from_slice(&(-250_i32).to_ne_bytes());
        bytes.extend(attribute_of(RTA_CACHEINFO, &times));
        bytes
    }

    fn path(interface: u32, gateway: Ipv6Addr) -> Vec<u8> {
        let gateway = attribute_of(RTA_GATEWAY, &gateway.octets());
        let mut bytes = Vec::from(u16::try_from(8 + gateway.len()).unwrap_or(0).to_ne_bytes());
        bytes.extend([0, 0]);
        bytes.extend(interface.to_ne_bytes());
        bytes.extend(gateway);
        bytes
    }

    #[test]
    fn each_path_is_a_hop_and_past_expiry_is_negative() {
        let mut bytes = default_route();
        let router = |last| Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, last);
        bytes.extend(attribute_of(RTA_MULTIPATH, &[path(2, router(1)), path(3, router(2))].concat()));
        let told = decode_route(&bytes).expect("decodes");
        assert_eq!(told.hops, [Hop { interface: 2, gateway: Some(router(1).into()) }, Hop { interface: 3, gateway: Some(router(2).into()) }]);
        assert_eq!((told.route.expires_s, told.route.metric, told.route.protocol, told.object), (Some(-2), 1024, Route::RA, None));
        for at in 0..bytes.len() {
            let _ = decode_route(&bytes[..at]);
            for value in [0, 1, 4, 7, 0x80, 0xff] {
                let mut broken = bytes.clone();
                broken[at] = value;
                assert!(decode_route(&broken).is_none_or(|told| told.hops.len() <= 3));
            }
        }
    }

    #[test]
    fn a_route_without_interface_asks_for_its_object() {
        let mut bytes = default_route();
        bytes.extend(attribute_of(RTA_NH_ID, &7_u32.to_ne_bytes()));
        assert_eq!(decode_route(&bytes).expect("decodes").object, Some(7));
        let hop = Hop { interface: 2, gateway: None };
        let objects = Objects { single: BTreeMap::from([(1, hop)]), groups: BTreeMap::from([(7, vec![1]), (8, vec![1, 9])]) };
        assert_eq!(objects.hops(7), Some(vec![hop]));
        assert_eq!(objects.hops(8), None, "a member is missing");
    }
}
