//! A run's witness of the boot: the recording of this boot, the capture that was named, or the reason why there is neither. In a namespace of its
//! own, with /run and the number of the boot as the test wants them.

use std::path::Path;
use std::time::{Duration, Instant};

use pnet::util::MacAddr;
use serde_json::Value;
use v6check::wire::frame::{self, Envelope};
use v6check_lab::needs;

use crate::frames::{File, Guest};
use crate::own::Own;

const BOOT: &str = "16725724-2467-4816-86c2-543472ed8121";

/// What a run in a namespace with the interface `eth0` of this MAC address observes of its boot: the recording and the journal. `recording` is what
/// the recorder left.
fn boot(mac: MacAddr, recording: Option<&[u8]>, arguments: &[&str]) -> (Value, Value) {
    boot_with(mac, recording, None, arguments)
}

/// The same, where journald has left what `journal` says, in its export format.
fn boot_with(mac: MacAddr, recording: Option<&[u8]>, journal: Option<&str>, arguments: &[&str]) -> (Value, Value) {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(path("id"), format!("{BOOT}\n")).unwrap();
    if let Some(bytes) = recording {
        std::fs::write(path("recording"), bytes).unwrap();
    }
    if let Some(text) = journal {
        std::fs::write(path("journal"), text).unwrap();
    }
    // A mount namespace, so that nothing of this machine is touched or seen.
    let script = r#"
        set -e
        mount --make-rprivate /
        mount -t tmpfs tmpfs /run && mount -t tmpfs tmpfs /var/log
        mount --bind "$1/id" /proc/sys/kernel/random/boot_id
        [ ! -e "$1/journal" ] || {
            kept=/run/log/journal/$(cat /etc/machine-id)
            mkdir -p "$kept"
            /lib/systemd/systemd-journal-remote -o "$kept/system.journal" - <"$1/journal" 2>/dev/null
        }
        [ ! -e "$1/recording" ] || { mkdir /run/v6check && cp "$1/recording" /run/v6check/boot.pcapng; }
        ip link add eth0 type veth peer name other
        ip link set eth0 address "$2" up
        shift 2
        exec "$@"
    "#;
    let facts = path("facts.json");
    let mac = mac.to_string();
    let binary = env!("CARGO_BIN_EXE_v6check");
    let output = needs::command("unshare")
        .args(["--net", "--mount", "sh", "-c", script, "sh", directory.path().to_str().unwrap(), &mac, binary])
        .args(["-i", "eth0", "--passive", "--save", &facts])
        .args(arguments)
        .output()
        .unwrap();
    assert!(Path::new(&facts).exists(), "{}", String::from_utf8_lossy(&output.stderr));
    let facts: Value = serde_json::from_str(&std::fs::read_to_string(&facts).unwrap()).unwrap();
    let boot = &facts["interfaces"]["eth0"]["tenses"]["boot"];
    (boot["recording"].clone(), boot["journal"].clone())
}

fn recorded(boot_id: &str, guest: Guest) -> Vec<u8> {
    let mut own = Own::new(boot_id, &["eth0"]);
    own.good(0, "eth0", guest);
    own.0
}

#[test]
fn the_recording_of_this_boot_is_read_by_itself() {
    let (recording, journal) = boot(Guest(2).mac(), Some(&recorded(BOOT, Guest(2))), &[]);
    assert_eq!(recording["seen"]["file"], "/run/v6check/boot.pcapng");
    assert_eq!(recording["seen"]["events"].as_array().unwrap().len(), 8);
    assert_eq!(journal["unknown"], "not read: the boot was recorded");
}

/// Entries of this boot: microseconds since it, who says it, what.
fn journal(entries: &[(u64, &str, &str)]) -> String {
    let machine = std::fs::read_to_string("/etc/machine-id").unwrap();
    let entry = |(at_us, identifier, message): &(u64, &str, &str)| {
        format!(
            "__REALTIME_TIMESTAMP={}\n__MONOTONIC_TIMESTAMP={at_us}\n_BOOT_ID={}\n_MACHINE_ID={}\nSYSLOG_IDENTIFIER={identifier}\nMESSAGE={message}\n\n",
            1_700_000_000_000_000 + at_us,
            BOOT.replace('-', ""),
            machine.trim()
        )
    };
    entries.iter().map(entry).collect()
}

