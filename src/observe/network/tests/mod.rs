//! The conversations on a made-up clock, without sockets.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod router;
mod server;

use std::net::Ipv6Addr;
use std::time::Duration;

use super::dialogue::{Dialogue, Ending, Heard, Question};
use super::retransmission::Random;
use super::router::RouterQuestion;
use super::server::ServerQuestion;
use crate::facts::{ClientIdentity, Conversation, Direction, Ended, Mac, Observed, TransportChecksum};
use crate::wire::dhcpv6::{DhcpOption, Message, kind, status};
use crate::wire::frame::{self, Envelope, Frame, Payload};
use crate::wire::ndp::{NdOption, RouterAdvertisement};

const GUEST: Mac = pnet::util::MacAddr(0xfa, 0x16, 0x3e, 0, 0, 1);
const ROUTER: Mac = pnet::util::MacAddr(0xfe, 0x16, 0x3e, 0, 0, 1);
const LINK_LOCAL: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0xf816, 0x3eff, 0xfe00, 1);
const ROUTER_LINK_LOCAL: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0xfc16, 0x3eff, 0xfe00, 1);
const ALL_NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);
const IAID: u32 = 7;
const DUID: [u8; 10] = [0, 3, 0, 1, 0xfa, 0x16, 0x3e, 0, 0, 1];
const BRIEF: Ending = Ending { timeout: Duration::from_secs(20), thorough: false };
const THOROUGH: Ending = Ending { thorough: true, ..BRIEF };

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

fn router(ending: Ending) -> Dialogue<RouterQuestion> {
    Dialogue::new(RouterQuestion::new(GUEST, Some(LINK_LOCAL)), ending, Random::seeded())
}

fn identity() -> ClientIdentity {
    ClientIdentity { duid: "0003:0001:fa16:3e00:0001".replace(':', ""), iaid: IAID, of_guest: true, source: "a lease".into() }
}

fn server(ending: Ending) -> Dialogue<ServerQuestion> {
    let question = ServerQuestion::new(GUEST, Some(LINK_LOCAL), &identity(), &mut Random::seeded()).unwrap();
    Dialogue::new(question, ending, Random::seeded())
}

/// Lets the clock run to `until` and sends what is due; the times at which something was.
fn run<Q: Question>(dialogue: &mut Dialogue<Q>, until: Duration) -> Vec<Duration> {
    let mut times = Vec::new();
    let mut now = Duration::ZERO;
    loop {
        if let Some(bytes) = dialogue.due(now) {
            dialogue.sent(now, &bytes);
            times.push(now);
        }
        match dialogue.wake_at() {
            Some(next) if next <= until => {
                assert!(next > now || next.is_zero(), "the clock does not move at {now:?}");
                now = next;
            }
            _ => return times,
        }
    }
}

fn hear<Q: Question>(dialogue: &mut Dialogue<Q>, now: Duration, bytes: &[u8]) {
    hear_as(dialogue, now, bytes, Direction::Received, TransportChecksum::Complete);
}

fn hear_as<Q: Question>(dialogue: &mut Dialogue<Q>, now: Duration, bytes: &[u8], direction: Direction, checksum: TransportChecksum) {
    let (frame, _) = Frame::parse(bytes).unwrap();
    dialogue.heard(now, &Heard { direction, checksum, bytes, frame: &frame });
}

fn fact<Q: Question>(dialogue: Dialogue<Q>) -> Conversation {
    match dialogue.into_fact(0) {
        Observed::Seen(conversation) => conversation,
        Observed::Unknown(reason) => panic!("{reason}"),
        Observed::Absent(reason) => panic!("{reason}"),
    }
}

fn advertisement() -> RouterAdvertisement {
    RouterAdvertisement {
        code: 0,
        checksum: 0,
        current_hop_limit: 64,
        flags: RouterAdvertisement::MANAGED,
        lifetime_s: 1800,
        reachable_ms: 0,
        retransmit_ms: 0,
        options: vec![NdOption::SourceLinkLayerAddress(ROUTER)],
    }
}

fn from_router() -> Envelope {
    Envelope {
        source_mac: ROUTER,
        destination_mac: frame::multicast_mac(ALL_NODES),
        source: ROUTER_LINK_LOCAL,
        destination: ALL_NODES,
        hop_limit: 255,
    }
}

