//! The boot of this machine, for a run: the capture that was named, else the recorder's, else what the journal tells.

use std::collections::BTreeMap;
use std::fs::{File, TryLockError};
use std::panic::resume_unwind;
use std::path::Path;
use std::thread::{self, JoinHandle};

use super::ReadError;
use super::journal;
use super::read::{self, Reading};
use crate::facts::{Address, AddressFlag, Boot, JournalLine, Link, Mac, Observed, Reason, ReasonKind, Recording, Scope};
use crate::image::Image;
use crate::observe::host;

/// Where the recorder leaves the recording of this boot.
pub const RECORDING: &str = "/run/v6check/boot.pcapng";
/// The kernel's number of this boot (proc(5), /proc/sys/kernel/random).
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// What was captured of the boot of `links`: in the file that was `named`, else in the recorder's below `root`.
///
/// # Errors
/// The named file is no capture: a wrong argument, and no boot that could not be looked at.
pub(in crate::observe) fn recordings(root: &Path, named: Option<&Path>, links: &BTreeMap<&String, &Link>) -> Result<Recordings, ReadError> {
    let found = match named {
        Some(path) => Ok(Found { file: path.display().to_string(), recordings: read::file(path)?.recordings }),
        None => recorded(root),
    };
    let of = |(name, link): (&&String, &&Link)| {
        let recording = found.as_ref().map_or_else(Observed::unknown, |found| found.of(name, link));
        ((*name).clone(), recording)
    };
    Ok(links.iter().map(of).collect())
}

/// What was captured, by interface.
pub(in crate::observe) type Recordings = BTreeMap<String, Observed<Recording>>;

/// Whether the kernel's dates show that an interface got an address from a client as it came up: what the journal could tell, and much faster. One
/// that the kernel made of a Router Advertisement, or that is for ever, is from no client.
pub(in crate::observe) fn are_of_boot(addresses: &[Address]) -> bool {
    /// A minute, in hundredths of a second.
    const SOON: u64 = 6000;
    let up = addresses.iter().filter(|address| address.scope == Scope::Link).map(|address| address.created_cs).min();
    let soon = |address: &&Address| up.is_some_and(|up| address.created_cs.abs_diff(up) < SOON);
    let given = |address: &Address| address.scope == Scope::Global && address.protocol.is_none() && !address.has(AddressFlag::Permanent);
    addresses.iter().filter(soon).any(given)
}

/// The journal while it is read, beside all else: a large one takes longer than the network.
pub(in crate::observe) struct Journal(Result<JoinHandle<Lines>, String>);

/// What the journal tells, by interface.
type Lines = Result<BTreeMap<String, Vec<JournalLine>>, String>;

/// What the journal tells of the interfaces of which nothing was captured.
pub(in crate::observe) struct Told(Lines);

impl Journal {
    /// Begins to read it, if it is needed.
    pub(in crate::observe) fn begin(root: &Path, needed: bool) -> Self {
        let root = root.to_owned();
        let begin = || thread::Builder::new().spawn(move || journal::read(&root)).map_err(|error| format!("no thread to read it: {error}"));
        Self(if needed { begin() } else { Err("not read: the kernel's dates tell of the boot".into()) })
    }

    /// What it tells.
    pub(in crate::observe) fn end(self) -> Told {
        Told(self.0.and_then(|reading| reading.join().unwrap_or_else(|panic| resume_unwind(panic))))
    }
}

impl Told {
    /// The boot of an interface.
    pub(in crate::observe) fn boot(&self, name: &str, recording: Observed<Recording>) -> Boot {
        let journal = match &self.0 {
            _ if recording.get().is_ok() => Observed::unknown("not read: the boot was recorded"),
            Ok(lines) => Observed::Seen(lines.get(name).cloned().unwrap_or_default()),
            Err(reason) => Observed::unknown(reason),
        };
        Boot { recording, journal }
    }
}

/// The recorder's file, if it is of this boot.
fn recorded(root: &Path) -> Result<Found, Reason> {
    let below = Image::new(root);
    if !below.exists(RECORDING) {
        return Err(Reason::new(ReasonKind::NotRecorded, "the boot was not recorded"));
    }
    let file = below.open(RECORDING).map_err(|error| Reason::of_io(RECORDING, &error))?;
    let uptime_ns = host::uptime_cs() * 10_000_000;
    let running = || is_recorded(&file).then_some(uptime_ns);
    let Reading { recordings, boot_id, .. } = read::running(&mut &file, RECORDING, &running).map_err(|error| error.to_string())?;
    let this = below.text(BOOT_ID).map_err(|error| Reason::of_io(BOOT_ID, &error))?;
    match boot_id {
        Some(id) if id == this.trim() => Ok(Found { file: RECORDING.into(), recordings }),
        Some(_) => Err(format!("{RECORDING} is of another boot").into()),
        None => Err(format!("{RECORDING} does not say of which boot it is").into()),
    }
}

/// Whether a recorder writes the file: it holds a lock on it as long as it runs.
fn is_recorded(file: &File) -> bool {
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => true,
        Err(TryLockError::Error(_)) => false,
        Ok(()) => {
            // One that begins just now waits for this.
            let _ = file.unlock();
            false
        }
    }
}

/// As many guests of a capture as a reason names.
const MOST_SHOWN: usize = 8;

struct Found {
    file: String,
    recordings: BTreeMap<String, Recording>,
}

impl Found {
    /// The recording of an interface: by its MAC addresses; in one of our own by its name, as long as no MAC address contradicts it.
    fn of(&self, name: &str, link: &Link) -> Observed<Recording> {
        let its: Vec<Mac> = link.mac.into_iter().chain(link.permanent_mac).collect();
        let same = |recording: &&Recording| recording.mac.is_some_and(|mac| its.contains(&mac));
        let named = self.recordings.get(name).filter(|recording| recording.mac.is_none_or(|mac| its.is_empty() || its.contains(&mac)));
        if let Some(recording) = named.or_else(|| self.recordings.values().find(same)) {
            return Observed::Seen(recording.clone());
        }
        let guests: Vec<String> = self
            .recordings
            .iter()
            .take(MOST_SHOWN)
            .map(|(name, recording)| match recording.mac {
                Some(mac) if mac.to_string() != *name => format!("{name} ({mac})"),
                _ => name.clone(),
            })
            .collect();
        let more = if self.recordings.len() > MOST_SHOWN { ", and others" } else { "" };
        let who = its.first().map_or_else(|| name.to_owned(), ToString::to_string);
        let guests = if guests.is_empty() { "shows no guest at all".to_owned() } else { format!("shows only {}{more}", guests.join(", ")) };
        Observed::unknown(format!("{} has nothing of {who}: it {guests}", self.file))
    }
}
