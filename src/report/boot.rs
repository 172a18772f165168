//! The boot of an interface in the report: the story of its recording, of bounded length.

use super::BootEntry;
use crate::facts::{Owner, Recording, Tenses};
use crate::story;

/// As many events of an interface are in the report: from the beginning, where a boot goes wrong, and from the end.
pub(super) const FIRST: usize = 160;
const LAST: usize = 80;

/// The boot of the interface called `name`; `None` where nothing was recorded.
pub(super) fn entry(name: &str, tenses: &Tenses) -> Option<BootEntry> {
    let recording = tenses.boot.recording.get().ok()?;
    let mut entry = whole(name, recording, client(tenses));
    let events = entry.events.len();
    if events > FIRST + LAST {
        entry.left_out = events - FIRST - LAST;
        entry.events.drain(FIRST..events - LAST);
    }
    Some(entry)
}

/// The same with all of its events.
pub(super) fn whole(name: &str, recording: &Recording, client: Option<String>) -> BootEntry {
    let events = story::tell(recording, client);
    BootEntry { interface: name.to_owned(), file: recording.file.clone(), began: recording.began.clone(), events, left_out: 0 }
}

/// The DHCPv6 client, where there is one and only one.
fn client(tenses: &Tenses) -> Option<String> {
    match tenses.state.owners.dhcpv6.get().map(Vec::as_slice) {
        Ok([Owner { name, .. }]) => Some(name.clone()),
        _ => None,
    }
}
