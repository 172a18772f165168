//! The element dhcp-all-interfaces of diskimage-builder, OpenStack's image builder: a script that writes at boot the files of another stack for
//! every interface without a configuration, and then runs ifup (dhcp-all-interfaces.sh and its unit at ece6a6e9).
//!
//! IPv4 is always by DHCP. IPv6 is there only if `rdisc6` is installed and a Router Advertisement answers it: DHCPv6 where that sets M. Before
//! that it writes a DUID to a file `dhclient6--X.lease`, which no client reads; where the folder of that file is missing it ends there.

mod fixes;

use std::io;

use crate::facts::{Observed, Setting, StackId};
use crate::image::{Image, Nic};
use crate::stacks::boot_writer::{Start, Writes};
use crate::stacks::ifupdown::flavour::FILE as INTERFACES;
use crate::stacks::ifupdown::interfaces_file::Configuration;
use crate::stacks::stack::{Claim, Given, Read, Reading, Stack, Traits};
use crate::stacks::{ifcfg, ifupdown, ifupdown2, network_manager, network_scripts, wicked};

const ID: StackId = StackId::DhcpAllInterfaces;
const NAME: &str = "dhcp-all-interfaces";
const UNIT: &str = "dhcp-interface";
const SCRIPT: &str = "/usr/local/sbin/dhcp-all-interfaces.sh";
/// The program that asks for a Router Advertisement.
const RDISC6: [&str; 6] = ["/usr/bin/rdisc6", "/bin/rdisc6", "/usr/sbin/rdisc6", "/sbin/rdisc6", "/usr/local/bin/rdisc6", "/usr/local/sbin/rdisc6"];
const OF_SUSE: &str = "/etc/sysconfig/network";

pub(crate) const STACK: Stack =
    Stack { read: Some(read), init_scripts: &[NAME], traits: Traits { only_writes: true, ..Traits::NONE }, fix: fixes::fix, ..Stack::new(ID) };

/// Which files it writes, by the first of their folders that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// /etc/network/interfaces, and where dhclient keeps its leases there.
    Interfaces,
    RedHat,
    Suse,
}

impl Kind {
    pub(crate) fn of(root: &Image) -> Option<Self> {
        let folders = [("/etc/network", Self::Interfaces), (ifcfg::FOLDER, Self::RedHat), (OF_SUSE, Self::Suse)];
        folders.into_iter().find(|(folder, _)| root.is_directory(folder)).map(|(_, kind)| kind)
    }

    fn readers(self) -> &'static [(StackId, Read)] {
        match self {
            Self::Interfaces => &[(StackId::Ifupdown, ifupdown::read), (StackId::Ifupdown2, ifupdown2::read)],
            Self::RedHat => &[(StackId::NetworkManager, network_manager::read), (StackId::NetworkScripts, network_scripts::by_ifup)],
            Self::Suse => &[(StackId::Wicked, wicked::read), (StackId::NetworkManager, network_manager::read)],
        }
    }

    /// Where it writes the DUID before it goes on to IPv6.
    fn leases(self) -> Option<&'static str> {
        match self {
            Self::Interfaces => Some("/var/lib/dhcp"),
            Self::RedHat => Some("/var/lib/dhclient"),
            Self::Suse => None,
        }
    }
}

/// What it says of IPv6 in the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ipv6 {
    /// What a Router Advertisement with M makes it write.
    WhenManaged,
    /// Nothing, for this reason.
    Never(&'static str),
}

/// What the script will write for each of `nics`, as far as none has a configuration.
///
/// # Errors
/// A file cannot be read.
pub(crate) fn read(root: &Image, nics: &[Nic], given: &Given) -> io::Result<Reading> {
    let mut reading = Reading::default();
    if !root.exists(SCRIPT) {
        return Ok(reading);
    }
    let Some(kind) = Kind::of(root) else { return Ok(reading) };
    for nic in nics.iter().filter(|nic| nic.name != "lo") {
        let start = match Start::of(root, UNIT, nic)? {
            None => Start::of(root, NAME, nic)?,
            by_unit => by_unit,
        };
        if let Some(start) = start
            && !is_configured(root, kind, nic)?
            && let Some(claim) = claim(root, kind, nic, &start, given)?
        {
            reading.interfaces.insert(nic.name.clone(), claim);
        }
    }
    Ok(reading)
}

/// Whether a file is for the interface already, so that it is left as it is.
fn is_configured(root: &Image, kind: Kind, nic: &Nic) -> io::Result<bool> {
    Ok(match kind {
        // A stanza that is brought up at boot is before the script is.
        Kind::Interfaces => {
            Configuration::read(root, INTERFACES)?.is_some_and(|configuration| configuration.stanzas.iter().any(|stanza| stanza.name == nic.name))
        }
        Kind::RedHat => root.exists(&format!("{}/ifcfg-{}", ifcfg::FOLDER, nic.name)),
        Kind::Suse => root.exists(&format!("{OF_SUSE}/ifcfg-{}", nic.name)),
    })
}

