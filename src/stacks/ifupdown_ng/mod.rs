//! /etc/network/interfaces as ifupdown-ng (Alpine) and BusyBox's ifup understand it: executors of ifupdown-ng 0.12 and its `dhcp` script; of
//! BusyBox, which methods it has.
//!
//! Neither ever starts a DHCPv6 client of its own: that only dhcpcd does, which `dhcp` prefers where it is installed. A command of a stanza may.

pub(crate) mod fixes;

use crate::stacks::stack::Stack;
use std::io;

use crate::facts::{Intent, RunsDhcpv6, Setting, StackId, TakesRas};
use crate::host::init::{self, Init};
use crate::host::services;
use crate::image::Image;
use crate::image::Nic;
use crate::image::has_wildcard;
use crate::stacks::Claim;
use crate::stacks::Given;
use crate::stacks::Reading;
use crate::stacks::dhcpcd;
use crate::stacks::ifupdown::flavour::{FILE, Ifupdown, which_ifupdown};
use crate::stacks::ifupdown::interfaces_file::{Configuration, Line, Stanza};
use crate::stacks::ifupdown::{at_boot, commands, ports};

/// As deep as stanzas may inherit, and as many as one may end up with.
const DEEPEST: usize = 8;
const MOST: usize = 64;

pub(crate) const STACK: Stack =
    Stack { read: Some(read), init_scripts: &["networking"], fix: fixes::fix, now: fixes::now, ..Stack::new(StackId::IfupdownNg) };
pub(crate) const BUSYBOX: Stack = Stack { read: Some(read_busybox), fix: fixes::busybox, now: fixes::now, ..Stack::new(StackId::BusyBox) };

/// What ifupdown-ng is set up to do with each of `nics`.
///
/// # Errors
/// A file cannot be read.
pub(crate) fn read(root: &Image, nics: &[Nic], _: &Given) -> io::Result<Reading> {
    read_by(Ifupdown::Ng, root, nics)
}

/// What BusyBox's ifup is.
///
/// # Errors
/// A file cannot be read.
pub(crate) fn read_busybox(root: &Image, nics: &[Nic], _: &Given) -> io::Result<Reading> {
    read_by(Ifupdown::BusyBox, root, nics)
}

fn read_by(which: Ifupdown, root: &Image, nics: &[Nic]) -> io::Result<Reading> {
    if which_ifupdown(root) != Some(which) {
        return Ok(Reading::default());
    }
    let Some(configuration) = Configuration::read(root, FILE)? else { return Ok(Reading::default()) };
    let plain = |name: &&String| *name != "lo" && !has_wildcard(name);
    let named = configuration.stanzas.iter().map(|stanza| &stanza.name).filter(plain).cloned().collect();
    let ports = ports::of(root, &configuration, &named);
    let claim = |nic: &Nic| Ok((nic.name.clone(), claim(root, &configuration, which, &nic.name)?));
    let interfaces: io::Result<_> = nics.iter().filter(|nic| nic.name != "lo").map(claim).collect();
    Ok(Reading { interfaces: interfaces?, named, ports, ..Reading::default() })
}

