//! Recording a boot, and its events live: frames of all interfaces and the kernel's own news, from one source.
//!
//! It changes nothing and sends nothing. What it could not see it tells as a gap.

mod again;
mod blocks;
mod clock;
mod file;
mod known;
mod news;
mod notify;
mod source;
#[cfg(test)]
mod tests;

use std::io;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

pub use self::again::again;
use self::blocks::Blocks;
use self::file::Recorded;
use self::source::{Item, Source, What};
use crate::facts::{Direction, Event, Gap, Happening, SeenFrame};
use crate::observe::{ObserveError, Signals, host};
use crate::wire::frame::OWN_FLOW_LABEL;

/// What is told live. Times count from the beginning of following.
#[derive(Debug)]
pub enum Live<'a> {
    /// Something happened at the interface of this name, or was found.
    Happened(&'a str, Event),
    /// An interface has another name.
    Renamed {
        /// The name that it had.
        from: &'a str,
        /// The name that it has.
        to: &'a str,
    },
    /// Something was missed.
    Gap(Gap),
}

/// Tells what happens at `interfaces`, by name (none: at all but the loopback), those that appear later included, until `told` breaks off or a
/// signal comes, whose name is returned. Begins with what is found. Needs a runtime with I/O.
///
/// # Errors
/// No packet socket or no rtnetlink: `EPERM` without CAP_NET_RAW.
pub async fn follow(
    interfaces: &[String],
    signals: &mut Signals,
    told: &mut dyn FnMut(Live<'_>) -> ControlFlow<()>,
) -> io::Result<Option<&'static str>> {
    let mut source = Source::open()?;
    let began_ns = source.timeline().began_ns();
    let wanted = |name: &str| interfaces.is_empty() || interfaces.iter().any(|wanted| wanted == name);
    loop {
        let items = tokio::select! {
            biased;
            name = signals.wait() => return Ok(Some(name)),
            items = source.next() => items?,
        };
        for Item { at_ns, what } in items {
            let since = |at_ns: u64| at_ns.saturating_sub(began_ns) / 1000;
            let event = |found, what| Event { at_us: since(at_ns), found, what };
            let live = match what {
                What::Frame { ref interface, outgoing, checksum, wire_length, bytes } if wanted(&interface.name) => {
                    let cut = usize::try_from(wire_length).is_ok_and(|length| length > bytes.len());
                    let frame = SeenFrame { direction: direction(outgoing, &bytes), checksum, cut, bytes };
                    Live::Happened(&interface.name, event(false, Happening::Frame(frame)))
                }
                What::Happened { ref interface, found, happening } if wanted(&interface.name) => {
                    Live::Happened(&interface.name, event(found, happening))
                }
                What::Renamed { ref interface, ref from } if wanted(&interface.name) || wanted(from) => Live::Renamed { from, to: &interface.name },
                What::Missed { since_ns, frames, .. } => Live::Gap(Gap { from_us: since(since_ns), until_us: since(at_ns), frames }),
                What::Frame { .. } | What::Happened { .. } | What::Renamed { .. } | What::ClockSet(_) => continue,
            };
            if told(live).is_break() {
                return Ok(None);
            }
        }
    }
}

/// Frames of a v6check run are its own, whoever ran it.
fn direction(outgoing: bool, bytes: &[u8]) -> Direction {
    /// Offset of the flow label and what stands before it, in an untagged frame that carries IPv6.
    const FIRST_WORD: usize = 14;
    let word = bytes.get(FIRST_WORD..).and_then(|bytes| bytes.first_chunk()).map(|word| u32::from_be_bytes(*word));
    match word {
        _ if !outgoing => Direction::Received,
        Some(word) if word >> 28 == 6 && word & 0x000f_ffff == OWN_FLOW_LABEL => Direction::Sent,
        _ => Direction::Guest,
    }
}

/// Records into the file at `path` (`-`: standard output), which will have `most_bytes` at the most, until `time` is over or a signal comes.
///
/// # Errors
/// Nothing can be seen (no CAP_NET_RAW), or the file cannot be written.
pub fn record(path: &Path, most_bytes: u64, time: Duration) -> Result<(), ObserveError> {
    let unseen = |source: io::Error| ObserveError {
        what: match source.raw_os_error() {
            Some(libc::EPERM) => "cannot record: CAP_NET_RAW is missing, run as root".into(),
            _ => "cannot record".into(),
        },
        source,
    };
    let unwritten = |source| ObserveError { what: format!("cannot record to {}", path.display()), source };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build().map_err(unseen)?;
    runtime.block_on(async {
        let until = Instant::now() + time;
        let mut signals = Signals::catch().map_err(unseen)?;
        let mut source = Source::open().map_err(unseen)?;
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        let application = concat!("v6check ", env!("CARGO_PKG_VERSION"));
        let mut recorded = Recorded::begin(path, most_bytes, application, &format!("boot_id={}", boot.trim())).map_err(unwritten)?;
        let mut blocks = Blocks::begin(source.timeline().began_ns(), Some(host::uptime_cs()));
        blocks.write(&mut recorded).map_err(unwritten)?;
        notify::ready();
        let why = loop {
            let items = tokio::select! {
                biased;
                name = signals.wait() => break format!("a signal came, {name}"),
                () = sleep_until(until) => break format!("{} s are over", time.as_secs()),
                items = source.next() => items.map_err(unseen)?,
            };
            for item in items {
                blocks.add(item);
            }
            blocks.write(&mut recorded).map_err(unwritten)?;
        };
        // What came before the end belongs to it.
        for item in source.finish() {
            blocks.add(item);
        }
        blocks.end(source.timeline().now_ns(), &why, source.dropped());
        blocks.write(&mut recorded).map_err(unwritten)
    })
}
