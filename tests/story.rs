//! The boot in words and as a chart, of boots that a worked example could write.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[expect(dead_code, reason = "other tests use the rest")]
mod support;

use std::fmt::Write;
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
    let mut text = String::new();
    for Told { at_us, from, to, kind, text: words, .. } in told {
        writeln!(text, "{:>9}  {:>6} > {:<6}  {kind:<28}  {words}", seconds(*at_us), actor(*from), actor(*to)).unwrap();
    }
    text
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

#[test]
fn every_message_has_its_words() {
    for (event, text) in [
        ("at = 1, rs = { from = \"::\", link-layer = false }", "RS from ::"),
        ("at = 1, ra = { managed = false, other = true, lifetime = 0, prefixes = [] }", "RA O lifetime 0 via fe80::fc16:3eff:fe00:1"),
        ("at = 1, solicit = { iaid = -1 }", "Solicit xid 100001 without IA_NA"),
        ("at = 1, solicit = { iaid = 1, address = \"2001:db8::7\", others = [14] }", "Solicit xid 100001 IA 1 2001:db8::7 rapid commit"),
        ("at = 1, request = {}", "Request xid 100002 2001:db8:1::10 to server DUID 000100013297e106f2becb49a5e2"),
        ("at = 1, confirm = {}", "Confirm xid 100002 2001:db8:1::10"),
        ("at = 1, rebind = {}", "Rebind xid 100002 2001:db8:1::10"),
        ("at = 1, information-request = {}", "Information-request xid 100002"),
        ("at = 1, advertise = { association-status = 2 }", "Advertise refuses: NoAddrsAvail"),
        ("at = 1, reply = { status = 1 }", "Reply refuses: UnspecFail"),
        ("at = 1, reply = { address = \"none\" }", "Reply without an address"),
        ("at = 1, reply = { address = \"none\", status = 0 }", "Reply Success"),
        ("at = 1, reply = { valid = 7200 }", "Reply 2001:db8:1::10 for 7200 s"),
        ("at = 1, report = { kind = 3 }", "MLD leaves ff02::1:ff00:1"),
        ("at = 1, report = { groups = [\"ff02::1\", \"ff02::2\", \"ff02::3\", \"ff02::4\"] }", "MLD joins ff02::1, ff02::2, ff02::3 and 1 more"),
        ("at = 1, ns = { from = \"fe80::1\", target = \"2001:db8::1\" }", "NS 2001:db8::1"),
        ("at = 1, na = { target = \"2001:db8::1\" }", "NA 2001:db8::1"),
        ("at = 1, by = \"v6check\", solicit = {}", "Solicit xid 100001 IA 3e000001 [v6check's own]"),
        ("at = 1, spoilt = true, rs = {}", "RS [wrong checksum]"),
        ("at = 1, link = \"down\"", "link down"),
        ("at = 1, link = \"up\" }, { at = 2, link = \"no-carrier\"", "link lost its carrier"),
        ("at = 1, forwarding = false", "IPv6 forwarding turned off"),
        ("at = 1, route = \"fe80::1\" }, { at = 2, route-gone = \"fe80::1\"", "default route via fe80::1 gone"),
        ("at = 1, forwarding = true }, { at = 1.2, route-gone = \"fe80::1\"", "default route gone: forwarding turned on"),
        ("at = 1, link = \"down\" }, { at = 1.2, route-gone = \"fe80::1\"", "default route gone: link down"),
        ("at = 1, forwarding = true }, { at = 5, route-gone = \"fe80::1\"", "default route via fe80::1 gone"),
        ("at = 1, ra = { lifetime = 0 } }, { at = 1.1, route-gone = \"fe80::fc16:3eff:fe00:1\"", "default route gone: RA with lifetime 0"),
        ("at = 1, reply = {} }, { at = 2, address = { is = \"2001:db8:1::10/128\" }", "address 2001:db8:1::10/128 added by dhclient"),
        ("at = 1, address = { is = \"2001:db8:1::11/128\" }", "address 2001:db8:1::11/128 added"),
        (
            "at = 1, ra = { prefixes = [{ autonomous = true }] } }, { at = 2, address = { is = \"2001:db8:1::11/64\" }",
            "address 2001:db8:1::11/64 added by SLAAC",
        ),
    ] {
        assert_eq!(said(&format!("{{ {event} }}")), text, "{event}");
    }
}

