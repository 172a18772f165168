//! Captures of other programs: who the guests are, and which frames are theirs.

use v6check::capture::link_type;
use v6check::capture::write;
use v6check::facts::{Happening, Recorder, TransportChecksum};
use v6check::wire::frame::marked;

use crate::frames::{BEGAN, File, GOOD, Guest, SECOND, cooked, noise, ra, tagged, told};

#[test]
fn the_guest_of_a_tap_is_told_by_what_is_said() {
    let guest = Guest(1);
    let recordings = File::ethernet(&["tap1"]).all(0, &guest.boot()).add(0, 9000, &noise()).read();
    assert_eq!(recordings.keys().collect::<Vec<_>>(), [&guest.name()]);
    let recording = &recordings[&guest.name()];
    assert_eq!(told(recording), GOOD);
    assert_eq!((recording.by, recording.mac), (Recorder::Capture, Some(guest.mac())));
    assert_eq!((recording.began.as_str(), recording.elapsed_us), ("2026-11-24T05:54:01Z", 8_000_000), "up to the last packet of any kind");
    assert_eq!((recording.up_at_us, recording.gaps.len()), (Some(0), 0));
}

#[test]
fn an_interface_that_spoke_before_it_tested_its_address_was_up_before() {
    let guest = Guest(1);
    let recordings = File::ethernet(&["tap1"]).add(0, 0, &guest.solicit(1)).all(0, &guest.boot()).read();
    assert_eq!(recordings[&guest.name()].up_at_us, None);
    let late = File::ethernet(&["tap1"]).add(0, 0, &guest.rs()).read();
    assert_eq!(late[&guest.name()].up_at_us, None);
}

#[test]
fn two_guests_have_what_concerns_each() {
    let (one, two) = (Guest(1), Guest(2));
    let mut file = File::ethernet(&["br0"]);
    file.add(0, 100, &one.dad()).add(0, 150, &two.dad()).add(0, 200, &one.rs()).add(0, 300, &two.rs()).add(0, 400, &ra());
    file.add(0, 500, &one.solicit(1)).add(0, 510, &one.advertise(1)).add(0, 600, &two.solicit(7)).add(0, 610, &two.advertise(7));
    let recordings = file.read();
    assert_eq!(recordings.len(), 2);
    assert_eq!(told(&recordings[&one.name()]), ["0 guest NS", "100 guest RS", "300 network RA", "400 guest Solicit", "410 network Advertise"]);
    assert_eq!(told(&recordings[&two.name()]), ["50 guest NS", "200 guest RS", "300 network RA", "500 guest Solicit", "510 network Advertise"]);
}

#[test]
fn a_second_owner_of_the_address_is_heard() {
    let (one, mut other) = (Guest(1), Guest(1).dad());
    other[6..12].copy_from_slice(&Guest(9).mac().octets());
    let recordings = File::ethernet(&["br0"]).add(0, 100, &one.dad()).add(0, 200, &other).add(0, 300, &one.rs()).read();
    assert_eq!(recordings.keys().collect::<Vec<_>>(), [&one.name()]);
    assert_eq!(told(&recordings[&one.name()]), ["0 guest NS", "100 network NS", "200 guest RS"]);
}

#[test]
fn who_only_tests_its_address_is_a_guest_where_it_is_the_only_one() {
    let (guest, node) = (Guest(1), Guest(9));
    let names = |file: &mut File| file.read().into_keys().collect::<Vec<_>>();
    assert_eq!(names(File::ethernet(&["tap1"]).add(0, 0, &guest.dad())), [guest.name()]);
    assert_eq!(names(File::ethernet(&["tap1"]).add(0, 0, &guest.dad()).add(0, 100, &ra())), [guest.name()], "a router is none");
    assert_eq!(names(File::ethernet(&["tap1"]).add(0, 0, &guest.dad()).add(0, 100, &node.dad())), [""; 0], "either may be the router");
    assert_eq!(names(File::ethernet(&["tap1"]).add(0, 0, &guest.dad()).add(0, 100, &node.dad()).add(0, 200, &guest.solicit(1))), [guest.name()]);
    let mut apart = File::ethernet(&["tap1", "tap2"]);
    assert_eq!(names(apart.add(0, 0, &guest.dad()).add(1, 0, &node.dad())), [guest.name(), node.name()], "each on a link of its own");
}

#[test]
fn each_capture_of_a_clients_boot_has_the_one_guest() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/boots");
    let mut captures = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let guests: Vec<String> = v6check::observe::boot::read(&path).unwrap().into_keys().collect();
        assert_eq!(guests, [Guest(1).name()], "{}", path.display());
        captures += 1;
    }
    assert!(captures >= 9);
}

