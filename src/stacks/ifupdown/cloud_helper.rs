//! What Debian 9 to 11 put into their cloud images around ifupdown: a helper that writes a stanza for each interface that appears without
//! one, from a template, and hooks that start dhclient -6 where the stanza asks for it in an option or a command of its own.

use std::io;

use super::setting;
use crate::facts::{RunsDhcpv6, Setting};
use crate::image::Image;
use crate::stacks::ifupdown::interfaces_file::{Configuration, Line, Stanza};

const HELPER: &str = "/etc/network/cloud-ifupdown-helper";
const TEMPLATE: &str = "/etc/network/cloud-interfaces-template";
/// Where hooks are that read an option of a stanza from their environment.
const HOOKS: [&str; 4] = ["/etc/network/if-pre-up.d/*", "/etc/network/if-up.d/*", "/usr/local/sbin/inet6-ifup-helper", HELPER];

/// The configuration together with what the helper writes for an interface; `None` where it writes nothing: it is not there, is switched
/// off, or a stanza names the interface.
///
/// # Errors
/// Helper or template cannot be read.
pub(crate) fn configuration(root: &Image, configuration: &Configuration, name: &str) -> io::Result<Option<Configuration>> {
    if name == "lo" || configuration.stanzas.iter().any(|stanza| super::fits(&stanza.name, name)) {
        return Ok(None);
    }
    let Some(helper) = root.text_if_any(HELPER)? else { return Ok(None) };
    let calls = |line: &str| line.starts_with("do_setup") && !line.contains('(');
    if !helper.lines().any(|line| calls(line.trim_start())) {
        // Its call is commented out where it is switched off; a helper of another form may write anything.
        let is_off = helper.lines().any(|line| calls(line.trim_start_matches(['#', ' ', '\t'])));
        let unclear = || io::Error::other(format!("{HELPER}: whether it writes a stanza at boot cannot be said"));
        return if is_off { Ok(None) } else { Err(unclear()) };
    }
    Configuration::read_with(root, TEMPLATE, &|text| text.replace("${INTERFACE}", name).replace("$INTERFACE", name))
}

/// Whether a hook runs DHCPv6 for these stanzas; `None` if none of them asks for one.
///
/// # Errors
/// One does, and what it does cannot be said.
pub(crate) fn dhcpv6(root: &Image, stanzas: &[Stanza]) -> Option<Result<Setting<RunsDhcpv6>, String>> {
    if let Some(option) = stanzas.iter().filter_map(|stanza| stanza.option("try_dhcp")).find(|option| option.value() != "0") {
        let hook = HOOKS.iter().flat_map(|pattern| root.glob(pattern)).find_map(|path| Some((runs_dhclient(root, &path, "TRY_DHCP")?, path)));
        return Some(match hook {
            Some((line, path)) => Ok(setting(RunsDhcpv6::Yes, option, format!("{} ({path}:{line} runs dhclient -6 for it)", option.text))),
            None => Err(format!("{}: `{}` is for a hook that v6check does not find", option.at, option.text)),
        });
    }
    let commands = stanzas.iter().flat_map(|stanza| &stanza.options).filter(|option| matches!(option.key(), "pre-up" | "up" | "post-up"));
    let script = |command: &&Line| {
        let path = command.value().split_whitespace().find(|word| word.starts_with('/'))?;
        // Under which conditions the script gets there is not read.
        runs_dhclient(root, path, "").map(|line| format!("{}: `{}` may run dhclient -6 ({path}:{line})", command.at, command.text))
    };
    commands.into_iter().find_map(|command| script(&command)).map(Err)
}

/// The line by which a script that mentions `word` runs dhclient for IPv6. Programs are no scripts.
fn runs_dhclient(root: &Image, path: &str, word: &str) -> Option<u32> {
    let text = root.text(path).ok().filter(|text| text.starts_with("#!") && text.contains(word))?;
    let runs = |line: &str| {
        let line = line.trim_start();
        !line.starts_with('#') && line.contains("dhclient") && line.split_whitespace().any(|word| word == "-6")
    };
    (1..).zip(text.lines()).find(|(_, line)| runs(line)).map(|(number, _)| number)
}
