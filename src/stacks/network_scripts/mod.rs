//! Red Hat's network scripts: what the service `network` does with /etc/sysconfig/network-scripts/ifcfg-* (initscripts: ifup-eth, ifup-ipv6,
//! init.ipv6-global, network-functions). Amazon Linux up to 2 has them too.
//!
//! Not looked at: commands in ifup-pre-local and ifup-local, and `NETWORKING_IPV6`, which nothing reads since release 6.

pub(crate) mod fixes;

use crate::host::literal_backticks::Place;
use crate::stacks::stack::Stack;
use crate::stacks::stack::Traits;
use std::io;

use crate::facts::{Intent, Observed, RunsDhcpv6, Setting, StackId, TakesRas};
use crate::host::services;
use crate::host::sysctl;
use crate::image::Image;
use crate::image::Nic;
use crate::image::shell_variables::{Variables, is_false, is_true};
use crate::stacks::Claim;
use crate::stacks::Given;
use crate::stacks::Reading;
use crate::stacks::dhclient;
use crate::stacks::ifcfg;
use crate::stacks::network_manager;

const ID: StackId = StackId::NetworkScripts;

pub(crate) const STACK: Stack = Stack {
    read: Some(read),
    recipe: &[Place { patterns: &["/etc/sysconfig/network", "/etc/sysconfig/network-scripts/ifcfg-*"], words: &["IPV6", "DHCPV6C"], shell: true }],
    init_scripts: &["network"],
    traits: Traits { ipv4_first: true, ..Traits::NONE },
    fix: fixes::fix,
    now: fixes::now,
    ..Stack::new(ID)
};

/// The client of release 5; later ones start /sbin/dhclient.
const DHCP6C: [&str; 2] = ["/sbin/dhcp6c", "/usr/sbin/dhcp6c"];
/// What all of the scripts draw in.
const FUNCTIONS: &str = "/etc/sysconfig/network-scripts/network-functions";
/// What makes bridges.
const BRCTL: [&str; 2] = ["/usr/sbin/brctl", "/sbin/brctl"];
/// The variables that decide, so that one that a shell must work out leaves the answer open.
const DECIDING: [&str; 9] =
    ["DEVICE", "HWADDR", "ONBOOT", "IPV6INIT", "IPV6_AUTOCONF", "IPV6FORWARDING", "DHCPV6C", "DHCPV6C_OPTIONS", "IPV6_FORCE_ACCEPT_RA"];

/// What the service `network` is set up to do with each of `nics`.
///
/// # Errors
/// A file cannot be read.
pub(crate) fn read(root: &Image, nics: &[Nic], given: &Given) -> io::Result<Reading> {
    if services::starts(root, &["network"]) { by_files(root, nics, given) } else { Ok(Reading::default()) }
}

/// What their `ifup` does with each of `nics`, whoever runs it; nothing where it is not installed.
///
/// # Errors
/// A file cannot be read.
pub(crate) fn by_ifup(root: &Image, nics: &[Nic], given: &Given) -> io::Result<Reading> {
    if root.exists(FUNCTIONS) { by_files(root, nics, given) } else { read(root, nics, given) }
}

