//! ifupdown2 (Cumulus Linux, Proxmox): /etc/network/interfaces as its parser reads it (networkinterfaces.py, ifupdownmain.py and addons/dhcp.py of
//! 3.0.0).
//!
//! All stanzas of an interface are one: the method of the first holds, for the families of all of them. So `inet static` before `inet6 dhcp` runs
//! no DHCPv6, and `inet dhcp` before any `inet6` stanza does. Not looked at: policies, but for how long they have it wait, and `source-directory`,
//! which it does not know.

use std::io;

use crate::facts::{Intent, Observed, RunsDhcpv6, Setting, StackId, TakesRas};
use crate::image::Image;
use crate::image::Nic;
use crate::image::shell_variables::Variables;
use crate::stacks::Claim;
use crate::stacks::Given;
use crate::stacks::Reading;
use crate::stacks::client_commands::Client;
use crate::stacks::ifupdown::at_boot;
use crate::stacks::ifupdown::commands;
use crate::stacks::ifupdown::flavour::{FILE, Ifupdown, which_ifupdown};
use crate::stacks::ifupdown::interfaces_file::{Configuration, Line, Stanza};
use crate::stacks::stack::{Stack, Traits};

const ID: StackId = StackId::Ifupdown2;
const DEFAULTS: &str = "/etc/default/networking";
/// The only program that it starts for DHCPv6.
const DHCLIENT: &str = "/sbin/dhclient";
/// Where policies stand that may have it wait longer.
const POLICIES: [&str; 2] = ["/etc/network/ifupdown2/policy.d/*.json", "/var/lib/ifupdown2/policy.d/*.json"];
/// Seconds that it waits for a link-local address, one look a second, unless the policy `dhcp6-ll-wait` says otherwise.
const LINK_LOCAL_WAIT_S: u32 = 10;

pub(crate) const STACK: Stack =
    Stack { read: Some(read), init_scripts: &["networking"], traits: Traits { ipv4_first: true, ..Traits::NONE }, ..Stack::new(ID) };

/// What ifupdown2 is set up to do with each of `nics`.
///
/// # Errors
/// A file cannot be read.
pub(crate) fn read(root: &Image, nics: &[Nic], _: &Given) -> io::Result<Reading> {
    if which_ifupdown(root) != Some(Ifupdown::Two) {
        return Ok(Reading::default());
    }
    let Some(configuration) = Configuration::read(root, FILE)? else { return Ok(Reading::default()) };
    let defaults = Variables::read(root, DEFAULTS)?.unwrap_or_default();
    let plain = |name: &&str| *name != "lo" && !is_pattern(name);
    let named = configuration.stanzas.iter().map(name_of).filter(plain).map(str::to_owned).collect();
    let claim = |nic: &Nic| (nic.name.clone(), claim(root, &configuration, &defaults, &nic.name));
    Ok(Reading { interfaces: nics.iter().filter(|nic| nic.name != "lo").map(claim).collect(), named, ..Reading::default() })
}

/// `eth0:1` is a stanza of eth0.
fn name_of(stanza: &Stanza) -> &str {
    stanza.name.split(':').next().unwrap_or_default()
}

/// A range (`swp[1-4]`) or what a template is to fill in.
fn is_pattern(name: &str) -> bool {
    name.contains(['[', '*', '?', '$', '%', '<'])
}

fn claim(root: &Image, configuration: &Configuration, defaults: &Variables, name: &str) -> Claim {
    let unclear = configuration.stanzas.iter().find(|stanza| is_pattern(&stanza.name));
    let stanzas: Vec<&Stanza> = configuration.stanzas.iter().filter(|stanza| name_of(stanza) == name).collect();
    let Some(first) = stanzas.first() else {
        if let Some(Stanza { line: Line { at, text }, .. }) = unclear {
            return Claim::Configures(Observed::unknown(format!("{at}: whether `{text}` is for {name} is not known")));
        }
        let none = Setting::by_rule(FILE, format!("no stanza names {name}"));
        return Claim::LeavesAlone(Intent::leaving_alone(ID, &none));
    };
    if let Some(reason) = defaults.not_known(&["CONFIGURE_INTERFACES", "EXCLUDE_INTERFACES"]) {
        return Claim::Configures(Observed::unknown(reason));
    }
    let (dhcpv6, client) = dhcpv6(root, first, &stanzas, name);
    let runs = dhcpv6.value == RunsDhcpv6::Yes;
    // It writes the option only where it starts the client itself.
    let itself = asking(first, &stanzas).is_some();
    let written = options(&stanzas).find(|option| is(option, "accept_ra")).filter(|_| itself);
    let accept_ra = written.and_then(|option| Some(setting(option.value().parse().ok()?, option, option.text.clone())));
    let policies = POLICIES.iter().any(|pattern| !root.glob(pattern).is_empty());
    let wait = Some(LINK_LOCAL_WAIT_S).filter(|_| runs && itself && !policies);
    let kernel = format!("{} (leaves Router Advertisements to the kernel)", first.line.text);
    Claim::Configures(Observed::Seen(Intent {
        accept_ra,
        link_local_wait_s: wait.map(|seconds| setting(seconds, &first.line, first.line.text.clone())),
        client: client.filter(|_| matches!(dhcpv6.value, RunsDhcpv6::Yes | RunsDhcpv6::WhenManaged)),
        ..Intent::new(ID, boot(configuration, defaults, first, name), dhcpv6, setting(TakesRas::Kernel, &first.line, kernel))
    }))
}

