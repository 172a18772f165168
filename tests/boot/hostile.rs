//! Captures that were made to be wrong: no panic, an end, and bounds.

use v6check::capture::write;
use v6check::facts::Recording;
use v6check::observe::boot;
use v6check_lab::needs;

use crate::frames::{BEGAN, File, Guest, ra, read};
use crate::own::Own;

/// Numbers that look random and are the same each time (xorshift).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % below as u64).unwrap()
    }
}

#[test]
fn spoilt_captures_end() {
    let mut own = Own::new("1", &["eth0"]);
    own.good(0, "eth0", Guest(2));
    let good = [File::ethernet(&["tap1"]).all(0, &Guest(1).boot()).bytes.clone(), own.0];
    let (mut numbers, mut read) = (Numbers(0x9e37_79b9_7f4a_7c15), 0);
    for bytes in good.iter().cycle().take(6000) {
        let mut spoilt = bytes.clone();
        for _ in 0..=numbers.next(4) {
            let at = numbers.next(spoilt.len());
            spoilt[at] = u8::try_from(numbers.next(256)).unwrap();
        }
        if let Ok(facts) = v6check::observe::capture(&mut &spoilt[..], "spoilt") {
            read += 1;
            assert!(facts.interfaces.len() < 8);
        }
    }
    assert!(read > 1000, "only {read} of 6000 could still be read");
}

#[test]
fn many_guests_and_many_frames_are_bounded_and_told() {
    let mut file = File::ethernet(&["br0"]);
    for number in 0..40_000_u32 {
        let mut bytes = Guest(1).rs();
        bytes[8..12].copy_from_slice(&(number % 3000).to_be_bytes());
        file.add(0, number.into(), &bytes);
    }
    file.add(0, 40_001, &ra());
    let recordings = file.read();
    assert_eq!(recordings.len(), 128);
    let events: usize = recordings.values().map(|recording| recording.events.len()).sum();
    assert!(events <= 1 << 14, "{events}");
    assert!(recordings.values().all(|recording| recording.gaps.iter().any(|gap| gap.frames.is_some())), "what is not kept is a gap");

    let mut flood = File::ethernet(&["tap1"]);
    for at_ms in 0..6000 {
        flood.add(0, at_ms * 200, &Guest(1).rs());
    }
    let recording = flood.read().remove(&Guest(1).name()).unwrap();
    assert_eq!((recording.events.len(), recording.gaps[0].frames), (Recording::MOST_EVENTS, Some(6000 - Recording::MOST_EVENTS as u64)));
}

