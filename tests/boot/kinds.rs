//! Kinds of captures that were judged wrongly once: several boots, mirrors, VLANs, tunnels, floods, and what was taken for a guest.

use std::path::Path;

use pnet::util::MacAddr;
use serde_json::Value;
use v6check::capture::{link_type, write};
use v6check_lab::needs;

use crate::frames::{File, Guest, LEASED, noise, ra, tagged};

fn report(bytes: &[u8], profile: &str) -> Value {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    let arguments = ["--profile", profile, "--json", "-", "--text", "/dev/null"];
    let output = needs::given(Path::new(env!("CARGO_BIN_EXE_v6check"))).arg("replay").arg(file.path()).args(arguments).output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)))
}

/// Verdict and message of a requirement on an interface.
fn of<'a>(report: &'a Value, interface: &str, id: &str) -> (&'a str, &'a str) {
    let results = report["results"].as_array().unwrap();
    let found = results.iter().find(|result| result["id"] == id && result["interface"] == interface);
    let result = found.unwrap_or_else(|| panic!("no result of {id} on {interface}: {}", report["interfaces"]));
    (result["verdict"].as_str().unwrap(), result["message"].as_str().unwrap())
}

fn verdict<'a>(report: &'a Value, id: &str) -> &'a str {
    of(report, &Guest(1).name(), id).0
}

/// What fails of a profile, on any interface.
fn failures(report: &Value) -> Vec<&str> {
    let results = report["results"].as_array().unwrap();
    results.iter().filter(|result| result["verdict"] == "fail").map(|result| result["id"].as_str().unwrap()).collect()
}

fn interfaces(report: &Value) -> Vec<&str> {
    let interfaces = report["interfaces"].as_array().unwrap();
    interfaces.iter().map(|interface| interface["name"].as_str().unwrap()).collect()
}

/// A frame of a flood by its number; another form of a frame.
type Flood = fn(u32) -> Vec<u8>;
type Form = dyn Fn(&[u8]) -> Vec<u8>;

const AT_BOOT: &str = "dhcpv6-at-boot";
const COMPLETED: &str = "dhcpv6-exchange-completed";
const RA: &str = "network-router-advertisement";
const OFFER: &str = "network-dhcpv6-offer";

/// Frames later by `by_ms`.
fn later(frames: &[(u64, Vec<u8>)], by_ms: u64) -> Vec<(u64, Vec<u8>)> {
    frames.iter().map(|(at_ms, bytes)| (at_ms + by_ms, bytes.clone())).collect()
}

fn tap() -> File {
    File::ethernet(&["tap1"])
}

#[test]
fn each_boot_of_a_capture_is_judged_and_the_worst_counts() {
    let guest = Guest(1);
    let silent = [(1000, guest.dad()), (2000, guest.rs()), (2100, ra()), (50_000, guest.asks_for_router())];
    let mut file = tap();
    file.all(0, &guest.boot()).add(0, 20_000, &guest.asks_for_router()).all(0, &later(&silent, 100_000)).add(0, 200_000, &noise());
    let report_of = report(&file.bytes, "calico");
    let (asked, message) = of(&report_of, &guest.name(), AT_BOOT);
    assert_eq!((asked, verdict(&report_of, COMPLETED)), ("fail", "fail"));
    assert!(message.starts_with("boot 2 of 2 in the capture, from 100.000 s on: no DHCPv6 request"), "{message}");
    let mut twice = tap();
    twice.all(0, &guest.boot()).add(0, 20_000, &guest.asks_for_router()).all(0, &later(&guest.boot(), 100_000)).add(0, 200_000, &noise());
    let good = report(&twice.bytes, "calico");
    assert_eq!((verdict(&good, AT_BOOT), verdict(&good, COMPLETED)), ("pass", "pass"));
    assert!(of(&good, &guest.name(), AT_BOOT).1.contains("of 2 in the capture"));
}