#[test]
fn without_a_recording_the_journal_tells_what_the_clients_said() {
    let kernel = (1_000_000, "kernel", "Linux version 6.1");
    let told = [
        kernel,
        (5_000_000, "dhclient", "XMT: Solicit on eth0, interval 1040ms."),
        (5_100_000, "dhclient", "RCV: Advertise message on eth0 from fe80::1."),
        (5_200_000, "dhclient", "XMT: Solicit on eth1, interval 1040ms."),
        (6_200_000, "cron", "RCV: Reply message on eth0 from fe80::1."),
    ];
    let (recording, lines) = boot_with(Guest(2).mac(), None, Some(&journal(&told)), &[]);
    assert_eq!(recording["unknown"], serde_json::json!({"kind": "not_recorded", "text": "the boot was not recorded"}));
    let line = |line: &Value| (line["at_us"].as_u64().unwrap(), line["message"].as_u64().unwrap(), line["sent"].as_bool().unwrap());
    assert_eq!(lines["seen"].as_array().unwrap().iter().map(line).collect::<Vec<_>>(), [(5_000_000, 1, true), (5_100_000, 2, false)]);

    let late = [(90_000_000, "kernel", "rotated"), (95_000_000, "dhclient", "XMT: Solicit on eth0, interval 1040ms.")];
    let (_, lines) = boot_with(Guest(2).mac(), None, Some(&journal(&late)), &[]);
    assert_eq!(lines["unknown"], "the journal does not reach back to the boot");
    let (_, lines) = boot_with(Guest(2).mac(), None, Some(&journal(&[kernel])), &[]);
    assert_eq!(lines["seen"].as_array().unwrap().len(), 0, "it was read, and says nothing");
}

#[test]
fn a_recording_of_another_boot_is_none() {
    let (recording, journal) = boot(Guest(2).mac(), Some(&recorded("another", Guest(2))), &[]);
    assert_eq!(recording["unknown"], "/run/v6check/boot.pcapng is of another boot");
    assert_eq!(journal["unknown"], "there is no journal");
    let foreign = File::ethernet(&["eth0"]).all(0, &Guest(2).boot()).bytes.clone();
    assert_eq!(boot(Guest(2).mac(), Some(&foreign), &[]).0["unknown"], "/run/v6check/boot.pcapng does not say of which boot it is");
    let broken = boot(Guest(2).mac(), Some(b"nothing of a capture"), &[]).0;
    assert!(broken["unknown"].as_str().unwrap().starts_with("/run/v6check/boot.pcapng: not a capture file"), "{broken}");
}

#[test]
fn without_a_recording_the_reason_says_so() {
    let (recording, journal) = boot(Guest(2).mac(), None, &[]);
    assert_eq!(recording["unknown"], serde_json::json!({"kind": "not_recorded", "text": "the boot was not recorded"}));
    assert_eq!(journal["unknown"], "there is no journal");
}

#[test]
fn a_capture_from_elsewhere_is_matched_by_mac_address() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let path = file.path().to_str().unwrap();
    std::fs::write(path, File::ethernet(&["tap1"]).all(0, &Guest(1).boot()).all(0, &Guest(3).boot()).bytes.clone()).unwrap();
    let (recording, _) = boot(Guest(3).mac(), Some(&recorded(BOOT, Guest(3))), &["--boot", path]);
    assert_eq!((&recording["seen"]["file"], &recording["seen"]["by"]), (&path.into(), &"capture".into()));
    assert_eq!(recording["seen"]["mac"], Guest(3).name());
    let (recording, _) = boot(Guest(7).mac(), None, &["--boot", path]);
    let reason = format!("{path} has nothing of {}: it shows only {}, {}", Guest(7).name(), Guest(1).name(), Guest(3).name());
    assert_eq!(recording["unknown"], reason);
}

