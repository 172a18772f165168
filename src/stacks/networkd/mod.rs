//! systemd-networkd: what its `.network` files set up (systemd.network(5), networkd.conf(5)).
//!
//! The files are tried in the order of their names, and the first that fits an interface has it. Those that netplan writes at each boot take
//! part in that order, but are read where they come from.

mod files;
pub(crate) mod fixes;
pub(crate) mod lease;
mod matching;
mod meaning;
pub(crate) mod running;
mod syntax;

use std::io;

pub(crate) use files::{drop_ins, global, version};
pub(crate) use meaning::{Stack, intent};
pub(crate) use syntax::{Assignment, Assignments};

use crate::facts::{FileLine, Intent, Observed, Setting, StackId};
use crate::host::services;
use crate::image::Image;
use crate::image::Nic;
use crate::stacks::Claim;
use crate::stacks::Fits;
use crate::stacks::Reading;
use crate::stacks::cloud_init;
use crate::stacks::netplan;
use files::NetworkFile;

const ID: StackId = StackId::Networkd;
/// Where an administrator's files are; those below /usr are of packages and name nothing of this machine.
const OWN: [&str; 2] = ["/etc/", "/run/"];

/// What systemd-networkd is set up to do with each of `nics`.
///
/// # Errors
/// A file cannot be read.
pub(crate) fn read(root: &Image, nics: &[Nic]) -> io::Result<Reading> {
    if !services::starts(root, &[ID.name()]) && !netplan::starts_networkd(root) {
        return Ok(Reading::default());
    }
    let configuration = Configuration::read(root)?;
    let claims = nics.iter().filter_map(|nic| Some((nic.name.clone(), configuration.claim(root, nic)?)));
    Ok(Reading { interfaces: claims.collect(), named: configuration.named() })
}

/// Whether a file of its own has `nic`, or perhaps has it, before one called `name` could: an equal name in /etc masks the one in /run.
///
/// # Errors
/// A file cannot be read.
pub(crate) fn comes_before(root: &Image, nic: &Nic, name: &str) -> io::Result<bool> {
    let configuration = Configuration::read(root)?;
    let mut before = configuration.files.iter().take_while(|file| &file.name[..] <= name);
    Ok(before.any(|file| configuration.fits(root, file, nic) != Fits::No))
}

/// Everything that systemd-networkd reads.
struct Configuration {
    files: Vec<NetworkFile>,
    global: Assignments,
    version: Option<u32>,
    /// cloud-init writes its files anew for each instance.
    written_anew: bool,
}

impl Configuration {
    fn read(root: &Image) -> io::Result<Self> {
        Ok(Self {
            files: files::network_files(root)?,
            global: files::global(root)?,
            version: version(root),
            written_anew: cloud_init::overrides(root)?.is_some(),
        })
    }

    /// The interfaces that files of /etc and /run call by their names.
    fn named(&self) -> std::collections::BTreeSet<String> {
        let own = self.files.iter().filter(|file| OWN.iter().any(|folder| file.path.starts_with(folder)));
        let names = own.flat_map(|file| file.assignments.list("Match", "Name"));
        let words = names.filter(|line| !line.value.starts_with('!')).flat_map(|line| line.value.split_whitespace());
        words.filter(|name| *name != "lo" && !crate::image::has_wildcard(name)).map(str::to_owned).collect()
    }

    fn fits(&self, root: &Image, file: &NetworkFile, nic: &Nic) -> Fits {
        matching::fits(root, file, nic, self.written_anew && is_of_cloud_init(file), self.version)
    }

    /// What it does with `nic`; nothing if a file that netplan writes has it.
    fn claim(&self, root: &Image, nic: &Nic) -> Option<Claim> {
        let of_netplan = netplan::network_files(root, nic).into_iter().min();
        let mut perhaps = Vec::new();
        for file in self.files.iter().take_while(|file| of_netplan.as_ref().is_none_or(|name| file.name <= *name)) {
            match self.fits(root, file, nic) {
                Fits::No => {}
                Fits::Unknown(reason) => perhaps.push((reason, self.claim_of(file))),
                Fits::Yes => return Some(settled(&perhaps, self.claim_of(file))),
            }
        }
        if of_netplan.is_some() && perhaps.is_empty() {
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
        let stack = Stack { id: ID, by: None, file: &whole, at_boot: "systemd-networkd.service starts at boot" };
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
