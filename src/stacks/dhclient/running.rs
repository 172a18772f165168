//! The arguments of a running ISC dhclient (dhclient(8)).

use super::NAME;
use crate::facts::{Owner, Process, Reason, StackId, UdpSocket};
use crate::stacks::running::{Subject, owner, started_for};

/// Those that ask for an address of the interface. One that NetworkManager started is NetworkManager.
#[expect(clippy::unnecessary_wraps, reason = "other clients have files that cannot be read")]
pub(crate) fn clients(subject: &Subject<'_>, processes: &[Process], sockets: &[UdpSocket]) -> Result<Vec<Owner>, Reason> {
    let client = |process: &Process| {
        let arguments = Arguments::of(process)?;
        let serves = arguments.asks_for_addresses && arguments.serves(subject.name) && !waits_for_another(process, processes, sockets);
        let name = if arguments.of_network_manager { StackId::NetworkManager.name() } else { NAME };
        serves.then(|| owner(name, process, started_for(process, subject.name)))
    };
    Ok(processes.iter().filter_map(client).collect())
}

/// dhclient(8): with `-S`, `-P`, `-r` and `-x` it asks for no address, unless -N or -T has it do both.
pub(crate) fn asks(process: &Process) -> bool {
    let has = |options: &[&str]| process.arguments.iter().any(|argument| options.contains(&argument.as_str()));
    has(&["-6"]) && (has(&["-N", "-T"]) || !has(&["-S", "-P", "-r", "-x"]))
}

/// Options that take a value; what follows them is no interface.
const WITH_VALUE: [&str; 21] = [
    "-p",
    "-s",
    "-g",
    "-B",
    "-C",
    "-D",
    "-F",
    "-H",
    "-R",
    "-U",
    "-V",
    "-e",
    "-sf",
    "-pf",
    "-lf",
    "-df",
    "-cf",
    "-timeout",
    "--timeout",
    "--address-prefix-len",
    "--decline-wait-time",
];
const WITH_VALUE_TOO: [&str; 4] = ["--prefix-len-hint", "--dad-wait-time", "--bootp-broadcast-always", "-tf"];

/// What a dhclient of DHCPv6 was told to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Arguments {
    /// The interfaces that it serves; none: all.
    pub(crate) interfaces: Vec<String>,
    /// `-lf`.
    pub(crate) lease_file: Option<String>,
    /// It asks for addresses: not only for options (`-S`) or for prefixes (`-P` without `-N`).
    pub(crate) asks_for_addresses: bool,
    /// NetworkManager started it and installs what it gets.
    pub(crate) of_network_manager: bool,
}

impl Arguments {
    /// The arguments of a process, if it is a dhclient of DHCPv6.
    pub(crate) fn of(process: &Process) -> Option<Self> {
        if process.name != NAME {
            return None;
        }
        let mut found = Self { interfaces: Vec::new(), lease_file: None, asks_for_addresses: true, of_network_manager: false };
        let (mut ipv6, mut stateless, mut prefixes, mut normal) = (false, false, false, false);
        let mut arguments = process.arguments.iter().skip(1);
        while let Some(argument) = arguments.next() {
            match &argument[..] {
                "-6" => ipv6 = true,
                "-S" => stateless = true,
                "-P" => prefixes = true,
                "-N" | "-T" => normal = true,
                "-lf" => found.lease_file = arguments.next().cloned(),
                "-sf" => found.of_network_manager = arguments.next().is_some_and(|script| script.ends_with("nm-dhcp-helper")),
                option if WITH_VALUE.contains(&option) || WITH_VALUE_TOO.contains(&option) => {
                    arguments.next();
                }
                option if option.starts_with('-') => {}
                interface => found.interfaces.push(interface.to_owned()),
            }
        }
        found.asks_for_addresses = normal || !stateless && !prefixes;
        ipv6.then_some(found)
    }

    /// Whether it serves this interface.
    pub(crate) fn serves(&self, name: &str) -> bool {
        self.interfaces.is_empty() || self.interfaces.iter().any(|served| served == name)
    }
}

/// Whether a dhclient is the half that only waits: until it is bound, it runs as two processes, of which the parent waits for the child's
/// word and the child holds the socket (ISC DHCP 4.4, client/dhclient.c, `main`).
fn waits_for_another(process: &Process, processes: &[Process], sockets: &[UdpSocket]) -> bool {
    let holds = |process: &Process| sockets.iter().any(|socket| socket.process.as_ref().is_some_and(|holder| holder.pid == process.pid));
    let mut others = processes.iter().filter(|other| other.pid != process.pid && other.name == process.name && other.arguments == process.arguments);
    !holds(process) && others.any(|other| holds(other) || other.pid > process.pid)
}
