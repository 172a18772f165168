//! How many DHCPv6 messages the client sends in a time (RFC 8415 section 14.1).

use serde::Deserialize;

use super::trace::seconds;
use super::verdicts::{Look, Verdicts};
use super::{Judgement, Kind, Subject};

/// No more than these messages in any time this long.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Dhcpv6RateLimit {
    /// The most messages. A token bucket lets its content and what flows in meanwhile pass.
    most: usize,
    /// The time in seconds.
    within_s: u32,
}

impl Kind for Dhcpv6RateLimit {
    fn judge(&self, subject: &Subject<'_>) -> Judgement {
        let trace = subject.trace()?;
        let within = u64::from(self.within_s) * 1_000_000;
        let mut verdicts = Verdicts::new(format!("at most {} DHCPv6 messages in {} s", self.most, self.within_s));
        let sent: Vec<_> = trace.sent().collect();
        let too_many = sent.windows(self.most + 1).find(|burst| burst[self.most].at_us().saturating_sub(burst[0].at_us()) < within);
        let (at, look) = match (too_many, sent.first()) {
            (Some(burst), _) => {
                let many = burst.len();
                let message = format!("{many} DHCPv6 messages within {} s from {} on", self.within_s, seconds(burst[0].at_us()));
                (burst[0], Look::Wrong(format!("{many} messages"), message))
            }
            (None, Some(first)) if !trace.recording.gaps.is_empty() => (*first, Look::Unsure("frames are missing from the recording".into())),
            (None, Some(first)) => (*first, Look::Right),
            (None, None) => return Ok(verdicts.settle("DHCPv6 messages of the guest", [trace])),
        };
        verdicts.look(trace.evidence(at.at_us(), format!("the first of {} DHCPv6 messages", sent.len())), look);
        Ok(verdicts.settle("recordings", [trace]))
    }
}
