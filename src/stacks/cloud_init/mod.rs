//! cloud-init: what it will write for a network stack at the first boot of an instance.
//!
//! What its data source will say is not in an image. Where its own configuration leaves the network to the data source, an OpenStack subnet
//! of mode dhcpv6-stateful is assumed. Network configuration on the kernel's command line is not looked at.

mod configuration;
mod given;
mod renderer;
mod rendering;

use crate::stacks::stack::{Stack, Traits};
use std::io;
use std::rc::Rc;

use crate::facts::{FileLine, Observed, Setting, StackId};
use crate::image::Image;
use crate::image::Nic;
use crate::image::yaml::Node;
use crate::stacks::Claim;
use crate::stacks::Given;
use crate::stacks::Reading;
use crate::stacks::Written;
use crate::stacks::netplan;
use configuration::{Configuration, Network};
use given::Subnet;
use renderer::Renderer;

/// Data sources that give the metadata of OpenStack.
const OF_OPENSTACK: [&str; 2] = ["OpenStack", "ConfigDrive"];
/// What it writes for an OpenStack subnet of mode dhcpv6-stateful.
const FOR_OPENSTACK: &str = "an OpenStack subnet of mode dhcpv6-stateful";

pub(crate) const STACK: Stack = Stack {
    read: Some(read),
    overrides: Some(overrides),
    writes: Some(writes),
    init_scripts: &["cloud-init-local"],
    traits: Traits { only_writes: true, ..Traits::NONE },
    ..Stack::new(StackId::CloudInit)
};

/// What cloud-init is set up to write for each of `nics`, as far as no stack has configuration of them yet.
///
/// # Errors
/// A file cannot be read.
pub(crate) fn read(root: &Image, nics: &[Nic], stacks: &Given) -> io::Result<Reading> {
    let Some(configuration) = Configuration::read(root)? else { return Ok(Reading::default()) };
    let network = configuration.network();
    if matches!(network, Network::Disabled) {
        return Ok(Reading::default());
    }
    // A guest that runs has its instance already: its next boot is of the same one, for which nothing is written again.
    let new = |nic: &&Nic| nic.mac.is_none() || !root.exists("/var/lib/cloud/instance");
    let mut reading = Reading::default();
    let renderer = match renderer::in_use(root, &configuration) {
        Ok(Some(renderer)) => renderer,
        Ok(None) => return Ok(reading),
        Err(reason) => {
            let unknown = |nic: &Nic| (nic.name.clone(), Claim::Pending(Observed::unknown(reason.clone())));
            reading.interfaces = nics.iter().filter(new).map(unknown).collect();
            return Ok(reading);
        }
    };
    for nic in nics.iter().filter(new) {
        if let Some(claim) = claim(root, &configuration, &network, &renderer, (nic, stacks)) {
            reading.interfaces.insert(nic.name.clone(), claim);
        }
    }
    Ok(reading)
}

/// What it will write for `nic`; nothing if its own configuration does not speak of it.
fn claim(
    root: &Image,
    configuration: &Configuration,
    network: &Network<'_>,
    renderer: &Setting<Renderer>,
    (nic, stacks): (&Nic, &Given),
) -> Option<Claim> {
    let unknown = |reason: String| Some(Claim::Pending(Observed::unknown(reason)));
    let rendered = |subnet: &Subnet, whose: &str| {
        let intent = rendering::intent((root, stacks), configuration.version, renderer, subnet, whose);
        Some(Claim::Pending(intent.map_or_else(Observed::unknown, Observed::Seen)))
    };
    let given = match network {
        Network::Disabled => return None,
        Network::OfDataSource => {
            let lacks = |list: &Setting<Vec<String>>| !OF_OPENSTACK.iter().any(|name| list.value.iter().any(|given| given == name));
            if let Some(list) = configuration.data_sources().filter(lacks) {
                return unknown(format!("{}: cloud-init has no data source of OpenStack: `{}`", list.at, list.text));
            }
            return rendered(&Subnet::of_openstack(renderer.holding(())), FOR_OPENSTACK);
        }
        Network::Second(document, network) if renderer.value == Renderer::Netplan => {
            return match netplan::of_document(root, document, network, nic, stacks) {
                Ok(Some(Claim::Configures(intent))) => Some(Claim::Pending(intent)),
                Ok(other) => other,
                Err(error) => unknown(error.to_string()),
            };
        }
        Network::First(document, network) => given::first_version(document, network, nic),
        Network::Second(document, network) => given::second_version(document, network, nic),
    };
    match given {
        Err(reason) => unknown(reason),
        Ok(subnet) => rendered(&subnet?, "its own configuration"),
    }
}

/// The lists of commands that it runs at boot, in their order: `bootcmd` and `runcmd` of its own configuration.
///
/// # Errors
/// A file that decides cannot be read.
pub(crate) fn commands(root: &Image) -> io::Result<Vec<(FileLine, Rc<Node>)>> {
    let Some(configuration) = Configuration::read(root)? else { return Ok(Vec::new()) };
    Ok(["bootcmd", "runcmd"].into_iter().filter_map(|key| configuration.commands(key)).collect())
}

/// The files that it writes anew for each new instance; none where it leaves the network alone.
///
/// # Errors
/// A file of its configuration cannot be read.
fn writes(root: &Image) -> io::Result<Option<Written>> {
    let Some(configuration) = Configuration::read(root)?.filter(|found| !matches!(found.network(), Network::Disabled)) else {
        return Ok(None);
    };
    let Some(renderer) = renderer::in_use(root, &configuration).ok().flatten() else { return Ok(None) };
    let of_interface = match renderer.value {
        Renderer::NetworkManager => Some(("/etc/NetworkManager/system-connections/cloud-init-", ".nmconnection")),
        Renderer::Sysconfig => Some(("/etc/sysconfig/network-scripts/ifcfg-", "")),
        _ => None,
    };
    let names = matches!(renderer.value, Renderer::Eni | Renderer::Sysconfig).then_some("/etc/udev/rules.d/70-persistent-net.rules");
    Ok(Some(Written { of_interface, names }))
}

/// cloud-init as the one who writes a stack's files anew: if it is installed, runs, and was not told to leave the network alone.
///
/// # Errors
/// A file of its configuration cannot be read.
fn overrides(root: &Image) -> io::Result<Option<Setting<StackId>>> {
    let Some(configuration) = Configuration::read(root)? else { return Ok(None) };
    if matches!(configuration.network(), Network::Disabled) {
        return Ok(None);
    }
    let text = "cloud-init writes the network's files anew at the first boot of an instance (no `network: {config: disabled}`)";
    Ok(Some(Setting { value: StackId::CloudInit, at: Configuration::at(), text: text.to_owned() }))
}
