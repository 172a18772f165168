//! Whether something that is missing may only be missing yet: the interface came up just now, or duplicate address detection goes on.
//!
//! Time stamps of addresses stand still while the machine is suspended, and the uptime does not; right after a resume an age is too high.

use super::Subject;
use crate::facts::{Address, Scope};

/// How long after the interface came up its own solicitation may still be under way: first delay, one lost RS and its interval, and a
/// router's delay, in hundredths of a second.
const STARTING_CS: u64 = 800;
/// How long duplicate address detection may take, in milliseconds: as long as the observation waits for it at most.
const DETECTION_MS: u64 = 4000;

/// The age of the interface in seconds, if that is so low that the guest may still be soliciting.
pub(super) fn starting(subject: &Subject<'_>) -> Option<u64> {
    let (_, tenses) = subject.on_interface().ok()?;
    let addresses = tenses.state.addresses.get().ok()?;
    let born = addresses.iter().filter(|address| address.scope == Scope::Link).map(|address| address.created_cs).min()?;
    let age = subject.facts.run.uptime_cs.saturating_sub(born);
    (age < STARTING_CS).then_some(age / 100)
}

/// Whether duplicate address detection of a tentative address may still end by itself: the address is new, or the run did not wait for it. The kernel
/// begins it after a random part of `router_solicitation_delay` (net/ipv6/addrconf.c, `addrconf_dad_kick`), which is a second by default.
pub(super) fn detection_goes_on(subject: &Subject<'_>, address: &Address) -> bool {
    let run = &subject.facts.run;
    let age_cs = run.uptime_cs.saturating_sub(address.created_cs);
    let delay_s = subject.on_interface().ok().and_then(|(_, tenses)| tenses.state.sysctl("router_solicitation_delay").ok()).unwrap_or(1);
    let later_cs = u64::try_from(delay_s.saturating_sub(1)).unwrap_or(0).saturating_mul(100);
    run.interrupted.is_some() || run.timeout_ms < DETECTION_MS || age_cs < (DETECTION_MS / 10).saturating_add(later_cs)
}

/// Whether the guest forwards by the kernel's setting of now; no where that cannot be told.
pub(super) fn forwards_now(subject: &Subject<'_>) -> bool {
    subject.on_interface().is_ok_and(|(_, tenses)| tenses.state.sysctl("forwarding").is_ok_and(|forwarding| forwarding != 0))
}
