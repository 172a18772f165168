//! Network: the two conversations, with a router and with a DHCPv6 server, on all interfaces side by side.
//!
//! Everything goes by one packet socket. Sent are only Router Solicitations and DHCPv6 Solicits without Rapid Commit; UDP port 546 is
//! never bound, nothing that is heard is answered. It does not judge the answers beyond what a client needs to stop asking.

mod dialogue;
mod progress;
mod retransmission;
mod router;
mod server;
mod signals;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io;
use std::net::Ipv6Addr;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use self::dialogue::{Dialogue, Heard, Question};
use self::retransmission::Random;
use self::router::RouterQuestion;
use self::server::ServerQuestion;
use super::Progress;
use super::packet::{Captured, PacketSocket, Received, filter};
use crate::facts::{ClientIdentity, Conversation, Direction, Mac, Network, Observed};
use crate::wire;

pub use self::dialogue::Ending;
pub use self::signals::Signals;

/// As many frames as are read before clocks and signals are looked at again.
const FRAMES_IN_A_ROW: usize = 64;
/// ff02::1 as an Ethernet address.
const ALL_NODES_MAC: Mac = pnet::util::MacAddr(0x33, 0x33, 0, 0, 0, 1);
const SECOND: Duration = Duration::from_secs(1);

/// An interface whose network is asked.
#[derive(Debug, Clone)]
pub struct Target {
    /// Its name.
    pub name: String,
    /// Its index.
    pub index: u32,
    /// Its MAC address.
    pub mac: Mac,
    /// A link-local address that can be used: neither tentative nor failed.
    pub link_local: Option<Ipv6Addr>,
    /// Who we say we are to DHCPv6 servers, or why none is asked.
    pub identity: Result<ClientIdentity, String>,
}

/// What the networks said.
#[derive(Debug)]
pub struct Answers {
    /// By name of the interface.
    pub networks: BTreeMap<String, Network>,
    /// The signal that ended the waiting, if one did.
    pub interrupted: Option<&'static str>,
}

/// Asks the network of every target, at the same time. Returns as soon as no target needs more, at the deadline, or on a signal. Needs a
/// runtime with I/O and time. What could not be asked becomes a reason.
pub async fn ask(targets: &[Target], ending: Ending, signals: &mut Signals, progress: Progress<'_>) -> Answers {
    match PacketSocket::open(&filter::conversations(), false) {
        Ok(socket) => {
            let answers = converse(&socket, targets, ending, signals, progress).await;
            socket.close();
            answers
        }
        Err(error) => {
            let reason = match error.raw_os_error() {
                Some(libc::EPERM) => "CAP_NET_RAW is missing".to_owned(),
                _ => format!("no packet socket: {error}"),
            };
            let network = Network { router: Observed::unknown(&reason), server: Observed::unknown(&reason) };
            Answers { networks: targets.iter().map(|target| (target.name.clone(), network.clone())).collect(), interrupted: None }
        }
    }
}

async fn converse(socket: &PacketSocket, targets: &[Target], ending: Ending, signals: &mut Signals, progress: Progress<'_>) -> Answers {
    let mut random = Random::seeded();
    let mut links: BTreeMap<u32, Link> = targets.iter().map(|target| (target.index, Link::new(target, ending, &mut random))).collect();
    for index in links.keys() {
        // Usually the kernel has joined already; where neither can, no RA is heard, which is what the guest hears too.
        let _ = socket.join(*index, ALL_NODES_MAC);
    }

    let began = Instant::now();
    let mut next_progress = SECOND;
    let mut interrupted = None;
    let mut buffer = Box::new([0; filter::LONGEST_FRAME]);
    loop {
        let now = began.elapsed();
        // All routers are asked before any server: a server that routes, too, then knows our MAC address, which dnsmasq otherwise
        // resolves first, in 100 ms steps.
        for (index, link) in &mut links {
            ask_if_due(socket, *index, &link.name, &mut link.router, now);
        }
        for (index, link) in &mut links {
            if let Ok(server) = &mut link.server {
                ask_if_due(socket, *index, &link.name, server, now);
            }
        }
        let Some(wake_at) = links.values().filter_map(Link::wake_at).min() else { break };
        if now >= next_progress {
            progress(&progress::line(links.values().filter_map(Link::waits_for), now, ending.timeout));
            next_progress = now + SECOND;
        }

        tokio::select! {
            biased;
            name = signals.wait() => {
                interrupted = Some(name);
                for link in links.values_mut() {
                    link.interrupted(began.elapsed());
                }
                break;
            }
            ready = socket.readable() => if ready.is_ok() && read(socket, &mut buffer, &mut links, began) {
                // More is waiting; timers and signals get their turn in between.
                tokio::task::yield_now().await;
            },
            () = sleep_until(later(began, wake_at.min(next_progress))) => {}
        }
    }
    let lost = socket.lost().unwrap_or(0);
    Answers { networks: links.into_values().map(|link| link.into_fact(lost)).collect(), interrupted }
}

