//! The plan in prose, for `--plan`: a system administrator reads what would be looked at and sent before it is.

use std::borrow::Cow;
use std::fmt;

use super::Plan;
use crate::facts::{Observed, Reason};
use crate::wrap::wrap;

const READ: [(&str, &str); 2] = [
    (
        "intent",
        "configuration files: of the guest's network stacks and cloud-init, of ISC dhclient and its script, of sysctl, modules, the boot loader and \
         firewalls. Below /etc mostly, and below /boot, /lib, /run, /usr and /var",
    ),
    (
        "state",
        "links, addresses, routes and neighbours (rtnetlink); /proc/sys/net/ipv6 and /proc/net/dev_snmp6; processes and sockets on UDP port 546 of \
         this network namespace; the leases that DHCPv6 clients keep on disk",
    ),
];

const SENT: [(&str, &str); 2] = [
    ("RS", "Router Solicitation to ff02::2, all routers: ICMPv6, hop limit 255; from :: where there is no link-local address"),
    (
        "Solicit",
        "DHCPv6 Solicit to ff02::1:2, all DHCPv6 servers: UDP from port 546 to port 547, without Rapid Commit, so that no server gives an address \
         for it; with the guest's own DUID and IAID where they can be known, else with a DUID made from the MAC address",
    ),
];

impl fmt::Display for Plan {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let left_out = |checked: bool| self.interfaces.iter().filter(move |(_, planned)| planned.left_out.is_none() == checked);
        writeln!(to, "Checked:")?;
        for (name, planned) in left_out(true) {
            let mac = planned.link.mac.map_or_else(|| "no MAC address".into(), |mac| format!("MAC address {mac}"));
            paragraph(to, &shown(name), &format!("{mac}, {}", if planned.link.up { "up" } else { "down" }))?;
        }
        if left_out(true).next().is_none() {
            writeln!(to, "  no interface; --interface chooses one by name")?;
        }
        if left_out(false).next().is_some() {
            writeln!(to, "\nLeft out:")?;
        }
        for (name, planned) in left_out(false) {
            paragraph(to, &shown(name), planned.left_out.as_deref().unwrap_or_default())?;
        }
        writeln!(to, "\nRead, and nothing is changed:")?;
        for (tense, what) in READ {
            paragraph(to, tense, what)?;
        }
        paragraph(to, "boot", &self.boot_read())?;
        match &self.network {
            Observed::Unknown(Reason { text: reason, .. }) | Observed::Absent(reason) => {
                writeln!(to, "\n{}", wrap("", 0, &format!("Nothing is sent ({}).", cause(reason))).join("\n"))
            }
            Observed::Seen(()) if left_out(true).next().is_none() => writeln!(to, "\nNothing is sent."),
            Observed::Seen(()) => self.sent(to),
        }
    }
}

impl Plan {
    fn boot_read(&self) -> String {
        let journal = "; of what was not recorded, the lines of DHCPv6 clients in this boot's journal (journalctl -b, for at most 2 s)";
        match &self.boot {
            Some(file) => format!("the capture {}{journal}", shown(&file.display().to_string())),
            None => format!("the recording of this boot, /run/v6check/boot.pcapng, if there is one{journal}"),
        }
    }

    fn sent(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(to, "\nSent on each checked interface, from its link-local address, as raw frames:")?;
        for (name, what) in SENT {
            paragraph(to, name, what)?;
        }
        let until = if self.thorough { "for the whole" } else { "until it is answered, for at most" };
        let rest = format!(
            "Each is repeated at the intervals of RFC 4861 and RFC 8415 {until} {} s. Nothing else is sent: no Request, Renew, Release or Decline, and no \
             Router Advertisement. UDP port 546 is not bound, and no address, route or setting is changed.",
            self.timeout.as_secs_f64()
        );
        writeln!(to, "{}", wrap("", 0, &rest).join("\n"))
    }
}

/// The reason itself, where it begins by saying that nothing was sent.
fn cause(reason: &str) -> &str {
    reason.strip_prefix("nothing was sent: ").unwrap_or(reason)
}

fn paragraph(to: &mut fmt::Formatter<'_>, term: &str, text: &str) -> fmt::Result {
    const INDENT: usize = 12;
    let first = format!("{:<INDENT$}", format!("  {term}  "));
    writeln!(to, "{}", wrap(&first, INDENT, text).join("\n"))
}

/// A name of an interface; the kernel allows control characters in it.
pub(super) fn shown(name: &str) -> Cow<'_, str> {
    if name.chars().all(|character| character.is_ascii_graphic()) { name.into() } else { format!("{name:?}").into() }
}
