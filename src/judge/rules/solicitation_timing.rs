//! When Router Solicitations leave: the first, the intervals, how long it goes on and when it ends.

use serde::Deserialize;

use super::solicitation_run::{SolicitationRun, runs};
use super::trace::{Trace, seconds};
use super::{Evidence, Finding, Judgement, Kind, Subject, ra_accepted};
use crate::facts::{Happening, LinkChange};
use crate::judge::Verdict;

/// RFC 7559 section 2: the first retransmission timeout is 4 s, the greatest 3600 s, and each may be off by a tenth (RFC 8415 section 15). All
/// in microseconds.
const FIRST: (u64, u64) = (3_600_000, 4_400_000);
const GREATEST: (u64, u64) = (3_240_000_000, 3_960_000_000);
/// An interval may be longer than it was chosen by this part: the kernel rounds the end of long timers up (kernel/time/timer.c: an eighth at most).
const LATE_PART: u64 = 8;
/// As many times longer an interval may seem in another program's capture, which may have missed one: it, and the next of twice its length.
const MISSED: u64 = 4;
/// Two intervals that differ by less come from a fixed timer.
const SAME_US: u64 = 100_000;
/// `MAX_RTR_SOLICITATION_DELAY` and `RetransTimer` (RFC 4861 section 10).
const DELAY_US: u64 = 1_000_000;
const RETRANSMIT_US: u64 = 1_000_000;

/// The guest's Router Solicitations leave when RFC 4861 section 6.3.7 and RFC 7559 have them leave. An interval with a gap of the recording in
/// it is not judged, and of one wrong interval among right ones nobody can tell whether it was the start of another program.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct SolicitationTiming {
    aspect: Aspect,
    /// How much later or earlier than sent a frame may have been timed, in milliseconds.
    tolerance_ms: u64,
}

/// What is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Aspect {
    FirstDelay,
    Spacing,
    Backoff,
    GoesOn,
    Stops,
}

/// What one run shows; the first of these counts most.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Shows {
    Wrong(String),
    Unclear(String),
    Right,
    Nothing(&'static str),
}

impl Kind for SolicitationTiming {
    fn judge(&self, subject: &Subject<'_>) -> Judgement {
        let trace = subject.trace()?;
        // Who was told to take no RA has nothing to go on for. A capture alone tells nothing of that.
        if self.aspect == Aspect::GoesOn && ra_accepted::now(subject).is_ok_and(|finding| finding.verdict == Verdict::Fail) {
            return Ok(Finding::skip("the guest does not accept Router Advertisements"));
        }
        let runs = runs(trace);
        let shown: Vec<_> = match self.aspect {
            Aspect::FirstDelay => runs.iter().take(1).map(|run| self.first_delay(trace, run)).zip(&runs).collect(),
            _ => runs.iter().map(|run| self.shows(trace, run)).zip(&runs).collect(),
        };
        let expected = self.aspect.expected();
        Ok(match shown.into_iter().min_by(|one, other| one.0.cmp(&other.0)) {
            None => trace.none("Router Solicitation"),
            Some((Shows::Wrong(what), run)) => {
                Finding::fail(expected, what.clone(), format!("Router Solicitations: {what}")).with_all(told(trace, run))
            }
            Some((Shows::Unclear(why), _)) => Finding::inconclusive(why),
            Some((Shows::Right, run)) => Finding::pass(expected, times(run)).with_all(told(trace, run)),
            Some((Shows::Nothing(why), _)) => Finding::skip(why),
        })
    }
}

/// When the first solicitations of a run left, in words.
fn times(run: &SolicitationRun) -> String {
    let times: Vec<_> = run.sent_us.iter().take(6).map(|at_us| seconds(*at_us)).collect();
    format!("{} sent: at {}", run.sent_us.len(), times.join(", "))
}

/// The first solicitations of a run, and what ended it, as evidence.
fn told(trace: &Trace<'_>, run: &SolicitationRun) -> Vec<Evidence> {
    let sent = run.sent_us.iter().chain(&run.after_us).take(6).map(|at_us| trace.evidence(*at_us, "Router Solicitation"));
    sent.chain(run.answered_us.map(|at_us| trace.evidence(at_us, "valid Router Advertisement"))).collect()
}

impl Aspect {
    fn expected(self) -> &'static str {
        match self {
            Self::FirstDelay => "the first one leaves within a second, duplicate address detection aside",
            Self::Spacing => "4 s between two, less a tenth",
            Self::Backoff => "4 s between the first two, then twice the interval before, each within a tenth",
            Self::GoesOn => "they go on until a router answers",
            Self::Stops => "none after a router answered",
        }
    }
}

