//! The next step towards a goal, by whoever misses it: a stack, or what lies below the stacks.

use super::view::nic;
use crate::facts::{Facts, FileLine, Fix, Goal, TakesRas, Tenses};
use crate::host::{boot_loader, firewall, image_identity, literal_backticks, modprobe, sysctl};
use crate::image::Image;
use crate::judge::{forwards, own_sysctl};
use crate::stacks::dhclient;
use crate::stacks::fixes::{self, Question, Step};

/// The smallest MTU with which the kernel keeps IPv6 on an interface (RFC 8200 section 5), and what Ethernet has.
const SMALLEST_MTU: u32 = 1280;
const ETHERNET_MTU: u32 = 1500;

/// The next step: what to edit, given what the files say now. `None` where nobody knows one.
pub(super) fn next(facts: &Facts, image: &Image, goal: Goal, interface: Option<&str>) -> Option<Step> {
    let host = &facts.intent;
    let Some(name) = interface else {
        return match goal {
            Goal::LiteralBackticks => literal_backticks::fixes::without(image, host.pasted_backticks.get().ok()?),
            _ => image_identity::fixes::without(image, host.identity.get().ok()?, goal),
        };
    };
    let tenses = tenses(facts, name)?;
    match goal {
        Goal::Ipv6 => ipv6(facts, image, name, tenses),
        Goal::RouterAdvertisements => router_advertisements(facts, image, name, tenses),
        Goal::Dhcpv6 => of_stack(facts, image, goal, name, tenses),
        Goal::PrefixLength => dhclient::fixes::fix(image),
        Goal::FirewallAdvertisements | Goal::FirewallAnswers => firewall::fixes::let_in(image, tenses.intent.firewalls.get().ok()?, goal),
        _ => None,
    }
}

fn tenses<'a>(facts: &'a Facts, name: &str) -> Option<&'a Tenses> {
    facts.interfaces.get(name)?.tenses.as_ref()
}

/// What `accept_ra` has to be.
fn accept_ra(tenses: &Tenses) -> i64 {
    if forwards(tenses) { 2 } else { 1 }
}

fn of_stack(facts: &Facts, image: &Image, goal: Goal, name: &str, tenses: &Tenses) -> Option<Step> {
    let intent = tenses.intent.stack.get().ok()?;
    fixes::fix(&Question { image, nic: &nic(facts, name), goal, intent, accept_ra: accept_ra(tenses) })
}

/// In the order in which they switch IPv6 off.
fn ipv6(facts: &Facts, image: &Image, name: &str, tenses: &Tenses) -> Option<Step> {
    let host = &facts.intent;
    let word = |wanted: &str| host.command_line.get().ok()?.iter().find(|word| word.value == wanted);
    if let Some(word) = word("ipv6.disable=1") {
        return boot_loader::fixes::without(image, word);
    }
    if let Some(line) = host.modules.get().ok().and_then(|lines| lines.first()) {
        return modprobe::fixes::without(image, line);
    }
    let stack = tenses.intent.stack.get().ok();
    if stack.and_then(|intent| intent.disable_ipv6.as_ref()).is_some_and(|written| written.value != 0) {
        return of_stack(facts, image, Goal::Ipv6, name, tenses);
    }
    match own_sysctl(&tenses.intent, "disable_ipv6") {
        Some(setting) if setting.value != 0 => sysctl::fixes::write(image, name, "disable_ipv6", 0, &setting.at),
        _ => boot_loader::fixes::without(image, word("ipv6.disable_ipv6=1")?),
    }
}

fn router_advertisements(facts: &Facts, image: &Image, name: &str, tenses: &Tenses) -> Option<Step> {
    let intent = tenses.intent.stack.get().ok()?;
    let by_stack = || of_stack(facts, image, Goal::RouterAdvertisements, name, tenses);
    if intent.takes_ras.value == TakesRas::No {
        return by_stack();
    }
    let wanted = accept_ra(tenses);
    if let Some(written) = intent.accept_ra.as_ref().filter(|written| written.value != wanted)
        && let Some(step) = by_stack().or_else(|| in_sysctl(image, name, wanted, &written.at))
    {
        return Some(step);
    }
    match own_sysctl(&tenses.intent, "accept_ra") {
        Some(setting) => sysctl::fixes::write(image, name, "accept_ra", wanted, &setting.at),
        None => match own_sysctl(&tenses.intent, "forwarding") {
            Some(forwarding) => sysctl::fixes::write_behind(image, name, "accept_ra", wanted, &forwarding.at),
            // Whatever turned it on, it is on now.
            None => Some(sysctl::fixes::write_own(image, name, "accept_ra", wanted)),
        },
    }
}

