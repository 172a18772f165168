//! dibbler-client, a service of its own.

mod lease;

use std::io;

use crate::facts::{FileLine, Intent, Observed, RunsDhcpv6, Setting, StackId};
use crate::host::image_identity::{Keeps, duids};
use crate::host::services;
use crate::image::Image;
use crate::image::Nic;
use crate::stacks::Claim;
use crate::stacks::Given;
use crate::stacks::Reading;
use crate::stacks::leases::LeaseReader;
use crate::stacks::running::{Running, Serves, Socket};
use crate::stacks::stack::Stack;
use crate::stacks::statements::{Block, blocks, intent, words};

const ID: StackId = StackId::Dibbler;
/// Its process, and its name as an owner.
const NAME: &str = "dibbler-client";
const DIBBLER: &str = "/etc/dibbler/client.conf";

pub(crate) const STACK: Stack = Stack {
    read: Some(read),
    running: Running {
        processes: &[NAME],
        socket: Some(Socket { process: NAME, owner: NAME, serves: Serves::AllUnlessBound }),
        asks: Some(|_| true),
        ..Running::NONE
    },
    lease: Some(LeaseReader::Each(lease::lease)),
    keeps: Keeps { duids: &[(&["/var/lib/dibbler/client-duid"], |path, bytes| duids::written(ID, path, bytes))], ..Keeps::NONE },
    ..Stack::new(ID)
};

/// What dibbler-client is set up to do with each of `nics`.
///
/// # Errors
/// Its file cannot be read.
fn read(root: &Image, nics: &[Nic], _: &Given) -> io::Result<Reading> {
    let Some(text) = root.text_if_any(DIBBLER)?.filter(|_| services::starts_if_told(root, &["dibbler-client"])) else {
        return Ok(Reading::default());
    };
    let words = words(&text);
    let blocks: Vec<Block> = blocks(&words).into_iter().filter(|block| block.kind == "iface").collect();
    // It holds for the interfaces that follow it; before the first one it is for all.
    let stateless = words.iter().take_while(|word| word.text != "iface").any(|word| word.text == "stateless");
    let mut reading = Reading::default();
    for nic in nics.iter().filter(|_| !stateless) {
        if let Some(block) = blocks.iter().find(|block| block.name == nic.name) {
            let Some(claim) = asks_dibbler(block) else { continue };
            reading.interfaces.insert(nic.name.clone(), Claim::RunsBeside(claim));
        } else if let Some(block) = blocks.iter().find(|block| block.name.parse::<u32>().is_ok()) {
            let reason = format!("{DIBBLER}:{}: `iface {}` names an interface by its index", block.line, block.name);
            reading.interfaces.insert(nic.name.clone(), Claim::RunsBeside(Observed::unknown(reason)));
        }
    }
    reading.named = blocks.into_iter().map(|block| block.name).filter(|name| name.parse::<u32>().is_err()).collect();
    Ok(reading)
}

/// Whether dibbler asks for an address by this block.
fn asks_dibbler(block: &Block) -> Option<Observed<Intent>> {
    let has = |wanted: &str| block.words.iter().find(|word| word.text == wanted);
    let asks = |line: u32, text: &str| {
        let at = FileLine { path: DIBBLER.to_owned(), line };
        Observed::Seen(intent(ID, Setting { value: RunsDhcpv6::Yes, at, text: text.to_owned() }))
    };
    if has("stateless").is_some() {
        return None;
    }
    if let Some(word) = has("ia").or_else(|| has("IA")) {
        return Some(asks(word.line, "ia (dibbler-client)"));
    }
    // An empty block asks for one address.
    if block.words.is_empty() {
        return Some(asks(block.line, &format!("iface {} {{ }} (dibbler-client)", block.name)));
    }
    if has("pd").is_some() || has("ta").is_some() {
        return None;
    }
    let reason = format!("{}:{}: `iface {}` has neither ia nor stateless", DIBBLER, block.line, block.name);
    Some(Observed::unknown(reason))
}
