//! Observing: the only module that touches the machine. It knows no verdicts.
//!
//! State and counters are read before anything is sent, so that what our own solicitations bring about is not taken for the guest's doing.
//! Files of intent, which nothing of that changes, are read by a thread of their own meanwhile.

pub mod boot;
mod host;
mod identity;
mod image;
pub mod intent;
mod network;
mod packet;
mod settle;
pub mod state;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::panic::resume_unwind;
use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::runtime::Runtime;

pub use boot::{begins as begins_capture, facts as capture};
pub use image::{Fault, image, image_with_fault};
pub use intent::{Nic, may_be_interface};
pub use network::{Answers, Ending, Signals, Target, ask};

use crate::facts::{
    Address, AddressFlag, Counters, Facts, Host, HostIntent, HostState, Interface, InterfaceIntent, Link, Network, Observed, Recording, Run, SCHEMA,
    Scope, State, Tenses, Tool,
};
use crate::image::Image;
use crate::plan::{Plan, Survey};
use boot::{Journal, ReadError, Recordings};

/// Why nothing could be observed at all.
#[derive(Debug, thiserror::Error)]
#[error("{what}: {source}")]
pub struct ObserveError {
    /// What was tried.
    pub what: String,
    /// Why it failed.
    pub source: io::Error,
}

/// Told what is being waited for once that takes more than a second: `eth0: waiting for a router (1 s of 5 s)`.
pub type Progress<'a> = &'a dyn Fn(&str);

/// Links and capabilities of this machine, before anything is planned.
///
/// # Errors
/// The kernel does not answer rtnetlink.
pub fn survey() -> Result<Survey, ObserveError> {
    state::survey()
}

/// When to look once more, and at what.
pub trait Again {
    /// How long to wait before the next look, judged by what the last one found; `None` if it was the last.
    fn pause(&self, facts: &Facts) -> Option<Duration>;

    /// What is looked at next; `None` if the same as before.
    fn plan(&self) -> Option<Plan>;
}

/// Makes the observations of `plan`, and looks again as long as `again` says so. What cannot be looked at becomes a reason in the facts, not an
/// error. SIGINT and SIGTERM end the waiting for the network and are told in the facts; where a look before was whole, that one is returned.
///
/// # Errors
/// The run itself is impossible: signals and timers are not to be had, or the capture that was named is none.
pub fn observe(plan: &Plan, again: Option<&dyn Again>, progress: Progress<'_>) -> Result<Facts, ObserveError> {
    let failed = |source| ObserveError { what: "cannot wait for the network".into(), source };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build().map_err(failed)?;
    let mut signals = runtime.block_on(async { Signals::catch() }).map_err(failed)?;
    let mut facts = observe_once(&runtime, plan, &mut signals, progress)?;
    if let Some(again) = again {
        let mut planned = None;
        while facts.run.interrupted.is_none()
            && let Some(pause) = again.pause(&facts)
            && !runtime.block_on(signals.within(pause))
        {
            planned = again.plan().or(planned);
            let next = observe_once(&runtime, planned.as_ref().unwrap_or(plan), &mut signals, progress)?;
            if next.run.interrupted.is_some() {
                break;
            }
            facts = next;
        }
    }
    signals.give_back().map_err(failed)?;
    Ok(facts)
}

fn observe_once(runtime: &Runtime, plan: &Plan, signals: &mut Signals, progress: Progress<'_>) -> Result<Facts, ObserveError> {
    let (tell, told) = mpsc::channel();
    thread::scope(|scope| {
        // Files say the same whether or not the network is asked meanwhile. The recording of the boot does not, if it still goes on.
        let reading = thread::Builder::new().spawn_scoped(scope, move || Files::read(plan, |recordings| drop(tell.send(recordings))));
        let recordings = || told.recv().unwrap_or_else(|_| boot::recordings(&plan.root, plan.boot.as_deref(), &checked(plan)));
        let files = || reading.map_or_else(|_| Files::read(plan, drop), |reading| reading.join().unwrap_or_else(|panic| resume_unwind(panic)));
        runtime.block_on(look(plan, recordings, files, signals, progress))
    })
}

/// What the files of the guest say.
struct Files {
    interfaces: BTreeMap<String, InterfaceIntent>,
    intent: HostIntent,
    host: Host,
}

impl Files {
    /// Reads what was captured of the boot first, and tells it at once: nothing is sent before.
    fn read(plan: &Plan, tell: impl FnOnce(Result<Recordings, ReadError>)) -> Self {
        let recordings = boot::recordings(&plan.root, plan.boot.as_deref(), &checked(plan));
        tell(recordings);
        let nics: Vec<Nic> = checked(plan).into_iter().map(|(name, link)| Nic { mac: link.permanent_mac.or(link.mac), ..Nic::named(name) }).collect();
        let (interfaces, intent) = intent::all(&plan.root, &nics);
        Self { interfaces, intent, host: host::host(&plan.root) }
    }
}

/// The links that are checked.
fn checked(plan: &Plan) -> BTreeMap<&String, &Link> {
    plan.interfaces.iter().filter(|(_, planned)| planned.left_out.is_none()).map(|(name, planned)| (name, &planned.link)).collect()
}

