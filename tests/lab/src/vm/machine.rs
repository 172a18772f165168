//! A running guest: QEMU with the guest's disk, its NICs on taps of the lab, and its two serial ports.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Accelerator, Overlay, Reported};
use crate::command::{Daemon, poll};
use crate::{LabError, Namespace, Port, STATE_LIMIT};

/// As much of the console as an error tells.
const TAIL: usize = 3000;
/// As much as a guest may write to each of its serial ports, since that is held in memory; a report takes less than one of these MiB.
const MOST_WRITTEN: u64 = 64 << 20;
const CONSOLE: &str = "console";
const REPORTS: &str = "reports";

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
        for port in [CONSOLE, REPORTS] {
            command.arg("-serial").arg(format!("file:{}", overlay.path(port).display()));
        }
        let log = File::create(overlay.path("qemu.log")).map_err(LabError::io("QEMU's log"))?;
        Ok(Self { daemon: Daemon::start(&mut command, &log)?, overlay })
    }

    /// What its console has shown so far; of one that shows more than it may, the beginning.
    pub fn console(&self) -> Vec<u8> {
        written(&self.overlay.path(CONSOLE))
    }

    /// What it has reported so far, a boot each.
    ///
    /// # Errors
    /// It is not what a guest sends, or more than a guest may write there or to its console.
    pub fn reported(&self) -> Result<Vec<Reported>, LabError> {
        is_bounded(&self.overlay.path(CONSOLE), "its console")?;
        is_bounded(&self.overlay.path(REPORTS), "its second serial port")?;
        let port = written(&self.overlay.path(REPORTS));
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

/// The guest goes on writing meanwhile, so that its length says nothing of what is read.
fn written(path: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(MOST_WRITTEN).read_to_end(&mut bytes));
    if read.is_ok() { bytes } else { Vec::new() }
}

fn is_bounded(path: &Path, port: &str) -> Result<(), LabError> {
    let length = fs::metadata(path).map_or(0, |file| file.len());
    if length <= MOST_WRITTEN {
        return Ok(());
    }
    Err(LabError::Refused(format!("the guest wrote {length} bytes to {port}; it may write {} MiB there", MOST_WRITTEN >> 20)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guest_that_writes_without_end_is_refused() {
        let folder = tempfile::tempdir().expect("a directory");
        let path = folder.path().join("port");
        assert!(is_bounded(&path, "its console").is_ok() && written(&path).is_empty(), "nothing is there yet");
        let file = File::create(&path).expect("made");
        file.set_len(MOST_WRITTEN).expect("made so long");
        assert!(is_bounded(&path, "its console").is_ok());
        file.set_len(MOST_WRITTEN + 1).expect("made so long");
        let told = is_bounded(&path, "its console").expect_err("too long").to_string();
        assert!(told.contains("67108865 bytes to its console") && told.contains("64 MiB"), "{told}");
        assert_eq!(written(&path).len() as u64, MOST_WRITTEN);
    }
}
