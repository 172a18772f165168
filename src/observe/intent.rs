//! Intent: what the files below a root directory set up for the next boot, by the network stacks and by what lies below them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::facts::{HostIntent, InterfaceIntent, NameRule, NameScheme, Naming, Observed, Reason, Setting, StackId, is_of_nic};
use crate::host::boot_commands::BootCommand;
use crate::host::{
    boot_commands, boot_loader, firewall, forwarding, image_identity, interface_names, literal_backticks, modprobe, nic_names, sysctl,
};
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

/// As [`all`], of an image at hand.
pub(crate) fn read(image: &Image, nics: &[Nic]) -> (BTreeMap<String, InterfaceIntent>, HostIntent) {
    (of_interfaces(image, nics), of_host(image))
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

/// A setting by its name that a program changes, and to what, where that is known.
type ByProgram = (&'static str, Setting<Option<i64>>);

/// What is the same for all interfaces.
struct Host<'a> {
    image: &'a Image,
    readings: Vec<(StackId, Result<Reading, String>)>,
    besides: Result<Besides, Reason>,
    sysctl: Result<Vec<sysctl::Line>, Reason>,
    commands: Result<Vec<BootCommand>, Reason>,
    forwards: Result<Option<ByProgram>, Reason>,
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

/// The interfaces that the files of an image name.
#[derive(Debug, Default)]
pub struct Named {
    /// Those that the image is judged on.
    pub interfaces: BTreeSet<String>,
    /// Ports, each with the bridge or bond that has its addresses.
    pub ports: BTreeMap<String, String>,
    /// Names that a stack gives NICs itself.
    pub gives: BTreeSet<String>,
    /// MAC addresses that name or configure an interface.
    pub macs: Vec<Setting<String>>,
    /// Why some files could not be read that may name others.
    pub unread: Vec<String>,
}

/// The interfaces that the files below `root` name. What no interface can be called is left out: files name it in vain. The label of an
/// address (`eth0:1`) stands for its interface.
pub fn named(root: &Path) -> Named {
    of_names(&Image::new(root))
}

fn of_names(image: &Image) -> Named {
    let mut named = Named::default();
    let (readings, unread) = stacks::named(image);
    named.unread = unread;
    for reading in readings {
        let names = reading.named.iter().map(|name| name.split_once(':').map_or(&name[..], |(interface, _)| interface));
        named.interfaces.extend(names.filter(|name| may_be_interface(name)).map(str::to_owned));
        named.macs.extend(reading.macs);
        named.gives.extend(reading.gives);
        named.ports.extend(reading.ports.into_iter().filter(|(port, master)| may_be_interface(port) && may_be_interface(master)));
    }
    named.interfaces.extend(named.ports.values().cloned());
    let is_used = |name: &String| named.interfaces.contains(name) || named.ports.contains_key(name);
    let (tied, unread) = image.scope(|| {
        let written = stacks::written(image)?;
        interface_names::tied(image, &|path| written.names_interfaces(path))
    });
    named.unread.extend(unread.map(|reason| reason.text.clone()));
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
pub(super) struct OfImage {
    /// The interfaces that its files name.
    pub(super) named: Named,
    /// What there is to say of the names of those that it is judged on.
    pub(super) naming: BTreeMap<String, Naming>,
    /// What it does with each of those that it is judged on.
    pub(super) interfaces: BTreeMap<String, InterfaceIntent>,
    /// What it does as a whole.
    pub(super) host: HostIntent,
}

/// What the image is set up to do with the interfaces that are `asked` about, or where that is empty with those that its files name, `most` of
/// them. Where they name fewer than `fewest`, others are assumed; one where they name none, if absent.
pub(super) fn of_image(image: &Image, asked: &[String], fewest: Option<usize>, most: usize) -> OfImage {
    let mut named = of_names(image);
    let mut naming = BTreeMap::new();
    let (rule, unread) = image.scope(|| nic_names::rule(image));
    if asked.is_empty() {
        match unread {
            // Files that could not be read may name the NICs.
            None if named.unread.is_empty() || fewest.is_some() => naming = assumed(&named, &rule, fewest.unwrap_or(1)),
            None => {}
            Some(reason) => named.unread.push(reason.to_string()),
        }
    } else if unread.is_none() && rule.doubt.is_none() {
        naming = never_given(image, &named, &rule, asked);
    }
    named.interfaces.extend(naming.keys().cloned());
    let nic = |name: &String| match naming.get(name) {
        Some(Naming::Assumed { driver, .. }) => Nic::assumed(name, driver),
        Some(Naming::NeverGiven { .. }) | None => Nic::named(name),
    };
    let nics: Vec<Nic> = if asked.is_empty() { named.interfaces.iter().take(most).map(nic).collect() } else { asked.iter().map(nic).collect() };
    let interfaces = of_interfaces(image, &nics);
    let mut host = of_host(image);
    if let Observed::Seen(identity) = &mut host.identity {
        identity.unread.extend(named.unread.first().map(|reason| ("macs".to_owned(), reason.clone())));
        identity.macs.clone_from(&named.macs);
    }
    OfImage { named, naming, interfaces, host }
}

/// The NICs that are assumed beside those that the image's files name, so that there are `fewest`, by the names that it would give them.
fn assumed(named: &Named, rule: &NameRule, fewest: usize) -> BTreeMap<String, Naming> {
    // Files may name the NICs by another scheme of the same kind.
    let other = if rule.scheme == NameScheme::Slot { NameScheme::Path } else { rule.scheme.clone() };
    let is_in_use = |scheme: &NameScheme| (0..fewest).any(|number| named.interfaces.contains(&scheme.name(number)));
    let scheme = if is_in_use(&other) { other } else { rule.scheme.clone() };
    let missing = fewest.saturating_sub(named.interfaces.len());
    let free = (0..).map(|number| scheme.name(number)).filter(|name| !named.interfaces.contains(name) && !named.ports.contains_key(name));
    let by = NameRule { scheme: scheme.clone(), ..rule.clone() };
    free.take(missing).map(|name| (name, Naming::Assumed { driver: nic_names::DRIVER.to_owned(), by: by.clone() })).collect()
}

/// The names that were asked about and that the image gives no NIC.
fn never_given(image: &Image, named: &Named, rule: &NameRule, asked: &[String]) -> BTreeMap<String, Naming> {
    let is_known = |name: &String| {
        let virtual_device = !is_of_nic(name) && (named.interfaces.contains(name) || named.ports.contains_key(name));
        rule.scheme.may_give(name) || virtual_device || named.gives.contains(name) || !named.macs.is_empty()
    };
    let is_given = |name: &String| is_known(name) || !matches!(image.scope(|| nic_names::gives(image, name)), (Ok(false), None));
    let never = Naming::NeverGiven { gives: rule.scheme.name(0), by: rule.clone() };
    asked.iter().filter(|name| !is_given(name)).map(|name| (name.clone(), never.clone())).collect()
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

pub(super) fn of_host(image: &Image) -> HostIntent {
    HostIntent {
        dhclient: image.known(|| dhclient::read(image)).into(),
        pasted_backticks: image.known(|| literal_backticks::read(image, &recipe().collect::<Vec<_>>())).into(),
        command_line: image.known(|| boot_loader::command_line(image)).into(),
        modules: image.known(|| modprobe::read(image)).into(),
        identity: Observed::Seen(image_identity::read(image, &kept().collect::<Vec<_>>())),
    }
}