fn by_files(root: &Image, nics: &[Nic], given: &Given) -> io::Result<Reading> {
    let global = ifcfg::global(root)?;
    let with_manager = network_manager::is_in_charge(root) && network_manager::reads_interface_files(root)?;
    let mut files = ifcfg::interface_files(root)?;
    // ifup leaves the others to NetworkManager where that runs.
    files.retain(|file| !with_manager || file.get("NM_CONTROLLED").is_some_and(|controlled| is_false(&controlled.value)));
    let scripts = Scripts { root, global, files, release: ifcfg::release(root), with_manager, overrides: given.overrides()? };
    let named = scripts.files.iter().filter_map(|file| file.get("DEVICE")).map(|device| device.value.clone()).filter(|name| name != "lo").collect();
    // In each clone cloud-init writes it anew, with the MAC address of that: what it will write there counts.
    let written = given.written;
    let is_anew = |nic: &Nic, file: &Variables| nic.mac.is_none() && file.get("HWADDR").is_some() && written.is_for(&file.path, &nic.name);
    let asked = nics.iter().filter(|nic| !scripts.files.iter().any(|file| is_anew(nic, file)));
    let claim = |nic: &Nic| Some((nic.name.clone(), scripts.claim(nic)?));
    // ifup brings no card up that has another MAC address ("Device eth0 has different MAC address than expected, ignoring").
    let tied = scripts.files.iter().filter_map(|file| file.get("HWADDR").map(|mac| (file, mac)));
    let is_up = |file: &Variables| !file.get("ONBOOT").is_some_and(|onboot| is_false(&onboot.value));
    let is_written = |file: &Variables| file.get("DEVICE").is_some_and(|device| written.is_for(&file.path, &device.value));
    let macs = tied.filter(|(file, _)| is_up(file) && !is_written(file)).map(|(_, mac)| mac.clone()).collect();
    let ports = scripts.files.iter().filter_map(|file| scripts.port_and_master(file)).collect();
    Ok(Reading { interfaces: asked.filter_map(claim).collect(), named, ports, macs, ..Reading::default() })
}

struct Scripts<'a> {
    root: &'a Image,
    global: Variables,
    /// Those that are not left to NetworkManager.
    files: Vec<Variables>,
    release: Option<u32>,
    /// NetworkManager runs beside them, and has what they leave.
    with_manager: bool,
    overrides: Option<Setting<StackId>>,
}

