//! The random delay of the first Solicit (RFC 8415 section 18.2.1).

use serde::Deserialize;

use super::trace::{Trace, seconds};
use super::verdicts::{Look, Verdicts};
use super::{Judgement, Kind, Scope, Subject};
use crate::facts::{AddressFlag, Change, Happening};
use crate::wire::dhcpv6::kind;
use crate::wire::message::Message;

/// The first Solicit of an interface leaves at a random time within the first second after it could.
///
/// When the client was told to begin is not in a recording: it is taken for the later of a usable link-local address and a Router Advertisement
/// with M. One Solicit without a delay may be chance; two of them are none.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Dhcpv6SolicitDelay {
    /// SOL_MAX_DELAY in milliseconds.
    most_ms: u32,
    /// What is no delay, in milliseconds: of two by chance both are below once in 2500.
    none_ms: u32,
}

impl Kind for Dhcpv6SolicitDelay {
    const SCOPE: Scope = Scope::Host;

    fn judge(&self, subject: &Subject<'_>) -> Judgement {
        let mut verdicts = Verdicts::new(format!("the first Solicit after a random delay of up to {} ms", self.most_ms));
        let mut undelayed = Vec::new();
        let traces = subject.traces()?;
        for (name, trace) in &traces {
            let Some(first) = trace.sent().find(|sent| sent.message.kind == kind::SOLICIT) else { continue };
            let evidence = trace.evidence(first.at_us(), format!("first Solicit of {name}"));
            let look = match could_begin(trace, first.at_us()) {
                _ if first.elapsed_us() != Some(0) || trace.lost_between(0, first.at_us()) => {
                    Look::Unsure(format!("the first Solicit of {name} may not have been captured"))
                }
                None => Look::Unsure(format!("since when the client of {name} could solicit was not captured")),
                Some(since) => {
                    let delay = first.at_us().saturating_sub(since);
                    let text = format!("the first Solicit of {name} left {} after it could", seconds(delay));
                    if delay < u64::from(self.none_ms) * 1000 {
                        undelayed.push(text.clone());
                        Look::Unsure(format!("{text}, which may be chance"))
                    } else if delay > u64::from(self.most_ms) * 1100 {
                        Look::Unsure(format!("{text}; when the client began is not known"))
                    } else {
                        Look::Right
                    }
                }
            };
            verdicts.look(evidence, look);
        }
        if let [first, .., last] = &undelayed[..]
            && let Some((_, trace)) = traces.first()
        {
            let message = format!("Solicits leave without a delay: {first}, {last}");
            verdicts.look(trace.evidence(0, "all interfaces"), Look::Wrong(format!("{} without a delay", undelayed.len()), message));
        }
        Ok(verdicts.settle("Solicits", traces.iter().map(|(_, trace)| *trace)))
    }
}

fn could_begin(trace: &Trace<'_>, until_us: u64) -> Option<u64> {
    let usable = trace.recording.events.iter().take_while(|event| event.at_us <= until_us).find_map(|event| match &event.what {
        Happening::Address(it) if it.address.is_unicast_link_local() => {
            (it.change == Change::Set && !it.flags.contains(&AddressFlag::Tentative)).then_some(event.at_us)
        }
        _ => None,
    });
    let advertised = trace
        .network()
        .take_while(|packet| packet.at_us <= until_us)
        .filter(|packet| matches!(&packet.message, Message::RouterAdvertisement(it) if it.managed()));
    usable.max(advertised.last().map(|packet| packet.at_us))
}
