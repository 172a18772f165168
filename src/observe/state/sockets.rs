//! Sockets on UDP port 546, the port of DHCPv6 clients, by sock_diag(7). We never bind it ourselves.

use std::io;
use std::net::{IpAddr, Ipv6Addr};

use netlink_packet_core::{Emitable, Parseable};
use netlink_packet_sock_diag::constants::{AF_INET6, IPPROTO_UDP};
use netlink_packet_sock_diag::inet::{ExtensionFlags, InetRequest, InetResponseHeader, SocketId, StateFlags};

use super::netlink::dump;
use crate::image;

const SOCK_DIAG_BY_FAMILY: u16 = 20;
/// The port of DHCPv6 clients (RFC 8415 section 7.2).
const CLIENT_PORT: u16 = 546;
const MOST_SOCKETS: usize = 1024;
/// `struct inet_diag_msg` of linux/inet_diag.h.
const INET_DIAG_MSG: usize = 72;

/// A socket and the inode number that its holder has it under.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) address: Ipv6Addr,
    pub(super) interface_index: u32,
    pub(super) inode: u64,
}

/// The sockets of this network namespace bound to UDP port 546 of IPv6.
///
/// # Errors
/// The kernel does not tell.
pub(super) fn dhcpv6_clients() -> io::Result<Vec<Told>> {
    let request = InetRequest {
        family: AF_INET6,
        protocol: IPPROTO_UDP,
        extensions: ExtensionFlags::empty(),
        states: StateFlags::all(),
        socket_id: SocketId { source_port: CLIENT_PORT, ..SocketId::new_v6() },
    };
    let mut bytes = vec![0; request.buffer_len()];
    request.emit(&mut bytes);
    let told = dump(netlink_sys::protocols::NETLINK_SOCK_DIAG, SOCK_DIAG_BY_FAMILY, &bytes, decode);
    match told {
        Ok(mut told) => {
            told.truncate(MOST_SOCKETS);
            Ok(told)
        }
        // A kernel without udp_diag still shows that there is none.
        Err(_) if nobody_in_procfs() => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

fn decode(message: &[u8]) -> Option<Told> {
    let header = InetResponseHeader::parse(message.get(..INET_DIAG_MSG)?).ok()?;
    let IpAddr::V6(address) = header.socket_id.source_address else { return None };
    // Kernels before 4.12 do not filter by port.
    (header.socket_id.source_port == CLIENT_PORT).then(|| Told {
        address,
        interface_index: header.socket_id.interface_id,
        inode: header.inode.into(),
    })
}

/// Whether /proc/net/udp6 can be read and shows no socket on the port.
fn nobody_in_procfs() -> bool {
    let Ok(table) = image::read(std::path::Path::new("/proc/self/net/udp6"), 16 << 20) else { return false };
    let port = format!(":{CLIENT_PORT:04X}");
    !String::from_utf8_lossy(&table).lines().skip(1).filter_map(|line| line.split_ascii_whitespace().nth(1)).any(|local| local.ends_with(&port))
}
