//! Who else on the link says that an address is its own (RFC 4862 section 5.4), and what shows that the guest took one.

use std::net::Ipv6Addr;
use std::ops::Range;

use super::trace::{Sender, Trace, TracedPacket};
use crate::facts::Mac;
use crate::wire::message::Message;
use crate::wire::neighbor::solicited_node;

/// How long after its Neighbor Solicitation a detection still listens (`RetransTimer`, RFC 4861 section 10), in microseconds.
const DETECTION_US: u64 = 1_000_000;

/// The guest's link-local address is another node's, so that the guest cannot speak (RFC 4862 section 5.4.5).
#[derive(Debug, Clone, Copy)]
pub struct LinkLocalConflict {
    /// When the other node said so.
    pub at_us: u64,
    /// The address.
    pub address: Ipv6Addr,
    /// The other node.
    pub mac: Mac,
}

impl<'a> Trace<'a> {
    /// The first packet of a span in which another node claims `address`: a valid Neighbor Advertisement, or a test of its own. What comes back to
    /// who sent it claims nothing.
    pub fn claimed(&self, address: Ipv6Addr, span: Range<u64>) -> Option<&TracedPacket<'a>> {
        self.packets.iter().filter(|packet| packet.by == Sender::Network && span.contains(&packet.at_us)).find(|packet| {
            let claims = match &packet.message {
                Message::NeighborAdvertisement(it) => it.target == address,
                // A capture may not know MAC addresses, and then the guest's own test may come back.
                Message::NeighborSolicitation(it) => {
                    it.target == address && packet.frame.source.is_unspecified() && !packet.frame.source_mac.is_zero()
                }
                _ => false,
            };
            claims && packet.valid_neighbor() && !self.echoed(packet)
        })
    }

    /// Another node answered the test of the guest's link-local address, and the guest sent nothing from an address since.
    pub fn link_local_conflict(&self) -> Option<LinkLocalConflict> {
        let (tested_us, address) = self.detections().filter(|(_, target)| target.is_unicast_link_local()).last()?;
        let other = self.claimed(address, tested_us..tested_us.saturating_add(DETECTION_US))?;
        let spoke = self.own().any(|packet| packet.at_us > other.at_us && !packet.frame.source.is_unspecified());
        (!spoke).then_some(LinkLocalConflict { at_us: other.at_us, address, mac: other.frame.source_mac })
    }

    /// When the guest showed first, from a time on, that it took `address`: it tests it, reports its group, or sends from it.
    pub fn took(&self, address: Ipv6Addr, from_us: u64) -> Option<u64> {
        let group = solicited_node(address);
        let shared = self.shares_group(address);
        let takes = |packet: &&TracedPacket<'_>| match &packet.message {
            _ if packet.at_us < from_us => false,
            Message::NeighborSolicitation(it) if packet.frame.source.is_unspecified() => it.target == address,
            _ if packet.frame.source == address => true,
            Message::ListenerReport(report) => !shared && report.records.iter().any(|record| record.group == group && record.joins()),
            _ => false,
        };
        self.own().find(takes).map(|packet| packet.at_us)
    }

    /// Whether another address of the guest has the same solicited-node group, so that no report shows which of them is meant.
    pub fn shares_group(&self, address: Ipv6Addr) -> bool {
        let group = solicited_node(address);
        let others = self.own().map(|packet| packet.frame.source).chain(self.detections().map(|(_, target)| target));
        let mut others = others.filter(|other| !other.is_unspecified() && *other != address);
        others.any(|other| solicited_node(other) == group)
    }

    /// Whether the guest reported any group before a time.
    pub fn reported_before(&self, at_us: u64) -> bool {
        self.own().any(|packet| packet.at_us <= at_us && matches!(packet.message, Message::ListenerReport(_)))
    }

    /// Whether reports of the guest's groups are in the recording.
    pub fn reports_groups(&self) -> bool {
        self.own().any(|packet| matches!(packet.message, Message::ListenerReport(_)))
    }
}
