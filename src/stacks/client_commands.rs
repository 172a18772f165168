//! DHCPv6 clients as a command line starts them: for which interface, whether for an address, and whether it is installed.

use crate::facts::{Intent, Observed, RunsDhcpv6, Setting, StackId};
use crate::host::boot_commands::BootCommand;
use crate::image::Image;
use crate::image::matches;
use crate::image::shell::{Command, FOLDERS, Word};

/// Whether the link-local address is ready when commands begin to run. dhclient binds to it, and ends where it cannot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LinkLocal {
    Ready,
    /// It depends on how long something else takes.
    Race,
    /// The interface has just come up, and duplicate address detection goes on.
    Tentative,
}

/// Longest time from an interface's coming up to the end of duplicate address detection with the kernel's defaults, in seconds: a random
/// delay of up to one, and one probe (addrconf_dad_kick() of net/ipv6/addrconf.c).
const DETECTION_S: f64 = 2.0;

/// Programs that take no time worth counting.
const QUICK: [&str; 30] = [
    "echo",
    "printf",
    "true",
    "set",
    "ip",
    "ifconfig",
    "route",
    "sysctl",
    "logger",
    "ethtool",
    "iptables",
    "ip6tables",
    "nft",
    "tc",
    "touch",
    "mkdir",
    "rm",
    "cp",
    "mv",
    "ln",
    "cat",
    "chmod",
    "chown",
    "brctl",
    "bridge",
    "modprobe",
    "tee",
    "umask",
    "cd",
    "sed",
];

/// What a command does about DHCPv6 on an interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Does {
    Starts {
        waits_for_bind: bool,
    },
    NotInstalled,
    /// It is for this interface or not, or for an address or not, by what is not known.
    Perhaps,
    Nothing,
}

/// Whether a client runs, and which; `None` where that is not known.
pub(crate) type Client = (Setting<RunsDhcpv6>, Option<StackId>);

/// The client that a program is.
fn client_of(program: &str) -> Option<StackId> {
    match program {
        "dhclient" => Some(StackId::Dhclient),
        "udhcpc6" => Some(StackId::Udhcpc6),
        "odhcp6c" => Some(StackId::Odhcp6c),
        "dhcp6c" => Some(StackId::Dhcp6c),
        "dibbler-client" => Some(StackId::Dibbler),
        _ => None,
    }
}

/// Whether commands run DHCPv6 on the interface `name`, each with the text that stands for it; `None` if none of them starts a client.
pub(crate) fn dhcpv6<'a>(
    root: &Image,
    commands: impl IntoIterator<Item = (&'a Command, String)>,
    name: &str,
    link_local: LinkLocal,
) -> Option<Client> {
    let mut link_local = link_local;
    let mut slept = 0.0;
    let mut best: Option<Client> = None;
    for (command, text) in commands {
        let (value, why) = match does(root, command, name) {
            Does::Nothing => {
                link_local = after(command, link_local, &mut slept);
                continue;
            }
            Does::NotInstalled => (RunsDhcpv6::NoClient, String::new()),
            Does::Perhaps => (RunsDhcpv6::CannotTell, " (what it starts depends on what only the running guest knows)".to_owned()),
            Does::Starts { .. } if !command.certain => (RunsDhcpv6::CannotTell, " (it perhaps runs)".to_owned()),
            Does::Starts { waits_for_bind: true } if !command.retried && link_local == LinkLocal::Tentative => {
                (RunsDhcpv6::No, " (it starts while the link-local address is tentative, cannot bind to it and ends)".to_owned())
            }
            Does::Starts { waits_for_bind: true } if !command.retried && link_local == LinkLocal::Race => {
                let why = " (it ends if the link-local address is still tentative when it starts, which is a matter of time)";
                (RunsDhcpv6::CannotTell, why.to_owned())
            }
            Does::Starts { .. } => (RunsDhcpv6::Yes, String::new()),
        };
        let rank = |value: RunsDhcpv6| match value {
            RunsDhcpv6::Yes | RunsDhcpv6::WhenManaged => 3,
            RunsDhcpv6::CannotTell => 2,
            RunsDhcpv6::No => 1,
            RunsDhcpv6::NoClient => 0,
        };
        if best.as_ref().is_none_or(|(best, _)| rank(best.value) < rank(value)) {
            best = Some((Setting { value, at: command.at.clone(), text: format!("{text}{why}") }, client_of(command.program())));
        }
        // Whatever it does, what follows comes later.
        link_local = if link_local == LinkLocal::Tentative { LinkLocal::Race } else { link_local };
    }
    best
}

