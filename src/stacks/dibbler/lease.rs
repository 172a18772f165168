//! The leases of dibbler-client, from its `client-AddrMgr.xml` (seen with 1.0.1); without one, its DUID from `client-duid`.
//!
//! Knows only what stands in these files: the IAID is a number of its configuration, so it is not known before there is a lease.

use std::io;
use std::net::Ipv6Addr;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use crate::facts::{Lease, LeaseAddress, hexadecimal};
use crate::stacks::leases::{MOST_ADDRESSES, Subject, lives};
use crate::wire::duid::Duid;

const ADDRESSES: &str = "/var/lib/dibbler/client-AddrMgr.xml";
const DUID: &str = "/var/lib/dibbler/client-duid";

pub(crate) fn lease(subject: &Subject<'_>) -> io::Result<Option<Lease>> {
    if let Some(text) = subject.root.text_if_any(ADDRESSES)?
        && let Some(lease) = parse(&text, subject.name, subject.now)
    {
        return Ok(Some(lease));
    }
    let Some(text) = subject.root.text_if_any(DUID)? else { return Ok(None) };
    let Some(duid) = Duid::from_hex(text.trim()) else { return Ok(None) };
    Ok(Some(Lease { path: DUID.into(), line: 1, duid: Some(hexadecimal(&duid.0)), ..empty() }))
}

fn empty() -> Lease {
    Lease {
        path: ADDRESSES.into(),
        line: 0,
        client: super::NAME.into(),
        duid: None,
        iaid: None,
        addresses: Vec::new(),
        released: false,
        fresh: false,
    }
}

/// The associations of the interface `name`, as one lease; a file that ends in the middle counts as far as it goes.
fn parse(text: &str, name: &str, now: u64) -> Option<Lease> {
    let mut reader = Reader::from_str(text);
    let mut place = Place::Elsewhere;
    let mut duid: Option<Duid> = None;
    let mut lease: Option<Lease> = None;
    while let Ok(event) = reader.read_event() {
        match event {
            Event::Start(tag) => match (tag.name().as_ref(), &place) {
                (b"AddrIA", _) => {
                    place = Place::Association { ours: attribute(&tag, "ifacename").as_deref() == Some(name) };
                    if place == (Place::Association { ours: true }) && lease.is_none() {
                        let before = usize::try_from(reader.buffer_position()).ok().and_then(|at| text.get(..at)).unwrap_or_default();
                        let line = u32::try_from(1 + before.matches('\n').count()).unwrap_or(u32::MAX);
                        lease = Some(Lease { line, iaid: attribute(&tag, "IAID").and_then(|iaid| iaid.parse().ok()), ..empty() });
                    }
                }
                (b"duid", Place::Elsewhere) => place = Place::ClientDuid,
                (b"AddrAddr", Place::Association { ours: true }) => place = Place::Address(lifetimes(&tag)),
                _ => {}
            },
            Event::Text(content) => match &place {
                Place::ClientDuid => duid = Duid::from_hex(std::str::from_utf8(&content).unwrap_or_default().trim()).or(duid),
                Place::Address(address) => {
                    let read = std::str::from_utf8(&content).ok().and_then(|text| text.trim().parse::<Ipv6Addr>().ok());
                    if let (Some(read), Some(lease)) = (read, &mut lease)
                        && lease.addresses.len() < MOST_ADDRESSES
                    {
                        lease.addresses.push(LeaseAddress { address: read, ..address.clone() });
                    }
                }
                _ => {}
            },
            Event::End(tag) => match (tag.name().as_ref(), &place) {
                (b"AddrIA", _) | (b"duid", Place::ClientDuid) => place = Place::Elsewhere,
                (b"AddrAddr", Place::Address(_)) => place = Place::Association { ours: true },
                _ => {}
            },
            Event::Eof => break,
            _ => {}
        }
    }
    let lease = lease?;
    Some(Lease { duid: duid.map(|duid| hexadecimal(&duid.0)), fresh: lease.addresses.iter().any(|address| lives(address, now)), ..lease })
}

/// Where in the file the reader is.
#[derive(Debug, PartialEq, Eq)]
enum Place {
    Elsewhere,
    /// In the DUID outside of all associations; one inside is the server's.
    ClientDuid,
    Association {
        ours: bool,
    },
    Address(LeaseAddress),
}

/// An address that is not read yet, with the lifetimes of its tag.
fn lifetimes(tag: &BytesStart<'_>) -> LeaseAddress {
    let number = |name: &str| attribute(tag, name).and_then(|number| number.parse::<u64>().ok());
    let seconds = |name: &str| number(name).and_then(|seconds| u32::try_from(seconds).ok());
    LeaseAddress { address: Ipv6Addr::UNSPECIFIED, starts: number("timestamp").unwrap_or(0), preferred_s: seconds("pref"), valid_s: seconds("valid") }
}

fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    let attribute = tag.try_get_attribute(name).ok()??;
    std::str::from_utf8(&attribute.value).ok().map(str::to_owned)
}
