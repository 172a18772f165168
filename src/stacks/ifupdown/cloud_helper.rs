//! What Debian 9 to 11 put into their cloud images around ifupdown: a helper that writes a stanza for each interface that appears without
//! one, from a template, and hooks that start dhclient -6 where the stanza asks for it in an option or a command of its own.

use std::io;

use super::commands::{self, Ran};
use super::setting;
use crate::facts::{RunsDhcpv6, Setting};
use crate::image::Image;
use crate::stacks::ifupdown::interfaces_file::{Configuration, Stanza};

const HELPER: &str = "/etc/network/cloud-ifupdown-helper";
const TEMPLATE: &str = "/etc/network/cloud-interfaces-template";

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
/// One does, and no script that ifup runs starts a client.
pub(crate) fn dhcpv6(stanzas: &[Stanza], ran: &[Ran]) -> Option<Result<Setting<RunsDhcpv6>, String>> {
    let option = stanzas.iter().filter_map(|stanza| stanza.option("try_dhcp")).find(|option| option.value() != "0")?;
    // The hook waits for the network before it starts the client; under which conditions it does is not read.
    Some(match commands::dhclient(ran) {
        Some(command) => Ok(setting(RunsDhcpv6::Yes, option, format!("{} ({} runs dhclient -6 for it)", option.text, command.at))),
        None => Err(format!("{}: `{}` is for a hook that v6check does not find", option.at, option.text)),
    })
}
