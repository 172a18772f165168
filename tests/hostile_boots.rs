//! Recordings that nobody recorded: events out of order and at impossible times, nonsense for frames, gaps that overlap. Each is judged by all
//! profiles, told and charted, without a panic and soon.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[expect(dead_code, reason = "other tests use the rest")]
mod support;

use support::story::{good, recording};
use toml::Table;
use v6check::catalogue::{Catalogue, Selection};
use v6check::facts::{Direction, Event, Facts, Gap, Happening, Observed, Recorder, Recording, SeenFrame, TransportChecksum};
use v6check::report::{self, Counting, FORMATS, Style, Verbosity};
use v6check::story;
use v6check::wire::dhcpv6::{DhcpOption, Message};
use v6check::wire::frame::{Envelope, udp};

/// As many recordings as are made up.
const RANDOM: usize = 400;

/// Numbers that look random and are the same each time (xorshift).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 8).unwrap() % below
    }

    fn time(&mut self) -> u64 {
        match self.next(8) {
            0 => u64::MAX - self.next(3) as u64,
            1 => self.next(3) as u64,
            2 => 3_000_000,
            3 => i64::MAX as u64,
            _ => self.next(200_000_000) as u64,
        }
    }

    fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.next(of.len())]
    }
}

fn selections() -> Vec<Selection> {
    let catalogue = Catalogue::load(None).unwrap();
    ["calico", "rfc-host"].map(|profile| catalogue.select(profile).unwrap()).into()
}

/// The events of all worked examples.
fn events() -> Vec<Event> {
    let catalogue = Catalogue::read(&support::root().join("checks")).unwrap();
    let boots = catalogue.checks().iter().flat_map(|check| check.examples().unwrap()).filter_map(|case| case.boot);
    let mut events = good().unwrap().events;
    events.extend(boots.flat_map(|boot| recording(&boot).unwrap().events));
    assert!(events.len() > 1000);
    events
}

/// The good guest with these boots.
fn facts(of: &Facts, boots: &[Recording]) -> Facts {
    let mut facts = of.clone();
    let good = facts.interfaces[support::INTERFACE].clone();
    for (name, boot) in [support::INTERFACE, "eth9"].into_iter().zip(boots) {
        let mut interface = good.clone();
        interface.tenses.as_mut().unwrap().boot.recording = Observed::Seen(boot.clone());
        facts.interfaces.insert(name.into(), interface);
    }
    facts
}

/// Judges, tells, charts and reports.
fn answer(facts: &Facts, boots: &[Recording], selections: &[Selection]) {
    for selection in selections {
        let report = report::assemble(facts, selection, Counting::default());
        for format in FORMATS {
            let written = format.render(&report, Style { verbosity: Verbosity::Verbose, ..Style::default() }).unwrap();
            assert!(format.name == "json" || !written.contains(|it: char| it.is_control() && it != '\n'), "{}", format.name);
        }
    }
    for boot in boots {
        story::tell(boot, Some("dhclient".into()));
        boot.gaps.iter().for_each(|gap| drop(story::gap(gap)));
        assert!(report::chart("eth0", boot).iter().all(|line| !line.contains(char::is_control)));
    }
}

fn made_up(numbers: &mut Numbers, of: &[Event]) -> Recording {
    let mut boot = good().unwrap();
    let length = [0, 1, 3, 12, 40][numbers.next(5)];
    let ordered = numbers.next(2) == 0;
    boot.events = if numbers.next(3) == 0 { boot.events } else { Vec::new() };
    for _ in 0..length {
        let mut event = numbers.pick(of).clone();
        if numbers.next(3) > 0 {
            event.at_us = numbers.time();
        }
        if let (Happening::Frame(frame), 0) = (&mut event.what, numbers.next(2)) {
            for _ in 0..=numbers.next(6) {
                match frame.bytes.len() {
                    0 => frame.bytes.push(0x60),
                    length => frame.bytes[numbers.next(length)] = [0, 1, 0x7f, 0x80, 0xff][numbers.next(5)],
                }
            }
            if numbers.next(4) == 0 {
                frame.bytes.truncate(numbers.next(120));
                frame.cut = numbers.next(2) == 0;
            }
        }
        boot.events.push(event);
    }
    if ordered {
        boot.events.sort_by_key(|event| event.at_us);
    }
    for _ in 0..numbers.next(4) {
        boot.gaps.push(Gap { from_us: numbers.time(), until_us: numbers.time(), frames: Some(u64::MAX) });
    }
    if numbers.next(2) == 0 {
        boot.elapsed_us = numbers.time();
    }
    boot.up_at_us = [boot.up_at_us, None, Some(numbers.time())][numbers.next(3)];
    boot.by = [Recorder::Guest, Recorder::Capture][numbers.next(2)];
    boot.mac = boot.mac.filter(|_| numbers.next(4) > 0);
    if numbers.next(5) == 0 {
        boot.file = "\u{1b}[2J\n\u{202e}/tmp/x".into();
        boot.began = "\u{7}never".into();
    }
    boot
}

