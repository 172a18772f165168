//! DHCPv6 messages between client and server (RFC 8415 section 8 and 21).
//!
//! Knows the form of the messages, not which options belong in which. Relay messages have another form and are not read.

use std::net::Ipv6Addr;

use super::{Flaw, address_at, flaw, u16_at, u32_at};

/// Message types (RFC 8415 section 7.3).
pub mod kind {
    /// Solicit.
    pub const SOLICIT: u8 = 1;
    /// Advertise.
    pub const ADVERTISE: u8 = 2;
    /// Request.
    pub const REQUEST: u8 = 3;
    /// Confirm.
    pub const CONFIRM: u8 = 4;
    /// Renew.
    pub const RENEW: u8 = 5;
    /// Rebind.
    pub const REBIND: u8 = 6;
    /// Reply.
    pub const REPLY: u8 = 7;
    /// Release.
    pub const RELEASE: u8 = 8;
    /// Decline.
    pub const DECLINE: u8 = 9;
    /// Reconfigure.
    pub const RECONFIGURE: u8 = 10;
    /// Information-request.
    pub const INFORMATION_REQUEST: u8 = 11;
    /// Relay-forward.
    pub const RELAY_FORWARD: u8 = 12;
    /// Relay-reply.
    pub const RELAY_REPLY: u8 = 13;
}

/// Option codes (RFC 8415 section 21).
mod code {
    pub(super) const CLIENT_ID: u16 = 1;
    pub(super) const SERVER_ID: u16 = 2;
    pub(super) const IA_NA: u16 = 3;
    pub(super) const IA_TA: u16 = 4;
    pub(super) const IA_ADDRESS: u16 = 5;
    pub(super) const OPTION_REQUEST: u16 = 6;
    pub(super) const PREFERENCE: u16 = 7;
    pub(super) const ELAPSED_TIME: u16 = 8;
    pub(super) const STATUS_CODE: u16 = 13;
    pub(super) const RAPID_COMMIT: u16 = 14;
    pub(super) const IA_PD: u16 = 25;
    pub(super) const IA_PREFIX: u16 = 26;
}

/// Fixed part of a message, in bytes.
const FIXED: usize = 4;
/// Code and length of an option, in bytes.
const OPTION_HEADER: usize = 4;
/// As deep as options are read: those of the message are 1, those of an address in an association are 3.
const DEEPEST: usize = 4;

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
    /// Identity association for temporary addresses (4).
    IaTa {
        /// IAID.
        iaid: u32,
        /// Its options.
        options: Vec<DhcpOption>,
    },
    /// Identity association for prefix delegation (25).
    IaPd {
        /// IAID.
        iaid: u32,
        /// T1 in seconds.
        t1_s: u32,
        /// T2 in seconds.
        t2_s: u32,
        /// Its options.
        options: Vec<DhcpOption>,
    },
    /// Prefix (26).
    IaPrefix {
        /// Preferred lifetime in seconds.
        preferred_s: u32,
        /// Valid lifetime in seconds.
        valid_s: u32,
        /// Length of the prefix in bits.
        length: u8,
        /// The prefix.
        prefix: Ipv6Addr,
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
    /// The last bytes of what carries the options, raw, from where no option can be read; everything behind the fixed 4 bytes of a relay
    /// message.
    Rest(Vec<u8>),
}

/// Status codes (RFC 8415 section 21.13).
pub mod status {
    /// Success.
    pub const SUCCESS: u16 = 0;
    /// A failure without a reason.
    pub const UNSPEC_FAIL: u16 = 1;
    /// No addresses available.
    pub const NO_ADDRS_AVAIL: u16 = 2;
    /// The server has no such association.
    pub const NO_BINDING: u16 = 3;
    /// The address does not belong on this link.
    pub const NOT_ON_LINK: u16 = 4;
    /// The client is to use multicast.
    pub const USE_MULTICAST: u16 = 5;
    /// No prefixes available.
    pub const NO_PREFIX_AVAIL: u16 = 6;
}

