//! Who we say we are to a DHCPv6 server: the guest's own DUID and IAID wherever they can be known.
//!
//! A server keeps an address for a client identity. Asked by another one it may refuse, as dnsmasq does while it leases the address of this
//! MAC, or set a second address aside; so another one is used only while no lease is held.

use crate::facts::{Address, AddressFlag, ClientIdentity, Lease, Mac, Scope, State};
use crate::wire::duid::Duid;

/// `IFA_PROTO` of an address that the kernel made from a Router Advertisement.
const MADE_BY_KERNEL_FROM_RA: u8 = 2;

/// The identity to solicit with from the interface of `state`.
///
/// # Errors
/// Why there is none: a lease is held under a DUID that is not known.
pub(super) fn of(state: &State, mac: Mac) -> Result<ClientIdentity, String> {
    if let Some(lease) = lease(state)
        && let Some(duid) = &lease.duid
    {
        return Ok(ClientIdentity {
            duid: Duid::from_hex(duid).map_or_else(|| duid.clone(), |duid| duid.to_string()),
            iaid: lease.iaid.unwrap_or_else(|| iaid(mac)),
            of_guest: true,
            source: format!("{}:{}", lease.path, lease.line),
        });
    }
    if holds_address(state) {
        let reason = "the guest holds a DHCPv6 address under a DUID that is not known; asked under another one, a server would refuse or set \
                      aside a second address";
        return Err(reason.into());
    }
    let duid = Duid::link_layer(mac).to_string();
    Ok(ClientIdentity { duid, iaid: iaid(mac), of_guest: false, source: "made from the MAC address".into() })
}

/// The lease that names the identity of the client in charge: a fresh one before others, a later one before earlier ones.
fn lease(state: &State) -> Option<&Lease> {
    let clients = state.owners.dhcpv6.get().map(Vec::as_slice).unwrap_or_default();
    let in_charge = |lease: &&Lease| clients.is_empty() || clients.iter().any(|client| client.name == lease.client);
    let leases = state.leases.get().ok()?;
    leases.iter().filter(|lease| lease.duid.is_some()).filter(in_charge).max_by_key(|lease| lease.fresh)
}

/// Whether an address with a lifetime is held that SLAAC did not make.
fn holds_address(state: &State) -> bool {
    let by_dhcpv6 = |address: &Address| {
        let slaac = address.protocol == Some(MADE_BY_KERNEL_FROM_RA)
            || address.has(AddressFlag::Managetempaddr)
            || address.has(AddressFlag::Temporary)
            || (address.has(AddressFlag::Noprefixroute) && address.prefix_length < 128);
        address.scope == Scope::Global && !address.has(AddressFlag::Permanent) && !slaac
    };
    state.addresses.get().is_ok_and(|addresses| addresses.iter().any(by_dhcpv6))
}

/// As ISC dhclient and dhcpcd make it: the last four bytes of the MAC address.
fn iaid(mac: Mac) -> u32 {
    u32::from_be_bytes([mac.2, mac.3, mac.4, mac.5])
}
