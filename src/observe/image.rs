//! An image on disk, mounted or unpacked below a directory: its intent alone. Needs no privileges, runs nothing of it, and asks no network.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Instant;

use super::{Nic, host, intent, now};
use crate::facts::{Facts, HostState, Interface, InterfaceIntent, Network, Observed, Run, SCHEMA, State, Tenses, Tool};

/// Why an image has no state and no network.
const NOT_RUNNING: &str = "it shows in a running guest only, and this is an image (--root)";

/// Looks at the image below `root`: at the interfaces called `names`, or where that is empty at those that its own files name.
pub fn image(root: &Path, names: &[String]) -> Facts {
    let (started, clock) = (now(), Instant::now());
    let names: BTreeSet<String> = if names.is_empty() { intent::named(root) } else { names.iter().cloned().collect() };
    let nics: Vec<Nic> = names.iter().map(|name| Nic { name: name.clone(), mac: None }).collect();
    let mut intents = intent::interfaces(root, &nics);
    let interface = |name: String| {
        let intent = intents.remove(&name).unwrap_or_else(InterfaceIntent::unread);
        let tenses = Tenses { intent, state: State::absent(NOT_RUNNING), network: Network::absent(NOT_RUNNING) };
        (name, Interface { left_out: None, link: Observed::Absent(NOT_RUNNING.into()), tenses: Some(tenses) })
    };
    let interfaces = names.into_iter().map(interface).collect();
    Facts {
        schema: SCHEMA.into(),
        tool: Tool { name: env!("CARGO_PKG_NAME").into(), version: env!("CARGO_PKG_VERSION").into() },
        host: host::of_image(root),
        run: Run {
            started,
            elapsed_us: u64::try_from(clock.elapsed().as_micros()).unwrap_or(u64::MAX),
            uptime_cs: 0,
            image: Some(root.display().to_string()),
            passive: false,
            thorough: false,
            timeout_ms: 0,
            interrupted: None,
        },
        intent: intent::host(root),
        state: HostState::absent(NOT_RUNNING),
        interfaces,
    }
}
