//! Rules that commands at boot load: ip6tables(8), ip6tables-restore(8) and nft(8) in stanzas, rc.local and units.

use super::chains::Rule;
use super::ip6tables::{self, Tables};
use super::packet::{Fits, Packet};
use super::{nft, setting};
use crate::facts::{FileLine, Firewall, Passes, Setting};
use crate::host::boot_commands::BootCommand;
use crate::image::Image;
use crate::image::shell::Command;

/// What other programs that load rules are called. They are not read.
const UNREAD: [&str; 9] = ["firewall-cmd", "shorewall6", "firehol", "ferm", "csf", "apf", "uruk", "ip6tables-apply", "nft-safe"];

/// The firewalls that commands set up, in what is left of them at the end.
pub(super) fn of(root: &Image, nic: &str, commands: &[BootCommand]) -> Vec<Firewall> {
    let mut firewalls = Vec::new();
    let mut tables = Tables::new();
    let mut first: Option<FileLine> = None;
    let mut unclear: Option<Setting<()>> = None;
    for boot in commands.iter().filter(|boot| boot.counts()) {
        let command = &boot.command;
        let unknown = || Setting { value: (), at: command.at.clone(), text: boot.text.clone() };
        match command.program() {
            "ip6tables" | "ip6tables-nft" | "ip6tables-legacy" => {
                first.get_or_insert_with(|| command.at.clone());
                if !add(&mut tables, command, nic) {
                    unclear = unclear.or_else(|| Some(unknown()));
                }
            }
            "ip6tables-restore" | "ip6tables-nft-restore" | "ip6tables-legacy-restore" => {
                first.get_or_insert_with(|| command.at.clone());
                if !restore(root, &mut tables, command, nic) {
                    unclear = unclear.or_else(|| Some(unknown()));
                }
            }
            "nft" => firewalls.extend(by_nft(root, boot, nic)),
            program if UNREAD.contains(&program) || is_ufw_enable(command) => firewalls.push(not_read(program, &unknown())),
            _ => {}
        }
    }
    let filters = tables.iter().any(|(name, table)| name != "nat" && table.chains.contains_key("INPUT"));
    match (first, unclear) {
        (_, Some(at)) => firewalls.push(not_read("ip6tables", &at)),
        (Some(at), None) if filters => {
            let [ras, dhcpv6] = Packet::BOTH.map(|packet| setting(root, &ip6tables::input(&tables, packet, &at.path)));
            firewalls.push(Firewall { manager: "ip6tables".to_owned(), ras, dhcpv6 });
        }
        _ => {}
    }
    firewalls
}

fn is_ufw_enable(command: &Command) -> bool {
    command.program() == "ufw" && command.arguments().iter().any(|word| word.text == "enable")
}

/// A firewall of which nothing can be told.
pub(super) fn not_read(manager: &str, at: &Setting<()>) -> Firewall {
    let unknown = at.holding(Passes::CannotTell);
    Firewall { manager: manager.to_owned(), ras: unknown.clone(), dhcpv6: unknown }
}

/// Carries out one ip6tables(8); says whether it is understood. What perhaps runs is a rule that fits perhaps.
fn add(tables: &mut Tables, command: &Command, nic: &str) -> bool {
    if command.arguments().iter().any(|word| !word.known) {
        // It concerns what comes in only where it is about INPUT.
        return !command.arguments().iter().any(|word| !word.known && word.pattern == "*" || word.text == "INPUT" || word.text == "-P");
    }
    let mut table = "filter";
    let mut words: Vec<&str> = Vec::new();
    let mut rest = command.arguments().iter().map(|word| word.text.as_str()).peekable();
    while let Some(word) = rest.next() {
        match word {
            "-t" | "--table" => table = rest.next().unwrap_or("filter"),
            "-w" | "--wait" => {
                rest.next_if(|next| next.parse::<u32>().is_ok());
            }
            "-v" | "--verbose" | "-n" | "-6" => {}
            _ => words.push(word),
        }
    }
    let [action, ..] = words[..] else { return true };
    match action {
        "-L" | "-S" | "-C" | "--list" | "--check" | "-Z" | "--zero" | "-X" | "--delete-chain" => return true,
        "-F" | "--flush" if words.len() == 1 => {
            if command.certain {
                tables.entry(table.to_owned()).or_default().chains.values_mut().for_each(Vec::clear);
            }
            return command.certain;
        }
        "-A" | "--append" | "-I" | "--insert" | "-N" | "--new-chain" => {}
        _ if !command.certain => return false,
        _ => {}
    }
    let position = matches!(action, "-I" | "--insert") && words.get(2).is_some_and(|word| word.parse::<u32>().is_ok());
    if position {
        words.remove(2);
    }
    ip6tables::apply(tables.entry(table.to_owned()).or_default(), &words, &command.at, nic, |rule: Rule| {
        if command.certain { rule } else { Rule { fits: rule.fits.map(|fits| fits.and(Fits::Maybe)), ..rule } }
    });
    true
}

fn restore(root: &Image, tables: &mut Tables, command: &Command, nic: &str) -> bool {
    let keeps = command.arguments().iter().any(|word| matches!(&word.text[..], "-n" | "--noflush"));
    let named = command.arguments().iter().find(|word| !word.text.starts_with('-'));
    let Some(path) = named.or(command.input.as_ref()).filter(|path| path.known && command.certain) else { return false };
    let Ok(Some(text)) = root.text_if_any(&path.text) else {
        // Without the file it fails, and changes nothing.
        return !root.exists(&path.text);
    };
    if !keeps {
        tables.clear();
    }
    ip6tables::read(tables, &path.text, &text, nic).is_ok()
}

fn by_nft(root: &Image, boot: &BootCommand, nic: &str) -> Option<Firewall> {
    let command = &boot.command;
    let at = Setting { value: (), at: command.at.clone(), text: boot.text.clone() };
    let words: Vec<&str> = command.arguments().iter().map(|word| word.text.as_str()).collect();
    if let Some(file) = words.iter().position(|word| matches!(*word, "-f" | "--file")) {
        let path = command.arguments().get(file + 1).filter(|path| path.known && command.certain);
        let Some(path) = path else { return Some(not_read("nftables", &at)) };
        return match root.exists(&path.text).then(|| nft::input(root, &path.text, nic))? {
            Ok([ras, dhcpv6]) => Some(Firewall { manager: "nftables".to_owned(), ras: setting(root, &ras), dhcpv6: setting(root, &dhcpv6) }),
            Err(reason) => Some(not_read("nftables", &Setting { text: reason, ..at })),
        };
    }
    let changes =
        words.iter().find(|word| !word.starts_with('-')).is_none_or(|verb| !matches!(*verb, "list" | "flush" | "monitor" | "delete" | "reset"));
    changes.then(|| not_read("nftables", &at))
}
