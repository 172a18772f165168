//! Network stacks: what their files set up for the next boot, and what of them runs now. One folder a stack.
//!
//! A stack that is installed here but not read makes the answer unknown, and is named in the reason: what its files say cannot be guessed
//! from those of another.

pub(crate) mod boot_writer;
pub(crate) mod client_commands;
pub(crate) mod cloud_init;
pub(crate) mod connman;
pub(crate) mod dhclient;
pub(crate) mod dhcp6c;
pub(crate) mod dhcp_all_interfaces;
pub(crate) mod dhcpcd;
pub(crate) mod dibbler;
pub(crate) mod fixes;
pub(crate) mod glean;
pub(crate) mod ifcfg;
pub(crate) mod ifupdown;
pub(crate) mod ifupdown2;
pub(crate) mod ifupdown_ng;
pub(crate) mod leases;
pub(crate) mod netifd;
pub(crate) mod netplan;
pub(crate) mod network_manager;
pub(crate) mod network_scripts;
pub(crate) mod networkd;
pub(crate) mod odhcp6c;
pub(crate) mod running;
pub(crate) mod selection;
pub(crate) mod stack;
pub(crate) mod statements;
pub(crate) mod udhcpc6;
pub(crate) mod wicked;

use std::io;

pub(crate) use crate::facts::StackId;
use crate::facts::{Intent, Observed, Owner, Process, Reason, Setting};
use crate::host::image_identity::Keeps;
use crate::host::literal_backticks::Place;
use crate::host::services;
use crate::image::{Image, Nic};
pub(crate) use stack::{Claim, Fits, Given, Reading, Stack, Traits, Written, any_nics};

/// All stacks and clients. One folder and one line here make a new one, and its row in [`UNREAD`] goes.
pub(crate) const STACKS: &[Stack] = &[
    dhclient::STACK,
    ifupdown::STACK,
    ifupdown2::STACK,
    networkd::STACK,
    network_manager::STACK,
    network_scripts::STACK,
    netplan::STACK,
    ifupdown_ng::STACK,
    ifupdown_ng::BUSYBOX,
    dhcpcd::STACK,
    wicked::STACK,
    connman::STACK,
    netifd::STACK,
    dhcp6c::STACK,
    dibbler::STACK,
    odhcp6c::STACK,
    udhcpc6::STACK,
    cloud_init::STACK,
    dhcp_all_interfaces::STACK,
    glean::STACK,
];

/// What is not read, by the files that show that it is set up here. Files that packages bring without anybody's doing are left out.
const UNREAD: &[(&str, &[&str])] = &[
    ("netctl", &["/etc/systemd/system/*.wants/netctl*@*.service"]),
    ("netifrc", &["/etc/runlevels/*/net.e*"]),
    ("rc.inet1", &["/etc/rc.d/rc.inet1.conf"]),
];

/// Each stack with its reading, or why it could not be read.
pub(crate) type Readings = [(StackId, Result<Reading, String>)];

pub(crate) fn readings(root: &Image, nics: &[Nic]) -> Vec<(StackId, Result<Reading, String>)> {
    let given = root.known(|| Ok::<_, Reason>(given(root, nics)));
    let read = |stack: &Stack| {
        let read = stack.read?;
        let reading = given.as_ref().map_err(Reason::clone).and_then(|given| root.known(|| read(root, nics, given)));
        Some((stack.id, reading.map_err(|error| format!("{}: {error}", stack.id))))
    };
    STACKS.iter().filter_map(read).collect()
}

/// What the stacks' files say, no interface being asked about, and why some files could not be read that may name others.
pub(crate) fn named(root: &Image) -> (Vec<Reading>, Vec<String>) {
    let (mut readings, mut unknown) = (Vec::new(), Vec::new());
    let (given, unread) = root.scope(|| given(root, &[]));
    unknown.extend(unread.map(|reason| reason.text.clone()));
    for (stack, read) in STACKS.iter().filter_map(|stack| Some((stack, stack.read?))) {
        let (reading, unread) = root.scope(|| read(root, &[], &given));
        let reason = match reading {
            Ok(reading) => {
                readings.push(reading);
                unread.map(|unread| unread.to_string())
            }
            Err(error) => Some(error.to_string()),
        };
        unknown.extend(reason.map(|reason| format!("{}: {reason}", stack.id)));
    }
    (readings, unknown)
}

