//! The arguments of a running ISC dhclient (dhclient(8)).

use crate::facts::Process;

/// Its name.
pub(crate) const NAME: &str = "dhclient";

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
