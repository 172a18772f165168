//! Whatever the bytes are, the reader of captures ends, and yields no more than they hold.
#![no_main]

use libfuzzer_sys::fuzz_target;
use v6check::capture::{CaptureError, Item, Reader, cooked, ethernet, interesting};

/// Everything that a reader yields: packets as link type and bytes. Each packet is part of the input, and no two overlap.
fn read(input: &[u8], filter: bool) -> Vec<(u16, Vec<u8>)> {
    let Ok(mut reader) = Reader::new(input) else { return Vec::new() };
    if filter {
        reader = reader.only(interesting);
    }
    let (mut packets, mut interfaces, mut bytes_seen) = (Vec::new(), 0, 0);
    loop {
        match reader.next() {
            Ok(Some(Item::Packet(packet))) => {
                bytes_seen += packet.bytes.len();
                assert!(packet.interface < interfaces, "a packet of an interface that was not told");
                assert!(packet.bytes.len() <= packet.wire_length as usize, "more was captured than was on the wire");
                if let Some(frame) = ethernet(packet.link_type, packet.bytes) {
                    assert!(frame.len() <= packet.bytes.len() + 14, "a frame is longer than its packet and a header");
                }
                if let Some(told) = cooked(packet.link_type, packet.bytes) {
                    assert!(packet.way.is_some() || told.way.is_none(), "a cooked packet's way is lost");
                }
                packets.push((packet.link_type, packet.bytes.to_vec()));
            }
            Ok(Some(Item::Interface(_))) => interfaces += 1,
            Ok(Some(Item::Dropped { interface, .. })) => assert!(interface < interfaces),
            Ok(Some(Item::Journal(fields))) => {
                let told: usize = fields.iter().map(|(name, value)| name.len() + value.len()).sum();
                // A byte that is no text becomes a sign of three.
                assert!(told <= 3 * input.len(), "a journal entry is longer than its file");
            }
            Ok(Some(Item::Section { .. })) => {}
            Ok(None) => break,
            Err(CaptureError::Corrupt { offset, .. } | CaptureError::Read { offset, .. }) => {
                assert!(offset <= input.len() as u64, "damage behind the end");
                break;
            }
            Err(CaptureError::Foreign(_)) => panic!("a file that was begun is foreign later"),
        }
    }
    assert!(bytes_seen <= input.len(), "packets hold more than their file");
    assert!(reader.cut_off().is_none_or(|offset| offset <= input.len() as u64), "cut off behind the end");
    assert!(matches!(reader.next(), Ok(None)), "something follows the end");
    packets
}

fuzz_target!(|input: &[u8]| {
    let mut all = read(input, false);
    all.retain(|(link_type, bytes)| interesting(*link_type, bytes));
    assert!(read(input, true) == all, "the filter changes what is read");
});
