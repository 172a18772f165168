//! Nobody but one DHCPv6 server answers.

use std::collections::BTreeSet;

use super::{Finding, Judgement, Kind, Subject, network_answers};
use crate::facts::Ended;
use crate::wire::duid::Duid;

/// One DHCPv6 server only, told apart by its DUID. That there is no second one is known only when the whole window was waited out.
#[derive(Debug, Clone, Default)]
pub struct SingleServer;

impl Kind for SingleServer {
    fn judge(&self, subject: &Subject<'_>) -> Judgement {
        const EXPECTED: &str = "one DHCPv6 server";
        let conversation = subject.server()?;
        let answers = &conversation.all;
        let evidence: Vec<_> = answers.iter().map(|(answer, offer)| network_answers::answer_evidence(answer, offer)).collect();
        let servers: BTreeSet<&[u8]> = answers.iter().filter_map(|(answer, _)| answer.message.server_id()).collect();
        let shown = servers.iter().map(|duid| Duid(duid.to_vec()).to_string()).collect::<Vec<_>>().join(", ");
        let finding = if servers.len() > 1 {
            Finding::fail(EXPECTED, shown.clone(), format!("{} DHCPv6 servers answer: {shown}", servers.len()))
        } else if servers.is_empty() && conversation.ended == Ended::Deadline {
            Finding::skip("no DHCPv6 server answers at all")
        } else if conversation.ended == Ended::Deadline && subject.facts.run.thorough {
            Finding::pass(EXPECTED, shown)
        } else if conversation.ended == Ended::Interrupted {
            Finding::inconclusive("interrupted by a signal before the whole window was waited out")
        } else {
            Finding::skip("a second one was not waited for; --thorough waits the whole window")
        };
        Ok(finding.with_all(evidence))
    }
}
