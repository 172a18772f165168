//! Debian's ifupdown: what /etc/network/interfaces sets up (interfaces(5); what each method does is in inet.defn and inet6.defn of ifupdown
//! 0.8.41 and 0.8.44).
//!
//! ifup runs at boot by networking.service, or by udev for `allow-hotplug`.

mod cloud_helper;
pub(crate) mod commands;
pub(crate) mod fixes;
pub(crate) mod flavour;
pub(crate) mod interfaces_file;
pub(crate) mod ports;

use crate::host::literal_backticks::Place;
use crate::stacks::stack::Stack;
use crate::stacks::stack::Traits;
use std::io;

use crate::facts::{FileLine, Intent, Observed, RunsDhcpv6, Setting, StackId, TakesRas};
use crate::host::boot_commands::BootCommand;
use crate::host::init::{self, Init};
use crate::host::services;
use crate::image::Image;
use crate::image::Nic;
use crate::image::shell_variables::Variables;
use crate::image::{has_wildcard, matches};
use crate::stacks::Claim;
use crate::stacks::Given;
use crate::stacks::Reading;
use crate::stacks::client_commands::Client;
use crate::stacks::dhcpcd;
use crate::stacks::ifupdown::flavour::{FILE, Ifupdown, which_ifupdown};
use crate::stacks::ifupdown::interfaces_file::{Configuration, Line, Stanza};

use commands::Ran;

const ID: StackId = StackId::Ifupdown;

pub(crate) const STACK: Stack = Stack {
    read: Some(read),
    recipe: &[Place {
        patterns: &["/etc/network/interfaces", "/etc/network/interfaces.d/*", "/run/network/interfaces.d/*"],
        words: &["accept_ra", "inet6", "autoconf", "dhcp"],
        shell: false,
    }],
    init_scripts: &["networking", "ifupdown", "ifupdown-clean"],
    traits: Traits { ipv4_first: true, ..Traits::NONE },
    fix: fixes::fix,
    now: fixes::now,
    ..Stack::new(ID)
};

/// As deep as stanzas may inherit.
const DEEPEST: usize = 8;

/// Programs that `inet dhcp` starts, in this order, if they are installed.
const UDHCPC: [&str; 4] = ["/sbin/udhcpc", "/usr/sbin/udhcpc", "/bin/udhcpc", "/usr/bin/udhcpc"];

/// What ifupdown is set up to do with each of `interfaces`.
///
/// # Errors
/// A file cannot be read.
pub(crate) fn read(root: &Image, nics: &[Nic], _: &Given) -> io::Result<Reading> {
    if which_ifupdown(root) != Some(Ifupdown::Debian) {
        return Ok(Reading::default());
    }
    let Some(configuration) = Configuration::read(root, FILE)? else { return Ok(Reading::default()) };
    let plain = |name: &&String| *name != "lo" && !has_wildcard(name);
    let named = configuration.stanzas.iter().map(|stanza| &stanza.name).filter(plain).cloned().collect();
    let ports = ports::of(root, &configuration, &named);
    let claim = |nic: &Nic| {
        let own = cloud_helper::configuration(root, &configuration, &nic.name)?;
        let configuration = own.as_ref().unwrap_or(&configuration);
        Ok((nic.name.clone(), claim(root, configuration, &nic.name)?))
    };
    let interfaces: io::Result<_> = nics.iter().map(claim).collect();
    Ok(Reading { interfaces: interfaces?, named, ports, ..Reading::default() })
}

