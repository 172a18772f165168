//! dhcpcd as a service: every interface in one process, or one interface a process (dhcpcd.conf(5); what it writes is in `if_setup_inet6` and
//! when it solicits in `dhcpcd_startinterface` of dhcpcd 9.4 and 10.1).
//!
//! Options on the command line of its unit count after its file. Not looked at is whether the init script of sysvinit refuses to start.

mod arguments;
pub(crate) mod fixes;
pub(crate) mod lease;
pub(crate) mod running;

use crate::host::image_identity::{self, Keeps, duids};
use crate::stacks::leases::LeaseReader;
use crate::stacks::running::{Running, Serves, Socket};
use crate::stacks::stack::{Journal, Stack, Traits};
use crate::wire::dhcpv6::kind;
use std::io;

use crate::facts::{BakedDuid, FileLine, Intent, Observed, RunsDhcpv6, Setting, StackId, TakesRas};
use crate::host::services;
use crate::image::Image;
use crate::image::Nic;
use crate::image::{has_wildcard, matches};
use crate::stacks::Claim;
use crate::stacks::Given;
use crate::stacks::Reading;

const ID: StackId = StackId::Dhcpcd;
/// Its program and service.
pub(crate) const NAME: &str = ID.name();

pub(crate) const STACK: Stack = Stack {
    read: Some(read),
    running: Running {
        processes: &[NAME],
        ras: Some(running::ras),
        wrote_accept_ra: Some(running::traces),
        clients: Some(running::clients),
        socket: Some(Socket { process: NAME, owner: NAME, serves: Serves::AsTold }),
        ..Running::NONE
    },
    lease: Some(LeaseReader::Each(lease::lease)),
    keeps: Keeps {
        duids: &[
            (&["/var/lib/dhcpcd/duid", "/var/db/dhcpcd/duid", "/etc/dhcpcd.duid"], |path, bytes| duids::written(ID, path, bytes)),
            (&[FILE], fixed_duid),
        ],
        leases: &[(&["/var/lib/dhcpcd/*.lease6", "/var/db/dhcpcd/*.lease6"], |path, bytes| {
            image_identity::as_whole("dhcpcd's", path, bytes).into_iter().collect()
        })],
        secrets: &[("dhcpcd's secret", &["/var/lib/dhcpcd/secret", "/var/db/dhcpcd/secret"])],
    },
    journal: Some(Journal { identifier: NAME, says: journal }),
    init_scripts: &[NAME],
    traits: Traits { solicits_until_answered: true, route_after_address: true, ..Traits::NONE },
    fix: fixes::fix,
    now: fixes::now,
    ..Stack::new(ID)
};
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
pub(crate) fn read(root: &Image, nics: &[Nic], _: &Given) -> io::Result<Reading> {
    let all = services::starts(root, &[NAME]);
    let one = |name: &str| services::starts(root, &[&format!("{NAME}@{name}")]);
    let mut reading = Reading::default();
    let for_all = if all { Some(Started::read(root, NAME)?) } else { None };
    for nic in nics.iter().filter(|nic| nic.name != "lo" && (all || one(&nic.name))) {
        let own = if all { None } else { Some(Started::read(root, &format!("{NAME}@{}", nic.name))?) };
        let Some(started) = for_all.as_ref().or(own.as_ref()) else { continue };
        if !started.takes(&nic.name) {
            continue;
        }
        let intent = |handling: Handling| {
            let text = if all { "the service dhcpcd starts at boot" } else { "a service dhcpcd@ starts at boot" };
            let at_boot = Setting::by_rule(&started.path, text).holding(true);
            let Handling { dhcpv6, takes_ras, accept_ra } = handling;
            Intent { accept_ra, ..Intent::new(ID, at_boot, dhcpv6, takes_ras).with_client(ID) }
        };
        let claim = match started.handling(&nic.name) {
            Ok(Ok(handling)) => Claim::Configures(Observed::Seen(intent(handling))),
            Ok(Err(denied)) => Claim::LeavesAlone(Intent::leaving_alone(ID, &denied)),
            Err(reason) => Claim::Configures(Observed::unknown(reason)),
        };
        reading.interfaces.insert(nic.name.clone(), claim);
    }
    if let Some(started) = &for_all {
        let blocks = started.lines.iter().filter(|line| line.key == "interface" && !has_wildcard(&line.value)).map(|line| line.value.clone());
        reading.named = blocks.chain(started.interfaces.iter().cloned()).collect();
    }
    Ok(reading)
}

/// dhcpcd as its service starts it.
struct Started {
    /// Its file.
    path: String,
    lines: Vec<Line>,
    /// Those on its command line; none is all.
    interfaces: Vec<String>,
}

impl Started {
    fn read(root: &Image, unit: &str) -> io::Result<Self> {
        let arguments::Arguments { file, options, interfaces } = arguments::read(root, unit)?;
        let path = file.unwrap_or_else(|| FILE.to_owned());
        let mut lines = lines(root, &path)?;
        // Whatever block the file ends in, the command line is for all interfaces.
        lines.extend(options);
        Ok(Self { path, lines, interfaces })
    }

    fn takes(&self, name: &str) -> bool {
        self.interfaces.is_empty() || self.interfaces.iter().any(|interface| interface == name)
    }