impl SolicitationTiming {
    fn tolerance(&self) -> u64 {
        self.tolerance_ms.saturating_mul(1000)
    }

    fn shows(&self, trace: &Trace<'_>, run: &SolicitationRun) -> Shows {
        match self.aspect {
            Aspect::FirstDelay => self.first_delay(trace, run),
            Aspect::Spacing => self.spacing(trace, run),
            Aspect::Backoff => self.backoff(trace, run),
            Aspect::GoesOn => self.goes_on(trace, run),
            Aspect::Stops => self.stops(trace, run),
        }
    }

    /// One random second before duplicate address detection (RFC 4862 section 5.4.2) and one before the solicitation, which two programs may
    /// both wait; and detection itself.
    fn first_delay(&self, trace: &Trace<'_>, run: &SolicitationRun) -> Shows {
        let Some(first) = run.sent_us.first().copied() else { return Shows::Nothing("no Router Solicitation") };
        if trace.answering_advertisements().any(|at_us| at_us < first) {
            return Shows::Nothing("a Router Advertisement came before the first Router Solicitation");
        }
        let Some(up) = came_up(trace, first) else {
            return Shows::Unclear("the recording does not show when the interface came up".into());
        };
        if trace.lost_between(up, first) {
            return Shows::Unclear("frames are missing before the first Router Solicitation".into());
        }
        let tests = trace.detections().filter(|(at, target)| target.is_unicast_link_local() && (up..first).contains(at)).count();
        let detection = RETRANSMIT_US.saturating_mul(u64::try_from(tests).unwrap_or(u64::MAX));
        let delay = (first - up).saturating_sub(detection);
        if delay > self.tolerance().saturating_add(2 * DELAY_US) {
            Shows::Wrong(format!("the first one left {} after the interface came up, detection aside", seconds(delay)))
        } else {
            Shows::Right
        }
    }

    fn spacing(&self, trace: &Trace<'_>, run: &SolicitationRun) -> Shows {
        let intervals: Vec<_> = intervals(trace, run).collect();
        let short: Vec<_> = intervals.iter().filter(|(interval, _)| interval.saturating_add(self.tolerance()) < FIRST.0).collect();
        match short.as_slice() {
            // A lost solicitation makes an interval longer, never shorter.
            [(first, _), _, ..] => Shows::Wrong(format!("{} intervals of less than 3.6 s, the first {}", short.len(), seconds(*first))),
            [(only, _)] => Shows::Unclear(restarted(*only)),
            [] => match intervals.iter().find(|(_, lost)| *lost) {
                Some(_) => Shows::Unclear("frames are missing between two Router Solicitations".into()),
                None if intervals.is_empty() => Shows::Nothing("no second Router Solicitation was due"),
                None => Shows::Right,
            },
        }
    }

    fn backoff(&self, trace: &Trace<'_>, run: &SolicitationRun) -> Shows {
        let (mut before, mut odd, mut right, mut lost_any) = (None, Vec::new(), 0, false);
        let mut known = run.whole;
        for (interval, lost) in intervals(trace, run) {
            // Another program may have missed one, which makes its interval longer, and the next one seem too short.
            if lost || trace.foreign() && interval > self.due(before).1 {
                (before, known, lost_any) = (None, false, true);
                continue;
            }
            match (self.due(before), before) {
                // In the middle of a sequence any interval may be right.
                _ if before.is_none() && !known => {}
                ((low, high), _) if (low..=high).contains(&interval) => right += 1,
                (_, Some(fixed)) if interval.abs_diff(fixed) < SAME_US => {
                    return Shows::Wrong(format!("two intervals of {} one after the other", seconds(interval)));
                }
                ((low, high), _) => {
                    odd.push(format!("an interval of {} where {} to {} are due", seconds(interval), seconds(low), seconds(high)));
                    (before, known) = (None, true);
                    continue;
                }
            }
            (before, known) = (Some(interval), true);
        }
        match odd.as_slice() {
            [first, _, ..] => Shows::Wrong(format!("{first}, and {} more that does not fit", odd.len() - 1)),
            [only] => Shows::Unclear(format!("{only}: another program may have begun to solicit")),
            [] if right > 0 => Shows::Right,
            [] if lost_any => Shows::Unclear("frames are missing between the Router Solicitations".into()),
            [] if run.sent_us.len() > 1 => Shows::Unclear("the recording begins too late to know which interval is the first".into()),
            [] => Shows::Nothing("no second Router Solicitation was due"),
        }
    }

