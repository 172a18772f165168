//! The boot as rules read it: the window in which a guest boots, how many looks make a verdict; where nothing was recorded, what else tells of
//! it. What the packets mean is in `exchange`.

pub(super) mod address_use;
pub(super) mod client_message;
pub(super) mod corroboration;
mod evidence;
pub(super) mod verdicts;
pub(super) mod window;
pub(super) mod worst;

use super::{Evidence, Finding, Place, Subject};
