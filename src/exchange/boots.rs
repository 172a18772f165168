//! The boots of a recording.

use super::trace::Trace;
use crate::facts::Recording;

/// Each boot that `recording` shows, in the order of time; at least one.
pub fn traces(recording: &Recording) -> Vec<Trace<'_>> {
    vec![Trace::read(recording)]
}
