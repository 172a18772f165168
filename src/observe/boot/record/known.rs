//! What is known of the links, addresses and routes, and what a message of the kernel's changes in it.
//!
//! The loopback and links without an Ethernet address are left out: nobody speaks neighbour discovery with MAC addresses or DHCPv6 there.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv6Addr};
use std::rc::Rc;

use super::news::{News, matters};
use crate::facts::{Address, AddressChange, Change, Happening, LinkChange, LinkKind, Mac, Route, RouteChange};
use crate::observe::state::{addresses, links, routes};

/// As many links, addresses and routes as are remembered, of each. What is beyond is told, and its end is not noticed after a gap.
const MOST_KNOWN: usize = 4096;
/// Index of forwarding among a link's settings (`DEVCONF_FORWARDING`, linux/ipv6.h).
const FORWARDING: usize = 0;

/// An interface by what tells it from others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Interface {
    /// Its index.
    pub(super) index: u32,
    /// Its name.
    pub(super) name: String,
    /// Its MAC address.
    pub(super) mac: Mac,
}

/// What changed.
#[derive(Debug)]
pub(super) enum Changed {
    /// Something happened to it.
    Happened(Happening),
    /// It has another name than this.
    Renamed(String),
}

#[derive(Debug)]
struct Link {
    interface: Rc<Interface>,
    state: LinkChange,
    forwarding: bool,
}

type RouteKey = (u32, Ipv6Addr, u8, Option<IpAddr>, u32, u32);

/// What is known.
#[derive(Debug, Default)]
pub(super) struct Known {
    links: BTreeMap<u32, Link>,
    addresses: BTreeMap<(u32, Ipv6Addr), Address>,
    routes: BTreeMap<RouteKey, Route>,
}

/// Told what changed.
pub(super) type Tell<'a> = &'a mut dyn FnMut(&Rc<Interface>, Changed);

impl Known {
    /// The interface of this index, unless it is left out.
    pub(super) fn interface(&self, index: u32) -> Option<&Rc<Interface>> {
        self.links.get(&index).map(|link| &link.interface)
    }

    /// Learns what the kernel tells.
    pub(super) fn learn(&mut self, news: News, tell: Tell<'_>) {
        match news {
            News::Link(told) => self.link(*told, tell),
            News::LinkGone(index) => self.link_gone(index, tell),
            News::Address { gone, interface, address } => self.address(gone, interface, address, tell),
            News::Route { gone, interface, route } => self.route(gone, interface, route, tell),
            News::Forwarding { interface, on } => self.forwarding(interface, on, tell),
        }
    }

    /// Reads all anew and learns what differs from what was known.
    ///
    /// # Errors
    /// The kernel does not answer.
    pub(super) fn read(&mut self, tell: Tell<'_>) -> io::Result<()> {
        let links = links::links()?;
        let addresses = addresses::ipv6()?;
        let routes = routes::routes_if(matters)?;
        let missing: Vec<u32> = self.links.keys().copied().filter(|index| links.iter().all(|told| told.link.index != *index)).collect();
        for index in missing {
            self.link_gone(index, tell);
        }
        for told in links {
            self.link(told, tell);
        }

        let there: BTreeMap<_, _> = addresses.into_iter().map(|(index, address)| ((index, address.address), address)).collect();
        let gone: Vec<_> = self.addresses.iter().filter(|(key, _)| !there.contains_key(key)).map(|(key, known)| (key.0, known.clone())).collect();
        for (index, address) in gone {
            self.address(true, index, address, tell);
        }
        let state = |address: &Address| (address.prefix_length, address.flags.clone());
        for (key, address) in there {
            if self.addresses.get(&key).is_none_or(|known| state(known) != state(&address)) {
                self.address(false, key.0, address, tell);
            }
        }

        let there: BTreeMap<_, _> = routes.into_iter().filter(|(_, route)| matters(route, route.gateway.is_none())).map(keyed).collect();
        let gone: Vec<_> = self.routes.iter().filter(|(key, _)| !there.contains_key(key)).map(|(key, known)| (key.0, known.clone())).collect();
        for (index, route) in gone {
            self.route(true, index, route, tell);
        }
        for (key, route) in there {
            if !self.routes.contains_key(&key) {
                self.route(false, key.0, route, tell);
            }
        }
        Ok(())
    }

