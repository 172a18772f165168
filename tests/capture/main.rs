//! Capture files: every form is read, damage and cuts are told and cost nothing that came before, and the tools of others read what we write.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod build;
#[path = "../support/capture_file.rs"]
mod capture_file;
mod damage;
mod forms;
mod link;
#[path = "../packets/mod.rs"]
mod packets;
mod tools;

use v6check::capture::{CaptureError, Interface, Item, Reader, Way};

/// An item that outlives the reader.
#[derive(Debug, Clone, PartialEq)]
enum Owned {
    Section { application: String, comment: String },
    Interface(String, u16),
    Packet { interface: usize, link_type: u16, at_ns: u64, way: Option<Way>, wire_length: u32, bytes: Vec<u8> },
    Journal(Vec<(String, String)>),
    Dropped { interface: usize, at_ns: u64, packets: u64 },
}

/// What was read of a file.
struct Read {
    items: Vec<Owned>,
    cut_off: Option<u64>,
    error: Option<CaptureError>,
}

fn read_with(mut reader: Reader<'_>) -> Read {
    let mut items = Vec::new();
    let error = loop {
        match reader.next() {
            Ok(None) => break None,
            Err(error) => break Some(error),
            Ok(Some(item)) => items.push(match item {
                Item::Section { application, comment } => Owned::Section { application, comment },
                Item::Interface(Interface { name, link_type }) => Owned::Interface(name, link_type),
                Item::Packet(packet) => Owned::Packet {
                    interface: packet.interface,
                    link_type: packet.link_type,
                    at_ns: packet.at_ns,
                    way: packet.way,
                    wire_length: packet.wire_length,
                    bytes: packet.bytes.to_vec(),
                },
                Item::Journal(fields) => Owned::Journal(fields),
                Item::Dropped { interface, at_ns, packets } => Owned::Dropped { interface, at_ns, packets },
            }),
        }
    };
    assert!(matches!(reader.next(), Ok(None)), "the end is the end");
    Read { items, cut_off: reader.cut_off(), error }
}

fn read(file: &[u8]) -> Read {
    match Reader::new(file) {
        Ok(reader) => read_with(reader),
        Err(error) => Read { items: Vec::new(), cut_off: None, error: Some(error) },
    }
}

/// The items of a file that is whole.
fn items(file: &[u8]) -> Vec<Owned> {
    let read = read(file);
    assert!(read.error.is_none() && read.cut_off.is_none(), "{:?} {:?}", read.error, read.cut_off);
    read.items
}

/// A file of our own blocks, with every kind of them.
fn own_file() -> Vec<u8> {
    use v6check::capture::write;
    let frame = packets::all().into_iter().find(|(name, _)| name.contains("router-solicitation")).unwrap().1;
    let length = u32::try_from(frame.len()).unwrap();
    [
        write::section("v6check 0.1.0", "boot_id=6f1c8a52-0b6e-4f3e-9d51-0d3a2f5a7c11"),
        write::journal(1_700_000_000_000_000_000, "recording began", &[("V6CHECK_RECORDING", "began")]),
        write::interface(1, 262_144, "eth0", "index 2", Some([0xfa, 0x16, 0x3e, 0, 0, 1])),
        write::packet(0, 1_700_000_000_123_456_789, Way::Out, length, &frame),
        write::interface(1, 262_144, "eth1", "index 3", None),
        write::packet(1, 1_700_000_001_000_000_001, Way::In, 1514, &frame[..50]),
        write::journal(1_700_000_002_000_000_000, "eth0: address", &[("V6CHECK_INTERFACE", "eth0"), ("V6CHECK_EVENT", r#"{"address":"a\nb"}"#)]),
        write::statistics(0, 1_700_000_003_000_000_000, 100, 7),
    ]
    .concat()
}
