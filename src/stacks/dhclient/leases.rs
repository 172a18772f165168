//! DHCPv6 leases of ISC dhclient, from its lease files (dhclient.leases(5)).
//!
//! The file grows: of the blocks of one interface the last one holds, and only if it was not released. `default-duid` names the client even
//! before it ever got a lease, and then still tells which identity it will use.

pub(crate) mod kept;

use std::net::Ipv6Addr;

use crate::facts::{HostState, Lease, LeaseAddress, Mac, StackId, hexadecimal};
use crate::image::{Image, MOST_BYTES};
use crate::stacks::dhclient::{NAME, running as dhclient};
use crate::stacks::leases::syntax::{self, Event, Statement};
use crate::stacks::leases::{FOR_EVER, MOST_ADDRESSES};

pub(crate) use kept::kept;

/// Where NetworkManager lets a dhclient of its own keep its leases; it is then NetworkManager's client.
const OF_NETWORK_MANAGER: &str = "/var/lib/NetworkManager/";
const MOST_FILES: usize = 256;

/// Where distributions and their network stacks let dhclient keep its leases; files that only name the client (those of DHCPv4, which
/// share its DUID) come first, because a later one counts for more.
pub(crate) const PLACES: [&str; 4] = [
    "/var/lib/dhcp/dhclient*.leases",
    "/var/lib/dhclient/dhclient*.lease*",
    "/var/lib/NetworkManager/dhclient6-*.lease",
    "/var/lib/dhcp/dhclient6*.leases",
];

/// The lease files of this machine, read once.
#[derive(Debug)]
pub(crate) struct Files {
    /// Why there may be others.
    unlisted: Option<String>,
    read: Vec<(String, Result<Vec<u8>, String>)>,
    /// Files that a running dhclient was told to use, with the interfaces that it was told to serve (none: all).
    in_use: Vec<(String, Vec<String>)>,
}

impl Files {
    /// Reads them.
    pub(crate) fn read(root: &Image, host: &HostState) -> Self {
        let mut paths: Vec<String> = Vec::new();
        let mut in_use = Vec::new();
        for process in host.processes.get().into_iter().flatten() {
            if let Some(arguments) = dhclient::Arguments::of(process)
                && let Some(path) = arguments.lease_file.filter(|path| path.starts_with('/'))
            {
                in_use.push((path, arguments.interfaces));
            }
        }
        // A path that several patterns give is kept where it counts for more: at its last place.
        let (places, unread) = root.scope(|| PLACES.iter().flat_map(|place| root.glob(place)).collect::<Vec<_>>());
        for path in places.into_iter().chain(in_use.iter().map(|(path, _)| path.clone())) {
            paths.retain(|known| *known != path);
            paths.push(path);
        }
        let unlisted =
            if paths.len() > MOST_FILES { Some(format!("more than {MOST_FILES} lease files")) } else { unread.map(|unread| unread.to_string()) };
        paths.truncate(MOST_FILES);
        let files = paths.into_iter().filter_map(|path| match root.read(&path, MOST_BYTES) {
            Ok(bytes) => Some((path, Ok(bytes))),
            // It was removed since, or not yet written.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => Some((path, Err(error.to_string()))),
        });
        Self { unlisted, read: files.collect(), in_use }
    }

    /// The leases of the interface `name` with the MAC address `mac`, at `now` (seconds since 1970): one of each file, the one that holds.
    /// Where a file only names the client, its lease has no addresses.
    pub(crate) fn of(&self, name: &str, mac: Option<Mac>, now: u64) -> Result<Vec<Lease>, String> {
        if let Some(reason) = &self.unlisted {
            return Err(reason.clone());
        }
        let mut leases = Vec::new();
        for (path, bytes) in &self.read {
            match bytes {
                Ok(bytes) => leases.extend(parse(path, bytes, name, self.identity_for(path, name).then_some(mac).flatten(), now)),
                Err(error) => return Err(format!("{path}: {error}")),
            }
        }
        Ok(leases)
    }

    /// Whether a file without a lease of the interface `name` still tells the identity of its client.
    fn identity_for(&self, path: &str, name: &str) -> bool {
        let file = path.rsplit('/').next().unwrap_or(path);
        let inner = file.split_once(['.', '-']).map_or("", |(_, rest)| rest);
        let inner = inner.rsplit_once('.').map_or("", |(inner, _)| inner);
        inner.is_empty()
            || inner == name
            || inner.ends_with(&format!("-{name}"))
            || self.in_use.iter().any(|(used, interfaces)| used == path && (interfaces.is_empty() || interfaces.iter().any(|served| served == name)))
    }
}

