//! DHCP unique identifiers (RFC 8415 section 11, RFC 6355).

use std::fmt;

use pnet::util::MacAddr;

/// A DUID as its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Duid(pub Vec<u8>);

impl Duid {
    /// A DUID-LL of an Ethernet address (RFC 8415 section 11.4).
    pub fn link_layer(_mac: MacAddr) -> Self {
        unimplemented!()
    }

    /// Reads hexadecimal digits, with or without colons.
    pub fn from_hex(_text: &str) -> Option<Self> {
        unimplemented!()
    }

    /// The link-layer address in a DUID-LLT or DUID-LL of Ethernet.
    pub fn mac(&self) -> Option<MacAddr> {
        unimplemented!()
    }
}

/// As `00:03:00:01:fa:16:3e:00:00:01`.
impl fmt::Display for Duid {
    fn fmt(&self, _formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        unimplemented!()
    }
}
