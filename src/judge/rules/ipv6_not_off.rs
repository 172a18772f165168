//! IPv6 is not known to be off: the condition of what can be judged without knowing that it is on.

use serde::Deserialize;

use super::ipv6_enabled::Ipv6Enabled;
use super::{Finding, Judgement, Kind, Subject};
use crate::judge::Verdict;

/// Fails where [`Ipv6Enabled`] does, and holds where that cannot tell.
#[derive(Debug, Clone, Deserialize)]
#[serde(transparent)]
pub struct Ipv6NotOff(Ipv6Enabled);

impl Kind for Ipv6NotOff {
    fn judge(&self, subject: &Subject<'_>) -> Judgement {
        match self.0.judge(subject) {
            Ok(off) if off.verdict == Verdict::Fail => Ok(off),
            Ok(_) | Err(_) => Ok(Finding::pass("IPv6 is not off", "it is not known to be off")),
        }
    }
}
