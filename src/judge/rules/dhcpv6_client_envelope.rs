//! The addresses and the port that the DHCPv6 client sends from and to.

use std::net::Ipv6Addr;

use serde::Deserialize;

use super::retransmissions::Sent;
use super::trace::{Trace, seconds};
use super::verdicts::{Look, Verdicts};
use super::{Judgement, Kind, Subject};
use crate::wire::dhcpv6::Message;
use crate::wire::frame::Payload;

/// `ff02::1:2`, All_DHCP_Relay_Agents_and_Servers (RFC 8415 section 7.1).
const SERVERS: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 1, 2);

/// Server Unicast (RFC 8415 section 21.12).
const SERVER_UNICAST: u16 = 12;

/// What is sent to all servers comes from a link-local address, and to one server only is sent after it allowed that with Server Unicast.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Dhcpv6ClientEnvelope {
    /// The source port to be used; absent where the addresses are judged instead.
    source_port: Option<u16>,
}

impl Kind for Dhcpv6ClientEnvelope {
    fn judge(&self, subject: &Subject<'_>) -> Judgement {
        let trace = subject.trace()?;
        let mut verdicts = Verdicts::new(match self.source_port {
            Some(port) => format!("sent from UDP port {port}"),
            None => "sent from a link-local address to ff02::1:2".into(),
        });
        let allows = |message: &Message| message.options.iter().any(|option| option.code() == Some(SERVER_UNICAST));
        let unicast_from = trace.server().find(|(_, message)| allows(message)).map(|(packet, _)| packet.at_us);
        for sent in trace.sent() {
            let look = match self.source_port {
                Some(port) => ports(sent, port),
                None => addresses(trace, sent, unicast_from),
            };
            let value = format!("{} from {} to {}", sent.name(), sent.packet.frame.source, sent.packet.frame.destination);
            verdicts.look(trace.evidence(sent.at_us(), value), look);
        }
        Ok(verdicts.settle("DHCPv6 messages of the guest", [trace]))
    }
}

fn ports(sent: Sent<'_>, expected: u16) -> Look {
    match sent.packet.frame.payload {
        Payload::Udp { source_port, .. } if source_port != expected => Look::Wrong(
            format!("from port {source_port}"),
            format!("the {} at {} is sent from UDP port {source_port}, not {expected}", sent.name(), seconds(sent.at_us())),
        ),
        _ => Look::Right,
    }
}

fn addresses(trace: &Trace<'_>, sent: Sent<'_>, unicast_from: Option<u64>) -> Look {
    let (source, destination) = (sent.packet.frame.source, sent.packet.frame.destination);
    let place = format!("the {} at {}", sent.name(), seconds(sent.at_us()));
    if destination == SERVERS {
        if source.is_unicast_link_local() {
            return Look::Right;
        }
        return Look::Wrong(format!("from {source}"), format!("{place} is sent from {source}, which is no link-local address"));
    }
    if !destination.is_multicast() && unicast_from.is_some_and(|from| from < sent.at_us()) {
        return Look::Right;
    }
    if !destination.is_multicast() && (trace.foreign() || trace.recording.up_at_us.is_none() || trace.lost_between(0, sent.at_us())) {
        return Look::Unsure(format!("{place} goes to {destination}; whether that server allowed unicast was not captured"));
    }
    Look::Wrong(format!("to {destination}"), format!("{place} is sent to {destination}, not to ff02::1:2"))
}