impl Scripts<'_> {
    fn claim(&self, nic: &Nic) -> Option<Claim> {
        let mut intents = Vec::new();
        for file in &self.files {
            match fits(file, nic) {
                Ok(false) => {}
                Ok(true) => match file.not_known(&DECIDING).or_else(|| self.global.not_known(&DECIDING)) {
                    Some(reason) => return Some(Claim::Configures(Observed::unknown(reason))),
                    None => intents.push((file, self.intent(file, nic))),
                },
                Err(reason) => return Some(Claim::Configures(Observed::unknown(reason))),
            }
        }
        let Some((first, intent)) = intents.first() else {
            return (!self.with_manager).then(|| Claim::LeavesAlone(self.without_a_file(nic)));
        };
        let same = |other: &Intent| {
            (other.dhcpv6.value, other.at_boot.value) == (intent.dhcpv6.value, intent.at_boot.value)
                && other.accept_ra.as_ref().map(|setting| setting.value) == intent.accept_ra.as_ref().map(|setting| setting.value)
        };
        match intents.iter().find(|(_, other)| !same(other)) {
            Some((other, _)) => Some(Claim::Configures(Observed::unknown(format!("{} and {} both configure {}", first.path, other.path, nic.name)))),
            None => Some(Claim::Configures(Observed::Seen(intent.clone()))),
        }
    }

    fn intent(&self, file: &Variables, nic: &Nic) -> Intent {
        let dhcpv6 = self.dhcpv6(file);
        let takes_ras = match self.skips_ipv6(file) {
            Some(skipped) => skipped.holding(TakesRas::Kernel),
            None => file.default_of(TakesRas::Kernel, "the scripts leave Router Advertisements to the kernel"),
        };
        let at_boot = match file.get_or(&self.global, "ONBOOT") {
            Some(onboot) => onboot.holding(!is_false(&onboot.value)),
            None => file.default_of(true, "ONBOOT is not set, which is yes"),
        };
        let accept_ra = self.accept_ra(file).filter(|_| !self.sysctl_is_last(nic));
        let client = if self.is_release_5() { StackId::Dhcp6c } else { StackId::Dhclient };
        let intent = Intent::new(ID, at_boot, dhcpv6, takes_ras).with_client(client);
        Intent { accept_ra, overrides: self.overrides.iter().cloned().collect(), ..intent }
    }

    /// The interface of a file that makes it a port, and the bridge or bond. ifup-eth makes no bridge without brctl.
    fn port_and_master(&self, file: &Variables) -> Option<(String, String)> {
        let master = ["BRIDGE", "TEAM_MASTER", "MASTER"].iter().find_map(|name| file.get(name).map(|set| (*name, &set.value)));
        let (by, master) = master?;
        let is_made = by != "BRIDGE" || BRCTL.iter().any(|path| self.root.exists(path));
        let has_a_file = self.files.iter().any(|other| other.get("DEVICE").is_some_and(|device| device.value == *master));
        (is_made && has_a_file).then(|| Some((file.get("DEVICE")?.value.clone(), master.clone()))).flatten()
    }

    /// An interface without a file is not touched but by `init.ipv6-global`.
    fn without_a_file(&self, nic: &Nic) -> Intent {
        let none = Setting::by_rule(ifcfg::FOLDER, format!("no file ifcfg-* is for {}", nic.name));
        Intent {
            accept_ra: self.accept_ra_of_all().filter(|_| !self.sysctl_is_last(nic)),
            overrides: self.overrides.iter().cloned().collect(),
            ..Intent::leaving_alone(ID, &none)
        }
    }

    /// The release that brought ifup-ipv6 as it is today. A system that does not say its release is new if it has systemd.
    fn is_before_7(&self) -> bool {
        self.release.map_or_else(|| !self.root.exists("/usr/lib/systemd"), |release| release < 7)
    }

    fn is_release_5(&self) -> bool {
        self.release == Some(5)
    }

    /// A port of another interface, which has no configuration of its own.
    fn port(file: &Variables) -> Option<Setting<()>> {
        let port = ["BRIDGE", "TEAM_MASTER", "MASTER"].iter().find_map(|name| file.get(name))?;
        Some(Setting { value: (), at: port.at.clone(), text: format!("{} (a port has no configuration of its own)", port.text) })
    }

    /// What keeps ifup-ipv6 from doing anything: being a port of another interface; up to release 6 everything but `IPV6INIT=yes`, from 7 on nothing but `IPV6INIT=no`.
    fn skips_ipv6(&self, file: &Variables) -> Option<Setting<()>> {
        let init = file.get_or(&self.global, "IPV6INIT");
        let skipped = match init {
            Some(init) if self.is_before_7() => init.value != "yes",
            Some(init) => is_false(&init.value),
            None => self.is_before_7(),
        };
        if let Some(port) = Self::port(file) {
            return Some(port);
        }
        skipped.then(|| match init {
            Some(init) => init.holding(()),
            None => file.default_of((), "IPV6INIT is not set, which is no before release 7"),
        })
    }

    /// From release 6 on ifup-eth starts dhclient by `DHCPV6C` alone, whatever `IPV6INIT` says; in release 5 ifup-ipv6 starts dhcp6c.
    fn dhcpv6(&self, file: &Variables) -> Setting<RunsDhcpv6> {
        let Some(client) = file.get_or(&self.global, "DHCPV6C") else { return file.default_of(RunsDhcpv6::No, "DHCPV6C is not set") };
        let setting = |value, text: String| Setting { value, at: client.at.clone(), text };
        let release_5 = self.is_release_5();
        if !is_true(&client.value) {
            return setting(RunsDhcpv6::No, client.text.clone());
        }
        if let Some(skipped) = if release_5 { self.skips_ipv6(file) } else { Self::port(file) } {
            return skipped.holding(RunsDhcpv6::No);
        }
        if let Some(options) = file.get_or(&self.global, "DHCPV6C_OPTIONS").filter(|_| !release_5) {
            let has = |option: &str| options.value.split_whitespace().any(|word| word == option);
            if has("-S") || has("-P") && !has("-N") {
                let text = format!("{} (asks for options or prefixes, not for an address)", options.text);
                return Setting { value: RunsDhcpv6::No, at: options.at.clone(), text };
            }
        }
        let installed = if release_5 { DHCP6C.iter().any(|path| self.root.exists(path)) } else { dhclient::binary(self.root).is_some() };
        setting(if installed { RunsDhcpv6::Yes } else { RunsDhcpv6::NoClient }, client.text.clone())
    }

    /// What ifup-ipv6 writes, or else what init.ipv6-global has written before it.
    fn accept_ra(&self, file: &Variables) -> Option<Setting<i64>> {
        if self.skips_ipv6(file).is_some() || file.get_or(&self.global, "IPV6_SET_SYSCTLS").is_some_and(|set| set.value == "no") {
            return self.accept_ra_of_all();
        }
        let autoconf = file.get_or(&self.global, "IPV6_AUTOCONF");
        let is = |setting: Option<&Setting<String>>, word: &str| setting.is_some_and(|setting| setting.value == word);
        let written = |value, by: &Setting<String>| Setting { value, at: by.at.clone(), text: format!("{} (writes accept_ra={value})", by.text) };
        if let Some(forwarding) = file.get_or(&self.global, "IPV6FORWARDING").filter(|forwarding| forwarding.value == "yes") {
            return Some(match autoconf.filter(|autoconf| autoconf.value == "yes") {
                Some(autoconf) => written(2, autoconf),
                None => written(0, forwarding),
            });
        }
        let force = file.get_or(&self.global, "IPV6_FORCE_ACCEPT_RA").filter(|_| !self.is_before_7());
        Some(match autoconf {
            Some(autoconf) if autoconf.value == "no" && !is(force, "yes") => written(0, autoconf),
            Some(autoconf) if autoconf.value == "no" => written(1, force.unwrap_or(autoconf)),
            Some(autoconf) => written(1, autoconf),
            None => file.default_of(1, "IPV6_AUTOCONF is not set, so ifup-ipv6 writes accept_ra=1"),
        })
    }

    /// What init.ipv6-global writes to every interface when the service starts.
    fn accept_ra_of_all(&self) -> Option<Setting<i64>> {
        let global = |name: &str| self.global.get(name);
        if global("IPV6_SET_SYSCTLS").is_some_and(|set| is_false(&set.value)) {
            return None;
        }
        let closing = global("IPV6FORWARDING").filter(|forwarding| is_true(&forwarding.value));
        let closing = closing.or_else(|| global("IPV6_AUTOCONF").filter(|autoconf| is_false(&autoconf.value)));
        Some(match closing {
            Some(by) => Setting { value: 0, at: by.at.clone(), text: format!("{} (writes accept_ra=0)", by.text) },
            None => self.global.default_of(1, "init.ipv6-global writes accept_ra=1"),
        })
    }

    /// The service runs sysctl once more when all interfaces are up, so that a line for this very interface has the last word. Of files that
    /// cannot be read that must be expected.
    fn sysctl_is_last(&self, nic: &Nic) -> bool {
        sysctl::lines(self.root).map_or(true, |lines| sysctl::at_boot(&lines, nic).contains_key("accept_ra"))
    }
}

/// Whether a file is for the interface (`need_config` and `source_config` of network-functions).
///
/// # Errors
/// Why that cannot be said.
fn fits(file: &Variables, nic: &Nic) -> Result<bool, String> {
    let device = file.get("DEVICE");
    if device.is_some_and(|device| device.value != nic.name) {
        return Ok(false);
    }
    let Some(address) = file.get("HWADDR") else { return Ok(device.is_some()) };
    match nic.mac {
        Some(mac) => Ok(address.value.eq_ignore_ascii_case(&mac.to_string())),
        None => Err(format!("{}: `{}` ties it to a MAC address, and that of {} is not known", address.at, address.text, nic.name)),
    }
}
