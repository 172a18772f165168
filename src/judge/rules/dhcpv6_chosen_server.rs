//! The Request goes to a server that advertised itself.

use super::retransmissions::{Sent, shown};
use super::trace::{Trace, seconds};
use super::verdicts::{Look, Verdicts};
use super::{Judgement, Kind, Subject};
use crate::wire::dhcpv6::kind;

/// The Server Identifier of each Request is that of an Advertise that came before it (RFC 8415 section 18.2.2).
#[derive(Debug, Clone, Default)]
pub struct Dhcpv6ChosenServer;

impl Kind for Dhcpv6ChosenServer {
    fn judge(&self, subject: &Subject<'_>) -> Judgement {
        let trace = subject.trace()?;
        let mut verdicts = Verdicts::new("a Request to a server that advertised itself");
        for exchange in trace.transmissions().iter().filter(|exchange| exchange.first().message.kind == kind::REQUEST) {
            let first = exchange.first();
            let to = first.message.server_id().map_or_else(|| "no server".into(), shown);
            verdicts.look(trace.evidence(first.at_us(), format!("Request to {to}")), look(trace, first));
        }
        Ok(verdicts.settle("Requests", [trace]))
    }
}

fn look(trace: &Trace<'_>, request: Sent<'_>) -> Look {
    let place = format!("the Request at {}", seconds(request.at_us()));
    let Some(server) = request.message.server_id() else {
        if request.partly_read() {
            return Look::Unsure(format!("{place} was not captured whole"));
        }
        return Look::Wrong("no Server Identifier".into(), format!("{place} names no server"));
    };
    // A server that refused may be asked again with a Request (RFC 8415 section 18.2.10.1), so a Reply tells of it as well.
    let known = |number: u8| number == kind::ADVERTISE || number == kind::REPLY;
    let mut before = trace.server().filter(|(packet, message)| packet.at_us <= request.at_us() && known(message.kind));
    if before.any(|(_, message)| message.server_id() == Some(server)) {
        return Look::Right;
    }
    let cut = trace.server().any(|(packet, message)| packet.cut && known(message.kind));
    if cut || trace.foreign() || trace.recording.up_at_us.is_none() || trace.lost_between(0, request.at_us()) {
        return Look::Unsure(format!("no Advertise of {} was captured before {place}", shown(server)));
    }
    Look::Wrong(shown(server), format!("{place} goes to server {}, of which no Advertise had come", shown(server)))
}
