//! Every form of file and block, built by hand.

use v6check::capture::{CaptureError, Reader, Way, write};

use crate::build::{Big, Little, Order, halves};
use crate::{Owned, items, own_file, read};

const MICROSECONDS: u32 = 0xa1b2_c3d4;
const NANOSECONDS: u32 = 0xa1b2_3c4d;

fn packet(interface: usize, link_type: u16, at_ns: u64, way: Option<Way>, wire_length: u32, bytes: &[u8]) -> Owned {
    Owned::Packet { interface, link_type, at_ns, way, wire_length, bytes: bytes.to_vec() }
}

/// The times of the packets that have one.
fn times(file: &[u8]) -> Vec<u64> {
    items(file).iter().filter_map(|item| if let Owned::Packet { at_ns, .. } = item { Some(*at_ns) } else { None }).collect()
}

#[test]
fn pcap_in_both_byte_orders_and_resolutions() {
    for order in [Little, Big] {
        for (magic, at_ns) in [(MICROSECONDS, 7_000_005_000), (NANOSECONDS, 7_000_000_005)] {
            // The upper bits tell of a frame check sequence of four bytes.
            let file = [order.pcap(magic, 96, 0x2400_0001), order.record(7, 5, 1000, b"abc"), order.record(7, 5, 0, b"")].concat();
            let expected = [Owned::Interface(String::new(), 1), packet(0, 1, at_ns, None, 1000, b"abc"), packet(0, 1, at_ns, None, 0, b"")];
            assert_eq!(items(&file), expected, "{order:?} {magic:x}");
        }
    }
}

#[test]
fn other_files_are_refused_with_what_they_are() {
    for (bytes, says) in [
        (Little.pcap(0xa1b2_cd34, 96, 1), "Kuznetzov"),
        (Big.pcap(0xa1b2_cd34, 96, 1), "Kuznetzov"),
        (vec![0x1f, 0x8b, 8, 0, 0], "gunzip"),
        (vec![0x28, 0xb5, 0x2f, 0xfd, 0], "unzstd"),
        (b"{\"facts\": 1}".to_vec(), "neither"),
        (vec![], "empty"),
        (vec![0xd4, 0xc3], "shorter"),
    ] {
        let Some(error @ CaptureError::Foreign(_)) = read(&bytes).error else { panic!("{bytes:x?} is read") };
        assert!(error.to_string().contains(says), "{error}");
    }
}

#[test]
fn sections_of_either_byte_order_count_their_interfaces_on() {
    let part = |order: Order, name: &[u8]| {
        [
            order.section(&[(4, b"dumpcap"), (1, b"first"), (1, b"second")]),
            order.block(0x0bad, b"unknown block"),
            order.interface(1, 0, &[(2, name), (9, &[9]), (0x7777, b"unknown option")]),
            order.interface(101, 0, &[]),
            order.packet(1, 3, 9, b"abcde", &[(1, b"a comment"), (2, &order.u32(0xffff_fff2))]),
            order.packet(0, 4, 5, b"abcde", &[(2, &order.u32(1))]),
            order.packet(0, 5, 5, b"abcde", &[(2, &order.u32(0))]),
        ]
        .concat()
    };
    let told = |name: &str, first| {
        vec![
            Owned::Section { application: "dumpcap".into(), comment: "first".into() },
            Owned::Interface(name.into(), 1),
            Owned::Interface(String::new(), 101),
            // Without a resolution, microseconds.
            packet(first + 1, 101, 3000, Some(Way::Out), 9, b"abcde"),
            packet(first, 1, 4, Some(Way::In), 5, b"abcde"),
            packet(first, 1, 5, None, 5, b"abcde"),
        ]
    };
    let file = [part(Big, b"ens3"), part(Little, b"eth0"), part(Big, b"eth1")].concat();
    assert_eq!(items(&file), [told("ens3", 0), told("eth0", 2), told("eth1", 4)].concat());
}

#[test]
fn resolutions_and_offsets_of_times() {
    for order in [Little, Big] {
        for (resolution, offset, ticks, expected) in [
            (6, 0, 1_700_000_000_000_001, 1_700_000_000_000_001_000),
            (0, 0, 3, 3_000_000_000),
            (9, 0, u64::MAX, u64::MAX),
            (3, 0, u64::MAX, u64::MAX),
            (12, 0, 5_999, 5),
            (127, 0, u64::MAX, 0),
            // Powers of two.
            (0x80, 0, 3, 3_000_000_000),
            (0x80 | 10, 0, 1536, 1_500_000_000),
            (0x80 | 32, 0, 1 << 31, 500_000_000),
            (0x80 | 127, 0, u64::MAX, 0),
            (9, 1_700_000_000, 5, 1_700_000_000_000_000_005),
            (9, -2, 3_000_000_000, 1_000_000_000),
            (9, -4, 3_000_000_000, 0),
            (9, i64::MIN, 3_000_000_000, 0),
            (9, i64::MAX, 3_000_000_000, u64::MAX),
        ] {
            let offset_bytes = order.u64(i64::cast_unsigned(offset));
            let interface = order.interface(1, 0, &[(9, &[resolution]), (14, &offset_bytes)]);
            let file = [order.section(&[]), interface, order.packet(0, ticks, 1, b"a", &[])].concat();
            assert_eq!(times(&file), [expected], "resolution {resolution:#x}, offset {offset}, {ticks} ticks");
        }
    }
}

