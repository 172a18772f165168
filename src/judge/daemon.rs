//! Daemons that handle Router Advertisements themselves: what one does with them, by what it left in the kernel and by what its files say.
//!
//! The kernel shows no more of it than routes, and many a daemon writes `accept_ra=0` rightly. What a daemon was told after it had read its
//! files is not known.

use super::intended::{self, evidence};
use super::{Evidence, Finding, Judgement, Subject, Table, heard, held};
use crate::facts::{Intent, Owner, Route, RunsDhcpv6, TakesRas, Tense, Tenses, Unknown};

/// Whether `owner`, which is not the kernel, accepts them.
///
/// # Errors
/// Nothing learned from one is there, and what it is set up to do is not known.
pub(super) fn accepts(owner: &Owner, subject: &Subject<'_>, expected: &str) -> Judgement {
    let (_, tenses) = subject.on_interface()?;
    let name = &owner.name;
    if let Some(route) = tenses.state.routes.get()?.iter().find(|route| route.protocol == Route::RA) {
        let shown = format!("{}/{} proto ra", route.destination, route.prefix_length);
        return Ok(Finding::pass(expected, "a route was learned from one").with(Tense::State, Table::Routes, shown));
    }
    let nothing = format!("{name} handles Router Advertisements here, and nothing learned from one is there");
    let unread = |unknown: Unknown| {
        let text = format!("{nothing}; what it is set up to do with them is not known: {}", unknown.reason);
        Unknown { absent: false, ..unknown.saying(text) }
    };
    let intent = intent_of(owner, tenses).map_err(unread)?;
    let (takes, told) = (&intent.takes_ras, evidence(&intent.takes_ras));
    let finding = match takes.value {
        TakesRas::No => {
            let message = format!("{name} handles Router Advertisements and is set up to take none ({}: {})", told.place, told.value);
            intended::by_metadata(Finding::fail(expected, takes.text.clone(), message), subject, intent, takes)
        }
        TakesRas::Itself if intent.dhcpv6.value == RunsDhcpv6::WhenManaged => match held::dhcpv6_addresses(tenses)?.first() {
            Some(held) => Finding::pass(expected, format!("{name} got {} by DHCPv6, which it runs only when one sets M", held.text()))
                .with_all([evidence(&intent.dhcpv6)]),
            None => Finding::inconclusive(format!("{nothing}, though it is set up to take them")),
        },
        TakesRas::Itself | TakesRas::Kernel => Finding::inconclusive(format!("{nothing}, though they are to be taken ({})", takes.text)),
    };
    Ok(finding.with_all([told]))
}

/// Why a stack that runs DHCPv6 when a Router Advertisement sets M has not started it.
pub(super) enum Waiting {
    /// The guest's firewall drops them: what it says of itself, and what shows it.
    Filtered(String, Vec<Evidence>),
    /// None on this network sets M.
    Unmanaged(String),
    /// Whether one does is not known, as none was heard.
    Unheard(String),
}

/// Whether the daemon that handles Router Advertisements on the interface still waits for one that sets M. `None` if it does not, or if
/// that cannot be told.
pub(super) fn waiting(subject: &Subject<'_>) -> Option<Waiting> {
    let (_, tenses) = subject.on_interface().ok()?;
    let owner = tenses.state.owners.ra.get().ok().filter(|owner| owner.name != Owner::KERNEL)?;
    let intent = intent_of(owner, tenses).ok().filter(|intent| intent.dhcpv6.value == RunsDhcpv6::WhenManaged)?;
    let waits = format!("{} runs DHCPv6 once a Router Advertisement sets M", owner.name);
    if let Some(mut filtered) = heard::filtered_advertisements(subject) {
        filtered.push(evidence(&intent.dhcpv6));
        return Some(Waiting::Filtered(format!("{waits}, and the guest's firewall drops them, most likely"), filtered));
    }
    // Where M came earlier, which an address shows as well, nothing is waited for.
    let came = tenses.state.inet6.get().is_ok_and(|inet6| inet6.as_ref().is_some_and(|inet6| inet6.ra_managed))
        || held::dhcpv6_addresses(tenses).is_ok_and(|held| !held.is_empty());
    let unheard = |why: &str| (!came).then(|| Waiting::Unheard(format!("{waits}, and {why}")));
    let router = match tenses.network.router.get() {
        Ok(router) => router,
        Err(unknown) => return unheard(&format!("whether one does is not known: {}", unknown.reason)),
    };
    let heard = heard::valid_advertisements(router);
    if heard.is_empty() {
        return unheard("none that is valid was heard");
    }
    let unmanaged = heard.iter().all(|advertisement| !advertisement.message.managed());
    unmanaged.then(|| Waiting::Unmanaged(format!("{waits}, and none does here")))
}

/// What the stack in charge by its files is set up to do, if `owner` is what carries it out.
fn intent_of<'a>(owner: &Owner, tenses: &'a Tenses) -> Result<&'a Intent, Unknown> {
    let intent = tenses.intent.stack.get()?;
    let daemon = intended::daemon(intent);
    if daemon.name() == owner.name { Ok(intent) } else { Err(Unknown::new(format!("by its files {daemon} is in charge"))) }
}
