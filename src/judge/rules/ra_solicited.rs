//! Somebody on the guest solicits Router Advertisements.

use super::{Finding, Judgement, Kind, Place, Subject};
use crate::facts::{Owner, SENT_RSS, Tense};

/// A Router Solicitation left the interface, or its settings make one leave at the next start (RFC 4861 section 6.3.7). Without one the
/// guest waits for an unsolicited RA, on a Calico link up to ten minutes.
#[derive(Debug, Clone, Default)]
pub struct RaSolicited;

impl Kind for RaSolicited {
    fn judge(&self, subject: &Subject<'_>) -> Judgement {
        const EXPECTED: &str = "Router Solicitations are sent";
        let (_, tenses) = subject.on_interface()?;
        let state = &tenses.state;
        let sent = state.counters.get()?.before.get(SENT_RSS).copied();
        let counter = Place::Kernel(format!("/proc/net/dev_snmp6/{}", subject.name));
        if let Some(sent) = sent.filter(|sent| *sent > 0) {
            return Ok(Finding::pass(EXPECTED, format!("{sent} sent")).with(Tense::State, counter, format!("{SENT_RSS} {sent}")));
        }
        let owner = state.owners.ra.get()?;
        if owner.name != Owner::KERNEL {
            return Ok(Finding::inconclusive(format!("none was counted, though {} handles Router Advertisements here", owner.name)));
        }
        let setting = state.sysctl("router_solicitations")?;
        let seen = format!("none sent since the interface exists, router_solicitations={setting}");
        let finding = if setting == 0 {
            Finding::fail(EXPECTED, seen, "no Router Solicitation is ever sent (router_solicitations=0)")
        } else {
            Finding::pass(EXPECTED, seen)
        };
        let counted = sent.map_or_else(|| format!("no {SENT_RSS}"), |sent| format!("{SENT_RSS} {sent}"));
        Ok(finding.with(Tense::State, counter, counted).with(
            Tense::State,
            Place::Kernel(format!("/proc/sys/net/ipv6/conf/{}/router_solicitations", subject.name)),
            setting.to_string(),
        ))
    }
}
