//! A ruleset file of nft(8): tables, chains and rules as they stand there. Rules of hooks other than `input` are not looked at.

mod expression;
mod lexer;
mod ruleset;

use super::chains::{Fate, fate, strictest};
use super::packet::Packet;
use crate::facts::{FileLine, Passes};
use crate::image::Image;
pub(crate) use ruleset::Ruleset;

/// What becomes of each packet that comes in by `nic`, under the ruleset that the file sets up.
///
/// # Errors
/// Why the file cannot be read to its end.
pub(crate) fn input(root: &Image, path: &str, nic: &str) -> Result<[Fate; 2], String> {
    let ruleset = Ruleset::read(root, path, nic)?;
    // What is not understood may change anything before it.
    if let Some(at) = ruleset.unread.first() {
        return Ok(Packet::BOTH.map(|_| Fate { passes: Passes::CannotTell, at: at.clone() }));
    }
    Ok(Packet::BOTH.map(|packet| {
        let fates =
            ruleset.tables.iter().filter(|table| table.sees_ipv6()).flat_map(|table| {
                table.bases.iter().map(|(chain, base)| fate(&table.chains, chain, base.accepts, &base.at, packet)).collect::<Vec<_>>()
            });
        let none = || Fate { passes: Passes::Yes, at: FileLine::whole(path) };
        strictest(fates).unwrap_or_else(none)
    }))
}
