//! Who of the stacks that are set up here has an interface, and what that means for it.
//!
//! Several stacks on one interface are not ordered by guess: the answer is unknown then, and names them.

use crate::facts::{Claim as Claimed, Intent, Observed, Reason, RunsDhcpv6, StackId};
use crate::stacks::Claim;
use crate::stacks::Readings;
use crate::stacks::STACKS;

type Named<'a> = (StackId, &'a Observed<Intent>);

/// What the stacks say of one interface.
#[derive(Default)]
struct Parties<'a> {
    /// Those that configure it.
    configuring: Vec<Named<'a>>,
    /// DHCPv6 clients beside them.
    clients: Vec<Named<'a>>,
    /// The stacks of this machine that do not name it.
    leaving: Vec<&'a Intent>,
}

/// Sorts what the stacks say.
///
/// # Errors
/// A stack could not be read.
fn parties<'a>(name: &str, readings: &'a Readings) -> Result<Parties<'a>, String> {
    let mut parties = Parties::default();
    let (mut pending, mut replacing) = (Vec::new(), Vec::new());
    for (stack, reading) in readings {
        match reading.as_ref().map_err(Clone::clone)?.interfaces.get(name) {
            Some(Claim::Configures(intent)) => parties.configuring.push((*stack, intent)),
            Some(Claim::Pending(intent)) => pending.push((*stack, intent)),
            Some(Claim::Replaces(other, intent)) => replacing.push((*stack, *other, intent)),
            Some(Claim::RunsBeside(intent)) => parties.clients.push((*stack, intent)),
            Some(Claim::LeavesAlone(intent)) => parties.leaving.push(intent),
            None => {}
        }
    }
    // `dhcpcd eth0` of another stack only asks the dhcpcd that runs already, and that has one file for both.
    let starts_dhcpcd = |(_, intent): &Named| matches!(intent, Observed::Seen(intent) if intent.by == Some(StackId::Dhcpcd));
    let is_started = parties.configuring.iter().any(starts_dhcpcd);
    let kept = parties.configuring.iter().filter(|(stack, _)| !(is_started && *stack == StackId::Dhcpcd)).copied().collect();
    parties.configuring = kept;
    parties.configuring.retain(|(stack, _)| !replacing.iter().any(|(_, replaced, _)| replaced == stack));
    parties.configuring.extend(replacing.into_iter().map(|(stack, _, intent)| (stack, intent)));
    if parties.configuring.is_empty() {
        parties.configuring = pending;
    }
    Ok(parties)
}

/// Every stack that configures the interface. A DHCPv6 client beside it counts where somebody else runs DHCPv6 too, or nobody configures the
/// interface: the one client of an interface is a part of its configuration, and no second one.
pub(crate) fn claims(name: &str, readings: &Readings) -> Observed<Vec<Claimed>> {
    claims_of(name, readings).into()
}

fn claims_of(name: &str, readings: &Readings) -> Result<Vec<Claimed>, String> {
    let Parties { configuring, clients, .. } = parties(name, readings)?;
    let seen = |(stack, intent): &Named| match intent {
        Observed::Seen(intent) => {
            Ok((intent.dhcpv6.value, Claimed { stack: *stack, at: intent.dhcpv6.at.clone(), text: intent.dhcpv6.text.clone() }))
        }
        Observed::Unknown(Reason { text: reason, .. }) | Observed::Absent(reason) => Err(reason.clone()),
    };
    let configuring: Vec<_> = configuring.iter().map(seen).collect::<Result<_, _>>()?;
    let clients: Vec<_> = clients.iter().map(seen).collect::<Result<_, _>>()?;
    let one_client = clients.len() == 1 && !configuring.is_empty() && configuring.iter().all(|(dhcpv6, _)| leaves_dhcpv6(*dhcpv6));
    let beside = clients.into_iter().filter(|_| !one_client);
    Ok(configuring.into_iter().chain(beside).map(|(_, claim)| claim).collect())
}

/// A stack that fails for want of a client (`NoClient`) does not leave DHCPv6 to another: it goes on to fail.
fn leaves_dhcpv6(dhcpv6: RunsDhcpv6) -> bool {
    dhcpv6 == RunsDhcpv6::No
}

/// Who of the stacks has the interface.
pub(crate) fn decide(name: &str, readings: &Readings, unread: &[String], masked: &[String]) -> Observed<Intent> {
    let Parties { configuring, clients, leaving, .. } = match parties(name, readings) {
        Ok(parties) => parties,
        Err(reason) => return Observed::unknown(reason),
    };
    let stacks = |of: &[Named]| of.iter().map(|(stack, _)| stack.name()).collect::<Vec<_>>().join(" and ");
    let alone = match (&configuring[..], &leaving[..], unread) {
        ([(_, intent)], _, []) => (*intent).clone(),
        ([], [intent, ..], []) => Observed::Seen((*intent).clone()),
        ([], [], []) => {
            if let [(_, client)] = &clients[..] {
                return (*client).clone();
            }
            let masked = if masked.is_empty() { String::new() } else { format!("; installed and masked: {}", masked.join(", ")) };
            return Observed::unknown(format!("no network stack that v6check reads ({}) is set up for {name}{masked}", names()));
        }
        ([], _, unread) => {
            return Observed::unknown(format!(
                "{} here, which v6check does not read; no stack that it reads ({}) names {name}",
                found(unread),
                names()
            ));
        }
        (_, _, []) => return Observed::unknown(format!("{} both configure {name}", stacks(&configuring))),
        (_, _, unread) => {
            let reason = format!("{} configures {name}, but {} here too, which v6check does not read", stacks(&configuring), found(unread));
            return Observed::unknown(reason);
        }
    };
    match (alone, &clients[..]) {
        (Observed::Seen(intent), [_, ..]) if !leaves_dhcpv6(intent.dhcpv6.value) || clients.len() > 1 => {
            let running = if leaves_dhcpv6(intent.dhcpv6.value) { stacks(&clients) } else { format!("{} and {}", intent.stack, stacks(&clients)) };
            Observed::unknown(format!("{running} both run DHCPv6 on {name}"))
        }
        // The stack keeps the interface, and DHCPv6 on it is the client's.
        (Observed::Seen(intent), [(_, Observed::Seen(client))]) => {
            Observed::Seen(Intent { dhcpv6: client.dhcpv6.clone(), client: client.client, link_local_wait_s: None, ..intent })
        }
        (Observed::Seen(_), [(_, unknown)]) => (*unknown).clone(),
        (alone, _) => alone,
    }
}

fn names() -> String {
    STACKS.iter().filter(|stack| stack.read.is_some()).map(|stack| stack.id.name()).collect::<Vec<_>>().join(", ")
}

fn found(unread: &[String]) -> String {
    format!("there {} {}", if unread.len() == 1 { "is" } else { "are" }, unread.join(" and "))
}