#[test]
fn news_of_many_interfaces_and_gaps_are_bounded() {
    let mut file = Own::new("1", &["eth0"]);
    for number in 0..2000 {
        file.event(1, &format!("eth{number}"), r#"{"forwarding":true}"#);
        file.news(1, &[("V6CHECK_GAP", r#"{"from_ns":0,"until_ns":18446744073709551615,"frames":18446744073709551615}"#)]);
    }
    let recordings = read(&file.0);
    assert_eq!(recordings.len(), 128);
    assert!(recordings["eth0"].gaps.len() <= 64);
    assert!(recordings["eth0"].gaps.iter().all(|gap| gap.until_us <= recordings["eth0"].elapsed_us));
}

#[test]
fn errors_name_the_file_and_the_byte() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("x.pcapng");
    let mut bytes = File::ethernet(&["tap1"]).all(0, &Guest(1).boot()).bytes.clone();
    let whole = bytes.len();
    bytes.extend([6, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    std::fs::write(&path, &bytes).unwrap();
    let error = boot::read(&path).unwrap_err().to_string();
    assert!(error.starts_with(&format!("{}: ", path.display())) && error.contains(&format!("byte {whole}")), "{error}");
    let output = needs::command(env!("CARGO_BIN_EXE_v6check")).arg("replay").arg(&path).output().unwrap();
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), format!("v6check: {error}\n"));
    for (text, expected) in [(&b""[..], "empty"), (b"\x1f\x8b\x08\x00", "compressed")] {
        std::fs::write(&path, text).unwrap();
        assert!(boot::read(&path).unwrap_err().to_string().contains(expected));
    }
    assert!(boot::read(directory.path()).unwrap_err().to_string().contains("not a regular file"));
}

#[test]
fn a_packet_without_a_time_makes_a_gap_of_all() {
    let mut file = File::ethernet(&["tap1"]);
    file.all(0, &Guest(1).boot());
    let frame = Guest(1).rs();
    file.bytes.extend(write::packet(0, 0, v6check::capture::Way::In, u32::try_from(frame.len()).unwrap(), &frame));
    let recording = file.read().remove(&Guest(1).name()).unwrap();
    assert_eq!((recording.gaps.len(), recording.gaps[0].from_us, recording.gaps[0].until_us), (1, 0, recording.elapsed_us));
    assert!(BEGAN > 0 && recording.began.starts_with("2026"));
}

/// What `replay` and `watch` print of a capture; they end soon, and print nothing that a terminal obeys.
fn printed(bytes: &[u8]) -> Vec<String> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("x.pcapng");
    std::fs::write(&path, bytes).unwrap();
    let path = path.to_str().unwrap();
    let forms: [&[&str]; 5] = [
        &["replay", path, "-v"],
        &["replay", path, "--profile", "rfc-host"],
        &["watch", path],
        &["watch", path, "--chart"],
        &["watch", path, "--json"],
    ];
    let print = |arguments: &[&str]| {
        let output = needs::command(env!("CARGO_BIN_EXE_v6check")).args(arguments).output().unwrap();
        assert!(output.status.code().is_some(), "{arguments:?}: {:?}", output.status);
        let text = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
        let harmful = |character: char| character.is_control() && character != '\n' || character == '\u{202e}';
        // JSON is for programs; it escapes what ASCII calls control characters.
        assert!(arguments.contains(&"--json") || !text.contains(harmful), "{arguments:?}: {text:.2000?}");
        assert!(!text.contains(&"y".repeat(100)), "{arguments:?}: a name without end");
        text
    };
    forms.into_iter().map(print).collect()
}

#[test]
fn what_a_capture_is_called_and_says_is_harmless() {
    let evil = "\u{1b}[2J\r\u{202e}\u{9b}x";
    let mut own = Own::new(evil, &[evil, "eth0"]);
    own.good(0, evil, Guest(2)).good(1, "eth0", Guest(3));
    let long = "y".repeat(60_000);
    for event in ["", "{", "[[[[", "null", r#"{"link":{"up":1}}"#, r#"{"address":{"address":"::"}}"#, &format!("\"{long}\""), &"[".repeat(30_000)] {
        own.event(4000, "eth0", event).news(4000, &[("V6CHECK_GAP", event), ("V6CHECK_RENAMED", event), ("V6CHECK_INTERFACE", evil)]);
    }
    own.news(5000, &[("V6CHECK_RENAMED", &format!(r#"{{"from":"eth0","to":"{long}"}}"#)), (&long, &long)]);
    own.0.extend(write::journal(u64::MAX, evil, &[("V6CHECK_INTERFACE", evil), ("V6CHECK_EVENT", r#"{"forwarding":true}"#)]));
    printed(&own.0);
    let mut foreign = File::ethernet(&[evil]);
    foreign.all(0, &Guest(1).boot()).add(0, 1, &Guest(2).rs()).add(0, 9_999_999_999, &Guest(1).rs());
    printed(&foreign.bytes);
}

#[test]
fn interfaces_without_end_are_refused_soon() {
    let mut bytes = write::section("v6check 0.4.0", "");
    let interface = write::interface(v6check::capture::link_type::ETHERNET, 64, "", "", None);
    bytes.extend(interface.iter().copied().cycle().take(interface.len() * 1_000_000));
    assert!(printed(&bytes).iter().all(|text| text.contains("interfaces")));
}

#[test]
fn time_stamps_of_any_resolution_are_read() {
    let good = File::ethernet(&["tap1"]).all(0, &Guest(1).boot()).bytes.clone();
    let resolution = good.windows(5).position(|bytes| bytes == [9, 0, 1, 0, 9]).unwrap() + 4;
    for value in [0, 1, 6, 12, 38, 39, 127, 128, 137, 160, 255] {
        let mut bytes = good.clone();
        bytes[resolution] = value;
        printed(&bytes);
    }
}