#[test]
fn a_boot_that_was_broken_off_is_no_fault() {
    let guest = Guest(1);
    let mut file = tap();
    file.all(0, &[(1000, guest.dad()), (2000, guest.rs()), (2500, guest.solicit(7))]);
    file.all(0, &later(&guest.boot(), 80_000)).add(0, 200_000, &noise());
    let broken_off = report(&file.bytes, "calico");
    assert_eq!((verdict(&broken_off, COMPLETED), verdict(&broken_off, RA), verdict(&broken_off, OFFER)), ("pass", "pass", "pass"));
    let hosts = report(&file.bytes, "rfc-host");
    assert_ne!(verdict(&hosts, "rs-goes-on"), "fail");
    assert_ne!(verdict(&hosts, "dhcpv6-solicit-goes-on"), "fail");
}

#[test]
fn a_router_that_fell_silent_before_the_second_boot_is_told() {
    let guest = Guest(1);
    let unanswered = [(1000, guest.dad()), (2000, guest.rs()), (6000, guest.rs()), (40_000, guest.asks_for_router())];
    let mut file = tap();
    file.all(0, &guest.boot()).all(0, &later(&unanswered, 100_000)).add(0, 200_000, &noise());
    assert_eq!(verdict(&report(&file.bytes, "calico"), RA), "fail");
}

#[test]
fn an_advertisement_before_the_interface_came_up_was_not_received() {
    let guest = Guest(1);
    let mut frames = guest.boot();
    frames.retain(|(at_ms, _)| *at_ms != 2100);
    let mut file = tap();
    file.add(0, 0, &ra()).all(0, &later(&frames, 10_000)).add(0, 16_000, &guest.rs()).add(0, 100_000, &noise());
    let early = report(&file.bytes, "calico");
    assert_eq!((verdict(&early, "ra-received-at-boot"), verdict(&early, RA)), ("fail", "fail"));
    assert_eq!(verdict(&early, COMPLETED), "pass");
    assert_ne!(verdict(&report(&file.bytes, "rfc-host"), "rs-stops"), "fail");
}

#[test]
fn what_a_mirror_shows_twice_was_sent_once() {
    let guest = Guest(1);
    let mut file = tap();
    for (at_ms, bytes) in guest.boot() {
        file.add(0, at_ms, &bytes).add(0, at_ms + 1, &bytes);
    }
    file.add(0, 60_000, &noise());
    let as_it_is = report(&tap().all(0, &guest.boot()).add(0, 60_000, &noise()).bytes, "rfc-host");
    assert_eq!(failures(&report(&file.bytes, "rfc-host")), failures(&as_it_is));
    // Who floods is no mirror.
    let mut flood = tap();
    flood.all(0, &guest.boot());
    for at_ms in 0..60 {
        flood.add(0, 5000 + at_ms, &guest.solicit(3));
    }
    flood.add(0, 60_000, &noise());
    assert!(failures(&report(&flood.bytes, "rfc-host")).contains(&"dhcpv6-solicit-first-retransmission"));
}

#[test]
fn one_mac_address_on_two_vlans_is_two_guests() {
    let guest = Guest(1);
    let mut file = tap();
    for (at_ms, bytes) in guest.boot() {
        file.add(0, at_ms, &tagged(&bytes, 10));
    }
    for (at_ms, bytes) in [(1500, guest.dad()), (2600, guest.rs()), (3700, guest.solicit(9)), (4800, guest.solicit(9)), (7000, guest.solicit(9))] {
        file.add(0, at_ms, &tagged(&bytes, 20));
    }
    file.add(0, 100_000, &noise());
    let two = report(&file.bytes, "calico");
    let (answered, unanswered) = (format!("{} VLAN 10", guest.name()), format!("{} VLAN 20", guest.name()));
    assert_eq!(interfaces(&two), [&answered, &unanswered]);
    assert_eq!((of(&two, &answered, COMPLETED).0, of(&two, &unanswered, COMPLETED).0), ("pass", "fail"));
    // The same frames on a tap and on the trunk behind it are one guest's.
    let mut one = File::ethernet(&["tap1", "trunk"]);
    for (at_ms, bytes) in guest.boot() {
        one.add(0, at_ms, &bytes).add(1, at_ms + 1, &tagged(&bytes, 10));
    }
    assert_eq!(interfaces(&report(&one.bytes, "calico")), [guest.name()]);
}