#[test]
fn what_was_found_is_not_told_to_have_come_about() {
    let found = |text: &str| {
        let recording = of(&format!("boot = [{{ {text}, found = true }}]"));
        tell(&recording, Some("dhclient".into())).into_iter().map(|told| told.text).collect::<Vec<_>>().join("; ")
    };
    assert_eq!(found("at = 0, address = { is = \"fe80::1/64\" }"), "address fe80::1/64 found");
    assert_eq!(found("at = 0, address = { is = \"fe80::1/64\", tentative = true }"), "address fe80::1/64 found, tentative");
    assert_eq!(found("at = 0, route = \"fe80::1\""), "default route via fe80::1 found");
    assert_eq!(found("at = 0, forwarding = true"), "IPv6 forwarding is on");
    assert_eq!(found("at = 0, forwarding = false"), "");
    assert_eq!(found("at = 0, link = \"up\""), "link is up");
}

#[test]
fn what_repeats_itself_is_not_told_again() {
    let told = |text: &str| tell(&of(text), None).len();
    assert_eq!(told("boot = [{ at = 1, link = \"up\" }, { at = 2, link = \"up\" }]"), 1);
    assert_eq!(told("boot = [{ at = 1, route = \"fe80::1\" }, { at = 2, route = \"fe80::1\" }]"), 1);
    assert_eq!(told("boot = [{ at = 1, address = { is = \"fe80::1/64\" } }, { at = 2, address = { is = \"fe80::1/64\" } }]"), 1);
}

/// A frame as a hostile network could send it.
fn frame(bytes: Vec<u8>) -> Event {
    Event {
        at_us: 1,
        found: false,
        what: Happening::Frame(SeenFrame { direction: Direction::Received, checksum: TransportChecksum::Complete, cut: false, bytes }),
    }
}

#[test]
fn every_beginning_and_every_flipped_byte_of_a_boot_is_told_and_charted() {
    let mut boot = good().unwrap();
    let frames: Vec<Vec<u8>> = boot
        .events
        .iter()
        .filter_map(|event| match &event.what {
            Happening::Frame(frame) => Some(frame.bytes.clone()),
            _ => None,
        })
        .collect();
    for bytes in frames {
        boot.events = (0..bytes.len()).map(|length| frame(bytes[..length].to_vec())).collect();
        boot.events.extend((0..bytes.len()).map(|at| {
            let mut spoilt = bytes.clone();
            spoilt[at] ^= 0xff;
            frame(spoilt)
        }));
        assert_eq!(tell(&boot, None).len(), 2 * bytes.len());
        fits(&chart(&boot));
    }
}

/// 80 columns of printable ASCII, and not too many lines.
fn fits(chart: &str) {
    for line in chart.lines() {
        assert!(line.len() <= 80 && line.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{line:?}");
    }
    assert!(chart.lines().count() <= 63, "{chart}");
}

#[test]
fn a_hostile_text_of_a_server_is_short_and_stays_in_its_line() {
    use v6check::wire::dhcpv6::{DhcpOption, Message};
    use v6check::wire::frame::{Envelope, udp};
    let text = format!("\x1b[2J\n\u{202e}{}", "x".repeat(60_000)).into_bytes();
    let message = Message { kind: 7, transaction_id: 1, options: vec![DhcpOption::StatusCode(1, text)] };
    let mac = "02:00:00:00:00:01".parse().unwrap();
    let address = "fe80::1".parse().unwrap();
    let envelope = Envelope { source_mac: mac, destination_mac: mac, source: address, destination: address, hop_limit: 64 };
    let mut boot = good().unwrap();
    boot.events = vec![frame(udp(&envelope, 547, 546, &message.build()))];
    let told = tell(&boot, None);
    assert!(told[0].text.starts_with("Reply refuses: UnspecFail \"") && told[0].text.chars().count() < 120, "{}", told[0].text);
    assert!(!report::bounded_line(&told[0].text).contains(['\x1b', '\n', '\u{202e}']));
    fits(&chart(&boot));
}

#[test]
fn a_long_boot_is_charted_by_its_beginning_and_its_end() {
    let events: Vec<String> = (0..500).map(|at| format!("{{ at = {at}, ns = {{ target = \"2001:db8::{at}\" }} }}")).collect();
    let chart = chart(&of(&format!("boot = [{}]", events.join(","))));
    fits(&chart);
    assert_eq!(chart.lines().count(), 63);
    assert!(chart.contains("  (441 lines left out)") && chart.contains("NS 2001:db8:: ") && chart.contains("NS 2001:db8::499 "), "{chart}");
}

#[test]
fn what_repeats_is_folded() {
    let events: Vec<String> = (0..200).map(|at| format!("{{ at = {at}.5, solicit = {{}} }}, {{ at = {at}.6, advertise = {{}} }}")).collect();
    let chart = chart(&of(&format!("boot = [{}, {{ at = 300, request = {{}} }}]", events.join(","))));
    assert_eq!(chart.lines().count(), 3 + 5, "{chart}");
    assert!(chart.contains("...  |  these 2 events 199 more times until 199.600 s"), "{chart}");
}
