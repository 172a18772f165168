//! Commands of files that something runs at boot: rc.local, OpenRC's local.d, cron's `@reboot`, rules of udev, dispatchers, cloud-init, tuned,
//! and wg-quick.

use std::collections::BTreeSet;
use std::io;
use std::rc::Rc;

use super::{BootCommand, Order, units};
use crate::facts::FileLine;
use crate::host::init::{self, Init};
use crate::host::services;
use crate::image::ini;
use crate::image::shell::{Command, Context, Word, run, run_words};
use crate::image::yaml::Node;
use crate::image::{Image, Nic};

/// As Debian and Red Hat have it.
const RC_LOCAL: [&str; 2] = ["/etc/rc.local", "/etc/rc.d/rc.local"];
/// Tables of cron, and whether their lines name a user.
const CRON: [(&str, bool); 5] = [
    ("/etc/crontab", true),
    ("/etc/cron.d/*", true),
    ("/var/spool/cron/crontabs/*", false),
    ("/var/spool/cron/*", false),
    ("/etc/crontabs/*", false),
];
const DISPATCHERS: [(&[&str], &str); 3] = [
    (&["NetworkManager"], "/etc/NetworkManager/dispatcher.d/*"),
    (&["networkd-dispatcher"], "/etc/networkd-dispatcher/configured.d/*"),
    (&["networkd-dispatcher"], "/etc/networkd-dispatcher/routable.d/*"),
];
/// As many files of one kind as are read.
const MAX_FILES: usize = 128;

/// The commands of files that know of no interface.
///
/// # Errors
/// One of them is there and cannot be read.
pub(super) fn of_host(root: &Image, lists: &[(FileLine, Rc<Node>)]) -> io::Result<Vec<BootCommand>> {
    let mut found = Vec::new();
    rc_local(root, &mut found)?;
    init_scripts(root, &mut found)?;
    cron(root, &mut found)?;
    cloud_init(root, lists, &mut found);
    tuned(root, &mut found)?;
    wg_quick(root, &mut found)?;
    Ok(found)
}

/// The commands of files that are run for an interface: rules of udev, and dispatchers.
///
/// # Errors
/// One of them is there and cannot be read.
pub(super) fn of_nic(root: &Image, nic: &Nic) -> io::Result<Vec<BootCommand>> {
    let mut found = Vec::new();
    udev(root, nic, &mut found)?;
    for (services, pattern) in DISPATCHERS {
        let paths = if services::starts(root, services) { root.glob(pattern) } else { Vec::new() };
        for path in paths.into_iter().take(MAX_FILES).filter(|path| root.is_executable(path)) {
            script(root, &path, &[nic.name.clone(), "up".to_owned()], Order::AfterStack, &mut found)?;
        }
    }
    Ok(found)
}

/// The commands of a script, each under its own line.
fn script(root: &Image, path: &str, arguments: &[String], order: Order, found: &mut Vec<BootCommand>) -> io::Result<()> {
    let Some(text) = root.text_if_any(path)? else { return Ok(()) };
    if text.starts_with("#!") && !text.lines().next().is_some_and(|first| first.contains("sh")) {
        return Ok(());
    }
    let context = Context { root, environment: &|_| None, arguments };
    push(run(&context, &FileLine { path: path.to_owned(), line: 1 }, &text), order, found);
    Ok(())
}

fn push(commands: Vec<Command>, order: Order, found: &mut Vec<BootCommand>) {
    let boot = |command: Command| {
        let packaged = ["/usr/lib/", "/lib/", "/usr/libexec/", "/usr/share/"].iter().any(|folder| command.at.path.starts_with(folder));
        BootCommand { text: command.shown(), command, order, packaged, restarted: false }
    };
    found.extend(commands.into_iter().map(boot));
}

/// systemd-rc-local-generator(8) starts it where it may be run; sysvinit and Upstart do, too; OpenRC has local.d.
fn rc_local(root: &Image, found: &mut Vec<BootCommand>) -> io::Result<()> {
    match init::of(root) {
        Init::OpenRc => {
            let paths = if services::starts(root, &["local"]) { root.glob("/etc/local.d/*.start") } else { Vec::new() };
            for path in paths.into_iter().take(MAX_FILES).filter(|path| root.is_executable(path)) {
                script(root, &path, &[], Order::AfterStack, found)?;
            }
        }
        Init::BusyBox => {}
        Init::Systemd | Init::Sysvinit => {
            let masked = services::is_masked(root, "rc-local.service") || services::is_masked(root, "rc.local.service");
            let path = RC_LOCAL.into_iter().find(|path| root.is_executable(path)).filter(|_| !masked);
            if let Some(path) = path {
                script(root, path, &["start".to_owned()], Order::AfterStack, found)?;
            }
        }
    }
    Ok(())
}

