//! The boot in words and as a chart, of boots that a worked example could write.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[expect(dead_code, reason = "other tests use the rest")]
mod support;

use std::fs;
use std::path::PathBuf;

use support::story::{good, recording};
use toml::Table;
use v6check::facts::{Direction, Event, Happening, Recording, SeenFrame, TransportChecksum};
use v6check::report;
use v6check::story::{Actor, Told, seconds, tell};

/// Compares with a file of tests/boots/; `UPDATE=1` writes it.
fn compare(name: &str, text: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/boots").join(name);
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, text).unwrap();
    }
    assert_eq!(text, fs::read_to_string(&path).unwrap(), "{}; UPDATE=1 writes it", path.display());
}

/// The recording that a file of tests/boots/ tells of.
fn boot(name: &str) -> Recording {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/boots").join(name);
    of(&fs::read_to_string(path).unwrap())
}

fn of(text: &str) -> Recording {
    let table: Table = toml::from_str(text).unwrap();
    let events: Vec<Table> = table["boot"].clone().try_into().unwrap();
    recording(&events).unwrap()
}

fn lines(told: &[Told]) -> String {
    let actor = |actor: Actor| format!("{actor:?}").to_lowercase();
    told.iter()
        .map(|told| format!("{:>9}  {:>6} > {:<6}  {:<28}  {}\n", seconds(told.at_us), actor(told.from), actor(told.to), told.kind, told.text))
        .collect()
}

/// What the one event of `text`, or its last, says.
fn said(text: &str) -> String {
    tell(&of(&format!("boot = [{text}]")), Some("dhclient".into())).pop().unwrap().text
}

fn chart(recording: &Recording) -> String {
    report::chart("eth0", recording).join("\n") + "\n"
}

#[test]
fn the_good_boot_is_told() {
    compare("good.txt", &lines(&tell(&good().unwrap(), Some("dhclient".into()))));
}

#[test]
fn the_good_boot_is_charted() {
    compare("good.chart", &chart(&good().unwrap()));
}

#[test]
fn a_bad_boot_is_told_and_charted() {
    let bad = boot("bad.toml");
    compare("bad.txt", &lines(&tell(&bad, None)));
    compare("bad.chart", &chart(&bad));
}