impl Message {
    /// Reads the data of a UDP datagram; `None` if it is shorter than the 4 bytes of its fixed part.
    pub fn parse(data: &[u8]) -> Option<(Self, Vec<Flaw>)> {
        let transaction_id = u32_at(data, 0)? & 0x00ff_ffff;
        let (kind, behind) = (data[0], &data[FIXED..]);
        let mut flaws = Vec::new();
        let options = if matches!(kind, kind::RELAY_FORWARD | kind::RELAY_REPLY) {
            flaws.push(flaw(0, format!("{} is a message between relay and server", kind_name(kind))));
            if behind.is_empty() { Vec::new() } else { vec![DhcpOption::Rest(behind.to_vec())] }
        } else {
            parse_options(behind, FIXED, 1, &mut flaws)
        };
        Some((Self { kind, transaction_id, options }, flaws))
    }

    /// The message again, byte for byte. Of the transaction id its lower 24 bits; what does not fit into the 65535 bytes of an option is cut off.
    pub fn build(&self) -> Vec<u8> {
        let mut bytes = (u32::from(self.kind) << 24 | self.transaction_id & 0x00ff_ffff).to_be_bytes().to_vec();
        build_options(&self.options, &mut bytes);
        bytes
    }

    /// DUID of the client, of the first such option.
    pub fn client_id(&self) -> Option<&[u8]> {
        self.options.iter().find_map(|option| match option {
            DhcpOption::ClientId(duid) => Some(duid.as_slice()),
            _ => None,
        })
    }

    /// Elapsed time in hundredths of a second, of the first such option.
    pub fn elapsed_time(&self) -> Option<u16> {
        self.options.iter().find_map(|option| match option {
            DhcpOption::ElapsedTime(hundredths) => Some(*hundredths),
            _ => None,
        })
    }

    /// Whether it has the Rapid Commit option.
    pub fn rapid_commit(&self) -> bool {
        self.options.iter().any(|option| option.code() == Some(code::RAPID_COMMIT))
    }

    /// DUID of the server, of the first such option.
    pub fn server_id(&self) -> Option<&[u8]> {
        self.options.iter().find_map(|option| match option {
            DhcpOption::ServerId(duid) => Some(duid.as_slice()),
            _ => None,
        })
    }
}

/// Options in `bytes`, which begin at `offset` of the message and are `depth` deep in it.
fn parse_options(bytes: &[u8], offset: usize, depth: usize, flaws: &mut Vec<Flaw>) -> Vec<DhcpOption> {
    let (mut options, mut at) = (Vec::new(), 0);
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        let (Some(code), Some(length)) = (u16_at(rest, 0), u16_at(rest, 2)) else {
            flaws.push(flaw(offset + at, format!("{} behind the last option", in_bytes(rest.len()))));
            options.push(DhcpOption::Rest(rest.to_vec()));
            break;
        };
        let end = OPTION_HEADER + usize::from(length);
        let Some(data) = rest.get(OPTION_HEADER..end) else {
            let left = rest.len() - OPTION_HEADER;
            flaws.push(flaw(offset + at, format!("{} is {} long, {left} are left", option_name(code), in_bytes(length.into()))));
            options.push(DhcpOption::Rest(rest.to_vec()));
            break;
        };
        options.push(DhcpOption::parse(code, data, offset + at, depth, flaws));
        at += end;
    }
    options
}

impl DhcpOption {
    fn parse(code: u16, data: &[u8], offset: usize, depth: usize, flaws: &mut Vec<Flaw>) -> Self {
        if !length_fits(code, data.len()) {
            flaws.push(flaw(offset, format!("{} is {} long", option_name(code), in_bytes(data.len()))));
        }
        if matches!(code, code::IA_NA | code::IA_TA | code::IA_PD | code::IA_ADDRESS | code::IA_PREFIX) && depth > DEEPEST {
            flaws.push(flaw(offset, format!("{} is nested deeper than {DEEPEST}", option_name(code))));
            return Self::Other(code, data.to_vec());
        }
        let nested =
            |at: usize, flaws: &mut Vec<Flaw>| parse_options(data.get(at..).unwrap_or_default(), offset + OPTION_HEADER + at, depth + 1, flaws);
        Self::typed(code, data, |at| nested(at, flaws)).unwrap_or_else(|| Self::Other(code, data.to_vec()))
    }

