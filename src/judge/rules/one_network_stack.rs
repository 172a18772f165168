//! No more than one network stack and one DHCPv6 client are in charge of the interface.

use std::collections::BTreeSet;

use super::{Evidence, Finding, Judgement, Kind, Place, Subject};
use crate::facts::Tense;

/// One stack configures the interface at boot, and one DHCPv6 client serves it now. Two undo each other's addresses and settings, in an order
/// that differs from boot to boot.
#[derive(Debug, Clone, Default)]
pub struct OneNetworkStack;

impl Kind for OneNetworkStack {
    fn judge(&self, subject: &Subject<'_>) -> Judgement {
        const EXPECTED: &str = "one network stack";
        let (_, tenses) = subject.on_interface()?;
        let clients = tenses.state.owners.dhcpv6.get().map(Vec::as_slice).unwrap_or_default();
        let running: BTreeSet<String> =
            clients.iter().map(|client| client.pid.map_or_else(|| client.name.clone(), |pid| format!("{} (pid {pid})", client.name))).collect();
        let of_clients = clients
            .iter()
            .map(|client| Evidence::new(Tense::State, Place::Process { name: client.name.clone(), pid: None }, client.evidence.clone()));
        let claims = tenses.intent.claims.get();
        let listed = claims.as_ref().map(|claims| claims.as_slice()).unwrap_or_default();
        let stacks: BTreeSet<&str> = listed.iter().map(|claim| claim.stack.name()).collect();
        let of_claims = listed.iter().map(|claim| Evidence {
            tense: Tense::Intent,
            place: (&claim.at).into(),
            value: format!("{}: {}", claim.stack, claim.text),
        });
        let finding = if stacks.len() > 1 {
            let named: Vec<String> = listed.iter().map(|claim| format!("{} ({})", claim.stack, claim.at)).collect();
            let message = format!("{} network stacks are set up to configure it: {}", stacks.len(), named.join(", "));
            Finding::fail(EXPECTED, stacks.into_iter().collect::<Vec<_>>().join(", "), message)
        } else if running.len() > 1 {
            let shown = running.into_iter().collect::<Vec<_>>().join(", ");
            Finding::fail(EXPECTED, shown.clone(), format!("{} DHCPv6 clients serve it at once: {shown}", clients.len()))
        } else {
            claims?;
            match stacks.first() {
                Some(stack) => Finding::pass(EXPECTED, *stack),
                None => Finding::pass(EXPECTED, "no stack configures it").with(
                    Tense::Intent,
                    Place::Words("the network stacks' configuration".into()),
                    "none names it",
                ),
            }
        };
        Ok(finding.with_all(of_claims).with_all(of_clients))
    }
}