#[test]
fn simple_and_obsolete_packets() {
    let order = Big;
    let simple = |length: u32, bytes: &[u8]| order.block(3, &[&order.u32(length)[..], bytes].concat());
    let (high, low) = halves(9_000_001);
    let head = [&order.u16(0)[..], &order.u16(4), &order.u32(high), &order.u32(low), &order.u32(3), &order.u32(60)].concat();
    let obsolete = order.block(2, &[&head[..], b"abc\0", &order.options(&[(2, &order.u32(2))])].concat());
    let file = [order.section(&[]), order.interface(1, 4, &[]), simple(3, b"abc\0"), simple(100, b"abcd"), obsolete].concat();
    let expected = [
        packet(0, 1, 0, None, 3, b"abc"),
        // As long as the interface captures.
        packet(0, 1, 0, None, 100, b"abcd"),
        packet(0, 1, 9_000_001_000, Some(Way::Out), 60, b"abc"),
    ];
    assert_eq!(items(&file)[2..], expected);
}

#[test]
fn dropped_packets_and_statistics_without() {
    let order = Little;
    let statistics = |interface: u32, options: &[(u16, &[u8])]| {
        let (high, low) = halves(8);
        order.block(5, &[&order.u32(interface)[..], &order.u32(high), &order.u32(low), &order.options(options)].concat())
    };
    let file = [
        order.section(&[]),
        order.interface(1, 0, &[]),
        order.interface(1, 0, &[]),
        statistics(1, &[(4, &order.u64(99)), (5, &order.u64(7)), (7, &order.u64(2))]),
        statistics(0, &[(4, &order.u64(99))]),
        statistics(0, &[(5, &order.u64(0))]),
        // Of an interface that there is not.
        statistics(2, &[(5, &order.u64(5))]),
    ]
    .concat();
    let expected = [Owned::Dropped { interface: 1, at_ns: 8000, packets: 9 }, Owned::Dropped { interface: 0, at_ns: 8000, packets: 0 }];
    assert_eq!(items(&file)[3..], expected);
}

#[test]
fn journal_entries_in_both_forms_of_values() {
    let entry = |body: &[u8]| {
        let file = [Big.section(&[]), Big.block(9, body)].concat();
        let Some(Owned::Journal(fields)) = items(&file).pop() else { panic!("no entry") };
        fields
    };
    let binary = [b"A=1\nTEXT\n".as_slice(), &5_u64.to_le_bytes(), b"a\nb=c\nLAST=x=y\n\n"].concat();
    let fields = |told: &[(&str, &str)]| told.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect::<Vec<_>>();
    assert_eq!(entry(&binary), fields(&[("A", "1"), ("TEXT", "a\nb=c"), ("LAST", "x=y")]));
    // A length that lies, and a line without its end.
    assert_eq!(entry(&[b"A=1\nTEXT\n".as_slice(), &u64::MAX.to_le_bytes(), b"abc\nB=2\n"].concat()), fields(&[("A", "1")]));
    assert_eq!(entry(b"A=1\nB=2"), fields(&[("A", "1")]));
    assert_eq!(entry(&"A=1\n".repeat(100_000).into_bytes()).len(), 1024);
}

#[test]
fn what_we_write_is_read_again() {
    let file = own_file();
    let read = items(&file);
    assert_eq!(read[0], Owned::Section { application: "v6check 0.1.0".into(), comment: "boot_id=6f1c8a52-0b6e-4f3e-9d51-0d3a2f5a7c11".into() });
    assert_eq!(read[2], Owned::Interface("eth0".into(), 1));
    assert!(matches!(&read[3], Owned::Packet { interface: 0, at_ns: 1_700_000_000_123_456_789, way: Some(Way::Out), .. }), "{:?}", read[3]);
    assert!(matches!(&read[5], Owned::Packet { interface: 1, way: Some(Way::In), wire_length: 1514, bytes, .. } if bytes.len() == 50));
    let Owned::Journal(fields) = &read[6] else { panic!("{:?}", read[6]) };
    assert!(fields.contains(&("V6CHECK_EVENT".into(), r#"{"address":"a\nb"}"#.into())), "{fields:?}");
    assert_eq!(read[7], Owned::Dropped { interface: 0, at_ns: 1_700_000_003_000_000_000, packets: 7 });
}

/// A line feed in a value, and a text that is longer than an option keeps, break no block.
#[test]
fn hostile_texts_are_written_whole() {
    let long = "ä".repeat(100_000);
    let file = [write::section(&long, &long), write::interface(1, 0, &long, &long, None), write::journal(0, &long, &[("A", "b\nC=d")])].concat();
    let read = items(&file);
    let Owned::Journal(fields) = &read[2] else { panic!("{:?}", read[2]) };
    assert_eq!(fields[1], ("A".to_owned(), "b C=d".to_owned()));
    assert!(matches!(&read[1], Owned::Interface(name, 1) if name.starts_with("ää")));
}

#[test]
fn the_filter_leaves_out_packets_and_nothing_else() {
    let file = own_file();
    let filtered = crate::read_with(Reader::new(&file[..]).unwrap().only(|link_type, bytes| link_type == 1 && bytes.len() == 50));
    let mut expected = items(&file);
    expected.remove(3);
    assert_eq!(filtered.items, expected);
}
