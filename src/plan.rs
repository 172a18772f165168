//! The plan: which interfaces are looked at, what is read, and what is sent. Pure and printable (`--plan`).

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use crate::facts::{Link, Observed};

/// What the machine has, read before anything is planned.
#[derive(Debug, Clone)]
pub struct Survey {
    /// Its links by name.
    pub links: BTreeMap<String, SurveyedLink>,
    /// Whether frames can be sent and captured (CAP_NET_RAW); if not, why.
    pub raw_sockets: Observed<()>,
}

/// A link as the survey found it.
#[derive(Debug, Clone)]
pub struct SurveyedLink {
    /// The link.
    pub link: Link,
    /// It has an address other than a link-local one.
    pub configured: bool,
}

/// What a run was asked for.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Interfaces by name; empty for those that are NICs to this guest.
    pub interfaces: Vec<String>,
    /// Send nothing.
    pub passive: bool,
    /// Wait the whole window for second routers and servers.
    pub thorough: bool,
    /// Deadline of all conversations.
    pub timeout: Duration,
}

/// The observations to make.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The root directory that files are read below: `/`.
    pub root: PathBuf,
    /// Every link with the reason why it is left out, if it is.
    pub interfaces: BTreeMap<String, PlannedInterface>,
    /// The network is solicited; if not, why.
    pub network: Observed<()>,
    /// Wait the whole window.
    pub thorough: bool,
    /// Nothing is sent because the user said so.
    pub passive: bool,
    /// Deadline of all conversations.
    pub timeout: Duration,
}

/// A link in the plan.
#[derive(Debug, Clone)]
pub struct PlannedInterface {
    /// The link.
    pub link: Link,
    /// Why it is left out; absent if it is checked.
    pub left_out: Option<String>,
}
