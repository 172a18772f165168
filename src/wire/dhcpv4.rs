//! DHCPv4, as far as a story of the boot tells it beside IPv6: message type and addresses (RFC 2131, RFC 2132 section 9.6).

use std::net::Ipv4Addr;

use super::{u16_at, u32_at};

const ETHERNET_HEADER: usize = 14;
const UDP: u8 = 17;
const COOKIE: u32 = 0x6382_5363;
/// Where the options begin, in bytes from the start of the message.
const OPTIONS: usize = 240;

/// The type of a DHCPDISCOVER.
pub const DISCOVER: u8 = 1;
/// The type of a DHCPOFFER.
pub const OFFER: u8 = 2;
/// The type of a DHCPACK.
pub const ACK: u8 = 5;

/// A DHCPv4 message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message {
    /// Its type (option 53): 1 DHCPDISCOVER to 8 DHCPINFORM.
    pub kind: u8,
    /// Transaction id.
    pub transaction_id: u32,
    /// The client's address as the server gives it; unspecified in messages of the client.
    pub yours: Ipv4Addr,
    /// Address of the sender.
    pub from: Ipv4Addr,
    /// Address that it was sent to.
    pub to: Ipv4Addr,
}

impl Message {
    /// Reads an Ethernet frame; `None` if it is no DHCPv4 message from or to UDP port 67 or 68, or is a later fragment of one.
    pub fn parse(frame: &[u8]) -> Option<Self> {
        let mut at = ETHERNET_HEADER - 2;
        for _ in 0..2 {
            if matches!(u16_at(frame, at)?, 0x8100 | 0x88a8) {
                at += 4;
            }
        }
        if u16_at(frame, at)? != 0x0800 {
            return None;
        }
        let ip = frame.get(at + 2..)?;
        let header = usize::from(ip.first()? & 0xf) * 4;
        if ip.first()? >> 4 != 4 || *ip.get(9)? != UDP || u16_at(ip, 6)? & 0x1fff != 0 {
            return None;
        }
        let udp = ip.get(header..)?;
        let message = udp.get(8..)?;
        let is_dhcp = |port: u16| matches!(port, 67 | 68);
        if !is_dhcp(u16_at(udp, 0)?) || !is_dhcp(u16_at(udp, 2)?) || u32_at(message, OPTIONS - 4)? != COOKIE {
            return None;
        }
        Some(Self {
            kind: kind(message.get(OPTIONS..)?)?,
            transaction_id: u32_at(message, 4)?,
            yours: Ipv4Addr::from(u32_at(message, 16)?),
            from: Ipv4Addr::from(u32_at(ip, 12)?),
            to: Ipv4Addr::from(u32_at(ip, 16)?),
        })
    }
}

/// Option 53.
fn kind(mut options: &[u8]) -> Option<u8> {
    loop {
        match options {
            [0, rest @ ..] => options = rest,
            [53, 1, kind, ..] => return Some(*kind),
            [255, ..] => return None,
            [_, length, ..] => options = options.get(2 + usize::from(*length)..)?,
            _ => return None,
        }
    }
}

/// The name of a message type: `DHCPOFFER`; its number where it has none.
pub fn kind_name(kind: u8) -> String {
    let names = ["DHCPDISCOVER", "DHCPOFFER", "DHCPREQUEST", "DHCPDECLINE", "DHCPACK", "DHCPNAK", "DHCPRELEASE", "DHCPINFORM"];
    usize::from(kind).checked_sub(1).and_then(|at| names.get(at)).map_or_else(|| kind.to_string(), |name| (*name).to_owned())
}
