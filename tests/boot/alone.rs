//! `replay CAPTURE`, end to end: what the capture decides is judged, the rest is skipped.

use std::path::Path;
use std::process::{Output, Stdio};

use serde_json::Value;
use v6check::capture::{Way, link_type, write};
use v6check_lab::needs;

use crate::frames::{BEGAN, File, Guest, SECOND, noise, ra, tagged};
use crate::own::Own;

fn replay(path: &Path, more: &[&str]) -> Output {
    needs::command(env!("CARGO_BIN_EXE_v6check")).arg("replay").arg(path).args(more).output().unwrap()
}

/// The report of a capture as JSON, and the exit code.
fn report(bytes: &[u8]) -> (Value, i32) {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    let output = replay(file.path(), &["--json", "-"]);
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    (serde_json::from_slice(&output.stdout).unwrap(), output.status.code().unwrap())
}

fn result<'a>(report: &'a Value, interface: &str, id: &str) -> &'a Value {
    let found = report["results"].as_array().unwrap().iter().find(|result| result["id"] == id && result["interface"] == interface);
    found.unwrap_or_else(|| panic!("no result of {id} on {interface}"))
}

fn verdict<'a>(report: &'a Value, interface: &str, id: &str) -> &'a str {
    result(report, interface, id)["verdict"].as_str().unwrap()
}

const ROUTER: &str = "network-router-advertisement";
const OFFER: &str = "network-dhcpv6-offer";

#[test]
fn a_good_boot_passes_and_what_packets_do_not_show_is_skipped() {
    let guest = Guest(1);
    let (report, _) = report(&File::ethernet(&["tap1"]).all(0, &guest.boot()).add(0, 20_000, &noise()).bytes);
    let name = guest.name();
    for id in [ROUTER, OFFER, "network-managed-flag", "network-no-slaac-prefix", "network-single-router", "network-single-server"] {
        assert_eq!(verdict(&report, &name, id), "pass", "{id}");
    }
    for result in report["results"].as_array().unwrap() {
        let known = result["verdict"] != "inconclusive";
        assert!(known, "{} is inconclusive: {}", result["id"], result["reason"]);
    }
    let skipped = result(&report, &name, "ra-accepted");
    assert_eq!((skipped["verdict"].as_str(), skipped["reason"].as_str()), (Some("skip"), Some("a capture shows packets only")));
    assert!(report["capture"].is_string() && report["image"].is_null());
    assert_eq!(report["interfaces"][0]["mac"], name);
    assert_eq!(report["started"], "2026-11-24T05:54:01Z");
}

#[test]
fn guests_that_are_too_many_are_named_as_left_out() {
    let mut file = File::ethernet(&["br0"]);
    for number in 0..200 {
        file.add(0, u64::from(number), &Guest(number).rs());
    }
    let (report, _) = report(&file.bytes);
    let interfaces = report["interfaces"].as_array().unwrap();
    let (left_out, checked): (Vec<_>, Vec<_>) = interfaces.iter().partition(|interface| interface["left_out"].is_string());
    assert_eq!((checked.len(), left_out.len()), (128, 72));
    assert!(left_out[0]["left_out"].as_str().unwrap().contains("tcpdump -r"), "{}", left_out[0]);
}

#[test]
fn the_text_names_the_capture() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("tap.pcapng");
    std::fs::write(&path, File::ethernet(&["tap1"]).all(0, &Guest(1).boot()).bytes.clone()).unwrap();
    let output = replay(&path, &[]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains(&format!("capture {}", path.display())), "{text}");
    assert!(!text.contains("host ,"), "{text}");
    let stdin = std::fs::File::open(&path).unwrap();
    let piped = needs::command(env!("CARGO_BIN_EXE_v6check")).args(["replay", "-"]).stdin(Stdio::from(stdin)).output().unwrap();
    assert_eq!(piped.status.code(), output.status.code());
    assert!(String::from_utf8(piped.stdout).unwrap().contains("capture -"));
}

#[test]
fn silence_is_the_networks_fault_only_after_the_time_of_an_answer() {
    let guest = Guest(1);
    let ends_after = |seconds: u64| {
        report(
            &File::ethernet(&["tap1"])
                .add(0, 0, &guest.dad())
                .add(0, 0, &guest.rs())
                .add(0, 0, &guest.solicit(1))
                .add(0, seconds * 1000, &noise())
                .bytes,
        )
        .0
    };
    let name = guest.name();
    let long = ends_after(10);
    assert_eq!((verdict(&long, &name, ROUTER), verdict(&long, &name, OFFER)), ("fail", "fail"));
    assert_eq!(result(&long, &name, ROUTER)["message"], "no router answers: 1 Router Solicitation in 10 s brought no Router Advertisement");
    assert_eq!(result(&long, &name, OFFER)["blame"], "network");
    let short = ends_after(2);
    assert_eq!((verdict(&short, &name, ROUTER), verdict(&short, &name, OFFER)), ("inconclusive", "fail"));
    assert_eq!(
        result(&short, &name, ROUTER)["reason"],
        "the capture ends 2000 ms after the guest's first Router Solicitation, and a router may take 3500 ms"
    );
}

#[test]
fn silence_where_frames_are_missing_is_nobodys() {
    let guest = Guest(1);
    let mut file = File::ethernet(&["tap1"]);
    file.add(0, 0, &guest.rs()).add(0, 0, &guest.solicit(1)).add(0, 10_000, &noise());
    file.bytes.extend(write::statistics(0, BEGAN + 10 * SECOND, 9, 3));
    let (report, code) = report(&file.bytes);
    let name = guest.name();
    assert_eq!((verdict(&report, &name, ROUTER), verdict(&report, &name, OFFER), code), ("inconclusive", "inconclusive", 3));
}

