//! Soliciting a router.

use super::*;

#[test]
fn first_solicitation_lost_second_answered() {
    let mut router = router(BRIEF);
    let times = run(&mut router, ms(5000));
    assert_eq!((times.len(), times[0]), (5, Duration::ZERO));
    assert!((ms(270)..=ms(330)).contains(&times[1]), "{times:?}");
    hear(&mut router, ms(5001), &ra());
    assert!(router.is_over());
    let fact = fact(router);
    assert_eq!((fact.ended, fact.elapsed_us, fact.frames.len()), (Ended::Answered, 5_001_000, 6));
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
        run(&mut router, ms(1));
        hear(&mut router, ms(1), &bytes);
        assert!(!router.is_over(), "{what}");
        assert_eq!(router.due(BRIEF.timeout), None, "{what}");
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
fn frame_without_room_is_tried_again_and_silence_is_not_claimed_without_asking() {
    let mut full = router(BRIEF);
    assert!(full.due(Duration::ZERO).is_some());
    full.postponed(Duration::ZERO);
    assert_eq!((full.due(ms(1)), full.wake_at()), (None, Some(ms(5))));
    assert!(full.due(ms(5)).is_some());
    full.postponed(ms(5));
    assert_eq!(full.due(BRIEF.timeout), None);
    assert_eq!(full.into_fact(0), Observed::Unknown("nothing could be sent in time".into()));
}

#[test]
fn failure_to_send_and_lost_frames_are_reasons() {
    let mut failed = router(BRIEF);
    failed.failed(Duration::ZERO, "eth0 is down".into());
    assert_eq!(failed.wake_at(), None);
    assert_eq!(failed.into_fact(0), Observed::Unknown("eth0 is down".into()));

    let mut silent = router(BRIEF);
    run(&mut silent, BRIEF.timeout);
    assert!(matches!(silent.into_fact(3), Observed::Unknown(reason) if reason.text.starts_with("3 frames")));

    let mut answered = router(BRIEF);
    hear(&mut answered, ms(1), &ra());
    assert!(matches!(answered.into_fact(3), Observed::Seen(_)));
}
