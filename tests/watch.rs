//! `v6check watch FILE` by its binary: what it prints of a capture, as lines, JSON and a chart.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/pcapng.rs"]
mod pcapng;
#[expect(dead_code, reason = "other tests use the rest")]
mod support;

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use serde_json::Value;
use support::story::{good, recording};
use toml::Table;
use v6check::facts::Recording;
use v6check_lab::needs;

fn v6check(arguments: &[&str]) -> Output {
    needs::command(env!("CARGO_BIN_EXE_v6check")).args(arguments).output().unwrap()
}

/// What a command prints that succeeds and complains about nothing.
fn told(arguments: &[&str]) -> String {
    let output = v6check(arguments);
    assert_eq!((output.status.code(), String::from_utf8(output.stderr).unwrap().as_str()), (Some(0), ""), "{arguments:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn compare(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/boots").join(name);
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, text).unwrap();
    }
    assert_eq!(text, fs::read_to_string(&path).unwrap(), "{}; UPDATE=1 writes it", path.display());
}

fn bad() -> Recording {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/boots/bad.toml");
    let table: Table = toml::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let events: Vec<Table> = table["boot"].clone().try_into().unwrap();
    recording(&events).unwrap()
}

struct Captures(tempfile::TempDir);

impl Captures {
    /// A folder with `good.pcapng`, and `two.pcapng` of two interfaces, eth0 with the good boot and eth1 with the bad one.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (good, bad) = (good().unwrap(), bad());
        fs::write(folder.path().join("good.pcapng"), pcapng::file(&[("eth0", &good)])).unwrap();
        fs::write(folder.path().join("two.pcapng"), pcapng::file(&[("eth0", &good), ("eth1", &bad)])).unwrap();
        Self(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// What is printed of a capture but for the diagnosis, whose words are the requirements'; there is one for each of the interfaces.
    fn events(&self, name: &str, options: &[&str], interfaces: &[&str]) -> String {
        let text = self.watch(name, options);
        let at = text.rfind("\n\n").unwrap_or_else(|| panic!("no diagnosis in {text}"));
        let (events, diagnosis) = text.split_at(at + 1);
        for interface in interfaces {
            assert_eq!(diagnosis.matches(&format!("\n{interface}: ")).count(), 1, "{text}");
        }
        events.to_owned()
    }

    fn watch(&self, name: &str, options: &[&str]) -> String {
        let path = self.path(name);
        let text = told(&[&["watch", path.to_str().unwrap()], options].concat());
        text.replace(self.0.path().to_str().unwrap(), "/tmp")
    }
}

#[test]
fn a_recording_is_told_line_by_line_and_diagnosed() {
    compare("watch-good.txt", &Captures::new().events("good.pcapng", &[], &["eth0"]));
}

#[test]
fn several_interfaces_are_told_in_the_order_of_time() {
    let captures = Captures::new();
    let both = captures.events("two.pcapng", &[], &["eth0", "eth1"]);
    compare("watch-two.txt", &both);
    let one = captures.watch("two.pcapng", &["-i", "eth1"]);
    assert!(!one.contains("eth0") && one.contains("eth1  ->  Solicit"), "{one}");
}

#[test]
fn a_recording_is_charted() {
    compare("watch-two.chart", &Captures::new().events("two.pcapng", &["--chart"], &["eth0", "eth1"]));
}

#[test]
fn what_was_found_at_the_start_is_told_as_found() {
    let table: Table =
        "boot = [{ at = 0, found = true, link = \"up\" }, { at = 0, found = true, address = { is = \"fe80::f816:3eff:fe00:1/64\" } }, { at = 1, \
                        rs = {} }]"
            .parse()
            .unwrap();
    let events: Vec<Table> = table["boot"].clone().try_into().unwrap();
    let recording = recording(&events).unwrap();
    let captures = Captures::new();
    fs::write(captures.path("late.pcapng"), pcapng::file(&[("eth0", &recording)])).unwrap();
    for options in [&[][..], &["--chart"]] {
        let text = captures.watch("late.pcapng", options);
        assert!(text.contains("link is up") && text.contains("fe80::f816:3eff:fe00:1/64 found"), "{text}");
    }
}

#[test]
fn every_line_of_json_is_json_with_what_the_text_has() {
    let text = Captures::new().watch("good.pcapng", &["--json"]);
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |kind: &str| lines.iter().filter(|line| line["kind"] == kind).collect::<Vec<_>>();
    for line in lines.iter().filter(|line| line["kind"] != "diagnosis") {
        assert!(line["time"].as_str().unwrap().starts_with("2026-11-24T05:54:0"), "{line}");
        assert_eq!(line["interface"], "eth0");
        assert!(line["at_us"].is_u64() && line["from"].is_string() && line["to"].is_string() && line["text"].is_string(), "{line}");
    }
    let reply = of("reply")[0];
    assert_eq!((&reply["from"], &reply["to"], &reply["at_us"]), (&"server".into(), &"guest".into(), &4_760_000.into()));
    assert_eq!(reply["addresses"][0]["address"], "2001:db8:1::10");
    assert_eq!(reply["addresses"][0]["valid_s"], 86_400);
    assert_eq!(of("router_advertisement")[0]["managed"], true);
    assert_eq!(of("solicit")[0]["xid"], "100001");
    assert_eq!(of("diagnosis").len(), 1);
    assert_eq!(of("diagnosis")[0]["interface"], "eth0");
}

#[test]
fn standard_input_is_read() {
    let captures = Captures::new();
    let file = fs::File::open(captures.path("good.pcapng")).unwrap();
    let output = needs::command(env!("CARGO_BIN_EXE_v6check")).args(["watch", "-"]).stdin(file).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8(output.stdout).unwrap(), captures.watch("good.pcapng", &[]));
}

#[test]
fn a_reader_that_closes_early_is_no_error() {
    let captures = Captures::new();
    let mut child = needs::command(env!("CARGO_BIN_EXE_v6check"))
        .args(["watch", captures.path("two.pcapng").to_str().unwrap()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut complaint = String::new();
    child.stderr.take().unwrap().read_to_string(&mut complaint).unwrap();
    assert_eq!((child.wait().unwrap().code(), complaint.as_str()), (Some(0), ""));
}

#[test]
fn what_cannot_be_read_is_said_in_one_line() {
    let captures = Captures::new();
    let mut file = fs::File::create(captures.path("no.pcap")).unwrap();
    file.write_all(b"no capture at all").unwrap();
    let refused = |arguments: &[&str]| {
        let output = v6check(arguments);
        assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(2), b"".as_slice()), "{arguments:?}");
        let complaint = String::from_utf8(output.stderr).unwrap();
        assert_eq!(complaint.lines().count(), 1, "{complaint}");
        complaint
    };
    assert!(refused(&["watch", captures.path("no.pcap").to_str().unwrap()]).contains("no.pcap"));
    assert!(refused(&["watch", "/nonexistent/x.pcap"]).contains("/nonexistent/x.pcap"));
    let missing = refused(&["watch", captures.path("two.pcapng").to_str().unwrap(), "-i", "eth7"]);
    assert!(missing.contains("eth7") && missing.contains("eth0, eth1"), "{missing}");
}
