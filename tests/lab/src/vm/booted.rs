//! One boot from image to report: the link, the overlay, the machine, and what it left.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Accelerator, Break, Hardware, Image, Layer, Link, Machine, Nic, Overlay, Reported, Server};
use crate::command::poll;
use crate::{CalicoLink, LabError, Port, Range};

/// MiB that a guest has.
const MEMORY: u32 = 512;
/// A guest that never gets its network up reports two minutes after its services began to start, and translated it starts slowly.
const REPORT_LIMIT: Duration = Duration::from_mins(30);

/// A link with a guest's machine on it, from before it is switched on.
#[derive(Debug)]
pub struct Stage {
    link: CalicoLink,
    ports: Vec<Port>,
    late: Duration,
    server: Server,
}

/// A guest that has been switched on.
#[derive(Debug)]
pub struct Booted {
    // Before the link, whose taps it has open.
    machine: Machine,
    stage: Stage,
}

/// What a guest gets besides its image and its break.
#[derive(Debug, Clone, Default)]
pub struct More {
    /// Is laid over it.
    pub layer: Layer,
    /// The user data of the instance, where the image asks a cloud for it.
    pub user_data: Option<String>,
}

impl Stage {
    /// A compute host with a tap for each of `nics` NICs. Its router speaks only when it is asked, so that no verdict hangs on chance.
    ///
    /// # Errors
    /// Not root, or a tool is missing.
    pub fn make(link: Link, nics: usize) -> Result<Self, LabError> {
        let mut host = CalicoLink::make(Range::Stateful)?.only_when_asked()?;
        if link.ipv4 {
            host = host.with_ipv4()?;
        }
        let ports = (0..nics).map(|_| host.plug_machine()).collect::<Result<_, _>>()?;
        Ok(Self { link: host, ports, late: Duration::from_secs(link.late_s), server: link.server })
    }

    /// The compute host.
    pub fn link(&mut self) -> &mut CalicoLink {
        &mut self.link
    }

    /// The taps.
    pub fn ports(&self) -> &[Port] {
        &self.ports
    }

    /// Switches a guest with this disk on, and has the link answer when it shall.
    ///
    /// # Errors
    /// QEMU or dnsmasq does not start.
    pub fn boot(self, overlay: Overlay, seeds: Vec<PathBuf>) -> Result<Booted, LabError> {
        self.boot_with(overlay, seeds, MEMORY)
    }

    /// The same with so many MiB of memory.
    ///
    /// # Errors
    /// QEMU or dnsmasq does not start.
    pub fn boot_with(mut self, overlay: Overlay, seeds: Vec<PathBuf>, memory: u32) -> Result<Booted, LabError> {
        if self.late.is_zero() {
            self.serve()?;
        }
        let hardware = Hardware { memory, nics: &self.ports, host: self.link.router(), seeds, accelerator: Accelerator::best() };
        let machine = Machine::start(overlay, &hardware)?;
        if !self.late.is_zero() {
            poll("the guest solicits", REPORT_LIMIT, || Ok(self.link.heard()?.0 > 0))?;
            std::thread::sleep(self.late);
            self.serve()?;
        }
        Ok(Booted { machine, stage: self })
    }

    fn serve(&mut self) -> Result<(), LabError> {
        match self.server {
            Server::Usual => self.link.serve().map(drop),
            Server::WithoutAddress => self.link.serve_hosts(Vec::new()).map(drop),
            Server::Absent => Ok(()),
        }
    }
}

impl Booted {
    /// Boots `image` with `broken`, and `program` in it.
    ///
    /// # Errors
    /// The lab cannot be built.
    pub fn of(image: &Image, broken: &Break, program: &Path) -> Result<Self, LabError> {
        Self::under(image, broken, &More::default(), program)
    }

    /// The same with `more` on top of the break.
    ///
    /// # Errors
    /// The lab cannot be built.
    pub fn under(image: &Image, broken: &Break, more: &More, program: &Path) -> Result<Self, LabError> {
        let mut nics: Vec<Nic> = (0..broken.nics).map(|number| Nic { name: (image.nic)(number), dhcpv6: true }).collect();
        (broken.nic)(&mut nics);
        let layer = (image.network)(&nics).under(&(broken.layer)(image, &nics)).under(&more.layer);
        let stage = Stage::make(broken.link, broken.nics)?;
        let overlay = Overlay::over(&(image.base)().with(broken.packages).image()?.0)?;
        overlay.change(&layer, Some(program))?.map_err(|why| LabError::Refused(format!("{}: {}", image.name, why.0)))?;
        let seed = image.seed.map(|seed| {
            let seed = seed(&nics, stage.ports(), broken.subnet);
            let seed = more.user_data.iter().fold(seed, |seed, user_data| seed.user_data(user_data));
            seed.disk(&overlay.path("seed"))
        });
        stage.boot(overlay, seed.transpose()?.into_iter().collect())
    }

    /// What it reports on its `boot`th boot, the first is 1.
    ///
    /// # Errors
    /// It does not, in half an hour; the console's end is in the error.
    pub fn report_of(&mut self, boot: usize) -> Result<Reported, LabError> {
        self.machine.report_of(boot, REPORT_LIMIT)
    }

    /// Its report, if that is there by now.
    ///
    /// # Errors
    /// QEMU has ended without, or it is not what a guest sends.
    pub fn look(&mut self) -> Result<Option<Reported>, LabError> {
        self.machine.look(1)
    }

    /// Waits until its console is as `wanted`, and gives it.
    ///
    /// # Errors
    /// It is not, in half an hour.
    pub fn shown(&self, wanted: impl Fn(&[u8]) -> bool) -> Result<Vec<u8>, LabError> {
        poll("the console shows it", REPORT_LIMIT, || Ok(wanted(&self.console())))?;
        Ok(self.console())
    }

    /// Its console so far.
    pub fn console(&self) -> Vec<u8> {
        self.machine.console()
    }

    /// What is around it.
    pub fn stage(&mut self) -> &mut Stage {
        &mut self.stage
    }
}
