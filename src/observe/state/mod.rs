//! State: what the kernel and the daemons hold now, read once for all interfaces.
//!
//! What cannot be read becomes a reason in the facts. Nothing here sends a packet, binds a port or changes a setting.

pub(in crate::observe) mod addresses;
pub(in crate::observe) mod links;
pub(in crate::observe) mod netlink;
mod processes;
pub(in crate::observe) mod routes;
mod settings;
mod sockets;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use super::ObserveError;
use crate::facts::{
    Address, AddressFlag, Counters, CountersWitness, HostState, Ipv6Stack, Neighbour, Observed, Reason, ReasonKind, Route, State, UdpSocket,
};
use crate::image::{self, Image};
use crate::plan::{Survey, SurveyedLink};
use crate::stacks::dhclient;
use crate::stacks::{leases, running as owners};

pub use dhclient::leases::parse as parse_leases;
pub use settings::counters;

/// Links and capabilities of this machine.
///
/// # Errors
/// The kernel does not answer rtnetlink.
pub fn survey() -> Result<Survey, ObserveError> {
    let failed = |what: &str| {
        let what = format!("the kernel does not tell its {what}");
        |source| ObserveError { what, source }
    };
    let links = links::links().map_err(failed("links"))?;
    let ipv6 = addresses::ipv6().map_err(failed("IPv6 addresses"))?;
    let ipv4 = addresses::ipv4().map_err(failed("IPv4 addresses"))?;
    let ipv6 = ipv6.into_iter().map(|(index, address)| (index, IpAddr::V6(address.address)));
    let ipv4 = ipv4.into_iter().map(|(index, address)| (index, IpAddr::V4(address)));
    let configured: BTreeSet<u32> = ipv6.chain(ipv4).filter(|(_, address)| !is_link_local(*address)).map(|(index, _)| index).collect();
    let links = links.into_iter().map(|told| {
        let configured = configured.contains(&told.link.index);
        (told.name, SurveyedLink { link: told.link, configured })
    });
    Ok(Survey { links: links.collect(), raw_sockets: raw_sockets() })
}

/// RFC 4291 section 2.5.6, RFC 3927.
fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    }
}

/// Whether packet sockets can be opened (packet(7)): CAP_NET_RAW, bit 13 of the effective capabilities (proc_pid_status(5)).
fn raw_sockets() -> Observed<()> {
    const CAP_NET_RAW: u64 = 1 << 13;
    let status = image::read(Path::new("/proc/self/status"), 64 << 10).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let capabilities = match &status {
        Ok(status) => status.lines().find_map(|line| line.strip_prefix("CapEff:")).and_then(|hex| u64::from_str_radix(hex.trim(), 16).ok()),
        Err(error) => return Observed::unknown(Reason::of_io("/proc/self/status", error)),
    };
    match capabilities {
        Some(capabilities) if capabilities & CAP_NET_RAW != 0 => Observed::Seen(()),
        Some(_) => {
            Observed::unknown(Reason::new(ReasonKind::MissingPrivilege, "CAP_NET_RAW is missing: run as root, or with `setcap cap_net_raw+ep`"))
        }
        None => Observed::unknown("/proc/self/status does not tell our capabilities"),
    }
}

/// What the host as a whole holds. `tables` show whether the kernel has IPv6 where /proc does not.
pub fn host(tables: &Tables) -> HostState {
    let sockets = sockets::dhcpv6_clients();
    let inodes = sockets.iter().flatten().map(|socket| socket.inode).filter(|inode| *inode != 0).collect();
    let found = processes::find(&inodes);
    let sockets = sockets.map(|sockets| {
        let with_holder = sockets.into_iter().map(|socket| UdpSocket {
            address: socket.address,
            interface_index: socket.interface_index,
            process: found.holders.get(&socket.inode).cloned(),
        });
        with_holder.collect()
    });
    HostState {
        ipv6: ipv6_stack(Path::new("/proc"), tables.links.as_deref().is_ok_and(|links| links.iter().any(|told| told.inet6.is_some()))),
        processes: found.processes,
        dhcpv6_client_sockets: sockets.map_err(|error| format!("the kernel does not tell who is bound to UDP 546: {error}")).into(),
    }
}

/// Whether the kernel has IPv6: a link has an IPv6 part, or its settings are below `proc`. Without /proc/sys nothing shows that it has none.
fn ipv6_stack(proc: &Path, on_a_link: bool) -> Observed<Ipv6Stack> {
    let present = on_a_link || proc.join("sys/net/ipv6").exists();
    if !present && !proc.join("sys/net/core").exists() {
        return Observed::unknown("/proc/sys/net is not there, so /proc or /proc/sys is not mounted");
    }
    let words = image::read(&proc.join("cmdline"), 64 << 10).unwrap_or_default();
    let words = String::from_utf8_lossy(&words).into_owned();
    let switch = words
        .split_ascii_whitespace()
        .find(|word| word.split_once('=').is_some_and(|(name, value)| matches!(name, "ipv6.disable" | "ipv6.disable_ipv6") && value != "0"));
    Observed::Seen(Ipv6Stack { present, command_line: switch.map(str::to_owned) })
}

/// The kernel's tables, each read once for all interfaces; or why one could not be read.
#[derive(Debug)]
pub struct Tables {
    links: Result<Vec<links::Told>, Reason>,
    addresses: Table<Address>,
    ipv4: Table<Ipv4Addr>,
    routes: Table<Route>,
    neighbours: Table<Neighbour>,
}

/// Entries with the index of their interface.
type Table<T> = Result<Vec<(u32, T)>, Reason>;

