//! The client's conversation with servers (RFC 8415 section 18.2), as long as it is in force by section 15.

use std::fs;
use std::io::ErrorKind;
use std::net::{Ipv6Addr, SocketAddrV6, UdpSocket};
use std::time::{Duration, Instant};

use super::lease::{self, Lease};
use super::tell;
use crate::{LabError, STATE_LIMIT, poll};
use v6check::wire::dhcpv6::{DhcpOption, Message, kind, kind_name, status};

const ALL_SERVERS: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 1, 2);
const CLIENT_PORT: u16 = 546;
const SERVER_PORT: u16 = 547;
const LARGEST_DATAGRAM: usize = 1500;
/// DNS servers and search list, as everybody asks for.
const REQUESTED: [u16; 2] = [23, 24];
/// A socket does not wait for no time.
const SHORTEST_WAIT: Duration = Duration::from_millis(1);

/// How often a message is repeated (RFC 8415 section 7.6): the first and the longest interval, and how many times at most.
struct Pace {
    first: Duration,
    longest: Duration,
    times: Option<u32>,
}

const SOLICIT: Pace = Pace { first: Duration::from_secs(1), longest: Duration::from_hours(1), times: None };
const REQUEST: Pace = Pace { first: Duration::from_secs(1), longest: Duration::from_secs(30), times: Some(10) };
const RENEW: Pace = Pace { first: Duration::from_secs(10), longest: Duration::from_mins(10), times: None };

/// The client on one interface.
pub(super) struct Conversation {
    socket: UdpSocket,
    servers: SocketAddrV6,
    nic: String,
    duid: Vec<u8>,
    /// dhclient's: the last four bytes of the MAC address.
    pub(super) iaid: u32,
}

impl Conversation {
    /// Waits for a link-local address, and listens on it.
    ///
    /// # Errors
    /// There is no such interface, or another client listens.
    pub(super) fn open(nic: &str, duid: Vec<u8>) -> Result<Self, LabError> {
        let [_, _, iaid @ ..] = lease::mac(nic)?;
        let mut found = None;
        poll(&format!("a link-local address on {nic}"), STATE_LIMIT, || {
            found = link_local(&fs::read_to_string("/proc/net/if_inet6").map_err(LabError::io("/proc/net/if_inet6"))?, nic);
            Ok(found.is_some())
        })?;
        let (address, index) = found.ok_or_else(|| LabError::Refused("no link-local address".into()))?;
        let socket = UdpSocket::bind(SocketAddrV6::new(address, CLIENT_PORT, 0, index)).map_err(LabError::io("DHCPv6's client port"))?;
        let servers = SocketAddrV6::new(ALL_SERVERS, SERVER_PORT, 0, index);
        Ok(Self { socket, servers, nic: nic.into(), duid, iaid: u32::from_be_bytes(iaid) })
    }

    /// Asks until somebody gives an address.
    ///
    /// # Errors
    /// The socket cannot be used.
    pub(super) fn obtain(&mut self) -> Result<Lease, LabError> {
        loop {
            let ask = vec![self.association(Vec::new())];
            let Some(offer) = self.ask(kind::SOLICIT, kind::ADVERTISE, &ask, &SOLICIT, None)? else { continue };
            if let Some(lease) = self.ask(kind::REQUEST, kind::REPLY, &self.of(&offer), &REQUEST, None)? {
                return Ok(lease);
            }
        }
    }

    /// Asks for more time until `end`; nothing if nobody gives any.
    ///
    /// # Errors
    /// The socket cannot be used.
    pub(super) fn renew(&mut self, lease: &Lease, end: Instant) -> Result<Option<Lease>, LabError> {
        self.ask(kind::RENEW, kind::REPLY, &self.of(lease), &RENEW, Some(end))
    }

    fn association(&self, options: Vec<DhcpOption>) -> DhcpOption {
        DhcpOption::IaNa { iaid: self.iaid, t1_s: 3600, t2_s: 5400, options }
    }

    /// What asks a server for an address that it named.
    fn of(&self, Lease { address, preferred_s, valid_s, server, .. }: &Lease) -> Vec<DhcpOption> {
        let address = DhcpOption::IaAddress { address: *address, preferred_s: *preferred_s, valid_s: *valid_s, options: Vec::new() };
        vec![DhcpOption::ServerId(server.clone()), self.association(vec![address])]
    }

    fn ask(&self, kind: u8, answer: u8, options: &[DhcpOption], pace: &Pace, end: Option<Instant>) -> Result<Option<Lease>, LabError> {
        let transaction_id = random_24()?;
        let began = Instant::now();
        let mut interval = pace.first;
        let mut sent = 0;
        while pace.times.is_none_or(|times| sent < times) && end.is_none_or(|end| Instant::now() < end) {
            let hundredths = if sent == 0 { 0 } else { u16::try_from(began.elapsed().as_millis() / 10).unwrap_or(u16::MAX) };
            let mut all =
                vec![DhcpOption::ClientId(self.duid.clone()), DhcpOption::OptionRequest(REQUESTED.into()), DhcpOption::ElapsedTime(hundredths)];
            all.extend(options.iter().cloned());
            tell(&format!("XMT: {} on {}, interval {}ms.", kind_name(kind), self.nic, interval.as_millis()));
            // While the link is down nothing can be sent, and dhclient goes on trying.
            if let Err(error) = self.socket.send_to(&Message { kind, transaction_id, options: all }.build(), self.servers) {
                tell(&format!("send_packet6: {error}"));
            }
            sent += 1;
            if let Some(lease) = self.hear(transaction_id, answer, interval)? {
                return Ok(Some(lease));
            }
            interval = (interval * 2).min(pace.longest);
        }
        Ok(None)
    }

