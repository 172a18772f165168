//! netplan: what its YAML sets up, through systemd-networkd or NetworkManager (netplan(5) of 1.1.2).
//!
//! Only what decides IPv6 is read; netplan refuses all files for one mistake in any of them, and mistakes elsewhere are not seen here.

mod definition;
pub(crate) mod fixes;
mod rendering;

use crate::stacks::stack::{Rendered, Stack};
use std::collections::BTreeMap;
use std::io;

use crate::facts::{FileLine, Intent, Observed, Setting, StackId};
use crate::host::services;
use crate::image::Image;
use crate::image::Nic;
use crate::image::yaml::{Document, Node};
use crate::stacks::Claim;
use crate::stacks::Fits;
use crate::stacks::Given;
use crate::stacks::Reading;
use crate::stacks::any_nics;
use crate::stacks::network_manager;
use crate::stacks::networkd::{self, Party};
pub(crate) use definition::{Definition, Definitions, Renderer};

const ID: StackId = StackId::Netplan;

pub(crate) const STACK: Stack = Stack { read: Some(read), renders: Some(renders), fix: fixes::fix, now: fixes::now, ..Stack::new(ID) };

/// Where its files stand, a directory before those that it masks (netplan-generate(8)).
const DIRECTORIES: [&str; 4] = ["/run/netplan", "/etc/netplan", "/usr/lib/netplan", "/lib/netplan"];
/// What shows that netplan renders its files at boot.
const INSTALLED: [&str; 3] = ["/lib/systemd/system-generators/netplan", "/usr/lib/systemd/system-generators/netplan", "/usr/sbin/netplan"];
/// As many files as are read.
const MOST_FILES: usize = 256;

/// What netplan is set up to do with each of `nics`.
///
/// # Errors
/// A file cannot be read, or netplan refuses it.
pub(crate) fn read(root: &Image, nics: &[Nic], given: &Given) -> io::Result<Reading> {
    if !in_charge(root) {
        return Ok(Reading::default());
    }
    let definitions = definitions(root, given)?;
    let mut reading = Reading::default();
    let members = |definition: &&Definition| definitions.master(definition).is_none();
    reading.named = definitions.all().filter(members).filter_map(Definition::names).map(str::to_owned).collect();
    reading.gives = definitions.all().filter_map(Definition::gives).map(str::to_owned).collect();
    if !any_nics().any(|nic| definitions.all().any(|definition| definition.fits(&nic) == Fits::Yes)) {
        reading.macs = definitions.all().filter_map(Definition::mac).collect();
    }
    for nic in nics {
        if let Some(claim) = claim(root, &definitions, nic, given)? {
            reading.interfaces.insert(nic.name.clone(), claim);
        }
    }
    Ok(reading)
}

/// Whether anything renders or carries out what netplan's files say.
fn in_charge(root: &Image) -> bool {
    is_installed(root) || services::starts(root, &["systemd-networkd", "NetworkManager"])
}

/// Whether netplan is installed.
pub(crate) fn is_installed(root: &Image) -> bool {
    INSTALLED.iter().any(|path| root.exists(path))
}

/// What it renders for systemd-networkd, which it starts, enabled or not, for anything that it has to carry out. Nothing where its files cannot be
/// read: then it is not known who has the interface, and [`read`] says so.
fn renders(root: &Image, nics: &[Nic], given: &Given) -> Rendered {
    let Some(definitions) = in_charge(root).then(|| definitions(root, given).ok()).flatten() else { return Rendered::default() };
    let by_networkd: Vec<&Definition> = definitions.all().filter(|definition| definitions.renderer(definition) == Renderer::Networkd).collect();
    let of =
        |nic: &Nic| by_networkd.iter().filter(|definition| definition.fits(nic) != Fits::No).map(|definition| network_file(definition)).collect();
    Rendered { starts_it: is_installed(root) && !by_networkd.is_empty(), files: nics.iter().map(|nic| (nic.name.clone(), of(nic))).collect() }
}

/// The renderer of definitions that name none.
///
/// # Errors
/// A file cannot be read, or netplan refuses it.
pub(crate) fn default_renderer(root: &Image, given: &Given) -> io::Result<Renderer> {
    Ok(definitions(root, given)?.renderer(&Definition::default()))
}

/// What netplan would do with `nic` if `network` of a document were the only file.
///
/// # Errors
/// netplan refuses it.
pub(crate) fn of_document(root: &Image, document: &Document, network: &Node, nic: &Nic, given: &Given) -> io::Result<Option<Claim>> {
    let mut definitions = Definitions::default();
    definitions.take(document, network, false, true)?;
    claim(root, &definitions, nic, given)
}

fn network_file(definition: &Definition) -> String {
    format!("10-netplan-{}.network", definition.id)
}

