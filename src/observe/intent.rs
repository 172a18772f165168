//! Intent: what the files below a root directory set up for the next boot, by the network stacks and by what lies below them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::facts::{HostIntent, InterfaceIntent, Observed, Setting};
use crate::host::{boot_loader, firewall, image_identity, interface_names, literal_backticks, modprobe, sysctl};
use crate::image::Image;
pub use crate::image::Nic;
use crate::stacks::{Readings, cloud_init, dhclient, overridden, readings, selection, unread};

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
    of_readings(root, nics, &readings(root, nics))
}

fn of_readings(root: &Image, nics: &[Nic], readings: &Readings) -> BTreeMap<String, InterfaceIntent> {
    let unread = unread(root);
    let sysctl = sysctl::lines(root);
    let overrides = cloud_init::overrides(root).ok().flatten();
    let of = |nic: &Nic| InterfaceIntent {
        stack: overridden(selection::decide(&nic.name, readings, &unread), overrides.as_ref()),
        claims: selection::claims(&nic.name, readings),
        sysctl: sysctl.as_ref().map(|lines| sysctl::at_boot(lines, nic)).into(),
        firewalls: firewall::at_boot(root, nic).into(),
    };
    nics.iter().map(|nic| (nic.name.clone(), of(nic))).collect()
}

/// The interfaces that the files of an image name.
#[derive(Debug, Default)]
pub struct Named {
    /// Those that the image is judged on.
    pub interfaces: BTreeSet<String>,
    /// Ports, each with the bridge or bond that has its addresses.
    pub ports: BTreeMap<String, String>,
    /// MAC addresses that name or configure an interface.
    pub macs: Vec<Setting<String>>,
    /// Why some files could not be read that may name others.
    pub unread: Vec<String>,
}

/// The interfaces that the files below `root` name. What no interface can be called is left out: files name it in vain. The label of an
/// address (`eth0:1`) stands for its interface.
pub fn named(root: &Path) -> Named {
    let root = Image::new(root);
    let readings = readings(&root, &[]);
    named_by(&root, &readings)
}

fn named_by(root: &Image, readings: &Readings) -> Named {
    let mut named = Named::default();
    for (_, reading) in readings {
        match reading {
            Ok(reading) => {
                let names = reading.named.iter().map(|name| name.split_once(':').map_or(&name[..], |(interface, _)| interface));
                named.interfaces.extend(names.filter(|name| may_be_interface(name)).map(str::to_owned));
                named.macs.extend(reading.macs.iter().cloned());
                let ports = reading.ports.iter().filter(|(port, master)| may_be_interface(port) && may_be_interface(master));
                named.ports.extend(ports.map(|(port, master)| (port.clone(), master.clone())));
            }
            Err(reason) => named.unread.push(reason.clone()),
        }
    }
    named.interfaces.extend(named.ports.values().cloned());
    let is_used = |name: &String| named.interfaces.contains(name) || named.ports.contains_key(name);
    let tied = cloud_init::Writer::read(root).and_then(|writer| interface_names::tied(root, &|path| writer.names_interfaces(path)));
    match tied {
        Ok(tied) => {
            let used: Vec<_> = tied.into_iter().filter(|(name, _)| is_used(name)).map(|(_, line)| line).collect();
            named.macs.extend(used);
        }
        Err(error) => named.unread.push(error.to_string()),
    }
    named.interfaces.retain(|name| !named.ports.contains_key(name));
    named
}

/// What an image is set up to do.
#[derive(Debug)]
pub struct OfImage {
    /// The interfaces that its files name.
    pub named: Named,
    /// What it does with each of those that it is judged on.
    pub interfaces: BTreeMap<String, InterfaceIntent>,
    /// What it does as a whole.
    pub host: HostIntent,
}

/// What the image below `root` is set up to do with the interfaces that are `asked` about, or where that is empty with those that its files
/// name, `most` of them.
pub fn of_image(root: &Path, asked: &[String], most: usize) -> OfImage {
    let root = Image::new(root);
    let nics = |names: &mut dyn Iterator<Item = &String>| names.map(|name| Nic { name: name.clone(), mac: None }).collect::<Vec<_>>();
    let (named, interfaces) = if asked.is_empty() {
        let named = named_by(&root, &readings(&root, &[]));
        let interfaces = of_interfaces(&root, &nics(&mut named.interfaces.iter().take(most)));
        (named, interfaces)
    } else {
        let nics = nics(&mut asked.iter());
        let readings = readings(&root, &nics);
        (named_by(&root, &readings), of_readings(&root, &nics, &readings))
    };
    let mut host = of_host(&root);
    if let Observed::Seen(identity) = &mut host.identity {
        identity.unread.extend(named.unread.first().map(|reason| ("macs".to_owned(), reason.clone())));
        identity.macs.clone_from(&named.macs);
    }
    OfImage { named, interfaces, host }
}

/// Whether the kernel lets an interface have this name (`dev_valid_name`, net/core/dev.c).
pub fn may_be_interface(name: &str) -> bool {
    // IFNAMSIZ less the NUL.
    let is_refused = |character: char| matches!(character, '/' | ':') || character.is_whitespace();
    (1..=15).contains(&name.len()) && name != "." && name != ".." && !name.contains(is_refused)
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
