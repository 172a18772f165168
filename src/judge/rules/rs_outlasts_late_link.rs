//! The guest still gets a Router Advertisement when its first solicitation is lost.

use serde::Deserialize;

use super::{Evidence, Finding, Judgement, Kind, Place, Subject, intended};
use crate::facts::{Owner, Tense, Tenses};
use crate::stacks;

/// Solicitation goes on until a router answers (RFC 7559), or starts late enough for a link that is slow to come up.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RsOutlastsLateLink {
    /// `router_solicitation_delay` that outlasts a slow link by itself, in seconds.
    late_enough_s: i64,
}

/// How much of the time that a stack waits for its link-local address duplicate address detection takes, in seconds: 1 s after a random part
/// of `router_solicitation_delay` (`addrconf_dad_kick`, net/ipv6/addrconf.c), and some for the link.
const DETECTION_S: i64 = 2;

impl Kind for RsOutlastsLateLink {
    fn judge(&self, subject: &Subject<'_>) -> Judgement {
        const EXPECTED: &str = "solicitation outlasts a lost first Router Solicitation";
        let (_, tenses) = subject.on_interface()?;
        let owner = tenses.state.owners.ra.get()?;
        if stacks::traits_of(owner).solicits_until_answered {
            return Ok(Finding::pass(EXPECTED, format!("{} solicits until it is answered", owner.name)).with(
                Tense::State,
                Place::Words(format!("{} handles Router Advertisements", owner.name)),
                owner.evidence.clone(),
            ));
        }
        if owner.name != Owner::KERNEL {
            return Ok(Finding::inconclusive(format!("how often {} solicits is not known", owner.name)));
        }
        let count = tenses.state.sysctl("router_solicitations")?;
        let delay = tenses.state.sysctl("router_solicitation_delay")?;
        let seen = format!("router_solicitations={count}, router_solicitation_delay={delay}");
        let gamble = gamble_of_ifupdown(tenses, delay);
        let but = gamble.as_ref().map_or("", |(but, _)| but);
        let finding = if count < 0 {
            Finding::pass(EXPECTED, format!("{seen}: unlimited, with backoff{but}"))
        } else if count > 0 && delay >= self.late_enough_s {
            Finding::pass(EXPECTED, format!("{seen}: it starts late{but}"))
        } else {
            let message = format!("solicitation ends after {count} Router Solicitation(s); a link that is late by then gets no answer");
            Finding::fail(EXPECTED, seen, message)
        };
        let conf = format!("/proc/sys/net/ipv6/conf/{}", subject.name);
        let finding = finding.with(Tense::State, Place::Kernel(format!("{conf}/router_solicitations")), count.to_string());
        let finding = finding.with(Tense::State, Place::Kernel(format!("{conf}/router_solicitation_delay")), delay.to_string());
        Ok(finding.with_all(gamble.map(|(_, evidence)| evidence)))
    }
}

/// The delay holds the link-local address back as well, for a random part of it, and ifupdown's `inet6 dhcp` gives up before: what to add to a
/// verdict that this does not change, and the stanza.
fn gamble_of_ifupdown(tenses: &Tenses, delay: i64) -> Option<(String, Evidence)> {
    let intent = tenses.intent.stack.get().ok()?;
    let wait = intent.link_local_wait_s.as_ref().filter(|_| intended::daemon(intent) == intent.stack)?;
    let late = delay > i64::from(wait.value) - DETECTION_S;
    let but = format!(
        "; but this delay holds the link-local address back for up to {delay} s, and {} waits {} s for it{}, so that some boots start no DHCPv6 client",
        intent.stack,
        wait.value,
        if wait.at == intent.dhcpv6.at { " unless ll-attempts is set" } else { "" }
    );
    late.then(|| (but, intended::evidence(wait)))
}
