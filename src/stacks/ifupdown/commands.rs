//! The commands that ifup runs for an interface: options of its stanzas, and the scripts below /etc/network, in their order (interfaces(5),
//! IFACE OPTIONS; execute.c of ifupdown 0.8.41).

use crate::facts::{RunsDhcpv6, Setting};
use crate::host::boot_commands::{BootCommand, Order};
use crate::image::Image;
use crate::image::shell::{self, Command, Context, FOLDERS};
use crate::stacks::client_commands::{self, Client, LinkLocal};
use crate::stacks::ifupdown::interfaces_file::Stanza;

/// Programs that have nothing to do with DHCPv6.
const OTHERS: [&str; 52] = [
    "echo",
    "printf",
    "true",
    "false",
    ":",
    "test",
    "[",
    "[[",
    "sleep",
    "set",
    "ip",
    "ifconfig",
    "route",
    "sysctl",
    "logger",
    "ethtool",
    "iptables",
    "ip6tables",
    "iptables-restore",
    "ip6tables-restore",
    "ip6tables-legacy",
    "ip6tables-nft",
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
    "grep",
    "which",
    "command",
    "type",
    "export",
    "pgrep",
    "pkill",
    "kill",
    "killall",
    "ping",
    "ping6",
    "mii-tool",
];
/// Programs that start others, whose names are not on the line.
const STARTERS: [&str; 14] = [
    "systemctl",
    "service",
    "invoke-rc.d",
    "rc-service",
    "initctl",
    "start",
    "at",
    "batch",
    "systemd-run",
    "run-parts",
    "ifup",
    "nmcli",
    "networkctl",
    "dhcpcd",
];

/// A command that ifup runs.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(super) command: Command,
    /// The option of the stanza as it is written; of a script its own line.
    pub(super) text: String,
    /// Which stanza, and whether it runs before the method of that brings the interface up.
    stanza: usize,
    before_method: bool,
    hook: bool,
}

/// The commands of `stanzas` for the interface `name`.
pub(crate) fn run(root: &Image, stanzas: &[Stanza], name: &str) -> Vec<Ran> {
    let mut found = Vec::new();
    for (number, stanza) in stanzas.iter().enumerate() {
        for (keys, hooks, before_method) in [(&["pre-up"][..], "/etc/network/if-pre-up.d", true), (&["up", "post-up"], "/etc/network/if-up.d", false)]
        {
            let environment = |variable: &str| environment(stanza, name, if before_method { "pre-up" } else { "post-up" }, variable);
            let context = Context { root, environment: &environment, arguments: &[] };
            let mut push = |commands: Vec<Command>, text: Option<&str>| {
                found.extend(commands.into_iter().map(|command| {
                    let text = text.map_or_else(|| command.shown(), str::to_owned);
                    Ran { text, stanza: number, before_method, hook: false, command }
                }));
            };
            for option in stanza.options.iter().filter(|option| keys.contains(&option.key())) {
                push(shell::run(&context, &option.at, option.value()), Some(&option.text));
            }
            for path in scripts(root, hooks) {
                let commands = shell::run_words(&context, &crate::facts::FileLine::whole(&path), std::slice::from_ref(&path));
                found.extend(commands.into_iter().map(|command| Ran { text: command.shown(), stanza: number, before_method, hook: true, command }));
            }
        }
    }
    found
}

/// The scripts of a folder as run-parts(8) takes them.
fn scripts(root: &Image, folder: &str) -> Vec<String> {
    let plain = |name: &String| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
    root.names(folder).into_iter().filter(plain).map(|name| format!("{folder}/{name}")).filter(|path| root.is_executable(path)).collect()
}

