//! A router and DHCPv6 server that answers at once, so that what a run takes with many NICs is v6check's own time and not a server's.
//!
//! It says M and nothing else to a solicitation, and offers everybody who solicits an address. It keeps nothing, commits nothing and checks
//! nothing: for benchmarks only, where dnsmasq stands beside it.

use std::fs::File;
use std::io;
use std::net::{Ipv6Addr, SocketAddrV6, UdpSocket};
use std::path::Path;

use socket2::{Domain, Protocol, Socket, Type};

use super::command::{Daemon, poll};
use super::{LabError, Namespace, STATE_LIMIT, address};
use v6check::wire::dhcpv6::{DhcpOption, Message, kind};
use v6check::wire::duid::Duid;
use v6check::wire::ndp::{ROUTER_SOLICITATION, RouterAdvertisement};

const ALL_ROUTERS: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 2);
const ALL_SERVERS: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 1, 2);
const SERVER_PORT: u16 = 547;
const LARGEST_DATAGRAM: usize = 1500;
const RECEIVE_BUFFER_BYTES: usize = 1 << 20;

/// The running responder.
#[derive(Debug)]
pub struct Responder {
    _daemon: Daemon,
}

impl Responder {
    /// Starts `program arguments` in `namespace`, which is to call [`serve`] and to make the file `ready` by it.
    ///
    /// # Errors
    /// It does not start.
    pub fn start(namespace: &Namespace, program: &Path, arguments: &[&str], ready: &Path) -> Result<Self, LabError> {
        let log = File::create(ready.with_extension("log")).map_err(LabError::io("the responder's log"))?;
        let mut command = namespace.command(&program.display().to_string());
        let mut daemon = Daemon::start(command.args(arguments), &log)?;
        poll("the responder has started", STATE_LIMIT, || match daemon.ended()? {
            None => Ok(ready.exists()),
            code => Err(LabError::Failed { command: "the responder".into(), code, text: String::new() }),
        })?;
        Ok(Self { _daemon: daemon })
    }
}

/// Answers on all interfaces of this network namespace until the process is ended; makes the file `ready` once it hears.
///
/// # Errors
/// The sockets are not to be had.
pub fn serve(ready: &Path) -> io::Result<()> {
    let router = Socket::new(Domain::IPV6, Type::RAW, Some(Protocol::ICMPV6))?;
    // RFC 4861 section 6.1.2: from another hop limit it is none.
    router.set_unicast_hops_v6(255)?;
    router.set_recv_buffer_size(RECEIVE_BUFFER_BYTES)?;
    let server = Socket::new(Domain::IPV6, Type::DGRAM, Some(Protocol::UDP))?;
    server.set_only_v6(true)?;
    server.set_recv_buffer_size(RECEIVE_BUFFER_BYTES)?;
    server.bind(&SocketAddrV6::new(Ipv6Addr::UNSPECIFIED, SERVER_PORT, 0, 0).into())?;
    for index in interfaces()? {
        router.join_multicast_v6(&ALL_ROUTERS, index)?;
        server.join_multicast_v6(&ALL_SERVERS, index)?;
    }
    // Only a std socket tells bytes and sender of a datagram without `unsafe`; it is a descriptor as any other.
    let (router, server) = (UdpSocket::from(router), UdpSocket::from(server));
    File::create(ready)?;
    std::thread::scope(|scope| {
        let routing = scope.spawn(|| answer(&router, advertise));
        answer(&server, offer).and(routing.join().map_err(|_| io::Error::other("the router's thread ended"))?)
    })
}

/// The indices of all interfaces but the loopback.
fn interfaces() -> io::Result<Vec<u32>> {
    let mut indices = Vec::new();
    for entry in std::fs::read_dir("/sys/class/net")? {
        let path = entry?.path();
        if !path.ends_with("lo") {
            let index = std::fs::read_to_string(path.join("ifindex"))?;
            indices.push(index.trim().parse().map_err(io::Error::other)?);
        }
    }
    Ok(indices)
}

fn answer(socket: &UdpSocket, reply: impl Fn(&[u8]) -> Option<Vec<u8>>) -> io::Result<()> {
    let mut buffer = [0; LARGEST_DATAGRAM];
    loop {
        let (length, sender) = socket.recv_from(&mut buffer)?;
        if let Some(reply) = reply(&buffer[..length]) {
            // One that is gone meanwhile needs no answer.
            let _ = socket.send_to(&reply, sender);
        }
    }
}

/// What a router says to `message`; the kernel fills in the checksum.
fn advertise(message: &[u8]) -> Option<Vec<u8>> {
    let advertisement = RouterAdvertisement {
        code: 0,
        checksum: 0,
        current_hop_limit: 64,
        flags: RouterAdvertisement::MANAGED,
        lifetime_s: 1800,
        reachable_ms: 0,
        retransmit_ms: 0,
        options: Vec::new(),
    };
    (message.first() == Some(&ROUTER_SOLICITATION)).then(|| advertisement.build())
}

/// What a server says to `message`.
fn offer(message: &[u8]) -> Option<Vec<u8>> {
    let (asked, _) = Message::parse(message)?;
    let iaid = asked.options.iter().find_map(|option| match option {
        DhcpOption::IaNa { iaid, .. } => Some(*iaid),
        _ => None,
    })?;
    if asked.kind != kind::SOLICIT {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "any address will do")]
    let address = DhcpOption::IaAddress { address: address(iaid as u16), preferred_s: 3600, valid_s: 7200, options: Vec::new() };
    let server = Duid::link_layer(pnet::util::MacAddr(2, 0, 0, 0, 0, 0x77));
    let options = vec![
        DhcpOption::ClientId(asked.client_id()?.to_vec()),
        DhcpOption::ServerId(server.0),
        DhcpOption::IaNa { iaid, t1_s: 1800, t2_s: 2880, options: vec![address] },
    ];
    Some(Message { kind: kind::ADVERTISE, transaction_id: asked.transaction_id, options }.build())
}