#[test]
fn the_hosts_end_of_the_link_is_no_guest() {
    let guest = Guest(1);
    let of_tap = |frame: Vec<u8>| {
        let mut frame = frame;
        frame[6] = 0xfe;
        frame
    };
    let names = |file: &mut File| file.read().into_keys().collect::<Vec<_>>();
    assert_eq!(names(File::ethernet(&["tap1"]).add(0, 0, &of_tap(guest.dad()))), [""; 0]);
    assert_eq!(names(File::ethernet(&["tap1"]).add(0, 0, &of_tap(guest.dad())).add(0, 100, &guest.dad())), [guest.name()]);
    let mut both = File::ethernet(&["tap1"]);
    both.add(0, 0, &of_tap(guest.dad())).add(0, 10, &guest.dad()).add(0, 100, &of_tap(guest.rs())).add(0, 200, &guest.rs());
    assert_eq!(names(&mut both), [guest.name()]);
    assert_eq!(names(File::ethernet(&["tap1"]).add(0, 0, &of_tap(guest.rs()))), ["fe:16:3e:00:00:01"], "by its MAC address alone it may be a guest");
}

#[test]
fn a_router_that_solicits_is_no_guest() {
    let mut solicitation = Guest(1).rs();
    solicitation[6..12].copy_from_slice(&ra()[6..12]);
    let recordings = File::ethernet(&["tap1"]).add(0, 0, &solicitation).add(0, 100, &ra()).all(0, &Guest(1).boot()).read();
    assert_eq!(recordings.keys().collect::<Vec<_>>(), [&Guest(1).name()]);
    assert!(told(&recordings[&Guest(1).name()]).iter().filter(|line| line.contains("RS")).all(|line| line.contains("guest")));
}

#[test]
fn a_guest_that_is_only_answered_is_one() {
    let guest = Guest(3);
    assert_eq!(told(&File::ethernet(&["tap1"]).add(0, 0, &guest.reply(5)).read()[&guest.name()]), ["0 network Reply"]);
}

#[test]
fn the_same_frame_at_several_places_counts_once_and_a_repetition_twice() {
    let guest = Guest(1);
    let mut file = File::ethernet(&["tap1", "br0", "eth0"]);
    for (at_ms, bytes) in guest.boot() {
        file.add(0, at_ms, &bytes).add(1, at_ms, &bytes).add(2, at_ms + 1, &tagged(&bytes, 7));
    }
    assert_eq!(told(&file.read()[&guest.name()]), GOOD);
    let repeated = File::ethernet(&["tap1"]).add(0, 0, &guest.rs()).add(0, 50, &guest.rs()).read();
    assert_eq!(told(&repeated[&guest.name()]), ["0 guest RS", "50 guest RS"]);
    let later = File::ethernet(&["tap1", "br0"]).add(0, 0, &guest.rs()).add(1, 101, &guest.rs()).read();
    assert_eq!(told(&later[&guest.name()]), ["0 guest RS", "101 guest RS"]);
}

#[test]
fn what_another_interface_or_vlan_has_is_not_the_guests() {
    let guest = Guest(1);
    let mut file = File::ethernet(&["tap1", "tap2"]);
    file.add(0, 0, &tagged(&guest.rs(), 5)).add(0, 100, &tagged(&ra(), 6)).add(0, 200, &ra()).add(1, 300, &tagged(&ra(), 5));
    assert_eq!(told(&file.read()[&guest.name()]), ["0 guest RS"]);
    file.add(0, 400, &tagged(&ra(), 5));
    assert_eq!(told(&file.read()[&guest.name()]), ["0 guest RS", "400 network RA"]);
}

#[test]
fn cooked_captures_tell_the_sender_and_count_once() {
    let guest = Guest(1);
    let mut file = File::foreign(link_type::LINUX_SLL, &["any"]);
    for (at_ms, bytes) in guest.boot() {
        file.add(0, at_ms, &cooked(&bytes, None)).add(0, at_ms + 1, &cooked(&bytes, None));
    }
    let recordings = file.read();
    assert_eq!(recordings.keys().collect::<Vec<_>>(), [&guest.name()]);
    assert_eq!(told(&recordings[&guest.name()]), GOOD);

    let mut file = File::foreign(link_type::LINUX_SLL2, &["any"]);
    for (at_ms, bytes) in guest.boot() {
        file.add(0, at_ms, &cooked(&bytes, Some(3))).add(0, at_ms, &cooked(&bytes, Some(4)));
    }
    file.add(0, 5000, &cooked(&ra(), Some(8)));
    assert_eq!(told(&file.read()[&guest.name()]), GOOD, "and what interface 8 has is not the guest's");
}

#[test]
fn raw_captures_tell_the_guest_by_its_messages() {
    let guest = Guest(1);
    let mut file = File::foreign(link_type::IPV6, &["tun0"]);
    for (at_ms, bytes) in guest.boot() {
        file.add(0, at_ms, &bytes[14..]);
    }
    let recordings = file.read();
    assert_eq!(recordings.keys().collect::<Vec<_>>(), [&guest.name()]);
    assert_eq!(told(&recordings[&guest.name()]), GOOD);
}