#[test]
fn tags_in_one_direction_do_not_hide_the_answers() {
    let guest = Guest(1);
    let mut file = tap();
    file.add(0, 1000, &guest.dad()).add(0, 2000, &guest.rs()).add(0, 2100, &tagged(&ra(), 7)).add(0, 100_000, &noise());
    assert_eq!(verdict(&report(&file.bytes, "calico"), RA), "pass");
    // Another guest's VLAN is not meant.
    let mut other = tap();
    other.add(0, 1000, &guest.dad()).add(0, 2000, &guest.rs()).add(0, 2100, &tagged(&ra(), 7)).add(0, 2200, &tagged(&Guest(2).rs(), 7));
    other.add(0, 100_000, &noise());
    assert_eq!(verdict(&report(&other.bytes, "calico"), RA), "fail");
}

#[test]
fn a_capture_that_begins_in_the_middle_accuses_nobody() {
    let guest = Guest(1);
    let mut back_off = tap();
    back_off.add(0, 0, &guest.rs()).add(0, 49_000, &guest.asks_for_router()).add(0, 50_000, &noise());
    assert_ne!(verdict(&report(&back_off.bytes, "rfc-host"), "rs-goes-on"), "fail");
    let mut behind_report = tap();
    behind_report.all(0, &guest.boot()[..6]).add(0, 60_000, &noise());
    assert_ne!(verdict(&report(&behind_report.bytes, "rfc-host"), "solicited-node-joined-first"), "fail");
}

#[test]
fn the_hosts_end_is_no_guest_and_the_silent_guest_behind_its_tap_is_one() {
    let own = |frame: Vec<u8>, mac: MacAddr| {
        let mut frame = frame;
        frame[6..12].copy_from_slice(&mac.octets());
        frame
    };
    for mac in [MacAddr::new(0x00, 0x61, 0xfe, 0xed, 0xca, 0xfe), MacAddr::new(0xee, 0xee, 0xee, 0xee, 0xee, 0xee)] {
        let calico = report(&tap().add(0, 0, &own(Guest(1).dad(), mac)).add(0, 100_000, &noise()).bytes, "calico");
        assert_eq!(interfaces(&calico), [""; 0], "{mac}");
    }
    // Behind fe:16:3e:00:00:01 is fa:16:3e:00:00:01 of libvirt's; that it says nothing in IPv6 may be since it came up long ago.
    let mut ipv4 = noise();
    ipv4[..6].copy_from_slice(&[0xfe, 0x16, 0x3e, 0, 0, 1]);
    ipv4[6..12].copy_from_slice(&Guest(1).mac().octets());
    let silent = report(&tap().add(0, 0, &ipv4).add(0, 100_000, &ipv4).bytes, "calico");
    assert_eq!((interfaces(&silent), verdict(&silent, AT_BOOT)), (vec![Guest(1).name().as_str()], "inconclusive"));
}

#[test]
fn a_guest_that_advertises_itself_is_a_guest() {
    let guest = Guest(1);
    let mut rogue = ra();
    rogue[6..12].copy_from_slice(&guest.mac().octets());
    let mut file = tap();
    file.all(0, &guest.boot()).add(0, 10_000, &rogue).add(0, 60_000, &noise());
    let guests = report(&file.bytes, "rfc-host");
    assert_eq!(verdict(&guests, "no-router-advertisement-sent"), "inconclusive");
    assert_eq!(verdict(&report(&file.bytes, "calico"), COMPLETED), "pass");
}

