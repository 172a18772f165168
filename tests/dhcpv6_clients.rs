//! Real DHCPv6 clients against the requirements of `rfc-host`: what each of them breaks is told, and nothing else.
//!
//! Their captures are in `tests/clients/boots/`, made by tcpdump on the router's end of the link, which lost nothing.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;

use v6check::catalogue::Catalogue;
use v6check::exchange::Exchanges;
use v6check::facts::{self, Direction, Event, Facts, Happening, Observed, Recorder, Recording, SeenFrame, TransportChecksum};
use v6check::judge::{Expectations, Scope, Subject, Verdict, judge};

const INTERFACE: &str = "eth0";
const MAC: [u8; 6] = [0xfa, 0x16, 0x3e, 0, 0, 1];

/// What tcpdump wrote: microseconds, little endian, Ethernet.
fn recording(name: &str) -> Recording {
    let bytes = std::fs::read(format!("{}/tests/clients/boots/{name}.pcap", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let word = |at: usize| u32::from_le_bytes(*bytes[at..].first_chunk().unwrap());
    assert_eq!((word(0), word(20)), (0xa1b2_c3d4, 1));
    let mut events = Vec::new();
    let (mut at, mut began) = (24, None);
    while at < bytes.len() {
        let time = u64::from(word(at)) * 1_000_000 + u64::from(word(at + 4));
        let length = usize::try_from(word(at + 8)).unwrap();
        assert_eq!(word(at + 8), word(at + 12));
        let frame = bytes[at + 16..at + 16 + length].to_vec();
        at += 16 + length;
        let direction = if frame[6..12] == MAC { Direction::Guest } else { Direction::Received };
        let at_us = time - *began.get_or_insert(time);
        let what = Happening::Frame(SeenFrame { direction, checksum: TransportChecksum::Partial, cut: false, bytes: frame });
        events.push(Event { at_us, found: false, what });
    }
    Recording {
        file: format!("{name}.pcap"),
        by: Recorder::Guest,
        mac: Some(pnet::util::MacAddr(MAC[0], MAC[1], MAC[2], MAC[3], MAC[4], MAC[5])),
        began: "2026-11-24T10:26:00.000000Z".into(),
        elapsed_us: events.last().unwrap().at_us,
        up_at_us: Some(0),
        events,
        gaps: Vec::new(),
    }
}

/// The requirements on DHCPv6 clients by their verdicts.
fn verdicts(name: &str) -> Vec<(String, Verdict, String)> {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/guests/calico-good.json")).unwrap();
    let mut facts: Facts = facts::load(&text).unwrap();
    facts.interfaces.get_mut(INTERFACE).unwrap().tenses.as_mut().unwrap().boot.recording = Observed::Seen(recording(name));
    let exchanges = &Exchanges::read(&facts);
    let expectations = Expectations::default();
    let catalogue = Catalogue::load(None).unwrap();
    let profile = catalogue.profiles().iter().find(|profile| profile.name == "rfc-host").unwrap();
    let selected = profile.requirements.iter().filter(|selected| selected.id.starts_with("dhcpv6-"));
    selected
        .map(|selected| {
            let check = catalogue.checks().iter().find(|check| check.id == selected.id).unwrap();
            let subject = match check.rule.scope() {
                Scope::Host => Subject::of_host(&facts, exchanges, &expectations),
                Scope::Interface => Subject::of_interface(&facts, exchanges, INTERFACE, &expectations),
            };
            let finding = judge(&check.rule, check.when.as_ref(), &subject);
            (check.id.clone(), finding.verdict, finding.message)
        })
        .collect()
}

fn holds(name: &str, fails: &[&str], passes: &[&str]) {
    let verdicts = verdicts(name);
    let failed: BTreeSet<&str> = verdicts.iter().filter(|(_, verdict, _)| *verdict == Verdict::Fail).map(|(id, ..)| id.as_str()).collect();
    assert_eq!(failed, fails.iter().copied().collect(), "{verdicts:#?}");
    for id in passes {
        assert!(verdicts.iter().any(|(of, verdict, _)| of == id && *verdict == Verdict::Pass), "{id} does not pass: {verdicts:#?}");
    }
}

/// What every client does right when nobody answers.
const UNANSWERED: [&str; 14] = [
    "dhcpv6-client-addresses",
    "dhcpv6-client-port",
    "dhcpv6-client-identifier",
    "dhcpv6-elapsed-time-present",
    "dhcpv6-elapsed-time-first",
    "dhcpv6-elapsed-time-grows",
    "dhcpv6-solicit-association",
    "dhcpv6-no-server-identifier",
    "dhcpv6-solicit-first-retransmission",
    "dhcpv6-solicit-backoff",
    "dhcpv6-solicit-goes-on",
    "dhcpv6-transaction-kept",
    "dhcpv6-rate-limit",
    "dhcpv6-duid-form",
];

/// And with a server that gives a lease of two minutes.
const SERVED: [&str; 8] = [
    "dhcpv6-elapsed-time-first",
    "dhcpv6-transaction-new",
    "dhcpv6-transaction-kept",
    "dhcpv6-duid-stable",
    "dhcpv6-iaid-kept",
    "dhcpv6-iaid-unique",
    "dhcpv6-renew-at-t1",
    "dhcpv6-dns-requested",
];

#[test]
fn dhclient() {
    holds("dhclient-unanswered", &["dhcpv6-solicit-sol-max-rt"], &UNANSWERED);
    holds("dhclient-served", &["dhcpv6-solicit-sol-max-rt", "dhcpv6-request-options", "dhcpv6-renew-options"], &SERVED);
}

#[test]
fn dhcpcd() {
    holds("dhcpcd-unanswered", &[], &UNANSWERED);
    holds("dhcpcd-served", &[], &SERVED);
    holds("dhcpcd-served", &[], &["dhcpv6-request-server", "dhcpv6-request-options", "dhcpv6-renew-options"]);
}

#[test]
fn networkd() {
    holds("networkd-unanswered", &[], &UNANSWERED);
    holds("networkd-served", &["dhcpv6-renew-options"], &SERVED);
    // Without Rapid Commit, so that it has to send a Request.
    holds("networkd-request", &["dhcpv6-request-options"], &["dhcpv6-request-server", "dhcpv6-transaction-new"]);
}

#[test]
fn network_manager() {
    holds("networkmanager-unanswered", &[], &UNANSWERED);
    holds("networkmanager-served", &["dhcpv6-renew-options"], &["dhcpv6-renew-at-t1", "dhcpv6-duid-stable", "dhcpv6-transaction-new"]);
}
