//! systemd-networkd: what its `.network` files set up (systemd.network(5), networkd.conf(5)).
//!
//! The files are tried in the order of their names, and the first that fits an interface has it. Those that netplan writes at each boot take
//! part in that order, but are read where they come from.

mod conditions;
mod duids;
mod files;
pub(crate) mod fixes;
mod generator;
pub(crate) mod lease;
mod matching;
mod meaning;
mod netdev;
pub(crate) mod running;

use std::collections::{BTreeMap, BTreeSet};
use std::io;

pub(crate) use files::{drop_ins, global, version};
pub(crate) use meaning::{Party, intent};
pub(crate) use netdev::Netdevs;

use crate::facts::{FileLine, Intent, Mac, Observed, Setting, StackId};
use crate::host::image_identity::Keeps;
use crate::host::services;
use crate::image::Image;
use crate::image::Nic;
use crate::image::ini::systemd::{Assignment, Assignments};
use crate::stacks::Claim;
use crate::stacks::Fits;
use crate::stacks::Given;
use crate::stacks::Reading;
use crate::stacks::any_nics;
use crate::stacks::leases::LeaseReader;
use crate::stacks::running::{Running, Serves, Socket};
use crate::stacks::stack::{Journal, Stack, Traits};
use crate::wire::dhcpv6::kind;
use files::NetworkFile;

const ID: StackId = StackId::Networkd;

pub(crate) const STACK: Stack = Stack {
    read: Some(read),
    running: Running {
        processes: &[running::PROCESS],
        ras: Some(running::ras),
        wrote_accept_ra: Some(running::managed),
        socket: Some(Socket { process: running::PROCESS, owner: ID.name(), serves: Serves::ItsSockets }),
        ..Running::NONE
    },
    lease: Some(LeaseReader::Each(lease::lease)),
    keeps: Keeps { duids: &[(&duids::PLACES, duids::of_file)], ..Keeps::NONE },
    journal: Some(Journal { identifier: ID.name(), says: journal }),
    traits: Traits { solicits_until_answered: true, ..Traits::NONE },
    fix: fixes::fix,
    now: fixes::now,
    ..Stack::new(ID)
};

/// Where the files of packages are, which name nothing of this machine.
const OF_PACKAGES: [&str; 2] = ["/usr/", "/lib/"];

/// As many names as are asked whether they are ports.
const MOST_PORTS: usize = 256;

/// What systemd-networkd is set up to do with each of `nics`.
///
/// # Errors
/// A file cannot be read.
pub(crate) fn read(root: &Image, nics: &[Nic], given: &Given) -> io::Result<Reading> {
    if !services::starts(root, &[ID.name()]) && !given.rendered.starts_it {
        return Ok(Reading::default());
    }
    let configuration = Configuration::read(root, given)?;
    let claims = nics.iter().filter_map(|nic| Some((nic.name.clone(), configuration.claim(root, nic, given)?)));
    let interfaces = claims.collect();
    let macs = configuration.macs(root);
    let named = configuration.named();
    Ok(Reading { interfaces, ports: configuration.ports(root, &named), named, macs, ..Reading::default() })
}

/// Whether a file of its own has `nic`, or perhaps has it, before one called `name` could: an equal name in /etc masks the one in /run.
///
/// # Errors
/// A file cannot be read.
pub(crate) fn comes_before(root: &Image, nic: &Nic, name: &str, given: &Given) -> io::Result<bool> {
    let configuration = Configuration::read(root, given)?;
    let mut before = configuration.files.iter().take_while(|file| &file.name[..] <= name);
    Ok(before.any(|file| configuration.fits(root, file, nic) != Fits::No))
}

/// Everything that systemd-networkd reads.
struct Configuration {
    files: Vec<NetworkFile>,
    global: Assignments,
    netdevs: Netdevs,
    version: Option<u32>,
    /// cloud-init writes its files anew for each instance.
    written_anew: bool,
}

impl Configuration {
    fn read(root: &Image, given: &Given) -> io::Result<Self> {
        let version = version(root);
        let mut files = files::network_files(root)?;
        files.extend(generator::files(root, version, &files));
        files.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(Self { files, global: files::global(root)?, netdevs: files::netdevs(root)?, version, written_anew: given.overrides()?.is_some() })
    }

    /// The interfaces that an administrator's files, or the kernel's command line, call by their names.
    fn named(&self) -> BTreeSet<String> {
        let own = self.files.iter().filter(|file| !OF_PACKAGES.iter().any(|folder| file.path.starts_with(folder)));
        let names = own.flat_map(|file| file.assignments.list("Match", "Name"));
        let words = names.filter(|line| !line.value.starts_with('!')).flat_map(|line| line.value.split_whitespace());
        words.filter(|name| *name != "lo" && !crate::image::has_wildcard(name)).map(str::to_owned).collect()
    }

