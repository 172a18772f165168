//! The interface has a usable link-local address.

use super::{Cause, Finding, Judgement, Kind, Subject, Table, timing};
use crate::facts::{Address, AddressFlag, Scope, Tense, Tenses};

/// A link-local address that passed duplicate address detection (RFC 4862 section 5.3 and 5.4). Without one the guest can neither solicit
/// a router with its address nor speak DHCPv6.
///
/// The observation waits for detection to end where there is a carrier, so an address that is tentative then is stuck.
#[derive(Debug, Clone, Default)]
pub struct LinkLocalAddress;

const EXPECTED: &str = "a link-local address that passed duplicate address detection";

impl Kind for LinkLocalAddress {
    fn judge(&self, subject: &Subject<'_>) -> Judgement {
        let (interface, tenses) = subject.on_interface()?;
        let link = interface.link.get()?;
        let addresses = tenses.state.addresses.get()?;
        let link_local: Vec<&Address> = addresses.iter().filter(|address| address.scope == Scope::Link).collect();
        let usable = |address: &&&Address| !address.has(AddressFlag::Dadfailed) && !address.has(AddressFlag::Tentative);
        let show = |address: &Address| {
            let flags: Vec<&str> = [(AddressFlag::Tentative, "tentative"), (AddressFlag::Dadfailed, "dadfailed")]
                .into_iter()
                .filter_map(|(flag, name)| address.has(flag).then_some(name))
                .collect();
            format!("{}/{} {}", address.address, address.prefix_length, flags.join(" ")).trim_end().to_owned()
        };
        let all = link_local.iter().map(|address| show(address)).collect::<Vec<_>>().join(", ");
        let finding = if let Some(address) = link_local.iter().find(usable) {
            Finding::pass(EXPECTED, show(address))
        } else if !link.up {
            down(tenses)
        } else if !link.carrier {
            return Ok(Finding::inconclusive("the interface has no carrier, so duplicate address detection cannot end").with(
                Tense::State,
                Table::Links,
                "no LOWER_UP",
            ));
        } else if let Some(address) = link_local.iter().find(|address| address.has(AddressFlag::Dadfailed)) {
            let message = format!("another node on the link has the link-local address {} (duplicate address detection failed)", address.address);
            Finding::fail(EXPECTED, all.clone(), message).because(Cause::Duplicate)
        } else if let Some(address) = link_local.iter().find(|address| timing::detection_goes_on(subject, address)) {
            let address = address.address;
            return Ok(Finding::inconclusive(format!("duplicate address detection of {address} was not waited out; run again")).with(
                Tense::State,
                Table::LinkLocalAddresses,
                all,
            ));
        } else if let Some(address) = link_local.first() {
            Finding::fail(EXPECTED, all.clone(), format!("duplicate address detection of {} does not end", address.address))
        } else {
            Finding::fail(EXPECTED, "none", "there is no link-local address")
        };
        let shown = if all.is_empty() { "none".into() } else { all };
        Ok(finding.with(Tense::State, Table::LinkLocalAddresses, shown))
    }
}

/// An interface that nobody brought up. What kept v6check from reading what is to bring it up may have kept the stack from it as well.
fn down(tenses: &Tenses) -> Finding {
    const SEEN: &str = "the interface is down";
    let message = format!("{SEEN}, so it has no link-local address");
    match tenses.intent.stack.get() {
        Err(unknown) if !unknown.absent => {
            let message = format!("{message}; what is to bring it up is not known: {}", unknown.reason);
            Finding::fail(EXPECTED, SEEN, message).because(Cause::Unread)
        }
        Ok(_) | Err(_) => Finding::fail(EXPECTED, SEEN, message),
    }
}