    /// The option in its type, `None` if it has none here or its length does not fit; `nested` reads the options from a place of the data on.
    fn typed(code: u16, data: &[u8], nested: impl FnOnce(usize) -> Vec<Self>) -> Option<Self> {
        match (code, data.len()) {
            (code::CLIENT_ID, _) => Some(Self::ClientId(data.to_vec())),
            (code::SERVER_ID, _) => Some(Self::ServerId(data.to_vec())),
            (code::IA_NA, 12..) => Some(Self::IaNa { iaid: u32_at(data, 0)?, t1_s: u32_at(data, 4)?, t2_s: u32_at(data, 8)?, options: nested(12) }),
            (code::IA_TA, 4..) => Some(Self::IaTa { iaid: u32_at(data, 0)?, options: nested(4) }),
            (code::IA_PD, 12..) => Some(Self::IaPd { iaid: u32_at(data, 0)?, t1_s: u32_at(data, 4)?, t2_s: u32_at(data, 8)?, options: nested(12) }),
            (code::IA_PREFIX, 25..) => Some(Self::IaPrefix {
                preferred_s: u32_at(data, 0)?,
                valid_s: u32_at(data, 4)?,
                length: data[8],
                prefix: address_at(data, 9)?,
                options: nested(25),
            }),
            (code::IA_ADDRESS, 24..) => Some(Self::IaAddress {
                address: address_at(data, 0)?,
                preferred_s: u32_at(data, 16)?,
                valid_s: u32_at(data, 20)?,
                options: nested(24),
            }),
            (code::OPTION_REQUEST, length) if length.is_multiple_of(2) => {
                Some(Self::OptionRequest(data.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect()))
            }
            (code::PREFERENCE, 1) => Some(Self::Preference(data[0])),
            (code::ELAPSED_TIME, 2) => Some(Self::ElapsedTime(u16_at(data, 0)?)),
            (code::STATUS_CODE, 2..) => Some(Self::StatusCode(u16_at(data, 0)?, data[2..].to_vec())),
            _ => None,
        }
    }

    /// Its code; `None` for bytes that are no option.
    pub fn code(&self) -> Option<u16> {
        Some(match self {
            Self::ClientId(_) => code::CLIENT_ID,
            Self::ServerId(_) => code::SERVER_ID,
            Self::IaNa { .. } => code::IA_NA,
            Self::IaTa { .. } => code::IA_TA,
            Self::IaPd { .. } => code::IA_PD,
            Self::IaPrefix { .. } => code::IA_PREFIX,
            Self::IaAddress { .. } => code::IA_ADDRESS,
            Self::OptionRequest(_) => code::OPTION_REQUEST,
            Self::Preference(_) => code::PREFERENCE,
            Self::ElapsedTime(_) => code::ELAPSED_TIME,
            Self::StatusCode(..) => code::STATUS_CODE,
            Self::Other(code, _) => *code,
            Self::Rest(_) => return None,
        })
    }

    fn build(&self, bytes: &mut Vec<u8>) {
        let mut data = Vec::new();
        match self {
            Self::ClientId(raw) | Self::ServerId(raw) | Self::Other(_, raw) | Self::Rest(raw) => data.extend(raw),
            Self::IaTa { iaid, options } => {
                put_numbers(&mut data, &[*iaid]);
                build_options(options, &mut data);
            }
            Self::IaPrefix { preferred_s, valid_s, length, prefix, options } => {
                put_numbers(&mut data, &[*preferred_s, *valid_s]);
                data.push(*length);
                data.extend(prefix.octets());
                build_options(options, &mut data);
            }
            Self::IaNa { iaid, t1_s, t2_s, options } | Self::IaPd { iaid, t1_s, t2_s, options } => {
                put_numbers(&mut data, &[*iaid, *t1_s, *t2_s]);
                build_options(options, &mut data);
            }
            Self::IaAddress { address, preferred_s, valid_s, options } => {
                data.extend(address.octets());
                put_numbers(&mut data, &[*preferred_s, *valid_s]);
                build_options(options, &mut data);
            }
            Self::OptionRequest(codes) => data.extend(codes.iter().flat_map(|code| code.to_be_bytes())),
            Self::Preference(preference) => data.push(*preference),
            Self::ElapsedTime(hundredths) => data.extend(hundredths.to_be_bytes()),
            Self::StatusCode(status, text) => {
                data.extend(status.to_be_bytes());
                data.extend(text);
            }
        }
        let Some(code) = self.code() else {
            bytes.extend(data);
            return;
        };
        let length = u16::try_from(data.len()).unwrap_or(u16::MAX);
        bytes.extend(code.to_be_bytes());
        bytes.extend(length.to_be_bytes());
        bytes.extend(&data[..length.into()]);
    }
}

