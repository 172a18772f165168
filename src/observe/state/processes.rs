//! Processes of our own network namespace that can have to do with RAs or DHCPv6.
//!
//! A process of another namespace is a container's client, not this guest's. Where the kernel does not tell us a process's namespace, or
//! hides processes altogether, the list would be a lie, and is unknown.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::facts::{Observed, Process, Reason, ReasonKind};
use crate::image;

/// Names (`comm`, cut at 15 bytes) of the programs that handle RAs or speak DHCPv6; a trailing `*` stands for any rest.
const NAMES: [&str; 11] =
    ["NetworkManager", "busybox", "connmand", "dhclient", "dhcp6c", "dhcpcd", "dibbler-client", "odhcp6c", "systemd-network", "udhcpc6", "wickedd*"];
const MOST_ARGUMENT_BYTES: u64 = 64 << 10;
const MOST_ARGUMENTS: usize = 64;
const LONGEST_ARGUMENT: usize = 256;
/// As many open files of one process as are looked at for a socket.
const MOST_FILES: usize = 1 << 16;

/// Whether a process of this name matters.
fn matters(name: &str) -> bool {
    NAMES.iter().any(|known| known.strip_suffix('*').map_or(name == *known, |start| name.starts_with(start)))
}

/// The processes by name, and those that hold one of `sockets` (inode numbers), with what each of those holds.
#[derive(Debug)]
pub(super) struct Found {
    /// Processes of our namespace.
    pub(super) processes: Observed<Vec<Process>>,
    /// Who holds a socket, by its inode number; absent where that could not be found out.
    pub(super) holders: BTreeMap<u64, Process>,
}

/// Looks through /proc.
pub(super) fn find(sockets: &BTreeSet<u64>) -> Found {
    match Search::new() {
        Ok(search) => search.run(sockets),
        Err(error) => Found { processes: Observed::unknown(Reason::of_io("/proc", &error)), holders: BTreeMap::new() },
    }
}

struct Search {
    ours: PathBuf,
    pids: Vec<u32>,
}

impl Search {
    fn new() -> io::Result<Self> {
        let ours = fs::read_link("/proc/self/ns/net")?;
        let names = fs::read_dir("/proc")?.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        let mut pids: Vec<u32> = names.collect();
        pids.sort_unstable();
        Ok(Self { ours, pids })
    }

    fn run(&self, sockets: &BTreeSet<u64>) -> Found {
        let mut found = BTreeMap::new();
        let mut doubt = None;
        for pid in &self.pids {
            match self.of_interest(*pid) {
                Ok(Some(process)) => {
                    found.insert(*pid, process);
                }
                Ok(None) => {}
                Err(reason) => doubt = doubt.or(Some(reason)),
            }
        }
        // With hidepid (proc(5)) the processes of other users are not listed, and every system has a process 1.
        if !self.pids.contains(&1) {
            doubt = Some(Reason::new(ReasonKind::MissingPrivilege, "/proc hides the processes of other users: run as root"));
        }
        let holders = self.holders(sockets, &found);
        found.extend(holders.values().map(|holder| (holder.pid, holder.clone())));
        let processes = doubt.map_or_else(|| Observed::Seen(found.into_values().collect()), Observed::unknown);
        Found { processes, holders }
    }

    /// The process if it matters and is in our namespace.
    ///
    /// # Errors
    /// Why that cannot be said.
    fn of_interest(&self, pid: u32) -> Result<Option<Process>, Reason> {
        let name = match image::of_kernel(&place(pid, "comm")) {
            Ok(name) => String::from_utf8_lossy(&name).trim_end().to_owned(),
            Err(error) if gone(&error) => return Ok(None),
            Err(error) => {
                let text = format!("process {pid} cannot be looked at ({error}): run as root");
                return Err(Reason { text, ..Reason::from(error) });
            }
        };
        if !matters(&name) {
            return Ok(None);
        }
        match fs::read_link(place(pid, "ns/net")) {
            // Run by its own name, BusyBox can be anything.
            Ok(namespace) if namespace == self.ours => Ok(read(pid, name).filter(|process| process.name != "busybox" || is_udhcpc6(process))),
            Ok(_) => Ok(None),
            Err(error) if gone(&error) => Ok(None),
            Err(error) => {
                let text = format!("the network namespace of {name} (process {pid}) cannot be told ({error}): run as root");
                Err(Reason { text, ..Reason::from(error) })
            }
        }
    }

