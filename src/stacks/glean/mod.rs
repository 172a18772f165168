//! glean, which the element simple-init of diskimage-builder installs: at boot it writes the files of another stack for every interface with a MAC
//! address of its own (cmd.py, install.py and the units of 1.25.1).
//!
//! Without a config drive each gets IPv4 by DHCP. Of a config drive it takes static addresses, IPv4 by DHCP, and SLAAC on Red Hat's systems. A
//! subnet of mode dhcpv6-stateful (`ipv6_dhcpv6-stateful` in network_data.json) is none of them, and passed over. So whatever the drive says, DHCPv6
//! runs only where the stack that reads the file does that by itself.

mod fixes;

use std::io;

use crate::facts::{Observed, StackId};
use crate::image::shell_variables::Variables;
use crate::image::{Image, Nic};
use crate::stacks::boot_writer::{Start, Writes};
use crate::stacks::ifupdown::flavour::FILE as INTERFACES;
use crate::stacks::stack::{Claim, Given, Read, Reading, Stack, Traits};
use crate::stacks::{ifcfg, ifupdown, ifupdown2, network_manager, network_scripts, networkd, wicked};

const ID: StackId = StackId::Glean;
const NAME: &str = "glean";
/// What its units start.
const PROGRAM: &str = "python-glean";
/// The script of sysvinit, which starts it by this.
const LEGACY: &str = "glean-legacy.sh";
const OF_SUSE: &str = "/etc/sysconfig/network";
const KEYFILES: &str = "/etc/NetworkManager/system-connections";
/// The systems that it knows, by ID of os-release(5); of others it writes nothing.
const DEBIAN: [&str; 2] = ["debian", "ubuntu"];
const RED_HAT: [&str; 3] = ["centos", "fedora", "rocky"];
/// The platform for which it writes keyfiles.
const WITH_KEYFILES: &str = "el10";

pub(crate) const STACK: Stack =
    Stack { read: Some(read), init_scripts: &[NAME], traits: Traits { only_writes: true, ..Traits::NONE }, fix: fixes::fix, ..Stack::new(ID) };

/// Which files it writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Interfaces,
    Ifcfg,
    Keyfile,
    Suse,
    Networkd,
}

impl Kind {
    /// By the system, unless its unit says otherwise; none for a system that it does not know.
    fn of(root: &Image, start: &Start) -> io::Result<Option<Self>> {
        if start.has("networkd") {
            return Ok(Some(Self::Networkd));
        }
        let system = match Variables::read(root, "/etc/os-release")? {
            None => Variables::read(root, "/usr/lib/os-release")?.unwrap_or_default(),
            Some(system) => system,
        };
        let of = |name: &str| system.get(name).map_or("", |setting| &setting.value[..]);
        let id = of("ID").to_ascii_lowercase();
        Ok(if DEBIAN.contains(&&id[..]) {
            Some(Self::Interfaces)
        } else if id.contains("suse") || id.contains("sles") {
            Some(Self::Suse)
        } else if RED_HAT.contains(&&id[..]) {
            Some(if of("PLATFORM_ID").contains(WITH_KEYFILES) { Self::Keyfile } else { Self::Ifcfg })
        } else {
            None
        })
    }

    fn readers(self) -> &'static [(StackId, Read)] {
        match self {
            Self::Interfaces => &[(StackId::Ifupdown, ifupdown::read), (StackId::Ifupdown2, ifupdown2::read)],
            Self::Ifcfg => &[(StackId::NetworkManager, network_manager::read), (StackId::NetworkScripts, network_scripts::by_ifup)],
            Self::Keyfile => &[(StackId::NetworkManager, network_manager::read)],
            Self::Suse => &[(StackId::Wicked, wicked::read), (StackId::NetworkManager, network_manager::read)],
            Self::Networkd => &[(StackId::Networkd, networkd::read)],
        }
    }

    /// The file for one interface.
    fn path(self, name: &str) -> String {
        match self {
            Self::Interfaces => format!("{INTERFACES}.d/{name}.cfg"),
            Self::Ifcfg => format!("{}/ifcfg-{name}", ifcfg::FOLDER),
            Self::Keyfile => format!("{KEYFILES}/{name}.nmconnection"),
            Self::Suse => format!("{OF_SUSE}/ifcfg-{name}"),
            Self::Networkd => format!("/etc/systemd/network/{name}.network"),
        }
    }
}

