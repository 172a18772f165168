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