fn claim(root: &Image, configuration: &Configuration, name: &str) -> io::Result<Claim> {
    if let Some((line, _)) = configuration.mappings.iter().find(|(_, patterns)| patterns.iter().any(|pattern| fits(pattern, name))) {
        let reason = format!("{}: `{}` lets a script choose the configuration of {name}", line.at, line.text);
        return Ok(Claim::Configures(Observed::unknown(reason)));
    }
    let boot = at_boot(configuration, name);
    let logical = boot.map_or(name, |(_, logical)| logical);
    let stanzas = stanzas(configuration, logical);
    let Some(first) = stanzas.first() else {
        let none = Setting::by_rule(FILE, format!("no stanza names {name}"));
        return Ok(Claim::LeavesAlone(Intent::leaving_alone(ID, &none)));
    };
    let at_boot = match boot {
        Some((line, _)) => match kept_down(root, line, name)? {
            Some(kept) => kept,
            None => setting(true, line, line.text.clone()),
        },
        None => setting(false, &first.line, format!("no auto or allow-hotplug line names {name}")),
    };
    let dhcpcd = by_dhcpcd(root, &stanzas, name)?;
    let ran = commands::run(root, &stanzas, name);
    let intent = dhcpv6(root, &stanzas, &ran, name, dhcpcd.as_ref()).map(|(dhcpv6, client)| Intent {
        by: dhcpcd.as_ref().map(|_| StackId::Dhcpcd),
        link_local_wait_s: link_local_wait(&stanzas, dhcpv6.value),
        client: client.filter(|_| matches!(dhcpv6.value, RunsDhcpv6::Yes | RunsDhcpv6::WhenManaged)),
        accept_ra: dhcpcd.as_ref().and_then(|(_, handling)| handling.accept_ra.clone()).or_else(|| accept_ra(&stanzas)),
        ..Intent::new(ID, at_boot, dhcpv6, takes_ras(first, dhcpcd.as_ref()))
    });
    Ok(Claim::Configures(intent.into()))
}

const DEFAULTS: &str = "/etc/default/networking";
/// Where an administrator masks the service that runs `ifup -a`.
const UNIT: &str = "/etc/systemd/system/networking.service";

/// What keeps an interface down that `line` would bring up at boot: the service that runs `ifup -a` does not start, or is told to leave it
/// out. udev brings up what `allow-hotplug` names, whatever the service does.
///
/// # Errors
/// The file of the service cannot be read.
fn kept_down(root: &Image, line: &Line, name: &str) -> io::Result<Option<Setting<bool>>> {
    if line.key() == "allow-hotplug" {
        return Ok(None);
    }
    if services::starts(root, &[&format!("ifup@{name}")]) {
        return Ok(None);
    }
    if !services::starts_if_told(root, &["networking"]) {
        if root.leads_to_null(UNIT) {
            let text = format!("networking.service is masked, so that `{}` ({}) has no effect at boot", line.text, line.at);
            return Ok(Some(Setting { value: false, at: FileLine::whole(UNIT), text }));
        }
        let masked = if services::is_masked(root, "networking.service") { ", it is masked" } else { "" };
        return Ok(Some(setting(false, line, format!("{} (networking.service does not start at boot{masked})", line.text))));
    }
    let defaults = Variables::read(root, DEFAULTS)?.unwrap_or_default();
    if let Some(excluded) = defaults.get("EXCLUDE_INTERFACES")
        && excluded.value.split_whitespace().any(|pattern| fits(pattern, name))
    {
        return Ok(Some(excluded.holding(false)));
    }
    // `ifup --read-environment` of 0.8.41 passes over it; the init script does not.
    let by_script = init::of(root) == Init::Sysvinit;
    let off = defaults.get("CONFIGURE_INTERFACES").filter(|configure| by_script && configure.value == "no");
    Ok(off.map(|off| off.holding(false)))
}

/// The commands that ifup runs for an interface at boot.
///
/// # Errors
/// A file cannot be read.
pub(crate) fn boot_commands(root: &Image, nic: &Nic) -> io::Result<Vec<BootCommand>> {
    if which_ifupdown(root) != Some(Ifupdown::Debian) {
        return Ok(Vec::new());
    }
    let Some(configuration) = Configuration::read(root, FILE)? else { return Ok(Vec::new()) };
    // Where it cannot be said what the helper writes, the stanza is not known, and says so.
    let own = cloud_helper::configuration(root, &configuration, &nic.name).ok().flatten();
    let configuration = own.as_ref().unwrap_or(&configuration);
    let Some((line, logical)) = at_boot(configuration, &nic.name) else { return Ok(Vec::new()) };
    if kept_down(root, line, &nic.name)?.is_some() {
        return Ok(Vec::new());
    }
    let stanzas = stanzas(configuration, logical);
    Ok(commands::boot_commands(commands::run(root, &stanzas, &nic.name), &stanzas))
}

/// The line by which an interface is brought up at boot, and the name of the stanzas that are used for it.
pub(crate) fn at_boot<'a>(configuration: &'a Configuration, name: &'a str) -> Option<(&'a Line, &'a str)> {
    configuration.at_boot.iter().find_map(|(line, patterns)| {
        let pattern = patterns.iter().find(|pattern| fits(pattern.split_once('=').map_or(&pattern[..], |(physical, _)| physical), name))?;
        Some((line, pattern.split_once('=').map_or(name, |(_, logical)| logical)))
    })
}