/// What it will write for each of `nics`, as far as it has not written it yet.
///
/// # Errors
/// A file cannot be read.
pub(crate) fn read(root: &Image, nics: &[Nic], given: &Given) -> io::Result<Reading> {
    let mut reading = Reading::default();
    for nic in nics.iter().filter(|nic| nic.name != "lo") {
        let Some((start, kind)) = start(root, nic)? else { continue };
        if root.exists(&kind.path(&nic.name)) {
            continue;
        }
        if let Some(claim) = claim(root, kind, nic, &start, given)? {
            reading.interfaces.insert(nic.name.clone(), claim);
        }
    }
    Ok(reading)
}

/// How it is started for the interface, and which files it writes then.
fn start(root: &Image, nic: &Nic) -> io::Result<Option<(Start, Kind)>> {
    let Some(start) = Start::of(root, NAME, nic)? else { return Ok(None) };
    // A unit whose program is not there fails.
    let is_program = |word: &&String| word.rsplit('/').next().is_some_and(|name| name == PROGRAM || name == LEGACY);
    if start.words.iter().find(is_program).is_some_and(|program| !root.exists(program)) {
        return Ok(None);
    }
    Ok(Kind::of(root, &start)?.map(|kind| (start, kind)))
}

fn claim(root: &Image, kind: Kind, nic: &Nic, start: &Start, given: &Given) -> io::Result<Option<Claim>> {
    let unknown = |reason: String| Ok(kind.readers().first().map(|(stack, _)| Claim::Replaces(*stack, Observed::unknown(reason))));
    if let Some(other) = given.overrides()? {
        return unknown(format!("{} and {ID} both write configuration of {} at boot", other.value, nic.name));
    }
    if start.has("--no-dhcp-fallback") {
        return unknown(format!(
            "{ID} with --no-dhcp-fallback writes configuration of {} only by a config drive, which is not in an image",
            nic.name
        ));
    }
    let program = start.words.iter().find(|word| word.ends_with(PROGRAM)).map_or("/etc/init.d/glean", |word| &word[..]);
    let writes = Writes { id: ID, program, start, files: files(kind, &nic.name, start), when_managed: false, readers: kind.readers() };
    writes.claim(root, nic, given)
}

/// The files as they will be. The lines that tie them to the interface's own MAC address are left out.
fn files(kind: Kind, name: &str, start: &Start) -> Vec<(String, String)> {
    let text = match kind {
        Kind::Interfaces => format!("auto {name}\niface {name} inet dhcp\n"),
        Kind::Ifcfg => {
            let managed = if start.has("--use-nm") { "yes" } else { "no" };
            format!("DEVICE={name}\nBOOTPROTO=dhcp\nONBOOT=yes\nNM_CONTROLLED={managed}\nTYPE=Ethernet\n")
        }
        Kind::Keyfile => format!("[connection]\nid={name}\ntype=802-3-ethernet\ninterface-name={name}\n\n[ipv4]\nmethod=auto\n"),
        Kind::Suse => "BOOTPROTO=dhcp\nSTARTMODE=auto\n".to_owned(),
        Kind::Networkd => format!("[Match]\nName={name}\n\n[Network]\nDHCP=ipv4\nIPv6AcceptRA=no\n"),
    };
    let mut files = vec![(kind.path(name), text)];
    if kind == Kind::Interfaces {
        let main = format!("auto lo\niface lo inet loopback\nsource {INTERFACES}.d/*.cfg\n");
        files.push((INTERFACES.to_owned(), main));
    }
    files
}
