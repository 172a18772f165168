//! The guest's firewall lets in what IPv6 configuration needs.

use serde::Deserialize;

use super::network_answers::Delivery;
use super::{Cause, Finding, Judgement, Kind, Place, Subject, intended, network_answers};
use crate::facts::{Firewall, Goal, Passes, Setting};

/// On a running guest by the effect: what arrives at the link layer reaches a socket or does not. Where nothing arrived, and in an image, by
/// each of the firewalls that are set up to start at boot; a packet must pass all of them.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct FirewallPasses {
    what: What,
    /// What arrives and what does not is left out of account.
    #[serde(skip)]
    files_alone: bool,
}

/// What must pass.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum What {
    /// ICMPv6 type 134.
    RouterAdvertisements,
    /// UDP from port 547 to port 546.
    Dhcpv6Answers,
}

impl What {
    fn name(self) -> &'static str {
        match self {
            Self::RouterAdvertisements => "Router Advertisements (ICMPv6 type 134)",
            Self::Dhcpv6Answers => "DHCPv6 answers (UDP port 546)",
        }
    }

    fn of(self, firewall: &Firewall) -> &Setting<Passes> {
        match self {
            Self::RouterAdvertisements => &firewall.ras,
            Self::Dhcpv6Answers => &firewall.dhcpv6,
        }
    }

    fn effect(self, subject: &Subject<'_>) -> Option<network_answers::Effect> {
        match self {
            Self::RouterAdvertisements => network_answers::advertisements_delivered(subject),
            Self::Dhcpv6Answers => network_answers::answers_delivered(subject),
        }
    }
}

/// Whether somebody waits for what is dropped, so that it is no chance that nothing was delivered.
fn waits(what: What, subject: &Subject<'_>) -> bool {
    let clients = || subject.on_interface().is_ok_and(|(_, tenses)| tenses.state.owners.dhcpv6.get().is_ok_and(|clients| !clients.is_empty()));
    matches!(what, What::RouterAdvertisements) || clients()
}

impl FirewallPasses {
    /// By the files of the firewalls alone.
    pub(super) fn by_files(goal: Goal) -> Self {
        let what = if goal == Goal::FirewallAdvertisements { What::RouterAdvertisements } else { What::Dhcpv6Answers };
        Self { what, files_alone: true }
    }

    /// The goal that is missed where it fails.
    pub(in crate::judge) fn goal(&self) -> Goal {
        match self.what {
            What::RouterAdvertisements => Goal::FirewallAdvertisements,
            What::Dhcpv6Answers => Goal::FirewallAnswers,
        }
    }
}

impl Kind for FirewallPasses {
    fn judge(&self, subject: &Subject<'_>) -> Judgement {
        let (_, tenses) = subject.on_interface()?;
        let (what, name) = (self.what, self.what.name());
        let expected = format!("{name} pass");
        let firewalls = tenses.intent.firewalls.get();
        let listed = firewalls.as_ref().map(|firewalls| firewalls.as_slice()).unwrap_or_default();
        let with = |verdict: Passes| listed.iter().find(|firewall| what.of(firewall).value == verdict);
        let told = |firewall: &Firewall| format!("{} ({}: {})", firewall.manager, what.of(firewall).at, what.of(firewall).text);
        let evidence = listed.iter().map(|firewall| intended::evidence(what.of(firewall)));
        let finding = match what.effect(subject).filter(|_| !self.files_alone) {
            Some(effect) if effect.delivery == Delivery::Unclear && with(Passes::No).is_none() => {
                let reason = format!("{name} arrive, and whether the guest's firewall drops them cannot be told from other traffic");
                Finding::inconclusive(reason).with_all(effect.evidence)
            }
            Some(effect) if effect.delivery == Delivery::Dropped && !waits(what, subject) && with(Passes::No).is_none() => {
                let reason = format!("{name} arrive and seem to be dropped, but no client waits for them, so that cannot be told from other traffic");
                Finding::inconclusive(reason).with_all(effect.evidence)
            }
            Some(effect) if effect.delivery == Delivery::Dropped => {
                let by = with(Passes::No).map(|firewall| format!(": {}", told(firewall))).unwrap_or_default();
                let message = format!("{name} arrive, and no socket sees them: the guest's firewall drops them, most likely{by}");
                Finding::fail(expected, "they arrive and are dropped", message).because(Cause::Firewall).with_all(effect.evidence)
            }
            Some(effect) if effect.delivery == Delivery::Delivered => {
                // Whether it runs is not looked at: a service can run on after its rules could not be loaded.
                let rules = "so its rules are not in force: it does not run, or could not load them";
                let idle = with(Passes::No).map(|firewall| format!("; {} would drop them, {rules}", told(firewall))).unwrap_or_default();
                Finding::pass(expected, format!("they arrive and are delivered{idle}")).with_all(effect.evidence)
            }
            // Nothing arrived, or other traffic hides what became of it and a file drops it.
            _ => {
                if let Some(firewall) = with(Passes::No) {
                    Finding::fail(expected, "dropped at boot", format!("{} does not let {name} in", told(firewall))).because(Cause::Firewall)
                } else {
                    firewalls?;
                    // Rules that somebody loaded since are not looked at, and a reader must know.
                    let unseen = if subject.facts.run.image.is_none() { "; nothing arrived that would show the rules in force" } else { "" };
                    match with(Passes::CannotTell) {
                        Some(firewall) => Finding::inconclusive(format!("whether {} lets {name} in cannot be told from its rules", told(firewall))),
                        None if listed.is_empty() => Finding::pass(expected, format!("no firewall is set up to start at boot{unseen}")).with(
                            crate::facts::Tense::Intent,
                            Place::Words("firewalld, ufw, nftables, ip6tables".into()),
                            "none is set up to start at boot",
                        ),
                        None => Finding::pass(expected, listed.iter().map(told).collect::<Vec<_>>().join(", ") + unseen),
                    }
                }
            }
        };
        Ok(finding.with_all(evidence))
    }
}