/// Whether it brings the interface up at boot: by `auto` or `allow-hotplug`, unless its defaults keep it away.
fn boot(configuration: &Configuration, defaults: &Variables, first: &Stanza, name: &str) -> Setting<bool> {
    if let Some(off) = defaults.get("CONFIGURE_INTERFACES").filter(|configures| configures.value == "no") {
        return off.holding(false);
    }
    if let Some(excluded) = defaults.get("EXCLUDE_INTERFACES").filter(|listed| listed.value.split_whitespace().any(|word| word == name)) {
        return excluded.holding(false);
    }
    let all = configuration.at_boot.iter().find(|(line, names)| line.key() == "auto" && names.iter().any(|name| name == "all"));
    match at_boot(configuration, name).map(|(line, _)| line).or_else(|| all.map(|(line, _)| line)) {
        Some(line) => setting(true, line, line.text.clone()),
        None => setting(false, &first.line, format!("no auto or allow-hotplug line names {name}")),
    }
}

/// The stanza that has it run DHCPv6: one of family inet6, where the first one's method is DHCP.
fn asking<'a>(first: &Stanza, stanzas: &[&'a Stanza]) -> Option<&'a Stanza> {
    let is_dhcp = matches!(first.method.as_deref(), Some("dhcp" | "dhcp6"));
    stanzas.iter().copied().find(|stanza| stanza.family.as_deref() == Some("inet6")).filter(|_| is_dhcp)
}

fn dhcpv6(root: &Image, first: &Stanza, stanzas: &[&Stanza], name: &str) -> Client {
    if let Some(down) = options(stanzas).find(|option| is(option, "link_down") && option.value() == "yes") {
        return (setting(RunsDhcpv6::No, down, down.text.clone()), Some(StackId::Dhclient));
    }
    if let Some(stanza) = asking(first, stanzas) {
        let value = if root.exists(DHCLIENT) { RunsDhcpv6::Yes } else { RunsDhcpv6::NoClient };
        let by_first = format!("{} (the method of the first stanza holds: `{}`)", stanza.line.text, first.line.text);
        let text = if stanza.line.at == first.line.at { first.line.text.clone() } else { by_first };
        return (setting(value, &stanza.line, text), Some(StackId::Dhclient));
    }
    let owned: Vec<Stanza> = stanzas.iter().map(|stanza| (*stanza).clone()).collect();
    if let Some(by_command) = commands::dhcpv6(root, &owned, &commands::run(root, &owned, name), name) {
        return by_command;
    }
    let shown = stanzas.iter().find(|stanza| stanza.family.as_deref() == Some("inet6")).unwrap_or(&first);
    let asks_in_vain = matches!(shown.method.as_deref(), Some("dhcp" | "dhcp6"));
    let in_vain = format!("{} (has no effect: the method of the first stanza holds, `{}`)", shown.line.text, first.line.text);
    let text = if asks_in_vain && shown.line.at != first.line.at { in_vain } else { shown.line.text.clone() };
    (setting(RunsDhcpv6::No, &shown.line, text), Some(StackId::Dhclient))
}

fn options<'a>(stanzas: &'a [&Stanza]) -> impl Iterator<Item = &'a Line> {
    stanzas.iter().flat_map(|stanza| &stanza.options)
}

/// Whether an option has this name; it takes `-` for `_`.
fn is(option: &Line, name: &str) -> bool {
    option.key().replace('-', "_") == name
}

fn setting<T>(value: T, line: &Line, text: String) -> Setting<T> {
    Setting { value, at: line.at.clone(), text }
}
