//! cloud-init's own configuration: /etc/cloud/cloud.cfg and the files of cloud.cfg.d, the later ones over the earlier ones.
//!
//! A file that is not YAML is left out, as cloud-init itself leaves it out with a warning (load_yaml of util.py).

use std::io;
use std::rc::Rc;

use crate::facts::{FileLine, Setting};
use crate::host::{boot_loader, services};
use crate::image::Image;
use crate::image::yaml::{Document, Node};

const FIRST: &str = "/etc/cloud/cloud.cfg";
const FILES: [&str; 2] = [FIRST, "/etc/cloud/cloud.cfg.d/*.cfg"];
const PROGRAMS: [&str; 4] = ["/usr/bin/cloud-init", "/usr/local/bin/cloud-init", "/bin/cloud-init", "/usr/sbin/cloud-init"];
const SWITCHED_OFF: &str = "/etc/cloud/cloud-init.disabled";
/// The units without which no network is written; the second is the process that does the work of the first, from 24.3 on.
const UNITS: [&str; 2] = ["cloud-init-local.service", "cloud-init-main.service"];
/// The words on the kernel's command line that switch it off, as a whole and for the network.
const WORDS: [&str; 2] = ["cloud-init=disabled", "network-config=disabled"];
/// Where Python keeps it, with its version in a file of the first form or in the name of one of the others.
const LIBRARIES: [&str; 4] = [
    "/usr/lib/python*/*-packages/cloudinit/version.py",
    "/usr/local/lib/python*/*-packages/cloudinit/version.py",
    "/usr/lib/python*/*-packages/cloud_init-*-info",
    "/usr/lib/python*/*-packages/cloud_init-*.egg-info",
];
/// As many files as are read.
const MOST_FILES: usize = 256;

/// cloud-init's configuration.
#[derive(Debug)]
pub(crate) struct Configuration {
    /// Later files first.
    documents: Vec<Document>,
    /// Its version: year and number.
    pub(crate) version: Option<(u32, u32)>,
}

/// Who says what the network is.
#[derive(Debug)]
pub(crate) enum Network<'a> {
    /// Nobody: cloud-init leaves it alone.
    Disabled,
    /// The data source, at boot.
    OfDataSource,
    /// The configuration itself, as version 1 or as version 2.
    First(&'a Document, &'a Node),
    Second(&'a Document, &'a Node),
}

impl Configuration {
    /// Reads it; none if cloud-init is not installed, or switched off.
    ///
    /// # Errors
    /// A file cannot be read.
    pub(crate) fn read(root: &Image) -> io::Result<Option<Self>> {
        let is_off = || root.exists(SWITCHED_OFF) || UNITS.iter().any(|unit| services::is_masked(root, unit));
        if !root.exists(FIRST) || !PROGRAMS.iter().any(|path| root.exists(path)) || is_off() {
            return Ok(None);
        }
        // Where the boot loader's files are out of sight, nothing says it.
        if boot_loader::argument(root, |word| WORDS.contains(&word)).is_ok_and(|found| found.is_some()) {
            return Ok(None);
        }
        // ds-identify(8) with this policy keeps the generator from starting anything.
        if root.text_if_any("/etc/cloud/ds-identify.cfg")?.is_some_and(|text| text.lines().any(is_disabled)) {
            return Ok(None);
        }
        let mut documents = Vec::new();
        for path in root.at_most(MOST_FILES, FILES.iter().flat_map(|pattern| root.glob(pattern)).collect(), "/etc/cloud") {
            if let Some(text) = root.text_if_any(&path)? {
                documents.extend(Document::parse(&path, &text));
            }
        }
        documents.reverse();
        Ok(Some(Self { documents, version: version(root) }))
    }

    /// The configuration as a whole.
    pub(crate) fn at() -> FileLine {
        FileLine::whole(FIRST)
    }

    /// Who says what the network is.
    pub(crate) fn network(&self) -> Network<'_> {
        let all = || self.documents.iter().filter_map(|document| Some((document, &**document.root.as_ref()?.get("network")?)));
        if all().find_map(|(_, network)| network.get("config")).is_some_and(|config| config.scalar() == Some("disabled")) {
            return Network::Disabled;
        }
        let Some((document, network)) = all().find(|(_, network)| network.get("version").is_some()) else { return Network::OfDataSource };
        match network.get("version").and_then(|version| version.scalar()) {
            Some("2") => Network::Second(document, network),
            _ => Network::First(document, network),
        }
    }

    /// The names of `system_info: network: renderers`.
    pub(crate) fn renderers(&self) -> Option<Setting<Vec<String>>> {
        self.documents.iter().find_map(|document| {
            let (line, list) = document.root.as_ref()?.get("system_info")?.get("network")?.entry("renderers")?;
            Some(document.setting(line, scalars(list)))
        })
    }

    /// The list of a key that later files replace as a whole, such as `runcmd`, with its line.
    pub(crate) fn commands(&self, key: &str) -> Option<(FileLine, Rc<Node>)> {
        self.documents.iter().find_map(|document| {
            let (line, list) = document.root.as_ref()?.entry(key)?;
            Some((document.at(line), Rc::clone(list)))
        })
    }

    /// The names of `datasource_list`.
    pub(crate) fn data_sources(&self) -> Option<Setting<Vec<String>>> {
        self.documents.iter().find_map(|document| {
            let (line, list) = document.root.as_ref()?.entry("datasource_list")?;
            Some(document.setting(line, scalars(list)))
        })
    }
}

fn scalars(list: &Rc<Node>) -> Vec<String> {
    list.items().iter().filter_map(|item| item.scalar()).map(str::to_owned).collect()
}

fn is_disabled(line: &str) -> bool {
    line.split_once(':').is_some_and(|(key, value)| key.trim() == "policy" && value.split(',').next().map(str::trim) == Some("disabled"))
}

/// The version, from the library as Python has it.
fn version(root: &Image) -> Option<(u32, u32)> {
    let numbers = |text: &str| {
        let mut parts = text.split(|character: char| !character.is_ascii_digit());
        Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
    };
    LIBRARIES.iter().flat_map(|pattern| root.glob(pattern)).find_map(|path| {
        if let Some((_, name)) = path.rsplit_once("/cloud_init-") {
            return numbers(name);
        }
        let text = root.text(&path).ok()?;
        let line = text.lines().find(|line| line.starts_with("__VERSION__"))?;
        numbers(line.split_once('=')?.1.trim().trim_matches(['"', '\'']))
    })
}
