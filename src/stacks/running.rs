//! Who is in charge of an interface: who handles its Router Advertisements, and which DHCPv6 clients serve it.
//!
//! Decided by what runs now and what it says of itself below /run. A daemon that is installed and does not run owns nothing.
//!
//! No D-Bus is spoken: the daemons' files, sockets and titles tell what is asked here, where there is no bus as well, and a D-Bus library
//! would not earn its weight. What it alone would tell: whether networkd takes RAs at all, and the state of its DHCPv6 client.
//!
//! A client that nobody here knows is an owner by its socket, under the name of its process.

use super::connman::running as connman;
use super::dhclient::running as dhclient;
use super::dhcpcd::running as dhcpcd;
use super::network_manager::running as network_manager;
use super::networkd::running as networkd;
use super::udhcpc6;
use crate::facts::{Address, HostState, Mac, Observed, Owner, Owners, Process, Reason, ReasonKind, UdpSocket};
use crate::image::Image;
use std::collections::BTreeMap;

/// The interface asked about, and what is known.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Subject<'a> {
    pub(crate) name: &'a str,
    pub(crate) index: u32,
    pub(crate) mac: Option<Mac>,
    pub(crate) addresses: &'a Observed<Vec<Address>>,
    pub(crate) sysctl: &'a Observed<BTreeMap<String, i64>>,
    pub(crate) host: &'a HostState,
    pub(crate) root: &'a Image,
}

/// The process of systemd-networkd: the kernel keeps 15 bytes of a name.
pub(crate) const NETWORKD: &str = "systemd-network";
pub(crate) const SYSTEMD_NETWORKD: &str = "systemd-networkd";
/// The process of wicked that speaks DHCPv6.
pub(crate) const WICKED_DHCP6: &str = "wickedd-dhcp6";
pub(crate) const NETWORK_MANAGER: &str = "NetworkManager";
pub(crate) const DHCPCD: &str = "dhcpcd";

/// Who is in charge of the interface.
pub(crate) fn owners(subject: &Subject<'_>) -> Owners {
    Owners { ra: answer(ra(subject)), dhcpv6: answer(dhcpv6(subject)) }
}

/// Nobody can say.
pub(crate) fn unknown(reason: &Reason) -> Owners {
    Owners { ra: Observed::unknown(reason), dhcpv6: Observed::unknown(reason) }
}

pub(crate) fn answer<T>(known: Result<T, Reason>) -> Observed<T> {
    known.into()
}

pub(crate) fn ra(subject: &Subject<'_>) -> Result<Owner, Reason> {
    let processes = subject.host.processes.get()?;
    if let Some(process) = named(processes, NETWORKD)
        && let Some(evidence) = networkd::manages(subject)?
    {
        return Ok(owner(SYSTEMD_NETWORKD, process, evidence));
    }
    if let Some(process) = named(processes, NETWORK_MANAGER)
        && let Some(evidence) = network_manager::handles_ras(subject)?
    {
        return Ok(owner(NETWORK_MANAGER, process, evidence));
    }
    if let Some((process, evidence)) = dhcpcd::does(subject, processes, dhcpcd::Part::RouterAdvertisements)? {
        return Ok(owner(DHCPCD, process, evidence));
    }
    if let Some(process) = processes.iter().find(|process| process.name == "odhcp6c" && serves(process, subject.name)) {
        return Ok(owner("odhcp6c", process, started_for(process, subject.name)));
    }
    let evidence = format!("no daemon that handles RAs itself runs for {}{}", subject.name, stopped(subject, processes));
    Ok(Owner { name: Owner::KERNEL.into(), pid: None, evidence })
}

/// Where `accept_ra` is 0: which daemon wrote that, most likely, and runs no more. None of them puts it back when it ends.
pub(crate) fn stopped(subject: &Subject<'_>, processes: &[Process]) -> String {
    if subject.sysctl.get().ok().and_then(|settings| settings.get("accept_ra")) != Some(&0) {
        return String::new();
    }
    let traces = [
        (SYSTEMD_NETWORKD, NETWORKD, networkd::managed(subject)),
        (NETWORK_MANAGER, NETWORK_MANAGER, network_manager::managed(subject)),
        (DHCPCD, DHCPCD, dhcpcd::traces(subject)),
    ];
    let mut stopped = traces.into_iter().filter(|(_, process, _)| named(processes, process).is_none());
    let found = stopped.find_map(|(name, _, trace)| Some((name, trace?)));
    found
        .map(|(name, trace)| format!("; {name}, which writes accept_ra=0 to handle them itself, had it, most likely ({trace}), and runs no more"))
        .unwrap_or_default()
}

