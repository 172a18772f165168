//! A default route learned from a Router Advertisement is there.

use super::{Cause, Finding, Judgement, Kind, Subject, Table, network_answers, timing};
use crate::facts::{Owner, RECEIVED_RAS, Route, Scope, Tense, Tenses};
use crate::stacks;

/// A default route of protocol `ra`, whenever the network's RA offers one (RFC 4861 section 6.3.4). Routes were read before we
/// solicited, so a route that only our own solicitation brought does not count.
#[derive(Debug, Clone, Default)]
pub struct RaDefaultRoute;

impl Kind for RaDefaultRoute {
    fn judge(&self, subject: &Subject<'_>) -> Judgement {
        const EXPECTED: &str = "a default route learned from a Router Advertisement";
        let (_, tenses) = subject.on_interface()?;
        let routes = tenses.state.routes.get()?;
        let default: Vec<&Route> = routes.iter().filter(|route| route.is_default()).collect();
        let shown =
            if default.is_empty() { "no default route".into() } else { default.iter().map(|route| show(route)).collect::<Vec<_>>().join(", ") };
        let finding = if let Some(route) = default.iter().find(|route| route.protocol == Route::RA) {
            Finding::pass(EXPECTED, show(route))
        } else {
            let Some(router) = subject.router()?.default_router()? else {
                return Ok(Finding::inconclusive("no Router Advertisement that offers a default route was heard, so none can be expected"));
            };
            if let Some(withdrawn) = subject.router()?.valid.iter().find(|other| other.from == router.from && other.message.lifetime_s == 0) {
                let reason = format!(
                    "{} offers a default route, and takes it back by another Router Advertisement with lifetime 0: a rogue router speaks in its \
                     name, most likely",
                    withdrawn.from
                );
                return Ok(Finding::inconclusive(reason).with_all([router, withdrawn].map(network_answers::advertisement_evidence)));
            }
            if let Some(age) = timing::starting(subject).filter(|_| by_daemon(tenses) || !received_before(tenses)) {
                return Ok(Finding::inconclusive(format!("the interface came up {age} s ago and may still be soliciting; run again")));
            }
            let offered = network_answers::advertisement_evidence(router);
            let lifetime = router.message.lifetime_s;
            let none = if default.is_empty() { "no default route".to_owned() } else { format!("no default route learned from one, only {shown}") };
            let failed = |message: String| Finding::fail(EXPECTED, shown.clone(), message);
            let finding = if let Some(evidence) = network_answers::filtered_advertisements(subject) {
                failed(format!("{none}: Router Advertisements arrive, but the guest's firewall drops them, most likely"))
                    .because(Cause::Firewall)
                    .with_all(evidence)
            } else if !by_daemon(tenses) && tenses.state.sysctl("forwarding").is_ok_and(|forwarding| forwarding != 0) {
                failed(format!("{none}, though {} offers one for {lifetime} s: forwarding is on", router.from)).because(Cause::Forwarding)
            } else if waits_for_address(tenses) {
                failed(format!("{none}, though {} offers one for {lifetime} s: dhcpcd adds it once it holds a global address", router.from))
            } else if !by_daemon(tenses) && tenses.state.sysctl("accept_ra_defrtr").is_ok_and(|learned| learned == 0) {
                failed(format!("{none}, though {} offers one for {lifetime} s: accept_ra_defrtr is 0, so the kernel learns none", router.from))
            } else {
                failed(format!("{none}, though {} offers one for {lifetime} s", router.from))
            };
            finding.with_all([offered])
        };
        Ok(finding.with(Tense::State, Table::Routes, shown))
    }
}

/// The kernel has received one before we solicited, so that it does not solicit any more.
fn received_before(tenses: &Tenses) -> bool {
    tenses.state.counters.get().is_ok_and(|counters| counters.before.get(RECEIVED_RAS).is_some_and(|received| *received > 0))
}

/// A daemon that handles Router Advertisements itself does so whether the guest forwards or not.
fn by_daemon(tenses: &Tenses) -> bool {
    tenses.state.owners.ra.get().is_ok_and(|owner| owner.name != Owner::KERNEL)
}

/// dhcpcd installs no default route while the interface has no global address (dhcpcd 9.4.1, src/ipv6.c: "no global addresses for default
/// route").
fn waits_for_address(tenses: &Tenses) -> bool {
    let dhcpcd = tenses.state.owners.ra.get().is_ok_and(|owner| stacks::traits_of(owner).route_after_address);
    dhcpcd && tenses.state.addresses.get().is_ok_and(|addresses| addresses.iter().all(|address| address.scope != Scope::Global))
}

fn show(route: &Route) -> String {
    let protocol = match route.protocol {
        Route::KERNEL => "kernel".into(),
        Route::RA => "ra".into(),
        3 => "boot".into(),
        4 => "static".into(),
        16 => "dhcp".into(),
        other => other.to_string(),
    };
    let via = route.gateway.map(|gateway| format!(" via {gateway}")).unwrap_or_default();
    let expires = route.expires_s.map(|expires| format!(" expires {expires} s")).unwrap_or_default();
    format!("default{via} proto {protocol} metric {}{expires}", route.metric)
}
