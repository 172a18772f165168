//! Where an address comes from. The kernel does not say whether it is DHCPv6's; signatures, leases and answers do.

use std::net::Ipv6Addr;

use super::network_answers::{RouterAnswers, ServerAnswers};
use crate::facts::{Address, AddressFlag, Owner, Scope, State};
use crate::stacks::traits_of;

/// `IFA_PROTO` of an address that the kernel made from a Router Advertisement.
const MADE_BY_KERNEL_FROM_RA: u8 = 2;

/// Where an address comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A DHCPv6 client installed it, and how one knows.
    Dhcpv6(&'static str),
    /// Made of an advertised prefix, or by a daemon that makes such ones the same way.
    Slaac,
    /// It is not global, so nobody gave it.
    Link,
    /// It is for ever, and nothing shows a client that gave it: set by hand or by a file.
    Static,
    /// It has lifetimes, and DHCPv6 or a daemon's SLAAC may have made it.
    Unknown,
}

/// An address that a DHCPv6 client installed, and how one knows.
#[derive(Debug, Clone, Copy)]
pub struct Held<'a> {
    /// The address.
    pub address: &'a Address,
    /// How one knows.
    pub because: &'static str,
}

impl Held<'_> {
    /// As `2001:db8:1::10/128`.
    pub fn text(&self) -> String {
        format!("{}/{}", self.address.address, self.address.prefix_length)
    }
}

/// The addresses of an interface, each with its origin.
#[derive(Debug)]
pub struct Origins<'a>(Vec<(&'a Address, Origin)>);

impl<'a> Origins<'a> {
    /// Of `addresses`, by what is known besides.
    pub fn new(addresses: &'a [Address], known: &Known) -> Self {
        Self(addresses.iter().map(|address| (address, known.origin(address))).collect())
    }

    /// The DHCPv6 addresses, usable or not.
    pub fn dhcpv6(&self) -> Vec<Held<'a>> {
        let held = |(address, origin): &(&'a Address, Origin)| match origin {
            Origin::Dhcpv6(because) => Some(Held { address, because }),
            _ => None,
        };
        self.0.iter().filter_map(held).collect()
    }

    /// Addresses that the kernel made of a Router Advertisement, and that are still valid.
    pub fn slaac(&self) -> impl Iterator<Item = &'a Address> {
        self.0.iter().filter(|(_, origin)| *origin == Origin::Slaac).map(|(address, _)| *address)
    }

    /// Global addresses that the kernel made of no Router Advertisement: DHCPv6's, static ones, and those that daemons set.
    pub fn assigned(&self) -> Vec<&'a Address> {
        self.0.iter().map(|(address, _)| *address).filter(|address| address.scope == Scope::Global && !by_kernel_slaac(address)).collect()
    }
}

fn by_kernel_slaac(address: &Address) -> bool {
    address.protocol == Some(MADE_BY_KERNEL_FROM_RA) || address.has(AddressFlag::Managetempaddr) || address.has(AddressFlag::Temporary)
}

/// Whether a client runs that gives its addresses no lifetime.
fn without_lifetimes<'o>(mut clients: impl Iterator<Item = &'o Owner>) -> bool {
    clients.any(|client| traits_of(client).addresses_without_lifetime)
}

/// Whether an address is held that a client of `clients` installed, most likely, judged before anybody was asked: with a lifetime, and not made
/// by SLAAC.
pub fn holds_leased(addresses: &[Address], clients: &[&Owner]) -> bool {
    let lasting = without_lifetimes(clients.iter().copied());
    let leased = |address: &Address| {
        let slaac = by_kernel_slaac(address) || address.has(AddressFlag::Noprefixroute) && address.prefix_length < 128;
        address.scope == Scope::Global && (lasting || !address.has(AddressFlag::Permanent)) && !slaac
    };
    addresses.iter().any(leased)
}

/// Whether a client gave the address, as far as the kernel tells: it was not made of a Router Advertisement, and is not for ever.
pub fn given_with_lifetime(address: &Address) -> bool {
    address.scope == Scope::Global && address.protocol.is_none() && !address.has(AddressFlag::Permanent)
}

