//! The transaction ids of the DHCPv6 client.

use serde::Deserialize;

use super::retransmissions::Sent;
use super::trace::{Trace, seconds};
use super::verdicts::{Look, Verdicts};
use super::{Judgement, Kind, Subject};

/// A retransmission has the transaction id of what it transmits again, and another message has another one (RFC 8415 section 16.1).
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Dhcpv6Transaction {
    /// What of it.
    judges: Judges,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Judges {
    Kept,
    New,
}

/// How much later than it says an exchange may have begun: what clients round.
const TOLERANCE_US: u64 = 100_000;

impl Kind for Dhcpv6Transaction {
    fn judge(&self, subject: &Subject<'_>) -> Judgement {
        let trace = subject.trace()?;
        match self.judges {
            Judges::Kept => {
                let sent: Vec<_> = trace.sent().collect();
                let mut verdicts = Verdicts::new("the transaction id unchanged in retransmissions");
                for (at, later) in sent.iter().enumerate() {
                    let same = |it: &&Sent<'_>| it.message.kind == later.message.kind && it.message.client_id() == later.message.client_id();
                    let Some(earlier) = sent[..at].iter().rev().find(same) else { continue };
                    if let Some(look) = kept(trace, *earlier, *later) {
                        verdicts.look(later.evidence(trace), look);
                    }
                }
                Ok(verdicts.settle("retransmissions", [trace]))
            }
            Judges::New => {
                let exchanges = trace.transmissions();
                let mut verdicts = Verdicts::new("a transaction id of its own for each exchange");
                for pair in exchanges.windows(2) {
                    let (earlier, later) = (pair[0].first(), pair[1].first());
                    let look = if earlier.message.transaction_id == later.message.transaction_id {
                        let id = later.message.transaction_id;
                        let message = format!(
                            "the {} at {} has transaction id {id:06x}, as the {} before it",
                            later.name(),
                            seconds(later.at_us()),
                            earlier.name()
                        );
                        Look::Wrong(format!("{id:06x} twice"), message)
                    } else {
                        Look::Right
                    };
                    verdicts.look(later.evidence(trace), look);
                }
                Ok(verdicts.settle("exchanges after the first", [trace]))
            }
        }
    }
}

/// `None` where `later` does not belong to the exchange of `earlier`.
fn kept(trace: &Trace<'_>, earlier: Sent<'_>, later: Sent<'_>) -> Option<Look> {
    let elapsed = later.elapsed_us().filter(|elapsed| *elapsed > 0)?;
    if earlier.message.transaction_id == later.message.transaction_id {
        return Some(Look::Right);
    }
    let place = format!("the {} at {}", later.name(), seconds(later.at_us()));
    let began = later.at_us().saturating_sub(elapsed);
    // It began after the earlier one, so its own first message is what is missing.
    if began.saturating_sub(TOLERANCE_US) > earlier.at_us() {
        let reason = format!("{place} belongs to an exchange whose first message was not captured");
        return (trace.foreign() || trace.lost_between(began, later.at_us())).then_some(Look::Unsure(reason));
    }
    if trace.lost_between(began, later.at_us()) || trace.foreign() {
        return Some(Look::Unsure(format!("{place} has another transaction id; what was sent between may not have been captured")));
    }
    let (was, is) = (earlier.message.transaction_id, later.message.transaction_id);
    let message = format!("{place} continues an exchange, as its elapsed time says, with transaction id {is:06x} instead of {was:06x}");
    Some(Look::Wrong(format!("{is:06x} after {was:06x}"), message))
}
