//! Network: the answers to our own solicitations, frame by frame as they went over the wire.

use std::fmt::Write;

use serde::{Deserialize, Serialize};

use super::Observed;

/// What the network offers now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Network {
    /// Router Solicitations sent, Router Advertisements received.
    pub router: Observed<Conversation>,
    /// DHCPv6 Solicits sent, what came back for them.
    pub server: Observed<Conversation>,
}

impl Network {
    /// Of a guest that does not run, for this reason.
    pub fn absent(reason: &str) -> Self {
        Self { router: Observed::Absent(reason.into()), server: Observed::Absent(reason.into()) }
    }
}

/// The frames of one conversation and how it ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conversation {
    /// Frames that belong to it, in the order of their time. The guest's own traffic of the same kind is among them.
    pub frames: Vec<Frame>,
    /// Frames of its kind that came after [`Conversation::MOST_FRAMES`] and were not kept.
    pub frames_dropped: u64,
    /// What ended it.
    pub ended: Ended,
    /// How long it took, in microseconds.
    pub elapsed_us: u64,
    /// Who we said we are; only in the conversation with a DHCPv6 server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<ClientIdentity>,
}

impl Conversation {
    /// As many frames as one conversation keeps, so that a flood cannot fill the guest's memory.
    pub const MOST_FRAMES: usize = 256;
}

/// What ended a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// The answer that it needed was in; nobody waited for a second one.
    Answered,
    /// The whole window was waited out.
    Deadline,
    /// A signal ended the waiting.
    Interrupted,
}

/// One Ethernet frame.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Frame {
    /// When, in microseconds since the conversation began.
    pub at_us: u64,
    /// Which way.
    pub direction: Direction,
    /// Whether its transport checksum can be judged.
    pub checksum: TransportChecksum,
    /// The frame from its Ethernet header on, hexadecimal.
    #[serde(with = "hexadecimal")]
    pub bytes: Vec<u8>,
}

/// Which way a frame went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// We sent it.
    Sent,
    /// It arrived.
    Received,
    /// Another program of the guest sent it.
    Guest,
}

/// Whether a frame's transport checksum can be judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TransportChecksum {
    /// It is as it went over the wire.
    Complete,
    /// The device left it unfinished (`TP_STATUS_CSUMNOTREADY`, as virtio and veth do), so it is unknown, not wrong.
    Partial,
}

/// Who we said we are to a DHCPv6 server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientIdentity {
    /// DUID, hexadecimal.
    pub duid: String,
    /// IAID.
    pub iaid: u32,
    /// It is the identity that the guest's own client uses. If not, a server that knows this MAC under another DUID may refuse us and still
    /// serve the guest.
    pub of_guest: bool,
    /// Where it comes from: a lease file, or `made from the MAC address`.
    pub source: String,
}

/// Bytes as facts hold them: hexadecimal digits without anything between them.
pub fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

pub(super) mod hexadecimal {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(in crate::facts) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&super::hexadecimal(bytes))
    }

    pub(in crate::facts) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(deserializer)?;
        if !text.len().is_multiple_of(2) || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(D::Error::custom("a frame is an even number of hexadecimal digits"));
        }
        (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).map_err(D::Error::custom)).collect()
    }
}
