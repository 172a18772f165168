//! A usable DHCPv6 address is held.

use std::net::Ipv6Addr;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::address_origin::Held;
use super::{
    Cause, Evidence, Finding, Judgement, Kind, Subject, Table, daemon, dhcpv6_client_running, dhcpv6_intended, intended, network_answers, timing,
};
use crate::exchange::answer::Offer;
use crate::facts::{AddressFlag, Direction, FileLine, Frame, Tense, Tenses, Unknown};
use crate::judge::daemon::Waiting;
use crate::wire::dhcpv6::{Message, kind};
use crate::wire::frame::{self as wire, Payload};

/// A DHCPv6 address of global scope that passed duplicate address detection and whose lifetimes are not over. Where none is held, the
/// network must offer one for that to be the guest's fault.
#[derive(Debug, Clone, Default)]
pub struct Dhcpv6Address;

const EXPECTED: &str = "a usable DHCPv6 address";

/// How long a client may take from its start to its address, in hundredths of a second: a client waits a second for better offers.
const STARTING_CS: u64 = 500;

/// How old a client is whose next retransmission may well be to come, in hundredths of a second: it doubles its interval each time, and the
/// server may have come up late.
const SOLICITING_CS: u64 = 12_000;

/// How long a client may take from its lease to the background, in seconds.
const BACKGROUND_S: i64 = 10;

impl Kind for Dhcpv6Address {
    fn judge(&self, subject: &Subject<'_>) -> Judgement {
        let (_, tenses) = subject.on_interface()?;
        let held = subject.origins()?.dhcpv6();
        let evidence = held.iter().map(|held| Evidence {
            tense: Tense::State,
            place: Table::Addresses.into(),
            value: format!("{} {}: {}", held.text(), lifetimes(held), held.because),
        });
        let evidence: Vec<_> = evidence.collect();
        // An address whose lifetime ran out may be one of before; what is wrong with a newer one comes first.
        let newest = held.iter().find(|held| trouble(held) != Some(AddressFlag::Deprecated)).or(held.first());
        let finding = match newest {
            Some(newest) => {
                let usable: Vec<&Held<'_>> = held.iter().filter(|held| trouble(held).is_none()).collect();
                // One that is valid for ever needs no client.
                match usable.iter().find(|held| held.address.valid_s.is_none()).or(usable.first()) {
                    Some(usable) => kept(usable, subject)?,
                    None => unusable(newest, subject)?,
                }
            }
            None => none_held(subject, tenses)?,
        };
        Ok(finding.with_all(evidence))
    }
}

fn trouble(held: &Held<'_>) -> Option<AddressFlag> {
    [AddressFlag::Dadfailed, AddressFlag::Tentative, AddressFlag::Deprecated].into_iter().find(|flag| held.address.has(*flag))
}

fn lifetimes(held: &Held<'_>) -> String {
    let valid = held.address.valid_s.map_or_else(|| "valid for ever".into(), |valid| format!("valid {valid} s"));
    let flags: String = trouble(held).map(|flag| format!(", {flag:?}").to_lowercase()).unwrap_or_default();
    format!("{valid}{flags}")
}

/// Whether a usable address stays: a client renews it, or its lifetime never ends.
fn kept(held: &Held<'_>, subject: &Subject<'_>) -> Judgement {
    let (interface, tenses) = subject.on_interface()?;
    let pass = Finding::pass(EXPECTED, held.text());
    let Some(valid) = held.address.valid_s else { return Ok(pass) };
    let ends = format!("{} is valid for {valid} s", held.address.address);
    let clients = match tenses.state.owners.dhcpv6.get() {
        Ok(clients) => clients,
        Err(unknown) => return Ok(Finding::inconclusive(format!("{ends}, and whether a client renews it is not known: {}", unknown.reason))),
    };
    if !clients.is_empty() || dhcpv6_client_running::lease_without_process(tenses).is_ok_and(|lease| lease.is_some()) {
        return Ok(pass);
    }
    if let Some(Waiting::Unmanaged(why) | Waiting::Unheard(why) | Waiting::Filtered(why, _)) = daemon::waiting(subject) {
        return Ok(Finding::inconclusive(format!("{ends}, and no client renews it yet: {why}")));
    }
    if !interface.link.get()?.carrier {
        return Ok(Finding::inconclusive(format!("{ends}, and whether a client renews it shows only with a carrier")));
    }
    let message = format!("{ends}, and then it is gone: no DHCPv6 client runs that renews it");
    Ok(Finding::fail("a DHCPv6 address that is renewed", held.text(), message))
}