/// Both conversations of one interface.
struct Link {
    name: String,
    router: Dialogue<RouterQuestion>,
    server: Result<Dialogue<ServerQuestion>, String>,
}

impl Link {
    fn new(target: &Target, ending: Ending, random: &mut Random) -> Self {
        let identity = target.identity.as_ref().map_err(Clone::clone);
        let question = identity.and_then(|identity| ServerQuestion::new(target.mac, target.link_local, identity, random));
        Self {
            name: target.name.clone(),
            router: Dialogue::new(RouterQuestion::new(target.mac, target.link_local), ending, Random::seeded()),
            server: question.map(|question| Dialogue::new(question, ending, Random::seeded())),
        }
    }

    fn wake_at(&self) -> Option<Duration> {
        let server = self.server.as_ref().ok().and_then(Dialogue::wake_at);
        self.router.wake_at().into_iter().chain(server).min()
    }

    fn heard(&mut self, now: Duration, captured: &Captured<'_>) {
        let Some((frame, _)) = wire::frame::Frame::parse(captured.bytes) else { return };
        let direction = if captured.outgoing { Direction::Guest } else { Direction::Received };
        let heard = Heard { direction, checksum: captured.checksum, bytes: captured.bytes, frame: &frame };
        self.router.heard(now, &heard);
        if let Ok(server) = &mut self.server {
            server.heard(now, &heard);
        }
    }

    fn interrupted(&mut self, now: Duration) {
        self.router.interrupted(now);
        if let Ok(server) = &mut self.server {
            server.interrupted(now);
        }
    }

    /// Its name and what it waits for; `None` if nothing.
    fn waits_for(&self) -> Option<(&str, &'static str)> {
        let server = self.server.as_ref().ok().filter(|server| !server.is_over());
        let router = Some(&self.router).filter(|router| !router.is_over());
        let no_server = server.is_some_and(|server| !server.is_answered());
        let no_router = router.is_some_and(|router| !router.is_answered());
        let what = match (no_router, no_server) {
            (true, true) => "a router and a DHCPv6 server",
            (true, false) => "a router",
            (false, true) => "a DHCPv6 server",
            (false, false) if router.is_some() || server.is_some() => "second routers and servers",
            (false, false) => return None,
        };
        Some((&self.name, what))
    }

    fn into_fact(self, lost: u32) -> (String, Network) {
        let server = match self.server {
            Ok(server) => server.into_fact(lost),
            Err(reason) => Observed::<Conversation>::unknown(reason),
        };
        (self.name, Network { router: self.router.into_fact(lost), server })
    }
}

fn ask_if_due<Q: Question>(socket: &PacketSocket, index: u32, name: &str, dialogue: &mut Dialogue<Q>, now: Duration) {
    let Some(frame) = dialogue.due(now) else { return };
    match socket.send(index, &frame) {
        Ok(()) => dialogue.sent(now, &frame),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => dialogue.postponed(now),
        Err(error) => dialogue.failed(now, cannot_send(name, &error)),
    }
}

fn cannot_send(name: &str, error: &io::Error) -> String {
    match error.raw_os_error() {
        Some(libc::ENETDOWN) => format!("{name} is down, nothing can be sent"),
        Some(libc::ENXIO | libc::ENODEV) => format!("{name} is gone"),
        _ => format!("nothing can be sent on {name}: {error}"),
    }
}

/// Hands the frames that are waiting to their links; at most so many, in which case it says that there may be more.
fn read(socket: &PacketSocket, buffer: &mut [u8; filter::LONGEST_FRAME], links: &mut BTreeMap<u32, Link>, began: Instant) -> bool {
    for _ in 0..FRAMES_IN_A_ROW {
        match socket.receive(buffer) {
            Ok(Received::Empty) => return false,
            Ok(Received::Frame(captured)) => {
                if let Some(link) = links.get_mut(&captured.interface) {
                    link.heard(began.elapsed(), &captured);
                }
            }
            // An error is an interface's that went down, and read once.
            Ok(Received::Other) | Err(_) => {}
        }
    }
    true
}

/// `began` and `time`; far away where that is beyond the clock.
fn later(began: Instant, time: Duration) -> Instant {
    began.checked_add(time).unwrap_or_else(|| began + Duration::from_hours(24 * 365))
}
