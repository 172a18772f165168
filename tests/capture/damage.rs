//! Cut off at every byte, damaged at every byte, longer than the memory: bounded, told, and what came before is there.

use std::io::{self, Read as _};
use std::time::{Duration, Instant};

use v6check::capture::{CaptureError, Item, Reader, Way, link_type};

use crate::build::{Big, Little};
use crate::{Owned, capture_file, items, own_file, packets, read, read_with};

/// A file of each kind.
fn files() -> Vec<(&'static str, Vec<u8>)> {
    let frames: Vec<_> = (0..).map(|at| at * 1_000_000_000).zip(packets::all()).map(|(at, (_, frame))| (at, Way::In, frame)).take(4).collect();
    let other = [
        Big.section(&[(1, b"comment")]),
        Big.interface(1, 0, &[(2, b"eth0"), (9, &[0x8a])]),
        Big.block(3, &[&Big.u32(8)[..], b"whatever"].concat()),
        Big.block(2, &[&[0; 12][..], &Big.u32(4), &Big.u32(4), b"abcd"].concat()),
        Little.section(&[]),
        Little.interface(276, 0, &[(14, &[1; 8])]),
        Little.packet(0, 5, 60, &frames[0].2, &[(2, &[1, 0, 0, 0])]),
    ]
    .concat();
    vec![
        ("our own", own_file()),
        ("pcapng of two sections", other),
        ("pcapng", capture_file::pcapng("eth0", [2; 6], &frames)),
        ("pcap", capture_file::pcap(link_type::ETHERNET, &frames)),
    ]
}

#[test]
fn cut_off_at_every_byte() {
    for (name, file) in files() {
        let all = items(&file);
        let mut longest = 0;
        for length in 4..file.len() {
            let cut = read(&file[..length]);
            assert!(cut.error.is_none(), "{name} cut off at {length}: {:?}", cut.error);
            assert!(all.starts_with(&cut.items), "{name} cut off at {length}");
            assert!(cut.items.len() >= longest, "{name} cut off at {length} tells less than before");
            longest = cut.items.len();
            // What is not told as cut off is whole: reading on from there gives the rest.
            match cut.cut_off {
                Some(offset) => assert!(offset < length as u64, "{name} {length} {offset}"),
                None => assert_eq!(items(&file[..length]), all[..longest]),
            }
            let whole_until = cut.cut_off.map_or(length, |offset| usize::try_from(offset).unwrap());
            if whole_until >= 4 {
                assert_eq!(items(&file[..whole_until]), cut.items, "{name} cut off at {length}");
            }
        }
        for length in 0..4 {
            assert!(matches!(read(&file[..length]).error, Some(CaptureError::Foreign(_))), "{name} cut off at {length}");
        }
    }
}

#[test]
fn damaged_at_every_byte() {
    let begun = Instant::now();
    for (name, file) in files() {
        let all = items(&file);
        for at in 0..file.len() {
            for flip in [0x01, 0x80, 0xff] {
                let mut damaged = file.clone();
                damaged[at] ^= flip;
                let result = read(&damaged);
                // Items that end before the damage are the same: those of the file up to there.
                let before = if at < 4 { Vec::new() } else { read(&file[..at]).items };
                assert!(result.items.starts_with(&before), "{name} damaged at {at}");
                assert!(result.items.len() <= all.len() + file.len() / 12, "{name} damaged at {at}");
                if let Some(CaptureError::Corrupt { offset, what }) = &result.error {
                    assert!(*offset <= file.len() as u64 && !what.is_empty(), "{name} damaged at {at}");
                }
            }
        }
    }
    assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
}

#[test]
fn damage_is_told_with_its_place() {
    let start = [Little.section(&[]), Little.interface(1, 0, &[]), Little.packet(0, 1, 1, b"a", &[])].concat();
    let block = Little.block(6, &[0; 20]);
    for (damage, says) in [
        ([&block[..4], &[0; 4], &block[8..]].concat(), "multiple of four"),
        ([&block[..4], &[33, 0, 0, 0], &block[8..]].concat(), "multiple of four"),
        ([&block[..4], &[0xfc, 0xff, 0xff, 0xff], &block[8..]].concat(), "longer than any"),
        ([&block[..28], &[36, 0, 0, 0]].concat(), "told differently"),
        (Little.packet(1, 1, 1, b"a", &[]), "not described"),
        (Little.block(6, &[0; 16]), "too short"),
        (Little.block(6, &[[0; 12].as_slice(), &[9, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0]].concat()), "longer than its block"),
        (Little.block(1, &[1, 0, 0, 0]), "too short"),
        ([&[0x0a, 0x0d, 0x0d, 0x0a, 28, 0, 0, 0, 1, 2, 3, 4][..], &[0; 16]].concat(), "byte order"),
        ([&[0; 64][..], b"x"].concat(), "zeros"),
    ] {
        let result = read(&[&start[..], &damage, &start].concat());
        let Some(CaptureError::Corrupt { offset, what }) = result.error else { panic!("{says}: {:?}", result.error) };
        assert!(what.contains(says), "{what}, not {says}");
        assert_eq!((offset, result.items.len(), result.cut_off), (start.len() as u64, 3, None), "{says}");
    }
    let file = [Little.pcap(0xa1b2_c3d4, 96, 1), Little.record(1, 2, 3, b"abc")].concat();
    let record = [&1_u32.to_le_bytes()[..], &2_u32.to_le_bytes(), &262_145_u32.to_le_bytes(), &3_u32.to_le_bytes()].concat();
    let result = read(&[&file[..], &record].concat());
    assert!(matches!(result.error, Some(CaptureError::Corrupt { offset: 43, .. })), "{:?}", result.error);
    assert_eq!(result.items.len(), 2);
}