fn unusable(held: &Held<'_>, subject: &Subject<'_>) -> Judgement {
    let (interface, _) = subject.on_interface()?;
    let address = held.address.address;
    Ok(match trouble(held) {
        Some(AddressFlag::Dadfailed) => {
            let message = format!("{address} is a duplicate: another node on the link has it too, so the kernel does not use it");
            Finding::fail(EXPECTED, format!("{} dadfailed", held.text()), message).because(Cause::Duplicate)
        }
        Some(AddressFlag::Tentative) if !interface.link.get()?.carrier => {
            Finding::inconclusive("the interface has no carrier, so duplicate address detection cannot end")
        }
        Some(AddressFlag::Tentative) if timing::detection_goes_on(subject, held.address) => {
            Finding::inconclusive(format!("duplicate address detection of {address} was not waited out; run again"))
        }
        Some(AddressFlag::Tentative) => {
            Finding::fail(EXPECTED, format!("{} tentative", held.text()), format!("duplicate address detection of {address} does not end"))
        }
        _ => {
            if subject.server()?.offered_addresses()?.is_empty() {
                return Ok(Finding::inconclusive(format!("{address} is deprecated, and no DHCPv6 server offers one now")));
            }
            let message = format!("{address} is deprecated: no client renews it, though a DHCPv6 server answers");
            Finding::fail(EXPECTED, format!("{} deprecated", held.text()), message)
        }
    })
}

fn none_held(subject: &Subject<'_>, tenses: &Tenses) -> Judgement {
    let server = subject.server().map_err(|unknown| {
        let reason = format!("none is held, and whether one is offered is not known: {}", unknown.reason);
        unknown.saying(reason)
    })?;
    let Some((answer, offer)) = server.offer()? else {
        return Ok(Finding::inconclusive("none is held, but no DHCPv6 server answers, so none can be expected"));
    };
    let Offer::Addresses(addresses) = offer else {
        let says = offer.describe();
        return Ok(Finding::inconclusive(format!("none is held, but the DHCPv6 server offers none ({says}), so none can be expected")));
    };
    let offered = addresses.first().map(|(address, _, _)| address.to_string()).unwrap_or_default();
    let clients = tenses.state.owners.dhcpv6.get();
    let age = clients.as_ref().ok().and_then(|clients| clients.first()).and_then(|client| age_cs(subject, client.pid?));
    let waiting = clients.as_ref().ok().filter(|clients| clients.is_empty()).and_then(|_| daemon::waiting(subject));
    let finding = match &clients {
        Ok(_) if let Some(Waiting::Unmanaged(why) | Waiting::Unheard(why)) = &waiting => {
            return Ok(Finding::inconclusive(format!("none is held: {why}")));
        }
        Ok(_) if let Some(Waiting::Filtered(why, evidence)) = waiting => {
            Finding::fail(EXPECTED, "none", format!("no DHCPv6 client asks for an address: {why}")).because(Cause::Firewall).with_all(evidence)
        }
        _ if let Some(age) = timing::starting(subject) => {
            return Ok(Finding::inconclusive(format!("none is held, but the interface came up only {age} s ago; run again")));
        }
        Ok(clients) if clients.is_empty() => {
            let by_hand = tenses.state.addresses.get()?.iter().find(|held| addresses.iter().any(|(offered, _, _)| *offered == held.address));
            let message = match by_hand {
                Some(held) => format!("no DHCPv6 client asks for an address: {}, which the server offers, was set by hand", held.address),
                None => format!("no DHCPv6 client asks for an address (the server offers {offered})"),
            };
            intended::though_set_up(Finding::fail(EXPECTED, "none", message), &dhcpv6_intended::at_boot(subject))
        }
        Ok(_) if age.is_some_and(|age| age < STARTING_CS) => {
            return Ok(Finding::inconclusive("the DHCPv6 client was started only just now; run again"));
        }
        Ok(clients) => match network_answers::filtered_answers(subject) {
            Some(evidence) => {
                let message = format!(
                    "{} gets no address: the server's answers arrive, but no socket sees them: the guest's firewall drops UDP port 546, most likely",
                    clients[0].name
                );
                Finding::fail(EXPECTED, "none", message).because(Cause::Firewall).with_all(evidence)
            }
            None => match removed(subject, tenses) {
                Some((address, evidence)) => {
                    let message = format!(
                        "{} has a lease of {address}, and the kernel does not hold it: the link or IPv6 was down meanwhile, or another node has \
                         the address too and the kernel removed the duplicate",
                        clients[0].name
                    );
                    // Linux drops the addresses of an interface that goes down as well, so that it need not be a duplicate.
                    Finding::fail(EXPECTED, "none", message).with_all([evidence])
                }
                None if let Some(soliciting) = still_soliciting(subject, &clients[0].name, age) => {
                    return Ok(Finding::inconclusive(format!("none is held: {soliciting}; run again, or with --wait 120")));
                }
                None => Finding::fail(EXPECTED, "none", format!("{} runs and holds no address, though the server offers {offered}", clients[0].name)),
            },
        },
        Err(Unknown { reason: why, .. }) => {
            Finding::fail(EXPECTED, "none", format!("none is held, though the server offers {offered} (its client: {why})"))
        }
    };
    Ok(finding.with_all([network_answers::answer_evidence(answer, offer)]))
}

