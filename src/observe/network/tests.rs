//! The conversations on a made-up clock, without sockets.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

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

#[test]
fn first_solicitation_lost_second_answered() {
    let mut router = router(BRIEF);
    let times = run(&mut router, ms(5000));
    assert_eq!((times.len(), times[0]), (2, Duration::ZERO));
    assert!((ms(3600)..=ms(4400)).contains(&times[1]), "{times:?}");
    hear(&mut router, ms(5001), &ra());
    assert!(router.is_over());
    let fact = fact(router);
    assert_eq!((fact.ended, fact.elapsed_us, fact.frames.len()), (Ended::Answered, 5_001_000, 3));
    assert_eq!(fact.frames[0].bytes, fact.frames[1].bytes);
}

#[test]
fn solicitation_has_our_mac_only_with_a_source_address() {
    let with = RouterQuestion::new(GUEST, Some(LINK_LOCAL)).frame(Duration::ZERO);
    let without = RouterQuestion::new(GUEST, None).frame(Duration::ZERO);
    for (bytes, source, length) in [(with, LINK_LOCAL, 16), (without, Ipv6Addr::UNSPECIFIED, 8)] {
        let frame = Frame::parse(&bytes).unwrap().0;
        assert_eq!((frame.source, frame.hop_limit, frame.destination.to_string().as_str()), (source, 255, "ff02::2"));
        assert_eq!(frame.destination_mac.to_string(), "33:33:00:00:00:02");
        assert!(matches!(frame.payload, Payload::Icmpv6 { message, checksum_right: true } if message.len() == length));
    }
}

#[test]
fn what_no_client_takes_does_not_answer() {
    let with = |change: &dyn Fn(&mut RouterAdvertisement)| {
        let mut advertisement = advertisement();
        change(&mut advertisement);
        frame::icmpv6(&from_router(), &advertisement.build())
    };
    let mut wrong_checksum = ra();
    wrong_checksum[57] ^= 1;
    let mut zero_option = advertisement().build();
    zero_option.extend([200, 0, 0, 0, 0, 0, 0, 0]);
    let mut option_too_long = advertisement().build();
    option_too_long.extend([200, 2, 0, 0, 0, 0, 0, 0]);
    let cases = [
        ("hop limit 64", frame::icmpv6(&Envelope { hop_limit: 64, ..from_router() }, &advertisement().build())),
        ("global source", frame::icmpv6(&Envelope { source: "2001:db8::1".parse().unwrap(), ..from_router() }, &advertisement().build())),
        ("code 1", with(&|advertisement| advertisement.code = 1)),
        ("lifetime 0", with(&|advertisement| advertisement.lifetime_s = 0)),
        ("wrong checksum", wrong_checksum),
        ("too short", frame::icmpv6(&from_router(), &advertisement().build()[..12])),
        ("option of length 0", frame::icmpv6(&from_router(), &zero_option)),
        ("option behind the end", frame::icmpv6(&from_router(), &option_too_long)),
    ];
    for (what, bytes) in cases {
        let mut router = router(BRIEF);
        hear(&mut router, ms(1), &bytes);
        assert!(!router.is_over(), "{what}");
        run(&mut router, BRIEF.timeout);
        let fact = fact(router);
        assert_eq!((fact.ended, fact.elapsed_us), (Ended::Deadline, 20_000_000), "{what}");
        assert!(fact.frames.iter().any(|frame| frame.bytes == bytes), "{what} is kept");
    }
}

#[test]
fn checksum_that_cannot_be_judged_is_not_wrong() {
    let mut bytes = ra();
    bytes[57] ^= 1;
    let mut router = router(BRIEF);
    hear_as(&mut router, ms(1), &bytes, Direction::Received, TransportChecksum::Partial);
    assert!(router.is_over());
}

#[test]
fn solicit_is_one_that_no_server_commits_to() {
    let question = ServerQuestion::new(GUEST, Some(LINK_LOCAL), &identity(), &mut Random::seeded()).unwrap();
    let bytes = question.frame(ms(1234));
    let frame = Frame::parse(&bytes).unwrap().0;
    assert_eq!((frame.source, frame.destination.to_string().as_str(), frame.hop_limit), (LINK_LOCAL, "ff02::1:2", 1));
    assert_eq!(frame.destination_mac.to_string(), "33:33:00:01:00:02");
    let expected = [
        DhcpOption::ClientId(DUID.into()),
        DhcpOption::OptionRequest(vec![23, 24, 82]),
        DhcpOption::ElapsedTime(123),
        DhcpOption::IaNa { iaid: IAID, t1_s: 0, t2_s: 0, options: Vec::new() },
    ];
    assert_eq!(solicit_of(&bytes).options, expected);
}

