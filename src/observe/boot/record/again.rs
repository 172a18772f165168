//! A recording written once more, from the facts that were read from it: what a guest sends is its facts, and the file itself stays in it.
//!
//! Facts have times in microseconds and the last name of each interface, and of a frame that was cut only that it was. All else is as it was, so
//! that the facts of what is written here are the same.

use std::collections::BTreeMap;
use std::rc::Rc;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::blocks::Blocks;
use super::known::Interface;
use super::source::{Item, What};
use crate::capture::write;
use crate::facts::{Direction, Event, Facts, Gap, Happening, Mac, Observed, Recorder, Recording};

/// The recording of the boot that `facts` tell of, as a pcapng file; none where `v6check record` did not record it.
pub fn again(facts: &Facts) -> Option<Vec<u8>> {
    let recorded = recorded(facts);
    let (_, (_, first)) = recorded.first_key_value()?;
    let began = OffsetDateTime::parse(&first.began, &Rfc3339).ok()?.unix_timestamp_nanos();
    let began_ns = u64::try_from(began).ok()?;
    let at_ns = |at_us: u64| began_ns.saturating_add(at_us.saturating_mul(1000));

    let mut blocks = Blocks::begin(began_ns, None);
    let mut gaps = gaps(&recorded).into_iter().peekable();
    let mut missed = |blocks: &mut Blocks, until_us: u64| {
        while let Some(gap) = gaps.next_if(|gap| gap.until_us <= until_us) {
            let what = What::Missed { since_ns: at_ns(gap.from_us), frames: gap.frames, why: "something is missing".into() };
            blocks.add(Item { at_ns: at_ns(gap.until_us), what });
        }
    };
    for (interface, event) in events(&recorded) {
        missed(&mut blocks, event.at_us);
        blocks.add(Item { at_ns: at_ns(event.at_us), what: what(interface, event) });
    }
    missed(&mut blocks, u64::MAX);
    blocks.end(at_ns(first.elapsed_us), "the guest reported", 0);

    let application = format!("v6check {}", facts.tool.version);
    Some([write::section(&application, "written from the facts of a run"), blocks.bytes()].concat())
}

type Recorded<'a> = BTreeMap<&'a str, (Rc<Interface>, &'a Recording)>;

fn recorded(facts: &Facts) -> Recorded<'_> {
    let mut recorded = BTreeMap::new();
    for (name, interface) in &facts.interfaces {
        let boot = interface.tenses.as_ref().map(|tenses| &tenses.boot.recording);
        let Some(Observed::Seen(recording)) = boot else { continue };
        if recording.by != Recorder::Guest {
            continue;
        }
        let link = interface.link.get().ok();
        let mac = link.and_then(|link| link.mac).or(recording.mac).unwrap_or(Mac::zero());
        let described = Interface { index: link.map_or(0, |link| link.index), name: name.clone(), mac };
        recorded.insert(name.as_str(), (Rc::new(described), recording));
    }
    recorded
}

/// Of all interfaces, in the order of time; those of one interface in their order.
fn events<'a>(recorded: &Recorded<'a>) -> Vec<(Rc<Interface>, &'a Event)> {
    let of = |(interface, recording): &(Rc<Interface>, &'a Recording)| -> Vec<(Rc<Interface>, &'a Event)> {
        recording.events.iter().map(|event| (Rc::clone(interface), event)).collect()
    };
    let mut events: Vec<_> = recorded.values().flat_map(of).collect();
    events.sort_by_key(|(_, event)| event.at_us);
    events
}

/// Each is of all interfaces, but for those where one interface had too many events: they become of all.
fn gaps(recorded: &Recorded<'_>) -> Vec<Gap> {
    let mut gaps: Vec<Gap> = Vec::new();
    for gap in recorded.values().flat_map(|(_, recording)| &recording.gaps) {
        if !gaps.contains(gap) {
            gaps.push(gap.clone());
        }
    }
    gaps
}