fn claim(root: &Image, configuration: &Configuration, which: Ifupdown, name: &str) -> io::Result<Claim> {
    let stack = if which == Ifupdown::BusyBox { StackId::BusyBox } else { StackId::IfupdownNg };
    let stanzas = stanzas(configuration, which, name);
    let Some(first) = stanzas.first() else {
        let none = Setting::by_rule(FILE, format!("no stanza names {name}"));
        return Ok(Claim::LeavesAlone(Intent::leaving_alone(stack, &none)));
    };
    let line = &first.line;
    let mut boot = match at_boot(configuration, name) {
        Some((line, _)) => setting(true, line, line.text.clone()),
        None => setting(false, line, format!("no auto line names {name}")),
    };
    // An image that does not show what it starts is only the files that somebody looks at; BusyBox' init has a script of any name.
    if init::of(root) != Init::BusyBox && !services::starts_if_told(root, &["networking", "ifupdown-ng"]) {
        let text = match init::of(root) {
            Init::Systemd => "no unit runs ifup at boot",
            _ => "no runlevel has the service networking",
        };
        boot = setting(false, line, text.to_owned());
    }
    let does = if which == Ifupdown::BusyBox {
        // One method that it does not know makes it refuse the whole file.
        if let Some(stanza) = configuration.stanzas.iter().find(|stanza| is_unknown_to_busybox(stanza)) {
            boot = setting(false, &stanza.line, format!("{} (BusyBox's ifup has no such method and refuses the file)", stanza.line.text));
        }
        busybox(root, &stanzas)
    } else {
        ng(root, &stanzas, name)?
    };
    Ok(Claim::Configures(does.map(|does| intent(stack, boot, does.or_by_command(root, &stanzas, name))).into()))
}

/// What is done about IPv6, and by whom.
struct Does {
    by: Option<StackId>,
    client: Option<StackId>,
    dhcpv6: Setting<RunsDhcpv6>,
    takes_ras: Setting<TakesRas>,
    accept_ra: Option<Setting<i64>>,
}

impl Does {
    /// With the DHCPv6 client that a command starts, where nothing else runs one.
    fn or_by_command(self, root: &Image, stanzas: &[&Stanza], name: &str) -> Self {
        if self.dhcpv6.value != RunsDhcpv6::No {
            return self;
        }
        let owned: Vec<Stanza> = stanzas.iter().map(|stanza| (*stanza).clone()).collect();
        match commands::dhcpv6(root, &owned, &commands::run(root, &owned, name), name) {
            Some((dhcpv6, client)) => {
                let text = format!("{} (leaves Router Advertisements to the kernel)", dhcpv6.text);
                let takes_ras = Setting { text, ..dhcpv6.holding(self.takes_ras.value) };
                Self { client, dhcpv6, takes_ras, ..self }
            }
            None => self,
        }
    }
}

/// Nothing: the kernel's defaults stay.
fn plain(reason: &Setting<()>) -> Does {
    Does { by: None, client: None, dhcpv6: reason.holding(RunsDhcpv6::No), takes_ras: reason.holding(TakesRas::Kernel), accept_ra: None }
}

fn intent(stack: StackId, at_boot: Setting<bool>, does: Does) -> Intent {
    let Does { by, client, dhcpv6, takes_ras, accept_ra } = does;
    let intent = Intent { by, accept_ra, ..Intent::new(stack, at_boot, dhcpv6, takes_ras) };
    match client {
        Some(client) => intent.with_client(client),
        None => intent,
    }
}

fn setting<T>(value: T, line: &Line, text: String) -> Setting<T> {
    Setting { value, at: line.at.clone(), text }
}

/// The stanzas of an interface and, with ifupdown-ng, of the templates that they inherit from.
fn stanzas<'a>(configuration: &'a Configuration, which: Ifupdown, name: &str) -> Vec<&'a Stanza> {
    let of = |name: &str| configuration.stanzas.iter().filter(|stanza| stanza.name == name).take(MOST).collect::<Vec<_>>();
    let mut found = of(name);
    let mut from = 0;
    for _ in 0..if which == Ifupdown::Ng { DEEPEST } else { 0 } {
        let parents: Vec<String> = found[from..].iter().flat_map(|stanza| parents(stanza)).collect();
        from = found.len();
        found.extend(parents.iter().flat_map(|parent| of(parent)));
        found.truncate(MOST);
        from = from.min(found.len());
    }
    found
}

fn parents(stanza: &Stanza) -> Vec<String> {
    let options = stanza.options.iter().filter(|option| option.key() == "inherit").map(|option| option.value().to_owned());
    options.chain(stanza.inherits.clone()).collect()
}

