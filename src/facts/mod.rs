//! What was observed, as data: the four tenses of each interface, and what belongs to the whole host.
//!
//! Facts know nothing of requirements, verdicts or packets' meaning (frames are kept as bytes). Everything right of them is a
//! function of them, so a saved run judges like the run itself.

mod boot;
mod fix;
mod intent;
mod naming;
mod network;
mod reason;
mod stack;
mod state;
mod store;

use std::collections::BTreeMap;

use pnet::util::MacAddr;
use serde::{Deserialize, Serialize};

pub use boot::{AddressChange, Boot, Change, Event, Gap, Happening, JournalLine, LinkChange, Recorder, Recording, RouteChange, SeenFrame};
pub use fix::{Edit, Fix, Goal, UnitChange};
pub use intent::{
    BakedDuid, BakedIdentity, Claim, Dhclient, DhclientScript, FileLine, Firewall, HostIntent, Intent, InterfaceIntent, Passes, PastedLine,
    RunsDhcpv6, Setting, TakesRas,
};
pub use naming::{NameRule, NameScheme, Naming, is_of_nic};
pub use network::{ClientIdentity, Conversation, Direction, Ended, Frame, Network, TransportChecksum, hexadecimal};
pub use reason::{Reason, ReasonKind};
pub use stack::StackId;
pub use state::{
    Address, AddressFlag, Counters, CountersWitness, DELIVERED_DATAGRAMS, HostState, Inet6, Ipv6Stack, Lease, LeaseAddress, Link, LinkKind,
    Neighbour, Owner, Owners, Process, RECEIVED_DATAGRAMS, RECEIVED_ICMP, RECEIVED_RAS, Route, SENT_RSS, Scope, State, UdpSocket,
};
pub use store::{MOST_BYTES, NotText, StoreError, load, load_bytes, save, utf8};

/// Name and version of the stored format. A reader refuses any other.
pub const SCHEMA: &str = "v6check.facts/1";

/// Something that was looked at, or the reason why it could not be.
///
/// The only way to the value is [`Observed::get`], whose error a rule passes on with `?`; so could-not-look can never be read as
/// "is wrong" or "is not there".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Observed<T> {
    /// It was looked at, and this is what is there.
    Seen(T),
    /// It was not, for this reason.
    Unknown(Reason),
    /// There is nothing to look at, for this reason: an image on disk has no kernel state. What depends on it does not apply.
    Absent(String),
}

/// Why an observation is missing; in a rule it becomes the verdict `inconclusive` with this reason, or `skip` where there is nothing to
/// look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unknown {
    /// The reason.
    pub reason: String,
    /// What kind of obstacle it was.
    pub kind: ReasonKind,
    /// There is nothing to look at ([`Observed::Absent`]).
    pub absent: bool,
}

impl Unknown {
    /// Could not be looked at, for `reason`.
    pub fn new(reason: impl Into<Reason>) -> Self {
        let Reason { kind, text } = reason.into();
        Self { reason: text, kind, absent: false }
    }

    /// The same obstacle, told in other words.
    #[must_use]
    pub fn saying(self, reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), ..self }
    }
}

impl<T> Observed<T> {
    /// What was seen.
    ///
    /// # Errors
    /// The reason why it could not be looked at.
    pub fn get(&self) -> Result<&T, Unknown> {
        match self {
            Self::Seen(value) => Ok(value),
            Self::Unknown(reason) => Err(Unknown::new(reason.clone())),
            Self::Absent(reason) => Err(Unknown { absent: true, ..Unknown::new(reason) }),
        }
    }

    /// Not looked at, for `reason`.
    pub fn unknown(reason: impl Into<Reason>) -> Self {
        Self::Unknown(reason.into())
    }
}

impl From<Unknown> for Reason {
    fn from(unknown: Unknown) -> Self {
        Self::new(unknown.kind, unknown.reason)
    }
}

impl<T, E: Into<Reason>> From<Result<T, E>> for Observed<T> {
    fn from(result: Result<T, E>) -> Self {
        match result {
            Ok(value) => Self::Seen(value),
            Err(error) => Self::Unknown(error.into()),
        }
    }
}

/// Everything one run observed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// [`SCHEMA`].
    pub schema: String,
    /// The program that observed.
    pub tool: Tool,
    /// The machine.
    pub host: Host,
    /// How it was observed.
    pub run: Run,
    /// What the host as a whole is set up to do.
    pub intent: HostIntent,
    /// What the host as a whole holds.
    pub state: HostState,
    /// The links of the host by name, those that are checked and those that are left out.
    pub interfaces: BTreeMap<String, Interface>,
    /// What to change where something is set up wrongly.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fixes: Vec<Fix>,
}

/// Name and version of a program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Tool {
    /// `v6check`.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// The machine that was observed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Host {
    /// Its host name, from the kernel (`uname -n`).
    pub name: String,
    /// Its kernel release (`uname -r`).
    pub kernel: String,
    /// `PRETTY_NAME` of os-release(5); empty where there is none.
    pub distribution: String,
}

/// Stands for the file of a capture where a guest is watched as things happen.
pub const LIVE: &str = "v6check watch";

/// Why a link is left out that nothing has brought up, and that is no hardware NIC.
pub const IDLE: &str = "down and without an address";

/// How the machine was observed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// When the observation began, RFC 3339 in UTC with milliseconds.
    pub started: String,
    /// How long it took, in microseconds.
    pub elapsed_us: u64,
    /// Time since boot when it began, in hundredths of a second: the clock of address time stamps.
    pub uptime_cs: u64,
    /// The image that was looked at instead of a running guest (`--root`): the directory it is mounted or unpacked in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// The capture that was looked at instead of a running guest (`replay CAPTURE`): the file, or [`LIVE`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capture: Option<String>,
    /// Why some of an image's files could not be read that may name interfaces; empty where the interfaces were given. What of a capture was not
    /// read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unread: Vec<String>,
    /// Nothing was sent (`--passive`).
    pub passive: bool,
    /// The whole window was waited out for second routers and servers (`--thorough`).
    pub thorough: bool,
    /// The deadline of all conversations, in milliseconds.
    pub timeout_ms: u64,
    /// The signal that ended the waiting, if one did.
    pub interrupted: Option<String>,
}

/// One link and what is known of it in each tense.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Interface {
    /// Why it is not checked; absent for one that is. The tenses of an interface left out are not observed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_out: Option<String>,
    /// What there is to say about the name of an image's NIC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub naming: Option<Naming>,
    /// The link itself.
    pub link: Observed<Link>,
    /// The tenses; absent exactly when the interface is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenses: Option<Tenses>,
}

/// What is known of one checked interface, tense by tense.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tenses {
    /// What the image is set up to do at the next boot.
    pub intent: InterfaceIntent,
    /// What the kernel and the daemons hold now.
    pub state: State,
    /// What went over the wire while it booted.
    pub boot: Boot,
    /// What the network offers now.
    pub network: Network,
}

/// The tense an observation belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Tense {
    /// What the image is set up to do at the next boot: configuration files.
    Intent,
    /// What the kernel and the daemons hold now.
    State,
    /// What went over the wire while it booted.
    Boot,
    /// What the network offers now: answers to our own solicitations.
    Network,
}

/// A MAC address as `fa:16:3e:00:00:01`.
pub type Mac = MacAddr;