    /// Shortest and longest interval after one of `before`, the tolerance of all three times included.
    fn due(&self, before: Option<u64>) -> (u64, u64) {
        let ((low, high), spread) = match before {
            None => (FIRST, self.tolerance()),
            Some(before) => {
                let chosen = before.saturating_sub(before / (LATE_PART + 1));
                let low = (chosen.saturating_mul(19) / 10).min(GREATEST.0);
                ((low, (before.saturating_mul(21) / 10).min(GREATEST.1)), self.tolerance().saturating_mul(3))
            }
        };
        (low.saturating_sub(spread), high.saturating_add(high / LATE_PART).saturating_add(spread))
    }

    fn goes_on(&self, trace: &Trace<'_>, run: &SolicitationRun) -> Shows {
        let Some(last) = run.sent_us.last().copied() else { return Shows::Nothing("no Router Solicitation") };
        let answered = run.answered_us.is_some();
        let silence = run.answered_us.unwrap_or(run.until_us).saturating_sub(last);
        let due = match intervals(trace, run).last() {
            Some((_, true)) => return Shows::Unclear("frames are missing between the Router Solicitations".into()),
            Some((interval, false)) => self.due(Some(interval)).1.max(FIRST.1),
            None if run.whole => self.due(None).1,
            // It may be any of a long sequence, and the next one is due after up to an hour.
            None if !answered => return Shows::Unclear("the recording begins too late to know which solicitation is the first".into()),
            None => return Shows::Nothing("a router answered before a second Router Solicitation was due"),
        };
        let due = due.saturating_add(self.tolerance()).saturating_mul(if trace.foreign() { MISSED } else { 1 });
        if silence <= due {
            return match run.sent_us.len() {
                1 if answered => Shows::Nothing("a router answered before a second Router Solicitation was due"),
                1 => Shows::Unclear("the recording ends before a second Router Solicitation is due".into()),
                _ => Shows::Right,
            };
        }
        if trace.lost_between(last, last.saturating_add(due)) {
            return Shows::Unclear("frames are missing after the last Router Solicitation".into());
        }
        if trace.foreign() && !trace.own().any(|packet| packet.at_us > last.saturating_add(due)) {
            return Shows::Unclear("nothing of the guest was captured long after its last Router Solicitation".into());
        }
        Shows::Wrong(format!("none in {} after number {}, though no router had answered", seconds(silence), run.sent_us.len()))
    }

    /// Solicitations after the answer that keep to the sequence come from a host that has not heard it, or does not stop; others may be a
    /// program's start.
    fn stops(&self, trace: &Trace<'_>, run: &SolicitationRun) -> Shows {
        let Some(answered) = run.answered_us else { return Shows::Nothing("no valid Router Advertisement with a lifetime answered") };
        let Some(next) = run.after_us.first() else {
            return if trace.lost_between(answered, run.until_us) {
                Shows::Unclear("frames are missing after the Router Advertisement".into())
            } else {
                Shows::Right
            };
        };
        let all: Vec<_> = run.sent_us.iter().chain(&run.after_us).copied().collect();
        let mut before = None;
        let (mut kept, mut streak) = (0_usize, 0_usize);
        for pair in all.windows(2) {
            let interval = pair[1] - pair[0];
            let (low, high) = self.due(before);
            let fits = (low..=high).contains(&interval) || before.is_some_and(|before| interval.abs_diff(before) < SAME_US);
            streak = if fits && pair[1] > answered { streak + 1 } else { 0 };
            kept = kept.max(streak);
            before = Some(interval);
        }
        let count = run.after_us.len();
        if kept >= 2 {
            Shows::Wrong(format!("{count} more after a router had answered at {}, in the rhythm of one that was not answered", seconds(answered)))
        } else {
            Shows::Unclear(format!(
                "{count} more after a router had answered, the first at {}: another program may have begun to solicit",
                seconds(*next)
            ))
        }
    }
}

/// The intervals between the solicitations of a run up to its answer, and whether frames may be missing in each.
fn intervals<'a>(trace: &'a Trace<'_>, run: &'a SolicitationRun) -> impl Iterator<Item = (u64, bool)> + 'a {
    run.sent_us.windows(2).map(|pair| (pair[1] - pair[0], trace.lost_between(pair[0], pair[1])))
}

fn restarted(interval: u64) -> String {
    format!("one interval of {}, less than 3.6 s: another program may have begun to solicit", seconds(interval))
}

/// When the interface last came up before a time.
fn came_up(trace: &Trace<'_>, before_us: u64) -> Option<u64> {
    let (mut up_at, mut is_up) = (trace.recording.up_at_us?, true);
    for event in trace.recording.events.iter().take_while(|event| event.at_us <= before_us) {
        if let Happening::Link(LinkChange { up, carrier }) = event.what {
            let now = up && carrier;
            if now && !is_up {
                up_at = event.at_us;
            }
            is_up = now;
        }
    }
    Some(up_at).filter(|up_at| *up_at <= before_us)
}
