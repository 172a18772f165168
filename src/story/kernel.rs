//! What the guest's kernel tells of its links, addresses and routes, in words.

use std::net::IpAddr;

use super::messages::Conversation;
use super::{MOST_REMEMBERED, Words, remember};
use crate::facts::{AddressChange, AddressFlag, Change, Happening, LinkChange, Route, RouteChange};

/// A cause is named for what follows it within this time, in microseconds.
const FOLLOWS_WITHIN_US: u64 = 1_000_000;

/// `RT_TABLE_LOCAL`: the kernel's own addresses and groups (rtnetlink(7)).
const TABLE_LOCAL: u32 = 255;

/// `IFAPROT_*` of linux/if_addr.h.
const BY_LOOPBACK: u8 = 1;
const BY_RA: u8 = 2;
const BY_LINK_LOCAL: u8 = 3;

/// What is known of the interface so far.
#[derive(Debug, Default)]
pub(super) struct Memory {
    link: Option<LinkChange>,
    addresses: Vec<AddressChange>,
    default_routes: Vec<Option<IpAddr>>,
    forwarding: Option<bool>,
    /// What a default route may be gone for, and since when.
    cause: Option<(u64, &'static str)>,
}

/// What an event is told by.
pub(super) struct Context<'a> {
    pub(super) at_us: u64,
    /// It was found to be so; nobody saw it come about.
    pub(super) found: bool,
    /// What was said on the link.
    pub(super) heard: &'a Conversation,
    /// The interface's DHCPv6 client, where it is known.
    pub(super) client: Option<&'a str>,
}

impl Memory {
    /// An event of the kernel's in words; `None` where nothing of it is new.
    pub(super) fn tell(&mut self, what: &Happening, context: &Context<'_>) -> Option<Words> {
        match what {
            Happening::Frame(_) => None,
            Happening::Link(link) => self.link(link, context),
            Happening::Address(address) => self.address(address, context),
            Happening::Route(route) => self.route(route, context),
            Happening::Forwarding(on) => {
                if self.forwarding.replace(*on) == Some(*on) {
                    return None;
                }
                let how = if *on { "on" } else { "off" };
                let text = format!("IPv6 forwarding {} {how}", if context.found { "is" } else { "turned" });
                self.cause = (*on && !context.found).then_some((context.at_us, "forwarding turned on"));
                // That a host does not forward is told only where it did.
                (*on || !context.found).then(|| Words::new("forwarding", text).with("forwarding", *on))
            }
        }
    }

    fn link(&mut self, link: &LinkChange, context: &Context<'_>) -> Option<Words> {
        let before = self.link.replace(link.clone());
        let text = match (before.map(|before| (before.up, before.carrier)), link.up, link.carrier) {
            (Some(before), up, carrier) if before == (up, carrier) => return None,
            (Some((true, true)), true, false) => "link lost its carrier",
            (Some((true, false)), true, true) => "link has a carrier",
            (None, true, true) if context.found => "link is up",
            (None, true, false) if context.found => "link is up, no carrier",
            (None, false, _) if context.found => "link is down",
            (_, true, true) => "link up",
            (_, true, false) => "link up, no carrier",
            (_, false, _) => "link down",
        };
        if !(link.up && link.carrier) {
            self.cause = Some((context.at_us, "link down"));
        }
        Some(Words::new("link", text).with("up", link.up).with("carrier", link.carrier))
    }

