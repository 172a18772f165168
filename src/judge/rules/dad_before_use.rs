//! The guest tested each of its addresses before it used it.

use std::collections::BTreeMap;
use std::net::Ipv6Addr;

use super::story::{Said, Story, seconds};
use super::window::{self, Window};
use super::{Finding, Judgement, Kind, Subject};
use crate::facts::{AddressFlag, Happening};
use crate::wire::message::Message;

/// Before an address was the source of anything, a Neighbor Solicitation for it left from the unspecified address (RFC 4862 section 5.4).
/// Optimistic addresses (RFC 4429) may be used before.
#[derive(Debug, Clone, Default)]
pub struct DadBeforeUse;

impl Kind for DadBeforeUse {
    fn judge(&self, subject: &Subject<'_>) -> Judgement {
        const EXPECTED: &str = "a Neighbor Solicitation from :: for each address before its first use";
        let story = Story::of(subject).map_err(|unknown| {
            let reason = if unknown.absent { unknown.reason.clone() } else { format!("{}; only a recording shows it", unknown.reason) };
            unknown.saying(reason)
        })?;
        let used = first_uses(&story);
        let (mut good, mut bad, mut evidence) = (Vec::new(), Vec::new(), Vec::new());
        let mut unseen = None;
        for (address, at_us) in &used {
            let tested = story.guest().find(|said| said.at_us <= *at_us && tests(said, *address)).map(|said| said.at_us);
            match tested {
                Some(tested) => {
                    good.push(address.to_string());
                    evidence.push(story.evidence(tested, format!("Neighbor Solicitation from :: for {address}")));
                }
                None if optimistic(&story, *address) => continue,
                None => match hidden(&story, *address, *at_us) {
                    Some(why) => unseen = unseen.or(Some(format!("no test of {address} is seen before its first use, and {why}"))),
                    None => bad.push(*address),
                },
            }
            evidence.push(story.evidence(*at_us, format!("first use of {address}")));
        }
        let finding = match (bad.first(), unseen) {
            (Some(first), _) => {
                let others = if bad.len() == 1 { String::new() } else { format!(" (and {} other address(es))", bad.len() - 1) };
                let later = story.guest().find(|said| tests(said, *first)).zip(used.get(first)).map(|(said, used)| seconds(said.at_us - used));
                let came = later.map_or("no Neighbor Solicitation from :: came before".into(), |later| {
                    format!("the Neighbor Solicitation from :: came {later} later, so what sent from it did not wait")
                });
                let message = format!("{first} was used without duplicate address detection{others}: {came}");
                Finding::fail(EXPECTED, format!("none for {first}{others}"), message)
            }
            (None, Some(why)) => Finding::inconclusive(why),
            (None, _) if good.is_empty() => return Ok(Finding::skip("the recording shows no address in use that has to be tested")),
            (None, _) => Finding::pass(EXPECTED, format!("tested before use: {}", good.join(", "))),
        };
        Ok(finding.with_all(evidence))
    }
}

/// When each address was the source of a frame of the interface's own first.
fn first_uses(story: &Story<'_>) -> BTreeMap<Ipv6Addr, u64> {
    let mut uses = BTreeMap::new();
    for said in story.guest().filter(|said| story.recording.mac.is_none_or(|mac| mac == said.frame.source_mac)) {
        let source = said.frame.source;
        if !source.is_unspecified() && !source.is_multicast() && !source.is_loopback() {
            uses.entry(source).or_insert(said.at_us);
        }
    }
    uses
}

fn tests(said: &Said<'_>, address: Ipv6Addr) -> bool {
    said.frame.source.is_unspecified() && matches!(&said.message, Message::NeighborSolicitation(it) if it.target == address)
}

/// Whether the kernel held the address to be usable before detection ended.
fn optimistic(story: &Story<'_>, address: Ipv6Addr) -> bool {
    story.recording.events.iter().any(
        |event| matches!(&event.what, Happening::Address(change) if change.address == address && change.flags.contains(&AddressFlag::Optimistic)),
    )
}

/// Why a test of `address` before `used_us` may have been and is not seen. What the recorder found as it began may have been tested before; an
/// address that is tentative later on was not.
fn hidden(story: &Story<'_>, address: Ipv6Addr, used_us: u64) -> Option<String> {
    const FOUND_US: u64 = 1_000_000;
    let window = Window::new(story, 0);
    let first = story.recording.events.iter().find_map(|event| match &event.what {
        Happening::Address(change) if change.address == address => Some((event.at_us, change.flags.contains(&AddressFlag::Tentative))),
        _ => None,
    });
    match first {
        _ if window.shown => window::hides(story, (window.from_us, "the interface's coming up"), used_us),
        Some((made_us, true)) if FOUND_US < made_us && made_us <= used_us => window::hides(story, (made_us, "the address's making"), used_us),
        _ => Some("the recording does not show the interface coming up".into()),
    }
}
