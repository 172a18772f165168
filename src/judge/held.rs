//! Which of an interface's addresses are DHCPv6's. The kernel does not say; signatures and leases do.

use std::net::Ipv6Addr;

use super::heard;
use crate::facts::{Address, AddressFlag, Scope, Tenses, Unknown};
use crate::stacks::traits_of;

/// `IFA_PROTO` of an address that the kernel made from a Router Advertisement.
const MADE_BY_KERNEL_FROM_RA: u8 = 2;

/// An address that a DHCPv6 client installed, and how one knows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Held<'a> {
    pub(super) address: &'a Address,
    pub(super) because: &'static str,
}

impl Held<'_> {
    /// As `2001:db8:1::10/128`.
    pub(super) fn text(&self) -> String {
        format!("{}/{}", self.address.address, self.address.prefix_length)
    }
}

/// The DHCPv6 addresses of an interface, usable or not.
///
/// # Errors
/// The addresses could not be read.
pub(super) fn dhcpv6_addresses(tenses: &Tenses) -> Result<Vec<Held<'_>>, Unknown> {
    let witness = Witness::of(tenses);
    let addresses = tenses.state.addresses.get()?;
    Ok(addresses.iter().filter_map(|address| witness.tells(address).map(|because| Held { address, because })).collect())
}

/// Global addresses that no SLAAC made: DHCPv6's and static ones.
///
/// # Errors
/// The addresses could not be read.
pub(super) fn assigned_addresses(tenses: &Tenses) -> Result<Vec<&Address>, Unknown> {
    Ok(tenses.state.addresses.get()?.iter().filter(|address| address.scope == Scope::Global && !by_kernel_slaac(address)).collect())
}

fn by_kernel_slaac(address: &Address) -> bool {
    address.protocol == Some(MADE_BY_KERNEL_FROM_RA) || address.has(AddressFlag::Managetempaddr) || address.has(AddressFlag::Temporary)
}

/// What else than the address itself tells where it comes from.
struct Witness {
    leased: Vec<Ipv6Addr>,
    offered: Vec<Ipv6Addr>,
    /// Prefixes that daemons may have made SLAAC addresses from; absent if no router was heard.
    autonomous: Option<Vec<(Ipv6Addr, u8)>>,
    client: bool,
    client_without_lifetimes: bool,
    /// That client makes its addresses /128, as wide-dhcp6c does; ConnMan takes the length of an advertised prefix.
    always_128: bool,
}

impl Witness {
    fn of(tenses: &Tenses) -> Self {
        let leases = tenses.state.leases.get().map(Vec::as_slice).unwrap_or_default();
        let offered = tenses.network.server.get().ok().and_then(|server| heard::offered_addresses(server).ok());
        let heard = tenses.network.router.get().ok().map(heard::valid_advertisements).filter(|heard| !heard.is_empty());
        let autonomous = heard.map(|heard| {
            let prefixes = heard.iter().flat_map(|advertisement| advertisement.message.prefixes());
            prefixes.filter(|prefix| prefix.autonomous()).map(|prefix| (prefix.prefix, prefix.length)).collect()
        });
        let clients = tenses.state.owners.dhcpv6.get().map(Vec::as_slice).unwrap_or_default();
        Self {
            leased: leases.iter().filter(|lease| !lease.released).flat_map(|lease| &lease.addresses).map(|leased| leased.address).collect(),
            offered: offered.unwrap_or_default(),
            autonomous,
            client: !clients.is_empty(),
            always_128: !clients.iter().any(|client| traits_of(client).prefix_length_of_router),
            client_without_lifetimes: clients.iter().any(|client| traits_of(client).addresses_without_lifetime),
        }
    }

    fn tells(&self, address: &Address) -> Option<&'static str> {
        if address.scope != Scope::Global || by_kernel_slaac(address) {
            return None;
        }
        let lasting = address.has(AddressFlag::Permanent);
        if self.leased.contains(&address.address) {
            Some("a client's lease names it")
        } else if self.offered.contains(&address.address)
            && (!lasting || self.client_without_lifetimes || self.client && address.prefix_length == 128)
        {
            // A lease for ever makes an address that looks like a static one.
            Some("the DHCPv6 server offers it")
        } else if lasting {
            let as_clients_do = self.client_without_lifetimes && (address.prefix_length == 128 || !self.always_128);
            as_clients_do.then_some("a client runs that gives its addresses no lifetime")
        } else if address.prefix_length == 128 {
            Some("a /128 with lifetimes")
        } else if !address.has(AddressFlag::Noprefixroute) {
            Some("it has lifetimes, a prefix route of its own, and no RA made it")
        } else {
            // Daemons install their SLAAC addresses like this too, so only a network without such a prefix decides; and not over an address whose
            // lifetime ran out, since the prefix may have been withdrawn.
            if address.has(AddressFlag::Deprecated) {
                return None;
            }
            let autonomous = self.autonomous.as_ref()?;
            let slaac = autonomous.iter().any(|(prefix, length)| in_prefix(address.address, *prefix, *length));
            (!slaac).then_some("it has lifetimes, and no advertised prefix lets SLAAC make it")
        }
    }
}

/// Whether `address` is in `prefix`/`length`.
pub(super) fn in_prefix(address: Ipv6Addr, prefix: Ipv6Addr, length: u8) -> bool {
    let mask = u128::MAX.checked_shl(128 - u32::from(length.min(128))).unwrap_or(0);
    (address.to_bits() ^ prefix.to_bits()) & mask == 0
}