fn what(interface: Rc<Interface>, event: &Event) -> What {
    let Happening::Frame(frame) = &event.what else {
        return What::Happened { interface, found: event.found, happening: event.what.clone() };
    };
    // How long one was that was cut is not known any more, only that it was longer.
    let length = frame.bytes.len() + usize::from(frame.cut);
    What::Frame {
        interface,
        outgoing: frame.direction != Direction::Received,
        checksum: frame.checksum,
        wire_length: u32::try_from(length).unwrap_or(u32::MAX),
        bytes: frame.bytes.clone(),
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv6Addr;

    use super::*;
    use crate::facts::{AddressChange, Change, LinkChange, TransportChecksum};
    use crate::observe::boot::facts;

    const SECOND: u64 = 1_000_000_000;
    const BEGAN: u64 = 1_700_000_000 * SECOND + 123_456_789;

    fn interface(index: u32, name: &str) -> Rc<Interface> {
        Rc::new(Interface { index, name: name.into(), mac: Mac::new(2, 0, 0, 0, 0, 1) })
    }

    /// A Router Solicitation (RFC 4861 section 4.1), with its checksum left out.
    fn solicitation() -> Vec<u8> {
        let mut frame = [[0x33, 0x33, 0, 0, 0, 2], [2, 0, 0, 0, 0, 1]].concat();
        frame.extend([0x86, 0xdd, 0x60, 0, 0, 0, 0, 8, 58, 255]);
        frame.extend([Ipv6Addr::UNSPECIFIED, "ff02::2".parse().expect("an address")].iter().flat_map(Ipv6Addr::octets));
        frame.extend([133, 0, 0, 0, 0, 0, 0, 0]);
        frame
    }

    fn recorded() -> Vec<u8> {
        let (eth0, eth1) = (interface(2, "eth0"), interface(3, "eth1"));
        let happened = |interface: &Rc<Interface>, found, happening| What::Happened { interface: Rc::clone(interface), found, happening };
        let link = |up| Happening::Link(LinkChange { up, carrier: up });
        let frame = |interface: &Rc<Interface>, outgoing, more: u32| {
            let bytes = solicitation();
            let wire_length = u32::try_from(bytes.len()).expect("short") + more;
            What::Frame { interface: Rc::clone(interface), outgoing, checksum: TransportChecksum::Complete, wire_length, bytes }
        };
        let address = AddressChange {
            change: Change::Set,
            address: "2001:db8::10".parse().expect("an address"),
            prefix_length: 128,
            flags: Vec::new(),
            preferred_s: Some(7200),
            valid_s: None,
            protocol: None,
        };
        let mut blocks = Blocks::begin(BEGAN, Some(700));
        for (after_ns, what) in [
            (0, happened(&eth0, true, link(false))),
            (1, happened(&eth1, true, link(true))),
            (SECOND, happened(&eth0, false, link(true))),
            (SECOND + 1_999, frame(&eth0, true, 0)),
            (SECOND + 1_999, frame(&eth1, true, 0)),
            (2 * SECOND, frame(&eth0, false, 900)),
            (3 * SECOND, What::Missed { since_ns: BEGAN + 2 * SECOND, frames: Some(7), why: "x".into() }),
            (4 * SECOND, What::Missed { since_ns: BEGAN + SECOND, frames: None, why: "x".into() }),
            (5 * SECOND, happened(&eth0, false, Happening::Address(address))),
            (6 * SECOND, What::Renamed { interface: interface(3, "wan"), from: "eth1".into() }),
            (7 * SECOND, happened(&interface(3, "wan"), false, Happening::Forwarding(true))),
        ] {
            blocks.add(Item { at_ns: BEGAN + after_ns, what });
        }
        blocks.end(BEGAN + 9 * SECOND, "x", 0);
        [write::section("v6check 0.1.0", "boot_id=x"), blocks.bytes()].concat()
    }

    #[test]
    fn the_facts_of_what_is_written_are_those_it_was_written_from() {
        let first = facts(&mut &recorded()[..], "boot.pcapng").expect("is a recording");
        let of = |name: &str| first.interfaces[name].tenses.as_ref().expect("told").boot.recording.get().expect("seen");
        assert_eq!(first.interfaces.keys().collect::<Vec<_>>(), ["eth0", "wan"]);
        assert_eq!((of("eth0").events.len(), of("eth0").gaps.len(), of("eth0").elapsed_us, of("wan").up_at_us), (5, 2, 9_000_000, None));
        let second = facts(&mut &again(&first).expect("recorded")[..], "boot.pcapng").expect("is a recording");
        assert_eq!(second, first);
    }

    #[test]
    fn what_others_captured_is_not_written_as_ours() {
        let mut told = facts(&mut &recorded()[..], "boot.pcapng").expect("is a recording");
        for interface in told.interfaces.values_mut() {
            let boot = &mut interface.tenses.as_mut().expect("told").boot;
            if let Observed::Seen(recording) = &mut boot.recording {
                recording.by = Recorder::Capture;
            }
        }
        assert_eq!(again(&told), None);
    }
}
