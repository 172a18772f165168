//! Soliciting a DHCPv6 server.

use super::*;

/// Makes a message that is not for us, given our transaction.
type Build<'a> = &'a dyn Fn(u32) -> Vec<u8>;

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
    let times = run(&mut server, ms(3500));
    assert_eq!(times.len(), 4, "{times:?}");
    assert!((ms(270)..=ms(330)).contains(&times[1]), "{times:?}");
    let solicits: Vec<Message> = fact_of_running(server).frames.iter().map(|frame| solicit_of(&frame.bytes)).collect();
    for (solicit, time) in solicits.iter().zip(&times) {
        assert_eq!(solicit.transaction_id, solicits[0].transaction_id);
        assert_eq!(solicit.options[2], DhcpOption::ElapsedTime(u16::try_from(time.as_millis() / 10).unwrap()));
    }
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
    assert!(!server.is_over());
    assert_eq!(server.due(ms(1001)), None, "the first refusal counts");
    let fact = fact(server);
    assert_eq!((fact.ended, fact.elapsed_us, fact.frames.len()), (Ended::Answered, 1_001_000, 3));
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
    let cases: [(&str, Build<'_>); 9] = [
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
fn nothing_to_solicit_with_is_a_reason() {
    let ask =
        |link_local, duid: &str| ServerQuestion::new(GUEST, link_local, &ClientIdentity { duid: duid.into(), ..identity() }, &mut Random::seeded());
    assert_eq!(ask(None, &identity().duid).unwrap_err(), "no usable link-local address to solicit from");
    for duid in ["", "00", "no", &"00".repeat(131)] {
        assert_eq!(ask(Some(LINK_LOCAL), duid).unwrap_err(), "the DUID from a lease is not one", "{duid}");
    }
    assert!(ask(Some(LINK_LOCAL), &"00".repeat(130)).is_ok());
}
