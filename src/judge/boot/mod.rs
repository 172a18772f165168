//! The boot as rules read it: a recording as messages, who asked and who answered, and the window in which a guest boots; where nothing was
//! recorded, what else tells of it.

pub(super) mod dialogue;
pub(super) mod soliciting;
pub(super) mod story;
pub(super) mod tally;
pub(super) mod transmissions;
pub(super) mod window;
pub(super) mod witness;

use super::{Evidence, Finding, Place, Subject, held};
