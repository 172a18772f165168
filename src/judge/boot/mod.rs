//! The boot as rules read it: a recording as messages, who asked and who answered, and the window in which a guest boots; where nothing was
//! recorded, what else tells of it.

pub(super) mod corroboration;
pub(super) mod retransmissions;
pub(super) mod solicitation_run;
pub(super) mod trace;
pub(super) mod transaction;
pub(super) mod verdicts;
pub(super) mod window;

use super::{Evidence, Finding, Subject, address_origin};