impl Tables {
    /// Reads them.
    pub fn read() -> Self {
        Self {
            links: as_reason(links::links(), "links"),
            addresses: as_reason(addresses::ipv6(), "IPv6 addresses"),
            ipv4: as_reason(addresses::ipv4(), "IPv4 addresses"),
            routes: as_reason(routes::routes(), "routes"),
            neighbours: as_reason(routes::neighbours(), "neighbours"),
        }
    }

    /// The IPv6 addresses of the interface of `index`.
    pub fn addresses(&self, index: u32) -> Observed<Vec<Address>> {
        of(&self.addresses, &Ok(index))
    }
}

/// What `tables` and the daemons of `host` hold for each of `interfaces`, by name. The counters are for the caller to fill in, as they are read
/// twice: [`counters`], [`witness`].
pub fn interfaces(interfaces: &BTreeSet<String>, host: &HostState, tables: &Tables) -> BTreeMap<String, State> {
    let root = Image::new(Path::new("/"));
    let Tables { links, addresses, ipv4, routes, neighbours } = tables;
    let leases = leases::Readers::new(&root, host);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs());
    let mut states = BTreeMap::new();
    for name in interfaces {
        let told = match links {
            Ok(links) => links.iter().find(|told| told.name == *name).ok_or_else(|| Reason::from(format!("there is no link {name} any more"))),
            Err(reason) => Err(reason.clone()),
        };
        let index = told.as_ref().map(|told| told.link.index).map_err(Clone::clone);
        let inet6 = told.as_ref().map(|told| told.inet6.as_ref());
        let sysctl = match inet6 {
            Ok(part) => settings::sysctl(name, part.map(|part| &part.settings[..])),
            // Without the link, the files are still there.
            Err(_) => settings::sysctl(name, Some(&[])),
        };
        let addresses = of(addresses, &index);
        let owners = match &told {
            Ok(told) => owners::owners(&owners::Subject {
                name,
                index: told.link.index,
                mac: told.link.mac,
                addresses: &addresses,
                sysctl: &sysctl,
                host,
                root: &root,
            }),
            Err(reason) => owners::unknown(reason),
        };
        let state = State {
            inet6: match inet6 {
                Ok(part) => Observed::Seen(part.map(|part| part.flags.clone())),
                Err(reason) => Observed::unknown(reason),
            },
            sysctl,
            addresses,
            ipv4_addresses: of(ipv4, &index),
            routes: of(routes, &index),
            neighbours: of(neighbours, &index),
            counters: Observed::unknown("not read"),
            leases: leases.leases(&leases::Subject {
                name,
                index: index.clone().ok(),
                mac: told.ok().and_then(|told| told.link.mac),
                now,
                host,
                root: &root,
            }),
            owners,
        };
        states.insert(name.clone(), state);
    }
    states
}

/// Whether duplicate address detection goes on for an address of one of `indices`; one that failed, or that is used meanwhile, is decided.
pub fn detects_duplicates(indices: &BTreeSet<u32>) -> bool {
    let decided = |address: &Address| address.has(AddressFlag::Dadfailed) || address.has(AddressFlag::Optimistic);
    let undecided = |address: &Address| address.has(AddressFlag::Tentative) && !decided(address);
    addresses::ipv6().is_ok_and(|addresses| addresses.iter().any(|(index, address)| indices.contains(index) && undecided(address)))
}

/// Counters before and after, if both were read.
pub fn witness(before: Observed<Counters>, after: Observed<Counters>) -> Observed<CountersWitness> {
    match (before, after) {
        (Observed::Seen(before), Observed::Seen(after)) => Observed::Seen(CountersWitness { before, after }),
        (Observed::Unknown(reason), _) | (_, Observed::Unknown(reason)) => Observed::Unknown(reason),
        (Observed::Absent(reason), _) | (_, Observed::Absent(reason)) => Observed::unknown(reason),
    }
}

fn as_reason<T>(told: io::Result<Vec<T>>, what: &str) -> Result<Vec<T>, Reason> {
    told.map_err(|error| Reason::of_io(&format!("the kernel does not tell its {what}"), &error))
}

/// The part of a table that belongs to the interface of `index`.
fn of<T: Clone>(table: &Table<T>, index: &Result<u32, Reason>) -> Observed<Vec<T>> {
    match (table, index) {
        (Ok(table), Ok(index)) => Observed::Seen(table.iter().filter(|(of, _)| of == index).map(|(_, entry)| entry.clone()).collect()),
        (Err(reason), _) | (_, Err(reason)) => Observed::unknown(reason),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn seen(present: bool, command_line: Option<&str>) -> Observed<Ipv6Stack> {
        Observed::Seen(Ipv6Stack { present, command_line: command_line.map(str::to_owned) })
    }

    #[test]
    fn without_proc_nothing_says_that_the_kernel_has_no_ipv6() {
        let proc = tempfile::tempdir().unwrap();
        let not_mounted = ipv6_stack(proc.path(), false);
        assert!(matches!(&not_mounted, Observed::Unknown(reason) if reason.text.contains("not mounted")), "{not_mounted:?}");
        assert_eq!(ipv6_stack(proc.path(), true), seen(true, None), "a link has an IPv6 part");

        std::fs::write(proc.path().join("cmdline"), "quiet ipv6.disable=1\n").unwrap();
        assert!(matches!(ipv6_stack(proc.path(), false), Observed::Unknown(_)), "/proc without /proc/sys");
        std::fs::create_dir_all(proc.path().join("sys/net/core")).unwrap();
        assert_eq!(ipv6_stack(proc.path(), false), seen(false, Some("ipv6.disable=1")));
        std::fs::create_dir_all(proc.path().join("sys/net/ipv6")).unwrap();
        assert_eq!(ipv6_stack(proc.path(), false), seen(true, Some("ipv6.disable=1")));
    }
}
