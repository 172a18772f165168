//! DHCPv6 messages between client and server (RFC 8415 section 8 and 21).

use std::net::Ipv6Addr;

use super::Flaw;

/// Message types (RFC 8415 section 7.3).
pub mod kind {
    /// Solicit.
    pub const SOLICIT: u8 = 1;
    /// Advertise.
    pub const ADVERTISE: u8 = 2;
    /// Request.
    pub const REQUEST: u8 = 3;
    /// Reply.
    pub const REPLY: u8 = 7;
}

/// A DHCPv6 message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its type, see [`kind`].
    pub kind: u8,
    /// Transaction id, 24 bits.
    pub transaction_id: u32,
    /// Its options in order.
    pub options: Vec<DhcpOption>,
}

/// An option; those that carry options keep theirs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DhcpOption {
    /// Client identifier (1): the DUID.
    ClientId(Vec<u8>),
    /// Server identifier (2): the DUID.
    ServerId(Vec<u8>),
    /// Identity association for addresses (3).
    IaNa {
        /// IAID.
        iaid: u32,
        /// T1 in seconds.
        t1_s: u32,
        /// T2 in seconds.
        t2_s: u32,
        /// Its options.
        options: Vec<DhcpOption>,
    },
    /// Address (5).
    IaAddress {
        /// The address.
        address: Ipv6Addr,
        /// Preferred lifetime in seconds.
        preferred_s: u32,
        /// Valid lifetime in seconds.
        valid_s: u32,
        /// Its options.
        options: Vec<DhcpOption>,
    },
    /// Options requested (6).
    OptionRequest(Vec<u16>),
    /// Preference (7).
    Preference(u8),
    /// Elapsed time in hundredths of a second (8).
    ElapsedTime(u16),
    /// Status (13): code and text as sent.
    StatusCode(u16, Vec<u8>),
    /// Any other, or one of the above whose length does not fit: code and data.
    Other(u16, Vec<u8>),
}

/// Status codes (RFC 8415 section 21.13).
pub mod status {
    /// Success.
    pub const SUCCESS: u16 = 0;
    /// No addresses available.
    pub const NO_ADDRS_AVAIL: u16 = 2;
}

impl Message {
    /// Reads the data of a UDP datagram; `None` if it is shorter than the 4 bytes of its fixed part.
    pub fn parse(_data: &[u8]) -> Option<(Self, Vec<Flaw>)> {
        unimplemented!()
    }

    /// The message again, byte for byte.
    pub fn build(&self) -> Vec<u8> {
        unimplemented!()
    }

    /// DUID of the client, of the first such option.
    pub fn client_id(&self) -> Option<&[u8]> {
        self.options.iter().find_map(|option| match option {
            DhcpOption::ClientId(duid) => Some(duid.as_slice()),
            _ => None,
        })
    }

    /// DUID of the server, of the first such option.
    pub fn server_id(&self) -> Option<&[u8]> {
        self.options.iter().find_map(|option| match option {
            DhcpOption::ServerId(duid) => Some(duid.as_slice()),
            _ => None,
        })
    }
}

/// The name of a message type: `Advertise`; its number where it has none.
pub fn kind_name(_kind: u8) -> String {
    unimplemented!()
}

/// The name of a status code: `NoAddrsAvail`; its number where it has none.
pub fn status_name(_code: u16) -> String {
    unimplemented!()
}
