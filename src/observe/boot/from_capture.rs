//! A capture judged alone (`replay CAPTURE`): the facts that packets tell. Each guest in it is an interface, and its own conversations stand for
//! those that a run would have had: what the guest asked, and who answered.

mod conversation;

use std::collections::BTreeMap;
use std::io::Read;

use super::ReadError;
use super::read::{self, Reading};
use crate::facts::{Boot, Facts, Host, HostIntent, HostState, Interface, InterfaceIntent, Observed, Recording, Run, SCHEMA, State, Tenses, Tool};

/// Why a capture has nothing else.
const PACKETS_ONLY: &str = "a capture shows packets only";

/// The facts of the capture that `source` holds and that is called `name`.
///
/// # Errors
/// It is no capture, or is damaged.
pub fn facts(source: &mut dyn Read, name: &str) -> Result<Facts, ReadError> {
    const TOO_MANY: &str = "the capture has so many guests that not all are told of, or even named; keep its frames alone, \
                            `tcpdump -r CAPTURE -w ITS_OWN ether host MAC`";
    let Reading { recordings, left_out, unread, began, elapsed_us, .. } = read::stream(source, name)?;
    let mut facts = recorded(recordings, name, began, elapsed_us);
    facts.run.unread = unread;
    let link = Observed::Absent(PACKETS_ONLY.to_owned());
    let others =
        left_out.into_iter().map(|name| (name, Interface { left_out: Some(TOO_MANY.into()), naming: None, link: link.clone(), tenses: None }));
    facts.interfaces.extend(others);
    Ok(facts)
}

/// The facts that recordings tell, by interface: of the capture that is called `name`, when it began (RFC 3339), and how long it reaches.
pub fn recorded(recordings: BTreeMap<String, Recording>, name: &str, began: String, elapsed_us: u64) -> Facts {
    let interfaces: BTreeMap<String, Interface> = recordings.into_iter().map(|(name, recording)| (name, interface(recording))).collect();
    Facts {
        schema: SCHEMA.into(),
        tool: Tool { name: env!("CARGO_PKG_NAME").into(), version: env!("CARGO_PKG_VERSION").into() },
        host: Host { name: String::new(), kernel: String::new(), distribution: String::new() },
        run: Run {
            started: began,
            elapsed_us,
            uptime_cs: 0,
            image: None,
            capture: Some(name.to_owned()),
            unread: Vec::new(),
            passive: false,
            // Each conversation says by how it ended whether it was waited out.
            thorough: true,
            timeout_ms: elapsed_us / 1000,
            interrupted: None,
        },
        intent: HostIntent::absent(PACKETS_ONLY),
        state: HostState::absent(PACKETS_ONLY),
        interfaces,
        fixes: Vec::new(),
    }
}

fn interface(recording: Recording) -> Interface {
    let network = conversation::of(&recording);
    let boot = Boot { recording: Observed::Seen(recording), journal: Observed::Absent(PACKETS_ONLY.into()) };
    let tenses = Tenses { intent: InterfaceIntent::absent(PACKETS_ONLY), state: State::absent(PACKETS_ONLY), boot, network };
    Interface { left_out: None, naming: None, link: Observed::Absent(PACKETS_ONLY.into()), tenses: Some(tenses) }
}