/// Apart, so that nested options need little of the stack.
fn put_numbers(bytes: &mut Vec<u8>, numbers: &[u32]) {
    for number in numbers {
        bytes.extend(number.to_be_bytes());
    }
}

fn build_options(options: &[DhcpOption], bytes: &mut Vec<u8>) {
    for option in options {
        option.build(bytes);
    }
}

/// RFC 8415 section 11.1 and 21, RFC 3646 section 3, RFC 4704 section 4. An unknown option has any length.
fn length_fits(code: u16, length: usize) -> bool {
    match code {
        code::CLIENT_ID | code::SERVER_ID => (3..=130).contains(&length),
        code::IA_NA | code::IA_PD => length >= 12,
        code::IA_TA => length >= 4,
        code::IA_ADDRESS => length >= 24,
        code::OPTION_REQUEST => length.is_multiple_of(2),
        code::PREFERENCE => length == 1,
        code::ELAPSED_TIME | code::STATUS_CODE if length < 2 => false,
        code::ELAPSED_TIME => length == 2,
        code::RAPID_COMMIT => length == 0,
        23 => length > 0 && length.is_multiple_of(16),
        code::IA_PREFIX => length >= 25,
        82 | 83 => length == 4,
        _ => true,
    }
}

fn in_bytes(count: usize) -> String {
    if count == 1 { "1 byte".to_owned() } else { format!("{count} bytes") }
}

/// The name of a message type: `Advertise`; its number where it has none.
pub fn kind_name(kind: u8) -> String {
    let name = match kind {
        kind::SOLICIT => "Solicit",
        kind::ADVERTISE => "Advertise",
        kind::REQUEST => "Request",
        kind::CONFIRM => "Confirm",
        kind::RENEW => "Renew",
        kind::REBIND => "Rebind",
        kind::REPLY => "Reply",
        kind::RELEASE => "Release",
        kind::DECLINE => "Decline",
        kind::RECONFIGURE => "Reconfigure",
        kind::INFORMATION_REQUEST => "Information-request",
        kind::RELAY_FORWARD => "Relay-forward",
        kind::RELAY_REPLY => "Relay-reply",
        _ => return kind.to_string(),
    };
    name.to_owned()
}

/// The name of a status code: `NoAddrsAvail`; its number where it has none.
pub fn status_name(code: u16) -> String {
    let name = match code {
        status::SUCCESS => "Success",
        status::UNSPEC_FAIL => "UnspecFail",
        status::NO_ADDRS_AVAIL => "NoAddrsAvail",
        status::NO_BINDING => "NoBinding",
        status::NOT_ON_LINK => "NotOnLink",
        status::USE_MULTICAST => "UseMulticast",
        status::NO_PREFIX_AVAIL => "NoPrefixAvail",
        _ => return code.to_string(),
    };
    name.to_owned()
}

/// An option in words: `option 3 (IA_NA)`, or its number alone if it has no name here.
pub fn option_name(code: u16) -> String {
    let name = match code {
        code::CLIENT_ID => "Client Identifier",
        code::SERVER_ID => "Server Identifier",
        code::IA_NA => "IA_NA",
        code::IA_TA => "IA_TA",
        code::IA_ADDRESS => "IA Address",
        code::OPTION_REQUEST => "Option Request",
        code::PREFERENCE => "Preference",
        code::ELAPSED_TIME => "Elapsed Time",
        11 => "Authentication",
        12 => "Server Unicast",
        code::STATUS_CODE => "Status Code",
        code::RAPID_COMMIT => "Rapid Commit",
        20 => "Reconfigure Accept",
        23 => "DNS Recursive Name Server",
        24 => "Domain Search List",
        code::IA_PD => "IA_PD",
        code::IA_PREFIX => "IA Prefix",
        39 => "Client FQDN",
        82 => "SOL_MAX_RT",
        83 => "INF_MAX_RT",
        _ => return format!("option {code}"),
    };
    format!("option {code} ({name})")
}