fn claim(root: &Image, kind: Kind, nic: &Nic, start: &Start, given: &Given) -> io::Result<Option<Claim>> {
    if let Some(other) = given.overrides()? {
        // The files of these it writes before, and the script finds them.
        if given.written.names.is_some() {
            return Ok(None);
        }
        let reason = format!("{} and {ID} both write configuration of {} at boot", other.value, nic.name);
        return Ok(kind.readers().first().map(|(stack, _)| Claim::Replaces(*stack, Observed::unknown(reason))));
    }
    let ipv6 = match ipv6(root, kind)? {
        Ok(ipv6) => ipv6,
        Err(reason) => return Ok(kind.readers().first().map(|(stack, _)| Claim::Replaces(*stack, Observed::unknown(reason)))),
    };
    let (path, text) = file(root, kind, nic, ipv6 == Ipv6::WhenManaged)?;
    let when_managed = ipv6 == Ipv6::WhenManaged;
    let claim = Writes { id: ID, program: SCRIPT, start, files: vec![(path, text)], when_managed, readers: kind.readers() };
    let claim = claim.claim(root, nic, given)?;
    Ok(claim.map(|claim| match (claim, ipv6) {
        (Claim::Replaces(stack, Observed::Seen(mut intent)), Ipv6::Never(reason)) => {
            intent.dhcpv6 = because(intent.dhcpv6, reason);
            Claim::Replaces(stack, Observed::Seen(intent))
        }
        (claim, _) => claim,
    }))
}

fn because<T>(setting: Setting<T>, reason: &str) -> Setting<T> {
    Setting { text: format!("{} ({reason})", setting.text), ..setting }
}

/// Whether it comes to IPv6; or why that is not known.
fn ipv6(root: &Image, kind: Kind) -> io::Result<Result<Ipv6, String>> {
    if kind == Kind::Suse {
        return Ok(Ok(Ipv6::Never("it leaves IPv6 to wicked")));
    }
    let text = root.text(SCRIPT)?;
    let has = |wanted: &str| text.lines().any(|line| words(line).any(|word| word == wanted));
    if !has("rdisc6") {
        if has("inet6") || has("IPV6INIT") {
            return Ok(Err(format!("{SCRIPT} writes about IPv6 without asking by rdisc6, which v6check does not know")));
        }
        return Ok(Ok(Ipv6::Never("this release of it, before November 2019, writes nothing about IPv6")));
    }
    if !RDISC6.iter().any(|path| root.exists(path)) {
        return Ok(Ok(Ipv6::Never("rdisc6 is not installed, without which it writes nothing about IPv6")));
    }
    if kind.leases().is_some_and(|folder| !root.is_directory(folder)) {
        return Ok(Ok(Ipv6::Never("it writes a DUID first, and ends because the folder for it is missing")));
    }
    Ok(Ok(Ipv6::WhenManaged))
}

/// The words of a line of a script, comments left out.
fn words(line: &str) -> impl Iterator<Item = &str> {
    let code = line.split_once('#').map_or(line, |(code, _)| code);
    code.split(|character: char| !character.is_ascii_alphanumeric() && character != '_').filter(|word| !word.is_empty())
}

/// The file as it will be.
///
/// # Errors
/// What is there already cannot be read.
pub(crate) fn file(root: &Image, kind: Kind, nic: &Nic, with_dhcpv6: bool) -> io::Result<(String, String)> {
    let name = &nic.name;
    Ok(match kind {
        Kind::Interfaces => {
            let before = root.text_if_any(INTERFACES)?.unwrap_or_default();
            let ipv6 = if with_dhcpv6 { format!("iface {name} inet6 dhcp\n\n") } else { String::new() };
            (INTERFACES.to_owned(), format!("{before}\nauto {name}\niface {name} inet dhcp\n\n{ipv6}"))
        }
        Kind::RedHat => {
            let ipv6 = if with_dhcpv6 { "IPV6INIT=\"yes\"\nIPV6_FORCE_ACCEPT_RA=\"yes\"\nDHCPV6C=\"yes\"\n" } else { "" };
            let text = format!("DEVICE=\"{name}\"\nBOOTPROTO=\"dhcp\"\nONBOOT=\"yes\"\nTYPE=\"Ethernet\"\n{ipv6}");
            (format!("{}/ifcfg-{name}", ifcfg::FOLDER), text)
        }
        Kind::Suse => (format!("{OF_SUSE}/ifcfg-{name}"), "BOOTPROTO=\"dhcp\"\nSTARTMODE=\"auto\"\n".to_owned()),
    })
}