/// Scripts with a start link of sysvinit that no unit stands for, as somebody wrote them; those of the distribution are read where they belong.
fn init_scripts(root: &Image, found: &mut Vec<BootCommand>) -> io::Result<()> {
    let links = ["/etc/rcS.d", "/etc/rc2.d", "/etc/rc3.d", "/etc/rc.d/rc3.d"];
    let names: BTreeSet<String> = links
        .iter()
        .flat_map(|folder| root.names(folder))
        .filter_map(|entry| entry.strip_prefix('S').and_then(|rest| rest.get(2..)).map(str::to_owned))
        .take(MAX_FILES)
        .collect();
    for name in names {
        let path = ["/etc/init.d", "/etc/rc.d/init.d"].into_iter().map(|folder| format!("{folder}/{name}")).find(|path| root.is_executable(path));
        let Some(path) = path.filter(|_| !units::is_read_elsewhere(&name) && services::starts(root, &[&name])) else { continue };
        let begun = found.len();
        script(root, &path, &["start".to_owned()], Order::Unordered, found)?;
        for boot in &mut found[begun..] {
            boot.packaged = true;
        }
    }
    Ok(())
}

fn cron(root: &Image, found: &mut Vec<BootCommand>) -> io::Result<()> {
    if !services::starts_if_told(root, &["cron", "crond", "cronie", "fcron", "busybox-cron"]) {
        return Ok(());
    }
    for (pattern, with_user) in CRON {
        for path in root.glob(pattern).into_iter().take(MAX_FILES).filter(|path| !root.is_directory(path)) {
            let Some(text) = root.text_if_any(&path)? else { continue };
            for (line, text) in (1..).zip(text.lines()) {
                let Some(rest) = text.trim_start().strip_prefix("@reboot").filter(|rest| rest.starts_with(char::is_whitespace)) else { continue };
                let rest = rest.trim_start();
                let command = if with_user { rest.split_once(char::is_whitespace).map_or("", |(_, command)| command) } else { rest };
                let context = Context { root, environment: &|_| None, arguments: &[] };
                push(run(&context, &FileLine { path: path.clone(), line }, command), Order::Unordered, found);
            }
        }
    }
    Ok(())
}

/// `RUN` of rules for network interfaces (udev(7)), of this machine's own rules.
fn udev(root: &Image, nic: &Nic, found: &mut Vec<BootCommand>) -> io::Result<()> {
    for path in root.glob("/etc/udev/rules.d/*.rules").into_iter().take(MAX_FILES) {
        let Some(text) = root.text_if_any(&path)? else { continue };
        for (line, text) in (1..).zip(text.lines()) {
            let items = udev_items(text);
            let of_net = items.iter().any(|(key, operator, value)| key == "SUBSYSTEM" && operator == "==" && value == "net");
            let fits = |(key, operator, value): &(String, String, String)| match (&key[..], &operator[..]) {
                ("KERNEL" | "NAME" | "ENV{INTERFACE}", "==") => value.split('|').any(|pattern| crate::image::matches(pattern, &nic.name)),
                ("KERNEL" | "NAME" | "ENV{INTERFACE}", "!=") => !value.split('|').any(|pattern| crate::image::matches(pattern, &nic.name)),
                ("ACTION", "==") => value.split('|').any(|action| crate::image::matches(action, "add")),
                _ => true,
            };
            // What else a rule asks for is not looked at, so it perhaps runs.
            let certain = items.iter().all(|(key, operator, _)| {
                !matches!(&operator[..], "==" | "!=") || matches!(&key[..], "SUBSYSTEM" | "KERNEL" | "NAME" | "ACTION" | "ENV{INTERFACE}")
            });
            if !of_net || !items.iter().all(fits) {
                continue;
            }
            for (_, _, value) in items.iter().filter(|(key, operator, _)| matches!(&key[..], "RUN" | "RUN{program}") && operator.contains(['=', '+']))
            {
                let value = ["%k", "$kernel", "$name", "$env{INTERFACE}", "%E{INTERFACE}"]
                    .iter()
                    .fold(value.clone(), |value, name| value.replace(name, &nic.name));
                let context = Context { root, environment: &|_| None, arguments: &[] };
                let words = value.split_whitespace().next().map(|_| udev_words(&value)).unwrap_or_default();
                let mut commands = run_words(&context, &FileLine { path: path.clone(), line }, &words);
                for command in &mut commands {
                    command.certain &= certain;
                }
                push(commands, Order::BeforeStack, found);
            }
        }
    }
    Ok(())
}