    /// The first address that an answer gives within `limit`.
    fn hear(&self, transaction_id: u32, answer: u8, limit: Duration) -> Result<Option<Lease>, LabError> {
        let end = Instant::now() + limit;
        let mut buffer = [0; LARGEST_DATAGRAM];
        loop {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(None);
            }
            self.socket.set_read_timeout(Some(left.max(SHORTEST_WAIT))).map_err(LabError::io("the client's socket"))?;
            let (length, sender) = match self.socket.recv_from(&mut buffer) {
                Ok(received) => received,
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted) => continue,
                Err(error) => return Err(LabError::io("receiving")(error)),
            };
            let Some((message, _)) = Message::parse(&buffer[..length]) else { continue };
            if message.kind == answer && message.transaction_id == transaction_id && message.client_id() == Some(&self.duid[..]) {
                tell(&format!("RCV: {} message on {} from {}.", kind_name(answer), self.nic, sender.ip()));
                if let Some(lease) = given(&message, self.iaid) {
                    return Ok(Some(lease));
                }
                tell("RCV: it has no address for this client.");
            }
        }
    }
}

/// The address that `message` gives the association, if it gives one.
fn given(message: &Message, iaid: u32) -> Option<Lease> {
    let refuses = |options: &[DhcpOption]| options.iter().any(|option| matches!(option, DhcpOption::StatusCode(code, _) if *code != status::SUCCESS));
    if refuses(&message.options) {
        return None;
    }
    let server = message.server_id()?.to_vec();
    message.options.iter().find_map(|option| match option {
        DhcpOption::IaNa { iaid: of, t1_s, t2_s, options } if *of == iaid && !refuses(options) => options.iter().find_map(|option| match option {
            DhcpOption::IaAddress { address, preferred_s, valid_s, options } if *valid_s > 0 && !refuses(options) => {
                Some(Lease { address: *address, t1_s: *t1_s, t2_s: *t2_s, preferred_s: *preferred_s, valid_s: *valid_s, server: server.clone() })
            }
            _ => None,
        }),
        _ => None,
    })
}

/// A usable link-local address of `nic` and the interface's index, in /proc/net/if_inet6: address, index, length, scope, flags, name.
fn link_local(text: &str, nic: &str) -> Option<(Ipv6Addr, u32)> {
    const LINK: u8 = 0x20;
    const TENTATIVE_OR_DUPLICATE: u32 = 0x48;
    text.lines().find_map(|line| {
        let [address, index, _, scope, flags, name] = line.split_whitespace().collect::<Vec<_>>().try_into().ok()?;
        let usable = u8::from_str_radix(scope, 16).ok()? == LINK && u32::from_str_radix(flags, 16).ok()? & TENTATIVE_OR_DUPLICATE == 0;
        let address = Ipv6Addr::from(u128::from_str_radix(address, 16).ok()?);
        (usable && name == nic).then_some((address, u32::from_str_radix(index, 16).ok()?))
    })
}

fn random_24() -> Result<u32, LabError> {
    let text = fs::read_to_string("/proc/sys/kernel/random/uuid").map_err(LabError::io("a random number"))?;
    u32::from_str_radix(&text[..6.min(text.len())], 16).map_err(|error| LabError::Refused(format!("a random number: {error}")))
}

#[cfg(test)]
mod tests {
    use super::{given, link_local};
    use v6check::wire::dhcpv6::{DhcpOption, Message, kind, status};

    #[test]
    fn only_a_usable_link_local_address_is_one_to_ask_from() {
        let line = |flags: &str| format!("fe8000000000000000000000000000aa 07 40 20 {flags}     eth0\n");
        let others = "00000000000000000000000000000001 01 80 10 80       lo\n20010db8000000000000000000000010 07 80 00 00     eth0\n";
        assert_eq!(link_local(&format!("{others}{}", line("80")), "eth0"), Some(("fe80::aa".parse().expect("an address"), 7)));
        assert_eq!(link_local(&format!("{others}{}", line("c0")), "eth0"), None, "tentative");
        assert_eq!(link_local(&format!("{others}{}", line("88")), "eth0"), None, "a duplicate");
        assert_eq!(link_local(&line("80"), "eth1"), None);
    }

    #[test]
    fn an_address_is_taken_only_where_nothing_refuses_it() {
        let address =
            |valid_s, options| DhcpOption::IaAddress { address: "2001:db8:1::10".parse().expect("an address"), preferred_s: 5, valid_s, options };
        let refusal = || DhcpOption::StatusCode(status::NO_ADDRS_AVAIL, Vec::new());
        let reply = |iaid, options: Vec<DhcpOption>, more: Vec<DhcpOption>| {
            let association = DhcpOption::IaNa { iaid, t1_s: 1, t2_s: 2, options };
            Message { kind: kind::REPLY, transaction_id: 1, options: [vec![DhcpOption::ServerId(vec![7]), association], more].concat() }
        };
        let lease = given(&reply(9, vec![address(6, Vec::new())], Vec::new()), 9).expect("a lease");
        assert_eq!((lease.t1_s, lease.t2_s, lease.preferred_s, lease.valid_s, lease.server), (1, 2, 5, 6, vec![7]));
        for (what, message) in [
            ("another association", reply(8, vec![address(6, Vec::new())], Vec::new())),
            ("no lifetime", reply(9, vec![address(0, Vec::new())], Vec::new())),
            ("a refused address", reply(9, vec![address(6, vec![refusal()])], Vec::new())),
            ("a refused association", reply(9, vec![refusal(), address(6, Vec::new())], Vec::new())),
            ("a refused message", reply(9, vec![address(6, Vec::new())], vec![refusal()])),
            ("no address", reply(9, Vec::new(), Vec::new())),
        ] {
            assert_eq!(given(&message, 9), None, "{what}");
        }
    }
}
