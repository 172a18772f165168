//! When the DHCPv6 client transmits a message again (RFC 8415 section 15).

use serde::Deserialize;

use super::client_message::ClientMessage;
use super::retransmissions::{Sent, Transmission};
use super::trace::{Trace, seconds};
use super::verdicts::{Look, Verdicts};
use super::{Judgement, Kind, Subject};
use crate::wire::dhcpv6::DhcpOption;
use crate::wire::message::Message;

/// The first interval is the initial one, each further one twice the one before, up to a maximum; all with a tenth of randomness.
///
/// An interval may seem longer than the client chose it, by what a busy guest is late, and hardly shorter. Nothing is judged behind an answer or
/// a change of the link, nor where frames are missing; too long an interval in another program's capture may hide a lost message.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Dhcpv6Retransmission {
    /// The message.
    message: ClientMessage,
    /// IRT in milliseconds.
    initial_ms: u32,
    /// The first interval is longer than IRT.
    #[serde(default)]
    above_initial: bool,
    /// MRT in seconds.
    maximum_s: u32,
    /// MRC, if there is one.
    most: Option<usize>,
    /// What of it.
    judges: Vec<Judges>,
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Judges {
    FirstInterval,
    Backoff,
    GoesOn,
}

const LATE_US: u64 = 500_000;
const EARLY_US: u64 = 50_000;
/// What a message's own time may be off from that of the capture: clients count in whole seconds.
const CLOCK_US: u64 = 1_000_000;
/// What may pass before its absence is told, beyond the interval itself.
const GRACE_US: u64 = 2_000_000;

/// What an interval may be, in microseconds.
#[derive(Clone, Copy)]
struct Band {
    low: u64,
    high: u64,
}

impl Kind for Dhcpv6Retransmission {
    fn judge(&self, subject: &Subject<'_>) -> Judgement {
        let trace = subject.trace()?;
        let mut exchanges = trace.transmissions();
        exchanges.retain(|exchange| exchange.first().message.kind == self.message.number());
        let mut verdicts = Verdicts::new(self.expected());
        let caps = self.caps(trace);
        for exchange in &exchanges {
            self.intervals(trace, &caps, exchange, &mut verdicts);
        }
        if let Some(last) = exchanges.last().filter(|_| self.judges.contains(&Judges::GoesOn))
            && let Some(look) = self.goes_on(trace, &caps, last)
        {
            verdicts.look(last.last().evidence(trace), look);
        }
        Ok(verdicts.settle(if self.judges == [Judges::GoesOn] { "exchanges without an answer" } else { "retransmissions" }, [trace]))
    }
}

impl Dhcpv6Retransmission {
    fn expected(&self) -> String {
        match self.judges[..] {
            [Judges::FirstInterval] if self.above_initial => {
                format!("the first retransmission after more than {} ms and at most a tenth more", self.initial_ms)
            }
            [Judges::GoesOn] => "retransmission without end".into(),
            _ => format!("intervals that begin at {} ms and double up to {} s, a tenth more or less", self.initial_ms, self.maximum_s),
        }
    }

    fn initial_us(&self) -> u64 {
        u64::from(self.initial_ms) * 1000
    }

    fn first_band(&self) -> Band {
        let initial = self.initial_us();
        Band { low: if self.above_initial { initial } else { initial / 10 * 9 }, high: initial / 10 * 11 }
    }

    /// MRT in microseconds and since when: the usual one, and what servers told instead (RFC 8415 section 21.24).
    fn caps(&self, trace: &Trace<'_>) -> Vec<(u64, u64)> {
        let told = trace.server().filter(|_| self.message == ClientMessage::Solicit).filter_map(|(packet, message)| {
            let data = message.options.iter().find_map(|option| match option {
                DhcpOption::Other(82, data) => data.first_chunk(),
                _ => None,
            });
            Some((packet.at_us, u64::from(u32::from_be_bytes(*data?))))
        });
        let usable = told.filter(|(_, seconds)| (60..=86_400).contains(seconds));
        usable.chain([(0, self.maximum_s.into())]).map(|(at_us, seconds)| (at_us, seconds * 1_000_000)).collect()
    }

    fn intervals(&self, trace: &Trace<'_>, caps: &[(u64, u64)], exchange: &Transmission<'_>, verdicts: &mut Verdicts) {
        let answered = exchange.answered_at(trace).unwrap_or(u64::MAX);
        let mut band = (exchange.first().message.elapsed_time() == Some(0)).then(|| self.first_band());
        for (at, pair) in exchange.sent.windows(2).enumerate() {
            let (from, until) = (pair[0].at_us(), pair[1].at_us());
            if answered <= until || trace.link_changed(from, until) {
                return;
            }
            let judged = self.judges.contains(if at == 0 { &Judges::FirstInterval } else { &Judges::Backoff });
            let length = until.saturating_sub(from);
            let evidence = || trace.evidence(until, format!("{} again after {}", pair[1].name(), seconds(length)));
            if trace.lost_between(from, until) {
                if judged {
                    verdicts.look(evidence(), Look::Unsure(format!("frames are missing between {} and {}", seconds(from), seconds(until))));
                }
                return;
            }
            let look = match band {
                Some(band) => look(trace, pair, band, length),
                // A capture that began late shows no first interval, and by another program not whether the next is whole.
                None if trace.foreign() => return,
                None => Look::Right,
            };
            let right = matches!(look, Look::Right);
            if judged && band.is_some() {
                verdicts.look(evidence(), look);
            }
            if !right {
                return;
            }
            let chosen = Band {
                low: length.saturating_sub(LATE_US).max(band.map_or(0, |band| band.low)),
                high: length.saturating_add(EARLY_US).min(band.map_or(u64::MAX, |band| band.high)),
            };
            band = Some(Self::next(chosen, caps, until));
        }
        if let Some(most) = self.most {
            let count = exchange.sent.len();
            let evidence = exchange.last().evidence(trace);
            // Whether the first transmission counts is read in both ways.
            if count > most + 1 {
                let name = exchange.first().name();
                verdicts.look(
                    evidence,
                    Look::Wrong(format!("{count} transmissions"), format!("the {name} was sent {count} times, and {most} are the most")),
                );
            }
        }
    }

