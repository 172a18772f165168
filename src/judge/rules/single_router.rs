//! Nobody but one router advertises itself.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::{Finding, Judgement, Kind, Subject, Table, heard};
use crate::facts::{Ended, Route, Tense};

/// One router only. A second one shows among the answers, or among the default routes that the guest has learned; that there is none is
/// known only when the whole window was waited out.
#[derive(Debug, Clone, Default)]
pub struct SingleRouter;

impl Kind for SingleRouter {
    fn judge(&self, subject: &Subject<'_>) -> Judgement {
        const EXPECTED: &str = "one router";
        let (_, tenses) = subject.on_interface()?;
        let conversation = tenses.network.router.get()?;
        let heard = heard::valid_advertisements(conversation);
        let evidence: Vec<_> = heard.iter().map(heard::advertisement_evidence).collect();
        let answered: BTreeSet<IpAddr> = heard.iter().map(|advertisement| IpAddr::from(advertisement.from)).collect();
        let routes = tenses.state.routes.get().map(Vec::as_slice).unwrap_or_default();
        let learned: BTreeSet<IpAddr> =
            routes.iter().filter(|route| route.is_default() && route.protocol == Route::RA).filter_map(|route| route.gateway).collect();
        let routers = if answered.len() > 1 { &answered } else { &learned };
        let shown = routers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let finding = if routers.len() > 1 {
            Finding::fail(EXPECTED, shown.clone(), format!("{} routers advertise themselves: {shown}", routers.len()))
        } else if let Some(silent) = learned.iter().find(|learned| !answered.contains(learned)) {
            Finding::inconclusive(format!("the default route is via {silent}, which was not heard now; whether it still is a router is not known"))
        } else if conversation.ended == Ended::Deadline && subject.facts.run.thorough {
            Finding::pass(EXPECTED, answered.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
        } else if conversation.ended == Ended::Interrupted {
            Finding::inconclusive("interrupted by a signal before the whole window was waited out")
        } else {
            Finding::skip("a second one was not waited for; --thorough waits the whole window")
        };
        let learned = learned.iter().map(|gateway| super::Evidence {
            tense: Tense::State,
            place: Table::Routes.into(),
            value: format!("default via {gateway} proto ra"),
        });
        Ok(finding.with_all(evidence).with_all(learned))
    }
}