/// A stack's own reading of sysctl.d, as wicked has one.
fn in_sysctl(image: &Image, name: &str, wanted: i64, at: &FileLine) -> Option<Step> {
    at.path.contains("sysctl").then(|| sysctl::fixes::write(image, name, "accept_ra", wanted, at))?
}

/// Commands that make it so on the running guest.
pub(super) fn now(facts: &Facts, goal: Goal, interface: Option<&str>) -> Vec<String> {
    if facts.run.image.is_some() || facts.run.capture.is_some() {
        return Vec::new();
    }
    let Some((name, tenses)) = interface.and_then(|name| Some((name, tenses(facts, name)?))) else { return Vec::new() };
    let state = &tenses.state;
    let wrong = |setting: &str, wanted: i64| state.sysctl(setting).is_ok_and(|value| value != wanted);
    let write = |setting: &str, value: i64| format!("sysctl -w net/ipv6/conf/{name}/{setting}={value}");
    let stack = || tenses.intent.stack.get().map(|intent| fixes::now(intent, &nic(facts, name))).unwrap_or_default();
    match goal {
        // What the kernel was booted with only a boot changes.
        Goal::Ipv6 if facts.state.ipv6.get().is_ok_and(|ipv6| !ipv6.present) => vec!["reboot".to_owned()],
        Goal::Ipv6 if wrong("disable_ipv6", 0) => vec![write("disable_ipv6", 0)],
        Goal::RouterAdvertisements => {
            let kernel = tenses.intent.stack.get().is_ok_and(|intent| intent.takes_ras.value == TakesRas::Kernel);
            let wanted = accept_ra(tenses);
            let enough = state.sysctl("accept_ra").is_ok_and(|value| value == 2 || value == 1 && wanted == 1);
            if kernel { if enough { Vec::new() } else { vec![write("accept_ra", wanted)] } } else { stack() }
        }
        Goal::Dhcpv6 => stack(),
        Goal::FirewallAdvertisements | Goal::FirewallAnswers => {
            tenses.intent.firewalls.get().map(|all| firewall::fixes::now(all)).unwrap_or_default()
        }
        _ => Vec::new(),
    }
}

/// Where the files are right and the running guest is not: commands alone.
pub(super) fn now_only(facts: &Facts, goal: Goal, interface: Option<&str>) -> Option<Fix> {
    let name = interface.filter(|_| facts.run.image.is_none() && facts.run.capture.is_none())?;
    let (found, tenses) = (facts.interfaces.get(name)?, tenses(facts, name)?);
    let (commands, by_hand) = match goal {
        Goal::Ipv6 if found.link.get().is_ok_and(|link| link.mtu < SMALLEST_MTU) => (
            vec![format!("ip link set dev {name} mtu {ETHERNET_MTU}")],
            vec![format!(
                "Find what sets the MTU of {name} below {SMALLEST_MTU} at boot, and raise it: the network stack's file, a DHCPv4 option, or the port's network."
            )],
        ),
        Goal::Ipv6 if tenses.state.sysctl("disable_ipv6").is_ok_and(|value| value != 0) => (now(facts, goal, interface), Vec::new()),
        Goal::RouterAdvertisements if tenses.intent.stack.get().is_ok_and(|intent| intent.takes_ras.value == TakesRas::Kernel) => {
            (now(facts, goal, interface), Vec::new())
        }
        _ => return None,
    };
    (!commands.is_empty()).then(|| Fix { goal, interface: Some(name.to_owned()), edits: Vec::new(), now: commands, by_hand, proven: true })
}