/// Whether the link-local address is ready after a command that starts no client.
fn after(command: &Command, before: LinkLocal, slept: &mut f64) -> LinkLocal {
    if before == LinkLocal::Ready || QUICK.contains(&command.program()) {
        return before;
    }
    if command.program() == "sleep" {
        // A loop that sleeps waits for something.
        *slept += if command.retried { DETECTION_S } else { seconds(command.arguments()).filter(|_| command.certain).unwrap_or(0.0) };
        return if *slept >= DETECTION_S { LinkLocal::Ready } else { LinkLocal::Race };
    }
    if matches!(command.program(), "settle-dad.sh" | "wait-for-ll6.sh") { LinkLocal::Ready } else { LinkLocal::Race }
}

fn seconds(arguments: &[Word]) -> Option<f64> {
    let one = |word: &Word| {
        let (number, unit) = word.text.split_at(word.text.trim_end_matches(|last: char| last.is_ascii_alphabetic()).len());
        let factor = match unit {
            "" | "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            _ => return None,
        };
        number.parse::<f64>().ok().filter(|_| word.known).map(|number| number * factor)
    };
    arguments.iter().map(one).sum()
}

/// The stack with the DHCPv6 client that a command at boot starts beside it, where it runs none itself. Whatever starts then starts after the
/// stack only where a unit says so, and ends for good where nothing starts it again.
pub(crate) fn with_clients(root: &Image, stack: Observed<Intent>, commands: &[BootCommand], name: &str) -> Observed<Intent> {
    let Observed::Seen(intent) = &stack else { return stack };
    if !matches!(intent.dhcpv6.value, RunsDhcpv6::No | RunsDhcpv6::NoClient) {
        return stack;
    }
    let mut best: Option<Client> = None;
    let counting: Vec<&BootCommand> = commands.iter().filter(|boot| boot.counts()).collect();
    // What a file sleeps holds for its own commands.
    for part in counting.chunk_by(|one, other| one.command.at.path == other.command.at.path && one.restarted == other.restarted) {
        let link_local = if part.iter().all(|boot| boot.restarted) { LinkLocal::Ready } else { LinkLocal::Race };
        let found = dhcpv6(root, part.iter().map(|boot| (&boot.command, boot.text.clone())), name, link_local);
        let found = found.filter(|(found, _)| matches!(found.value, RunsDhcpv6::Yes | RunsDhcpv6::CannotTell));
        best = match (best, found) {
            (Some(best), Some(found)) if best.0.value == RunsDhcpv6::CannotTell && found.0.value == RunsDhcpv6::Yes => Some(found),
            (best, found) => best.or(found),
        };
    }
    match best {
        Some((dhcpv6, client)) => Observed::Seen(Intent { client, dhcpv6, ..intent.clone() }),
        None => stack,
    }
}

fn does(root: &Image, command: &Command, name: &str) -> Does {
    let arguments = command.arguments();
    let asks = match command.program() {
        "dhclient" => dhclient(arguments, name),
        "udhcpc6" => for_interfaces(&udhcpc6(arguments), name),
        "odhcp6c" => for_interfaces(&positional(arguments, "bcCdDfFHIklLmMnNopPqrRsStTuUvVWwx6"), name),
        "dhcp6c" => for_interfaces(&positional(arguments, "cptP"), name),
        "dibbler-client" => match arguments.first().map(|word| &word.text[..]) {
            Some("start" | "run") => Does::Starts { waits_for_bind: false },
            _ => Does::Nothing,
        },
        _ => return Does::Nothing,
    };
    if asks == Does::Nothing || is_installed(root, command) { asks } else { Does::NotInstalled }
}

