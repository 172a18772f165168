//! The options of the DHCPv6 client's messages.

use serde::Deserialize;

use super::client_message::ClientMessage;
use super::retransmissions::Sent;
use super::trace::seconds;
use super::verdicts::{Look, Verdicts};
use super::{Judgement, Kind, Subject};
use crate::wire::dhcpv6::{DhcpOption, option_name};

/// Each of these messages has the options that it must have and none that it must not. What stands behind the end of a cut frame is not known.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Dhcpv6ClientOptions {
    /// The messages.
    messages: Vec<ClientMessage>,
    /// Options that must be there, by their codes.
    #[serde(default)]
    carries: Vec<u16>,
    /// Options of which one must be there.
    #[serde(default)]
    carries_one_of: Vec<u16>,
    /// Options that must not be there.
    #[serde(default)]
    lacks: Vec<u16>,
    /// Options that must be asked for in the Option Request.
    #[serde(default)]
    requests: Vec<u16>,
}

impl Kind for Dhcpv6ClientOptions {
    fn judge(&self, subject: &Subject<'_>) -> Judgement {
        let trace = subject.trace()?;
        let mut verdicts = Verdicts::new(self.expected());
        for sent in trace.sent().filter(|sent| self.messages.iter().any(|message| message.number() == sent.message.kind)) {
            verdicts.look(sent.evidence(trace), self.look(sent));
        }
        Ok(verdicts.settle("messages of this kind", [trace]))
    }
}

impl Dhcpv6ClientOptions {
    fn expected(&self) -> String {
        let names = |codes: &[u16], between: &str| codes.iter().map(|code| option_name(*code)).collect::<Vec<_>>().join(between);
        let parts = [
            ("", names(&self.carries, ", ")),
            ("", names(&self.carries_one_of, " or ")),
            ("no ", names(&self.lacks, ", ")),
            ("an Option Request with ", names(&self.requests, ", ")),
        ];
        parts.iter().filter(|(_, names)| !names.is_empty()).map(|(what, names)| format!("{what}{names}")).collect::<Vec<_>>().join(", ")
    }

    fn look(&self, sent: Sent<'_>) -> Look {
        let has = |code: &u16| sent.message.options.iter().any(|option| option.code() == Some(*code));
        let requested =
            |code: &u16| sent.message.options.iter().any(|option| matches!(option, DhcpOption::OptionRequest(codes) if codes.contains(code)));
        let place = format!("the {} at {}", sent.name(), seconds(sent.at_us()));
        if let Some(code) = self.lacks.iter().find(|code| has(code)) {
            let name = option_name(*code);
            return Look::Wrong(format!("{name} in {place}"), format!("{place} carries {name}, which it must not"));
        }
        let missing =
            self.carries.iter().find(|code| !has(code)).or_else(|| self.carries_one_of.first().filter(|_| !self.carries_one_of.iter().any(has)));
        let missing = missing.map(|code| option_name(*code));
        let unasked = || self.requests.iter().find(|code| !requested(code)).map(|code| format!("a request for {}", option_name(*code)));
        match missing.or_else(unasked) {
            // Of a cut frame even what must not be there may be behind the cut.
            Some(_) if sent.partly_read() => Look::Unsure(format!("{place} was not captured whole")),
            None if sent.partly_read() && !self.lacks.is_empty() => Look::Unsure(format!("{place} was not captured whole")),
            Some(missing) => Look::Wrong(format!("{place} without {missing}"), format!("{place} lacks {missing}")),
            None => Look::Right,
        }
    }
}