/// What ifup puts into the environment. `IF_X` is the option x; one that is not there is not set.
fn environment(stanza: &Stanza, name: &str, phase: &str, variable: &str) -> Option<String> {
    let text = |text: &Option<String>| Some(text.clone().unwrap_or_default());
    match variable {
        "IFACE" => Some(name.to_owned()),
        "LOGICAL" => Some(stanza.name.clone()),
        "ADDRFAM" => text(&stanza.family),
        "METHOD" => text(&stanza.method),
        "MODE" => Some("start".to_owned()),
        "PHASE" => Some(phase.to_owned()),
        "VERBOSITY" => Some("0".to_owned()),
        _ => {
            let wanted = variable.strip_prefix("IF_")?;
            let is = |key: &str| key.to_uppercase().replace('-', "_") == wanted;
            Some(stanza.options.iter().find(|option| is(option.key())).map_or(String::new(), |option| option.value().to_owned()))
        }
    }
}

/// Whether one of the commands runs DHCPv6 for addresses; `None` if none of them does, nor may.
pub(crate) fn dhcpv6(root: &Image, stanzas: &[Stanza], ran: &[Ran], name: &str) -> Option<Client> {
    // Of the scripts that packages bring, only what is known to run counts.
    let commands = ran.iter().filter(|ran| !ran.hook || ran.command.certain).map(|ran| (&ran.command, ran.text.clone()));
    let client = client_commands::dhcpv6(root, commands, name, link_local(stanzas));
    if client.as_ref().is_some_and(|(client, _)| matches!(client.value, RunsDhcpv6::Yes | RunsDhcpv6::CannotTell)) {
        return client;
    }
    let unread = ran.iter().filter(|ran| !ran.hook).find(|ran| may_start_a_client(root, &ran.command));
    let unknown = |ran: &Ran| {
        let text = format!("{} (what it starts is not read)", ran.text);
        (Setting { value: RunsDhcpv6::CannotTell, at: ran.command.at.clone(), text }, None)
    };
    unread.map(unknown).or(client)
}

/// A command that runs dhclient for IPv6, under whatever condition.
pub(super) fn dhclient(ran: &[Ran]) -> Option<&Command> {
    let runs = |command: &&Command| command.program() == "dhclient" && command.arguments().iter().any(|word| word.text == "-6");
    ran.iter().map(|ran| &ran.command).find(runs)
}

/// Of all methods only those of inet6 that settle the address wait for it: `dhcp`, and `static` with its settle-dad.sh (inet6.defn).
fn link_local(stanzas: &[Stanza]) -> LinkLocal {
    let has = |family: &str, methods: &[&str]| {
        stanzas
            .iter()
            .any(|stanza| stanza.family.as_deref() == Some(family) && stanza.method.as_deref().is_some_and(|method| methods.contains(&method)))
    };
    if has("inet6", &["dhcp", "static"]) {
        LinkLocal::Ready
    } else if has("inet", &["dhcp", "bootp", "ppp", "wvdial"]) {
        LinkLocal::Race
    } else {
        LinkLocal::Tentative
    }
}

/// Whether a command is one of which it is not known what it starts. A program that is not there starts nothing.
fn may_start_a_client(root: &Image, command: &Command) -> bool {
    let program = command.program();
    if command.unread || program.is_empty() || STARTERS.contains(&program) {
        return true;
    }
    let path = &command.words[0].text;
    let is_there = if path.starts_with('/') { root.exists(path) } else { FOLDERS.iter().any(|folder| root.exists(&format!("{folder}/{path}"))) };
    let is_client = ["dhclient", "udhcpc6", "odhcp6c", "dhcp6c", "dibbler-client"].contains(&program);
    is_there && !is_client && !OTHERS.contains(&program)
}

/// The commands in their order around what the methods write: one that runs before a later method has written accept_ra is undone.
pub(super) fn boot_commands(ran: Vec<Ran>, stanzas: &[Stanza]) -> Vec<BootCommand> {
    let writes = |stanza: &Stanza| super::accept_ra(std::slice::from_ref(stanza)).is_some();
    let last = stanzas.iter().rposition(writes);
    let boot = |ran: Ran| {
        let before = last.is_some_and(|last| ran.stanza < last || ran.stanza == last && ran.before_method);
        let order = if before { Order::BeforeStack } else { Order::AfterStack };
        BootCommand { command: ran.command, order, packaged: ran.hook, text: ran.text, restarted: false }
    };
    ran.into_iter().map(boot).collect()
}
