//! Under which identity a recorded guest was given its address.

use std::net::Ipv6Addr;

use crate::facts::{ClientIdentity, Direction, Happening, Recording, SeenFrame};
use crate::wire::dhcpv6::{DhcpOption, Message, kind};
use crate::wire::duid::Duid;
use crate::wire::frame::Frame;
use crate::wire::message::Message as Said;

/// The address that the last Reply of the recording gave the guest, and who the guest was to that server.
pub(in crate::observe) fn last_lease(recording: &Recording) -> Option<(Ipv6Addr, ClientIdentity)> {
    let (mut asked, mut granted) = (None, None);
    for event in &recording.events {
        let Happening::Frame(SeenFrame { direction, cut: false, bytes, .. }) = &event.what else { continue };
        let Some((frame, _)) = Frame::parse(bytes) else { continue };
        match (direction, Said::of(&frame).0) {
            (Direction::Guest, Said::FromClient(message)) if matches!(message.kind, kind::REQUEST | kind::RENEW | kind::REBIND) => {
                asked = Some(message);
            }
            (Direction::Received, Said::ToClient(reply)) if reply.kind == kind::REPLY => {
                let Some(asked) = asked.as_ref().filter(|asked| answers(&reply, asked)) else { continue };
                granted = given(&reply).and_then(|(iaid, address)| Some((address, identity(recording, asked, iaid)?))).or(granted);
            }
            _ => {}
        }
    }
    granted
}

fn answers(reply: &Message, asked: &Message) -> bool {
    reply.transaction_id == asked.transaction_id && reply.client_id() == asked.client_id()
}

fn identity(recording: &Recording, asked: &Message, iaid: u32) -> Option<ClientIdentity> {
    let source = format!("{}, the exchange that gave the address", recording.file);
    Some(ClientIdentity { duid: Duid(asked.client_id()?.to_vec()).to_string(), iaid, of_guest: true, source })
}

/// The first address of a Reply, with the association that it is in.
fn given(reply: &Message) -> Option<(u32, Ipv6Addr)> {
    reply.options.iter().find_map(|option| match option {
        DhcpOption::IaNa { iaid, options, .. } => options.iter().find_map(|option| match option {
            DhcpOption::IaAddress { address, valid_s, .. } if *valid_s > 0 => Some((*iaid, *address)),
            _ => None,
        }),
        _ => None,
    })
}
