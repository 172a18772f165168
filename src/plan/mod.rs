//! The plan: which interfaces are looked at, what is read, and what is sent. Pure and printable (`--plan`).
//!
//! It knows links and what a run was asked for; it looks at nothing itself, and knows no requirement.

mod choice;
mod display;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use crate::facts::{Link, LinkKind, Observed, Reason, ReasonKind, Tense};

/// What the machine has, read before anything is planned.
#[derive(Debug, Clone)]
pub struct Survey {
    /// Its links by name.
    pub links: BTreeMap<String, SurveyedLink>,
    /// Whether frames can be sent and captured (CAP_NET_RAW); if not, why.
    pub raw_sockets: Observed<()>,
}

/// A link as the survey found it.
#[derive(Debug, Clone)]
pub struct SurveyedLink {
    /// The link.
    pub link: Link,
    /// It has an address other than a link-local one.
    pub configured: bool,
}

/// What a run was asked for.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Interfaces by name; empty for those that are NICs to this guest.
    pub interfaces: Vec<String>,
    /// Send nothing.
    pub passive: bool,
    /// Wait the whole window for second routers and servers.
    pub thorough: bool,
    /// Deadline of all conversations.
    pub timeout: Duration,
    /// A capture of the boot, instead of the recorder's.
    pub boot: Option<PathBuf>,
    /// As many NICs an image is taken to have at least; one where its files name none, if absent.
    pub nics: Option<usize>,
}

/// The observations to make.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The root directory that files are read below: `/`.
    pub root: PathBuf,
    /// Every link with the reason why it is left out, if it is.
    pub interfaces: BTreeMap<String, PlannedInterface>,
    /// The network is solicited; if not, why.
    pub network: Observed<()>,
    /// Wait the whole window.
    pub thorough: bool,
    /// Nothing is sent because the user said so.
    pub passive: bool,
    /// Deadline of all conversations.
    pub timeout: Duration,
    /// A capture of the boot that was named; absent where the recorder's is looked for.
    pub boot: Option<PathBuf>,
}

/// A link in the plan.
#[derive(Debug, Clone)]
pub struct PlannedInterface {
    /// The link.
    pub link: Link,
    /// Why it is left out; absent if it is checked.
    pub left_out: Option<String>,
}

/// Why there is no plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// An interface was asked for that does not exist.
    #[error("there is no interface {name:?}; there are: {known}")]
    NoInterface {
        /// The name asked for.
        name: String,
        /// Names that exist, separated by commas.
        known: String,
    },
    /// The loopback was asked for.
    #[error("{0:?} is the loopback: no router and no DHCPv6 server is behind it, so there is nothing to check")]
    Loopback(String),
}

/// Plans the observations that a run makes for requirements that read the tenses `needs`.
///
/// Interfaces asked for by name are checked whatever they are; without names, those are that are NICs to this guest.
///
/// # Errors
/// An interface that was asked for does not exist, or is the loopback.
pub fn plan(survey: &Survey, wanted: &Wanted, needs: &BTreeSet<Tense>) -> Result<Plan, PlanError> {
    for name in &wanted.interfaces {
        match survey.links.get(name) {
            None => {
                let known = survey.links.keys().map(|name| display::shown(name)).collect::<Vec<_>>().join(", ");
                return Err(PlanError::NoInterface { name: name.clone(), known });
            }
            Some(surveyed) if surveyed.link.kind == LinkKind::Loopback => return Err(PlanError::Loopback(name.clone())),
            Some(_) => {}
        }
    }
    let left_out = |name: &String, surveyed: &SurveyedLink| {
        if wanted.interfaces.is_empty() {
            choice::left_out(survey, surveyed)
        } else {
            (!wanted.interfaces.contains(name)).then(|| "not asked for".to_owned())
        }
    };
    let planned = |(name, surveyed): (&String, &SurveyedLink)| {
        (name.clone(), PlannedInterface { link: surveyed.link.clone(), left_out: left_out(name, surveyed) })
    };
    Ok(Plan {
        root: PathBuf::from("/"),
        interfaces: survey.links.iter().map(planned).collect(),
        network: network(survey, wanted, needs),
        thorough: wanted.thorough,
        passive: wanted.passive,
        timeout: wanted.timeout,
        boot: wanted.boot.clone(),
    })
}

fn network(survey: &Survey, wanted: &Wanted, needs: &BTreeSet<Tense>) -> Observed<()> {
    if wanted.passive {
        Observed::unknown(Reason::new(ReasonKind::Passive, "nothing was sent: --passive"))
    } else if !needs.contains(&Tense::Network) {
        Observed::unknown("nothing was sent: no requirement needs the network")
    } else {
        survey.raw_sockets.clone()
    }
}
