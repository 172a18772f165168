//! Whoever handles Router Advertisements on the interface accepts them.

use super::{Cause, Finding, Judgement, Kind, Place, Subject, Table, daemon, heard, intended};
use crate::facts::{Owner, Route, State, Tense, Tenses, Unknown};

/// Router Advertisements are accepted: by the kernel's own rule (`ipv6_accept_ra()`, include/net/ipv6.h: with forwarding only
/// `accept_ra=2` will do), or by the daemon that owns them, which has set the kernel's `accept_ra` to 0 rightly. A daemon is judged by its
/// effect, and where there is none by what it is set up to do. An RA that arrives and that no socket sees is not accepted, whatever the settings say.
#[derive(Debug, Clone, Default)]
pub struct RaAccepted;

const EXPECTED: &str = "Router Advertisements are accepted";

impl Kind for RaAccepted {
    fn judge(&self, subject: &Subject<'_>) -> Judgement {
        now(subject)
    }
}

/// Whether they are accepted now.
///
/// # Errors
/// What decides it could not be looked at.
pub(super) fn now(subject: &Subject<'_>) -> Judgement {
    let (_, tenses) = subject.on_interface()?;
    if let Some(without) = without_ipv6(subject) {
        return Ok(without);
    }
    let owner = tenses.state.owners.ra.get();
    let judgement = match &owner {
        Ok(owner) if owner.name == Owner::KERNEL => {
            by_kernel(subject, &tenses.state).map(|finding| intended::though_set_up(finding, &intended::router_advertisements(subject)))
        }
        Ok(owner) => by_effect(tenses).and_then(|learned| learned.map_or_else(|| daemon::accepts(owner, subject, EXPECTED), Ok)),
        Err(unknown) => by_effect(tenses).and_then(|learned| learned.ok_or_else(|| unknown.clone())),
    };
    // That a firewall drops them can be seen even where nobody can say who would take them.
    let finding = judgement.or_else(|unknown| if unknown.absent { Err(unknown) } else { Ok(Finding::inconclusive(unknown)) })?;
    let finding = match owner {
        Ok(owner) => finding.with(Tense::State, Place::Words(format!("{} handles Router Advertisements", owner.name)), owner.evidence.clone()),
        Err(_) => finding,
    };
    if tenses.state.sysctl("disable_ipv6") == Ok(1) {
        return Ok(Finding::fail(EXPECTED, "disable_ipv6=1", "IPv6 is switched off here (disable_ipv6=1), so nobody accepts any"));
    }
    if finding.verdict != super::super::Verdict::Fail
        && let Some(evidence) = heard::filtered_advertisements(subject)
    {
        let message = "Router Advertisements arrive, but no socket sees them: the guest's firewall drops ICMPv6 type 134, most likely";
        return Ok(Finding::fail(EXPECTED, "RAs arrive and are dropped", message)
            .because(Cause::Firewall)
            .with_all(evidence)
            .with_all(finding.evidence));
    }
    Ok(finding)
}

/// Where the kernel or the interface has no IPv6 there are no settings to look at, and nobody accepts any.
fn without_ipv6(subject: &Subject<'_>) -> Option<Finding> {
    let (_, tenses) = subject.on_interface().ok()?;
    let kernel = subject.facts.state.ipv6.get().ok().filter(|ipv6| !ipv6.present);
    let lacks =
        |seen: &str, place: Place| Finding::fail(EXPECTED, seen, format!("{seen}, so nobody accepts any")).with(Tense::State, place, "absent");
    match kernel.map(|ipv6| &ipv6.command_line) {
        Some(Some(word)) => Some(lacks(&format!("the kernel has no IPv6 ({word})"), Place::Kernel("/proc/sys/net/ipv6".into()))),
        Some(None) => Some(lacks("the kernel has no IPv6", Place::Kernel("/proc/sys/net/ipv6".into()))),
        None => matches!(tenses.state.inet6.get(), Ok(None))
            .then(|| lacks("the interface has no IPv6 part", Place::Words("rtnetlink link, AF_INET6".into()))),
    }
}

fn by_kernel(subject: &Subject<'_>, state: &State) -> Judgement {
    let accept_ra = state.sysctl("accept_ra")?;
    let forwarding = state.sysctl("forwarding")?;
    let seen = format!("accept_ra={accept_ra}, forwarding={forwarding}");
    let accepts = if forwarding == 0 { accept_ra != 0 } else { accept_ra == 2 };
    let finding = if accepts {
        Finding::pass(EXPECTED, format!("{seen}: the kernel accepts them"))
    } else if accept_ra == 0 {
        Finding::fail(EXPECTED, seen, "the kernel ignores Router Advertisements (accept_ra=0), and no program handles them instead")
    } else {
        let since = state.inet6.get().is_ok_and(|inet6| inet6.as_ref().is_some_and(|inet6| inet6.ra_received));
        let since = if since { "; one was accepted before forwarding was turned on" } else { "" };
        let message = format!("the kernel ignores Router Advertisements: forwarding is on, so accept_ra must be 2, and it is {accept_ra}{since}");
        Finding::fail(EXPECTED, seen, message).because(Cause::Forwarding)
    };
    let conf = format!("/proc/sys/net/ipv6/conf/{}", subject.name);
    Ok(finding.with(Tense::State, Place::Kernel(format!("{conf}/accept_ra")), accept_ra.to_string()).with(
        Tense::State,
        Place::Kernel(format!("{conf}/forwarding")),
        forwarding.to_string(),
    ))
}

/// A default route of protocol `ra` is there only if somebody accepted an RA.
fn by_effect(tenses: &Tenses) -> Result<Option<Finding>, Unknown> {
    let routes = tenses.state.routes.get()?;
    let learned = routes.iter().find(|route| route.is_default() && route.protocol == Route::RA);
    Ok(learned.map(|route| {
        let via = route.gateway.map(|gateway| format!("default via {gateway} proto ra")).unwrap_or_default();
        Finding::pass(EXPECTED, "a default route was learned from one").with(Tense::State, Table::Routes, via)
    }))
}
