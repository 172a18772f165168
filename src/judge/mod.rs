//! Judging: facts in, findings out. Pure: no clock, no file, no environment, no randomness, no panic.
//!
//! A rule kind is one file in `rules/`. It says what was expected, what was seen and by which evidence; it knows nothing of levels,
//! blame or remedies, which are the check file's, and nothing of reports.

mod boot;
mod daemon;
mod evidence;
mod finding;
mod goals;
mod intended;
mod network_answers;
mod rules;
mod subject;
mod timing;

pub use evidence::{Evidence, Place, Table};
pub use finding::{Cause, Finding, Judgement, Verdict};
pub use goals::{forwards, judge_goal, own_sysctl};
pub use rules::{Rule, Scope};
pub use subject::{Expectations, Subject};

/// Judges one subject by `rule`, where `when` says that it applies.
///
/// Could-not-look is `inconclusive` with its reason, and a rule that does not apply is `skip` with the reason of the condition.
pub fn judge(rule: &Rule, when: Option<&Rule>, subject: &Subject<'_>) -> Finding {
    let boots = subject.boots();
    if boots.len() < 2 || rule.scope() == Scope::Host {
        return judge_one(rule, when, subject);
    }
    let findings = boots.iter().map(|boot| judge_one(rule, when, boot));
    boot::worst::of(&boots, findings.collect())
}

fn judge_one(rule: &Rule, when: Option<&Rule>, subject: &Subject<'_>) -> Finding {
    let applies = when.map_or_else(|| Finding::pass("", ""), |condition| settle(condition.judge(subject)));
    match applies.verdict {
        Verdict::Pass => settle(rule.judge(subject)),
        Verdict::Fail => Finding::skip(format!("does not apply: {}", applies.message)),
        // What there is nothing to look at for is skipped, whether it applies or not.
        Verdict::Inconclusive => rule.judge(subject).err().filter(|unknown| unknown.absent).map_or(applies, Finding::skip),
        Verdict::Skip => applies,
    }
}

fn settle(judgement: Judgement) -> Finding {
    judgement.unwrap_or_else(|unknown| if unknown.absent { Finding::skip(unknown) } else { Finding::inconclusive(unknown) })
}
