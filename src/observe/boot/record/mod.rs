//! Recording a boot, and its events live: frames of all interfaces and the kernel's own news, from one source.
//!
//! It changes nothing and sends nothing. What it cannot see it tells as a gap.

use std::io;
use std::ops::ControlFlow;

use crate::facts::{Event, Gap};
use crate::observe::Signals;

/// What is told live. Times count from the beginning of following.
#[derive(Debug)]
pub enum Live<'a> {
    /// Something happened at the interface of this name.
    Happened(&'a str, Event),
    /// It was found to be so, at the beginning or after a gap; nobody saw it come about.
    Found(&'a str, Event),
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
    let _ = (interfaces, signals, told);
    Err(io::Error::other("not built yet"))
}
