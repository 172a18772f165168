//! dhcpcd as a service: every interface in one process, or one interface a process (dhcpcd.conf(5); what it writes is in `if_setup_inet6` and
//! when it solicits in `dhcpcd_startinterface` of dhcpcd 9.4 and 10.1).
//!
//! Options on the command line of a changed unit are not looked at, nor is whether the init script of sysvinit refuses to start.

pub(crate) mod fixes;
pub(crate) mod lease;
pub(crate) mod running;

use std::io;

use crate::facts::{FileLine, Intent, Observed, RunsDhcpv6, Setting, StackId, TakesRas};
use crate::host::services;
use crate::image::Image;
use crate::image::Nic;
use crate::image::matches;
use crate::stacks::Claim;
use crate::stacks::Reading;

const ID: StackId = StackId::Dhcpcd;
/// Its program and service.
pub(crate) const NAME: &str = ID.name();
const FILE: &str = "/etc/dhcpcd.conf";
const PROGRAMS: [&str; 2] = ["/sbin/dhcpcd", "/usr/sbin/dhcpcd"];

/// What dhcpcd does with an interface that it is started for, by its own service or by another stack.
#[derive(Debug)]
pub(crate) struct Handling {
    pub(crate) dhcpv6: Setting<RunsDhcpv6>,
    pub(crate) takes_ras: Setting<TakesRas>,
    pub(crate) accept_ra: Option<Setting<i64>>,
}

/// Whether it is installed.
pub(crate) fn is_installed(root: &Image) -> bool {
    PROGRAMS.into_iter().any(|path| root.exists(path))
}

/// What its service is set up to do with each of `nics`.
///
/// # Errors
/// Its file cannot be read.
pub(crate) fn read(root: &Image, nics: &[Nic]) -> io::Result<Reading> {
    let all = services::starts(root, &[NAME]);
    let one = |name: &str| services::starts(root, &[&format!("{NAME}@{name}")]);
    let mut reading = Reading::default();
    let started: Vec<&Nic> = nics.iter().filter(|nic| nic.name != "lo" && (all || one(&nic.name))).collect();
    let lines = if all || !started.is_empty() { lines(root)? } else { Vec::new() };
    for nic in started {
        let claim = match handling_by(&lines, &nic.name) {
            Ok(Handling { dhcpv6, takes_ras, accept_ra }) => {
                let text = if all { "the service dhcpcd starts at boot" } else { "a service dhcpcd@ starts at boot" };
                let at_boot = Setting::by_rule(FILE, text).holding(true);
                Claim::Configures(Observed::Seen(Intent { accept_ra, ..Intent::new(ID, at_boot, dhcpv6, takes_ras).with_client(ID) }))
            }
            Err(denied) => Claim::LeavesAlone(Intent::leaving_alone(ID, &denied)),
        };
        reading.interfaces.insert(nic.name.clone(), claim);
    }
    if all {
        reading.named = lines.into_iter().filter(|line| line.key == "interface").map(|line| line.value).collect();
    }
    Ok(reading)
}

/// What dhcpcd does with an interface when it is started; or the line that keeps it away from it.
///
/// # Errors
/// Its file cannot be read.
pub(crate) fn handling(root: &Image, name: &str) -> io::Result<Result<Handling, Setting<()>>> {
    Ok(handling_by(&lines(root)?, name))
}

