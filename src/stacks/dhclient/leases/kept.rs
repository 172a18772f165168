//! What a lease file of dhclient keeps, whoever it is for: what an image would hand on to its clones.

use std::collections::BTreeMap;

use super::Block;
use crate::facts::hexadecimal;
use crate::stacks::leases::syntax::{self, Event, Statement};

/// As many interfaces as are told apart.
const MOST_INTERFACES: usize = 64;

/// What a lease file keeps.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    /// The identity of the client, and the line of it.
    pub(crate) duid: Option<(u32, String)>,
    /// The leases that were not released: interface, line, and the first address.
    pub(crate) leases: Vec<(String, u32, String)>,
}

/// Reads a lease file. Of one interface the last block holds.
pub(crate) fn kept(bytes: &[u8]) -> Kept {
    let mut kept = Kept::default();
    let mut blocks: BTreeMap<String, Block> = BTreeMap::new();
    let mut open: Option<Block> = None;
    let mut close = |block: Option<Block>| {
        if let Some(block) = block
            && let Some(name) = block.interface.clone()
            && (blocks.len() < MOST_INTERFACES || blocks.contains_key(&name))
        {
            blocks.insert(name, block);
        }
    };
    for Statement { event, line, depth } in syntax::statements(bytes) {
        match event {
            Event::Set(words) if depth == 0 => {
                if let [keyword, value, ..] = &words[..]
                    && keyword.is("default-duid")
                    && let Some(duid) = value.bytes()
                {
                    kept.duid = Some((line, hexadecimal(&duid)));
                }
            }
            Event::Open(words) if depth == 0 => open = words.first().is_some_and(|word| word.is("lease6")).then(|| Block::new(line)),
            Event::Close if depth == 1 => close(open.take()),
            event => {
                if let Some(block) = &mut open {
                    block.take(&event, depth);
                }
            }
        }
    }
    close(open.filter(|block| !block.addresses.is_empty()));
    let held = blocks.into_iter().filter(|(_, block)| !block.released);
    kept.leases = held
        .filter_map(|(name, block)| {
            let address = block.addresses.first()?;
            Some((name, block.line, format!("lease6 {{ ... iaaddr {} ... }}", address.address)))
        })
        .collect();
    kept
}
