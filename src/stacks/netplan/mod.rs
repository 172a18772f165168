//! netplan: what its YAML sets up, through systemd-networkd or NetworkManager (netplan(5) of 1.1.2).
//!
//! Only what decides IPv6 is read; netplan refuses all files for one mistake in any of them, and mistakes elsewhere are not seen here.

mod definition;
pub(crate) mod fixes;
mod rendering;

use std::collections::BTreeMap;
use std::io;

use crate::facts::{FileLine, Intent, Observed, Setting, StackId};
use crate::host::services;
use crate::image::Image;
use crate::image::Nic;
use crate::image::yaml::{Document, Node};
use crate::stacks::Claim;
use crate::stacks::Fits;
use crate::stacks::Reading;
use crate::stacks::cloud_init;
use crate::stacks::networkd::{self, Stack};
pub(crate) use definition::{Definition, Definitions, Renderer};

const ID: StackId = StackId::Netplan;
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
pub(crate) fn read(root: &Image, nics: &[Nic]) -> io::Result<Reading> {
    if !in_charge(root) {
        return Ok(Reading::default());
    }
    let definitions = definitions(root)?;
    let mut reading = Reading::default();
    let members = |definition: &&Definition| definitions.master(definition).is_none();
    reading.named = definitions.all().filter(members).filter_map(Definition::names).map(str::to_owned).collect();
    for nic in nics {
        if let Some(claim) = claim(root, &definitions, nic)? {
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

/// Whether netplan starts systemd-networkd, enabled or not: for anything that it has to carry out.
pub(crate) fn starts_networkd(root: &Image) -> bool {
    let by_it = |definitions: Definitions| definitions.all().any(|definition| definitions.renderer(definition) == Renderer::Networkd);
    is_installed(root) && definitions(root).is_ok_and(by_it)
}

/// The names of the `.network` files that netplan writes for `nic`, or perhaps for it. None where its files cannot be read: then it is not
/// known who has the interface, and [`read`] says so.
pub(crate) fn network_files(root: &Image, nic: &Nic) -> Vec<String> {
    let Some(definitions) = in_charge(root).then(|| definitions(root).ok()).flatten() else { return Vec::new() };
    let by_networkd = definitions.all().filter(|definition| definitions.renderer(definition) == Renderer::Networkd);
    by_networkd.filter(|definition| definition.fits(nic) != Fits::No).map(network_file).collect()
}

/// The renderer of definitions that name none.
///
/// # Errors
/// A file cannot be read, or netplan refuses it.
pub(crate) fn default_renderer(root: &Image) -> io::Result<Renderer> {
    Ok(definitions(root)?.renderer(&Definition::default()))
}

/// What netplan would do with `nic` if `network` of a document were the only file.
///
/// # Errors
/// netplan refuses it.
pub(crate) fn given(root: &Image, document: &Document, network: &Node, nic: &Nic) -> io::Result<Option<Claim>> {
    let mut definitions = Definitions::default();
    definitions.take(document, network, false)?;
    claim(root, &definitions, nic)
}

fn network_file(definition: &Definition) -> String {
    format!("10-netplan-{}.network", definition.id)
}

/// All definitions.
///
/// # Errors
/// A file cannot be read.
fn definitions(root: &Image) -> io::Result<Definitions> {
    let mut files = BTreeMap::new();
    for directory in DIRECTORIES {
        for path in root.glob(&format!("{directory}/*.yaml")) {
            let name = path.rsplit('/').next().unwrap_or_default().to_owned();
            files.entry(name).or_insert(path);
        }
    }
    let written_anew = cloud_init::overrides(root)?.is_some();
    let mut definitions = Definitions::default();
    for path in files.into_values().take(MOST_FILES) {
        let Some(text) = root.text_if_any(&path)? else { continue };
        let document = Document::parse(&path, &text)?;
        if let Some(network) = document.root.as_ref().and_then(|whole| whole.get("network")) {
            definitions.take(&document, network, written_anew && FileLine::whole(&path).is_of_cloud_init())?;
        }
    }
    Ok(definitions)
}

/// What netplan does with `nic`; nothing if no definition is for it, or if a file of systemd-networkd's own comes before.
fn claim(root: &Image, definitions: &Definitions, nic: &Nic) -> io::Result<Option<Claim>> {
    let mut found: Vec<Intent> = Vec::new();
    for definition in definitions.all() {
        match definition.fits(nic) {
            Fits::No => continue,
            Fits::Unknown(reason) => return Ok(Some(Claim::Configures(Observed::unknown(reason)))),
            Fits::Yes => {}
        }
        let at = definition.at.clone().unwrap_or(FileLine::whole("/etc/netplan"));
        match definitions.renderer(definition) {
            Renderer::NetworkManager => found.push(rendering::network_manager(definitions, definition, &at)?),
            // systemd-networkd takes the first file that fits.
            Renderer::Networkd if found.iter().any(|intent| intent.by == Some(StackId::Networkd)) => {}
            Renderer::Networkd => {
                let file = network_file(definition);
                if services::starts(root, &["systemd-networkd"]) && networkd::comes_before(root, nic, &file)? {
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

/// What comes of the `.network` file that netplan writes, with the drop-ins that somebody added to it.
fn by_networkd(root: &Image, definitions: &Definitions, definition: &Definition, at: &FileLine, file: &str) -> io::Result<Intent> {
    let mut assignments = rendering::networkd(definitions, definition)?;
    assignments.0.extend(networkd::drop_ins(root, file)?.0);
    let stack = Stack { id: ID, by: Some(StackId::Networkd), file: at, at_boot: "netplan starts systemd-networkd for it at boot" };
    let mut intent = networkd::intent(stack, &assignments, &networkd::global(root)?, networkd::version(root));
    let unit = "/etc/systemd/system/systemd-networkd.service";
    if root.link(unit).is_some_and(|target| target == "/dev/null") {
        let at = FileLine::whole(unit);
        intent.at_boot = Setting { value: false, at, text: "systemd-networkd.service is masked".to_owned() };
    }
    Ok(intent)
}
