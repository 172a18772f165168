//! v6check says, requirement by requirement, whether this guest gets its IPv6 address and keeps it, and when not, whose fault it is and what
//! to change.
//!
//! # As a library
//!
//! These modules are its public interface. They are functions of what they are given and do not touch the machine; only [`report::output`] and
//! the loading of check files do.
//!
//! - [`facts`]: what was observed, as types, and as the JSON that `--save` writes
//! - [`catalogue`]: the requirements: check files, profiles, waivers
//! - [`judge`]: the verdict on one requirement
//! - [`report`]: all verdicts with the diagnosis, and their formats
//! - [`wire`]: Ethernet, IPv6, Neighbor Discovery and DHCPv6 packets, parsed without loss
//! - [`capture`]: pcap and pcapng files
//!
//! ```
//! use v6check::catalogue::Catalogue;
//! use v6check::report::{self, Counting};
//!
//! # fn report() -> Result<(), Box<dyn std::error::Error>> {
//! let facts = v6check::facts::load(&std::fs::read_to_string("facts.json")?)?;
//! let selection = Catalogue::selection(None, "calico")?;
//! let report = report::assemble(&facts, &selection, Counting::default());
//! println!("{}", report.summary.exit_code);
//! # Ok(())
//! # }
//! ```
//!
//! All other modules are parts of the program. Those that tests and benchmarks use are visible, hidden from the documentation, and may change
//! with each version.
//!
//! # As a program
//!
//! The line, and the modules in its order:
//!
//! ```text
//! command line -> plan -> observe -> judge -> report -> exit code
//!                           |  ^
//!                     --save|  |replay
//! ```
//!
//! Everything right of `observe` is a function of [`facts`]; a run and a replay differ only in where the facts come from. `commands` has a file
//! for each subcommand: `record` writes down what `observe` reads later, `watch` prints the same events as they happen in the words of `story`,
//! `install` has each boot recorded and checked, and `matrix` combines the reports of many images into one table.

pub mod capture;
pub mod catalogue;
pub mod exchange;
pub mod facts;
pub mod judge;
pub mod report;
pub mod wire;

#[doc(hidden)]
pub mod cli;
#[doc(hidden)]
pub mod commands;
#[doc(hidden)]
pub mod fix;
#[doc(hidden)]
pub mod matrix;
#[doc(hidden)]
pub mod observe;
#[doc(hidden)]
pub mod plan;
#[doc(hidden)]
pub mod story;

mod glob;
mod host;
mod image;
mod install;
mod rooted;
mod sanitize;
mod stacks;
mod suggest;
mod watch;
mod wrap;

/// How text is laid out for a terminal; the lab's program writes as v6check does.
#[doc(hidden)]
pub mod terminal {
    pub use crate::sanitize::block;
    pub use crate::suggest::similar;
    pub use crate::wrap::{COLUMNS, wrap};
}
