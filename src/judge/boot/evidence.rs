//! What a trace shows, as evidence and findings.

use super::{Evidence, Finding, Place};
use crate::exchange::retransmissions::Sent;
use crate::exchange::trace::{Trace, seconds};
use crate::facts::Tense;

impl Trace<'_> {
    /// A piece of evidence out of the recording: `what` at a time.
    pub(in crate::judge) fn evidence(&self, at_us: u64, what: impl Into<String>) -> Evidence {
        Evidence::new(Tense::Boot, Place::Frame { file: self.recording.file.to_owned(), at: seconds(at_us) }, what)
    }

    /// What there is to say of messages that the recording does not have.
    pub(in crate::judge) fn none(&self, name: &str) -> Finding {
        if self.recording.gaps.is_empty() {
            Finding::skip(format!("the recording has no {name} of the guest's to judge"))
        } else {
            Finding::inconclusive(format!("the recording has no {name} of the guest's to judge, and frames are missing from it"))
        }
    }
}

impl Sent<'_> {
    /// As evidence.
    pub(in crate::judge) fn evidence(&self, trace: &Trace<'_>) -> Evidence {
        let elapsed = self.message.elapsed_time().map_or_else(String::new, |it| format!(", elapsed {}.{:02} s", it / 100, it % 100));
        trace.evidence(self.at_us(), format!("{} {:06x}{elapsed}", self.name(), self.message.transaction_id))
    }
}
