//! Goals of fixes: whether the files meet one, and which one a failed rule misses.

use super::{Cause, Finding, Rule, Subject, intended, rules, settle};
use crate::facts::{Goal, InterfaceIntent, Setting, Tenses};

/// Whether the files set the subject up as `goal` has it. What runs now counts only where it comes back at each boot.
pub fn judge_goal(goal: Goal, subject: &Subject<'_>) -> Finding {
    settle(rules::meets(goal, subject))
}

impl Rule {
    /// The goals that are missed where this rule fails, by `cause`: whose fixes are its remedy. None where no change of files is.
    pub fn goals(&self, cause: Option<Cause>) -> Vec<Goal> {
        match (self, cause) {
            (Self::RaAccepted(_), Some(Cause::Firewall)) => vec![Goal::FirewallAdvertisements],
            (Self::Ipv6Enabled(_) | Self::Ipv6NotOff(_), _) => vec![Goal::Ipv6],
            (Self::RaAcceptIntended(_) | Self::RaAccepted(_), _) => vec![Goal::RouterAdvertisements],
            (Self::Dhcpv6Intended(_) | Self::Dhcpv6ClientRunning(_), _) => vec![Goal::Dhcpv6],
            (Self::SettingsPersistent(_), _) => vec![Goal::Ipv6, Goal::Dhcpv6, Goal::RouterAdvertisements],
            (Self::DhclientPrefixLength(_), _) => vec![Goal::PrefixLength],
            (Self::FirewallPasses(rule), _) => vec![rule.goal()],
            (Self::OneNetworkStack(_), _) => vec![Goal::OneStack],
            (Self::NoPastedBackticks(_), _) => vec![Goal::LiteralBackticks],
            (Self::NotBakedIn(rule), _) => rule.goal().into_iter().collect(),
            _ => Vec::new(),
        }
    }
}

/// Whether the interface forwards now, or will at the next boot, so that `accept_ra` has to be 2.
pub fn forwards(tenses: &Tenses) -> bool {
    matches!(intended::forwarding(tenses), Ok(intended::Forwards::Yes(_)))
}

/// What sysctl.d writes to a setting of the interface at boot, where that is known.
pub fn own_sysctl<'a>(intent: &'a InterfaceIntent, name: &str) -> Option<&'a Setting<i64>> {
    intended::sysctl(intent, name).ok().flatten()
}
