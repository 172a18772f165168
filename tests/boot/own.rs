//! Recordings of our own: names and directions are certain, and the kernel's news stand among the frames.

use v6check::capture::{Way, link_type, write};
use v6check::facts::{Change, Happening, LinkChange, Recorder, Recording};
use v6check::wire::frame::marked;

use crate::frames::{BEGAN, Guest, SECOND, ra, read, told};

/// A recording that grows.
pub(crate) struct Own(pub(crate) Vec<u8>);

const UP: &str = r#"{"link":{"up":true,"carrier":true}}"#;
const DOWN: &str = r#"{"link":{"up":false,"carrier":false}}"#;

impl Own {
    pub(crate) fn new(boot_id: &str, interfaces: &[&str]) -> Self {
        let mut bytes = write::section("v6check 0.4.0", &format!("boot_id={boot_id}"));
        for (name, index) in interfaces.iter().zip(2..) {
            bytes.extend(write::interface(link_type::ETHERNET, 2048, name, &format!("index {index}"), Some(Guest(index).mac().octets())));
        }
        bytes.extend(write::journal(BEGAN, "recording began", &[("V6CHECK_RECORDING", "began")]));
        Self(bytes)
    }

    pub(crate) fn frame(&mut self, interface: u32, at_ms: u64, way: Way, bytes: &[u8]) -> &mut Self {
        self.0.extend(write::packet(interface, BEGAN + at_ms * 1_000_000, way, u32::try_from(bytes.len()).unwrap(), bytes));
        self
    }

    pub(crate) fn news(&mut self, at_ms: u64, fields: &[(&str, &str)]) -> &mut Self {
        self.0.extend(write::journal(BEGAN + at_ms * 1_000_000, "for people", fields));
        self
    }

    pub(crate) fn event(&mut self, at_ms: u64, interface: &str, event: &str) -> &mut Self {
        self.news(at_ms, &[("V6CHECK_INTERFACE", interface), ("V6CHECK_EVENT", event)])
    }

    pub(crate) fn good(&mut self, interface: u32, name: &str, guest: Guest) -> &mut Self {
        self.event(500, name, UP);
        for (at_ms, bytes) in guest.boot() {
            let way = if bytes[6..12] == guest.mac().octets() { Way::Out } else { Way::In };
            self.frame(interface, at_ms, way, &bytes);
        }
        self
    }
}

fn links(recording: &Recording) -> Vec<(u64, LinkChange)> {
    let link = |(at_us, what): (u64, &Happening)| match what {
        Happening::Link(change) => Some((at_us / 1000, change.clone())),
        _ => None,
    };
    recording.events.iter().filter_map(|event| link((event.at_us, &event.what))).collect()
}

#[test]
fn a_recording_is_told_by_interface() {
    let mut file = Own::new("1", &["eth0", "eth1"]);
    file.good(0, "eth0", Guest(2)).event(600, "eth1", UP).frame(1, 700, Way::In, &ra());
    file.frame(0, 9000, Way::Out, &marked(Guest(2).rs()));
    file.news(60_000, &[("V6CHECK_RECORDING", "ended")]);
    let recordings = read(&file.0);
    assert_eq!(recordings.keys().collect::<Vec<_>>(), ["eth0", "eth1"]);
    let eth0 = &recordings["eth0"];
    assert_eq!(told(eth0).len(), 9);
    assert_eq!(told(eth0)[..2], ["1000 guest NS", "2000 guest RS"]);
    assert_eq!(told(eth0)[8], "9000 v6check RS");
    assert_eq!((eth0.by, eth0.mac, eth0.up_at_us), (Recorder::Guest, Some(Guest(2).mac()), Some(500_000)));
    assert_eq!((eth0.began.as_str(), eth0.elapsed_us), ("2026-11-24T05:54:00Z", 60_000_000));
    let eth1 = &recordings["eth1"];
    assert_eq!((told(eth1), eth1.mac, eth1.up_at_us), (vec!["700 network RA".to_owned()], None, Some(600_000)));
}