#[test]
fn a_guest_without_any_mac_address_is_called_by_its_address() {
    let opaque = |mut bytes: Vec<u8>| {
        let address = Guest(1).address().octets();
        for at in 14..bytes.len().saturating_sub(15) {
            if bytes[at..at + 16] == address {
                bytes[at + 8..at + 16].copy_from_slice(&[1, 2, 3, 4, 5, 6, 7, 8]);
            }
        }
        bytes
    };
    let guest = Guest(1);
    let mut file = File::foreign(link_type::RAW, &["tun0"]);
    for (at_ms, bytes) in [(0, guest.dad()), (1000, guest.solicit(1)), (1010, guest.advertise(1))] {
        file.add(0, at_ms, &opaque(bytes)[14..]);
    }
    let recordings = file.read();
    assert_eq!(recordings.keys().collect::<Vec<_>>(), ["fe80::102:304:506:708"]);
    let recording = &recordings["fe80::102:304:506:708"];
    assert_eq!((recording.mac, told(recording)), (None, vec!["0 guest NS".into(), "1000 guest Solicit".into(), "1010 network Advertise".into()]));
}

#[test]
fn what_v6check_sent_is_not_the_guests_doing() {
    let guest = Guest(1);
    let recordings = File::ethernet(&["tap1"]).add(0, 0, &guest.rs()).add(0, 1000, &marked(guest.rs())).read();
    assert_eq!(told(&recordings[&guest.name()]), ["0 guest RS", "1000 v6check RS"]);
}

#[test]
fn cut_frames_and_unfinished_checksums_are_not_judged() {
    let guest = Guest(1);
    let solicit = guest.solicit(1);
    let mut unfinished = guest.solicit(2);
    let sum = {
        let words = guest.address().segments().into_iter().chain([0xff02, 0, 0, 0, 0, 0, 1, 2]).map(u32::from).sum::<u32>();
        let sum = words + u32::try_from(unfinished.len() - 54).unwrap() + 17;
        let folded = (sum & 0xffff) + (sum >> 16);
        u16::try_from((folded & 0xffff) + (folded >> 16)).unwrap()
    };
    unfinished[60..62].copy_from_slice(&sum.to_be_bytes());
    let mut wrong = guest.solicit(3);
    wrong[60] ^= 1;
    let mut file = File::ethernet(&["tap1"]);
    file.add_cut(0, 0, &solicit, 96).add(0, 1000, &unfinished).add(0, 2000, &wrong).add(0, 3000, &solicit);
    let recording = file.read().remove(&guest.name()).unwrap();
    let seen: Vec<_> = recording
        .events
        .iter()
        .map(|event| match &event.what {
            Happening::Frame(seen) => (seen.cut, seen.checksum),
            other => panic!("{other:?}"),
        })
        .collect();
    let (complete, partial) = (TransportChecksum::Complete, TransportChecksum::Partial);
    assert_eq!(seen, [(true, partial), (false, partial), (false, complete), (false, complete)]);
}

#[test]
fn drops_become_gaps_from_count_to_count() {
    let guest = Guest(1);
    let mut file = File::ethernet(&["tap1"]);
    file.all(0, &guest.boot());
    for (at_s, dropped) in [(2, 0), (3, 4), (5, 4), (8, 9)] {
        file.bytes.extend(write::statistics(0, BEGAN + at_s * SECOND, 100, dropped));
    }
    file.add(0, 9000, &noise());
    let gaps: Vec<_> = file.read()[&guest.name()].gaps.iter().map(|gap| (gap.from_us, gap.until_us, gap.frames)).collect();
    assert_eq!(gaps, [(1_000_000, 2_000_000, Some(4)), (4_000_000, 7_000_000, Some(5))]);
}

#[test]
fn packets_out_of_order_are_put_in_order() {
    let guest = Guest(1);
    let mut boot = guest.boot();
    boot.reverse();
    assert_eq!(told(&File::ethernet(&["tap1"]).all(0, &boot).read()[&guest.name()]), GOOD);
}

#[test]
fn a_clock_that_was_set_back_makes_a_gap() {
    let mut file = File::ethernet(&["tap1"]);
    file.all(0, &Guest(1).boot()).add(0, 60_000, &Guest(1).rs()).add(0, 20_000, &Guest(1).rs()).add(0, 21_000, &Guest(1).rs());
    let recording = file.read().remove(&Guest(1).name()).unwrap();
    let gaps: Vec<_> = recording.gaps.iter().map(|gap| (gap.from_us / 1_000_000, gap.until_us / 1_000_000)).collect();
    assert_eq!(gaps, [(19, 59), (20, 59)]);
    // Processors of their own: some milliseconds are no setting.
    let mut file = File::ethernet(&["tap1"]);
    file.all(0, &Guest(1).boot()).add(0, 5000, &Guest(1).rs()).add(0, 4900, &Guest(1).rs());
    assert!(file.read().remove(&Guest(1).name()).unwrap().gaps.is_empty());
}
