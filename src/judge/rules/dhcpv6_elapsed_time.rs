//! The elapsed time that the DHCPv6 client tells.

use serde::Deserialize;

use super::retransmissions::{Sent, Transmission};
use super::trace::{Trace, seconds};
use super::verdicts::{Look, Verdicts};
use super::{Judgement, Kind, Subject};

/// The Elapsed Time option is 0 in the first message of an exchange and then grows as time passes (RFC 8415 section 21.9).
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Dhcpv6ElapsedTime {
    /// What of it.
    judges: Judges,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Judges {
    First,
    Growth,
}

/// A client may count in whole seconds, and say what it counted when it began to write the message.
const TOLERANCE_US: u64 = 1_000_000;
/// And its clock may be wrong by this part.
const DRIFT: u64 = 20;
/// No message is transmitted again before this time (RFC 8415 section 7.6 and 15: 1 s less a tenth).
const FIRST_RETRANSMISSION_US: u64 = 900_000;
/// The most that the option can say; it stands for this and everything above.
const MOST_US: u64 = 0xffff * 10_000;

impl Kind for Dhcpv6ElapsedTime {
    fn judge(&self, subject: &Subject<'_>) -> Judgement {
        let trace = subject.trace()?;
        let exchanges = trace.transmissions();
        match self.judges {
            Judges::First => {
                let mut verdicts = Verdicts::new("elapsed time 0 in the first message of an exchange");
                for exchange in &exchanges {
                    if let Some(elapsed) = exchange.first().elapsed_us() {
                        verdicts.look(exchange.first().evidence(trace), first(trace, exchange, elapsed));
                    }
                }
                Ok(verdicts.settle("exchanges", [trace]))
            }
            Judges::Growth => {
                let mut verdicts = Verdicts::new("an elapsed time that grows as time passes");
                let pairs = exchanges.iter().flat_map(|exchange| exchange.sent.windows(2));
                let looks = pairs.filter_map(|pair| Some((pair[1], growth(pair[0], pair[1], pair[0].elapsed_us()?, pair[1].elapsed_us()?))));
                let mut looks: Vec<_> = looks.collect();
                let mut wrong = looks.iter_mut().filter(|(_, look)| matches!(look, Look::Wrong(..)));
                // The clock of another program's capture may be set meanwhile, which is seen once.
                if let (Some((_, only)), None) = (wrong.next().filter(|_| trace.foreign()), wrong.next()) {
                    *only = Look::Unsure("one elapsed time does not fit the time of the capture, whose clock may have been set".into());
                }
                for (sent, look) in looks {
                    verdicts.look(sent.evidence(trace), look);
                }
                Ok(verdicts.settle("retransmissions", [trace]))
            }
        }
    }
}

fn first(trace: &Trace<'_>, exchange: &Transmission<'_>, elapsed: u64) -> Look {
    let first = exchange.first();
    if elapsed == 0 {
        return Look::Right;
    }
    let place = format!("the first {} of an exchange, at {},", first.name(), seconds(first.at_us()));
    let earlier_lost = match first.at_us().checked_sub(elapsed) {
        None => true,
        Some(began) => {
            trace.lost_between(began.saturating_sub(TOLERANCE_US), first.at_us()) || (trace.foreign() && elapsed >= FIRST_RETRANSMISSION_US)
        }
    };
    if earlier_lost {
        return Look::Unsure(format!("{place} tells {} of elapsed time: the first one may not have been captured", seconds(elapsed)));
    }
    Look::Wrong(format!("elapsed time {}", seconds(elapsed)), format!("{place} tells {} of elapsed time, not 0", seconds(elapsed)))
}

fn growth(earlier: Sent<'_>, later: Sent<'_>, before: u64, after: u64) -> Look {
    let passed = later.at_us().saturating_sub(earlier.at_us());
    let place = format!("the {} at {}", later.name(), seconds(later.at_us()));
    if after >= MOST_US {
        return Look::Right;
    }
    if after <= before && passed >= TOLERANCE_US {
        let message = format!("{place} tells {} of elapsed time, as if none had passed since the one before it", seconds(after));
        return Look::Wrong(seconds(after), message);
    }
    let grown = after.saturating_sub(before);
    if grown.abs_diff(passed) > TOLERANCE_US + passed / DRIFT {
        let message = format!("{place} tells {} more of elapsed time than the one before it; {} passed", seconds(grown), seconds(passed));
        return Look::Wrong(format!("grown by {} in {}", seconds(grown), seconds(passed)), message);
    }
    Look::Right
}