/// What the stacks give each other.
pub(crate) fn given(root: &Image, nics: &[Nic]) -> Given {
    let mut given = Given::default();
    match overrides(root) {
        Ok(overrides) => given.overrides = overrides,
        Err(error) => given.not_known = Some(error.to_string()),
    }
    match written(root) {
        Ok(written) => given.written = written,
        Err(error) => given.not_known = Some(error.to_string()),
    }
    for renders in STACKS.iter().filter_map(|stack| stack.renders) {
        let rendered = renders(root, nics, &given);
        given.rendered.starts_it |= rendered.starts_it;
        for (nic, files) in rendered.files {
            given.rendered.files.entry(nic).or_default().extend(files);
        }
    }
    given
}

/// Who writes the files of stacks anew for each instance.
///
/// # Errors
/// A file cannot be read.
pub(crate) fn overrides(root: &Image) -> io::Result<Option<Setting<StackId>>> {
    for of in STACKS.iter().filter_map(|stack| stack.overrides) {
        if let Some(found) = of(root)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// The files of other stacks that are written anew for each instance.
///
/// # Errors
/// A file cannot be read.
pub(crate) fn written(root: &Image) -> io::Result<Written> {
    for of in STACKS.iter().filter_map(|stack| stack.writes) {
        if let Some(found) = of(root)? {
            return Ok(found);
        }
    }
    Ok(Written::default())
}

/// What the clients keep in files that clones of an image would share.
pub(crate) fn kept() -> impl Iterator<Item = &'static Keeps> {
    STACKS.iter().map(|stack| &stack.keeps)
}

/// The files that lines of Calico's recipe go into.
pub(crate) fn recipe() -> impl Iterator<Item = &'static Place> {
    STACKS.iter().flat_map(|stack| stack.recipe)
}

/// The stack that a process of this name is of.
pub(crate) fn of_process(name: &str) -> Option<&'static Stack> {
    STACKS.iter().find(|stack| stack.running.has(name))
}

/// Whether a process is a stack's or a client's.
pub(crate) fn is_one(process: &Process) -> bool {
    of_process(&process.name).is_some_and(|stack| stack.running.is_it.is_none_or(|is_it| is_it(process)))
}

/// How a stack behaves.
pub(crate) fn traits(id: StackId) -> Traits {
    STACKS.iter().find(|stack| stack.id == id).map_or(Traits::NONE, |stack| stack.traits)
}

/// How an owner behaves; nothing is known of one that is none of the stacks.
pub(crate) fn traits_of(owner: &Owner) -> Traits {
    owner.id().map_or(Traits::NONE, traits)
}

/// Names who writes the files of the stack anew, whatever stack it is. One whose files are still to be written has nothing to lose.
pub(crate) fn overridden(stack: Observed<Intent>, overrides: Option<&Setting<StackId>>) -> Observed<Intent> {
    let Observed::Seen(mut intent) = stack else { return stack };
    if !intent.by.is_some_and(|by| traits(by).only_writes) && intent.overrides.is_empty() {
        intent.overrides.extend(overrides.cloned());
    }
    Observed::Seen(intent)
}

/// The stacks that are set up here and not read, each with the file that shows it.
pub(crate) fn unread(root: &Image) -> Vec<String> {
    let mut found = Vec::new();
    for (name, patterns) in UNREAD {
        let mut files = patterns.iter().flat_map(|pattern| root.glob(pattern)).filter(|path| !path.ends_with("/ifcfg-lo"));
        if let Some(path) = files.next() {
            found.push(format!("{name} ({path})"));
        }
    }
    found
}

/// Units of network stacks.
const UNITS: [&str; 8] = [
    "systemd-networkd.service",
    "NetworkManager.service",
    "networking.service",
    "network.service",
    "dhcpcd.service",
    "connman.service",
    "wicked.service",
    "wickedd.service",
];

/// The units of network stacks that are masked.
pub(crate) fn masked(root: &Image) -> Vec<String> {
    UNITS.iter().filter(|unit| services::is_masked(root, unit)).map(|unit| (*unit).to_owned()).collect()
}