fn is_unknown_to_busybox(stanza: &Stanza) -> bool {
    stanza.family.as_deref() == Some("inet6") && matches!(stanza.method.as_deref(), Some("dhcp" | "auto"))
}

/// What BusyBox does.
///
/// # Errors
/// Why that cannot be said.
fn busybox(root: &Image, stanzas: &[&Stanza]) -> Result<Does, String> {
    let is = |stanza: &&&Stanza, family: &str, method: &str| stanza.family.as_deref() == Some(family) && stanza.method.as_deref() == Some(method);
    if let Some(stanza) = stanzas.iter().find(|stanza| is(stanza, "inet", "dhcp")).filter(|_| dhcpcd::is_installed(root)) {
        let Line { at, text } = &stanza.line;
        return Err(format!("{at}: `{text}` starts dhcpcd, which does IPv6 too, or udhcpc, as this BusyBox was built"));
    }
    let unknown = stanzas.iter().find(|stanza| is_unknown_to_busybox(stanza));
    let shown = unknown.or_else(|| stanzas.iter().find(|stanza| stanza.family.as_deref() == Some("inet6"))).or(stanzas.first());
    let Some(stanza) = shown else { return Err("no stanza".to_owned()) };
    let note = if unknown.is_some() { " (BusyBox's ifup has no such method)" } else { " (BusyBox's ifup starts no DHCPv6 client)" };
    Ok(plain(&setting((), &stanza.line, format!("{}{note}", stanza.line.text))))
}

/// What ifupdown-ng does.
///
/// # Errors
/// A file of dhcpcd cannot be read.
fn ng(root: &Image, stanzas: &[&Stanza], name: &str) -> io::Result<Result<Does, String>> {
    let options = || stanzas.iter().flat_map(|stanza| &stanza.options);
    let uses = |executor: &str| options().find(|option| option.key() == "use" && option.value().split_whitespace().any(|word| word == executor));
    // The family means nothing to it: `inet6 dhcp` is `use dhcp`.
    let method = stanzas.iter().find(|stanza| stanza.method.as_deref() == Some("dhcp")).map(|stanza| &stanza.line);
    let Some(first) = stanzas.first() else { return Ok(Err("no stanza".to_owned())) };
    let mut does = if let Some(line) = method.or_else(|| uses("dhcp")) {
        let program = options().find(|option| option.key() == "dhcp-program");
        let by_dhcpcd = program.map_or_else(|| root.exists("/sbin/dhcpcd"), |program| program.value() == dhcpcd::NAME);
        match by_dhcpcd.then(|| dhcpcd::handling(root, name)).transpose()? {
            Some(Ok(handling)) => Does {
                by: Some(StackId::Dhcpcd),
                client: Some(StackId::Dhcpcd),
                dhcpv6: setting(handling.dhcpv6.value, line, format!("{} (by dhcpcd; {})", line.text, handling.dhcpv6.text)),
                takes_ras: handling.takes_ras,
                accept_ra: handling.accept_ra,
            },
            Some(Err(denied)) => plain(&denied),
            None => {
                let why = program.map_or("as dhcpcd is not installed", |program| &program.text);
                plain(&setting((), line, format!("{} (starts a client for IPv4 only, {why})", line.text)))
            }
        }
    } else {
        let shown = stanzas.iter().find(|stanza| stanza.family.as_deref() == Some("inet6")).unwrap_or(first);
        plain(&setting((), &shown.line, format!("{} (no executor runs DHCPv6)", shown.line.text)))
    };
    if does.accept_ra.is_none() {
        let written = options().find(|option| matches!(option.key(), "ipv6-accept-ra" | "accept_ra"));
        let written = written.and_then(|option| Some(setting(option.value().parse().ok()?, option, option.text.clone())));
        does.accept_ra = written.or_else(|| uses("ipv6-ra").map(|option| setting(1, option, option.text.clone())));
    }
    Ok(Ok(does))
}
