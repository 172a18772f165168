//! The DUID that a DHCPv6 client keeps is this machine's, and not one that a copied disk brought along.

use std::collections::BTreeSet;

use super::{Evidence, Finding, Judgement, Kind, Place, Subject};
use crate::facts::{Facts, FileLine, LinkKind, Mac, Tense, Unknown};
use crate::wire::duid::Duid;

/// The MAC address in the DUID of the interface's client is, or was burnt in as, that of some NIC of this guest. A DUID without one, such as that
/// made of a machine-id, does not tell.
#[derive(Debug, Clone, Default)]
pub struct DuidOfThisGuest;

/// Clients that make their DUID anew whenever they start (networking/udhcp/d6_dhcpc.c of BusyBox, `odhcp6c.c`).
const KEEP_NONE: [&str; 2] = ["udhcpc6", "odhcp6c"];

impl Kind for DuidOfThisGuest {
    fn judge(&self, subject: &Subject<'_>) -> Judgement {
        let (duid, evidence) = match in_use(subject)? {
            Ok(found) => found,
            Err(finding) => return Ok(finding),
        };
        let shown = duid.describe();
        let Some(mac) = duid.mac() else {
            return Ok(Finding::skip(format!("{shown} has no MAC address in it, so whether another machine has it too cannot be seen from here")));
        };
        let finding = match of_nics(subject.facts) {
            (macs, _) if macs.contains(&mac) => Finding::pass("a DUID of this guest", shown),
            (_, None) => {
                let message = format!(
                    "the DHCPv6 client calls itself by the DUID of a machine with MAC address {mac}, which no NIC of this guest has: the disk is a copy \
                     of that machine's, or its NIC was replaced"
                );
                Finding::fail("a DUID of this guest", shown, message)
            }
            (_, Some(doubt)) => Finding::inconclusive(format!("no NIC has the MAC address of the {shown} now, and {doubt}")),
        };
        Ok(finding.with_all([evidence]))
    }
}

/// The DUID that the interface's client uses, as it keeps it; or why none is looked for.
///
/// # Errors
/// Which one it uses is not known.
fn in_use(subject: &Subject<'_>) -> Result<Result<(Duid, Evidence), Finding>, Unknown> {
    if subject.facts.run.image.is_some() {
        return Ok(Err(Finding::skip("an image has no NICs whose DUID it could be")));
    }
    let (_, tenses) = subject.on_interface()?;
    let clients = tenses.state.owners.dhcpv6.get()?;
    if clients.is_empty() {
        return Ok(Err(Finding::skip("no DHCPv6 client runs, so no DUID is in use")));
    }
    if let Some(client) = clients.iter().find(|client| KEEP_NONE.contains(&client.name.as_str())) {
        return Ok(Err(Finding::skip(format!("{} keeps no DUID that a copy of the disk could bring along", client.name))));
    }
    let leases = tenses.state.leases.get()?;
    let of_client = |client: &str| clients.iter().any(|owner| owner.name == client);
    let kept = leases.iter().rev().filter(|lease| of_client(&lease.client)).find_map(|lease| {
        let place = Place::Line(FileLine { path: lease.path.clone(), line: lease.line });
        Some((Duid::from_hex(lease.duid.as_ref()?)?, place, &lease.client[..]))
    });
    let asked = || {
        let identity = tenses.network.server.get().ok()?.identity.as_ref().filter(|identity| identity.of_guest)?;
        Some((Duid::from_hex(&identity.duid)?, Place::Words(identity.source.clone()), "the client in charge"))
    };
    let (duid, place, client) = kept.or_else(asked).ok_or_else(|| Unknown::new("which DUID the DHCPv6 client uses is not known"))?;
    let evidence = Evidence { tense: Tense::State, place, value: format!("DUID of {client}: {duid}, {}", duid.describe()) };
    Ok(Ok((duid, evidence)))
}

/// The MAC address in a DUID, where for certain no NIC of this guest has it.
pub(super) fn of_another_machine(facts: &Facts, duid: &str) -> Option<Mac> {
    let mac = Duid::from_hex(duid)?.mac()?;
    matches!(of_nics(facts), (macs, None) if !macs.contains(&mac)).then_some(mac)
}

/// The MAC addresses of all NICs, those left out and those burnt in included; and why there may be more of them.
fn of_nics(facts: &Facts) -> (BTreeSet<Mac>, Option<String>) {
    let (mut macs, mut doubt) = (BTreeSet::new(), None);
    for (name, interface) in &facts.interfaces {
        match interface.link.get() {
            Ok(link) => {
                macs.extend(link.mac.iter().chain(&link.permanent_mac));
                if link.kind == LinkKind::Device && link.permanent_mac.is_none() {
                    doubt = Some(format!("the kernel does not tell the one that {name} was made with"));
                }
            }
            Err(unknown) => doubt = Some(unknown.reason),
        }
    }
    (macs, doubt)
}
