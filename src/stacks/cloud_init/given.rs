//! Network configuration that stands in cloud-init's own files: version 1 (`config:`, a list) and version 2 (as netplan has it), each
//! read as the one IPv6 subnet that it gives an interface.

use crate::facts::{Mac, Setting};
use crate::image::Nic;
use crate::image::yaml::{Document, Node};
use crate::stacks::Fits;
use crate::stacks::netplan::Definitions;

/// What a subnet is: the types of version 1, of which those of OpenStack are some.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// No IPv6 in it.
    None,
    /// `dhcp6`, and `dhcp6: true` of version 2.
    Dhcp6,
    Stateful,
    Stateless,
    Slaac,
    Static,
}

/// A subnet and where it stands.
#[derive(Debug)]
pub(crate) struct Subnet {
    pub(crate) kind: Kind,
    pub(crate) accept_ra: Option<bool>,
    pub(crate) line: Setting<()>,
}

impl Subnet {
    /// What OpenStack's metadata say of a subnet of mode dhcpv6-stateful.
    pub(crate) fn of_openstack(line: Setting<()>) -> Self {
        Self { kind: Kind::Stateful, accept_ra: Some(true), line }
    }
}

/// What version 1 gives `nic`; nothing if it does not speak of it.
///
/// # Errors
/// Why that cannot be said.
pub(crate) fn first_version(document: &Document, network: &Node, nic: &Nic) -> Result<Option<Subnet>, String> {
    let Some((line, list)) = network.entry("config") else { return Ok(None) };
    let mut found = None;
    for item in list.items() {
        let of = |key: &str| item.get(key).and_then(|value| value.scalar());
        if of("name") != Some(&nic.name) {
            continue;
        }
        let (at, _) = item.entry("name").unwrap_or((line, list));
        if let Some(mac) = of("mac_address") {
            let mac: Option<Mac> = mac.parse().ok();
            match nic.mac {
                None => return Err(not_known(document, at, nic)),
                Some(own) if mac != Some(own) => continue,
                Some(_) => {}
            }
        }
        let mut subnet = Subnet { kind: Kind::None, accept_ra: of("accept-ra").and_then(boolean), line: document.setting(at, ()) };
        for each in item.get("subnets").map_or(&[][..], |subnets| subnets.items()) {
            let Some((at, kind)) = each.entry("type") else { continue };
            let address = each.get("address").and_then(|address| address.scalar()).unwrap_or_default();
            let kind = match kind.scalar() {
                Some("dhcp6" | "ipv6_dhcp") => Kind::Dhcp6,
                Some("ipv6_dhcpv6-stateful") => Kind::Stateful,
                Some("ipv6_dhcpv6-stateless") => Kind::Stateless,
                Some("ipv6_slaac") => Kind::Slaac,
                Some("static6") => Kind::Static,
                Some("static") if address.contains(':') => Kind::Static,
                _ => continue,
            };
            subnet = Subnet { kind, line: document.setting(at, ()), ..subnet };
        }
        found = Some(subnet);
    }
    Ok(found)
}

/// What version 2 gives `nic`, for renderers other than netplan; nothing if it does not speak of it.
///
/// # Errors
/// Why that cannot be said.
pub(crate) fn second_version(document: &Document, network: &Node, nic: &Nic) -> Result<Option<Subnet>, String> {
    let mut definitions = Definitions::default();
    definitions.take(document, network, false, false).map_err(|error| error.to_string())?;
    for definition in definitions.all() {
        match definition.fits(nic) {
            Fits::No => continue,
            Fits::Unknown(reason) => return Err(reason),
            Fits::Yes => {}
        }
        let of = |key: &str| definition.boolean(key).map_err(|error| error.to_string());
        let (dhcp6, accept_ra) = (of("dhcp6")?, of("accept-ra")?);
        let line = definition.at.clone().map(|at| document.setting(at.line, ()));
        let line = line.unwrap_or_else(|| document.setting(0, ()));
        let accept_ra = accept_ra.map(|accept| accept.value);
        let addresses = definition.all("addresses").iter().find(|list| list.value.items().iter().any(|item| item.scalar().is_some_and(is_ipv6)));
        return Ok(Some(match (dhcp6.filter(|dhcp6| dhcp6.value), addresses) {
            (Some(dhcp6), _) => Subnet { kind: Kind::Dhcp6, accept_ra, line: dhcp6.holding(()) },
            (None, Some(list)) => Subnet { kind: Kind::Static, accept_ra, line: list.holding(()) },
            (None, None) => Subnet { kind: Kind::None, accept_ra, line },
        }));
    }
    Ok(None)
}

fn not_known(document: &Document, line: u32, nic: &Nic) -> String {
    format!("{}: its MAC address decides whether it is {}, which cannot be known from files", document.at(line), nic.name)
}

fn is_ipv6(text: &str) -> bool {
    text.contains(':')
}

/// As PyYAML reads YAML 1.1.
fn boolean(text: &str) -> Option<bool> {
    match &text.to_ascii_lowercase()[..] {
        "true" | "yes" | "on" => Some(true),
        "false" | "no" | "off" => Some(false),
        _ => None,
    }
}
