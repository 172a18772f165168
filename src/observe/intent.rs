//! Intent: what the files below a root directory set up for the next boot, by the network stacks and by what lies below them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::facts::{HostIntent, InterfaceIntent, Observed};
use crate::host::{boot_loader, firewall, image_identity, literal_backticks, modprobe, sysctl};
use crate::image::Image;
pub use crate::image::Nic;
use crate::stacks::{cloud_init, dhclient, overridden, readings, selection, unread};

/// What the image below `root` is set up to do with each of `nics` at the next boot, by name.
pub fn interfaces(root: &Path, nics: &[Nic]) -> BTreeMap<String, InterfaceIntent> {
    of_interfaces(&Image::new(root), nics)
}

/// As [`interfaces`] and [`host`], in one look.
pub fn all(root: &Path, nics: &[Nic]) -> (BTreeMap<String, InterfaceIntent>, HostIntent) {
    let root = Image::new(root);
    (of_interfaces(&root, nics), of_host(&root))
}

/// As [`all`], of an image at hand.
pub(crate) fn read(image: &Image, nics: &[Nic]) -> (BTreeMap<String, InterfaceIntent>, HostIntent) {
    (of_interfaces(image, nics), of_host(image))
}

fn of_interfaces(root: &Image, nics: &[Nic]) -> BTreeMap<String, InterfaceIntent> {
    let unread = unread(root);
    let readings = readings(root, nics);
    let sysctl = sysctl::lines(root);
    let overrides = cloud_init::overrides(root).ok().flatten();
    let of = |nic: &Nic| InterfaceIntent {
        stack: overridden(selection::decide(&nic.name, &readings, &unread), overrides.as_ref()),
        claims: selection::claims(&nic.name, &readings),
        sysctl: sysctl.as_ref().map(|lines| sysctl::at_boot(lines, nic)).into(),
        firewalls: firewall::at_boot(root, nic).into(),
    };
    nics.iter().map(|nic| (nic.name.clone(), of(nic))).collect()
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
