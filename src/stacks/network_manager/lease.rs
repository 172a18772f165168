//! The lease of NetworkManager's own DHCPv6 client, from the state file of the device. That has a section `[dhcp6]` only while there is a
//! lease, and no lifetimes (seen with 1.42; NetworkManager's manual asks nobody to read it, but D-Bus tells the same).

use std::io;
use std::net::Ipv6Addr;

use super::NAME;
use crate::facts::{Lease, LeaseAddress, hexadecimal};
use crate::image::ini::keyfile::{Group, KeyFile};
use crate::stacks::leases::Subject;
use crate::wire::duid::Duid;

pub(crate) fn lease(subject: &Subject<'_>) -> io::Result<Option<Lease>> {
    let Some(index) = subject.index else { return Ok(None) };
    let path = format!("/run/NetworkManager/devices/{index}");
    let file = KeyFile::read(subject.root, &path)?;
    let Some(group) = file.groups.iter().find(|group| group.name == "dhcp6") else { return Ok(None) };
    let lease = parse(&path, group, subject.root.modified(&path)?);
    Ok(Some(Lease { fresh: lease.fresh && subject.runs(NAME), ..lease }))
}

fn parse(path: &str, group: &Group, written: u64) -> Lease {
    let (path, client) = (path.to_owned(), NAME.to_owned());
    let mut lease = Lease { path, line: group.line, client, duid: None, iaid: None, addresses: Vec::new(), released: false, fresh: false };
    for (key, value) in group.entries.iter().map(|(key, setting)| (key, setting.value.trim_end())) {
        match key.strip_prefix("dhcp6.").unwrap_or(key) {
            "dhcp6_client_id" => lease.duid = Duid::from_hex(value).map(|duid| hexadecimal(&duid.0)),
            "iaid" => lease.iaid = Duid::from_hex(value).and_then(|bytes| Some(u32::from_be_bytes(bytes.0.try_into().ok()?))),
            "ip6_address" => {
                let addresses =
                    value.split_ascii_whitespace().filter_map(|address| address.parse::<Ipv6Addr>().ok()).take(crate::stacks::leases::MOST_ADDRESSES);
                lease.addresses = addresses.map(|address| LeaseAddress { address, starts: written, preferred_s: None, valid_s: None }).collect();
            }
            _ => {}
        }
    }
    lease.fresh = !lease.addresses.is_empty();
    lease
}