#[test]
fn solicits_share_a_transaction_and_tell_the_time() {
    let mut server = server(BRIEF);
    let times = run(&mut server, ms(4000));
    assert_eq!(times.len(), 3, "{times:?}");
    assert!(times[1] > ms(1000) && times[1] <= ms(1101), "{times:?}");
    let solicits: Vec<Message> = fact_of_running(server).frames.iter().map(|frame| solicit_of(&frame.bytes)).collect();
    for (solicit, time) in solicits.iter().zip(&times) {
        assert_eq!(solicit.transaction_id, solicits[0].transaction_id);
        assert_eq!(solicit.options[2], DhcpOption::ElapsedTime(u16::try_from(time.as_millis() / 10).unwrap()));
    }
}

fn fact_of_running<Q: Question>(mut dialogue: Dialogue<Q>) -> Conversation {
    dialogue.interrupted(ms(19_000));
    fact(dialogue)
}

#[test]
fn offer_ends_it_at_once() {
    let mut server = server(BRIEF);
    let xid = transaction(&mut server);
    hear(&mut server, ms(1), &from_server(&offer(xid)));
    assert_eq!(server.wake_at(), None);
    let fact = fact(server);
    assert_eq!((fact.ended, fact.elapsed_us, fact.identity), (Ended::Answered, 1000, Some(identity())));
}

#[test]
fn offer_after_a_refusal_counts() {
    let mut server = server(BRIEF);
    let xid = transaction(&mut server);
    hear(&mut server, ms(1), &from_server(&refusal(xid)));
    assert!(!server.is_over());
    hear(&mut server, ms(400), &from_server(&offer(xid)));
    assert!(server.is_over() && server.is_answered());
    assert_eq!(fact(server).elapsed_us, 400_000);
}

