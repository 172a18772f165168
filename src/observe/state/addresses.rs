//! Addresses by rtnetlink, with all their flags and times.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::netlink::{attribute, dump, u32_at};
use crate::facts::{Address, AddressFlag, Scope};

const RTM_GETADDR: u16 = 22;
// linux/if_addr.h
const IFA_ADDRESS: u16 = 1;
const IFA_LOCAL: u16 = 2;
const IFA_CACHEINFO: u16 = 6;
const IFA_FLAGS: u16 = 8;
const IFA_PROTO: u16 = 11;
const IFADDRMSG: usize = 8;
const FOR_EVER: u32 = u32::MAX;
// linux/rtnetlink.h
const RT_SCOPE_UNIVERSE: u8 = 0;
const RT_SCOPE_LINK: u8 = 253;

const FLAGS: [(u32, AddressFlag); 12] = [
    (0x001, AddressFlag::Temporary),
    (0x002, AddressFlag::Nodad),
    (0x004, AddressFlag::Optimistic),
    (0x008, AddressFlag::Dadfailed),
    (0x010, AddressFlag::Homeaddress),
    (0x020, AddressFlag::Deprecated),
    (0x040, AddressFlag::Tentative),
    (0x080, AddressFlag::Permanent),
    (0x100, AddressFlag::Managetempaddr),
    (0x200, AddressFlag::Noprefixroute),
    (0x400, AddressFlag::Mcautojoin),
    (0x800, AddressFlag::StablePrivacy),
];

/// All IPv6 addresses of this network namespace, with the index of their interface.
///
/// # Errors
/// The kernel does not answer.
pub(in crate::observe) fn ipv6() -> io::Result<Vec<(u32, Address)>> {
    dump(netlink_sys::protocols::NETLINK_ROUTE, RTM_GETADDR, &request(libc::AF_INET6), decode_ipv6)
}

/// All IPv4 addresses of this network namespace, with the index of their interface.
///
/// # Errors
/// The kernel does not answer.
pub(super) fn ipv4() -> io::Result<Vec<(u32, Ipv4Addr)>> {
    dump(netlink_sys::protocols::NETLINK_ROUTE, RTM_GETADDR, &request(libc::AF_INET), |message| {
        let (index, address) = address(message, libc::AF_INET)?;
        let IpAddr::V4(address) = address else { return None };
        Some((index, address))
    })
}

fn request(family: i32) -> [u8; IFADDRMSG] {
    let mut request = [0; IFADDRMSG];
    request[0] = u8::try_from(family).unwrap_or(0);
    request
}

/// Interface and address. The family is compared because a kernel without IPv6 answers with the addresses of all families.
fn address(message: &[u8], family: i32) -> Option<(u32, IpAddr)> {
    if i32::from(*message.first()?) != family {
        return None;
    }
    let body = message.get(IFADDRMSG..)?;
    // IFA_ADDRESS is the other end's where there is one; IFA_LOCAL, then, is ours.
    let value = attribute(body, IFA_LOCAL).or_else(|| attribute(body, IFA_ADDRESS))?;
    Some((u32_at(message, 4)?, ip(value)?))
}

/// The address that a message of `RTM_NEWADDR` or `RTM_DELADDR` is about, if it is one of IPv6, with the index of its interface.
pub(in crate::observe) fn decode_ipv6(message: &[u8]) -> Option<(u32, Address)> {
    let (index, IpAddr::V6(address)) = address(message, libc::AF_INET6)? else { return None };
    let [_, prefix_length, short_flags, scope, ..] = *message else { return None };
    let body = message.get(IFADDRMSG..)?;
    let bits = attribute(body, IFA_FLAGS).and_then(|value| u32_at(value, 0)).unwrap_or(u32::from(short_flags));
    let times = attribute(body, IFA_CACHEINFO).unwrap_or_default();
    let lifetime = |at| u32_at(times, at).filter(|seconds| *seconds != FOR_EVER);
    let address = Address {
        address,
        prefix_length,
        scope: match scope {
            RT_SCOPE_UNIVERSE => Scope::Global,
            RT_SCOPE_LINK => Scope::Link,
            _ => Scope::Other,
        },
        flags: FLAGS.iter().filter(|(bit, _)| bits & bit != 0).map(|(_, flag)| *flag).collect(),
        preferred_s: lifetime(0),
        valid_s: lifetime(4),
        created_cs: u32_at(times, 8).unwrap_or(0).into(),
        protocol: attribute(body, IFA_PROTO).and_then(|value| value.first().copied()),
    };
    Some((index, address))
}

/// An IP address of 4 or 16 bytes.
pub(super) fn ip(bytes: &[u8]) -> Option<IpAddr> {
    if let Ok(octets) = <[u8; 4]>::try_from(bytes) {
        return Some(Ipv4Addr::from(octets).into());
    }
    <[u8; 16]>::try_from(bytes).ok().map(|octets| Ipv6Addr::from(octets).into())
}