/// `KEY OPERATOR "VALUE"`, parted by commas; a comment has none.
fn udev_items(line: &str) -> Vec<(String, String, String)> {
    let mut items = Vec::new();
    let mut rest = line.trim_start();
    while !rest.is_empty() && !rest.starts_with('#') {
        let Some((before, after)) = rest.split_once('"') else { break };
        let mut value = String::new();
        let mut characters = after.char_indices();
        let mut end = after.len();
        while let Some((at, character)) = characters.next() {
            match character {
                '"' => {
                    end = at + 1;
                    break;
                }
                '\\' if after[at..].starts_with("\\\"") => value.extend(characters.next().map(|(_, next)| next)),
                other => value.push(other),
            }
        }
        let before = before.trim_matches([',', ' ', '\t']);
        let key = before.trim_end_matches(['=', '!', '+', '-', ':']);
        items.push((key.trim().to_owned(), before[key.len()..].trim().to_owned(), value));
        rest = &after[end..];
    }
    items
}

/// Words of a program that udev starts: single quotes keep blanks.
fn udev_words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (at, part) in line.split('\'').enumerate() {
        if at % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}

fn cloud_init(root: &Image, lists: &[(FileLine, Rc<Node>)], found: &mut Vec<BootCommand>) {
    for (at, list) in lists {
        let context = Context { root, environment: &|_| None, arguments: &[] };
        for item in list.items() {
            let commands = match item.scalar() {
                Some(line) => run(&context, at, line),
                None => run_words(&context, at, &item.items().iter().filter_map(|word| word.scalar()).map(str::to_owned).collect::<Vec<_>>()),
            };
            push(commands, Order::AfterStack, found);
        }
    }
}

/// The section `[sysctl]` of the active profile (tuned.conf(5)). What sysctl.d says is written again after it.
fn tuned(root: &Image, found: &mut Vec<BootCommand>) -> io::Result<()> {
    if !services::starts(root, &["tuned"]) {
        return Ok(());
    }
    let Some(active) = root.text_if_any("/etc/tuned/active_profile")? else { return Ok(()) };
    let folders = ["/etc/tuned", "/etc/tuned/profiles", "/usr/lib/tuned", "/usr/lib/tuned/profiles"];
    let by_sysctl = crate::host::sysctl::lines(root)?;
    for profile in active.split_whitespace().take(8) {
        let paths = folders.iter().map(|folder| format!("{folder}/{profile}/tuned.conf"));
        let Some(path) = paths.into_iter().find(|path| root.exists(path)) else { continue };
        let text = root.text_if_any(&path)?.unwrap_or_default();
        for set in ini::assignments(&text).filter(|set| set.section == "sysctl") {
            let names = crate::host::sysctl::key_path(set.key);
            if by_sysctl.iter().any(|line| line.path == names) {
                continue;
            }
            let words = ["sysctl".to_owned(), format!("{}={}", set.key, set.value)].map(|word| Word::of(&word)).to_vec();
            let command = Command { at: set.at(&path), words, input: None, output: None, text: None, certain: true, retried: false, unread: false };
            push(vec![command], Order::AfterStack, found);
        }
    }
    Ok(())
}

/// `PreUp` and `PostUp` of wg-quick(8), of the interfaces that its service brings up.
fn wg_quick(root: &Image, found: &mut Vec<BootCommand>) -> io::Result<()> {
    for path in root.glob("/etc/wireguard/*.conf").into_iter().take(MAX_FILES) {
        let name = path.rsplit('/').next().and_then(|file| file.strip_suffix(".conf")).unwrap_or_default().to_owned();
        if !services::starts(root, &[&format!("wg-quick@{name}")]) {
            continue;
        }
        let text = root.text_if_any(&path)?.unwrap_or_default();
        for set in ini::assignments(&text).filter(|set| matches!(set.key, "PreUp" | "PostUp")) {
            let context = Context { root, environment: &|_| None, arguments: &[] };
            push(run(&context, &set.at(&path), &set.value.replace("%i", &name)), Order::AfterStack, found);
        }
    }
    Ok(())
}
