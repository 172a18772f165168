//! Guests by name, each good or with one thing wrong, and how each is built: the test cells and `v6check-lab` take them from here.
//!
//! A guest is built in steps, so that several can share a link: it is plugged in, prepared, booted, and reached once it is in the state that
//! the fault is about, as iproute2 and the clients' own files show it. v6check has no part in that.

mod scene;
mod steps;
mod table;

pub use scene::{Member, Scene, Setup, Wanted};
pub use table::ALL;

use super::{CalicoLink, Guest, LabError, Port, Range, Stack};
use v6check::terminal::similar;

/// What is wrong with a guest or with its network.
#[derive(Debug)]
pub struct Fault {
    /// Its name: `length-64`.
    pub name: &'static str,
    /// What is wrong, in a line.
    pub title: &'static str,
    /// Whose fault v6check must call it; absent if nothing is wrong, or only told.
    pub whose: Option<Whose>,
    /// The requirement that fails because of it in a guest of ifupdown; empty if none does.
    pub told_by: &'static str,
    /// What v6check has to be asked for, so that it is told.
    pub arguments: &'static [&'static str],
    /// Programs that it takes besides those of the link and of the stack.
    pub needs: &'static [&'static str],
    /// Whether guests of any stack can have it; ifupdown's can have all.
    pub any_stack: bool,
    network: Network,
    nics: &'static [&'static str],
    prepare: Step,
    reach: Step,
}

/// Whose fault it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// The guest's.
    Guest,
    /// The network's.
    Network,
}

/// Which network the guest is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Network {
    /// A Calico link, stateful, with the other guests.
    Shared,
    /// A Calico link of its own, since the fault is the link's.
    Own(Range),
    /// The shared link, by way of a switch that others are on.
    Switched,
    /// A plain Neutron network.
    Neutron,
}

type Step = fn(&mut At<'_>) -> Result<(), LabError>;

/// A guest and what is around it, in one of its steps.
struct At<'a> {
    guest: &'a mut Guest,
    stack: Stack,
    ports: &'a [Port],
    link: Option<&'a mut CalicoLink>,
    switch: Option<&'a mut super::Switch>,
}

impl At<'_> {
    fn link(&mut self) -> Result<&mut CalicoLink, LabError> {
        self.link.as_deref_mut().ok_or_else(|| LabError::Refused("this guest is on no Calico link".into()))
    }

    /// The first NIC's.
    fn port(&self) -> Result<Port, LabError> {
        self.ports.first().cloned().ok_or_else(|| LabError::Refused("this guest has no port".into()))
    }
}

impl Whose {
    /// As reports have it: `guest`, `network`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Guest => "guest",
            Self::Network => "network",
        }
    }
}

impl Fault {
    /// The one of this name.
    ///
    /// # Errors
    /// There is none; the error names similar ones.
    pub fn find(name: &str) -> Result<&'static Self, LabError> {
        ALL.iter().find(|fault| fault.name == name).ok_or_else(|| {
            let similar = similar(name, ALL.iter().map(|fault| fault.name));
            let meant = if similar.is_empty() { String::new() } else { format!("did you mean {}? ", similar.join(", ")) };
            LabError::Asked(format!("no fault is called {name:?}: {meant}`v6check-lab faults` lists them"))
        })
    }

    /// Whether the guest's network must be another than that of good guests.
    pub fn has_own_network(&self) -> bool {
        matches!(self.network, Network::Own(_) | Network::Neutron)
    }
}
