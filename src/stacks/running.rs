//! Who is in charge of an interface: who handles its Router Advertisements, and which DHCPv6 clients serve it.
//!
//! Decided by what runs now and what it says of itself below /run. A daemon that is installed and does not run owns nothing.
//!
//! No D-Bus is spoken: the daemons' files, sockets and titles tell what is asked here, where there is no bus as well, and a D-Bus library
//! would not earn its weight. What it alone would tell: whether networkd takes RAs at all, and the state of its DHCPv6 client.
//!
//! A client that nobody here knows is an owner by its socket, under the name of its process.

use super::STACKS;
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

/// What shows that a stack runs, and for which interface.
pub(crate) struct Running {
    /// The names of its processes; `*` at the end stands for any rest. The kernel keeps 15 bytes of a name.
    pub(crate) processes: &'static [&'static str],
    /// Whether a process of such a name is it, where the name alone does not say so.
    pub(crate) is_it: Option<fn(&Process) -> bool>,
    /// It as the owner of the interface's Router Advertisements.
    pub(crate) ras: Option<Find>,
    /// What shows that it wrote accept_ra=0 to the interface, whether or not it runs.
    pub(crate) wrote_accept_ra: Option<fn(&Subject<'_>) -> Option<String>>,
    /// The DHCPv6 clients of the interface that its arguments or its title show.
    pub(crate) clients: Option<Clients>,
    /// Two processes of it are two clients.
    pub(crate) each_process_is_one: bool,
    /// What a socket on UDP 546 shows.
    pub(crate) socket: Option<Socket>,
    /// It as the DHCPv6 client where nothing else shows one.
    pub(crate) without_socket: Option<Find>,
    /// Whether a process of it was started to ask for an address.
    pub(crate) asks: Option<fn(&Process) -> bool>,
}

type Find = fn(&Subject<'_>, &[Process]) -> Result<Option<Owner>, Reason>;
type Clients = fn(&Subject<'_>, &[Process], &[UdpSocket]) -> Result<Vec<Owner>, Reason>;

impl Running {
    /// Of one that nothing shows.
    pub(crate) const NONE: Self = Self {
        processes: &[],
        is_it: None,
        ras: None,
        wrote_accept_ra: None,
        clients: None,
        each_process_is_one: false,
        socket: None,
        without_socket: None,
        asks: None,
    };

    /// Whether a process of this name may be it.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.processes.iter().any(|known| known.strip_suffix('*').map_or(name == *known, |start| name.starts_with(start)))
    }
}

/// What a socket on UDP 546 that a process holds shows.
pub(crate) struct Socket {
    pub(crate) process: &'static str,
    /// Its name as an owner.
    pub(crate) owner: &'static str,
    pub(crate) serves: Serves,
}

/// Which interfaces the holder of a socket serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Serves {
    /// Those that its arguments, its title or its configuration tell.
    AsTold,
    /// Those of its sockets.
    ItsSockets,
    /// Every one, unless one of its sockets is bound to one.
    AllUnlessBound,
}

/// Who is in charge of the interface.
pub(crate) fn owners(subject: &Subject<'_>) -> Owners {
    Owners { ra: answer(subject.root.known(|| ra(subject))), dhcpv6: answer(subject.root.known(|| dhcpv6(subject))) }
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
    for find in STACKS.iter().filter_map(|stack| stack.running.ras) {
        if let Some(owner) = find(subject, processes)? {
            return Ok(owner);
        }
    }
    let evidence = format!("no daemon that handles RAs itself runs for {}{}", subject.name, stopped(subject, processes));
    Ok(Owner { name: Owner::KERNEL.into(), pid: None, evidence })
}

/// Where `accept_ra` is 0: which daemon wrote that, most likely, and runs no more. None of them puts it back when it ends.
pub(crate) fn stopped(subject: &Subject<'_>, processes: &[Process]) -> String {
    if subject.sysctl.get().ok().and_then(|settings| settings.get("accept_ra")) != Some(&0) {
        return String::new();
    }
    let runs = |running: &Running| processes.iter().any(|process| running.has(&process.name));
    let trace = |stack: &super::Stack| Some((stack.id, stack.running.wrote_accept_ra?(subject)?));
    // It only explains: a trace that could not be looked at leaves the owner known.
    let (found, _) = subject.root.scope(|| STACKS.iter().filter(|stack| !runs(&stack.running)).find_map(trace));
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
        let many = STACKS.iter().any(|stack| stack.running.each_process_is_one && stack.id.name() == owner.name);
        let known = |other: &Owner| other.name == owner.name && (other.pid == owner.pid || !many);
        if !owners.iter().any(known) {
            owners.push(owner);
        }
    };
    let mut shown = Vec::new();
    for find in STACKS.iter().filter_map(|stack| stack.running.clients) {
        shown.extend(find(subject, processes, sockets)?);
    }
    shown.sort_by_key(|owner| owner.pid);
    shown.into_iter().for_each(&mut add);
    let is_bound = |name: &str| sockets.iter().any(|socket| socket.interface_index != 0 && holder(socket) == Some(name));
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
        let known = STACKS.iter().filter_map(|stack| stack.running.socket.as_ref()).find(|known| known.process == process.name);
        match known {
            Some(Socket { serves: Serves::AsTold, .. }) => continue,
            Some(Socket { serves: Serves::AllUnlessBound, owner: name, process: program }) => {
                if here || everywhere && !is_bound(program) {
                    add(owner(name, process, evidence()));
                }
                continue;
            }
            Some(Socket { serves: Serves::ItsSockets, owner: name, .. }) if here => {
                add(owner(name, process, evidence()));
                continue;
            }
            _ => {}
        }
        match &process.name[..] {
            // A program of many names whose arguments told what it serves.
            _ if here && STACKS.iter().any(|stack| stack.running.is_it.is_some_and(|is_it| is_it(process))) => {}
            other if here => add(owner(other, process, evidence())),
            other if everywhere => {
                let text =
                    format!("{other} (process {}) holds UDP 546 of every interface; whether it serves {} is not known", process.pid, subject.name);
                doubt = Some(text.into());
            }
            _ => {}
        }
    }
    if owners.is_empty() && doubt.is_none() {
        for find in STACKS.iter().filter_map(|stack| stack.running.without_socket) {
            owners.extend(find(subject, processes)?);
        }
    }
    doubt.map_or(Ok(owners), Err)
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

/// Clients of this name that were given the interface.
pub(crate) fn of_arguments(name: &str, subject: &Subject<'_>, processes: &[Process]) -> Vec<Owner> {
    let theirs = processes.iter().filter(|process| process.name == name && serves(process, subject.name));
    theirs.map(|process| owner(name, process, started_for(process, subject.name))).collect()
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
