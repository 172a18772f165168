//! A default route learned from a Router Advertisement is there.

use super::{Cause, Finding, Judgement, Kind, Subject, Table, heard, timing};
use crate::facts::{Owner, Route, Scope, Tense, Tenses};

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
            let Some(router) = heard::default_router(tenses.network.router.get()?)? else {
                return Ok(Finding::inconclusive("no Router Advertisement that offers a default route was heard, so none can be expected"));
            };
            if let Some(age) = timing::starting(subject) {
                return Ok(Finding::inconclusive(format!("the interface came up {age} s ago and may still be soliciting; run again")));
            }
            let offered = heard::advertisement_evidence(&router);
            let lifetime = router.message.lifetime_s;
            let none = if default.is_empty() { "no default route".to_owned() } else { format!("no default route learned from one, only {shown}") };
            let failed = |message: String| Finding::fail(EXPECTED, shown.clone(), message);
            let finding = if let Some(evidence) = heard::filtered_advertisements(subject) {
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

/// A daemon that handles Router Advertisements itself does so whether the guest forwards or not.
fn by_daemon(tenses: &Tenses) -> bool {
    tenses.state.owners.ra.get().is_ok_and(|owner| owner.name != Owner::KERNEL)
}

/// dhcpcd installs no default route while the interface has no global address (dhcpcd 9.4.1, src/ipv6.c: "no global addresses for default
/// route").
fn waits_for_address(tenses: &Tenses) -> bool {
    let dhcpcd = tenses.state.owners.ra.get().is_ok_and(|owner| owner.name == "dhcpcd");
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