#[test]
fn what_others_say_does_not_crowd_out_a_boot() {
    let guest = Guest(1);
    // One neighbour that asks again and again, and as many neighbours as questions; and nodes that test their addresses.
    let floods: [(&str, Flood); 3] = [
        ("one", |_| Guest(9).asks_for_router()),
        ("many", |number| from_mac(Guest(9).asks_for_router(), number)),
        ("tests", |number| from_mac(Guest(9).dad(), number)),
    ];
    for (name, frame) in floods {
        let mut file = tap();
        for number in 0..20_000_u32 {
            file.add(0, u64::from(number), &frame(number));
        }
        file.all(0, &later(&guest.boot(), 40_000)).add(0, 100_000, &noise());
        let crowded = report(&file.bytes, "calico");
        assert_eq!((verdict(&crowded, COMPLETED), verdict(&crowded, RA), verdict(&crowded, OFFER)), ("pass", "pass", "pass"), "{name}");
        let recordings = file.read();
        assert!(recordings[&guest.name()].gaps.iter().any(|gap| gap.frames.is_some_and(|frames| frames > 10_000)), "{name}: a gap");
    }
}

/// A frame from another MAC address.
fn from_mac(mut frame: Vec<u8>, number: u32) -> Vec<u8> {
    frame[8..12].copy_from_slice(&number.to_be_bytes());
    frame
}

/// An Ethernet frame in UDP over IPv4, to this port and behind these bytes.
fn tunnelled(port: u16, header: &[u8], bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(8 + header.len() + bytes.len()).unwrap();
    let mut outer = vec![0x02; 12];
    outer.extend([0x08, 0x00, 0x45, 0]);
    outer.extend((length + 20).to_be_bytes());
    outer.extend([0, 0, 0, 0, 64, 17, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2]);
    outer.extend(40_000_u16.to_be_bytes());
    outer.extend(port.to_be_bytes());
    outer.extend(length.to_be_bytes());
    outer.extend([0, 0]);
    outer.extend(header);
    outer.extend(bytes);
    outer
}

fn pppoe(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len() - 14 + 2).unwrap().to_be_bytes();
    [&bytes[..12], &[0x88, 0x64, 0x11, 0, 0, 7], &length, &[0x00, 0x57], &bytes[14..]].concat()
}

fn snap(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len() - 14 + 8).unwrap().to_be_bytes();
    [&bytes[..12], &length, &[0xaa, 0xaa, 3, 0, 0, 0, 0x86, 0xdd], &bytes[14..]].concat()
}

#[test]
fn tunnels_and_unusual_headers_are_read() {
    let guest = Guest(1);
    let three_tags = |bytes: &[u8]| tagged(&tagged(&tagged(bytes, 3), 2), 1);
    let forms: [(&str, &Form); 6] = [
        ("VXLAN", &|bytes| tunnelled(4789, &[8, 0, 0, 0, 0, 0, 42, 0], bytes)),
        ("Geneve with an option", &|bytes| tunnelled(6081, &[1, 0, 0x65, 0x58, 0, 0, 42, 0, 0, 1, 2, 0], bytes)),
        ("PPPoE", &pppoe),
        ("SNAP", &snap),
        ("three tags", &three_tags),
        ("with a frame check sequence", &|bytes| [bytes, &[1, 2, 3, 4]].concat()),
    ];
    let as_it_is = report(&tap().all(0, &guest.boot()).add(0, 60_000, &noise()).bytes, "rfc-host");
    let plain = failures(&as_it_is);
    for (name, form) in forms {
        let mut file = tap();
        for (at_ms, bytes) in guest.boot() {
            file.add(0, at_ms, &form(&bytes));
        }
        file.add(0, 60_000, &noise());
        let read = report(&file.bytes, "calico");
        assert_eq!((verdict(&read, COMPLETED), verdict(&read, RA)), ("pass", "pass"), "{name}");
        assert_eq!(failures(&report(&file.bytes, "rfc-host")), plain, "{name}");
    }
}