#[test]
fn silence_in_a_capture_that_was_cut_off_is_nobodys() {
    let guest = Guest(1);
    let mut file = File::ethernet(&["tap1"]);
    file.add(0, 0, &guest.rs()).add(0, 0, &guest.solicit(1)).add(0, 10_000, &noise()).add(0, 10_001, &ra());
    let (report, code) = report(&file.bytes[..file.bytes.len() - 3]);
    let name = guest.name();
    assert_eq!((verdict(&report, &name, ROUTER), verdict(&report, &name, OFFER), code), ("inconclusive", "inconclusive", 3));
}

#[test]
fn what_a_guest_did_not_ask_is_not_known() {
    let guest = Guest(1);
    let (report, _) = report(&File::ethernet(&["tap1"]).add(0, 0, &guest.dad()).add(0, 100, &ra()).add(0, 10_000, &noise()).bytes);
    let name = guest.name();
    assert_eq!((verdict(&report, &name, ROUTER), verdict(&report, &name, OFFER)), ("pass", "inconclusive"));
    assert_eq!(result(&report, &name, OFFER)["reason"], "the capture shows no Solicit of the guest");
}

#[test]
fn an_answer_to_somebody_else_is_none() {
    let guest = Guest(1);
    let mut file = File::ethernet(&["tap1"]);
    file.add(0, 0, &guest.solicit(1)).add(0, 10, &guest.advertise(2)).add(0, 10_000, &noise());
    assert_eq!(verdict(&report(&file.bytes).0, &guest.name(), OFFER), "fail");
}

#[test]
fn guests_are_judged_each_by_its_own() {
    let (good, mute) = (Guest(1), Guest(2));
    let mut file = File::ethernet(&["tap1", "tap2"]);
    file.all(0, &good.boot()).add(1, 0, &mute.dad()).add(1, 100, &mute.solicit(9)).add(0, 20_000, &noise());
    let (report, _) = report(&file.bytes);
    assert_eq!(report["interfaces"].as_array().unwrap().len(), 2);
    assert_eq!((verdict(&report, &good.name(), OFFER), verdict(&report, &mute.name(), OFFER)), ("pass", "fail"));
}

#[test]
fn a_recording_of_our_own_is_judged_alone_as_well() {
    let mut file = Own::new("1", &["eth0"]);
    file.good(0, "eth0", Guest(2)).frame(0, 9000, Way::In, &ra());
    file.news(30_000, &[("V6CHECK_RECORDING", "ended")]);
    let (report, _) = report(&file.0);
    assert_eq!((verdict(&report, "eth0", OFFER), verdict(&report, "eth0", "network-single-server")), ("pass", "pass"));
}

#[test]
fn a_capture_without_a_guest_says_so() {
    let (report, code) = report(&File::ethernet(&["tap1"]).add(0, 0, &ra()).add(0, 1, &noise()).bytes);
    assert_eq!(code, 3);
    let text = report["summary"]["diagnosis"][0]["text"].as_str().unwrap();
    assert!(text.starts_with("no guest was judged: this capture shows none"), "{text}");
}

#[test]
fn a_file_that_other_programs_made_of_ours_is_judged_alike() {
    let guest = Guest(1);
    let mut frames = guest.boot();
    frames.push((20_000, noise()));
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    std::fs::write(path("one"), File::ethernet(&["tap1"]).all(0, &frames).bytes.clone()).unwrap();
    let tagged: Vec<_> = frames.iter().map(|(at_ms, bytes)| (*at_ms, tagged(bytes, 7))).collect();
    std::fs::write(path("two"), File::foreign(link_type::ETHERNET, &["eth0"]).all(0, &tagged).bytes.clone()).unwrap();
    let run = |program: &str, arguments: &[&str]| {
        let output = needs::command(program).args(arguments).current_dir(directory.path()).output().unwrap();
        assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    };
    run("editcap", &["-F", "pcap", "one", "micro"]);
    run("editcap", &["-F", "nsecpcap", "one", "nano"]);
    run("mergecap", &["-w", "both", "one", "two"]);
    run("tcpdump", &["-q", "-r", "micro", "-w", "filtered", "ip6 or ip"]);
    for name in ["micro", "nano", "both", "filtered"] {
        let (report, _) = report(&std::fs::read(path(name)).unwrap());
        assert_eq!(report["interfaces"].as_array().unwrap().len(), 1, "{name}");
        assert_eq!((verdict(&report, &guest.name(), ROUTER), verdict(&report, &guest.name(), OFFER)), ("pass", "pass"), "{name}");
    }
}

#[test]
fn a_client_with_an_identity_for_each_try_was_answered_if_one_was() {
    let guest = Guest(1);
    let mut file = File::ethernet(&["tap1"]);
    file.all(0, &[(1000, guest.dad()), (2000, guest.rs()), (2100, ra())]);
    file.add(0, 3000, &guest.solicit_for(7, 77)).add(0, 6000, &guest.solicit_for(8, 88)).add(0, 9000, &guest.solicit_for(9, 99));
    file.add(0, 9100, &guest.solicit(9)).add(0, 9200, &guest.advertise(9)).add(0, 30_000, &noise());
    let (report, _) = report(&file.bytes);
    assert_eq!(verdict(&report, &guest.name(), OFFER), "pass");
}
