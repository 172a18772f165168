//! A running guest: QEMU with the guest's disk, its NICs on taps of the lab, and its two serial ports.

use std::fs::{self, File};
use std::path::PathBuf;
use std::time::Duration;

use super::{Accelerator, Overlay, Reported};
use crate::lab::command::{Daemon, poll};
use crate::lab::{LabError, Namespace, Port, STATE_LIMIT};

/// As much of the console as an error tells.
const TAIL: usize = 3000;

/// Without graphics the BIOS tells on the console what it starts, and that nothing can be started.
const MACHINE: &str = "pc,graphics=off";

/// What the guest runs on.
#[derive(Debug, Clone)]
pub struct Hardware<'a> {
    /// MiB of memory.
    pub memory: u32,
    /// Its NICs, from PCI slot 3 on, as OpenStack's (`ens3`): taps of [`Hardware::host`].
    pub nics: &'a [Port],
    /// The compute host's namespace, which the taps are in.
    pub host: &'a Namespace,
    /// Disks beside its own, such as a cloud's seed; they cannot be written to.
    pub seeds: Vec<PathBuf>,
    /// What runs it.
    pub accelerator: Accelerator,
}

/// A guest that runs, and ends with this value.
#[derive(Debug)]
pub struct Machine {
    daemon: Daemon,
    // After the daemon, which has its file open.
    overlay: Overlay,
}

impl Machine {
    /// Switches it on.
    ///
    /// # Errors
    /// QEMU cannot be started.
    pub fn start(overlay: Overlay, hardware: &Hardware) -> Result<Self, LabError> {
        let mut command = hardware.host.command("qemu-system-x86_64");
        command.args(["-nodefaults", "-display", "none", "-machine", MACHINE, "-accel", hardware.accelerator.option()]);
        command.args(["-m", &hardware.memory.to_string(), "-device", "virtio-rng-pci"]);
        // All is thrown away in the end, so nothing need be on the disk in time.
        command.arg("-drive").arg(format!("file={},format=qcow2,if=virtio,cache=unsafe,discard=unmap", overlay.file().display()));
        for seed in &hardware.seeds {
            command.arg("-drive").arg(format!("file={},format=raw,if=virtio,readonly=on", seed.display()));
        }
        for (number, port) in hardware.nics.iter().enumerate() {
            command.arg("-netdev").arg(format!("tap,id=nic{number},ifname={},script=no,downscript=no", port.tap));
            command.arg("-device").arg(format!("virtio-net-pci,netdev=nic{number},mac={},addr={:#x},romfile=", port.mac, number + 3));
        }
        for port in ["console", "reports"] {
            command.arg("-serial").arg(format!("file:{}", overlay.path(port).display()));
        }
        let log = File::create(overlay.path("qemu.log")).map_err(LabError::io("QEMU's log"))?;
        Ok(Self { daemon: Daemon::start(&mut command, &log)?, overlay })
    }

    /// What its console has shown so far.
    pub fn console(&self) -> Vec<u8> {
        fs::read(self.overlay.path("console")).unwrap_or_default()
    }

    /// What it has reported so far, a boot each.
    ///
    /// # Errors
    /// It is not what a guest sends.
    pub fn reported(&self) -> Result<Vec<Reported>, LabError> {
        let port = fs::read(self.overlay.path("reports")).unwrap_or_default();
        Reported::all(&port).map_err(|error| LabError::Refused(format!("what came over the second serial port: {error}")))
    }

    /// Waits until it has reported on its `boot`th boot, the first is 1, and gives that report.
    ///
    /// # Errors
    /// It has not within `limit`, or QEMU has ended; the console's end is in the error.
    pub fn report_of(&mut self, boot: usize, limit: Duration) -> Result<Reported, LabError> {
        let mut found = None;
        let waited = poll(&format!("a report of boot {boot}"), limit, || {
            found = self.look(boot)?;
            Ok(found.is_some())
        });
        match (waited, found) {
            (Ok(()), Some(found)) => Ok(found),
            (Err(LabError::Interrupted), _) => Err(LabError::Interrupted),
            (Err(error), _) => Err(LabError::Refused(format!("{error}; the console's end:\n{}", self.tail()))),
            (Ok(()), None) => Err(LabError::Refused("no report".into())),
        }
    }

    /// Switches it off as a power failure does, and gives its disk.
    ///
    /// # Errors
    /// QEMU does not end.
    pub fn end(mut self) -> Result<Overlay, LabError> {
        self.daemon.terminate();
        self.daemon.wait(STATE_LIMIT)?;
        Ok(self.overlay)
    }

    /// Its report on its `boot`th boot, if that is there by now.
    ///
    /// # Errors
    /// QEMU has ended without, or it is not what a guest sends.
    pub fn look(&mut self, boot: usize) -> Result<Option<Reported>, LabError> {
        let found = self.reported()?.into_iter().nth(boot.saturating_sub(1));
        if found.is_none()
            && let Some(code) = self.daemon.ended()?
        {
            let text = fs::read_to_string(self.overlay.path("qemu.log")).unwrap_or_default();
            return Err(LabError::Failed { command: "qemu-system-x86_64".into(), code: Some(code), text });
        }
        Ok(found)
    }

    fn tail(&self) -> String {
        let console = self.console();
        String::from_utf8_lossy(&console[console.len().saturating_sub(TAIL)..]).replace('\r', "")
    }
}