fn is_installed(root: &Image, command: &Command) -> bool {
    let Some(program) = command.words.first() else { return false };
    let installed = |path: &str| root.exists(path);
    if program.text.starts_with('/') {
        return installed(&program.text);
    }
    // An applet of BusyBox has a link, or BusyBox is named; which applets it has is not seen.
    FOLDERS.iter().any(|folder| installed(&format!("{folder}/{}", program.text)))
        || program.text == "udhcpc6" && (["/bin/busybox", "/usr/bin/busybox"].into_iter().any(installed) || is_busybox(root, "/sbin/ifup"))
}

fn is_busybox(root: &Image, path: &str) -> bool {
    root.link(path).is_some_and(|target| target.rsplit('/').next() == Some("busybox"))
}

/// Options of dhclient(8) that take a value.
const DHCLIENT_VALUES: [&str; 14] =
    ["-p", "-D", "-lf", "-pf", "-df", "-cf", "-sf", "-s", "-g", "-e", "-timeout", "--address-prefix-len", "--dad-wait-time", "--decline-wait-time"];

fn dhclient(arguments: &[Word], name: &str) -> Does {
    let mut interfaces = Vec::new();
    let (mut v6, mut stateless, mut addresses, mut ends, mut prefixes) = (false, false, false, false, false);
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        match &word.text[..] {
            value if DHCLIENT_VALUES.contains(&value) => {
                words.next();
            }
            "-6" => v6 = true,
            "-S" => stateless = true,
            "-N" => addresses = true,
            "-P" => prefixes = true,
            "-x" | "-r" | "--version" | "--help" | "-4" => ends = true,
            option if option.starts_with('-') => {}
            _ => interfaces.push(word),
        }
    }
    // An option that is not known may be `-6`, or be none.
    let hidden = interfaces.iter().any(|word| !word.known && word.pattern == "*");
    if ends || stateless || prefixes && !addresses || !v6 && !hidden {
        return Does::Nothing;
    }
    match for_interfaces(&interfaces, name) {
        Does::Starts { .. } if v6 => Does::Starts { waits_for_bind: true },
        Does::Starts { .. } => Does::Perhaps,
        other => other,
    }
}

/// A client that is given no interface takes all of them.
fn for_interfaces(interfaces: &[&Word], name: &str) -> Does {
    if interfaces.is_empty() || interfaces.iter().any(|word| word.known && word.text == name) {
        Does::Starts { waits_for_bind: false }
    } else if interfaces.iter().any(|word| !word.known && matches(&word.pattern, name)) {
        Does::Perhaps
    } else {
        Does::Nothing
    }
}

/// The words that are neither options nor, for those in `with_value`, their values.
fn positional<'a>(arguments: &'a [Word], with_value: &str) -> Vec<&'a Word> {
    let mut found = Vec::new();
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        match word.text.strip_prefix('-') {
            Some(letters) => {
                let mut rest = letters.chars();
                if rest.next().is_some_and(|letter| with_value.contains(letter)) && rest.next().is_none() && letters_take_value(letters) {
                    words.next();
                }
            }
            None => found.push(word),
        }
    }
    found
}

/// Of the letters of odhcp6c(8) and dhcp6c(8), those with a value.
fn letters_take_value(letters: &str) -> bool {
    matches!(letters, "c" | "p" | "P" | "t" | "s" | "S" | "r" | "x" | "i" | "u" | "V" | "O" | "T")
}

/// The interface of BusyBox's udhcpc6: eth0 where none is given.
fn udhcpc6(arguments: &[Word]) -> Vec<&Word> {
    let mut words = arguments.iter();
    let mut found = Vec::new();
    while let Some(word) = words.next() {
        let letters = word.text.strip_prefix('-').filter(|letters| !letters.starts_with('-'));
        if word.text == "--interface"
            || letters
                .is_some_and(|letters| letters.ends_with('i') && !letters[..letters.len() - 1].contains(['p', 's', 'r', 't', 'T', 'A', 'x', 'O']))
        {
            found.extend(words.next());
        }
    }
    found
}