/// Of all the clients that ifupdown starts only dhcpcd takes Router Advertisements itself.
fn takes_ras(first: &Stanza, dhcpcd: Option<&(&Line, dhcpcd::Handling)>) -> Setting<TakesRas> {
    match dhcpcd {
        Some((line, handling)) => setting(handling.takes_ras.value, line, format!("{} (by dhcpcd; {})", line.text, handling.takes_ras.text)),
        None => setting(TakesRas::Kernel, &first.line, format!("{} (leaves Router Advertisements to the kernel)", first.line.text)),
    }
}

/// Whether a name or pattern of `auto`, `iface` or `mapping` takes in the interface: `eth0`, `eth*`, `/eth*` (interfaces(5), PATTERNS).
fn fits(pattern: &str, name: &str) -> bool {
    let pattern = pattern.strip_prefix('/').unwrap_or(pattern);
    pattern == name || has_wildcard(pattern) && matches(pattern, name)
}

fn setting<T>(value: T, line: &Line, text: String) -> Setting<T> {
    Setting { value, at: line.at.clone(), text }
}

/// The stanzas of an interface, with what they inherit. Those that name it come before those whose pattern takes it in.
fn stanzas(configuration: &Configuration, name: &str) -> Vec<Stanza> {
    let all = &configuration.stanzas;
    let mut own: Vec<&Stanza> = all.iter().filter(|stanza| stanza.name == name).collect();
    if own.is_empty() {
        own = all.iter().filter(|stanza| fits(&stanza.name, name)).collect();
    }
    own.into_iter().flat_map(|stanza| inherited(all, stanza, DEEPEST)).collect()
}

/// A stanza with the options of those that it inherits from; one without a family of its own is one for each of theirs.
fn inherited(all: &[Stanza], stanza: &Stanza, deeper: usize) -> Vec<Stanza> {
    let Some(from) = stanza.inherits.as_ref().filter(|_| deeper > 0) else { return vec![stanza.clone()] };
    let parents = all.iter().filter(|parent| parent.name == *from && (stanza.family.is_none() || parent.family == stanza.family));
    // The first parent of each family is enough; a file of a thousand stanzas that inherit from each other must not explode.
    let mut families = Vec::new();
    let mut found = Vec::new();
    for parent in parents {
        if families.contains(&parent.family) {
            continue;
        }
        families.push(parent.family.clone());
        for parent in inherited(all, parent, deeper - 1) {
            let mut child = stanza.clone();
            child.family = child.family.or(parent.family);
            child.method = child.method.or(parent.method);
            child.options.extend(parent.options);
            found.push(child);
        }
    }
    if found.is_empty() { vec![stanza.clone()] } else { found }
}

impl Stanza {
    fn is(&self, family: &str, method: &str) -> bool {
        self.family.as_deref() == Some(family) && self.method.as_deref() == Some(method)
    }

    /// The first option of this name, its own before an inherited one.
    fn option(&self, name: &str) -> Option<&Line> {
        self.options.iter().find(|option| option.key() == name)
    }
}

