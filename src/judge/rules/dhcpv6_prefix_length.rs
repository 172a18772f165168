//! Each DHCPv6 address has the prefix length that DHCPv6 gives it.

use serde::Deserialize;

use super::{Evidence, Finding, Judgement, Kind, Subject, Table, heard, held};
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
        let router = tenses.network.router.get();
        let heard = router.as_ref().map(|router| heard::valid_advertisements(router)).unwrap_or_default();
        // ConnMan takes an advertised prefix's length, too, and leaves the route to the kernel.
        let connman = tenses.state.owners.dhcpv6.get().is_ok_and(|clients| clients.iter().any(|client| client.name == "connmand"));
        let without_route = |of: &held::Held<'_>| of.address.has(AddressFlag::Noprefixroute) || connman;
        let advertised = |of: &held::Held<'_>| {
            let mut prefixes = heard.iter().flat_map(|advertisement| advertisement.message.prefixes()).filter(|prefix| prefix.on_link());
            without_route(of)
                && prefixes
                    .any(|prefix| prefix.length == of.address.prefix_length && held::in_prefix(of.address.address, prefix.prefix, prefix.length))
        };
        let wrong = held.iter().find(|held| held.address.prefix_length != self.length && !advertised(held));
        let seen = held.iter().map(held::Held::text).collect::<Vec<_>>().join(", ");
        let finding = match wrong {
            None => Finding::pass(expected, seen),
            Some(wrong) if heard.is_empty() && without_route(wrong) => {
                let why = router.err().map_or_else(|| "no Router Advertisement was heard".to_owned(), |unknown| unknown.reason);
                Finding::inconclusive(format!(
                    "{} has the length of an advertised prefix, perhaps, and whether one is on-link is not known: {why}",
                    wrong.text()
                ))
            }
            Some(wrong) => {
                let message = format!("{} should be /{}: the client made up its length", wrong.text(), self.length);
                Finding::fail(expected, seen, message)
            }
        };
        let evidence = held.iter().map(|held| Evidence {
            tense: Tense::State,
            place: Table::Addresses.into(),
            value: format!("{} by DHCPv6: {}", held.text(), held.because),
        });
        Ok(finding.with_all(evidence))
    }
}
