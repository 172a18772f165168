//! Intent: what the files below a root directory set up for the next boot, by the network stacks and by what lies below them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::facts::{HostIntent, InterfaceIntent, Observed};
use crate::host::{boot_loader, firewall, image_identity, literal_backticks, modprobe, sysctl};
use crate::image::Image;
pub use crate::image::Nic;
use crate::stacks::{self, dhclient, kept, overridden, overrides, readings, recipe, selection};

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
    let readings = readings(image, nics);
    // Both concern whichever stack has the interface.
    let besides = image.known(|| overrides(image).map(|overrides| (stacks::unread(image), overrides)));
    let sysctl = image.known(|| sysctl::lines(image));
    let of = |nic: &Nic| InterfaceIntent {
        stack: match &besides {
            Ok((unread, overrides)) => overridden(selection::decide(&nic.name, &readings, unread), overrides.as_ref()),
            Err(reason) => Observed::unknown(reason),
        },
        claims: selection::claims(&nic.name, &readings),
        sysctl: sysctl.as_ref().map(|lines| sysctl::at_boot(lines, nic)).into(),
        firewalls: image.known(|| firewall::at_boot(image, nic)).into(),
    };
    nics.iter().map(|nic| (nic.name.clone(), of(nic))).collect()
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
