//! How the host's DHCPv6 clients name themselves and their associations, on all interfaces together.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::retransmissions::shown;
use super::verdicts::{Look, Verdicts};
use super::{Judgement, Kind, Scope, Subject};

/// One DUID on all interfaces (RFC 8415 section 11), and with the same DUID no IAID on two of them (section 12). In another program's capture
/// each interface is taken for a host of its own.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Dhcpv6IdentityOfHost {
    /// What of it.
    judges: Judges,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Judges {
    Duid,
    Iaid,
}

impl Kind for Dhcpv6IdentityOfHost {
    const SCOPE: Scope = Scope::Host;

    fn judge(&self, subject: &Subject<'_>) -> Judgement {
        let traces = subject.traces()?;
        // Whose the interfaces are in another program's capture, of one host or of several, is not known.
        let foreign = traces.iter().any(|(_, trace)| trace.foreign());
        match self.judges {
            Judges::Duid => {
                let mut verdicts = Verdicts::new("one DUID in all messages of the host");
                let mut first: BTreeMap<&str, (&str, &[u8])> = BTreeMap::new();
                for (name, trace) in &traces {
                    for sent in trace.sent() {
                        let Some(duid) = sent.message.client_id() else { continue };
                        let (at, known) = *first.entry(if foreign { *name } else { "" }).or_insert((*name, duid));
                        let look = if known == duid {
                            Look::Right
                        } else {
                            let message = format!("the client on {name} is {}, and on {at} it was {}", shown(duid), shown(known));
                            Look::Wrong(format!("{} and {}", shown(known), shown(duid)), message)
                        };
                        verdicts.look(trace.evidence(sent.at_us(), format!("{} on {name} from client {}", sent.name(), shown(duid))), look);
                    }
                }
                Ok(verdicts.settle("messages with a client identifier", traces.iter().map(|(_, trace)| *trace)))
            }
            Judges::Iaid => {
                let mut verdicts = Verdicts::new("an IAID on one interface only");
                let mut first = BTreeMap::new();
                for (name, trace) in &traces {
                    for sent in trace.sent() {
                        for (code, iaid) in sent.associations() {
                            let at = *first.entry((sent.message.client_id(), code, iaid)).or_insert(*name);
                            let look = if at == *name {
                                Look::Right
                            } else if foreign {
                                Look::Unsure(format!("IAID {iaid:08x} is on {at} and {name}; whether both are one host's is not in a capture"))
                            } else {
                                Look::Wrong(
                                    format!("{iaid:08x} on {at} and {name}"),
                                    format!("the client uses IAID {iaid:08x} on both {at} and {name}"),
                                )
                            };
                            verdicts.look(trace.evidence(sent.at_us(), format!("{} on {name} with IAID {iaid:08x}", sent.name())), look);
                        }
                    }
                }
                Ok(verdicts.settle("identity associations", traces.iter().map(|(_, trace)| *trace)))
            }
        }
    }
}