#[test]
fn the_kernels_news_become_events() {
    let mut file = Own::new("1", &["eth0"]);
    let address =
        r#"{"address":{"change":"set","address":"2001:db8:1::10","prefix_length":128,"flags":[],"preferred_s":null,"valid_s":7200,"protocol":null}}"#;
    file.event(100, "eth0", UP).event(200, "eth0", address).event(300, "eth0", r#"{"forwarding":true}"#).event(400, "eth0", DOWN);
    file.event(450, "eth0", "no JSON").event(460, "eth0", r#"{"frame":1}"#);
    let recording = read(&file.0).remove("eth0").unwrap();
    assert_eq!(recording.events.len(), 4);
    assert!(matches!(&recording.events[1].what, Happening::Address(it) if it.change == Change::Set && it.valid_s == Some(7200)));
    assert_eq!(recording.events[2].what, Happening::Forwarding(true));
    assert_eq!(links(&recording), [(100, LinkChange { up: true, carrier: true }), (400, LinkChange { up: false, carrier: false })]);
}

#[test]
fn what_was_found_up_came_up_at_an_unknown_time() {
    let mut file = Own::new("1", &["eth0", "eth1"]);
    let found = |interface| [("V6CHECK_INTERFACE", interface), ("V6CHECK_FOUND", "1")];
    file.news(0, &[&found("eth0")[..], &[("V6CHECK_EVENT", UP)]].concat()).event(5000, "eth0", DOWN).event(6000, "eth0", UP);
    file.news(0, &[&found("eth1")[..], &[("V6CHECK_EVENT", DOWN)]].concat()).event(7000, "eth1", UP);
    let recordings = read(&file.0);
    assert_eq!((recordings["eth0"].up_at_us, recordings["eth1"].up_at_us), (None, Some(7_000_000)));
    let found = |name: &str| recordings[name].events.iter().map(|event| event.found).collect::<Vec<_>>();
    assert_eq!((found("eth0"), found("eth1")), (vec![true, false, false], vec![true, false]));
}

#[test]
fn a_renamed_interface_keeps_what_it_was_told_of_before() {
    let mut file = Own::new("1", &["eth0"]);
    file.event(100, "eth0", UP).frame(0, 150, Way::Out, &Guest(2).dad());
    file.news(200, &[("V6CHECK_INTERFACE", "ens3"), ("V6CHECK_RENAMED", r#"{"from":"eth0","to":"ens3"}"#)]);
    file.frame(0, 300, Way::Out, &Guest(2).rs()).event(400, "ens3", DOWN);
    let recordings = read(&file.0);
    assert_eq!(recordings.keys().collect::<Vec<_>>(), ["ens3"]);
    assert_eq!(told(&recordings["ens3"]), ["150 guest NS", "300 guest RS"]);
    assert_eq!((links(&recordings["ens3"]).len(), recordings["ens3"].up_at_us), (2, Some(100_000)));
}

#[test]
fn gaps_are_told_and_too_many_events_become_one() {
    let mut file = Own::new("1", &["eth0"]);
    let gap = format!(r#"{{"from_ns":{},"until_ns":{},"frames":7}}"#, BEGAN + SECOND, BEGAN + 2 * SECOND);
    file.news(2000, &[("V6CHECK_GAP", &gap)]);
    for at in 0..5000 {
        file.frame(0, 3000 + at, Way::Out, &Guest(2).rs());
    }
    let recording = read(&file.0).remove("eth0").unwrap();
    assert_eq!(recording.events.len(), Recording::MOST_EVENTS);
    let gaps: Vec<_> = recording.gaps.iter().map(|gap| (gap.from_us / 1000, gap.until_us / 1000, gap.frames)).collect();
    assert_eq!(gaps, [(1000, 2000, Some(7)), (7096, 7999, Some(904))]);
}

#[test]
fn a_recording_cut_off_anywhere_is_read_up_to_there() {
    let mut file = Own::new("1", &["eth0"]);
    file.good(0, "eth0", Guest(2));
    let whole = read(&file.0).remove("eth0").unwrap();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("boot.pcapng");
    let mut counts = Vec::new();
    for length in (40..file.0.len()).step_by(7) {
        std::fs::write(&path, &file.0[..length]).unwrap();
        let recordings = v6check::observe::boot::read(&path).unwrap();
        let events = recordings.get("eth0").map_or(&[][..], |recording| &recording.events);
        assert_eq!(events, &whole.events[..events.len()], "cut at {length}");
        counts.push(events.len());
    }
    assert!(counts.is_sorted() && counts.last() == Some(&(whole.events.len() - 1)), "{counts:?}");
}

#[test]
fn between_two_recorders_is_a_gap() {
    let mut file = Own::new("1", &["eth0"]);
    file.good(0, "eth0", Guest(2));
    file.news(20_000, &[("V6CHECK_RECORDING", "ended")]);
    file.news(50_000, &[("V6CHECK_RECORDING", "began"), ("V6CHECK_UPTIME_NS", "60000000000")]);
    let eth0 = &read(&file.0)["eth0"];
    let gaps: Vec<_> = eth0.gaps.iter().map(|gap| (gap.from_us, gap.until_us, gap.frames)).collect();
    assert_eq!(gaps, [(20_000_000, 50_000_000, None)]);
    assert_eq!(eth0.elapsed_us, 50_000_000, "nobody writes this file");
}

#[test]
fn what_another_program_appended_is_not_believed() {
    let mut file = Own::new("1", &["eth0"]);
    file.good(0, "eth0", Guest(2));
    let before = read(&file.0);
    file.0.extend(write::section("dumpcap", ""));
    file.0.extend(write::interface(link_type::ETHERNET, 2048, "eth0", "", None));
    file.frame(0, 5000, Way::Out, &Guest(2).rs()).event(5100, "eth0", DOWN).news(5200, &[("V6CHECK_RENAMED", r#"{"from":"eth0","to":"x"}"#)]);
    let after = read(&file.0);
    assert_eq!(before["eth0"].events, after["eth0"].events);
}

#[test]
fn a_foreign_capture_tells_no_news() {
    let mut file = Own(write::section("dumpcap", "boot_id=1"));
    file.0.extend(write::interface(link_type::ETHERNET, 2048, "eth0", "", None));
    file.good(0, "eth0", Guest(2)).event(4000, "eth0", DOWN).news(4100, &[("V6CHECK_GAP", r#"{"from_ns":0,"until_ns":1,"frames":1}"#)]);
    let recording = read(&file.0).remove(&Guest(2).name()).unwrap();
    assert_eq!((recording.by, links(&recording).len(), recording.gaps.len()), (Recorder::Capture, 0, 0));
}