async fn look(
    plan: &Plan,
    recordings: impl Fn() -> Result<Recordings, ReadError>,
    files: impl FnOnce() -> Files,
    signals: &mut Signals,
    progress: Progress<'_>,
) -> Result<Facts, ObserveError> {
    let checked = checked(plan);
    let names: BTreeSet<String> = checked.keys().map(|name| (*name).clone()).collect();
    settle::addresses(&checked, plan.timeout, signals).await;

    let (started, clock, uptime_cs) = (now(), Instant::now(), host::uptime_cs());
    let tables = state::Tables::read();
    // journalctl takes longer than all the rest, so it is begun as soon as it is known to be needed.
    let undated: BTreeSet<&String> =
        checked.iter().filter(|(_, link)| !tables.addresses(link.index).get().is_ok_and(|it| boot::are_of_boot(it))).map(|(name, _)| *name).collect();
    let recordings = || recordings().map_err(|ReadError { file, what }| ObserveError { what: file, source: io::Error::other(what) });
    let early = if undated.is_empty() { None } else { Some(recordings()?) };
    let untold = |(name, recording): (&String, &Observed<_>)| recording.get().is_err() && undated.contains(name);
    let journal = Journal::begin(&plan.root, early.iter().flatten().any(untold));
    let host_state = state::host(&tables);
    let mut states = state::interfaces(&names, &host_state, &tables);
    let before = counters(&names);
    let mut recordings = early.map_or_else(recordings, Ok)?;
    let mut answers = match &plan.network {
        Observed::Seen(()) => {
            // The state was read below `/` as well.
            let root = Image::new(Path::new("/"));
            let target = |(name, link): (&&String, &&Link)| target(name, link, states.get(*name)?, &host_state, &root, recordings.get(*name));
            let targets: Vec<Target> = checked.iter().filter_map(target).collect();
            ask(&targets, Ending { timeout: plan.timeout, thorough: plan.thorough }, signals, progress).await
        }
        Observed::Unknown(_) | Observed::Absent(_) => Answers { networks: BTreeMap::new(), interrupted: None },
    };
    let unasked = match &plan.network {
        Observed::Seen(()) => Observed::unknown("the interface has no MAC address, so nothing can be sent"),
        Observed::Unknown(reason) => Observed::Unknown(reason.clone()),
        Observed::Absent(reason) => Observed::unknown(reason),
    };
    let mut after = settle::counters(&names, &before, &answers.networks).await;
    let mut files = files();
    let journal = journal.end();

    let mut interfaces = BTreeMap::new();
    for (name, planned) in &plan.interfaces {
        let tenses = states.remove(name).map(|mut state| {
            let before = before.get(name).cloned().unwrap_or_else(|| Observed::unknown("not read"));
            let after = after.remove(name).unwrap_or_else(|| Observed::unknown("not read"));
            state.counters = state::witness(before, after);
            let unasked = || Network { router: unasked.clone(), server: unasked.clone() };
            Tenses {
                intent: files.interfaces.remove(name).unwrap_or_else(InterfaceIntent::unread),
                state,
                boot: journal.boot(name, recordings.remove(name).unwrap_or_else(|| Observed::unknown("not read"))),
                network: answers.networks.remove(name).unwrap_or_else(unasked),
            }
        });
        interfaces
            .insert(name.clone(), Interface { left_out: planned.left_out.clone(), naming: None, link: Observed::Seen(planned.link.clone()), tenses });
    }
    Ok(Facts {
        schema: SCHEMA.into(),
        tool: Tool { name: env!("CARGO_PKG_NAME").into(), version: env!("CARGO_PKG_VERSION").into() },
        host: files.host,
        run: Run {
            started,
            elapsed_us: u64::try_from(clock.elapsed().as_micros()).unwrap_or(u64::MAX),
            uptime_cs,
            image: None,
            capture: None,
            unread: Vec::new(),
            passive: plan.passive,
            thorough: plan.thorough,
            timeout_ms: u64::try_from(plan.timeout.as_millis()).unwrap_or(u64::MAX),
            interrupted: answers.interrupted.map(str::to_owned),
        },
        intent: files.intent,
        state: host_state,
        interfaces,
        fixes: Vec::new(),
    })
}

/// The time in UTC, to the millisecond.
fn now() -> String {
    let now = OffsetDateTime::now_utc();
    let now = now.replace_millisecond(now.millisecond()).unwrap_or(now);
    now.format(&Rfc3339).unwrap_or_default()
}

fn counters(names: &BTreeSet<String>) -> BTreeMap<String, Observed<Counters>> {
    names.iter().map(|name| (name.clone(), state::counters(name))).collect()
}

fn target(name: &str, link: &Link, state: &State, host: &HostState, root: &Image, boot: Option<&Observed<Recording>>) -> Option<Target> {
    let mac = link.mac?;
    let usable = |address: &&Address| address.scope == Scope::Link && !address.has(AddressFlag::Tentative) && !address.has(AddressFlag::Dadfailed);
    let link_local = state.addresses.get().ok().and_then(|addresses| addresses.iter().find(usable)).map(|address| address.address);
    let boot = boot.and_then(|boot| boot.get().ok());
    let identity = identity::of(&identity::Guest { name, index: link.index, mac, state, host, root, boot });
    Some(Target { name: name.into(), index: link.index, mac, link_local, identity })
}
