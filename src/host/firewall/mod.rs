//! The firewalls that are set up to start at boot, as far as they decide what IPv6 configuration needs.
//!
//! What comes in is looked at where it enters the host (hook `input`); what drops it earlier (`prerouting`, `netdev`, XDP) is not, nor is what
//! a program such as fail2ban or docker adds later. Rules that commands at boot load are read; a firewall that is not read is one of which
//! nothing can be told.

mod chains;
mod commands;
mod firewalld;
pub(crate) mod fixes;
mod ip6tables;
mod nft;
mod packet;
mod ufw;

use std::io;

use crate::facts::{FileLine, Firewall, Passes, Setting};
use crate::host::boot_commands::BootCommand;
use crate::host::services;
use crate::host::ufw as ufw_switch;
use crate::image::Image;
use crate::image::Nic;
use crate::image::shell_variables::Variables;
use chains::Fate;
use packet::Packet;

/// As much of a line as is shown.
const LONGEST_TEXT: usize = 200;
/// The file that the service nftables loads: on Red Hat, elsewhere, on Alpine.
const NFTABLES: [&str; 3] = ["/etc/sysconfig/nftables.conf", "/etc/nftables.conf", "/etc/nftables.nft"];
/// Services that load rules of ip6tables, and the file of each: Debian's iptables-persistent, Red Hat's, Alpine's.
const IP6TABLES: [(&[&str], &str); 3] = [
    (&["netfilter-persistent", "iptables-persistent"], "/etc/iptables/rules.v6"),
    (&["ip6tables"], "/etc/sysconfig/ip6tables"),
    (&["ip6tables"], "/etc/iptables/rules6-save"),
];

/// What each firewall that starts at boot does with what comes in by `nic`. One whose rules cannot be read to their end is among them, as one
/// of which nothing can be told.
///
/// # Errors
/// Whether one starts cannot be read.
pub(crate) fn at_boot(root: &Image, nic: &Nic, commands: &[BootCommand]) -> io::Result<Vec<Firewall>> {
    let mut firewalls = Vec::new();
    let mut add = |manager: &str, path: &str, fates: Result<[Fate; 2], String>| {
        let firewall = match fates {
            Ok([ras, dhcpv6]) => Firewall { manager: manager.to_owned(), ras: setting(root, &ras), dhcpv6: setting(root, &dhcpv6) },
            Err(reason) => {
                let at = FileLine::whole(path);
                let unknown = Setting { value: Passes::CannotTell, at, text: reason };
                Firewall { manager: manager.to_owned(), ras: unknown.clone(), dhcpv6: unknown }
            }
        };
        firewalls.push(firewall);
    };
    if services::starts(root, &["firewalld"]) {
        add("firewalld", "/etc/firewalld/firewalld.conf", firewalld::input(root, &nic.name));
    }
    if ufw_switch::starts(root)?.is_some() {
        add("ufw", ufw_switch::CONF, ufw::input(root, &nic.name));
    }
    if services::starts(root, &["nftables"]) {
        // Without a file the service fails, and nothing is in force.
        if let Some(path) = NFTABLES.into_iter().find(|path| root.exists(path)) {
            add("nftables", path, nft::input(root, path, &nic.name));
        }
    }
    for (names, path) in IP6TABLES {
        if services::starts(root, names) && root.exists(path) {
            add("ip6tables", path, ip6tables_of(root, path, &nic.name));
        }
    }
    firewalls.extend(unread(root)?);
    firewalls.extend(commands::of(root, &nic.name, commands));
    Ok(firewalls)
}

/// Firewalls of which v6check does not read the rules, by the service that loads them and the file that has them.
const UNREAD: [(&[&str], &str); 12] = [
    (&["shorewall6", "shorewall6-lite"], "/etc/shorewall6"),
    (&["firehol", "fireqos"], "/etc/firehol/firehol.conf"),
    (&["csf", "lfd"], "/etc/csf/csf.conf"),
    (&["ferm"], "/etc/ferm/ferm.conf"),
    (&["foomuuri"], "/etc/foomuuri"),
    (&["vuurmuur"], "/etc/vuurmuur"),
    (&["arno-iptables-firewall"], "/etc/arno-iptables-firewall/firewall.conf"),
    (&["apf", "apf-firewall"], "/etc/apf-firewall/conf.apf"),
    (&["uif"], "/etc/uif/uif.conf"),
    (&["uruk"], "/etc/uruk/rc"),
    (&["SuSEfirewall2", "SuSEfirewall2_setup", "SuSEfirewall2_init"], "/etc/sysconfig/SuSEfirewall2"),
    (&["illumio-ven", "ilo-ven"], "/opt/illumio_ven"),
];
fn unread(root: &Image) -> io::Result<Vec<Firewall>> {
    let mut found = Vec::new();
    for (names, path) in UNREAD {
        let Some(name) = names.iter().find(|name| services::starts(root, &[*name])) else { continue };
        // Told to leave IPv6 alone, csf does.
        if *name == "csf" || *name == "lfd" {
            let variables = Variables::read(root, path)?.unwrap_or_default();
            if variables.get("IPV6").is_some_and(|set| set.value == "0") {
                continue;
            }
        }
        let at = Setting::by_rule(path, format!("{name} loads its rules, which v6check does not read"));
        found.push(commands::not_read(name, &at));
    }
    Ok(found)
}

fn ip6tables_of(root: &Image, path: &str, nic: &str) -> Result<[Fate; 2], String> {
    let text = root.text_if_any(path).map_err(|error| error.to_string())?.unwrap_or_default();
    let mut tables = ip6tables::Tables::new();
    ip6tables::read(&mut tables, path, &text, nic)?;
    Ok(Packet::BOTH.map(|packet| ip6tables::input(&tables, packet, path)))
}

/// A fate with the line that decides as it stands there.
fn setting(root: &Image, fate: &Fate) -> Setting<Passes> {
    let line = usize::try_from(fate.at.line).unwrap_or(0).checked_sub(1);
    let text = line.and_then(|line| root.text(&fate.at.path).ok()?.lines().nth(line).map(|text| text.trim().chars().take(LONGEST_TEXT).collect()));
    let text = text.unwrap_or_else(|| match fate.passes {
        Passes::Yes => "nothing here forbids it".to_owned(),
        Passes::No => "nothing here lets it in".to_owned(),
        Passes::CannotTell => "it cannot be told from what is here".to_owned(),
    });
    Setting { value: fate.passes, at: fate.at.clone(), text }
}
