//! An image carries no identity that each of its clones would share.

use serde::Deserialize;

use super::{Evidence, Finding, Judgement, Kind, Place, Scope, Subject, intended};
use crate::facts::{BakedIdentity, Goal, Tense, Unknown};

/// Nothing of this kind is fixed in the image's files. A running guest has its identity by right: only an image is judged.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct NotBakedIn {
    what: What,
}

/// A part of a guest's identity.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum What {
    MachineId,
    Duid,
    Lease,
    Secret,
    MacAddress,
}

impl What {
    fn name(self) -> &'static str {
        match self {
            Self::MachineId => "machine-id",
            Self::Duid => "DUID of a DHCPv6 client",
            Self::Lease => "DHCPv6 lease",
            Self::Secret => "secret that stable addresses are made of",
            Self::MacAddress => "MAC address that an interface is named or configured by",
        }
    }

    /// The field of [`BakedIdentity`] that it is in.
    fn field(self) -> &'static str {
        match self {
            Self::MachineId => "machine_id",
            Self::Duid => "duids",
            Self::Lease => "leases",
            Self::Secret => "secrets",
            Self::MacAddress => "macs",
        }
    }

    fn found(self, identity: &BakedIdentity) -> Vec<Evidence> {
        match self {
            Self::MachineId => identity.machine_id.iter().map(intended::evidence).collect(),
            Self::Lease => identity.leases.iter().map(intended::evidence).collect(),
            Self::Secret => identity.secrets.iter().map(intended::evidence).collect(),
            Self::MacAddress => identity.macs.iter().map(intended::evidence).collect(),
            Self::Duid => {
                let of = |duid: &crate::facts::BakedDuid| Evidence {
                    tense: Tense::Intent,
                    place: (&duid.at).into(),
                    value: format!("{}: DUID {}, {}", duid.client, duid.duid, duid.decoded),
                };
                identity.duids.iter().map(of).collect()
            }
        }
    }
}

impl NotBakedIn {
    /// The rule whose failure misses `goal`.
    pub(super) fn of(goal: Goal) -> Self {
        let what = match goal {
            Goal::MachineId => What::MachineId,
            Goal::Lease => What::Lease,
            Goal::Secret => What::Secret,
            _ => What::Duid,
        };
        Self { what }
    }

    /// The goal that is missed where it fails, if a fix is known for it.
    pub(in crate::judge) fn goal(&self) -> Option<Goal> {
        match self.what {
            What::MachineId => Some(Goal::MachineId),
            What::Duid => Some(Goal::Duid),
            What::Lease => Some(Goal::Lease),
            What::Secret => Some(Goal::Secret),
            What::MacAddress => None,
        }
    }
}

impl Kind for NotBakedIn {
    const SCOPE: Scope = Scope::Host;

    fn judge(&self, subject: &Subject<'_>) -> Judgement {
        if subject.facts.run.image.is_none() && subject.facts.run.capture.is_none() {
            return Ok(Finding::skip("a running guest has an identity of its own by right; --root judges an image"));
        }
        let name = self.what.name();
        let expected = format!("no {name} in the image");
        let identity = subject.facts.intent.identity.get()?;
        let found = self.what.found(identity);
        if let (true, Some(reason)) = (found.is_empty(), identity.unread.get(self.what.field())) {
            return Err(Unknown::new(reason));
        }
        let finding = match found.first() {
            None => Finding::pass(expected, "none").with(Tense::Intent, Place::Words("files that keep an identity".into()), format!("no {name}")),
            Some(first) => {
                let more = if found.len() > 1 { format!(", and {} more", found.len() - 1) } else { String::new() };
                let place = format!("({}: {}{more})", first.place, first.value);
                let message = match self.what {
                    What::MacAddress => format!(
                        "an interface is named or configured by the MAC address of the image's template {place}, and that of a clone is another"
                    ),
                    _ => format!("each clone of the image has the same {name} {place}"),
                };
                Finding::fail(expected, format!("{} in {}{more}", name, first.place), message)
            }
        };
        Ok(finding.with_all(found))
    }
}
