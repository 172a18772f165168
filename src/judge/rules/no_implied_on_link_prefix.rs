//! No on-link route that only an assigned address implies.

use super::{Finding, Judgement, Kind, Place, Subject, Table, heard, held};
use crate::facts::{AddressFlag, Route, Tense};

/// No prefix is taken to be on the link merely because an address with its length was assigned (RFC 5942 section 4, rule 1). On a link
/// where nobody but the router answers, such a route cuts the guest off from its own subnet.
#[derive(Debug, Clone, Default)]
pub struct NoImpliedOnLinkPrefix;

impl Kind for NoImpliedOnLinkPrefix {
    fn judge(&self, subject: &Subject<'_>) -> Judgement {
        const EXPECTED: &str = "no on-link route besides those a router advertises";
        let (_, tenses) = subject.on_interface()?;
        let routes = tenses.state.routes.get()?;
        let assigned = held::assigned_addresses(tenses)?;
        let implied = routes.iter().find_map(|route| {
            if route.gateway.is_some() || route.protocol != Route::KERNEL || !(1..128).contains(&route.prefix_length) {
                return None;
            }
            let address = assigned.iter().find(|address| {
                address.prefix_length == route.prefix_length
                    && !address.has(AddressFlag::Noprefixroute)
                    && held::in_prefix(address.address, route.destination, route.prefix_length)
            })?;
            Some((route, address))
        });
        let Some((route, address)) = implied else {
            let on_link =
                routes.iter().filter(|route| route.gateway.is_none() && route.prefix_length < 128 && !route.destination.is_unicast_link_local());
            let shown = on_link.map(|route| format!("{}/{}", route.destination, route.prefix_length)).collect::<Vec<_>>().join(", ");
            let shown = if shown.is_empty() { "none".into() } else { shown };
            return Ok(Finding::pass(EXPECTED, if shown == "none" { "none".into() } else { format!("{shown}, not implied by an address") }).with(
                Tense::State,
                Place::Words("rtnetlink routes on the link".into()),
                shown,
            ));
        };
        let prefix = format!("{}/{}", route.destination, route.prefix_length);
        let heard = heard::valid_advertisements(tenses.network.router.get()?);
        let advertised = heard
            .iter()
            .flat_map(|advertisement| advertisement.message.prefixes())
            .any(|option| option.on_link() && option.length == route.prefix_length && option.prefix == route.destination);
        let finding = if heard.is_empty() {
            Finding::inconclusive(format!("no Router Advertisement was heard, so whether a router advertises {prefix} as on-link is not known"))
        } else if advertised {
            Finding::pass(EXPECTED, format!("{prefix}, which a router advertises as on-link"))
        } else {
            let message = format!("{prefix} is taken to be on the link only because {}/{} was assigned", address.address, address.prefix_length);
            Finding::fail(EXPECTED, format!("{prefix} proto kernel"), message)
        };
        Ok(finding.with(Tense::State, Table::Routes, format!("{prefix} proto kernel metric {}", route.metric)).with(
            Tense::State,
            Table::Addresses,
            format!("{}/{}", address.address, address.prefix_length),
        ))
    }
}
