//! Virtual machines on the lab's link: an image is booted by QEMU as image QA would boot it, and is never written to.
//!
//! ```text
//! Base (mmdebstrap, once, cached) or anybody's image -> Overlay -> changed: layers, v6check install -> Machine on a tap -> Reported
//! ```
//!
//! An [`Overlay`] takes all that is written; layers and v6check go into it by the file system mounted in a mount namespace of its own. The
//! [`Machine`]'s first serial port is its console; over the second one the guest sends what it found, as one that has no address must.

mod accelerator;
mod anyones;
mod base;
mod booted;
mod breaks;
mod header;
mod images;
mod layer;
mod machine;
mod mend;
mod nocloud;
mod overlay;
mod reported;
mod seed;

pub use accelerator::Accelerator;
pub use anyones::{NEEDS, Setup, boot as boot_anyones};
pub use base::{Base, Making, Origin};
pub use booted::{Booted, More, Stage};
pub use breaks::{BREAKS, Break, Link, Server};
pub use images::{IMAGES, Image, Nic, SeedOf, Stack};
pub use layer::{Entry, Layer};
pub use machine::{Hardware, Machine};
pub use mend::{Mend, ran_well, user_data};
pub use nocloud::nocloud;
pub use overlay::{Overlay, Unmountable};
pub use reported::Reported;
pub use seed::{Seed, Subnet};

/// The guest's serial port that reports go out by, in the guest's words.
pub const REPORTS_PORT: &str = "/dev/ttyS1";
/// Its console.
pub const CONSOLE_PORT: &str = "/dev/ttyS0";
