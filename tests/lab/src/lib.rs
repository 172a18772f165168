//! The lab: links such as a VM of OpenStack has them, in network namespaces of this machine, with the real servers and clients.
//!
//! [`CalicoLink`] is one compute host of Calico with its dnsmasq, [`NeutronLink`] a plain Neutron network with radvd, [`Guest`] a VM's
//! network stack with a file tree of its own, booted by one [`Stack`] or another; [`faults`] are guests by name, and [`tool`] is the program
//! `v6check-lab`. It needs root, and Debian's packages that `tests/install-packages` names or, for less, those that [`needs`] tells. It knows
//! nothing of requirements but which one tells a fault: what else a guest *should* be told is the tests' business.
//!
//! Differences from a compute host: a tap is a veth end, so carrier comes at both ends at once; the dummy `ns-XXX` is a veth end
//! without ARP, since not every kernel has dummies; the filter restates Felix's rules; there is no BGP, and no DHCPv4. From a VM: no udev, no service manager, no hardware.

mod capture;
mod clients;
mod command;
mod dnsmasq;
mod enter;
pub mod faults;
mod felix;
mod guest;
mod link;
mod namespace;
pub mod needs;
mod neutron;
mod radvd;
mod responder;
mod scratch;
mod snapshot;
mod switch;
pub mod tool;
pub mod vm;

use std::net::Ipv6Addr;
use std::time::Duration;

pub use capture::Capture;
pub use clients::{Stack, stand_in};
pub use command::{Daemon, Output, interrupt, is_interrupted, poll, run};
pub use dnsmasq::{Dnsmasq, Host, Range, Served};
pub use enter::command as enter;
pub use guest::{Guest, GuestRun, Nic};
pub use link::{CalicoLink, Port};
pub use namespace::Namespace;
pub use neutron::NeutronLink;
pub use radvd::Radvd;
pub use responder::{Responder, serve as respond};
pub use snapshot::Snapshot;
pub use switch::Switch;

/// How long a single command of the lab may take, on a busy machine as well.
pub const COMMAND_LIMIT: Duration = Duration::from_mins(2);

/// How long a state may take to come about: duplicate address detection, solicitation and DHCPv6 take three to five seconds on an idle
/// machine, and several cells share this one with whatever else runs on it.
pub const STATE_LIMIT: Duration = Duration::from_mins(3);

/// The subnet of every link of the lab (RFC 3849): namespaces keep them apart.
pub const SUBNET: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 1, 0, 0, 0, 0, 0);

/// Why the lab cannot be built or driven.
#[derive(Debug, thiserror::Error)]
pub enum LabError {
    /// A file or process could not be handled.
    #[error("{what}: {source}")]
    Io {
        /// What was tried.
        what: String,
        /// Why it failed.
        source: std::io::Error,
    },
    /// A command failed.
    #[error("{command}: exit code {code:?}: {text}")]
    Failed {
        /// The command.
        command: String,
        /// Its exit code; absent if a signal ended it.
        code: Option<i32>,
        /// What it printed.
        text: String,
    },
    /// Something did not come about in time.
    #[error("not within {} s: {what}", limit.as_secs())]
    Late {
        /// What was waited for.
        what: String,
        /// For how long.
        limit: Duration,
    },
    /// Root or programs are missing: what, and how to get them.
    #[error("{0}")]
    Needs(String),
    /// What a person asked the tool for cannot be done as things are: why, and what to do.
    #[error("{0}")]
    Asked(String),
    /// Nothing more is to be built.
    #[error("interrupted; what was made is gone again")]
    Interrupted,
    /// The lab does not touch what it did not make.
    #[error("refused: {0}")]
    Refused(String),
}

impl LabError {
    /// For `map_err`: an input or output error while `what` was tried.
    pub fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }
}

/// An address of the lab's subnet with this interface identifier.
pub fn address(identifier: u16) -> Ipv6Addr {
    let mut segments = SUBNET.segments();
    segments[7] = identifier;
    Ipv6Addr::from(segments)
}