    /// Those of `named` that are ports, with the bridge or bond of each.
    fn ports(&self, root: &Image, named: &BTreeSet<String>) -> BTreeMap<String, String> {
        let of = |name: &String| {
            let nic = Nic::named(name);
            let file = self.files.iter().find(|file| self.fits(root, file, &nic) != Fits::No)?;
            Some((name.clone(), meaning::port(&file.assignments, &self.netdevs, self.version)?.value))
        };
        named.iter().take(MOST_PORTS).filter_map(of).collect()
    }

    /// The MAC addresses of files that are for one card, where no other file is for the card of a clone.
    fn macs(&self, root: &Image) -> Vec<Setting<String>> {
        if any_nics().any(|nic| self.files.iter().any(|file| self.fits(root, file, &nic) == Fits::Yes)) {
            return Vec::new();
        }
        let own = self.files.iter().filter(|file| !OF_PACKAGES.iter().any(|folder| file.path.starts_with(folder)));
        let tied = own.filter(|file| !(self.written_anew && is_of_cloud_init(file)) && meaning::unmanaged(&file.assignments).is_none());
        let lines = tied.flat_map(|file| ["MACAddress", "PermanentMACAddress"].into_iter().flat_map(|key| file.assignments.list("Match", key)));
        let of = |line: &Assignment| {
            let mac = line.value.split([' ', ',']).find_map(|mac| mac.replace('-', ":").parse::<Mac>().ok())?;
            Some(Setting { value: mac.to_string(), at: line.at.clone(), text: line.text.clone() })
        };
        lines.filter_map(of).collect()
    }

    fn fits(&self, root: &Image, file: &NetworkFile, nic: &Nic) -> Fits {
        matching::fits(root, file, nic, self.written_anew && is_of_cloud_init(file), self.version)
    }

    /// What it does with `nic`; nothing if a file that another stack renders has it.
    fn claim(&self, root: &Image, nic: &Nic, given: &Given) -> Option<Claim> {
        let rendered = given.rendered.files.get(&nic.name).and_then(|files| files.iter().min());
        let mut perhaps = Vec::new();
        for file in self.files.iter().take_while(|file| rendered.is_none_or(|name| file.name <= *name)) {
            match self.fits(root, file, nic) {
                Fits::No => {}
                Fits::Unknown(reason) => perhaps.push((reason, self.claim_of(file))),
                Fits::Yes => return Some(settled(&perhaps, self.claim_of(file))),
            }
        }
        if rendered.is_some() && perhaps.is_empty() {
            return None;
        }
        let none = Setting::by_rule("/etc/systemd/network", format!("no .network file matches {}", nic.name));
        Some(settled(&perhaps, Claim::LeavesAlone(Intent::leaving_alone(ID, &none))))
    }

    fn claim_of(&self, file: &NetworkFile) -> Claim {
        if let Some(line) = meaning::unmanaged(&file.assignments) {
            return Claim::LeavesAlone(Intent::leaving_alone(ID, &line.holding(())));
        }
        let whole = FileLine::whole(&file.path);
        let stack = Party { id: ID, by: None, file: &whole, at_boot: "systemd-networkd.service starts at boot", netdevs: &self.netdevs };
        Claim::Configures(Observed::Seen(intent(stack, &file.assignments, &self.global, self.version)))
    }
}

/// What comes of files that perhaps fit before one that does: it is known only if all of them do the same.
fn settled(perhaps: &[(String, Claim)], last: Claim) -> Claim {
    let different = perhaps.iter().find(|(_, claim)| !same(claim, &last));
    match different {
        None => last,
        Some((reason, _)) => Claim::Configures(Observed::unknown(reason)),
    }
}

fn same(one: &Claim, other: &Claim) -> bool {
    let of = |intent: &Intent| (intent.at_boot.value, intent.dhcpv6.value, intent.takes_ras.value);
    match (one, other) {
        (Claim::Configures(Observed::Seen(one)), Claim::Configures(Observed::Seen(other))) => of(one) == of(other),
        (Claim::LeavesAlone(_), Claim::LeavesAlone(_)) => true,
        _ => false,
    }
}

/// The MAC address in these is the one of the instance, and written anew for the next.
fn is_of_cloud_init(file: &NetworkFile) -> bool {
    file.name.starts_with("10-cloud-init-")
}

/// It says which address it got, which a Reply brought.
fn journal(line: &str) -> Option<(&str, u8, bool)> {
    let (interface, rest) = line.split_once(": ")?;
    rest.starts_with("DHCPv6 address ").then_some((interface, kind::REPLY, false))
}
