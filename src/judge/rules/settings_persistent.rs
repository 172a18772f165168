//! What is right now is set up to be so after the next boot.

use super::{Cause, Evidence, Finding, Judgement, Kind, Place, Subject, dhcpv6_intended, intended, ra_accepted};
use crate::facts::{Tense, Unknown};
use crate::judge::Verdict;

/// A right state that nothing on disk brings back. The other way round, set up and not in force, is said where the state fails.
#[derive(Debug, Clone, Default)]
pub struct SettingsPersistent;

/// Something that is right now.
struct Right {
    what: &'static str,
    now: Evidence,
    intended: Judgement,
}

impl Kind for SettingsPersistent {
    fn judge(&self, subject: &Subject<'_>) -> Judgement {
        const EXPECTED: &str = "what is right now is set up for the next boot";
        if subject.facts.run.image.is_some() {
            return Ok(Finding::skip("an image that does not run has no state that could be lost"));
        }
        let state = &subject.on_interface()?.1.state;
        if !subject.facts.state.ipv6.get()?.present || state.inet6.get()?.is_none() || state.sysctl("disable_ipv6")? != 0 {
            return Ok(Finding::skip("IPv6 is off here, so there is nothing right to keep"));
        }
        let (mut right, mut unknown) = (Vec::new(), Vec::new());
        right.push(ipv6(subject));
        for look in [router_advertisements(subject), dhcpv6(subject)] {
            match look {
                Ok(found) => right.extend(found),
                Err(reason) => unknown.push(reason),
            }
        }
        let (mut lost, mut kept, mut evidence) = (Vec::new(), Vec::new(), Vec::new());
        let mut cause: Option<Cause> = None;
        for it in right {
            evidence.push(it.now);
            match it.intended {
                Ok(finding) if finding.verdict == Verdict::Fail => {
                    lost.push(format!("{}, and the next boot ends that: {}", it.what, finding.message));
                    cause = cause.or(finding.cause);
                    evidence.extend(finding.evidence);
                }
                Ok(finding) if finding.verdict == Verdict::Pass => {
                    kept.push(it.what);
                    evidence.extend(finding.evidence);
                }
                Ok(finding) => unknown.push(Unknown::new(finding.message)),
                Err(reason) => unknown.push(reason),
            }
        }
        let finding = if !lost.is_empty() {
            let finding = Finding::fail(EXPECTED, format!("{} not set up", lost.len()), lost.join("; "));
            cause.map_or(finding.clone(), |cause| finding.because(cause))
        } else if let Some(reason) = unknown.into_iter().next() {
            let text = format!("whether the next boot brings it back is not known: {}", reason.reason);
            Finding::inconclusive(reason.saying(text))
        } else {
            Finding::pass(EXPECTED, format!("all of it: {}", kept.join(", ")))
        };
        Ok(finding.with_all(evidence))
    }
}

fn ipv6(subject: &Subject<'_>) -> Right {
    let place = Place::Kernel(format!("/proc/sys/net/ipv6/conf/{}/disable_ipv6", subject.name));
    let now = Evidence { tense: Tense::State, place, value: "0".into() };
    Right { what: "IPv6 is on now", now, intended: intended::ipv6(subject) }
}

fn router_advertisements(subject: &Subject<'_>) -> Result<Option<Right>, Unknown> {
    let finding = ra_accepted::now(subject)?;
    if finding.verdict == Verdict::Inconclusive {
        return Err(Unknown::new(finding.message));
    }
    let right = finding.verdict == Verdict::Pass;
    let now = Evidence::new(Tense::State, Place::Words("Router Advertisements".into()), finding.seen);
    Ok(right.then(|| Right { what: "Router Advertisements are accepted now", now, intended: intended::router_advertisements(subject) }))
}

fn dhcpv6(subject: &Subject<'_>) -> Result<Option<Right>, Unknown> {
    let clients = subject.on_interface()?.1.state.owners.dhcpv6.get()?;
    Ok(clients.first().map(|client| Right {
        what: "a DHCPv6 client serves it now",
        now: Evidence::new(Tense::State, Place::Process { name: client.name.clone(), pid: None }, client.evidence.clone()),
        intended: dhcpv6_intended::at_boot(subject),
    }))
}