    /// What it does with an interface, or the line that keeps it away from it.
    ///
    /// # Errors
    /// A block is for a pattern, which only some versions know, and they come to different ends.
    fn handling(&self, name: &str) -> Result<Result<Handling, Setting<()>>, String> {
        let literal = handling_by(&self.lines, name, false);
        let by_pattern = handling_by(&self.lines, name, true);
        let ends =
            |handling: &Result<Handling, Setting<()>>| handling.as_ref().map(|handling| (handling.dhcpv6.value, handling.takes_ras.value)).ok();
        if ends(&literal) != ends(&by_pattern)
            && let Some(block) = self.lines.iter().find(|line| line.key == "interface" && line.value != name && matches(&line.value, name))
        {
            let at = &block.at;
            return Err(format!(
                "{at}: `interface {}` is a pattern to newer versions of dhcpcd, and the name of another interface to older ones",
                block.value
            ));
        }
        Ok(by_pattern)
    }
}

/// What dhcpcd does with an interface when it is started; or the line that keeps it away from it.
///
/// # Errors
/// Its file cannot be read.
pub(crate) fn handling(root: &Image, name: &str) -> io::Result<Result<Handling, Setting<()>>> {
    Ok(handling_by(&lines(root, FILE)?, name, false))
}

/// What the lines come to, where blocks are for patterns or not.
fn handling_by(lines: &[Line], name: &str, patterns: bool) -> Result<Handling, Setting<()>> {
    if let Some(kept) = kept_away(lines, name) {
        return Err(kept);
    }
    // By default each is on, and the last line about each counts.
    let (mut ipv6, mut solicits, mut dhcpv6) = (None, None, None);
    let (mut asks_address, mut asks_other) = (None, None);
    for line in block(lines, name, patterns) {
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
    at: FileLine,
    key: String,
    value: String,
    /// It stands on the command line.
    is_argument: bool,
}

impl Line {
    /// As the reason for a value.
    fn reason(&self) -> Setting<()> {
        let text =
            if self.is_argument { format!("--{} {} (on its command line)", self.key, self.value) } else { format!("{} {}", self.key, self.value) };
        Setting { value: (), at: self.at.clone(), text: text.trim().to_owned() }
    }
}

fn lines(root: &Image, path: &str) -> io::Result<Vec<Line>> {
    let text = root.text_if_any(path)?.unwrap_or_default();
    let line = |(number, line): (u32, &str)| {
        // A comment may follow a value; the man page's own example has such.
        let line = line.split('#').next().unwrap_or_default().trim();
        let (key, value) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let at = FileLine { path: path.to_owned(), line: number };
        (!key.is_empty()).then(|| Line { at, key: key.to_owned(), value: value.trim().to_owned(), is_argument: false })
    };
    Ok((1..).zip(text.lines()).filter_map(line).collect())
}

/// The lines for an interface: those before the first block, and those of its own blocks. A profile or SSID is chosen at run time only.
fn block<'a>(lines: &'a [Line], name: &'a str, patterns: bool) -> impl Iterator<Item = &'a Line> {
    let mut inside = true;
    lines.iter().filter(move |line| {
        match &line.key[..] {
            _ if line.is_argument => return true,
            "interface" => inside = line.value == name || patterns && matches(&line.value, name),
            "profile" | "ssid" => inside = false,
            _ => return inside,
        }
        false
    })
}

/// The line of the global part that denies the interface, or the one that allows others only.
fn kept_away(lines: &[Line], name: &str) -> Option<Setting<()>> {
    let in_file = || lines.iter().take_while(|line| !matches!(&line.key[..], "interface" | "profile" | "ssid") && !line.is_argument);
    let global = || in_file().chain(lines.iter().filter(|line| line.is_argument));
    let fits = |line: &&Line| line.value.split([' ', '\t', ',']).any(|pattern| !pattern.is_empty() && matches(pattern, name));
    let of = |key: &'static str| global().filter(move |line| line.key == key);
    let denied = of("denyinterfaces").find(fits);
    let not_allowed = || of("allowinterfaces").next().filter(|_| !of("allowinterfaces").any(|line| fits(&line)));
    denied.or_else(not_allowed).map(Line::reason)
}

fn journal(line: &str) -> Option<(&str, u8, bool)> {
    let (interface, rest) = line.split_once(": ")?;
    if rest.starts_with("ADV ") && rest.contains(" from ") {
        return Some((interface, kind::ADVERTISE, false));
    }
    rest.starts_with("REPLY6 received from ").then_some((interface, kind::REPLY, false))
}

/// `duid` with a DUID itself, which dhcpcd then sends on any interface; alone and with the words `ll`, `llt` and `uuid` it makes one
/// (dhcpcd.conf(5)).
fn fixed_duid(path: &str, bytes: &[u8]) -> Option<BakedDuid> {
    let text = String::from_utf8_lossy(bytes);
    let mut found = None;
    for (line, text) in (1..).zip(text.lines()) {
        let mut words = text.split('#').next().unwrap_or_default().split_whitespace();
        if words.next() == Some("duid") {
            let at = FileLine { path: path.to_owned(), line };
            found = words.next().and_then(duids::digits).and_then(|duid| duids::baked(ID, at, &duid));
        }
    }
    found
}
