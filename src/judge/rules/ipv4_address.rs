//! An IPv4 address is there for troubleshooting.

use super::{Finding, Judgement, Kind, Subject, Table};
use crate::facts::Tense;

/// The interface has an IPv4 address, so that one can still log in while IPv6 is down.
#[derive(Debug, Clone, Default)]
pub struct Ipv4Address;

impl Kind for Ipv4Address {
    fn judge(&self, subject: &Subject<'_>) -> Judgement {
        const EXPECTED: &str = "an IPv4 address";
        let (_, tenses) = subject.on_interface()?;
        let addresses = tenses.state.ipv4_addresses.get()?;
        let shown = addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let finding = if addresses.is_empty() {
            Finding::fail(EXPECTED, "none", "there is no IPv4 address, so no other way in if IPv6 breaks")
        } else {
            Finding::pass(EXPECTED, shown.clone())
        };
        Ok(finding.with(Tense::State, Table::Addresses, if shown.is_empty() { "no IPv4 address".into() } else { shown }))
    }
}