/// Blocks that were allocated and not written when the power went.
#[test]
fn zeros_at_the_end_are_a_cut() {
    for (name, file) in files() {
        for zeros in [1, 4, 16, 4096, 1_000_000] {
            let result = read(&[&file[..], &vec![0; zeros]].concat());
            assert!(result.error.is_none(), "{name} {:?}", result.error);
            assert_eq!((result.items, result.cut_off), (items(&file), Some(file.len() as u64)), "{name} and {zeros} zeros");
        }
    }
}

#[test]
fn a_packet_longer_than_the_memory_is_begun_and_skipped() {
    let (long, length) = (vec![7; 20 << 20], 20 << 20);
    let pcapng = [
        Big.section(&[]),
        Big.interface(1, 0, &[]),
        Big.packet(0, 1, length + 5, &long, &[(2, &[0, 0, 0, 1])]),
        // Not even its beginning is kept of an unknown block.
        Big.block(0x77, &long),
        Big.packet(0, 2, 3, b"abc", &[]),
    ]
    .concat();
    let pcap = [Big.pcap(0xa1b2_3c4d, length, 1), Big.record(0, 1, length + 5, &long), Big.record(0, 2, 3, b"abc")].concat();
    for file in [pcapng, pcap] {
        let packets: Vec<_> = items(&file).into_iter().filter(|item| matches!(item, Owned::Packet { .. })).collect();
        let [Owned::Packet { wire_length, bytes, .. }, Owned::Packet { bytes: last, .. }] = &packets[..] else { panic!("two packets") };
        assert_eq!((*wire_length, &last[..]), (length + 5, b"abc".as_slice()));
        assert!(bytes.len() >= 262_144 && bytes.iter().all(|byte| *byte == 7), "{}", bytes.len());
        // And with the file's end inside of it.
        let cut = read(&file[..file.len() / 2]);
        assert!(cut.error.is_none() && cut.cut_off.is_some());
    }
}

#[test]
fn as_many_interfaces_as_one_may_keep() {
    let file = [Little.section(&[]), Little.interface(1, 0, &[]).repeat(70_000)].concat();
    let result = read(&file);
    assert!(matches!(&result.error, Some(CaptureError::Corrupt { what, .. }) if what.contains("interfaces")), "{:?}", result.error);
    assert_eq!(result.items.len(), 1 + 65_536);
}

/// Bytes one by one, with interruptions, and an error in the end.
struct Trickle<'a>(&'a [u8], bool);

impl io::Read for Trickle<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.1 = !self.1;
        if self.1 {
            return Err(io::ErrorKind::Interrupted.into());
        }
        if self.0.is_empty() {
            return Err(io::Error::other("the disk is gone"));
        }
        self.0.read(&mut buffer[..1])
    }
}

#[test]
fn a_stream_that_trickles_and_breaks() {
    for (name, file) in files() {
        let result = read_with(Reader::new(Trickle(&file, false)).unwrap());
        assert_eq!(result.items, items(&file), "{name}");
        assert!(matches!(&result.error, Some(CaptureError::Read { offset, .. }) if *offset == file.len() as u64), "{:?}", result.error);
    }
}

/// A file without an end, read for its first thousand packets: nothing waits for the rest.
#[test]
fn a_stream_without_an_end() {
    let packet = Little.packet(0, 1, 1, b"a", &[]);
    let start = [Little.section(&[]), Little.interface(1, 0, &[])].concat();
    let mut reader = Reader::new(start.chain(Endless(&packet, 0))).unwrap();
    for _ in 0..1000 {
        assert!(matches!(reader.next(), Ok(Some(Item::Packet(_) | Item::Section { .. } | Item::Interface(_)))));
    }
}

struct Endless<'a>(&'a [u8], usize);

impl io::Read for Endless<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        for byte in buffer.iter_mut() {
            *byte = self.0[self.1];
            self.1 = (self.1 + 1) % self.0.len();
        }
        Ok(buffer.len())
    }
}