fn ra() -> Vec<u8> {
    frame::icmpv6(&from_router(), &advertisement().build())
}

/// The transaction id of the Solicit that went out.
fn transaction<Q: Question>(dialogue: &mut Dialogue<Q>) -> u32 {
    let solicit = dialogue.due(Duration::ZERO).unwrap();
    dialogue.sent(Duration::ZERO, &solicit);
    solicit_of(&solicit).transaction_id
}

fn solicit_of(bytes: &[u8]) -> Message {
    let Payload::Udp { source_port: 546, destination_port: 547, data, checksum_right: true } = Frame::parse(bytes).unwrap().0.payload else {
        panic!("not a message of a client")
    };
    let (message, flaws) = Message::parse(data).unwrap();
    assert_eq!((message.kind, flaws.len()), (kind::SOLICIT, 0));
    message
}

fn offer(transaction_id: u32) -> Message {
    let address = DhcpOption::IaAddress { address: "2001:db8:1::10".parse().unwrap(), preferred_s: 86400, valid_s: 86400, options: Vec::new() };
    Message {
        kind: kind::ADVERTISE,
        transaction_id,
        options: vec![
            DhcpOption::ClientId(DUID.into()),
            DhcpOption::ServerId(vec![0, 1, 0, 1, 9, 9, 9, 9]),
            DhcpOption::IaNa { iaid: IAID, t1_s: 0, t2_s: 0, options: vec![address] },
        ],
    }
}

fn refusal(transaction_id: u32) -> Message {
    let mut message = offer(transaction_id);
    message.options[2] = DhcpOption::StatusCode(status::NO_ADDRS_AVAIL, b"no addresses available".to_vec());
    message
}

fn from_server(message: &Message) -> Vec<u8> {
    let envelope = Envelope { destination_mac: GUEST, destination: LINK_LOCAL, hop_limit: 64, ..from_router() };
    frame::udp(&envelope, 547, 546, &message.build())
}

fn fact_of_running<Q: Question>(mut dialogue: Dialogue<Q>) -> Conversation {
    dialogue.interrupted(ms(19_000));
    fact(dialogue)
}

#[test]
fn thorough_waits_for_others_and_asks_no_more() {
    let (mut router, mut server) = (router(THOROUGH), server(THOROUGH));
    assert!(router.due(Duration::ZERO).is_some());
    let xid = transaction(&mut server);
    hear(&mut router, ms(1), &ra());
    for at in [1, 2, 3] {
        hear(&mut server, ms(at), &from_server(&offer(xid)));
    }
    assert!(router.is_answered() && !router.is_over() && server.is_answered() && !server.is_over());
    assert_eq!((router.due(ms(19_999)), server.due(ms(19_999))), (None, None));
    assert_eq!((router.due(ms(20_000)), server.due(ms(20_000))), (None, None));
    let fact = fact(server);
    assert_eq!((fact.ended, fact.elapsed_us, fact.frames.len()), (Ended::Deadline, 20_000_000, 4), "duplicates are kept");
}

#[test]
fn guests_own_traffic_is_kept_and_other_hosts_is_not() {
    let (mut router, mut server) = (router(BRIEF), server(BRIEF));
    run(&mut router, ms(1));
    run(&mut server, ms(1));
    let rs = RouterQuestion::new(GUEST, Some(LINK_LOCAL)).frame(Duration::ZERO);
    let solicit = ServerQuestion::new(GUEST, Some(LINK_LOCAL), &identity(), &mut Random::seeded()).unwrap().frame(Duration::ZERO);
    for direction in [Direction::Guest, Direction::Received] {
        for bytes in [&rs, &solicit] {
            hear_as(&mut router, ms(1), bytes, direction, TransportChecksum::Partial);
            hear_as(&mut server, ms(1), bytes, direction, TransportChecksum::Partial);
        }
    }
    for (fact, bytes) in [(fact_of_running(router), rs), (fact_of_running(server), solicit)] {
        let kept: Vec<_> = fact.frames.iter().skip(1).map(|frame| (frame.direction, &frame.bytes)).collect();
        assert_eq!(kept, [(Direction::Guest, &bytes)]);
    }
}