    fn address(&mut self, now: &AddressChange, context: &Context<'_>) -> Option<Words> {
        let known = self.addresses.iter().position(|known| known.address == now.address);
        let before = known.map(|at| self.addresses.swap_remove(at));
        let address = now.address;
        let subject = format!("address {address}/{}", now.prefix_length);
        let has = |flag| now.flags.contains(&flag);
        let had = |flag| before.as_ref().is_some_and(|before| before.flags.contains(&flag));
        let (kind, text) = if now.change == Change::Gone {
            ("address_gone", format!("{subject} gone"))
        } else if has(AddressFlag::Dadfailed) {
            if had(AddressFlag::Dadfailed) {
                self.remember(now);
                return None;
            }
            ("dad_failed", format!("DAD failed for {address}: duplicate address"))
        } else if let Some(before) = &before {
            match (has(AddressFlag::Tentative), had(AddressFlag::Tentative)) {
                (false, true) => ("address_usable", format!("{subject} usable")),
                _ if has(AddressFlag::Deprecated) && !had(AddressFlag::Deprecated) => ("address_deprecated", format!("{subject} deprecated")),
                _ if before.prefix_length != now.prefix_length => ("address_updated", format!("{subject}, no longer /{}", before.prefix_length)),
                _ if before.valid_s != now.valid_s => ("address_updated", format!("{subject} valid {}", lifetime(now.valid_s))),
                _ => {
                    self.remember(now);
                    return None;
                }
            }
        } else if context.found {
            ("address_found", format!("{subject} found{}", if has(AddressFlag::Tentative) { ", tentative" } else { "" }))
        } else {
            let by = added_by(now, context).map(|by| format!(" by {by}")).unwrap_or_default();
            ("address_added", format!("{subject} added{by}"))
        };
        if now.change == Change::Set {
            self.remember(now);
        }
        let mut words = Words::new(kind, text)
            .with("address", address.to_string())
            .with("prefix_length", now.prefix_length)
            .with("tentative", has(AddressFlag::Tentative))
            .with("valid_s", now.valid_s);
        if kind == "address_added"
            && let Some(by) = added_by(now, context)
        {
            words = words.with("by", by);
        }
        Some(words)
    }

    fn remember(&mut self, now: &AddressChange) {
        if self.addresses.len() < MOST_REMEMBERED {
            self.addresses.push(now.clone());
        }
    }

    fn route(&mut self, change: &RouteChange, context: &Context<'_>) -> Option<Words> {
        let RouteChange { change, route } = change;
        if !is_told(route) {
            return None;
        }
        let is_gone = *change == Change::Gone;
        let via = route.gateway.map(|gateway| format!(" via {gateway}")).unwrap_or_default();
        let by = if route.protocol == Route::RA { " by RA" } else { "" };
        let (kind, text) = if !route.is_default() {
            let (kind, how) = match (is_gone, context.found) {
                (true, _) => ("route_gone", "gone"),
                (false, true) => ("route_found", "found"),
                (false, false) => ("route_added", "added"),
            };
            (kind, format!("route {}/{}{via} {how}", route.destination, route.prefix_length))
        } else if is_gone {
            self.default_routes.retain(|known| *known != route.gateway);
            let recent = self.cause.filter(|(since, _)| context.at_us.saturating_sub(*since) <= FOLLOWS_WITHIN_US).map(|(_, why)| why);
            let withdrawn = route.gateway.is_some_and(|gateway| context.heard.withdrawn(gateway, context.at_us, FOLLOWS_WITHIN_US));
            match recent.or(withdrawn.then_some("RA with lifetime 0")) {
                Some(why) => ("default_route_gone", format!("default route gone: {why}")),
                None => ("default_route_gone", format!("default route{via} gone")),
            }
        } else {
            let known = self.default_routes.contains(&route.gateway);
            remember(&mut self.default_routes, route.gateway);
            if known {
                return None;
            }
            if context.found {
                ("default_route_found", format!("default route{via} found"))
            } else {
                ("default_route_added", format!("default route{via} added{by}"))
            }
        };
        let words = Words::new(kind, text).with("destination", format!("{}/{}", route.destination, route.prefix_length));
        Some(words.with("gateway", route.gateway.map(|gateway| gateway.to_string())).with("protocol", route.protocol).with("metric", route.metric))
    }
}

/// Every interface with an address has its link-local prefix, groups and local table; they tell nothing.
fn is_told(route: &Route) -> bool {
    let of_every_link = route.destination.is_multicast() || route.destination.is_unicast_link_local();
    route.table != TABLE_LOCAL && !of_every_link
}

/// Who added an address, as far as it is certain: `IFA_PROTO` says so, or it is what the server's Reply gave, or it is made from a prefix for
/// SLAAC.
fn added_by(now: &AddressChange, context: &Context<'_>) -> Option<String> {
    let Context { heard, client, .. } = context;
    let slaac = || now.flags.contains(&AddressFlag::Managetempaddr) || heard.autonomous(now.address) && now.valid_s.is_some();
    match now.protocol {
        Some(BY_LOOPBACK | BY_LINK_LOCAL) => Some("the kernel".into()),
        Some(BY_RA) => Some("SLAAC".into()),
        _ if heard.leased(now.address) => Some(client.unwrap_or("the DHCPv6 client").into()),
        _ if slaac() => Some("SLAAC".into()),
        _ => None,
    }
}

fn lifetime(valid_s: Option<u32>) -> String {
    valid_s.map_or_else(|| "for ever".into(), |valid| format!("for {valid} s"))
}
