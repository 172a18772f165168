//! Links by rtnetlink: what they are, and their IPv6 part with its array of settings.

use std::io;
use std::path::Path;

use super::netlink::{attribute, dump, i32_at, u16_at, u32_at};
use crate::facts::{Inet6, Link, LinkKind, Mac};

const RTM_GETLINK: u16 = 18;
// linux/if_link.h
const IFLA_ADDRESS: u16 = 1;
const IFLA_IFNAME: u16 = 3;
const IFLA_MTU: u16 = 4;
const IFLA_LINK: u16 = 5;
const IFLA_MASTER: u16 = 10;
const IFLA_LINKINFO: u16 = 18;
const IFLA_INFO_KIND: u16 = 1;
const IFLA_AF_SPEC: u16 = 26;
const IFLA_EXT_MASK: u16 = 29;
const IFLA_LINK_NETNSID: u16 = 37;
const IFLA_PERM_ADDRESS: u16 = 54;
const IFLA_INET6_FLAGS: u16 = 1;
const IFLA_INET6_CONF: u16 = 2;
const AF_INET6: u16 = 10;
const RTEXT_FILTER_SKIP_STATS: u32 = 8;
// linux/if.h, linux/if_arp.h
const IFF_UP: u32 = 1;
const IFF_LOOPBACK: u32 = 8;
const IFF_LOWER_UP: u32 = 0x1_0000;
const ARPHRD_ETHER: u16 = 1;
const IFINFOMSG: usize = 16;

/// A link as one message told it.
#[derive(Debug)]
pub(in crate::observe) struct Told {
    /// Its name.
    pub(in crate::observe) name: String,
    /// The link.
    pub(in crate::observe) link: Link,
    /// Its IPv6 part, if it has one.
    pub(in crate::observe) inet6: Option<ToldInet6>,
}

/// The IPv6 part of a link.
#[derive(Debug)]
pub(in crate::observe) struct ToldInet6 {
    /// Its flags.
    pub(in crate::observe) flags: Inet6,
    /// `IFLA_INET6_CONF`, as long as this kernel has it; indices are `DEVCONF_*` of linux/ipv6.h.
    pub(in crate::observe) settings: Vec<i32>,
}

/// All links of this network namespace.
///
/// # Errors
/// The kernel does not answer.
pub(in crate::observe) fn links() -> io::Result<Vec<Told>> {
    let mut request = vec![0; IFINFOMSG];
    // Counters would make the answer twice as long, and nothing here reads them.
    request.extend(8_u16.to_ne_bytes());
    request.extend(IFLA_EXT_MASK.to_ne_bytes());
    request.extend(RTEXT_FILTER_SKIP_STATS.to_ne_bytes());
    dump(netlink_sys::protocols::NETLINK_ROUTE, RTM_GETLINK, &request, decode)
}

/// The link that a message of `RTM_NEWLINK` or `RTM_DELLINK` is about.
pub(in crate::observe) fn decode(message: &[u8]) -> Option<Told> {
    let hardware = u16_at(message, 2)?;
    let index = u32_at(message, 4)?;
    let flags = u32_at(message, 8)?;
    let body = message.get(IFINFOMSG..)?;
    let number = |kind| attribute(body, kind).and_then(|value| u32_at(value, 0));
    let name = text(attribute(body, IFLA_IFNAME)?);
    let info = attribute(body, IFLA_LINKINFO).and_then(|info| attribute(info, IFLA_INFO_KIND)).map(text);
    let elsewhere = attribute(body, IFLA_LINK_NETNSID).is_some();
    let kind = match info.as_deref() {
        _ if flags & IFF_LOOPBACK != 0 => LinkKind::Loopback,
        Some("veth") => LinkKind::Veth { peer_elsewhere: elsewhere },
        Some(other) => LinkKind::Virtual(other.to_owned()),
        None if hardware == ARPHRD_ETHER || Path::new("/sys/class/net").join(&name).join("device").exists() => LinkKind::Device,
        None => LinkKind::Virtual(format!("hardware type {hardware}")),
    };
    let lower = number(IFLA_LINK).filter(|lower| *lower != 0 && *lower != index && !elsewhere && !matches!(kind, LinkKind::Veth { .. }));
    let link = Link {
        index,
        mac: attribute(body, IFLA_ADDRESS).and_then(mac).filter(|_| kind != LinkKind::Loopback),
        permanent_mac: attribute(body, IFLA_PERM_ADDRESS).and_then(mac),
        kind,
        up: flags & IFF_UP != 0,
        carrier: flags & IFF_LOWER_UP != 0,
        mtu: number(IFLA_MTU)?,
        master: number(IFLA_MASTER).filter(|master| *master != 0),
        lower,
    };
    let inet6 = attribute(body, IFLA_AF_SPEC).and_then(|families| attribute(families, AF_INET6)).map(inet6);
    Some(Told { name, link, inet6 })
}

