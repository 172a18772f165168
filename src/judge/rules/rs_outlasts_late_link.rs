//! The guest still gets a Router Advertisement when its first solicitation is lost.

use serde::Deserialize;

use super::{Finding, Judgement, Kind, Subject};
use crate::facts::{Owner, Tense};

/// Solicitation goes on until a router answers (RFC 7559), or starts late enough for a link that is slow to come up.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RsOutlastsLateLink {
    /// `router_solicitation_delay` that outlasts a slow link by itself, in seconds.
    late_enough_s: i64,
}

/// Daemons that solicit until they are answered (systemd-networkd, NetworkManager and dhcpcd by their sources).
const RETRANSMITTING: [&str; 3] = ["systemd-networkd", "NetworkManager", "dhcpcd"];

impl Kind for RsOutlastsLateLink {
    fn judge(&self, subject: &Subject<'_>) -> Judgement {
        const EXPECTED: &str = "solicitation outlasts a lost first Router Solicitation";
        let (_, tenses) = subject.on_interface()?;
        let owner = tenses.state.owners.ra.get()?;
        if RETRANSMITTING.contains(&owner.name.as_str()) {
            return Ok(Finding::pass(EXPECTED, format!("{} solicits until it is answered", owner.name)).with(
                Tense::State,
                format!("{} handles Router Advertisements", owner.name),
                owner.evidence.clone(),
            ));
        }
        if owner.name != Owner::KERNEL {
            return Ok(Finding::inconclusive(format!("how often {} solicits is not known", owner.name)));
        }
        let count = tenses.state.sysctl("router_solicitations")?;
        let delay = tenses.state.sysctl("router_solicitation_delay")?;
        let seen = format!("router_solicitations={count}, router_solicitation_delay={delay}");
        let finding = if count < 0 {
            Finding::pass(EXPECTED, format!("{seen}: unlimited, with backoff"))
        } else if count > 0 && delay >= self.late_enough_s {
            Finding::pass(EXPECTED, format!("{seen}: it starts late"))
        } else {
            let message = format!("solicitation ends after {count} Router Solicitation(s); a link that is late by then gets no answer");
            Finding::fail(EXPECTED, seen, message)
        };
        let conf = format!("/proc/sys/net/ipv6/conf/{}", subject.name);
        Ok(finding.with(Tense::State, format!("{conf}/router_solicitations"), count.to_string()).with(
            Tense::State,
            format!("{conf}/router_solicitation_delay"),
            delay.to_string(),
        ))
    }
}
