//! DHCP unique identifiers (RFC 8415 section 11, RFC 6355).

use std::fmt;

use pnet::util::MacAddr;
use time::OffsetDateTime;

use super::{mac_at, u16_at, u32_at};

const LINK_LAYER_TIME: u16 = 1;
const ENTERPRISE: u16 = 2;
const LINK_LAYER: u16 = 3;
const UUID: u16 = 4;
/// Hardware type of Ethernet (IANA, ARP parameters).
const ETHERNET: u16 = 1;
/// 2000-01-01 00:00 UTC in Unix time, where the time of a DUID-LLT begins (RFC 8415 section 11.2).
const EPOCH_S: i64 = 946_684_800;

/// A DUID as its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Duid(pub Vec<u8>);

impl Duid {
    /// A DUID-LL of an Ethernet address (RFC 8415 section 11.4).
    pub fn link_layer(mac: MacAddr) -> Self {
        let mut bytes = vec![0, 3, 0, 1];
        bytes.extend(mac.octets());
        Self(bytes)
    }

    /// Reads hexadecimal digits, with or without colons between the bytes. `None` for anything else, no digits and half a byte included.
    pub fn from_hex(text: &str) -> Option<Self> {
        if text.is_empty() || text.ends_with(':') {
            return None;
        }
        let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|value| u8::try_from(value).ok());
        let byte = |part: &[u8]| match *part {
            [high, low] | [high, low, b':'] => Some(digit(high)? << 4 | digit(low)?),
            _ => None,
        };
        text.as_bytes().chunks(if text.contains(':') { 3 } else { 2 }).map(byte).collect::<Option<_>>().map(Self)
    }

    /// The link-layer address in a DUID-LLT or DUID-LL of Ethernet.
    pub fn mac(&self) -> Option<MacAddr> {
        let at = match u16_at(&self.0, 0)? {
            LINK_LAYER_TIME => 8,
            LINK_LAYER => 4,
            _ => return None,
        };
        (u16_at(&self.0, 2)? == ETHERNET && self.0.len() == at + 6).then(|| mac_at(&self.0, at)).flatten()
    }

    /// In words: `DUID-LLT of fa:16:3e:00:00:01, made 2026-01-02`; the day in UTC. The time is what the client's clock said, and its 32 bits
    /// start again in 2136.
    pub fn describe(&self) -> String {
        let of = self.mac().map_or_else(String::new, |mac| format!(" of {mac}"));
        match u16_at(&self.0, 0) {
            Some(LINK_LAYER_TIME) => format!("DUID-LLT{of}{}", self.made()),
            Some(ENTERPRISE) => {
                let of = u32_at(&self.0, 2).map_or_else(String::new, |number| format!(" of enterprise {number}"));
                format!("DUID-EN{of}")
            }
            Some(LINK_LAYER) => format!("DUID-LL{of}"),
            Some(UUID) => "DUID-UUID".to_owned(),
            Some(kind) => format!("DUID of type {kind}"),
            None => format!("DUID of {} bytes", self.0.len()),
        }
    }

    fn made(&self) -> String {
        let made = u32_at(&self.0, 4).and_then(|seconds| OffsetDateTime::from_unix_timestamp(EPOCH_S + i64::from(seconds)).ok());
        made.map_or_else(String::new, |time| format!(", made {}", time.date()))
    }
}

/// As `00:03:00:01:fa:16:3e:00:00:01`.
impl fmt::Display for Duid {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, byte) in self.0.iter().enumerate() {
            write!(formatter, "{}{byte:02x}", if at == 0 { "" } else { ":" })?;
        }
        Ok(())
    }
}
