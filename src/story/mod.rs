//! The boot told in words: each event of a recording as who said what to whom, in one line.
//!
//! Knows facts and packets, and no verdicts: what is told is what was seen. Texts may hold what a hostile network sent; who shows them makes
//! them harmless.

mod kernel;
mod messages;

use std::net::Ipv6Addr;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::facts::{Event, Gap, Happening, Recording};

/// Who says something, or is told it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Actor {
    /// The guest.
    Guest,
    /// A router, or all routers.
    Router,
    /// A DHCP server, or all servers.
    Server,
    /// Other nodes of the link, or all of them.
    Others,
    /// The guest's kernel, which tells what it holds now.
    Kernel,
}

/// One event in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Told {
    /// When, in microseconds since the recording began.
    pub at_us: u64,
    /// Who.
    pub from: Actor,
    /// To whom.
    pub to: Actor,
    /// What kind of event: `router_advertisement`, `reply`, `address_added`.
    pub kind: String,
    /// What: `RA M O lifetime 1800 via fe80::1`.
    pub text: String,
    /// What the text has, decoded.
    #[serde(skip)]
    pub fields: Map<String, Value>,
}

/// What an event says, before it is told by whom.
struct Words {
    kind: &'static str,
    text: String,
    fields: Map<String, Value>,
}

impl Words {
    fn new(kind: &'static str, text: impl Into<String>) -> Self {
        Self { kind, text: text.into(), fields: Map::new() }
    }

    fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.fields.insert(name.into(), value.into());
        self
    }

    fn told(self, at_us: u64, from: Actor, to: Actor) -> Told {
        Told { at_us, from, to, kind: self.kind.into(), text: self.text, fields: self.fields }
    }
}

/// As many items of each kind are remembered; a hostile link has no end of routers.
const MOST_REMEMBERED: usize = 256;

/// Tells the events of one interface in their order. It remembers what earlier ones said: who the routers are, what was offered, which
/// addresses are there.
#[derive(Debug, Default)]
pub struct Narrator {
    /// The DHCPv6 client in charge, where it is known.
    client: Option<String>,
    conversation: messages::Conversation,
    kernel: kernel::Memory,
}

impl Narrator {
    /// Of an interface whose DHCPv6 client is called `client`.
    pub fn new(client: Option<String>) -> Self {
        Self { client, ..Self::default() }
    }

    /// Whether the event would be told better by one who knows the client: a DHCPv6 server gave the address.
    pub fn lacks_client(&self, event: &Event) -> bool {
        matches!(&event.what, Happening::Address(it) if self.client.is_none() && self.conversation.leased(it.address))
    }

    /// From now on the interface's DHCPv6 client is called `client`.
    pub fn name_client(&mut self, client: Option<String>) {
        self.client = client;
    }

    /// The event in words; `None` where nothing of it is new.
    pub fn tell(&mut self, event: &Event) -> Option<Told> {
        match &event.what {
            Happening::Frame(frame) => Some(self.conversation.tell(event.at_us, frame)),
            other => {
                let context = kernel::Context { at_us: event.at_us, found: event.found, heard: &self.conversation, client: self.client.as_deref() };
                let words = self.kernel.tell(other, &context)?;
                Some(words.told(event.at_us, Actor::Kernel, Actor::Guest))
            }
        }
    }
}

/// All of a recording in words; `client` is the interface's DHCPv6 client, where it is known.
pub fn tell(recording: &Recording, client: Option<String>) -> Vec<Told> {
    let mut narrator = Narrator::new(client);
    let mut told: Vec<Told> = recording.events.iter().filter_map(|event| narrator.tell(event)).collect();
    told.extend(recording.gaps.iter().map(gap));
    // Stable, so that events of the same time stay in their order.
    told.sort_by_key(|told| told.at_us);
    told
}

/// A span of which something is missing, in words.
pub fn gap(gap: &Gap) -> Told {
    let until = seconds(gap.until_us);
    let mut words = match gap.frames {
        Some(1) => Words::new("gap", format!("1 frame is missing until {until}")).with("frames", 1),
        Some(frames) => Words::new("gap", format!("{frames} frames are missing until {until}")).with("frames", frames),
        None => Words::new("gap", format!("frames may be missing until {until}")),
    };
    words = words.with("until_us", gap.until_us);
    words.told(gap.from_us, Actor::Kernel, Actor::Guest)
}

/// A time of the recording in words: `3.214 s`.
pub fn seconds(at_us: u64) -> String {
    format!("{}.{:03} s", at_us / 1_000_000, at_us / 1000 % 1000)
}

/// The first few of `items` in a row, and how many more there are.
fn list(items: &[String]) -> String {
    const MOST: usize = 3;
    let shown = items.iter().take(MOST).cloned().collect::<Vec<_>>().join(", ");
    if items.len() > MOST { format!("{shown} and {} more", items.len() - MOST) } else { shown }
}

/// Remembers `item`, once, as long as there is room.
fn remember<T: PartialEq>(items: &mut Vec<T>, item: T) {
    if !items.contains(&item) && items.len() < MOST_REMEMBERED {
        items.push(item);
    }
}

/// Whether the first `length` bits of two addresses are the same.
fn same_prefix(one: Ipv6Addr, other: Ipv6Addr, length: u8) -> bool {
    let shift = 128 - u32::from(length.min(128));
    u128::from(one).checked_shr(shift) == u128::from(other).checked_shr(shift)
}
