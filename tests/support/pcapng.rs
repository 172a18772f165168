//! A recorded boot as the file that `v6check record` writes.

use v6check::capture::{Way, link_type, write};
use v6check::facts::{Direction, Happening, Recording};

/// When its recordings began, in nanoseconds since 1970: 2026-11-24T05:54:00Z.
const BEGAN_NS: u64 = 1_795_499_640_000_000_000;

/// The recordings of several interfaces as one file.
pub(crate) fn file(recordings: &[(&str, &Recording)]) -> Vec<u8> {
    let mut bytes = write::section("v6check 0.1.0", "boot_id=00000000-0000-0000-0000-000000000000");
    for (number, (name, recording)) in recordings.iter().enumerate() {
        let mac = recording.mac.map(|mac| mac.octets());
        bytes.extend(write::interface(link_type::ETHERNET, 2048, name, &format!("index {}", number + 2), mac));
    }
    bytes.extend(write::journal(BEGAN_NS, "recording began", &[("V6CHECK_RECORDING", "began")]));
    let mut blocks: Vec<(u64, Vec<u8>)> = Vec::new();
    for (number, (name, recording)) in recordings.iter().enumerate() {
        for event in &recording.events {
            let at_ns = BEGAN_NS + event.at_us * 1000;
            let block = match &event.what {
                Happening::Frame(frame) => {
                    let way = if frame.direction == Direction::Received { Way::In } else { Way::Out };
                    let length = frame.bytes.len() + usize::from(frame.cut);
                    write::packet(u32::try_from(number).unwrap(), at_ns, way, u32::try_from(length).unwrap(), &frame.bytes)
                }
                other => {
                    let json = serde_json::to_string(other).unwrap();
                    let mut fields = vec![("V6CHECK_INTERFACE", *name), ("V6CHECK_EVENT", &json)];
                    fields.extend(event.found.then_some(("V6CHECK_FOUND", "1")));
                    write::journal(at_ns, "something changed", &fields)
                }
            };
            blocks.push((at_ns, block));
        }
        for gap in &recording.gaps {
            let (from, until) = (BEGAN_NS + gap.from_us * 1000, BEGAN_NS + gap.until_us * 1000);
            let frames = gap.frames.map_or(String::new(), |frames| format!(r#","frames":{frames}"#));
            let json = format!(r#"{{"from_ns":{from},"until_ns":{until}{frames}}}"#);
            blocks.push((until, write::journal(until, "frames are missing", &[("V6CHECK_GAP", &json)])));
        }
    }
    blocks.sort_by_key(|(at_ns, _)| *at_ns);
    bytes.extend(blocks.into_iter().flat_map(|(_, block)| block));
    let end = BEGAN_NS + recordings.iter().map(|(_, recording)| recording.elapsed_us).max().unwrap_or_default() * 1000;
    bytes.extend(write::journal(end, "recording ended: SIGTERM", &[("V6CHECK_RECORDING", "ended")]));
    bytes
}
