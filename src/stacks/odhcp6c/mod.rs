//! odhcp6c of OpenWrt, which netifd or a command starts. It takes Router Advertisements itself and keeps nothing in files.

use crate::facts::{Owner, Process, Reason, StackId, UdpSocket};
use crate::stacks::running::{Running, Serves, Socket, Subject, of_arguments};
use crate::stacks::stack::{Stack, Traits};

const ID: StackId = StackId::Odhcp6c;
const NAME: &str = ID.name();

pub(crate) const STACK: Stack = Stack {
    running: Running {
        processes: &[NAME],
        ras: Some(|subject, processes| Ok(of_arguments(NAME, subject, processes).into_iter().next())),
        clients: Some(clients),
        socket: Some(Socket { process: NAME, owner: NAME, serves: Serves::AsTold }),
        ..Running::NONE
    },
    traits: Traits { keeps_no_duid: true, ..Traits::NONE },
    ..Stack::new(ID)
};

#[expect(clippy::unnecessary_wraps, reason = "other clients have files that cannot be read")]
fn clients(subject: &Subject<'_>, processes: &[Process], _: &[UdpSocket]) -> Result<Vec<Owner>, Reason> {
    Ok(of_arguments(NAME, subject, processes))
}