fn handling_by(lines: &[Line], name: &str) -> Result<Handling, Setting<()>> {
    if let Some(kept) = kept_away(lines, name) {
        return Err(kept);
    }
    // By default each is on, and the last line about each counts.
    let (mut ipv6, mut solicits, mut dhcpv6) = (None, None, None);
    let (mut asks_address, mut asks_other) = (None, None);
    for line in block(lines, name) {
        match &line.key[..] {
            "ipv6" | "ipv6only" => ipv6 = Some((true, line)),
            "noipv6" | "ipv4only" => ipv6 = Some((false, line)),
            "ipv6rs" => solicits = Some((true, line)),
            "noipv6rs" => solicits = Some((false, line)),
            "dhcp6" => dhcpv6 = Some((true, line)),
            "nodhcp6" => dhcpv6 = Some((false, line)),
            "ia_na" | "ia_ta" => asks_address = Some(line),
            "ia_pd" => asks_other = Some(line),
            _ => {}
        }
    }
    let off = |option: Option<(bool, &Line)>| option.filter(|(on, _)| !on).map(|(_, line)| line.reason());
    let follows = Setting::by_rule(FILE, "dhcpcd follows Router Advertisements by default");
    let no_ras = off(ipv6).or_else(|| off(solicits));
    let no_dhcpv6 = off(ipv6).or_else(|| off(dhcpv6));
    let dhcpv6 = match (no_dhcpv6, asks_address, asks_other, &no_ras) {
        (Some(line), ..) => line.holding(RunsDhcpv6::No),
        (None, Some(line), ..) => line.reason().holding(RunsDhcpv6::Yes),
        // Asked for a prefix alone, it asks for no address, whatever Router Advertisements say.
        (None, None, Some(line), _) => line.reason().holding(RunsDhcpv6::No),
        // Nothing else than Router Advertisements would start it.
        (None, None, None, Some(line)) => line.holding(RunsDhcpv6::No),
        (None, None, None, None) => follows.holding(RunsDhcpv6::WhenManaged),
    };
    if let Some(line) = no_ras {
        // It then leaves accept_ra as it is, so the kernel goes on to take them.
        return Ok(Handling { dhcpv6, takes_ras: line.holding(TakesRas::Kernel), accept_ra: None });
    }
    let writes = Setting::by_rule(FILE, "dhcpcd takes Router Advertisements itself and writes accept_ra 0");
    Ok(Handling { dhcpv6, takes_ras: follows.holding(TakesRas::Itself), accept_ra: Some(writes.holding(0)) })
}

/// A line: an option and its value.
#[derive(Debug)]
struct Line {
    number: u32,
    key: String,
    value: String,
}

impl Line {
    /// As the reason for a value.
    fn reason(&self) -> Setting<()> {
        let at = FileLine { path: FILE.to_owned(), line: self.number };
        Setting { value: (), at, text: format!("{} {}", self.key, self.value).trim().to_owned() }
    }
}

fn lines(root: &Image) -> io::Result<Vec<Line>> {
    let text = root.text_if_any(FILE)?.unwrap_or_default();
    let line = |(number, line): (u32, &str)| {
        // A comment may follow a value; the man page's own example has such.
        let line = line.split('#').next().unwrap_or_default().trim();
        let (key, value) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        (!key.is_empty()).then(|| Line { number, key: key.to_owned(), value: value.trim().to_owned() })
    };
    Ok((1..).zip(text.lines()).filter_map(line).collect())
}

/// The lines for an interface: those before the first block, and those of its own blocks. A profile or SSID is chosen at run time only.
fn block<'a>(lines: &'a [Line], name: &'a str) -> impl Iterator<Item = &'a Line> {
    let mut inside = true;
    lines.iter().filter(move |line| {
        match &line.key[..] {
            "interface" => inside = line.value == name,
            "profile" | "ssid" => inside = false,
            _ => return inside,
        }
        false
    })
}

/// The line of the global part that denies the interface, or the one that allows others only.
fn kept_away(lines: &[Line], name: &str) -> Option<Setting<()>> {
    let global = || lines.iter().take_while(|line| !matches!(&line.key[..], "interface" | "profile" | "ssid"));
    let fits = |line: &&Line| line.value.split([' ', '\t', ',']).any(|pattern| !pattern.is_empty() && matches(pattern, name));
    let of = |key: &'static str| global().filter(move |line| line.key == key);
    let denied = of("denyinterfaces").find(fits);
    let not_allowed = || of("allowinterfaces").next().filter(|_| !of("allowinterfaces").any(|line| fits(&line)));
    denied.or_else(not_allowed).map(Line::reason)
}