/// What shows that the client is not done yet, a clause: it was seen to ask, or it is so young that its next retransmission may be to come.
fn still_soliciting(subject: &Subject<'_>, name: &str, age_cs: Option<u64>) -> Option<String> {
    let asks = |frame: &Frame| {
        let parsed = wire::Frame::parse(&frame.bytes).filter(|_| frame.direction == Direction::Guest);
        parsed.is_some_and(|(frame, _)| match frame.payload {
            Payload::Udp { destination_port: 547, data, .. } => {
                Message::parse(data).is_some_and(|(message, _)| matches!(message.kind, kind::SOLICIT | kind::REQUEST))
            }
            _ => false,
        })
    };
    let seen = subject.server().is_ok_and(|server| server.frames.iter().any(asks));
    let started = age_cs.map(|age| format!("was started {} s ago and ", age / 100)).unwrap_or_default();
    if seen {
        Some(format!("{name} {started}is still soliciting"))
    } else {
        age_cs.filter(|age| *age < SOLICITING_CS).map(|_| format!("{name} {started}may still be soliciting"))
    }
}

/// An address that a client's lease still names and that the interface does not have, with the lease as evidence. Linux removes an address
/// with lifetimes whose duplicate address detection fails, and keeps one without, marked dadfailed (net/ipv6/addrconf.c,
/// `addrconf_dad_stop`).
fn removed(subject: &Subject<'_>, tenses: &Tenses) -> Option<(Ipv6Addr, Evidence)> {
    let held = tenses.state.addresses.get().ok()?;
    let leases = tenses.state.leases.get().ok()?;
    let clients = tenses.state.owners.dhcpv6.get().ok()?;
    let (lease, client) = leases.iter().rev().filter(|lease| lease.fresh).find_map(|lease| {
        let client = clients.iter().find(|client| client.name == lease.client)?;
        Some((lease, client))
    })?;
    // A lease of before is read back from disk, and its address is not there because the server has not confirmed it.
    let since = started(subject, client.pid)?;
    lease.addresses.iter().any(|leased| i64::try_from(leased.starts).is_ok_and(|starts| starts >= since)).then_some(())?;
    let leased = lease.addresses.last().filter(|leased| !held.iter().any(|address| address.address == leased.address))?;
    let valid = leased.valid_s.map(|valid| format!(", valid {valid} s")).unwrap_or_default();
    let value = format!("{} leased{valid}", leased.address);
    Some((leased.address, Evidence::new(Tense::State, FileLine { path: lease.path.clone(), line: lease.line }, value)))
}

/// Since when a lease can be one that a process got, in seconds since 1970 by the clock as it was at the observation: not before the boot, and
/// not long before its start. A dhclient before 4.4 goes into the background, as a new process, once it is bound.
fn started(subject: &Subject<'_>, pid: Option<u32>) -> Option<i64> {
    let run = &subject.facts.run;
    let now = OffsetDateTime::parse(&run.started, &Rfc3339).ok()?.unix_timestamp();
    let before = |age_cs: u64, slack_s: i64| Some(now - i64::try_from(age_cs / 100).ok()? - slack_s);
    let boot = before(run.uptime_cs, 1)?;
    let start = pid.and_then(|pid| before(age_cs(subject, pid)?, BACKGROUND_S));
    Some(start.map_or(boot, |start| start.max(boot)))
}

fn age_cs(subject: &Subject<'_>, pid: u32) -> Option<u64> {
    let processes = subject.facts.state.processes.get().ok()?;
    let process = processes.iter().find(|process| process.pid == pid)?;
    Some(subject.facts.run.uptime_cs.saturating_sub(process.started_cs))
}