/// Whether DHCPv6 is run for addresses, and the client that would run it.
///
/// # Errors
/// Why that cannot be said.
fn dhcpv6(root: &Image, stanzas: &[Stanza], ran: &[Ran], name: &str, dhcpcd: Option<&(&Line, dhcpcd::Handling)>) -> Result<Client, String> {
    let has_dhclient = crate::stacks::dhclient::binary(root).is_some();
    if let Some(stanza) = stanzas.iter().find(|stanza| stanza.is("inet6", "dhcp")) {
        let value = if has_dhclient { RunsDhcpv6::Yes } else { RunsDhcpv6::NoClient };
        return Ok((setting(value, &stanza.line, stanza.line.text.clone()), Some(StackId::Dhclient)));
    }
    if let Some(by_hook) = cloud_helper::dhcpv6(stanzas, ran) {
        return by_hook.map(|setting| (setting, Some(StackId::Dhclient)));
    }
    let command = commands::dhcpv6(root, stanzas, ran, name);
    if let Some(command) = command.as_ref().filter(|(command, _)| matches!(command.value, RunsDhcpv6::Yes | RunsDhcpv6::CannotTell)) {
        return Ok(command.clone());
    }
    let stateless = stanzas.iter().filter(|stanza| stanza.is("inet6", "auto")).find_map(|stanza| stanza.option("dhcp"));
    let stateless = stateless.filter(|option| option.value() == "1");
    if let Some(option) = stateless.filter(|_| !has_dhclient) {
        return Ok((setting(RunsDhcpv6::NoClient, option, option.text.clone()), Some(StackId::Dhclient)));
    }
    if let Some((line, handling)) = dhcpcd {
        let text = format!("{} (by dhcpcd, which does IPv6 too; {})", line.text, handling.dhcpv6.text);
        return Ok((setting(handling.dhcpv6.value, line, text), Some(StackId::Dhcpcd)));
    }
    // A client that is not there, or that starts too early.
    if let Some(command) = command {
        return Ok(command);
    }
    if let Some(option) = stateless {
        let text = format!("{} (asks for options, not for an address)", option.text);
        return Ok((setting(RunsDhcpv6::No, option, text), Some(StackId::Dhclient)));
    }
    let named = stanzas.iter().find(|stanza| stanza.family.as_deref() == Some("inet6")).or(stanzas.first());
    let nothing = |stanza: &Stanza| (setting(RunsDhcpv6::No, &stanza.line, stanza.line.text.clone()), Some(StackId::Dhclient));
    named.map(nothing).ok_or_else(|| "no stanza".to_owned())
}

/// How long `inet6 dhcp` waits for a link-local address: 60 looks, one every 0.1 s, unless `ll-attempts` and `ll-interval` say otherwise
/// (wait-for-ll6.sh). Without one it starts no client.
fn link_local_wait(stanzas: &[Stanza], dhcpv6: RunsDhcpv6) -> Option<Setting<u32>> {
    let stanza = stanzas.iter().find(|stanza| stanza.is("inet6", "dhcp")).filter(|_| dhcpv6 == RunsDhcpv6::Yes)?;
    let number = |name: &str, by_default: f64| match stanza.option(name) {
        Some(option) => option.value().parse::<f64>().ok().filter(|number| (0.0..=86_400.0).contains(number)),
        None => Some(by_default),
    };
    let seconds = number("ll-attempts", 60.0)? * number("ll-interval", 0.1)?;
    let line = stanza.option("ll-attempts").unwrap_or(&stanza.line);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it saturates, and none is negative")]
    Some(setting(seconds as u32, line, line.text.clone()))
}

/// The line by which dhcpcd gets the interface, and what it does with it: `inet dhcp` where it is the only client installed, as on a fresh
/// Debian 13. It then handles IPv6 as well, as its own file says.
///
/// # Errors
/// The file of dhcpcd cannot be read.
fn by_dhcpcd<'a>(root: &Image, stanzas: &'a [Stanza], name: &str) -> io::Result<Option<(&'a Line, dhcpcd::Handling)>> {
    let Some(stanza) = stanzas.iter().find(|stanza| stanza.is("inet", "dhcp")) else { return Ok(None) };
    let before = crate::stacks::dhclient::binary(root).is_some() || UDHCPC.iter().any(|path| root.exists(path));
    if before || !dhcpcd::is_installed(root) {
        return Ok(None);
    }
    // Of an interface that its file denies it does nothing, and the kernel's defaults stay.
    Ok(dhcpcd::handling(root, name)?.ok().map(|handling| (&stanza.line, handling)))
}

/// What is written to the kernel's `accept_ra`. The option counts under `inet6` only, and there under some methods only.
fn accept_ra(stanzas: &[Stanza]) -> Option<Setting<i64>> {
    // Every stanza is carried out, one after the other: the last one that writes it leaves its value.
    stanzas.iter().rev().filter(|stanza| stanza.family.as_deref() == Some("inet6")).find_map(|stanza| {
        let by_default = match stanza.method.as_deref()? {
            "dhcp" => Some((1, &stanza.line)),
            "auto" => Some((2, &stanza.line)),
            "static" => stanza.option("gateway").map(|gateway| (0, gateway)),
            _ => return None,
        };
        if let Some(option) = stanza.option("accept_ra")
            && let Ok(value) = option.value().parse()
        {
            return Some(setting(value, option, option.text.clone()));
        }
        by_default.map(|(value, line)| setting(value, line, format!("{} (accept_ra {value} by default)", line.text)))
    })
}
