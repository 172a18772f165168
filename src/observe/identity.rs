//! Who we say we are to a DHCPv6 server: the guest's own DUID and IAID wherever they can be known.
//!
//! A server keeps an address for a client identity. Asked by another one it may refuse, as dnsmasq does while it leases the address of this
//! MAC, or set a second address aside; so another one is used only while no lease is held.
//!
//! It is read from what the client in charge keeps; where that tells none, it is derived as the client derives it (`derived`), for the
//! clients that were seen to do so; or it is the one under which the boot's recording shows that the address held was given. A lease of a client that is not in charge names an identity that the server may know, but not the guest's.

mod derived;

use crate::exchange::address_origin::holds_leased;
use crate::exchange::leases::last_lease;
use crate::facts::{ClientIdentity, HostState, Lease, Mac, Owner, Process, Recording, State};
use crate::wire::duid::Duid;

use crate::image::Image;

/// The interface to solicit from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Guest<'a> {
    pub(super) name: &'a str,
    pub(super) index: u32,
    pub(super) mac: Mac,
    pub(super) state: &'a State,
    pub(super) host: &'a HostState,
    pub(super) root: &'a Image,
    /// Its boot, where it was recorded.
    pub(super) boot: Option<&'a Recording>,
}

impl Guest<'_> {
    /// The process of an owner.
    fn process(&self, owner: &Owner) -> Option<&Process> {
        self.host.processes.get().ok()?.iter().find(|process| Some(process.pid) == owner.pid)
    }
}

/// The identity to solicit with.
///
/// # Errors
/// Why there is none: a lease is held under an identity that is not known.
pub(super) fn of(guest: &Guest<'_>) -> Result<ClientIdentity, String> {
    let in_charge = in_charge(guest.state);
    if let Some(identity) = lease(guest.state, &in_charge).and_then(|lease| known(guest, lease, true)) {
        return Ok(identity);
    }
    if let Some(identity) = in_charge.iter().find_map(|owner| certain(guest, || derived::by_network_manager(guest, owner))) {
        return Ok(identity);
    }
    if let Some((address, identity)) = guest.boot.and_then(last_lease)
        && guest.state.addresses.get().is_ok_and(|held| held.iter().any(|held| held.address == address))
    {
        return Ok(identity);
    }
    if in_charge.is_empty()
        && let Some(identity) = any_lease(guest.state).and_then(|lease| known(guest, lease, false))
    {
        return Ok(identity);
    }
    if guest.state.addresses.get().is_ok_and(|addresses| holds_leased(addresses, &in_charge)) {
        let reason = "the guest holds a DHCPv6 address under an identity (DUID and IAID) that is not known; asked under another one, a server would \
                      refuse or set aside a second address";
        return Err(reason.into());
    }
    let duid = Duid::link_layer(guest.mac).to_string();
    let iaid = derived::last_four_bytes(guest.mac);
    Ok(ClientIdentity { duid, iaid, of_guest: false, source: "made from the MAC address".into() })
}

/// The DHCPv6 clients of the interface; while none runs, the daemon that would be one as soon as an RA asks for it.
fn in_charge(state: &State) -> Vec<&Owner> {
    match state.owners.dhcpv6.get() {
        Ok(clients) if !clients.is_empty() => clients.iter().collect(),
        Ok(_) => state.owners.ra.get().ok().into_iter().filter(|owner| owner.name != Owner::KERNEL).collect(),
        Err(_) => Vec::new(),
    }
}

/// The lease that names the identity of a client in charge: a fresh one before others, a later one before earlier ones.
fn lease<'a>(state: &'a State, in_charge: &[&Owner]) -> Option<&'a Lease> {
    let theirs = |lease: &&Lease| in_charge.iter().any(|owner| owner.name == lease.client);
    with_duid(state).filter(theirs).max_by_key(|lease| lease.fresh)
}

fn any_lease(state: &State) -> Option<&Lease> {
    with_duid(state).filter(|lease| lease.iaid.is_some()).max_by_key(|lease| lease.fresh)
}

fn with_duid(state: &State) -> impl Iterator<Item = &Lease> {
    state.leases.get().map(Vec::as_slice).unwrap_or_default().iter().filter(|lease| lease.duid.is_some())
}

/// The identity of a lease, if both its halves are known.
fn known(guest: &Guest<'_>, lease: &Lease, of_guest: bool) -> Option<ClientIdentity> {
    let duid = lease.duid.as_ref()?;
    let place = if lease.line == 0 { lease.path.clone() } else { format!("{}:{}", lease.path, lease.line) };
    let (iaid, source) = if let Some(iaid) = lease.iaid {
        (iaid, place)
    } else {
        let (iaid, from) = certain(guest, || derived::iaid_of_networkd(guest, lease))?;
        (iaid, format!("{place}; the IAID as systemd-networkd derives it from {from}"))
    };
    let duid = Duid::from_hex(duid).map_or_else(|| duid.clone(), |duid| duid.to_string());
    Some(ClientIdentity { duid, iaid, of_guest, source })
}

/// What is derived, if all that it follows from could be looked at.
fn certain<T>(guest: &Guest<'_>, derive: impl FnOnce() -> Option<T>) -> Option<T> {
    let (derived, unread) = guest.root.scope(derive);
    derived.filter(|_| unread.is_none())
}

#[cfg(test)]
mod tests;
