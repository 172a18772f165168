//! The interface of a running udhcpc6. As a daemon it keeps its process while it is bound, and no socket; with `-q` it ends.

use crate::facts::Process;

/// Its name among the owners, whatever name BusyBox runs under.
pub(crate) const NAME: &str = "udhcpc6";

/// Options of BusyBox's udhcpc6 that take a value (networking/udhcp/d6_dhcpc.c).
const WITH_VALUE: &str = "iprstTAOxP";

/// Its interface: `-i eth0`, `-ieth0`, `-fi eth0`, `--interface eth0`; eth0 if none is given. `None` for another program.
pub(crate) fn interface(process: &Process) -> Option<&str> {
    let mut arguments = process.arguments.iter();
    let program = arguments.next()?;
    match &process.name[..] {
        NAME => {}
        "busybox" if program.ends_with(NAME) => {}
        "busybox" => {
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
