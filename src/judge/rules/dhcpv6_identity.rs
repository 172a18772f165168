//! How the DHCPv6 client names itself and its associations on one interface.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::retransmissions::{Sent, shown};
use super::trace::seconds;
use super::verdicts::{Look, Verdicts};
use super::{Judgement, Kind, Subject};

/// The DUID is one (RFC 8415 section 11), and the IAIDs of a client stay the same (section 12).
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Dhcpv6Identity {
    /// What of it.
    judges: Judges,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Judges {
    DuidForm,
    IaidKept,
}

impl Kind for Dhcpv6Identity {
    fn judge(&self, subject: &Subject<'_>) -> Judgement {
        let trace = subject.trace()?;
        match self.judges {
            Judges::DuidForm => {
                let mut verdicts = Verdicts::new("a DUID of a known type and its length");
                let mut seen = BTreeSet::new();
                for sent in trace.sent() {
                    if let Some(duid) = sent.message.client_id().filter(|duid| seen.insert(*duid)) {
                        verdicts.look(trace.evidence(sent.at_us(), format!("{} with client identifier {}", sent.name(), shown(duid))), form(duid));
                    }
                }
                Ok(verdicts.settle("client identifiers", [trace]))
            }
            Judges::IaidKept => {
                let mut verdicts = Verdicts::new("the same IAIDs in all messages of a client");
                let mut first: BTreeMap<_, BTreeSet<u32>> = BTreeMap::new();
                for sent in trace.sent() {
                    for (code, of_kind) in by_option(sent) {
                        let evidence = sent.evidence(trace);
                        let known = first.entry((sent.message.client_id(), code)).or_insert_with(|| of_kind.clone());
                        // Fewer of them are asked for where a server gave fewer, and another one may be added.
                        let look = match of_kind.iter().find(|iaid| !known.contains(iaid)) {
                            Some(_) if sent.partly_read() || !of_kind.is_disjoint(known) => {
                                known.extend(of_kind);
                                Look::Right
                            }
                            Some(new) => {
                                let message =
                                    format!("the {} at {} has IAID {new:08x}, which earlier messages had not", sent.name(), seconds(sent.at_us()));
                                Look::Wrong(format!("IAID {new:08x}"), message)
                            }
                            None => Look::Right,
                        };
                        verdicts.look(evidence, look);
                    }
                }
                Ok(verdicts.settle("identity associations", [trace]))
            }
        }
    }
}

fn by_option(sent: Sent<'_>) -> BTreeMap<u16, BTreeSet<u32>> {
    let mut found: BTreeMap<u16, BTreeSet<u32>> = BTreeMap::new();
    for (code, iaid) in sent.associations() {
        found.entry(code).or_default().insert(iaid);
    }
    found
}

/// RFC 8415 section 11.1 to 11.5, RFC 6355 section 4.
fn form(duid: &[u8]) -> Look {
    let (kind, length) = match duid {
        [high, low, rest @ ..] => (u16::from_be_bytes([*high, *low]), rest.len()),
        _ => (0, 0),
    };
    let fits = match kind {
        // Hardware type, time, address; enterprise number, identifier; hardware type, address; UUID.
        1 => length > 6,
        2 => length > 4,
        3 => length > 2,
        4 => length == 16,
        _ if (1..=128).contains(&length) => {
            return Look::Unsure(format!("the client identifier {} has type {kind}, which is not known here", shown(duid)));
        }
        _ => false,
    };
    if fits && length <= 128 {
        return Look::Right;
    }
    let text = format!("{} of type {kind} with {length} bytes behind it", shown(duid));
    Look::Wrong(text.clone(), format!("the client identifier is no DUID: {text}"))
}
