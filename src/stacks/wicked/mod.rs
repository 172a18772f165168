//! wicked, of SUSE (ifcfg(5), ifcfg-dhcp(5), ifsysctl(5)): /etc/sysconfig/network/ifcfg-X. Router Advertisements stay with the kernel.
//!
//! wickedd itself writes an interface's `accept_ra` from sysctl.d and from its own ifsysctl files, where unlike in the kernel `all` and
//! `default` count for interfaces that are there already.

pub(crate) mod fixes;

use crate::host::image_identity::{self, Keeps, duids};
use crate::stacks::running::{Running, Serves, Socket};
use crate::stacks::stack::Stack;
use std::io;

use quick_xml::events::Event;

use crate::facts::{Intent, Observed, RunsDhcpv6, Setting, StackId, TakesRas};
use crate::host::services;
use crate::host::sysctl;
use crate::image::Image;
use crate::image::Nic;
use crate::image::shell_variables::Variables;
use crate::stacks::Claim;
use crate::stacks::Given;
use crate::stacks::Reading;

const ID: StackId = StackId::Wicked;

pub(crate) const STACK: Stack = Stack {
    read: Some(read),
    running: Running {
        processes: &["wickedd*"],
        socket: Some(Socket { process: "wickedd-dhcp6", owner: ID.name(), serves: Serves::ItsSockets }),
        ..Running::NONE
    },
    keeps: Keeps {
        duids: &[(&["/var/lib/wicked/duid.xml"], |path, bytes| duids::written(ID, path, bytes))],
        leases: &[(&["/var/lib/wicked/lease-*-dhcp-ipv6.xml"], |path, bytes| {
            image_identity::as_whole("wicked's", path, bytes).into_iter().collect()
        })],
        ..Keeps::NONE
    },
    init_scripts: &["wicked"],
    fix: fixes::fix,
    now: fixes::now,
    ..Stack::new(ID)
};
/// Deepest nesting of elements.
const MAX_DEPTH: usize = 32;

const FOLDER: &str = "/etc/sysconfig/network";

/// What wicked is set up to do with each of `nics`.
///
/// # Errors
/// A file cannot be read.
pub(crate) fn read(root: &Image, nics: &[Nic], _: &Given) -> io::Result<Reading> {
    let names: Vec<String> = root.names(FOLDER).into_iter().filter_map(|file| interface(&file)).collect();
    if !starts(root) || (names.is_empty() && !root.exists("/usr/sbin/wickedd")) {
        return Ok(Reading::default());
    }
    let interfaces: io::Result<_> = nics.iter().filter(|nic| nic.name != "lo").map(|nic| Ok((nic.name.clone(), claim(root, &nic.name)?))).collect();
    let mut named: std::collections::BTreeSet<String> = names.into_iter().collect();
    for path in root.glob(NATIVE) {
        named.extend(names_in(&root.text_if_any(&path)?.unwrap_or_default()));
    }
    Ok(Reading { interfaces: interfaces?, named, ..Reading::default() })
}

/// The interface that a file is for; those that editors and package managers leave behind are for none.
fn interface(file: &str) -> Option<String> {
    let name = file.strip_prefix("ifcfg-").filter(|name| !name.is_empty() && *name != "lo" && *name != "template")?;
    let left = name.ends_with('~')
        || [".rpmsave", ".rpmnew", ".rpmorig", ".bak", ".old", ".orig", ".template", ".scpmbackup"].iter().any(|end| name.ends_with(end));
    (!left).then(|| name.to_owned())
}

/// Whether it starts at boot: by its own name, or as the one that `network.service` stands for.
fn starts(root: &Image) -> bool {
    let network = root.link("/etc/systemd/system/network.service");
    match network.as_deref().and_then(|target| target.rsplit('/').next()) {
        Some(target) => target == "wicked.service",
        None => services::starts_if_told(root, &[ID.name()]),
    }
}

/// wicked's own files (wicked-config(5), ifconfig): XML that takes precedence over ifcfg files by no rule that is read here.
const NATIVE: &str = "/etc/wicked/ifconfig/*.xml";

/// Why the configuration of an interface is not known: a file of wicked's own names it, or says in some other way whom it is for.
fn native(root: &Image, name: &str) -> io::Result<Option<String>> {
    for path in root.glob(NATIVE) {
        let text = root.text_if_any(&path)?.unwrap_or_default();
        let others = names_in(&text);
        if others.is_empty() || others.iter().any(|other| other == name) {
            return Ok(Some(format!("{path}: wicked's own XML, which v6check does not read, configures {name}")));
        }
    }
    Ok(None)
}

