//! Intent: what the files below a root directory set up for the next boot, by the network stacks and by what lies below them.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;

use crate::facts::{HostIntent, InterfaceIntent, Observed, Setting};
use crate::host::boot_commands::BootCommand;
use crate::host::{boot_commands, boot_loader, firewall, forwarding, image_identity, literal_backticks, modprobe, sysctl};
use crate::image::Image;
pub use crate::image::Nic;
use crate::stacks::{Reading, client_commands, cloud_init, dhclient, ifupdown, masked, overridden, readings, selection, unread};

/// What the image below `root` is set up to do with each of `nics` at the next boot, by name.
pub fn interfaces(root: &Path, nics: &[Nic]) -> BTreeMap<String, InterfaceIntent> {
    of_interfaces(&Image::new(root), nics)
}

/// As [`interfaces`] and [`host`], in one look.
pub fn all(root: &Path, nics: &[Nic]) -> (BTreeMap<String, InterfaceIntent>, HostIntent) {
    let root = Image::new(root);
    (of_interfaces(&root, nics), of_host(&root))
}

fn of_interfaces(root: &Image, nics: &[Nic]) -> BTreeMap<String, InterfaceIntent> {
    let host = Host {
        root,
        unread: unread(root),
        masked: masked(root),
        readings: readings(root, nics),
        sysctl: sysctl::lines(root),
        overrides: cloud_init::overrides(root).ok().flatten(),
        commands: boot_commands::of_host(root).map_err(|error| error.to_string()),
        forwards: forwarding::by_software(root),
    };
    nics.iter().map(|nic| (nic.name.clone(), host.interface(nic))).collect()
}

/// What is the same for all interfaces.
struct Host<'a> {
    root: &'a Image,
    unread: Vec<String>,
    masked: Vec<String>,
    readings: Vec<(&'static str, Result<Reading, String>)>,
    sysctl: io::Result<Vec<sysctl::Line>>,
    overrides: Option<Setting<String>>,
    commands: Result<Vec<BootCommand>, String>,
    forwards: Option<(&'static str, Setting<Option<i64>>)>,
}

impl Host<'_> {
    fn interface(&self, nic: &Nic) -> InterfaceIntent {
        let stack = overridden(selection::decide(&nic.name, &self.readings, &self.unread, &self.masked), self.overrides.as_ref());
        let (stack, by_commands, firewalls) = match self.commands(nic) {
            Ok((own, beside)) => {
                let all = [&own[..], &beside].concat();
                let written = boot_commands::settings(self.root, &all, nic, &stack).map_err(|error| error.to_string());
                let stack = client_commands::with_clients(self.root, stack, &beside, &nic.name);
                (stack, written, firewall::at_boot(self.root, nic, &all))
            }
            Err(reason) => (stack, Err(reason.clone()), Err(io::Error::other(reason))),
        };
        let mut by_commands = by_commands.unwrap_or_else(|reason| boot_commands::unknown(&reason));
        if let Some((key, setting)) = &self.forwards {
            by_commands.entry((*key).to_owned()).or_insert_with(|| setting.clone());
        }
        InterfaceIntent {
            stack,
            claims: selection::claims(&nic.name, &self.readings),
            sysctl: self.sysctl.as_ref().map(|lines| sysctl::at_boot(lines, nic)).into(),
            by_commands,
            firewalls: firewalls.into(),
        }
    }

    /// The commands that run at boot for an interface: those of its stack, and those beside it.
    fn commands(&self, nic: &Nic) -> Result<(Vec<BootCommand>, Vec<BootCommand>), String> {
        let own = ifupdown::boot_commands(self.root, nic).map_err(|error| error.to_string())?;
        let of_nic = boot_commands::of_nic(self.root, nic).map_err(|error| error.to_string())?;
        Ok((own, [&self.commands.clone()?[..], &of_nic].concat()))
    }
}

/// The interfaces that the files below `root` name, and why some files could not be read that may name others. What no interface can be
/// called is left out: files name it in vain.
pub fn named(root: &Path) -> (BTreeSet<String>, Vec<String>) {
    let (mut named, mut unread) = (BTreeSet::new(), Vec::new());
    for (_, reading) in readings(&Image::new(root), &[]) {
        match reading {
            Ok(reading) => named.extend(reading.named.into_iter().filter(|name| may_be_interface(name))),
            Err(reason) => unread.push(reason),
        }
    }
    (named, unread)
}

/// Whether the kernel lets an interface have this name (`dev_valid_name`, net/core/dev.c); the label of an address (`eth0:1`) is let through.
pub fn may_be_interface(name: &str) -> bool {
    // IFNAMSIZ less the NUL.
    (1..=15).contains(&name.len()) && name != "." && name != ".." && !name.contains(|character: char| character == '/' || character.is_whitespace())
}

/// What the image below `root` is set up to do as a whole.
pub fn host(root: &Path) -> HostIntent {
    of_host(&Image::new(root))
}

fn of_host(root: &Image) -> HostIntent {
    HostIntent {
        dhclient: dhclient::read(root).into(),
        pasted_backticks: literal_backticks::read(root).into(),
        command_line: boot_loader::command_line(root).into(),
        modules: modprobe::read(root).into(),
        identity: Observed::Seen(image_identity::read(root)),
    }
}