#[test]
fn refusal_stands_after_a_second() {
    let mut server = server(BRIEF);
    let xid = transaction(&mut server);
    hear(&mut server, ms(1), &from_server(&refusal(xid)));
    hear(&mut server, ms(900), &from_server(&refusal(xid)));
    assert!(server.wake_at() > Some(ms(1000)) && server.wake_at() <= Some(ms(1001)), "the first refusal counts, or a retransmission");
    assert_eq!(server.due(ms(1001)), None);
    let fact = fact(server);
    assert_eq!((fact.ended, fact.elapsed_us, fact.frames.len()), (Ended::Answered, 1_001_000, 3));
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
fn thorough_waits_the_window_after_a_refusal() {
    let mut server = server(THOROUGH);
    let xid = transaction(&mut server);
    hear(&mut server, ms(1), &from_server(&refusal(xid)));
    run(&mut server, THOROUGH.timeout);
    assert_eq!(fact(server).ended, Ended::Deadline);
}

#[test]
fn what_is_not_for_us_does_not_answer() {
    let elsewhere = |xid| {
        let envelope = Envelope { destination_mac: GUEST, destination: "fe80::2".parse().unwrap(), hop_limit: 64, ..from_router() };
        frame::udp(&envelope, 547, 546, &offer(xid).build())
    };
    let cases: [(&str, &dyn Fn(u32) -> Vec<u8>); 9] = [
        ("another transaction", &|xid| changed(xid, |message| message.transaction_id = xid ^ 1)),
        ("another client", &|xid| changed(xid, |message| message.options[0] = DhcpOption::ClientId(vec![0, 3, 0, 1, 1, 1, 1, 1, 1, 1]))),
        ("no client", &|xid| changed(xid, |message| drop(message.options.remove(0)))),
        ("no server", &|xid| changed(xid, |message| drop(message.options.remove(1)))),
        ("another address", &elsewhere),
        ("a Request", &|xid| changed(xid, |message| message.kind = kind::REQUEST)),
        ("another IAID", &|xid| changed(xid, |message| set_association(message, 8, 86400))),
        ("no lifetime", &|xid| changed(xid, |message| set_association(message, IAID, 0))),
        ("wrong checksum", &|xid| {
            let mut bytes = from_server(&offer(xid));
            bytes[61] ^= 1;
            bytes
        }),
    ];
    for (what, build) in cases {
        let mut server = server(THOROUGH);
        let xid = transaction(&mut server);
        let bytes = build(xid);
        hear(&mut server, ms(1), &bytes);
        assert!(!server.is_answered(), "{what}");
        assert!(fact_of_running(server).frames.iter().any(|frame| frame.bytes == bytes), "{what} is kept");
    }
}

fn changed(xid: u32, change: impl Fn(&mut Message)) -> Vec<u8> {
    let mut message = offer(xid);
    change(&mut message);
    from_server(&message)
}

fn set_association(message: &mut Message, iaid: u32, valid_s: u32) {
    let address = DhcpOption::IaAddress { address: Ipv6Addr::LOCALHOST, preferred_s: 0, valid_s, options: Vec::new() };
    message.options[2] = DhcpOption::IaNa { iaid, t1_s: 0, t2_s: 0, options: vec![address] };
}

#[test]
fn guests_own_traffic_is_kept_and_other_hosts_is_not() {
    let (mut router, mut server) = (router(BRIEF), server(BRIEF));
    let rs = RouterQuestion::new(GUEST, Some(LINK_LOCAL)).frame(Duration::ZERO);
    let solicit = ServerQuestion::new(GUEST, Some(LINK_LOCAL), &identity(), &mut Random::seeded()).unwrap().frame(Duration::ZERO);
    for direction in [Direction::Guest, Direction::Received] {
        for bytes in [&rs, &solicit] {
            hear_as(&mut router, ms(1), bytes, direction, TransportChecksum::Partial);
            hear_as(&mut server, ms(1), bytes, direction, TransportChecksum::Partial);
        }
    }
    for (fact, bytes) in [(fact_of_running(router), rs), (fact_of_running(server), solicit)] {
        let kept: Vec<_> = fact.frames.iter().map(|frame| (frame.direction, &frame.bytes)).collect();
        assert_eq!(kept, [(Direction::Guest, &bytes)]);
    }
}

#[test]
fn flood_is_bounded_and_leaves_room_for_the_answer() {
    let mut server = server(BRIEF);
    let xid = transaction(&mut server);
    let foreign = from_server(&offer(xid ^ 1));
    for count in 0..10_000 {
        hear(&mut server, ms(1 + count / 10), &foreign);
    }
    hear(&mut server, ms(1500), &from_server(&offer(xid)));
    let fact = fact(server);
    assert!(fact.frames.len() < Conversation::MOST_FRAMES);
    assert_eq!(fact.frames.len() as u64 + fact.frames_dropped, 10_002);
    assert_eq!(fact.frames.last().unwrap().bytes, from_server(&offer(xid)));
}

#[test]
fn answers_are_bounded_too() {
    let mut server = server(THOROUGH);
    let xid = transaction(&mut server);
    for _ in 0..1000 {
        hear(&mut server, ms(1), &from_server(&offer(xid)));
    }
    let fact = fact_of_running(server);
    assert_eq!((fact.frames.len(), fact.frames_dropped), (Conversation::MOST_FRAMES, 745));
}

#[test]
fn deadline_comes_under_a_stream_of_foreign_frames() {
    let mut server = server(BRIEF);
    let xid = transaction(&mut server);
    let foreign = from_server(&offer(xid ^ 1));
    let mut now = Duration::ZERO;
    while !server.is_over() {
        now += ms(10);
        hear(&mut server, now, &foreign);
        let _ = server.due(now);
        assert!(now <= BRIEF.timeout);
    }
    assert_eq!(fact(server).ended, Ended::Deadline);
}

#[test]
fn failure_to_send_and_lost_frames_are_reasons() {
    let mut failed = router(BRIEF);
    failed.failed(Duration::ZERO, "eth0 is down".into());
    assert_eq!(failed.wake_at(), None);
    assert_eq!(failed.into_fact(0), Observed::Unknown("eth0 is down".into()));

    let mut silent = router(BRIEF);
    run(&mut silent, BRIEF.timeout);
    assert!(matches!(silent.into_fact(3), Observed::Unknown(reason) if reason.starts_with("3 frames")));

    let mut answered = router(BRIEF);
    hear(&mut answered, ms(1), &ra());
    assert!(matches!(answered.into_fact(3), Observed::Seen(_)));
}

#[test]
fn nothing_to_solicit_with_is_a_reason() {
    let ask =
        |link_local, duid: &str| ServerQuestion::new(GUEST, link_local, &ClientIdentity { duid: duid.into(), ..identity() }, &mut Random::seeded());
    assert_eq!(ask(None, &identity().duid).unwrap_err(), "no usable link-local address to solicit from");
    for duid in ["", "00", "no", &"00".repeat(131)] {
        assert_eq!(ask(Some(LINK_LOCAL), duid).unwrap_err(), "the DUID from a lease is not one", "{duid}");
    }
    assert!(ask(Some(LINK_LOCAL), &"00".repeat(130)).is_ok());
}