/// The interfaces that a file of wicked's own names: `<interface><name>eth0</name>`. None if one has no plain name.
fn names_in(text: &str) -> Vec<String> {
    let mut reader = quick_xml::Reader::from_str(text);
    let mut path: Vec<Vec<u8>> = Vec::new();
    let mut names = Vec::new();
    loop {
        match reader.read_event() {
            Ok(Event::Start(start)) => {
                let is_plain = start.attributes().next().is_none();
                path.push(if is_plain { start.name().as_ref().to_vec() } else { b"(with attributes)".to_vec() });
            }
            Ok(Event::End(_)) => {
                path.pop();
            }
            Ok(Event::Text(text)) if matches!(&path[..], [.., interface, name] if interface == b"interface" && name == b"name") => {
                names.extend(std::str::from_utf8(&text).ok().map(|text| text.trim().to_owned()));
            }
            Ok(Event::Eof) => return names,
            // Broken, so that nothing is known of whom it is for.
            Err(_) => return Vec::new(),
            _ => {}
        }
        if path.len() > MAX_DEPTH {
            return Vec::new();
        }
    }
}

fn claim(root: &Image, name: &str) -> io::Result<Claim> {
    if let Some(reason) = native(root, name)? {
        return Ok(Claim::Configures(Observed::unknown(reason)));
    }
    let path = format!("{FOLDER}/ifcfg-{name}");
    if !root.exists(&path) {
        let none = Setting::by_rule(&path, format!("no file configures {name}"));
        return Ok(Claim::LeavesAlone(Intent::leaving_alone(ID, &none)));
    }
    let own = Variables::read(root, &path)?.unwrap_or_default();
    let global = Variables::read(root, &format!("{FOLDER}/dhcp"))?.unwrap_or_default();
    if let Some(reason) = own.not_known(&["STARTMODE", "BOOTPROTO", "DHCLIENT6_MODE"]).or_else(|| global.not_known(&["DHCLIENT6_MODE"])) {
        return Ok(Claim::Configures(Observed::unknown(reason)));
    }
    let at_boot = own.get("STARTMODE").map_or_else(
        || Setting::by_rule(&path, "no STARTMODE, which means manual").holding(false),
        |start| {
            let boots = ["auto", "hotplug", "ifplugd", "nfsroot", "boot", "onboot", "on"];
            start.holding(boots.contains(&&start.value.to_lowercase()[..]))
        },
    );
    let dhcpv6 = match own.get("BOOTPROTO") {
        None => Ok(Setting::by_rule(&path, "no BOOTPROTO, which means static").holding(RunsDhcpv6::No)),
        Some(protocol) => match &protocol.value.to_lowercase()[..] {
            "dhcp" | "dhcp6" | "dhcp+autoip" => mode(own.get_or(&global, "DHCLIENT6_MODE"), protocol),
            _ => Ok(protocol.holding(RunsDhcpv6::No)),
        },
    };
    let accept_ra = accept_ra(root, name)?;
    let kernel = Setting::by_rule(&path, "wicked leaves Router Advertisements to the kernel").holding(TakesRas::Kernel);
    Ok(Claim::Configures(Observed::from(dhcpv6.map(|dhcpv6| Intent { accept_ra, ..Intent::new(ID, at_boot, dhcpv6, kernel).with_client(ID) }))))
}

/// When DHCPv6 is run for addresses, where BOOTPROTO has it.
///
/// # Errors
/// The mode is not one of ifcfg-dhcp(5).
fn mode(mode: Option<&Setting<String>>, protocol: &Setting<String>) -> Result<Setting<RunsDhcpv6>, String> {
    let Some(mode) = mode else { return Ok(protocol.holding(RunsDhcpv6::WhenManaged)) };
    match &mode.value.to_lowercase()[..] {
        // The protocol is what turns it on, so it is the line to show.
        "auto" => Ok(protocol.holding(RunsDhcpv6::WhenManaged)),
        "managed" => Ok(mode.holding(RunsDhcpv6::Yes)),
        "info" | "prefix" => Ok(mode.holding(RunsDhcpv6::No)),
        _ => Err(format!("{}: `{}` is no mode that v6check knows", mode.at, mode.text)),
    }
}

/// What wickedd writes to the interface's `accept_ra`: what the files say for it, else for `default`, else for `all`. It reads /etc/sysctl.conf
/// whoever else does, and in its own files variables may stand for the interface (ifsysctl(5)).
fn accept_ra(root: &Image, name: &str) -> io::Result<Option<Setting<i64>>> {
    let mut texts: Vec<(String, String)> = sysctl::files(root)?.into_iter().map(|file| (file.path, file.text)).collect();
    for path in ["/etc/sysctl.conf".to_owned(), format!("{FOLDER}/ifsysctl"), format!("{FOLDER}/ifsysctl-{name}")] {
        texts.extend(root.text_if_any(&path)?.map(|text| (path, text)));
    }
    let mut found: [Option<Setting<i64>>; 3] = [None, None, None];
    for (path, text) in &texts {
        for (key, setting) in sysctl::numbers(path, text) {
            let ["net", "ipv6", "conf", whose, "accept_ra"] = key.iter().map(String::as_str).collect::<Vec<_>>()[..] else { continue };
            let place = match whose {
                "all" => 2,
                "default" => 1,
                "$INTERFACE" | "$SYSCTL_IF" | "${INTERFACE}" | "${SYSCTL_IF}" => 0,
                whose if whose == name => 0,
                _ => continue,
            };
            found[place] = Some(setting);
        }
    }
    Ok(found.into_iter().flatten().next())
}
