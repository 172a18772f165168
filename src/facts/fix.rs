//! Fixes: what to change so that a guest is set up as it has to be. A fix is data; whether it was tried, and what came of it, is part of it.

use serde::{Deserialize, Serialize};

/// What a guest has to be set up for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Goal {
    /// IPv6 is on at the next boot.
    Ipv6,
    /// Router Advertisements are accepted at the next boot, with forwarding and without.
    RouterAdvertisements,
    /// DHCPv6 runs at boot.
    Dhcpv6,
    /// ISC dhclient makes its addresses /128.
    PrefixLength,
    /// The firewall lets Router Advertisements in.
    FirewallAdvertisements,
    /// The firewall lets DHCPv6 answers in.
    FirewallAnswers,
    /// One network stack configures the interface.
    OneStack,
    /// No line of the recipe stands in its backticks.
    LiteralBackticks,
    /// Clones share no machine-id.
    MachineId,
    /// Clones share no DUID.
    Duid,
    /// Clones share no DHCPv6 lease.
    Lease,
    /// Clones share no secret that stable addresses are made of.
    Secret,
}

impl Goal {
    /// All of them, in the order in which they are to be reached: what switches IPv6 off hides all else.
    pub const ALL: [Self; 12] = [
        Self::Ipv6,
        Self::OneStack,
        Self::Dhcpv6,
        Self::RouterAdvertisements,
        Self::LiteralBackticks,
        Self::PrefixLength,
        Self::FirewallAdvertisements,
        Self::FirewallAnswers,
        Self::MachineId,
        Self::Duid,
        Self::Lease,
        Self::Secret,
    ];

    /// Whether it is a goal of the host as a whole.
    pub const fn is_of_host(self) -> bool {
        matches!(self, Self::LiteralBackticks | Self::MachineId | Self::Duid | Self::Lease | Self::Secret)
    }
}

/// One change of a file. Paths are absolute paths of the image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Edit {
    /// Other lines in the place of these. No new ones: the old ones are deleted.
    Lines {
        /// The file.
        path: String,
        /// The first of the old lines, from 1.
        line: u32,
        /// The lines as they stand there.
        old: Vec<String>,
        /// What stands there afterwards.
        new: Vec<String>,
    },
    /// Lines at the end of a file, which is made where it is not there.
    Append {
        /// The file.
        path: String,
        /// The lines.
        lines: Vec<String>,
    },
    /// A key of a section of an ini-like file; the section and the file are made where they are not there.
    Key {
        /// The file.
        path: String,
        /// The section, without brackets.
        section: String,
        /// The key.
        key: String,
        /// Its value; absent to remove every line that sets it.
        value: Option<String>,
    },
    /// A variable of a file that a shell sources.
    Variable {
        /// The file.
        path: String,
        /// The variable.
        name: String,
        /// Its value, a plain word; absent to remove every line that sets it.
        value: Option<String>,
    },
    /// A file as a whole, in the place of what may be there.
    Write {
        /// The file.
        path: String,
        /// What it holds.
        text: String,
        /// Its permissions.
        mode: u32,
    },
    /// A file or symbolic link goes.
    Remove {
        /// The file.
        path: String,
    },
    /// A unit of systemd or a service of OpenRC is enabled, disabled or unmasked: these symbolic links.
    Unit {
        /// Its name.
        unit: String,
        /// What happens to it.
        change: UnitChange,
        /// The links that this makes, each with its target; or those that it takes away, without one.
        links: Vec<(String, Option<String>)>,
    },
}

impl Edit {
    /// The file that it changes; the first one of a unit's links.
    pub fn path(&self) -> &str {
        match self {
            Self::Lines { path, .. }
            | Self::Append { path, .. }
            | Self::Key { path, .. }
            | Self::Variable { path, .. }
            | Self::Write { path, .. }
            | Self::Remove { path } => path,
            Self::Unit { links, .. } => links.first().map_or("", |(path, _)| path),
        }
    }
}

/// What happens to a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnitChange {
    /// It starts at boot from now on.
    Enable,
    /// It does not start at boot any more.
    Disable,
    /// It may be started again.
    Unmask,
}

/// What to change so that a goal is met.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fix {
    /// The goal.
    pub goal: Goal,
    /// The interface; absent for the host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interface: Option<String>,
    /// The changes of files, in this order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub edits: Vec<Edit>,
    /// Commands that make it so on the running guest, before it boots again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub now: Vec<String>,
    /// What no edit does, and somebody has to do or to look at: sentences.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub by_hand: Vec<String>,
    /// Whether the files were read once more with the edits made, and meet the goal. False: it is advice.
    pub proven: bool,
}
