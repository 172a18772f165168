//! Router Advertisements as they were received, with the headers that decide whether a host may believe them (RFC 4861 section 6.1.2).

use std::net::Ipv6Addr;

use pnet::util::MacAddr;

use crate::wire::Flaw;
use crate::wire::frame::{Frame, Payload};
use crate::wire::ndp::{NdOption, RouterAdvertisement};

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
