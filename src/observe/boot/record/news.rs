//! The kernel's news by rtnetlink (rtnetlink(7)): a socket that is told of links, IPv6 addresses, IPv6 routes and forwarding.
//!
//! It knows no state: whether a message tells anything new, and what was missed, is for who reads it.

use std::io::{self, Read};
use std::time::Duration;

use netlink_sys::SocketAddr;
use socket2::{SockRef, Socket};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use crate::facts::{Address, Route};
use crate::observe::packet::{registered, wait};
use crate::observe::state::netlink::{DATAGRAM, Messages, attribute, i32_at};
use crate::observe::state::{addresses, links, routes};

// linux/rtnetlink.h
const RTNLGRP_LINK: u32 = 1;
const RTNLGRP_IPV6_IFADDR: u32 = 9;
const RTNLGRP_IPV6_ROUTE: u32 = 11;
/// Since Linux 3.8.
const RTNLGRP_IPV6_NETCONF: u32 = 25;
const RTM_NEWLINK: u16 = 16;
const RTM_DELLINK: u16 = 17;
const RTM_NEWADDR: u16 = 20;
const RTM_DELADDR: u16 = 21;
const RTM_NEWROUTE: u16 = 24;
const RTM_DELROUTE: u16 = 25;
const RTM_NEWNETCONF: u16 = 80;
// linux/netconf.h
const NETCONFMSG: usize = 4;
const NETCONFA_IFINDEX: u16 = 1;
const NETCONFA_FORWARDING: u16 = 2;
const AF_UNSPEC: u8 = 0;
const AF_INET6: u8 = 10;

/// Room for a burst, as far as net.core.rmem_max lets us.
const RECEIVE_BUFFER_BYTES: usize = 1 << 20;

/// One thing that the kernel told.
#[derive(Debug)]
pub(super) enum News {
    /// A link as it is now.
    Link(Box<links::Told>),
    /// The link of this index is gone.
    LinkGone(u32),
    /// An address of an interface was set, or is gone.
    Address { gone: bool, interface: u32, address: Address },
    /// A route by an interface was set, or is gone.
    Route { gone: bool, interface: u32, route: Route },
    /// IPv6 forwarding of an interface, on or off.
    Forwarding { interface: u32, on: bool },
}

/// The socket.
pub(super) struct Subscription {
    socket: AsyncFd<Socket>,
    datagram: Vec<u8>,
}

impl Subscription {
    /// Subscribes; from then on nothing is missed but what is told by an error of [`Self::read`]. Needs a runtime with I/O.
    ///
    /// # Errors
    /// The kernel has no rtnetlink.
    pub(super) fn open() -> io::Result<Self> {
        let mut socket = netlink_sys::Socket::new(netlink_sys::protocols::NETLINK_ROUTE)?;
        socket.bind(&SocketAddr::new(0, 0))?;
        for group in [RTNLGRP_LINK, RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV6_ROUTE] {
            socket.add_membership(group)?;
        }
        // Where the kernel has no such group, forwarding is told with the links.
        let _ = socket.add_membership(RTNLGRP_IPV6_NETCONF);
        // The same socket by a descriptor that the runtime can own.
        let socket = SockRef::from(&socket).try_clone()?;
        socket.set_nonblocking(true)?;
        socket.set_recv_buffer_size(RECEIVE_BUFFER_BYTES)?;
        Ok(Self { socket: registered(socket)?, datagram: vec![0; DATAGRAM / 2] })
    }

    /// Waits until there may be something to read.
    ///
    /// # Errors
    /// The runtime is shutting down.
    pub(super) async fn readable(&self) -> io::Result<()> {
        self.socket.readable().await.map(|_ready| ())
    }

    /// Waits for it, for a signal, or so long: the thread does, which costs one wake-up where the runtime's timers need several.
    pub(super) fn wait(&self, longest: Duration) {
        wait(self.socket.get_ref(), longest);
    }

    /// Takes one datagram without waiting and adds what it tells to `news`; whether there was one. Only the kernel, and who may change the
    /// network's settings anyway, can send to this socket (net/netlink/af_netlink.c, `netlink_sendmsg`).
    ///
    /// # Errors
    /// Something was missed (`ENOBUFS`), or is not to be understood.
    pub(super) fn read(&mut self, news: &mut Vec<News>) -> io::Result<bool> {
        let datagram = &mut self.datagram;
        let length = match self.socket.try_io(Interest::READABLE, |mut socket| socket.read(datagram)) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
            length => length?,
        };
        for message in Messages(self.datagram.get(..length).unwrap_or_default()) {
            let message = message?;
            understand(message.kind, message.payload, news)?;
        }
        Ok(true)
    }
}

/// Whether a route decides about IPv6 here: a default route, or a prefix that is on the link. The kernel's own routes for an address, for
/// link-local and for multicast are everywhere.
pub(super) fn matters(route: &Route, on_link: bool) -> bool {
    let to = route.destination;
    let everywhere = to.is_multicast() || to.is_unicast_link_local() || (route.prefix_length == 128 && route.protocol == Route::KERNEL);
    route.is_default() || (on_link && !everywhere)
}

fn understand(kind: u16, payload: &[u8], news: &mut Vec<News>) -> io::Result<()> {
    let family = payload.first().copied();
    match kind {
        // Bridges tell of their ports by the same messages in a family of their own.
        RTM_NEWLINK if family == Some(AF_UNSPEC) => news.extend(links::decode(payload).map(|told| News::Link(Box::new(told)))),
        RTM_DELLINK if family == Some(AF_UNSPEC) => news.extend(links::decode(payload).map(|told| News::LinkGone(told.link.index))),
        RTM_NEWADDR | RTM_DELADDR => {
            let gone = kind == RTM_DELADDR;
            news.extend(addresses::decode_ipv6(payload).map(|(interface, address)| News::Address { gone, interface, address }));
        }
        RTM_NEWROUTE | RTM_DELROUTE => {
            let gone = kind == RTM_DELROUTE;
            let told = routes::told(payload, matters)?;
            news.extend(told.into_iter().map(|(interface, route)| News::Route { gone, interface, route }));
        }
        RTM_NEWNETCONF if family == Some(AF_INET6) => {
            let body = payload.get(NETCONFMSG..).unwrap_or_default();
            let number = |kind| attribute(body, kind).and_then(|value| i32_at(value, 0));
            // Those of all interfaces and of new ones have negative numbers; each interface's own follows.
            let interface = number(NETCONFA_IFINDEX).and_then(|index| u32::try_from(index).ok());
            news.extend(
                interface.zip(number(NETCONFA_FORWARDING)).map(|(interface, forwarding)| News::Forwarding { interface, on: forwarding != 0 }),
            );
        }
        _ => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_any_kind_and_length_end() {
        let mut payload = vec![AF_INET6, 0, 0, 0];
        for (kind, value) in [(NETCONFA_IFINDEX, 3_i32), (NETCONFA_FORWARDING, 1)] {
            payload.extend(8_u16.to_ne_bytes());
            payload.extend(kind.to_ne_bytes());
            payload.extend(value.to_ne_bytes());
        }
        let mut news = Vec::new();
        understand(RTM_NEWNETCONF, &payload, &mut news).expect("is understood");
        assert!(matches!(news[..], [News::Forwarding { interface: 3, on: true }]), "{news:?}");
        for kind in RTM_NEWLINK..=RTM_NEWNETCONF {
            for length in 0..payload.len() {
                let mut news = Vec::new();
                let _ = understand(kind, &payload[..length], &mut news);
                assert!(news.len() <= 1);
            }
        }
    }
}
