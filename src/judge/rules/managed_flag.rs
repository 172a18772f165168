//! The M flag of the network's Router Advertisements is what the profile expects.

use super::{Finding, Judgement, Kind, Subject, network_answers};

/// Each valid Router Advertisement has M as the profile expects it. Clients that follow RAs run DHCPv6 only where it is set.
#[derive(Debug, Clone, Default)]
pub struct ManagedFlag;

impl Kind for ManagedFlag {
    fn judge(&self, subject: &Subject<'_>) -> Judgement {
        let Some(wanted) = subject.expectations.managed else {
            return Ok(Finding::skip("the profile expects nothing of the M flag"));
        };
        let heard = &subject.router()?.valid;
        let expected = format!("M={}", u8::from(wanted));
        let evidence: Vec<_> = heard.iter().map(network_answers::advertisement_evidence).collect();
        let finding = match heard.iter().find(|advertisement| advertisement.message.managed() != wanted) {
            None => Finding::pass(expected.clone(), expected),
            Some(other) => {
                let what = if wanted { "does not announce DHCPv6 addresses (M=0)" } else { "announces DHCPv6 addresses (M=1)" };
                let seen = format!("M={} from {}", u8::from(!wanted), other.from);
                Finding::fail(expected, seen, format!("the Router Advertisement of {} {what}", other.from))
            }
        };
        Ok(finding.with_all(evidence))
    }
}
