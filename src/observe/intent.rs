//! Intent: what the files below a root directory set up for the next boot, by the network stacks and by what lies below them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::facts::{HostIntent, InterfaceIntent, Observed, Reason, Setting, StackId};
use crate::host::boot_commands::BootCommand;
use crate::host::{boot_commands, boot_loader, firewall, forwarding, image_identity, literal_backticks, modprobe, sysctl};
use crate::image::Image;
pub use crate::image::Nic;
use crate::stacks::{
    self, Reading, client_commands, cloud_init, dhclient, ifupdown, kept, masked, overridden, overrides, readings, recipe, selection, unread,
};

/// What the image below `root` is set up to do with each of `nics` at the next boot, by name.
pub fn interfaces(root: &Path, nics: &[Nic]) -> BTreeMap<String, InterfaceIntent> {
    of_interfaces(&Image::new(root), nics)
}

/// As [`interfaces`] and [`host`], in one look.
pub fn all(root: &Path, nics: &[Nic]) -> (BTreeMap<String, InterfaceIntent>, HostIntent) {
    let root = Image::new(root);
    (of_interfaces(&root, nics), of_host(&root))
}

pub(super) fn of_interfaces(image: &Image, nics: &[Nic]) -> BTreeMap<String, InterfaceIntent> {
    let host = Host {
        image,
        readings: readings(image, nics),
        besides: image.known(|| overrides(image).map(|overrides| Besides { unread: unread(image), masked: masked(image), overrides })),
        sysctl: image.known(|| sysctl::lines(image)),
        commands: image.known(|| {
            let given = cloud_init::commands(image)?;
            boot_commands::of_host(image, &given)
        }),
        forwards: image.known(|| Ok::<_, Reason>(forwarding::by_software(image))),
    };
    nics.iter().map(|nic| (nic.name.clone(), host.interface(nic))).collect()
}

/// What concerns whichever stack has the interface.
struct Besides {
    unread: Vec<String>,
    masked: Vec<String>,
    overrides: Option<Setting<StackId>>,
}

/// What is the same for all interfaces.
struct Host<'a> {
    image: &'a Image,
    readings: Vec<(StackId, Result<Reading, String>)>,
    besides: Result<Besides, Reason>,
    sysctl: Result<Vec<sysctl::Line>, Reason>,
    commands: Result<Vec<BootCommand>, Reason>,
    forwards: Result<Option<(&'static str, Setting<Option<i64>>)>, Reason>,
}

impl Host<'_> {
    fn interface(&self, nic: &Nic) -> InterfaceIntent {
        let stack = match &self.besides {
            Ok(Besides { unread, masked, overrides }) => overridden(selection::decide(&nic.name, &self.readings, unread, masked), overrides.as_ref()),
            Err(reason) => Observed::unknown(reason),
        };
        let (stack, by_commands, firewalls) = match self.commands(nic) {
            Ok((own, beside)) => {
                let all = [&own[..], &beside].concat();
                let written = self.image.known(|| boot_commands::settings(self.image, &all, nic, &stack));
                let stack = client_commands::with_clients(self.image, stack, &beside, &nic.name);
                (stack, written, self.image.known(|| firewall::at_boot(self.image, nic, &all)))
            }
            Err(reason) => (stack, Err(reason.clone()), Err(reason)),
        };
        let mut by_commands = by_commands.unwrap_or_else(|reason| boot_commands::unknown(&reason.text));
        match &self.forwards {
            Ok(Some((key, setting))) => {
                by_commands.entry((*key).to_owned()).or_insert_with(|| setting.clone());
            }
            Ok(None) => {}
            Err(reason) => {
                for (key, setting) in boot_commands::unknown(&reason.text) {
                    by_commands.entry(key).or_insert(setting);
                }
            }
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
    fn commands(&self, nic: &Nic) -> Result<(Vec<BootCommand>, Vec<BootCommand>), Reason> {
        let own = self.image.known(|| ifupdown::boot_commands(self.image, nic))?;
        let of_nic = self.image.known(|| boot_commands::of_nic(self.image, nic))?;
        Ok((own, [&self.commands.clone()?[..], &of_nic].concat()))
    }
}

/// The interfaces that the files below `root` name, and why some files could not be read that may name others. What no interface can be
/// called is left out: files name it in vain.
pub fn named(root: &Path) -> (BTreeSet<String>, Vec<String>) {
    of_names(&Image::new(root))
}

pub(super) fn of_names(image: &Image) -> (BTreeSet<String>, Vec<String>) {
    let (mut named, unread) = stacks::named(image);
    named.retain(|name| may_be_interface(name));
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

pub(super) fn of_host(image: &Image) -> HostIntent {
    HostIntent {
        dhclient: image.known(|| dhclient::read(image)).into(),
        pasted_backticks: image.known(|| literal_backticks::read(image, &recipe().collect::<Vec<_>>())).into(),
        command_line: image.known(|| boot_loader::command_line(image)).into(),
        modules: image.known(|| modprobe::read(image)).into(),
        identity: Observed::Seen(image_identity::read(image, &kept().collect::<Vec<_>>())),
    }
}
