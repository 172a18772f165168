//! What was looked at, and where.

use std::fmt;

use crate::facts::{FileLine, Owner, Setting, Tense};

/// Where something was seen. Rules and reports decide by the variant; only people read the text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// A line of a file, or a file as a whole.
    Line(FileLine),
    /// A file of procfs or sysfs, by its absolute path.
    Kernel(String),
    /// A table of the kernel, by rtnetlink.
    Netlink(Table),
    /// A packet in a recording or capture: the file, and the time in it.
    Frame {
        /// The recording or capture.
        file: String,
        /// When, in the words of the report: `3.330 s`.
        at: String,
    },
    /// A message that this run received, by its kind and sender: `Router Advertisement from fe80::1`.
    Message(String),
    /// A process, by its name and id.
    Process {
        /// Its name.
        name: String,
        /// Its process id.
        pid: Option<u32>,
    },
    /// Anything else, in words: several files together, or the lack of any.
    Words(String),
}

/// A table of the kernel that rtnetlink shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Table {
    /// Links: flags, carrier, MTU.
    Links,
    /// Addresses.
    Addresses,
    /// Link-local addresses alone.
    LinkLocalAddresses,
    /// Routes.
    Routes,
}

impl Place {
    /// The line of a configuration file, if it is one.
    pub fn line(&self) -> Option<&FileLine> {
        match self {
            Self::Line(line) => Some(line),
            _ => None,
        }
    }

    /// The process that is in charge of an interface.
    pub fn of_owner(owner: &Owner) -> Self {
        Self::Process { name: owner.name.clone(), pid: owner.pid }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(line) => line.fmt(to),
            Self::Kernel(text) | Self::Message(text) | Self::Words(text) => to.write_str(text),
            Self::Netlink(Table::Links) => to.write_str("rtnetlink link"),
            Self::Netlink(Table::Addresses) => to.write_str("rtnetlink addresses"),
            Self::Netlink(Table::LinkLocalAddresses) => to.write_str("rtnetlink addresses of scope link"),
            Self::Netlink(Table::Routes) => to.write_str("rtnetlink routes"),
            Self::Frame { file, at } => write!(to, "{file} at {at}"),
            Self::Process { name, pid: Some(pid) } => write!(to, "{name} (pid {pid})"),
            Self::Process { name, pid: None } => to.write_str(name),
        }
    }
}

impl From<FileLine> for Place {
    fn from(line: FileLine) -> Self {
        Self::Line(line)
    }
}

impl From<&FileLine> for Place {
    fn from(line: &FileLine) -> Self {
        Self::Line(line.clone())
    }
}

impl From<Table> for Place {
    fn from(table: Table) -> Self {
        Self::Netlink(table)
    }
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Evidence {
    /// The tense it belongs to.
    pub tense: Tense,
    /// Where it was seen.
    pub place: Place,
    /// What was there.
    pub value: String,
}

impl Evidence {
    /// What was seen at `place`.
    pub fn new(tense: Tense, place: impl Into<Place>, value: impl Into<String>) -> Self {
        Self { tense, place: place.into(), value: value.into() }
    }

    /// A configured value, with the line that makes it.
    pub fn of_setting<T>(setting: &Setting<T>) -> Self {
        Self::new(Tense::Intent, &setting.at, setting.text.clone())
    }
}