/// All definitions.
///
/// # Errors
/// A file cannot be read.
fn definitions(root: &Image, given: &Given) -> io::Result<Definitions> {
    let mut files = BTreeMap::new();
    for directory in DIRECTORIES {
        for path in root.glob(&format!("{directory}/*.yaml")) {
            let name = path.rsplit('/').next().unwrap_or_default().to_owned();
            files.entry(name).or_insert(path);
        }
    }
    let written_anew = given.overrides()?.is_some();
    let mut definitions = Definitions::default();
    for path in root.at_most(MOST_FILES, files.into_values().collect(), "/etc/netplan") {
        let Some(text) = root.text_if_any(&path)? else { continue };
        let document = Document::parse(&path, &text)?;
        if let Some(network) = document.root.as_ref().and_then(|whole| whole.get("network")) {
            definitions.take(&document, network, written_anew && FileLine::whole(&path).is_of_cloud_init(), true)?;
        }
    }
    Ok(definitions)
}

/// What netplan does with `nic`; nothing if no definition is for it, or if a file of systemd-networkd's own comes before.
fn claim(root: &Image, definitions: &Definitions, nic: &Nic, given: &Given) -> io::Result<Option<Claim>> {
    let mut found: Vec<Intent> = Vec::new();
    for definition in definitions.all() {
        match definition.fits(nic) {
            Fits::No => continue,
            Fits::Unknown(reason) => return Ok(Some(Claim::Configures(Observed::unknown(reason)))),
            Fits::Yes => {}
        }
        let at = definition.at.clone().unwrap_or(FileLine::whole("/etc/netplan"));
        match definitions.renderer(definition) {
            Renderer::NetworkManager => match network_manager::leaves(root, nic)? {
                Some(line) => found.push(Intent { by: Some(StackId::NetworkManager), ..Intent::leaving_alone(ID, &line) }),
                None => found.push(by_network_manager(root, definitions, definition, &at)?),
            },
            // systemd-networkd takes the first file that fits.
            Renderer::Networkd if found.iter().any(|intent| intent.by == Some(StackId::Networkd)) => {}
            Renderer::Networkd => {
                let file = network_file(definition);
                if services::starts(root, &["systemd-networkd"]) && networkd::comes_before(root, nic, &file, given)? {
                    continue;
                }
                found.push(by_networkd(root, definitions, definition, &at, &file)?);
            }
        }
    }
    let same = |intent: &Intent| (intent.by, intent.at_boot.value, intent.dhcpv6.value, intent.takes_ras.value);
    let Some(first) = found.first() else { return Ok(None) };
    let Some(other) = found.iter().find(|other| same(other) != same(first)) else {
        return Ok(Some(Claim::Configures(Observed::Seen(first.clone()))));
    };
    let (one, two) = (&first.at_boot.at, &other.at_boot.at);
    let reason = format!("several definitions of netplan are for {} ({one} and {two})", nic.name);
    Ok(Some(Claim::Configures(Observed::unknown(reason))))
}

/// What comes of the profile that netplan writes. netplan starts NetworkManager nowhere.
fn by_network_manager(root: &Image, definitions: &Definitions, definition: &Definition, at: &FileLine) -> io::Result<Intent> {
    let mut intent = rendering::network_manager(definitions, definition, at)?;
    if !network_manager::starts(root) {
        intent.at_boot = Setting { value: false, at: at.clone(), text: "NetworkManager does not start at boot".to_owned() };
    }
    Ok(intent)
}

/// What comes of the `.network` file that netplan writes, with the drop-ins that somebody added to it.
fn by_networkd(root: &Image, definitions: &Definitions, definition: &Definition, at: &FileLine, file: &str) -> io::Result<Intent> {
    let mut assignments = rendering::networkd(definitions, definition)?;
    assignments.0.extend(networkd::drop_ins(root, file)?.0);
    // netplan writes a `.netdev` file for each bond and bridge that it names.
    let master = definitions.master(definition);
    let netdevs = master.iter().fold(networkd::Netdevs::default(), |netdevs, (kind, id, _)| netdevs.with(id, kind));
    let at_boot = "netplan starts systemd-networkd for it at boot";
    let stack = Party { id: ID, by: Some(StackId::Networkd), file: at, at_boot, netdevs: &netdevs };
    let mut intent = networkd::intent(stack, &assignments, &networkd::global(root)?, networkd::version(root));
    let unit = "/etc/systemd/system/systemd-networkd.service";
    if services::is_masked(root, "systemd-networkd.service") {
        let at = FileLine::whole(unit);
        intent.at_boot = Setting { value: false, at, text: "systemd-networkd.service is masked".to_owned() };
    }
    Ok(intent)
}