#[test]
fn a_named_capture_that_cannot_be_read_ends_the_run() {
    let output = needs::command(env!("CARGO_BIN_EXE_v6check")).args(["--passive", "--boot", "/nowhere.pcap"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "v6check: /nowhere.pcap: No such file or directory (os error 2)\n");
}

#[test]
fn a_recording_of_another_nic_of_this_name_is_not_this_ones() {
    let (recording, _) = boot(Guest(2).mac(), Some(&recorded(BOOT, Guest(5))), &[]);
    let reason = format!("/run/v6check/boot.pcapng has nothing of {}: it shows only eth0 ({})", Guest(2).name(), Guest(5).name());
    assert_eq!(recording["unknown"], reason);
}

#[test]
fn what_tcpdump_captures_is_read() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("any.pcap");
    // The guest's end is in a namespace of its own, as Calico plugs a VM; its kernel says what it says while it comes up.
    let script = r#"
        set -e
        ip link set lo up
        unshare --net sleep 60 & guest=$!
        trap 'kill $guest' EXIT
        until [ "$(readlink /proc/$guest/ns/net)" != "$(readlink /proc/$$/ns/net)" ]; do sleep 0.05; done
        ip link add tap1 type veth peer name eth0 netns $guest
        sysctl -qw net.ipv6.conf.tap1.disable_ipv6=1
        ip link set tap1 up
        tcpdump -q -U -n -i tap1 -w "$1" >/dev/null 2>&1 & tcpdump=$!
        until [ -s "$1" ]; do sleep 0.05; done
        nsenter -t $guest -n ip link set eth0 address fa:16:3e:00:00:05 up
        tries=600
        until tcpdump -n -r "$1" 2>/dev/null | grep -q 'router solicitation' || [ $((tries = tries - 1)) = 0 ]; do sleep 0.1; done
        kill $tcpdump
        wait $tcpdump || true
    "#;
    let output = needs::command("unshare").args(["--net", "sh", "-c", script, "sh", path.to_str().unwrap()]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let recordings = v6check::observe::boot::read(&path).unwrap();
    let recording = recordings.get(&Guest(5).name()).unwrap_or_else(|| panic!("{:?}", recordings.keys()));
    let told = crate::frames::told(recording);
    assert!(told.iter().any(|line| line.ends_with("guest NS")) && told.iter().any(|line| line.ends_with("guest RS")), "{told:?}");
    assert!(recording.up_at_us.is_some_and(|at_us| at_us < 2_500_000), "{:?}", recording.up_at_us);
}

#[test]
fn a_marked_frame_of_another_machine_is_not_ours() {
    let mut own = Own::new("1", &["eth0"]);
    let envelope = Envelope {
        source_mac: Guest(9).mac(),
        destination_mac: frame::multicast_mac("ff02::2".parse().unwrap()),
        source: Guest(9).address(),
        destination: "ff02::2".parse().unwrap(),
        hop_limit: 255,
    };
    let foreign = frame::marked(frame::icmpv6(&envelope, &v6check::wire::ndp::router_solicitation(None)));
    own.frame(0, 100, v6check::capture::Way::In, &foreign);
    assert_eq!(crate::frames::told(&crate::frames::read(&own.0)["eth0"]), ["100 network RS"]);
}

#[test]
fn what_v6check_recorded_is_read() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("boot.pcapng");
    let script = r#"
        set -e
        ip link add other type veth peer name new0
        sysctl -qw net.ipv6.conf.other.disable_ipv6=1
        ip link set other up
        "$1" record --output "$2" & recorder=$!
        until [ -s "$2" ]; do sleep 0.05; done
        ip link set new0 name eth0
        ip link set eth0 address fa:16:3e:00:00:05 up
        tries=600
        until tcpdump -n -r "$2" 2>/dev/null | grep -q 'router solicitation' || [ $((tries = tries - 1)) = 0 ]; do sleep 0.1; done
        kill $recorder
        wait $recorder
    "#;
    let arguments = ["--net", "sh", "-c", script, "sh", env!("CARGO_BIN_EXE_v6check"), path.to_str().unwrap()];
    let output = needs::command("unshare").args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let recordings = v6check::observe::boot::read(&path).unwrap();
    let recording = recordings.get("eth0").unwrap_or_else(|| panic!("{:?}", recordings.keys()));
    let told = crate::frames::told(recording);
    assert!(told.iter().any(|line| line.ends_with("guest NS")) && told.iter().any(|line| line.ends_with("guest RS")), "{told:?}");
    assert_eq!(recording.mac, Some(Guest(5).mac()));
    let first = recording.events.iter().position(|event| matches!(event.what, v6check::facts::Happening::Frame(_))).unwrap();
    let up_at_us = recording.up_at_us.unwrap();
    assert!((1..=recording.events[first].at_us).contains(&up_at_us), "{up_at_us} {told:?}");
    assert!(recording.gaps.is_empty(), "{:?}", recording.gaps);
    assert!(!recordings.contains_key("new0"), "{:?}", recordings.keys());
}

/// What a run observes of the boot of a silent guest, three seconds after its recorder made its file, and how long all of it took; `end` is what
/// becomes of the recorder before.
fn silent(end: &str) -> (Value, Duration) {
    let began = Instant::now();
    let directory = tempfile::tempdir().unwrap();
    let facts = directory.path().join("facts.json");
    let script = r#"
        set -e
        mount --make-rprivate /
        mount -t tmpfs tmpfs /run && mount -t tmpfs tmpfs /var/log
        ip link add eth0 type veth peer name other
        sysctl -qw net.ipv6.conf.eth0.disable_ipv6=1
        ip link set eth0 up
        "$1" record & recorder=$!
        trap 'kill -s KILL $recorder 2>/dev/null || true' EXIT
        until [ -s /run/v6check/boot.pcapng ]; do sleep 0.05; done
        sleep 3
        eval "$3"
        "$1" -i eth0 --passive --save "$2" >/dev/null || true
    "#;
    let arguments = [env!("CARGO_BIN_EXE_v6check"), facts.to_str().unwrap(), end];
    let output = needs::command("unshare").args(["--net", "--mount", "sh", "-c", script, "sh"]).args(arguments).output().unwrap();
    assert!(facts.exists(), "{}", String::from_utf8_lossy(&output.stderr));
    let facts: Value = serde_json::from_str(&std::fs::read_to_string(facts).unwrap()).unwrap();
    (facts["interfaces"]["eth0"]["tenses"]["boot"]["recording"]["seen"].clone(), began.elapsed())
}

#[test]
fn a_recording_that_goes_on_reaches_until_now() {
    let lasted = |recording: &Value| Duration::from_micros(recording["elapsed_us"].as_u64().unwrap_or_else(|| panic!("{recording}")));
    let (running, took) = silent(":");
    assert!((Duration::from_millis(1500)..took).contains(&lasted(&running)), "but for the last second, which need not be written yet: {running}");
    assert_eq!(running["gaps"].as_array().map(Vec::len), Some(0));
    let (killed, _) = silent("kill -s KILL $recorder; wait $recorder || true");
    assert!(lasted(&killed) < Duration::from_secs(1), "who was killed recorded nobody knows how long: {killed}");
}
