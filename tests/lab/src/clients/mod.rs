//! The network stacks that a guest can boot by, one file each: how it is set up, started and awaited. They are the real daemons of Debian's
//! packages, each private to its guest: in its namespaces, with /etc, /run and /var/lib of its own, and with a bus of its own if it needs one.
//!
//! There is no service manager: what it would start is started here, and the guest's /etc says that it does so at boot. Nor is there a udev;
//! daemons do without it where /sys is read-only, as in a container.

mod dhcpcd;
mod network_manager;
mod networkd;
pub mod stand_in;
mod udhcpc6;

use std::fs;
use std::os::unix::fs::symlink;

use super::command::{poll, signal};
use super::{Guest, LabError, STATE_LIMIT};

/// A network stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stack {
    /// Debian's ifupdown with ISC dhclient.
    Ifupdown,
    /// dhcpcd as a service.
    Dhcpcd,
    /// systemd-networkd with a file of its own.
    Networkd,
    /// netplan, which has systemd-networkd carry it out.
    Netplan,
    /// NetworkManager with a keyfile.
    NetworkManager,
    /// ifupdown, from which `up` starts BusyBox' udhcpc6.
    Udhcpc6,
}

impl Guest {
    /// Boots it by `stack`, as far as that goes without the network's help.
    ///
    /// # Errors
    /// A command or daemon failed.
    pub fn boot_by(&mut self, stack: Stack) -> Result<(), LabError> {
        let id = fs::read_to_string("/proc/sys/kernel/random/uuid").map_err(LabError::io("a random machine-id"))?;
        self.write("etc/machine-id", &id.replace('-', ""))?;
        if !matches!(stack, Stack::Ifupdown | Stack::Udhcpc6) {
            fs::remove_dir_all(self.path("etc/network")).map_err(LabError::io("the guest's /etc/network"))?;
        }
        match stack {
            Stack::Ifupdown => return self.boot(),
            Stack::Dhcpcd => dhcpcd::boot(self)?,
            Stack::Networkd => networkd::boot(self)?,
            Stack::Netplan => networkd::boot_by_netplan(self)?,
            Stack::NetworkManager => network_manager::boot(self)?,
            Stack::Udhcpc6 => udhcpc6::boot(self)?,
        }
        // A daemon brings its links up some time after it was started; what is late is late from then on.
        for nic in self.nics().to_vec() {
            self.wait_for_link_local(&nic.name)?;
        }
        self.has_booted();
        Ok(())
    }

    /// Kills all that runs in it, as a crash does: nothing is released or taken back.
    ///
    /// # Errors
    /// Something still runs.
    pub fn kill_clients(&mut self) -> Result<(), LabError> {
        signal("KILL", &self.namespace().processes()?);
        poll("the end of all that runs in the guest", STATE_LIMIT, || {
            self.reap()?;
            Ok(self.namespace().processes()?.is_empty())
        })
    }

    /// Has its files say that systemd starts `unit` at boot.
    ///
    /// # Errors
    /// The link cannot be made.
    pub fn enable(&self, unit: &str) -> Result<(), LabError> {
        let wants = self.path("etc/systemd/system/multi-user.target.wants");
        fs::create_dir_all(&wants)
            .and_then(|()| symlink(format!("/lib/systemd/system/{unit}"), wants.join(unit)))
            .map_err(LabError::io(format!("enabling {unit}")))
    }
}