/// The lease of the interface `name` in a lease file: its last block, or, where there is none, the client that the file names, if `mac` is
/// given: dhclient's IAID is made of the last four bytes of the MAC address.
///
/// Never fails: what cannot be read is skipped, and a block that ends in the middle counts as far as it goes.
pub fn parse(path: &str, bytes: &[u8], name: &str, mac: Option<Mac>, now: u64) -> Option<Lease> {
    let mut default_duid: Option<(u32, String)> = None;
    let mut lease: Option<Block> = None;
    let mut open: Option<Block> = None;
    for Statement { event, line, depth } in syntax::statements(bytes) {
        match event {
            Event::Set(words) if depth == 0 => {
                if let [keyword, value, ..] = &words[..]
                    && keyword.is("default-duid")
                    && let Some(duid) = value.bytes()
                {
                    default_duid = Some((line, hexadecimal(&duid)));
                }
            }
            Event::Open(words) if depth == 0 => open = words.first().is_some_and(|word| word.is("lease6")).then(|| Block::new(line)),
            Event::Close if depth == 1 => lease = open.take().filter(|block| block.interface.as_deref() == Some(name)).or(lease),
            event => {
                if let Some(block) = &mut open {
                    block.take(&event, depth);
                }
            }
        }
    }
    // The last block may be half written; it holds only if what it is for was written already.
    if let Some(block) = open.filter(|block| block.interface.as_deref() == Some(name) && !block.addresses.is_empty()) {
        lease = Some(block);
    }
    let client = if path.starts_with(OF_NETWORK_MANAGER) { StackId::NetworkManager.name() } else { NAME };
    let known = default_duid.as_ref().map(|(_, duid)| duid.clone());
    if let Some(block) = lease {
        return Some(Lease {
            path: path.to_owned(),
            line: block.line,
            client: client.to_owned(),
            duid: block.duid.or(known),
            iaid: block.iaid,
            fresh: !block.released && block.addresses.iter().any(|address| crate::stacks::leases::lives(address, now)),
            addresses: block.addresses,
            released: block.released,
        });
    }
    let (line, duid) = default_duid?;
    let mac = mac?;
    Some(Lease {
        path: path.to_owned(),
        line,
        client: client.to_owned(),
        duid: Some(duid),
        iaid: Some(u32::from_be_bytes([mac.2, mac.3, mac.4, mac.5])),
        addresses: Vec::new(),
        released: false,
        fresh: false,
    })
}

/// A `lease6` block as it is read.
#[derive(Debug)]
struct Block {
    line: u32,
    interface: Option<String>,
    duid: Option<String>,
    iaid: Option<u32>,
    addresses: Vec<LeaseAddress>,
    released: bool,
    /// In an identity association for addresses; those for prefixes are no concern of ours.
    in_association: bool,
    association_starts: u64,
    in_address: bool,
}

impl Block {
    fn new(line: u32) -> Self {
        Self {
            line,
            interface: None,
            duid: None,
            iaid: None,
            addresses: Vec::new(),
            released: false,
            in_association: false,
            association_starts: 0,
            in_address: false,
        }
    }

    fn take(&mut self, event: &Event, depth: usize) {
        match (event, depth) {
            (Event::Set(words), 1) => match &words[..] {
                [keyword, value, ..] if keyword.is("interface") => self.interface = value.text(),
                [keyword, ..] if keyword.is("released") => self.released = true,
                [keyword, option, value, ..] if keyword.is("option") && option.is("dhcp6.client-id") => {
                    self.duid = value.bytes().map(|duid| hexadecimal(&duid));
                }
                _ => {}
            },
            (Event::Open(words), 1) => {
                self.in_association = words.first().is_some_and(|word| word.is("ia-na") || word.is("ia-ta"));
                self.association_starts = 0;
                if let (true, None, Some(iaid)) = (self.in_association, self.iaid, words.get(1).and_then(syntax::Word::bytes)) {
                    self.iaid = <[u8; 4]>::try_from(&iaid[..]).ok().map(u32::from_be_bytes);
                }
            }
            (Event::Close, 2) => self.in_association = false,
            (Event::Set(words), 2) if self.in_association => {
                if let [keyword, value, ..] = &words[..]
                    && keyword.is("starts")
                {
                    self.association_starts = value.number().unwrap_or(0);
                }
            }
            (Event::Open(words), 2) if self.in_association => {
                let address = words.first().filter(|word| word.is("iaaddr")).and_then(|_| words.get(1)?.text()?.parse::<Ipv6Addr>().ok());
                self.in_address = address.is_some() && self.addresses.len() < MOST_ADDRESSES;
                if let (true, Some(address)) = (self.in_address, address) {
                    self.addresses.push(LeaseAddress { address, starts: self.association_starts, preferred_s: Some(0), valid_s: Some(0) });
                }
            }
            (Event::Close, 3) => self.in_address = false,
            (Event::Set(words), 3) if self.in_address => {
                let ([keyword, value, ..], Some(address)) = (&words[..], self.addresses.last_mut()) else { return };
                let number = value.number().unwrap_or(0);
                let seconds = u32::try_from(number).unwrap_or(FOR_EVER);
                match () {
                    () if keyword.is("starts") => address.starts = number,
                    () if keyword.is("preferred-life") => address.preferred_s = Some(seconds),
                    () if keyword.is("max-life") => address.valid_s = Some(seconds),
                    () => {}
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whose_identity_a_file_tells() {
        let files = Files { unlisted: None, read: Vec::new(), in_use: vec![("/tmp/x".into(), vec!["eth0".into()]), ("/tmp/y".into(), Vec::new())] };
        for (path, name, tells) in [
            ("/var/lib/dhcp/dhclient6.eth0.leases", "eth0", true),
            ("/var/lib/dhcp/dhclient6.eth0.leases", "eth1", false),
            ("/var/lib/dhcp/dhclient6.eth0.100.leases", "eth0.100", true),
            ("/var/lib/dhcp/dhclient6.eth0.100.leases", "eth0", false),
            ("/var/lib/dhcp/dhclient6.leases", "eth1", true),
            ("/var/lib/dhclient/dhclient6-eth0.leases", "eth0", true),
            ("/var/lib/NetworkManager/dhclient6-1f2e-aa-eth0.lease", "eth0", true),
            ("/var/lib/NetworkManager/dhclient6-1f2e-aa-eth0.lease", "leases", false),
            ("/tmp/x", "eth0", true),
            ("/tmp/y", "eth1", true),
        ] {
            assert_eq!(files.identity_for(path, name), tells, "{path} {name}");
        }
        let other = Files { unlisted: None, read: Vec::new(), in_use: vec![("/tmp/x.y.z".into(), vec!["eth0".into()])] };
        assert!(!other.identity_for("/tmp/x.y.z", "eth1"));
    }
}
