//! The lease of dhcpcd: the server's Reply as it came, in `<interface>.lease6`; written when it came (dhcpcd(8), FILES).
//!
//! Without one, its DUID file and its way to make an IAID tell the identity: the last four bytes of the MAC address, unless
//! dhcpcd.conf(5) has `iaid` or `ia_na`.

use std::io;

use crate::facts::{Lease, LeaseAddress, hexadecimal};
use crate::stacks::leases::{MOST_ADDRESSES, Subject, lives};
use crate::wire::dhcpv6::{DhcpOption, Message, kind};
use crate::wire::duid::Duid;

/// Where builds keep it: Debian and Alpine, and upstream's default.
const DIRECTORIES: [&str; 2] = ["/var/lib/dhcpcd", "/var/db/dhcpcd"];

pub(crate) fn lease(subject: &Subject<'_>) -> io::Result<Option<Lease>> {
    for directory in DIRECTORIES {
        let path = format!("{directory}/{}.lease6", subject.name);
        if let Some(reply) = subject.root.bytes_if_any(&path)?
            && let Some(lease) = parse(&path, &reply, subject.root.modified(&path)?, subject.now)
        {
            return Ok(Some(lease));
        }
    }
    for directory in DIRECTORIES {
        let path = format!("{directory}/duid");
        if let Some(text) = subject.root.text_if_any(&path)? {
            return Ok(identity(subject, path, text.trim()));
        }
    }
    Ok(None)
}

/// The lease in a Reply that was written at `written`.
fn parse(path: &str, reply: &[u8], written: u64, now: u64) -> Option<Lease> {
    let (message, _) = Message::parse(reply)?;
    if message.kind != kind::REPLY {
        return None;
    }
    let associations = message.options.iter().filter_map(|option| match option {
        DhcpOption::IaNa { iaid, options, .. } => Some((*iaid, options)),
        _ => None,
    });
    let (iaid, options) = associations.max_by_key(|(_, options)| options.iter().any(|option| matches!(option, DhcpOption::IaAddress { .. })))?;
    let addresses = options.iter().filter_map(|option| match option {
        DhcpOption::IaAddress { address, preferred_s, valid_s, .. } => {
            Some(LeaseAddress { address: *address, starts: written, preferred_s: Some(*preferred_s), valid_s: Some(*valid_s) })
        }
        _ => None,
    });
    let addresses: Vec<LeaseAddress> = addresses.take(MOST_ADDRESSES).collect();
    Some(Lease {
        path: path.to_owned(),
        line: 0,
        client: super::NAME.to_owned(),
        duid: message.client_id().map(hexadecimal),
        iaid: Some(iaid),
        released: false,
        fresh: addresses.iter().any(|address| lives(address, now)),
        addresses,
    })
}

fn identity(subject: &Subject<'_>, path: String, text: &str) -> Option<Lease> {
    let duid = Duid::from_hex(text)?;
    let configured = subject
        .root
        .text("/etc/dhcpcd.conf")
        .is_ok_and(|text| text.lines().filter_map(|line| line.split_ascii_whitespace().next()).any(|keyword| matches!(keyword, "iaid" | "ia_na")));
    let iaid = subject.mac.filter(|_| !configured).map(|mac| u32::from_be_bytes([mac.2, mac.3, mac.4, mac.5]));
    Some(Lease {
        path,
        line: 1,
        client: super::NAME.to_owned(),
        duid: Some(hexadecimal(&duid.0)),
        iaid,
        addresses: Vec::new(),
        released: false,
        fresh: false,
    })
}