/// What else than the address itself tells where it comes from.
#[derive(Debug)]
pub struct Known {
    leased: Vec<Ipv6Addr>,
    offered: Vec<Ipv6Addr>,
    /// Prefixes that daemons may have made SLAAC addresses from; absent if no router was heard.
    autonomous: Option<Vec<(Ipv6Addr, u8)>>,
    client: bool,
    client_without_lifetimes: bool,
    /// That client makes its addresses /128, as wide-dhcp6c does; ConnMan takes the length of an advertised prefix.
    always_128: bool,
}

impl Known {
    /// By an interface's state and what the network answered.
    pub fn new(state: &State, router: Option<&RouterAnswers<'_>>, server: Option<&ServerAnswers<'_>>) -> Self {
        let leases = state.leases.get().map(Vec::as_slice).unwrap_or_default();
        let offered = server.and_then(|server| server.offered_addresses().ok());
        let valid = router.map(|router| &router.valid).filter(|valid| !valid.is_empty());
        let autonomous = valid.map(|valid| {
            let prefixes = valid.iter().flat_map(|advertisement| advertisement.message.prefixes());
            prefixes.filter(|prefix| prefix.autonomous()).map(|prefix| (prefix.prefix, prefix.length)).collect()
        });
        let clients = state.owners.dhcpv6.get().map(Vec::as_slice).unwrap_or_default();
        Self {
            leased: leases.iter().filter(|lease| !lease.released).flat_map(|lease| &lease.addresses).map(|leased| leased.address).collect(),
            offered: offered.unwrap_or_default(),
            autonomous,
            client: !clients.is_empty(),
            always_128: !clients.iter().any(|client| traits_of(client).prefix_length_of_router),
            client_without_lifetimes: without_lifetimes(clients.iter()),
        }
    }

    /// Where `address` comes from.
    pub fn origin(&self, address: &Address) -> Origin {
        if address.scope != Scope::Global {
            return Origin::Link;
        }
        if by_kernel_slaac(address) {
            return Origin::Slaac;
        }
        let lasting = address.has(AddressFlag::Permanent);
        if self.leased.contains(&address.address) {
            Origin::Dhcpv6("a client's lease names it")
        } else if self.offered.contains(&address.address)
            && (!lasting || self.client_without_lifetimes || self.client && address.prefix_length == 128)
        {
            // A lease for ever makes an address that looks like a static one.
            Origin::Dhcpv6("the DHCPv6 server offers it")
        } else if lasting {
            let as_clients_do = self.client_without_lifetimes && (address.prefix_length == 128 || !self.always_128);
            if as_clients_do { Origin::Dhcpv6("a client runs that gives its addresses no lifetime") } else { Origin::Static }
        } else if address.prefix_length == 128 {
            Origin::Dhcpv6("a /128 with lifetimes")
        } else if !address.has(AddressFlag::Noprefixroute) {
            Origin::Dhcpv6("it has lifetimes, a prefix route of its own, and no RA made it")
        } else {
            // Daemons install their SLAAC addresses like this too, so only a network without such a prefix decides; and not over an address whose
            // lifetime ran out, since the prefix may have been withdrawn.
            match &self.autonomous {
                Some(autonomous) if !address.has(AddressFlag::Deprecated) => {
                    let slaac = autonomous.iter().any(|(prefix, length)| in_prefix(address.address, *prefix, *length));
                    if slaac { Origin::Unknown } else { Origin::Dhcpv6("it has lifetimes, and no advertised prefix lets SLAAC make it") }
                }
                _ => Origin::Unknown,
            }
        }
    }
}

/// Whether `address` is in `prefix`/`length`.
pub fn in_prefix(address: Ipv6Addr, prefix: Ipv6Addr, length: u8) -> bool {
    let mask = u128::MAX.checked_shl(128 - u32::from(length.min(128))).unwrap_or(0);
    (address.to_bits() ^ prefix.to_bits()) & mask == 0
}
