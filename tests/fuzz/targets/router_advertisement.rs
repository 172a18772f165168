//! Whatever the bytes are: what is read of a Router Advertisement is written again to the same bytes, also inside a frame.
#![no_main]

use libfuzzer_sys::fuzz_target;
use v6check::wire::frame::{Frame, Payload};
use v6check::wire::message::Message;
use v6check::wire::ndp::RouterAdvertisement;

fn check(bytes: &[u8]) {
    if let Some((advertisement, flaws)) = RouterAdvertisement::parse(bytes) {
        assert!(flaws.iter().all(|flaw| flaw.offset <= bytes.len()), "a flaw behind the end");
        assert_eq!(advertisement.build(), bytes);
    }
}

fuzz_target!(|input: &[u8]| {
    check(input);
    if let Some((frame, flaws)) = Frame::parse(input) {
        assert!(flaws.iter().all(|flaw| flaw.offset <= input.len()), "a flaw behind the end");
        let _ = Message::of(&frame);
        if let Payload::Icmpv6 { message, .. } = frame.payload {
            check(message);
        }
    }
});