pub(crate) fn dhcpv6(subject: &Subject<'_>) -> Result<Vec<Owner>, Reason> {
    let processes = subject.host.processes.get()?;
    let sockets = subject.host.dhcpv6_client_sockets.get()?;
    let mut owners: Vec<Owner> = Vec::new();
    let mut add = |owner: Owner| {
        // One program is one owner, however many processes and sockets it has; two dhclients are two.
        let known = |other: &Owner| other.name == owner.name && (other.pid == owner.pid || owner.name != dhclient::NAME);
        if !owners.iter().any(known) {
            owners.push(owner);
        }
    };
    for process in processes {
        if let Some(arguments) = dhclient::Arguments::of(process) {
            if arguments.asks_for_addresses && arguments.serves(subject.name) && !waits_for_another(process, processes, sockets) {
                let name = if arguments.of_network_manager { NETWORK_MANAGER } else { dhclient::NAME };
                add(owner(name, process, started_for(process, subject.name)));
            }
        } else if matches!(&process.name[..], "dhcp6c" | "odhcp6c") && serves(process, subject.name) {
            add(owner(&process.name, process, started_for(process, subject.name)));
        } else if udhcpc6::interface(process) == Some(subject.name) {
            add(owner(udhcpc6::NAME, process, started_for(process, subject.name)));
        }
    }
    if let Some((process, evidence)) = dhcpcd::does(subject, processes, dhcpcd::Part::Dhcpv6)? {
        add(owner(DHCPCD, process, evidence));
    }
    let dibbler_is_bound = sockets.iter().any(|socket| socket.interface_index != 0 && holder(socket) == Some("dibbler-client"));
    let mut doubt = None;
    for socket in sockets {
        let here = on(subject, socket);
        let everywhere = socket.interface_index == 0 && socket.address.is_unspecified();
        let Some(process) = &socket.process else {
            if here || everywhere {
                let text = format!("who holds UDP 546 on {} could not be found out: run as root", subject.name);
                doubt = Some(Reason::new(ReasonKind::MissingPrivilege, text));
            }
            continue;
        };
        let evidence = || format!("it holds UDP [{}]:546{}", socket.address, if here { format!(" on {}", subject.name) } else { String::new() });
        match &process.name[..] {
            // What they serve was told by their arguments, their title or their configuration.
            DHCPCD | "dhclient" | "dhcp6c" | "odhcp6c" => {}
            _ if here && udhcpc6::interface(process).is_some() => {}
            "dibbler-client" if here || everywhere && !dibbler_is_bound => add(owner("dibbler-client", process, evidence())),
            "dibbler-client" => {}
            NETWORKD if here => add(owner(SYSTEMD_NETWORKD, process, evidence())),
            WICKED_DHCP6 if here => add(owner("wicked", process, evidence())),
            other if here => add(owner(other, process, evidence())),
            other if everywhere => {
                let text =
                    format!("{other} (process {}) holds UDP 546 of every interface; whether it serves {} is not known", process.pid, subject.name);
                doubt = Some(text.into());
            }
            _ => {}
        }
    }
    if owners.is_empty()
        && doubt.is_none()
        && let Some(process) = named(processes, connman::NAME)
        && let Some(evidence) = connman::speaks(subject)?
    {
        owners.push(owner(connman::NAME, process, evidence));
    }
    doubt.map_or(Ok(owners), Err)
}

/// Whether a dhclient is the half that only waits: until it is bound, it runs as two processes, of which the parent waits for the child's
/// word and the child holds the socket (ISC DHCP 4.4, client/dhclient.c, `main`).
pub(crate) fn waits_for_another(process: &Process, processes: &[Process], sockets: &[UdpSocket]) -> bool {
    let holds = |process: &Process| sockets.iter().any(|socket| socket.process.as_ref().is_some_and(|holder| holder.pid == process.pid));
    let mut others = processes.iter().filter(|other| other.pid != process.pid && other.name == process.name && other.arguments == process.arguments);
    !holds(process) && others.any(|other| holds(other) || other.pid > process.pid)
}

/// Whether a socket belongs to the interface, by its own word or by the address it is bound to.
pub(crate) fn on(subject: &Subject<'_>, socket: &UdpSocket) -> bool {
    let bound_here = || subject.addresses.get().is_ok_and(|addresses| addresses.iter().any(|address| address.address == socket.address));
    socket.interface_index == subject.index || socket.interface_index == 0 && !socket.address.is_unspecified() && bound_here()
}

pub(crate) fn holder(socket: &UdpSocket) -> Option<&str> {
    socket.process.as_ref().map(|process| &process.name[..])
}

pub(crate) fn named<'a>(processes: &'a [Process], name: &str) -> Option<&'a Process> {
    processes.iter().find(|process| process.name == name)
}

pub(crate) fn owner(name: &str, process: &Process, evidence: String) -> Owner {
    Owner { name: name.to_owned(), pid: Some(process.pid), evidence }
}

/// Whether a client that takes its interfaces as arguments was given this one.
pub(crate) fn serves(process: &Process, name: &str) -> bool {
    process.arguments.iter().skip(1).any(|argument| argument == name)
}

/// The value of the first line `key=value`.
pub(crate) fn value<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    text.lines().filter_map(|line| line.split_once('=')).find(|(found, _)| found.trim() == key).map(|(_, value)| value.trim())
}

pub(crate) fn started_for(process: &Process, name: &str) -> String {
    if serves(process, name) {
        format!("it was started for {name}: `{}`", process.arguments.join(" "))
    } else {
        "it was started for every interface".into()
    }
}

#[cfg(test)]
mod tests;