    fn next(chosen: Band, caps: &[(u64, u64)], at_us: u64) -> Band {
        let mut next = Band { low: (chosen.low / 10).saturating_mul(19), high: (chosen.high / 10).saturating_mul(21) };
        let known = || caps.iter().filter(|(since, _)| *since <= at_us).map(|(_, cap)| *cap);
        let highest = known().max().unwrap_or(u64::MAX / 10);
        for cap in known().filter(|cap| next.high > *cap) {
            next.low = next.low.min(cap / 10 * 9);
        }
        if next.high > highest {
            next.high = highest / 10 * 11;
        }
        next
    }

    /// `None` where the exchange was answered.
    fn goes_on(&self, trace: &Trace<'_>, caps: &[(u64, u64)], exchange: &Transmission<'_>) -> Option<Look> {
        if exchange.answered_at(trace).is_some() {
            return None;
        }
        let last = exchange.last();
        let before = match exchange.sent[..] {
            [.., earlier, last] => last.at_us().saturating_sub(earlier.at_us()),
            _ => last.elapsed_us().unwrap_or(u64::MAX),
        };
        let longest = if before == 0 { self.first_band().high } else { (before.max(self.initial_us()) / 10).saturating_mul(21) };
        let longest = longest.min(caps.iter().map(|(_, cap)| *cap).max().unwrap_or(u64::MAX) / 10 * 11);
        // Another program may have missed one, and the one behind it comes after twice the time.
        let longest = if trace.foreign() { longest.saturating_mul(4) } else { longest };
        let due = last.at_us().saturating_add(longest.saturating_add(GRACE_US));
        let count = exchange.sent.len();
        let end = trace.recording.elapsed_us;
        let name = last.name();
        Some(if due > end {
            // It goes on as far as can be seen, if it was transmitted again at all.
            if count > 1 { Look::Right } else { Look::Unsure(format!("the recording ends before the next {name} was due")) }
        } else if trace.foreign() && !trace.guest().any(|packet| packet.at_us > due) {
            Look::Unsure(format!("nothing of the guest was captured long after the {name} at {}", seconds(last.at_us())))
        } else if trace.lost_between(last.at_us(), due) {
            Look::Unsure(format!("frames are missing after the {name} at {}", seconds(last.at_us())))
        } else if trace.link_changed(last.at_us(), due) {
            Look::Unsure(format!("the link changed after the {name} at {}", seconds(last.at_us())))
        } else if unmanaged(trace, last.at_us(), due) {
            Look::Unsure(format!("a router sent an RA without M after the {name} at {} that there is no DHCPv6", seconds(last.at_us())))
        } else {
            let message = format!(
                "no {name} after the one at {}, which was the {count}. and had no answer; the recording reaches {}",
                seconds(last.at_us()),
                seconds(end)
            );
            Look::Wrong(format!("{count} and no more"), message)
        })
    }
}

fn look(trace: &Trace<'_>, pair: &[Sent<'_>], band: Band, length: u64) -> Look {
    let text = format!("after {} instead of {} to {}", seconds(length), seconds(band.low), seconds(band.high));
    let early = length.saturating_add(EARLY_US) < band.low;
    let told = || Some(pair[1].elapsed_us()?.abs_diff(pair[0].elapsed_us()?));
    if early && trace.foreign() && told().is_some_and(|told| told.abs_diff(length) > CLOCK_US) {
        Look::Unsure(format!("the message is sent again {text}, and tells another time itself: the clock of the capture may have been set"))
    } else if early {
        Look::Wrong(text.clone(), format!("the message is sent again too soon: {text}"))
    } else if length <= band.high.saturating_add(LATE_US) {
        Look::Right
    } else if trace.foreign() {
        Look::Unsure(format!("the message is sent again {text}; one between may not have been captured"))
    } else {
        Look::Wrong(text.clone(), format!("the message is sent again too late: {text}"))
    }
}

/// Whether a router said in this time that there is no address by DHCPv6.
fn unmanaged(trace: &Trace<'_>, from_us: u64, until_us: u64) -> bool {
    trace.network().any(
        |packet| matches!(&packet.message, Message::RouterAdvertisement(it) if from_us <= packet.at_us && packet.at_us <= until_us && !it.managed()),
    )
}
