//! A DHCPv6 address is held, usable or not: the condition of what is said about such addresses.

use super::{Finding, Judgement, Kind, Subject};

/// Whether there is any DHCPv6 address to judge.
#[derive(Debug, Clone, Default)]
pub struct Dhcpv6AddressHeld;

impl Kind for Dhcpv6AddressHeld {
    fn judge(&self, subject: &Subject<'_>) -> Judgement {
        const EXPECTED: &str = "a DHCPv6 address";
        Ok(match subject.origins()?.dhcpv6().first() {
            Some(held) => Finding::pass(EXPECTED, held.text()),
            None => Finding::fail(EXPECTED, "none", "no DHCPv6 address is held"),
        })
    }
}