    /// Who holds `sockets`. Processes that are known already are looked at first: they are the likely ones, and the others are many.
    fn holders(&self, sockets: &BTreeSet<u64>, known: &BTreeMap<u32, Process>) -> BTreeMap<u64, Process> {
        let mut holders: BTreeMap<u64, Process> = BTreeMap::new();
        let others = self.pids.iter().filter(|pid| !known.contains_key(pid));
        for pid in known.keys().chain(others) {
            if holders.len() == sockets.len() {
                break;
            }
            if !fs::read_link(place(*pid, "ns/net")).is_ok_and(|namespace| namespace == self.ours) {
                continue;
            }
            for socket in sockets_of(*pid) {
                if sockets.contains(&socket)
                    && !holders.contains_key(&socket)
                    && let Some(process) = known.get(pid).cloned().or_else(|| named(*pid))
                {
                    holders.insert(socket, process);
                }
            }
        }
        holders
    }
}

fn is_udhcpc6(process: &Process) -> bool {
    process.arguments.iter().take(2).any(|argument| argument.ends_with("udhcpc6"))
}

/// Inode numbers of the sockets that a process has open.
fn sockets_of(pid: u32) -> Vec<u64> {
    let Ok(files) = fs::read_dir(place(pid, "fd")) else { return Vec::new() };
    let inode = |link: PathBuf| link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok();
    files.take(MOST_FILES).flatten().filter_map(|file| inode(fs::read_link(file.path()).ok()?)).collect()
}

fn named(pid: u32) -> Option<Process> {
    let name = image::read(&place(pid, "comm"), 64).ok()?;
    read(pid, String::from_utf8_lossy(&name).trim_end().to_owned())
}

fn read(pid: u32, name: String) -> Option<Process> {
    let stat = image::read(&place(pid, "stat"), 4096).ok()?;
    // A process that rewrote its arguments without bounds still is a process.
    let arguments = image::read(&place(pid, "cmdline"), MOST_ARGUMENT_BYTES).unwrap_or_default();
    Some(Process { pid, name, arguments: split(&arguments), started_cs: started(&stat)? })
}

fn split(arguments: &[u8]) -> Vec<String> {
    let text = |argument: &[u8]| String::from_utf8_lossy(argument).chars().take(LONGEST_ARGUMENT).collect();
    arguments.split(|byte| *byte == 0).filter(|argument| !argument.is_empty()).take(MOST_ARGUMENTS).map(text).collect()
}

/// When a process was started, in hundredths of a second since boot: field 22 of its stat(5). Its second field is its name in
/// parentheses, which may itself hold parentheses and spaces.
fn started(stat: &[u8]) -> Option<u64> {
    let after_name = &stat[stat.iter().rposition(|byte| *byte == b')')? + 1..];
    std::str::from_utf8(after_name).ok()?.split_ascii_whitespace().nth(19)?.parse().ok()
}

fn place(pid: u32, what: &str) -> PathBuf {
    Path::new("/proc").join(pid.to_string()).join(what)
}

/// The process ended while it was looked at.
fn gone(error: &io::Error) -> bool {
    error.kind() == ErrorKind::NotFound || error.raw_os_error() == Some(libc::ESRCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn start_time_behind_a_hostile_name() {
        let stat = b"42 (a) S 1 (b) c)) S 1 42 42 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 123456 1 2";
        assert_eq!(started(stat), Some(123_456));
        for length in 0..stat.len() {
            let _ = started(&stat[..length]);
        }
    }

    #[test]
    fn names_that_matter() {
        for name in ["dhclient", "systemd-network", "wickedd-dhcp6"] {
            assert!(matters(name), "{name}");
        }
        for name in ["systemd", "dhclient-script", "wicked"] {
            assert!(!matters(name), "{name}");
        }
    }

    #[test]
    fn arguments_are_bounded() {
        assert_eq!(split(b"dhclient\0-6\0eth0\0"), ["dhclient", "-6", "eth0"]);
        let long = [b"a".repeat(1000), b"\0b".repeat(1000)].concat();
        let arguments = split(&long);
        assert_eq!((arguments.len(), arguments[0].len()), (MOST_ARGUMENTS, LONGEST_ARGUMENT));
    }
}