#[test]
fn what_is_not_read_is_told() {
    let mut radio = File::foreign(105, &["wlan0"]);
    radio.add(0, 0, &[0x80; 60]).add(0, 5000, &[0x80; 60]);
    let diagnosis = report(&radio.bytes, "calico")["summary"]["diagnosis"].to_string();
    assert!(diagnosis.contains("2 packet(s) of link type 105 (IEEE 802.11) were not read"), "{diagnosis}");
    // Beside a guest it is a gap: an answer may be among them.
    let mut both = File::ethernet(&["tap1"]);
    both.bytes.extend(write::interface(105, 65_535, "wlan0", "", None));
    both.add(0, 1000, &Guest(1).dad()).add(0, 2000, &Guest(1).rs()).add(1, 2100, &[0x80; 60]).add(0, 60_000, &noise());
    assert_eq!(verdict(&report(&both.bytes, "calico"), RA), "inconclusive");
    let mut simple = File::foreign(link_type::ETHERNET, &["tap1"]);
    for (_, bytes) in Guest(1).boot() {
        let padded = bytes.len().next_multiple_of(4);
        let length = u32::try_from(padded + 16).unwrap().to_le_bytes();
        simple.bytes.extend([&3_u32.to_le_bytes()[..], &length, &u32::try_from(bytes.len()).unwrap().to_le_bytes(), &bytes].concat());
        simple.bytes.extend(vec![0; padded - bytes.len()]);
        simple.bytes.extend(length);
    }
    let untimed = report(&simple.bytes, "calico")["summary"]["diagnosis"].to_string();
    assert!(untimed.contains("without a time"), "{untimed}");
}

#[test]
fn fragments_and_cut_answers_are_no_silence() {
    let guest = Guest(1);
    let fragment = |bytes: &[u8]| {
        let mut whole = bytes.to_vec();
        let udp = whole.split_off(54);
        let first = udp.len() / 16 * 8;
        let length = u16::try_from(first + 8).unwrap().to_be_bytes();
        whole[18..20].copy_from_slice(&length);
        whole[20] = 44;
        [&whole[..], &[17, 0, 0, 1, 0, 0, 0, 9], &udp[..first]].concat()
    };
    let mut fragments = tap();
    for (at_ms, bytes) in guest.boot() {
        let from_server = [2210, 3310].contains(&at_ms);
        fragments.add(0, at_ms, &if from_server { fragment(&bytes) } else { bytes });
    }
    fragments.add(0, 100_000, &noise());
    let read = report(&fragments.bytes, "calico");
    assert_eq!((verdict(&read, OFFER), verdict(&read, COMPLETED)), ("inconclusive", "pass"), "the guest takes the address");
    let mut cut = tap();
    for (at_ms, bytes) in guest.boot() {
        cut.add_cut(0, at_ms, &bytes, bytes.len().min(96));
    }
    cut.add(0, 100_000, &noise());
    let read = report(&cut.bytes, "calico");
    assert_eq!((verdict(&read, OFFER), verdict(&read, RA)), ("inconclusive", "pass"));
    assert_ne!(verdict(&read, COMPLETED), "fail");
}

#[test]
fn an_address_that_is_tested_was_taken_though_the_capture_ends() {
    let guest = Guest(1);
    let short = report(&tap().all(0, &guest.boot()).bytes, "calico");
    assert_eq!(verdict(&short, COMPLETED), "pass");
    let mut frames = guest.boot();
    frames.pop();
    let silence = report(&tap().all(0, &frames).add(0, 100_000, &noise()).bytes, "calico");
    assert_eq!(verdict(&silence, COMPLETED), "inconclusive", "{LEASED} is never tested, and this guest reports no groups");
}