/// The IPv6 part from its attributes. Flags of net/if_inet6.h.
fn inet6(part: &[u8]) -> ToldInet6 {
    let flags = attribute(part, IFLA_INET6_FLAGS).and_then(|value| u32_at(value, 0)).unwrap_or(0);
    let settings = attribute(part, IFLA_INET6_CONF).unwrap_or_default();
    ToldInet6 {
        flags: Inet6 { rs_sent: flags & 0x10 != 0, ra_received: flags & 0x20 != 0, ra_managed: flags & 0x40 != 0, ra_other: flags & 0x80 != 0 },
        settings: settings.chunks_exact(4).filter_map(|chunk| i32_at(chunk, 0)).collect(),
    }
}

/// An Ethernet address; `None` for one of another length.
pub(super) fn mac(bytes: &[u8]) -> Option<Mac> {
    <[u8; 6]>::try_from(bytes).ok().map(Mac::from)
}

fn text(value: &[u8]) -> String {
    let end = value.iter().position(|byte| *byte == 0).unwrap_or(value.len());
    String::from_utf8_lossy(&value[..end]).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message() -> Vec<u8> {
        let mut bytes = vec![0, 0, 1, 0, 7, 0, 0, 0, 0x43, 0x10, 1, 0, 0, 0, 0, 0];
        let put = |bytes: &mut Vec<u8>, kind: u16, value: &[u8]| {
            bytes.extend(u16::try_from(value.len() + 4).unwrap_or(0).to_ne_bytes());
            bytes.extend(kind.to_ne_bytes());
            bytes.extend(value);
            bytes.resize(bytes.len().next_multiple_of(4), 0);
        };
        put(&mut bytes, IFLA_IFNAME, b"eth0.100\0");
        put(&mut bytes, IFLA_MTU, &1500_u32.to_ne_bytes());
        put(&mut bytes, IFLA_LINK, &3_u32.to_ne_bytes());
        put(&mut bytes, IFLA_ADDRESS, &[0xfa, 0x16, 0x3e, 0, 0, 1]);
        put(&mut bytes, IFLA_LINKINFO | 0x8000, &[9, 0, 1, 0, b'v', b'l', b'a', b'n', 0, 0, 0, 0]);
        let mut part = Vec::new();
        put(&mut part, IFLA_INET6_FLAGS, &0x30_u32.to_ne_bytes());
        put(&mut part, IFLA_INET6_CONF, &[1, 0, 0, 0, 64, 0, 0, 0, 2]);
        let mut families = Vec::new();
        put(&mut families, AF_INET6, &part);
        put(&mut bytes, IFLA_AF_SPEC, &families);
        bytes
    }

    #[test]
    fn a_vlan() {
        let told = decode(&message()).expect("decodes");
        assert_eq!(told.name, "eth0.100");
        assert_eq!((told.link.index, told.link.mtu, told.link.lower, told.link.up, told.link.carrier), (7, 1500, Some(3), true, true));
        assert_eq!(told.link.kind, LinkKind::Virtual("vlan".into()));
        let inet6 = told.inet6.expect("has an IPv6 part");
        assert_eq!(inet6.settings, [1, 64], "a number that is cut short is none");
        assert!(inet6.flags.rs_sent && inet6.flags.ra_received && !inet6.flags.ra_managed);
    }

    #[test]
    fn broken_messages_end() {
        let bytes = message();
        for at in 0..bytes.len() {
            let _ = decode(&bytes[..at]);
            for value in [0, 1, 3, 4, 0x7f, 0xff] {
                let mut broken = bytes.clone();
                broken[at] = value;
                let _ = decode(&broken);
            }
        }
    }
}
