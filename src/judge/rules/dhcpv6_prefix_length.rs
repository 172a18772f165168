//! Each DHCPv6 address has the prefix length that DHCPv6 gives it.

use serde::Deserialize;

use super::{Evidence, Finding, Judgement, Kind, Subject, heard, held};
use crate::facts::{AddressFlag, Tense};

/// Each DHCPv6 address has this length. DHCPv6 carries none, and a client must not make one up (RFC 8415 section 21.6). A client that takes
/// the length of an advertised on-link prefix without a route of its own, as wicked does, makes nothing up.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Dhcpv6PrefixLength {
    /// The length in bits.
    length: u8,
}

impl Kind for Dhcpv6PrefixLength {
    fn judge(&self, subject: &Subject<'_>) -> Judgement {
        let (_, tenses) = subject.on_interface()?;
        let held = held::dhcpv6_addresses(tenses)?;
        let expected = format!("/{}", self.length);
        let heard = tenses.network.router.get().map(heard::valid_advertisements).unwrap_or_default();
        let advertised = |of: &held::Held<'_>| {
            let mut prefixes = heard.iter().flat_map(|advertisement| advertisement.message.prefixes()).filter(|prefix| prefix.on_link());
            of.address.has(AddressFlag::Noprefixroute)
                && prefixes.any(|prefix| {
                    prefix.length == of.address.prefix_length && held::in_prefix(of.address.address, prefix.prefix, prefix.length)
                })
        };
        let wrong = held.iter().find(|held| held.address.prefix_length != self.length && !advertised(held));
        let seen = held.iter().map(held::Held::text).collect::<Vec<_>>().join(", ");
        let finding = match wrong {
            None => Finding::pass(expected, seen),
            Some(wrong) => {
                let message = format!("{} should be /{}: the client made up its length", wrong.text(), self.length);
                Finding::fail(expected, seen, message)
            }
        };
        let evidence = held.iter().map(|held| Evidence {
            tense: Tense::State,
            source: "rtnetlink addresses".into(),
            value: format!("{} by DHCPv6: {}", held.text(), held.because),
        });
        Ok(finding.with_all(evidence))
    }
}