#[test]
fn recordings_may_be_anything() {
    let (selections, events, good) = (selections(), events(), support::good_guest().unwrap());
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    for _ in 0..RANDOM {
        let boots = [made_up(&mut numbers, &events), made_up(&mut numbers, &events)];
        let answered = std::panic::catch_unwind(|| answer(&facts(&good, &boots), &boots, &selections));
        assert!(answered.is_ok(), "{}", serde_json::to_string(&boots).unwrap());
    }
}

/// A recording with as many events as there may be, made of a few lines again and again, each time with another `#` in them.
fn flood(lines: &[&str]) -> Recording {
    let mut tables: Vec<Table> = Vec::new();
    let times = Recording::MOST_EVENTS / lines.len();
    for nth in 0..times {
        for line in lines {
            let text = line.replace('#', &format!("{nth:x}")).replace('@', &nth.to_string());
            let table: Table = toml::from_str(&format!("boot = {{ at = {}.{:03}, {text} }}", 2 + nth / 50, nth % 50 * 20)).unwrap();
            tables.push(table["boot"].as_table().unwrap().clone());
        }
    }
    recording(&tables).unwrap()
}

#[test]
fn the_longest_recordings_are_judged_to_the_end() {
    let (selections, good) = (selections(), support::good_guest().unwrap());
    let floods: [&[&str]; 12] = [
        &["rs = {}"],
        &["rs = {}", "ra = {}"],
        &["ns = { target = \"fe80::#\" }"],
        &["ns = { target = \"fe80::#\" }", "by = \"network\", na = { from = \"fe80::#\", target = \"fe80::#\", mac = \"fa:16:3e:00:00:99\" }"],
        &["ns = { target = \"2001:db8::#\" }", "address = { is = \"2001:db8::#/128\" }", "ns = { from = \"2001:db8::#\", target = \"fe80::1\" }"],
        &["by = \"network\", ns = { from = \"fe80::9\", target = \"fe80::#\" }", "na = { target = \"fe80::#\", to = \"fe80::9\" }"],
        &["report = { groups = [\"ff02::1:ff00:#\"] }", "address = { is = \"fe80::#/64\" }"],
        &["solicit = { transaction = @ }", "advertise = { transaction = @ }"],
        &["solicit = { transaction = 7, elapsed = @ }"],
        &["request = { transaction = @, iaid = @ }", "reply = { transaction = @, t1 = 3, t2 = 5 }", "renew = { transaction = @, elapsed = 100 }"],
        &["link = \"up\"", "link = \"no-carrier\"", "forwarding = true", "forwarding = false"],
        &["renew = { transaction = @, client = \"00030001fa163e0@\" }", "decline = { transaction = @ }"],
    ];
    for (nth, lines) in floods.into_iter().enumerate() {
        let lines: Vec<String> = lines.iter().map(|line| line.replace("fa163e0@", "fa163e000001")).collect();
        let boot = flood(&lines.iter().map(String::as_str).collect::<Vec<_>>());
        let by = if nth % 2 == 0 { Recorder::Guest } else { Recorder::Capture };
        to_the_end(&good, Recording { by, ..boot }, &selections);
    }
}

fn to_the_end(good: &Facts, boot: Recording, selections: &[Selection]) {
    let boots = [boot];
    answer(&facts(good, &boots), &boots, selections);
}

/// The largest messages that a capture may have, as many as are kept of one: each with as many associations as fit.
#[test]
fn the_largest_messages_are_judged_to_the_end() {
    const ANSWERS: u64 = 44;
    let mut boot = good().unwrap();
    let (guest, router) = ("fe80::f816:3eff:fe00:1".parse().unwrap(), "fe80::fc16:3eff:fe00:1".parse().unwrap());
    let (guest_mac, router_mac) = (boot.mac.unwrap(), v6check::facts::Mac::new(2, 0, 0, 0, 0, 1));
    for nth in 0..=ANSWERS {
        let (kind, by_guest, from) = if nth == 0 { (3, true, 0) } else { (7, false, 1 << 16) };
        let duids = [DhcpOption::ClientId(vec![0, 3, 0, 1]), DhcpOption::ServerId(vec![0, 3, 0, 2])];
        let associations = (0..4000).map(|iaid| DhcpOption::IaNa { iaid: from + iaid, t1_s: 1, t2_s: 1, options: Vec::new() });
        let message = Message { kind, transaction_id: 7, options: duids.into_iter().chain(associations).collect() };
        let (source, destination) = if by_guest { (guest, "ff02::1:2".parse().unwrap()) } else { (router, guest) };
        let source_mac = if by_guest { guest_mac } else { router_mac };
        let envelope = Envelope { source_mac, destination_mac: router_mac, source, destination, hop_limit: 1 };
        let (source_port, destination_port) = if by_guest { (546, 547) } else { (547, 546) };
        let direction = if by_guest { Direction::Guest } else { Direction::Received };
        let bytes = udp(&envelope, source_port, destination_port, &message.build());
        let frame = SeenFrame { direction, checksum: TransportChecksum::Partial, cut: false, bytes };
        boot.events.push(Event { at_us: 20_000_000 + nth, what: Happening::Frame(frame), found: false });
    }
    to_the_end(&support::good_guest().unwrap(), boot, &selections());
}
