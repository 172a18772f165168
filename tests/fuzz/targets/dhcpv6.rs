//! Whatever the bytes are: what is read of a DHCPv6 message is written again to the same bytes, also inside a frame.
#![no_main]

use libfuzzer_sys::fuzz_target;
use v6check::wire::dhcpv6::Message;
use v6check::wire::duid::Duid;
use v6check::wire::frame::{Frame, Payload};

fn check(bytes: &[u8]) {
    if let Some((message, flaws)) = Message::parse(bytes) {
        assert!(flaws.iter().all(|flaw| flaw.offset <= bytes.len()), "a flaw behind the end");
        assert_eq!(message.build(), bytes);
        if let Some(duid) = message.client_id() {
            let duid = Duid(duid.to_vec());
            assert!(duid.0.is_empty() || Duid::from_hex(&duid.to_string()) == Some(duid), "a DUID is written otherwise than it is read");
        }
    }
}

fuzz_target!(|input: &[u8]| {
    check(input);
    if let Some((Frame { payload: Payload::Udp { data, .. }, .. }, _)) = Frame::parse(input) {
        check(data);
    }
});
