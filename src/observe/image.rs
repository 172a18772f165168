//! An image on disk, mounted or unpacked below a directory: its intent alone. Needs no privileges, runs nothing of it, and asks no network.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use super::{host, intent, now};
use crate::facts::{Boot, Facts, HostState, Interface, Network, Observed, Run, SCHEMA, State, Tenses, Tool};
use crate::image::Image;
pub use crate::rooted::Fault;

/// Why an image has no state and no network.
const NOT_RUNNING: &str = "it shows in a running guest only, and this is an image (--root)";

/// As many interfaces as are looked at of those that an image names, so that the time has an end.
const MOST_INTERFACES: usize = 256;

/// Looks at the image below `root`: at the interfaces called `names`, or where that is empty at those that its own files name. Where they name
/// fewer than `nics` (one, if absent), others are assumed, as a hypervisor provides them.
pub fn image(root: &Path, names: &[String], nics: Option<usize>) -> Facts {
    look(&Image::new(root), root, names, nics)
}

/// As [`image`], where one of the system calls below `root` fails; and how many there were. For tests.
#[doc(hidden)]
pub fn image_with_fault(root: &Path, names: &[String], fault: Option<Fault>) -> (Facts, u64) {
    let image = Image::failing(root, fault);
    (look(&image, root, names, None), image.calls())
}

fn look(image: &Image, root: &Path, names: &[String], nics: Option<usize>) -> Facts {
    let (started, clock) = (now(), Instant::now());
    let intent::OfImage { named, mut naming, interfaces: mut intents, host: host_intent } = intent::of_image(image, names, nics, MOST_INTERFACES);
    let (names, ports, unread) =
        if names.is_empty() { (named.interfaces, named.ports, named.unread) } else { (names.iter().cloned().collect(), BTreeMap::new(), Vec::new()) };
    let interface = |name: String| {
        let link = Observed::Absent(NOT_RUNNING.into());
        let Some(intent) = intents.remove(&name) else {
            let reason = format!("the image names more than {MOST_INTERFACES} interfaces; name it with --interface");
            return (name, Interface { left_out: Some(reason), naming: None, link, tenses: None });
        };
        let tenses = Tenses { intent, state: State::absent(NOT_RUNNING), boot: Boot::absent(NOT_RUNNING), network: Network::absent(NOT_RUNNING) };
        let naming = naming.remove(&name);
        (name, Interface { left_out: None, naming, link, tenses: Some(tenses) })
    };
    let port = |(name, master): (String, String)| {
        let link = Observed::Absent(NOT_RUNNING.into());
        (name, Interface { left_out: Some(format!("port of {master}")), naming: None, link, tenses: None })
    };
    let interfaces = names.into_iter().map(interface).chain(ports.into_iter().take(MOST_INTERFACES).map(port)).collect();
    Facts {
        schema: SCHEMA.into(),
        tool: Tool { name: env!("CARGO_PKG_NAME").into(), version: env!("CARGO_PKG_VERSION").into() },
        host: host::of_image(image),
        run: Run {
            started,
            elapsed_us: u64::try_from(clock.elapsed().as_micros()).unwrap_or(u64::MAX),
            uptime_cs: 0,
            image: Some(root.display().to_string()),
            capture: None,
            unread,
            passive: false,
            thorough: false,
            timeout_ms: 0,
            interrupted: None,
        },
        intent: host_intent,
        state: HostState::absent(NOT_RUNNING),
        interfaces,
        fixes: Vec::new(),
    }
}
