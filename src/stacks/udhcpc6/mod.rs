//! The interface of a running udhcpc6. As a daemon it keeps its process while it is bound, and no socket; with `-q` it ends.

use crate::facts::{Owner, Process, Reason, StackId, UdpSocket};
use crate::stacks::running::{Running, Subject, owner, started_for};
use crate::stacks::stack::{Stack, Traits};

/// Its name among the owners, whatever name BusyBox runs under.
const NAME: &str = StackId::Udhcpc6.name();
/// The program of many names.
const BUSYBOX: &str = "busybox";

pub(crate) const STACK: Stack = Stack {
    running: Running {
        processes: &[NAME, BUSYBOX],
        is_it: Some(|process| interface(process).is_some()),
        clients: Some(clients),
        asks: Some(|_| true),
        ..Running::NONE
    },
    traits: Traits { keeps_no_duid: true, lease_without_process: true, addresses_without_lifetime: true, ..Traits::NONE },
    ..Stack::new(StackId::Udhcpc6)
};

#[expect(clippy::unnecessary_wraps, reason = "other clients have files that cannot be read")]
fn clients(subject: &Subject<'_>, processes: &[Process], _: &[UdpSocket]) -> Result<Vec<Owner>, Reason> {
    let its = processes.iter().filter(|process| interface(process) == Some(subject.name));
    Ok(its.map(|process| owner(NAME, process, started_for(process, subject.name))).collect())
}

/// Options of BusyBox's udhcpc6 that take a value (networking/udhcp/d6_dhcpc.c).
const WITH_VALUE: &str = "iprstTAOxP";

/// Its interface: `-i eth0`, `-ieth0`, `-fi eth0`, `--interface eth0`; eth0 if none is given. `None` for another program.
fn interface(process: &Process) -> Option<&str> {
    let mut arguments = process.arguments.iter();
    let program = arguments.next()?;
    match &process.name[..] {
        NAME => {}
        BUSYBOX if program.ends_with(NAME) => {}
        BUSYBOX => {
            arguments.next().filter(|applet| *applet == NAME)?;
        }
        _ => return None,
    }
    while let Some(argument) = arguments.next() {
        if let Some(long) = argument.strip_prefix("--") {
            match long.split_once('=') {
                Some(("interface", name)) => return Some(name),
                None if long == "interface" => return Some(arguments.next().map_or("", |name| name)),
                _ => {}
            }
        } else if let Some(letters) = argument.strip_prefix('-') {
            let Some(at) = letters.find(|letter| WITH_VALUE.contains(letter)) else { continue };
            let value = &letters[at + 1..];
            let value = if value.is_empty() { arguments.next().map_or("", |value| value) } else { value };
            if letters[at..].starts_with('i') {
                return Some(value);
            }
        }
    }
    Some("eth0")
}
