//! Boot: what went over the wire while the guest booted, frame by frame, and what changed in its kernel meanwhile.

use std::net::Ipv6Addr;

use serde::{Deserialize, Serialize};

use super::network::hexadecimal;
use super::{AddressFlag, Direction, Mac, Observed, Route, TransportChecksum};

/// What is known of an interface's boot, the stronger witness first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Boot {
    /// What was captured.
    pub recording: Observed<Recording>,
    /// Lines of this boot's journal in which a DHCPv6 client tells of an exchange on the interface. What they say happened; what they do not
    /// say may have happened as well.
    pub journal: Observed<Vec<JournalLine>>,
}

impl Boot {
    /// Of a guest that does not run, for this reason.
    pub fn absent(reason: &str) -> Self {
        Self { recording: Observed::Absent(reason.into()), journal: Observed::Absent(reason.into()) }
    }

    /// Not looked at, for this reason.
    pub fn unknown(reason: &str) -> Self {
        Self { recording: Observed::unknown(reason), journal: Observed::unknown(reason) }
    }
}

/// A line of the journal that a DHCPv6 client wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JournalLine {
    /// When, in microseconds since boot.
    pub at_us: u64,
    /// The client, named as among the owners: `dhclient`, `systemd-networkd`.
    pub client: String,
    /// The line.
    pub text: String,
    /// The DHCPv6 message that it tells of, by its type (RFC 8415 section 7.3).
    pub message: u8,
    /// The guest sent that message; otherwise it received it.
    pub sent: bool,
}

/// A capture, as far as it is about one interface.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recording {
    /// The file.
    pub file: String,
    /// Who captured.
    pub by: Recorder,
    /// MAC address of the guest's interface; absent where the capture has none.
    pub mac: Option<Mac>,
    /// When the capture began, RFC 3339 in UTC; times of events count from there.
    pub began: String,
    /// How long it reaches, in microseconds: to the end of the recording, or of the capture's last packet.
    pub elapsed_us: u64,
    /// When the interface came up, in microseconds; absent where that is not in the capture, so that earlier frames may be missing.
    pub up_at_us: Option<u64>,
    /// What happened, in the order of time.
    pub events: Vec<Event>,
    /// Spans of which something is missing.
    pub gaps: Vec<Gap>,
}

impl Recording {
    /// As many events of one interface as are kept.
    pub const MOST_EVENTS: usize = 4096;
}

/// Who captured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recorder {
    /// `v6check record` in the guest: links, addresses and routes are among the events, and which way a frame went is certain.
    Guest,
    /// Another program, anywhere on the link: there are frames only.
    Capture,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// When, in microseconds since the capture began.
    pub at_us: u64,
    /// It was found to be so, at the beginning or after a gap: nobody saw it come about.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub found: bool,
    /// What.
    pub what: Happening,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Happening {
    /// A frame was seen.
    Frame(SeenFrame),
    /// The link changed.
    Link(LinkChange),
    /// An IPv6 address changed.
    Address(AddressChange),
    /// An IPv6 route changed.
    Route(RouteChange),
    /// IPv6 forwarding was turned on or off.
    Forwarding(bool),
}

/// A frame of the guest's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeenFrame {
    /// Which way: `guest` is what the guest's own programs sent, `sent` what a v6check run sent from it, `received` all else.
    pub direction: Direction,
    /// Whether its transport checksum can be judged.
    pub checksum: TransportChecksum,
    /// It was longer, and only its beginning was captured.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cut: bool,
    /// The frame from its Ethernet header on, hexadecimal. Of a capture without Ethernet headers, MAC addresses that are not known are zero.
    #[serde(with = "hexadecimal")]
    pub bytes: Vec<u8>,
}

/// How the link is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkChange {
    /// `IFF_UP`: switched on.
    pub up: bool,
    /// `IFF_LOWER_UP`: has a carrier.
    pub carrier: bool,
}

/// What became of an address or a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// It is there now, or is there in another state.
    Set,
    /// It is gone.
    Gone,
}

/// An address of the interface.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddressChange {
    /// What became of it.
    pub change: Change,
    /// The address.
    pub address: Ipv6Addr,
    /// Its prefix length.
    pub prefix_length: u8,
    /// Its flags, by their kernel names without `IFA_F_`.
    pub flags: Vec<AddressFlag>,
    /// Preferred lifetime in seconds; `null` is for ever.
    pub preferred_s: Option<u32>,
    /// Valid lifetime in seconds; `null` is for ever.
    pub valid_s: Option<u32>,
    /// Who made it (`IFA_PROTO`); absent for addresses that a program made.
    pub protocol: Option<u8>,
}

/// A route by the interface.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RouteChange {
    /// What became of it.
    pub change: Change,
    /// The route.
    pub route: Route,
}

/// A span of the recording of which something is missing: frames that the kernel dropped, or that were left out so that the file stays small.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gap {
    /// From when on, in microseconds since the capture began.
    pub from_us: u64,
    /// Until when.
    pub until_us: u64,
    /// How many frames, of all interfaces; absent where nobody counted.
    pub frames: Option<u64>,
}
