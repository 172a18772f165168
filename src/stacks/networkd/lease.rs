//! The identity of systemd-networkd, from its state file of the link. It keeps no DHCPv6 lease in any file.
//!
//! `DHCP6_CLIENT_DUID` stands there as soon as the link has a DHCPv6 client at all, `DHCP6_CLIENT_IAID` since it was first started
//! (systemd 246 and later; src/network/networkd-state-file.c).

use std::io;

use crate::facts::{Lease, hexadecimal};
use crate::stacks::leases::Subject;
use crate::wire::duid::Duid;

pub(crate) fn lease(subject: &Subject<'_>) -> io::Result<Option<Lease>> {
    let Some(index) = subject.index else { return Ok(None) };
    let path = format!("/run/systemd/netif/links/{index}");
    let Some(text) = subject.root.text_if_any(&path)? else { return Ok(None) };
    Ok(parse(&path, &text))
}

fn parse(path: &str, text: &str) -> Option<Lease> {
    let find = |key: &str| (1..).zip(text.lines()).find_map(|(number, line)| Some((number, line.strip_prefix(key)?.strip_prefix('=')?)));
    let (line, duid) = find("DHCP6_CLIENT_DUID")?;
    let iaid = find("DHCP6_CLIENT_IAID").and_then(|(_, iaid)| u32::from_str_radix(iaid.strip_prefix("0x")?, 16).ok());
    Some(Lease {
        path: path.to_owned(),
        line,
        client: super::ID.name().to_owned(),
        duid: Some(hexadecimal(&read(duid)?)),
        iaid,
        addresses: Vec::new(),
        released: false,
        fresh: false,
    })
}

/// A DUID as systemd writes it: the name of its type, or the type's hexadecimal number, a colon, and the rest (libsystemd-network/sd-dhcp-duid.c).
fn read(text: &str) -> Option<Vec<u8>> {
    let (kind, rest) = text.split_once(':')?;
    let kind = match kind.strip_prefix("DUID-").unwrap_or(kind) {
        "LLT" => 1,
        "EN/Vendor" => 2,
        "LL" => 3,
        "UUID" => 4,
        number => u16::from_str_radix(number, 16).ok()?,
    };
    let rest = Duid::from_hex(rest)?;
    Some([&kind.to_be_bytes()[..], &rest.0].concat())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    /// What systemd-networkd 252 wrote for each `DUIDType=`, and what dnsmasq then had in its lease file.
    #[test]
    fn every_type() {
        for (written, sent) in [
            ("DUID-EN/Vendor:0000ab11dede0fabf5e9fca3", "00020000ab11dede0fabf5e9fca3"),
            ("DUID-LLT:000100005180fa163e000001", "0001000100005180fa163e000001"),
            ("UUID:8baf2d96b4a2486c9e15ceee096b5ccd", "00048baf2d96b4a2486c9e15ceee096b5ccd"),
            ("12:ab", "0012ab"),
        ] {
            let lease = parse("/x", &format!("DHCP6_CLIENT_DUID={written}\n")).unwrap();
            assert_eq!((lease.duid.as_deref(), lease.iaid, lease.fresh), (Some(sent), None, false));
        }
        for broken in ["", "DUID-EN/Vendor", "DUID-EN/Vendor:", "x:00", "UUID:0"] {
            assert_eq!(parse("/x", &format!("DHCP6_CLIENT_DUID={broken}\n")), None, "{broken}");
        }
    }
}
