//! Chains of rules and what becomes of a packet in them: as netfilter goes through them, as far as that is known beforehand.

use std::collections::BTreeMap;

use super::packet::{Fits, Packet};
use crate::facts::{FileLine, Passes};

/// As deep as chains may jump; netfilter allows 16.
const DEEPEST: usize = 16;
/// As many rules as one packet may go through.
const MOST_STEPS: usize = 50_000;

/// What a rule does with a packet that it fits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    Accept,
    /// Drops or rejects it.
    Drop,
    Return,
    Jump(String),
    Goto(String),
    /// Nothing that decides: counts, logs, marks.
    Continue,
    /// Something that is not understood and may decide.
    Unknown,
}

/// A rule.
#[derive(Debug, Clone)]
pub(crate) struct Rule {
    pub(crate) at: FileLine,
    /// Whether it fits a Router Advertisement, and a DHCPv6 answer.
    pub(crate) fits: [Fits; 2],
    pub(crate) verdict: Verdict,
}

/// Chains by their names.
pub(crate) type Chains = BTreeMap<String, Vec<Rule>>;

/// What becomes of a packet, and the line that decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fate {
    pub(crate) passes: Passes,
    pub(crate) at: FileLine,
}

/// What becomes of a packet in the chain called `base`, where what comes out at its end is accepted or not as `policy` says.
pub(crate) fn fate(chains: &Chains, base: &str, accepts_by_default: bool, policy: &FileLine, packet: Packet) -> Fate {
    let mut steps = MOST_STEPS;
    let at = match packet {
        Packet::RouterAdvertisement => 0,
        Packet::Dhcpv6 => 1,
    };
    let walk = walk(chains, base, at, DEEPEST, &mut steps);
    let decided = |accepts: bool, at: &FileLine| match walk.maybe {
        Some((other, maybe)) if other != accepts => Fate { passes: Passes::CannotTell, at: maybe.at.clone() },
        _ => Fate { passes: if accepts { Passes::Yes } else { Passes::No }, at: at.clone() },
    };
    match walk.end {
        End::Decided(accepts, rule) => decided(accepts, &rule.at),
        End::Through => decided(accepts_by_default, policy),
        End::Unknown(rule) => Fate { passes: Passes::CannotTell, at: rule.map_or_else(|| policy.clone(), |rule| rule.at.clone()) },
    }
}

/// How going through a chain ends.
enum End<'a> {
    Decided(bool, &'a Rule),
    /// At the end of the chain.
    Through,
    Unknown(Option<&'a Rule>),
}

struct Walk<'a> {
    /// What a rule that may fit would have decided.
    maybe: Option<(bool, &'a Rule)>,
    end: End<'a>,
}

fn walk<'a>(chains: &'a Chains, name: &str, packet: usize, deeper: usize, steps: &mut usize) -> Walk<'a> {
    let unknown = |rule| Walk { maybe: None, end: End::Unknown(rule) };
    let (Some(rules), true) = (chains.get(name), deeper > 0) else { return unknown(None) };
    let mut maybe: Option<(bool, &Rule)> = None;
    for rule in rules {
        let fits = rule.fits[packet];
        if fits == Fits::No {
            continue;
        }
        *steps = steps.saturating_sub(1);
        if *steps == 0 {
            return unknown(Some(rule));
        }
        let ended = |end| Walk { maybe: None, end };
        let (part, leaves) = match &rule.verdict {
            Verdict::Continue => continue,
            Verdict::Unknown => return unknown(Some(rule)),
            Verdict::Accept => (ended(End::Decided(true, rule)), false),
            Verdict::Drop => (ended(End::Decided(false, rule)), false),
            Verdict::Return => (ended(End::Through), true),
            Verdict::Jump(chain) => (walk(chains, chain, packet, deeper - 1, steps), false),
            Verdict::Goto(chain) => (walk(chains, chain, packet, deeper - 1, steps), true),
        };
        let decided = match part.end {
            End::Unknown(inner) => return unknown(inner.or(Some(rule))),
            End::Decided(accepts, by) => Some((accepts, by)),
            End::Through => None,
        };
        for (accepts, by) in part.maybe.into_iter().chain(decided) {
            match maybe {
                Some((before, first)) if before != accepts => return unknown(Some(first)),
                _ => maybe = Some((accepts, by)),
            }
        }
        match (fits, decided) {
            (Fits::Yes, Some((accepts, by))) => return Walk { maybe: None, end: End::Decided(accepts, by) },
            (Fits::Yes, None) if leaves => return Walk { maybe, end: End::Through },
            (_, None) if leaves => return unknown(Some(rule)),
            _ => {}
        }
    }
    Walk { maybe, end: End::Through }
}

/// Of the fates of a packet in several base chains the one that counts: it must pass each of them.
pub(crate) fn strictest(fates: impl IntoIterator<Item = Fate>) -> Option<Fate> {
    let severity = |fate: &Fate| match fate.passes {
        Passes::No => 2,
        Passes::CannotTell => 1,
        Passes::Yes => 0,
    };
    fates.into_iter().reduce(|one, other| if severity(&other) > severity(&one) { other } else { one })
}
