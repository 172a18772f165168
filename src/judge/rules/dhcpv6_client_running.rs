//! Exactly one DHCPv6 client serves the interface.

use super::{Finding, Judgement, Kind, Place, Subject, daemon, dhcpv6_intended, intended, timing};
use crate::facts::{FileLine, Lease, Owner, StackId, Tense, Tenses, Unknown};
use crate::judge::daemon::Waiting;
use crate::stacks;

/// One DHCPv6 client runs for the interface; or, for clients that keep no process while they are bound, one of them holds a fresh lease.
#[derive(Debug, Clone, Default)]
pub struct Dhcpv6ClientRunning;

impl Kind for Dhcpv6ClientRunning {
    fn judge(&self, subject: &Subject<'_>) -> Judgement {
        const EXPECTED: &str = "exactly one DHCPv6 client";
        let (interface, tenses) = subject.on_interface()?;
        let clients = tenses.state.owners.dhcpv6.get()?;
        let show = |owner: &Owner| match owner.pid {
            Some(pid) => format!("{} (pid {pid})", owner.name),
            None => owner.name.clone(),
        };
        let shown = clients.iter().map(show).collect::<Vec<_>>().join(", ");
        let finding = match clients.as_slice() {
            [_] => Finding::pass(EXPECTED, shown),
            [] => {
                match daemon::waiting(subject) {
                    Some(Waiting::Filtered(why, _) | Waiting::Unmanaged(why)) => return Ok(Finding::skip(why)),
                    Some(Waiting::Unheard(why)) => return Ok(Finding::inconclusive(format!("none runs: {why}"))),
                    None => {}
                }
                if let Some(lease) = lease_without_process(tenses)? {
                    let seen = format!("{} holds a lease and needs no process", lease.client);
                    Finding::pass(EXPECTED, seen).with(Tense::State, FileLine::whole(&lease.path), "a fresh lease")
                } else if !interface.link.get()?.carrier {
                    return Ok(Finding::inconclusive(
                        "none runs, but the interface has no carrier, and many a stack starts its client only with one",
                    ));
                } else if let Some(age) = timing::starting(subject)
                    && subject.origins().is_ok_and(|origins| origins.dhcpv6().is_empty())
                {
                    // Where an address is held, a client has run already.
                    return Ok(Finding::inconclusive(format!("none runs yet, but the interface came up only {age} s ago; run again")));
                } else {
                    let none = Finding::fail(EXPECTED, "none", "no DHCPv6 client runs");
                    let none = none.with(Tense::State, Place::Words("processes and sockets on UDP 546".into()), "none");
                    intended::though_set_up(none, &dhcpv6_intended::at_boot(subject))
                }
            }
            _ => Finding::fail(EXPECTED, shown.clone(), format!("{} DHCPv6 clients compete for it: {shown}", clients.len())),
        };
        let evidence = clients.iter().map(|client| super::Evidence::new(Tense::State, Place::of_owner(client), client.evidence.clone()));
        Ok(finding.with_all(evidence))
    }
}

/// A fresh lease of a client that keeps no process while it is bound.
///
/// # Errors
/// The leases could not be read.
pub(super) fn lease_without_process(tenses: &Tenses) -> Result<Option<&Lease>, Unknown> {
    let needs_none = |lease: &&Lease| StackId::of_client(&lease.client).is_some_and(|id| stacks::traits(id).lease_without_process);
    Ok(tenses.state.leases.get()?.iter().filter(|lease| lease.fresh).find(needs_none))
}