    fn link(&mut self, told: links::Told, tell: Tell<'_>) {
        let index = told.link.index;
        let Some(mac) = told.link.mac.filter(|_| told.link.kind != LinkKind::Loopback) else { return };
        let interface = Interface { index, name: told.name, mac };
        let state = LinkChange { up: told.link.up, carrier: told.link.carrier };
        let forwarding = told.inet6.and_then(|part| part.settings.get(FORWARDING).copied());
        let room = self.links.len() < MOST_KNOWN;
        match self.links.get_mut(&index) {
            Some(link) => {
                let before = link.interface.name.clone();
                if *link.interface != interface {
                    link.interface = Rc::new(interface);
                }
                if before != link.interface.name {
                    tell(&link.interface, Changed::Renamed(before));
                }
                if link.state != state {
                    link.state = state.clone();
                    tell(&link.interface, Changed::Happened(Happening::Link(state)));
                }
            }
            None if room => {
                let interface = Rc::new(interface);
                tell(&interface, Changed::Happened(Happening::Link(state.clone())));
                self.links.insert(index, Link { interface, state, forwarding: false });
            }
            None => return,
        }
        if let Some(forwarding) = forwarding {
            self.forwarding(index, forwarding != 0, tell);
        }
    }

    fn link_gone(&mut self, index: u32, tell: Tell<'_>) {
        let Some(link) = self.links.remove(&index) else { return };
        self.addresses.retain(|key, _| key.0 != index);
        self.routes.retain(|key, _| key.0 != index);
        let down = LinkChange { up: false, carrier: false };
        if link.state != down {
            tell(&link.interface, Changed::Happened(Happening::Link(down)));
        }
    }

    /// Off is told only after on: that is what every interface begins with.
    fn forwarding(&mut self, index: u32, on: bool, tell: Tell<'_>) {
        let Some(link) = self.links.get_mut(&index).filter(|link| link.forwarding != on) else { return };
        link.forwarding = on;
        tell(&link.interface, Changed::Happened(Happening::Forwarding(on)));
    }

    fn address(&mut self, gone: bool, index: u32, address: Address, tell: Tell<'_>) {
        let Some(link) = self.links.get(&index) else { return };
        let told = AddressChange {
            change: if gone { Change::Gone } else { Change::Set },
            address: address.address,
            prefix_length: address.prefix_length,
            flags: address.flags.clone(),
            preferred_s: address.preferred_s,
            valid_s: address.valid_s,
            protocol: address.protocol,
        };
        tell(&link.interface, Changed::Happened(Happening::Address(told)));
        remember(&mut self.addresses, (index, address.address), address, gone);
    }

    fn route(&mut self, gone: bool, index: u32, route: Route, tell: Tell<'_>) {
        let Some(link) = self.links.get(&index).filter(|_| matters(&route, route.gateway.is_none())) else { return };
        let change = if gone { Change::Gone } else { Change::Set };
        tell(&link.interface, Changed::Happened(Happening::Route(RouteChange { change, route: route.clone() })));
        let (key, route) = keyed((index, route));
        remember(&mut self.routes, key, route, gone);
    }
}

fn keyed((index, route): (u32, Route)) -> (RouteKey, Route) {
    ((index, route.destination, route.prefix_length, route.gateway, route.metric, route.table), route)
}

fn remember<K: Ord, V>(known: &mut BTreeMap<K, V>, key: K, value: V, gone: bool) {
    if gone {
        known.remove(&key);
    } else if known.len() < MOST_KNOWN || known.contains_key(&key) {
        known.insert(key, value);
    }
}
