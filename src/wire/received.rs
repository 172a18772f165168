//! Messages as they were received: with the headers that decide whether a host may believe them.

use std::net::Ipv6Addr;

use pnet::util::MacAddr;

use super::Flaw;
use super::dhcpv6::{DhcpOption, Message, kind, status, status_name};
use super::frame::{Frame, Payload};
use super::ndp::{NdOption, RouterAdvertisement};

/// A Router Advertisement as it was received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedAdvertisement {
    /// MAC address of its sender.
    pub mac: MacAddr,
    /// Address of its sender.
    pub from: Ipv6Addr,
    /// Hop limit of its packet.
    pub hop_limit: u8,
    /// Whether its checksum is right; absent where the device had not finished it.
    pub checksum_right: Option<bool>,
    /// The message.
    pub message: RouterAdvertisement,
    /// What is wrong with its bytes.
    pub flaws: Vec<Flaw>,
}

impl ReceivedAdvertisement {
    /// Reads a frame; `None` if it is no Router Advertisement. `checksum_known` says whether its checksum is as it went over the wire.
    pub fn parse(frame: &[u8], checksum_known: bool) -> Option<Self> {
        let (frame, mut flaws) = Frame::parse(frame)?;
        let mut received = Self::of(&frame, checksum_known)?;
        flaws.append(&mut received.flaws);
        Some(Self { flaws, ..received })
    }

    /// The same of a frame that is parsed already; the flaws are then those of the message alone.
    pub fn of(frame: &Frame<'_>, checksum_known: bool) -> Option<Self> {
        let Payload::Icmpv6 { message, checksum_right } = frame.payload else { return None };
        let (message, flaws) = RouterAdvertisement::parse(message)?;
        Some(Self {
            mac: frame.source_mac,
            from: frame.source,
            hop_limit: frame.hop_limit,
            checksum_right: checksum_known.then_some(checksum_right),
            message,
            flaws,
        })
    }

    /// Why a host must discard it (RFC 4861 section 6.1.2); `None` for a valid one.
    pub fn invalid(&self) -> Option<String> {
        if !self.from.is_unicast_link_local() {
            Some(format!("its source {} is not link-local", self.from))
        } else if self.hop_limit != 255 {
            Some(format!("its hop limit is {}, not 255", self.hop_limit))
        } else if self.checksum_right == Some(false) {
            Some("its checksum is wrong".into())
        } else if self.message.code != 0 {
            Some(format!("its code is {}, not 0", self.message.code))
        } else if matches!(self.message.options.last(), Some(NdOption::Rest(_))) {
            // The option list cannot be walked to its end: an option of length 0, or one that runs past the message.
            self.flaws.last().map(ToString::to_string)
        } else {
            None
        }
    }

    /// Whether a host takes its sender as a default router.
    pub fn offers_default_route(&self) -> bool {
        self.invalid().is_none() && self.message.lifetime_s > 0
    }
}

/// A DHCPv6 message from a server as it was received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedAnswer {
    /// Address of its sender.
    pub from: Ipv6Addr,
    /// Address that it was sent to.
    pub to: Ipv6Addr,
    /// MAC address of its sender.
    pub mac: MacAddr,
    /// Whether its checksum is right; absent where the device had not finished it.
    pub checksum_right: Option<bool>,
    /// The message.
    pub message: Message,
    /// What is wrong with its bytes.
    pub flaws: Vec<Flaw>,
}

/// What a server says about an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Offer {
    /// It offers these addresses, with preferred and valid lifetime in seconds.
    Addresses(Vec<(Ipv6Addr, u32, u32)>),
    /// It refuses with this status code and text.
    Refused(u16, String),
    /// It says neither.
    Nothing,
}

impl ReceivedAnswer {
    /// Reads a frame; `None` if it is no Advertise or Reply to UDP port 546. `checksum_known` as for [`ReceivedAdvertisement::parse`].
    pub fn parse(frame: &[u8], checksum_known: bool) -> Option<Self> {
        let (frame, mut flaws) = Frame::parse(frame)?;
        let mut received = Self::of(&frame, checksum_known)?;
        flaws.append(&mut received.flaws);
        Some(Self { flaws, ..received })
    }

    /// The same of a frame that is parsed already; the flaws are then those of the message alone.
    pub fn of(frame: &Frame<'_>, checksum_known: bool) -> Option<Self> {
        let Payload::Udp { destination_port: 546, data, checksum_right, .. } = frame.payload else { return None };
        let (message, flaws) = Message::parse(data)?;
        matches!(message.kind, kind::ADVERTISE | kind::REPLY).then(|| Self {
            from: frame.source,
            to: frame.destination,
            mac: frame.source_mac,
            checksum_right: checksum_known.then_some(checksum_right),
            message,
            flaws,
        })
    }

    /// Whether a client with this transaction and DUID may take it (RFC 8415 section 16.3 and 16.10).
    pub fn answers(&self, transaction_id: u32, duid: &[u8]) -> bool {
        self.message.transaction_id == transaction_id
            && self.message.client_id() == Some(duid)
            && self.message.server_id().is_some()
            && self.checksum_right != Some(false)
    }

    /// What it says about an address for identity association `iaid`. An address that a client must discard is none (RFC 8415 section
    /// 18.2.10.1: lifetime 0, preferred for longer than valid, with a status that is not Success); nor is one in an association that failed.
    pub fn offer(&self, iaid: u32) -> Offer {
        let associations = self.message.options.iter().filter_map(|option| match option {
            DhcpOption::IaNa { iaid: of, options, .. } if *of == iaid => Some(options),
            _ => None,
        });
        let mut refused = failure(&self.message.options);
        let mut addresses = Vec::new();
        for options in associations {
            match failure(options) {
                None => addresses.extend(options.iter().filter_map(usable_address)),
                Some(status) => refused = refused.or(Some(status)),
            }
        }
        match refused {
            Some((code, text)) if addresses.is_empty() || failure(&self.message.options).is_some() => Offer::Refused(code, text),
            _ if addresses.is_empty() => Offer::Nothing,
            _ => Offer::Addresses(addresses),
        }
    }
}

/// The first status among `options` that is not Success.
fn failure(options: &[DhcpOption]) -> Option<(u16, String)> {
    options.iter().find_map(|option| match option {
        DhcpOption::StatusCode(code, text) if *code != status::SUCCESS => Some((*code, String::from_utf8_lossy(text).into_owned())),
        _ => None,
    })
}

fn usable_address(option: &DhcpOption) -> Option<(Ipv6Addr, u32, u32)> {
    match option {
        DhcpOption::IaAddress { address, preferred_s, valid_s, options } if *valid_s > 0 && preferred_s <= valid_s && failure(options).is_none() => {
            Some((*address, *preferred_s, *valid_s))
        }
        _ => None,
    }
}

impl Offer {
    /// As `2001:db8::1 for 86400 s`, `NoAddrsAvail "no addresses available"`, `no address`.
    pub fn describe(&self) -> String {
        match self {
            Self::Addresses(addresses) => {
                addresses.iter().map(|(address, _, valid)| format!("{address} for {valid} s")).collect::<Vec<_>>().join(", ")
            }
            Self::Refused(code, text) if text.is_empty() => status_name(*code),
            Self::Refused(code, text) => format!("{} {text:?}", status_name(*code)),
            Self::Nothing => "no address".into(),
        }
    }
}
