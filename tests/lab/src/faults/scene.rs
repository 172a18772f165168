//! Guests with all that they need around them.

use std::path::PathBuf;

use super::{At, Fault, Network};
use crate::{CalicoLink, Guest, LabError, NeutronLink, Port, Range, Stack, Switch};

/// A guest that is wanted.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// What it is called.
    pub name: String,
    /// What is wrong with it.
    pub fault: &'static Fault,
}

/// How guests and links are made.
#[derive(Debug, Clone)]
pub struct Setup {
    /// What boots the guests.
    pub stack: Stack,
    /// Felix' filter is on the link.
    pub filter: bool,
    /// What stands in for ISC dhclient, if something does; see [`crate::stand_in`].
    pub client: Option<PathBuf>,
}

/// Guests and their links; all end with this value.
#[derive(Debug)]
pub struct Scene {
    /// The guests, in the order in which they were wanted.
    pub members: Vec<Member>,
    /// The compute hosts.
    pub links: Vec<CalicoLink>,
}

/// A guest of a scene.
#[derive(Debug)]
pub struct Member {
    /// What it is called.
    pub name: String,
    /// What is wrong with it.
    pub fault: &'static Fault,
    /// The guest itself.
    pub guest: Guest,
    /// Its NICs as the compute host knows them; none on another network.
    pub ports: Vec<Port>,
    link: Option<usize>,
    beside: Option<Beside>,
}

/// What only one guest has.
#[derive(Debug)]
enum Beside {
    Switch(Box<Switch>),
    /// It runs as long as it is kept.
    Neutron(#[expect(dead_code, reason = "it is kept for its end")] Box<NeutronLink>),
}

impl Member {
    /// The compute host that it is on, by its place in [`Scene::links`].
    pub fn link(&self) -> Option<usize> {
        self.link
    }
}

impl Scene {
    /// A single guest, booted by `stack`, in the state that `fault` is about.
    ///
    /// # Errors
    /// A program failed, or the state does not come about.
    pub fn one(fault: &'static Fault, stack: Stack) -> Result<Self, LabError> {
        let setup = Setup { stack, filter: true, client: None };
        Self::build(&[Wanted { name: "guest".into(), fault }], &setup, &mut |_| ())
    }

    /// Builds all of them, on one link as far as their faults allow, and boots them at the same time. `told` gets a line a step.
    ///
    /// # Errors
    /// A program failed, or a state does not come about.
    pub fn build(wanted: &[Wanted], setup: &Setup, told: &mut dyn FnMut(&str)) -> Result<Self, LabError> {
        let mut scene = Self { members: Vec::new(), links: Vec::new() };
        told("making the link and the guests");
        let mut shared = None;
        for one in wanted {
            scene.add(one, setup, &mut shared)?;
        }
        told("starting dnsmasq on the link");
        for link in &mut scene.links {
            link.serve()?;
        }
        scene.each(setup.stack, |fault, at| (fault.prepare)(at))?;
        told("booting the guests");
        scene.boot(setup.stack)?;
        for at in 0..scene.members.len() {
            told(&format!("waiting for {}", scene.members[at].name));
            scene.step(at, setup.stack, |fault, at| (fault.reach)(at))?;
        }
        Ok(scene)
    }

    fn add(&mut self, wanted: &Wanted, setup: &Setup, shared: &mut Option<usize>) -> Result<(), LabError> {
        let Wanted { name, fault } = wanted;
        let mut guest = Guest::make()?;
        if let Some(client) = &setup.client {
            guest.stand_in_for_dhclient(client)?;
        }
        let (link, range) = match fault.network {
            Network::Neutron => {
                let beside = Some(Beside::Neutron(Box::new(NeutronLink::make(&mut guest, "eth0")?)));
                self.members.push(Member { name: name.clone(), fault, guest, ports: Vec::new(), link: None, beside });
                return Ok(());
            }
            Network::Own(range) => (None, range),
            Network::Shared | Network::Switched => (*shared, Range::Stateful),
        };
        let link = if let Some(link) = link {
            link
        } else {
            self.links.push(if setup.filter { CalicoLink::make(range)? } else { CalicoLink::make_unfiltered(range)? });
            self.links.len() - 1
        };
        if matches!(fault.network, Network::Shared | Network::Switched) {
            *shared = Some(link);
        }
        let (mut ports, mut beside) = (Vec::new(), None);
        for nic in fault.nics {
            if fault.network == Network::Switched {
                let (switch, port) = Switch::make(&mut self.links[link], &mut guest, nic)?;
                ports.push(port);
                beside = Some(Beside::Switch(Box::new(switch)));
            } else {
                ports.push(self.links[link].plug(&mut guest, nic)?);
            }
        }
        self.members.push(Member { name: name.clone(), fault, guest, ports, link: Some(link), beside });
        Ok(())
    }

    /// At the same time, since a boot mostly waits.
    fn boot(&mut self, stack: Stack) -> Result<(), LabError> {
        std::thread::scope(|scope| {
            let boots: Vec<_> = self.members.iter_mut().map(|member| scope.spawn(|| member.guest.boot_by(stack))).collect();
            boots.into_iter().try_for_each(|boot| boot.join().unwrap_or_else(|_| Err(LabError::Refused("a guest's boot broke off".into()))))
        })
    }

    fn each(&mut self, stack: Stack, step: impl Fn(&Fault, &mut At<'_>) -> Result<(), LabError>) -> Result<(), LabError> {
        (0..self.members.len()).try_for_each(|at| self.step(at, stack, &step))
    }

    fn step(&mut self, at: usize, stack: Stack, step: impl Fn(&Fault, &mut At<'_>) -> Result<(), LabError>) -> Result<(), LabError> {
        let Member { fault, guest, ports, link, beside, .. } = &mut self.members[at];
        let switch = match beside {
            Some(Beside::Switch(switch)) => Some(&mut **switch),
            _ => None,
        };
        step(fault, &mut At { guest, stack, ports, link: link.map(|link| &mut self.links[link]), switch })
    }

    /// The first guest.
    pub fn guest(&mut self) -> &mut Guest {
        &mut self.members[0].guest
    }

    /// The first guest's compute host.
    ///
    /// # Errors
    /// It is on another network.
    pub fn link(&mut self) -> Result<&mut CalicoLink, LabError> {
        self.links.first_mut().ok_or_else(|| LabError::Refused("no Calico link".into()))
    }

    /// The compute host's dnsmasq lease file; empty without one.
    ///
    /// # Errors
    /// Nobody serves.
    pub fn server_leases(&mut self) -> Result<String, LabError> {
        self.links.first_mut().map_or(Ok(String::new()), |link| link.server()?.0.leases())
    }
}
