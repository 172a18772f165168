//! A flag of the advertised prefixes is what the profile expects.

use serde::Deserialize;

use super::{Finding, Judgement, Kind, Subject, network_answers};
use crate::wire::ndp::PrefixInformation;

/// Whether any valid Router Advertisement has a prefix with this flag is as the profile expects it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct PrefixFlag {
    flag: Flag,
}

/// A flag of a Prefix Information option (RFC 4861 section 4.6.2).
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Flag {
    /// A: hosts make addresses from the prefix by SLAAC.
    Autonomous,
    /// L: the prefix is on the link.
    OnLink,
}

impl Flag {
    fn letter(self) -> char {
        match self {
            Self::Autonomous => 'A',
            Self::OnLink => 'L',
        }
    }

    fn is_set(self, prefix: &PrefixInformation) -> bool {
        match self {
            Self::Autonomous => prefix.autonomous(),
            Self::OnLink => prefix.on_link(),
        }
    }
}

impl PrefixFlag {
    /// An address that shows that such a prefix was advertised before.
    fn learned(&self, subject: &Subject<'_>) -> Option<String> {
        let origins = subject.origins().ok().filter(|_| matches!(self.flag, Flag::Autonomous))?;
        origins.slaac().next().map(|address| format!("{}/{}", address.address, address.prefix_length))
    }
}

impl Kind for PrefixFlag {
    fn judge(&self, subject: &Subject<'_>) -> Judgement {
        let letter = self.flag.letter();
        let wanted = match self.flag {
            Flag::Autonomous => subject.expectations.autonomous_prefix,
            Flag::OnLink => subject.expectations.on_link_prefix,
        };
        let Some(wanted) = wanted else {
            return Ok(Finding::skip(format!("the profile expects nothing of the {letter} flag")));
        };
        let heard = &subject.router()?.valid;
        let flagged = heard.iter().find_map(|advertisement| {
            let prefix = advertisement.message.prefixes().find(|prefix| self.flag.is_set(prefix))?;
            Some((advertisement.from, format!("{}/{}", prefix.prefix, prefix.length)))
        });
        let evidence: Vec<_> = heard.iter().map(network_answers::advertisement_evidence).collect();
        let expected = format!("{} prefix with {letter}", if wanted { "a" } else { "no" });
        let finding = match (flagged, wanted) {
            (Some((_, prefix)), true) => Finding::pass(expected, prefix),
            (None, false) => match self.learned(subject) {
                Some(address) => Finding::inconclusive(format!(
                    "none of the routers heard advertises one, but the kernel made {address} by SLAAC: another router, or an earlier setting of this \
                     one, advertised its prefix; --thorough waits for further routers"
                )),
                None => Finding::pass(expected, "none"),
            },
            (Some((from, prefix)), false) => {
                Finding::fail(expected, format!("{prefix} {letter}=1"), format!("{from} advertises {prefix} with {letter}=1"))
            }
            (None, true) => Finding::fail(expected, "none", format!("no router advertises a prefix with {letter}=1")),
        };
        Ok(finding.with_all(evidence))
    }
}
