//! firewalld: which zone an interface is in, and what that zone lets in (firewalld.zone(5), firewalld.policy(5), firewalld.conf(5)).
//!
//! A zone that a source address selects counts where the address may be that of a router or server.

use crate::image::xml;

use super::chains::Fate;
use super::packet::{Field, Fits, Packet};
use crate::facts::{FileLine, Passes};
use crate::image::Image;
use crate::image::has_wildcard;
use crate::image::ini;
use xml::Element;

const CONF: &str = "/etc/firewalld/firewalld.conf";
/// Where firewalld keeps files of each kind, the stronger first.
const FOLDERS: [&str; 2] = ["/etc/firewalld", "/usr/lib/firewalld"];
const DEFAULT_ZONE: &str = "public";
/// Before all zones it lets in what IPv6 needs, since firewalld 0.9.0.
const POLICY: &str = "allow-host-ipv6";
const SERVICE: &str = "dhcpv6-client";
/// As many files of one kind as are read.
const MOST_FILES: usize = 256;

/// What becomes of each packet.
///
/// # Errors
/// Why that cannot be said.
pub(crate) fn input(root: &Image, nic: &str) -> Result<[Fate; 2], String> {
    if let Some(at) = direct(root)? {
        return Ok(Packet::BOTH.map(|_| Fate { passes: Passes::CannotTell, at: at.clone() }));
    }
    let (zone, chosen) = zone_of(root, nic)?;
    let path = file(root, "zones", &zone).ok_or_else(|| format!("{}: there is no zone {zone}", chosen.path))?;
    let elements = elements(root, &path)?;
    let zone = Zone { elements: &elements, path: &path };
    Ok([zone.ras(root)?, zone.dhcpv6(root)?])
}

/// The file of a zone, policy or service.
fn file(root: &Image, kind: &str, name: &str) -> Option<String> {
    if name.contains('/') {
        return None;
    }
    FOLDERS.iter().map(|folder| format!("{folder}/{kind}/{name}.xml")).find(|path| root.exists(path))
}

fn elements(root: &Image, path: &str) -> Result<Vec<Element>, String> {
    let text = root.text_if_any(path).map_err(|error| error.to_string())?.unwrap_or_default();
    xml::elements(&text).map_err(|error| format!("{path}: {error}"))
}

/// Rules that go around the zones.
fn direct(root: &Image) -> Result<Option<FileLine>, String> {
    const DIRECT: &str = "/etc/firewalld/direct.xml";
    let found = elements(root, DIRECT)?;
    let ipv6 = |element: &&Element| matches!(&element.name[..], "rule" | "passthrough") && element.attribute("ipv") == Some("ipv6");
    if let Some(rule) = found.iter().find(ipv6) {
        return Ok(Some(rule.at(DIRECT)));
    }
    // Policies of the administrator's own for what comes to the host.
    for path in root.at_most(MOST_FILES, root.glob("/etc/firewalld/policies/*.xml"), "/etc/firewalld/policies") {
        if path.ends_with(&format!("/{POLICY}.xml")) {
            continue;
        }
        let to_host = |element: &Element| element.name == "egress-zone" && element.attribute("name") == Some("HOST");
        if let Some(element) = elements(root, &path)?.iter().find(|element| to_host(element)) {
            return Ok(Some(element.at(&path)));
        }
    }
    Ok(None)
}

/// The zone of the interface, and where that is said: a zone that a link-local source selects, NetworkManager's profile or ifcfg, the zone
/// that names the interface, the default.
fn zone_of(root: &Image, nic: &str) -> Result<(String, FileLine), String> {
    let mut paths: Vec<String> = Vec::new();
    let zones = FOLDERS.iter().flat_map(|folder| root.glob(&format!("{folder}/zones/*.xml"))).collect();
    for path in root.at_most(MOST_FILES, zones, "/etc/firewalld/zones") {
        let name = |path: &str| path.rsplit('/').next().map(str::to_owned);
        if !paths.iter().any(|known| name(known) == name(&path)) {
            paths.push(path);
        }
    }
    let mut by_interface = None;
    for path in &paths {
        let zone = path.rsplit('/').next().and_then(|name| name.strip_suffix(".xml")).unwrap_or_default().to_owned();
        for element in elements(root, path)? {
            match &element.name[..] {
                // Inside a rich rule it is a condition.
                "source" if !element.inside("rule") => {
                    let address = element.attribute("address").unwrap_or("ipset or MAC address");
                    match Field::Source.is(Packet::Dhcpv6, nic, address) {
                        Fits::Yes => return Ok((zone, element.at(path))),
                        Fits::Maybe => return Err(format!("{path}:{}: a source that may be a router or server selects the zone", element.line)),
                        Fits::No => {}
                    }
                }
                "interface" if element.attribute("name").is_some_and(|name| Field::Interface.is(Packet::Dhcpv6, nic, name) == Fits::Yes) => {
                    by_interface.get_or_insert((zone.clone(), element.at(path)));
                }
                _ => {}
            }
        }
    }
    if let Some(found) = by_profile(root, nic)? {
        return Ok(found);
    }
    if let Some(found) = by_interface {
        return Ok(found);
    }
    let text = root.text_if_any(CONF).map_err(|error| error.to_string())?.unwrap_or_default();
    let set = ini::last(&text, "DefaultZone").filter(|set| !set.value.is_empty());
    let none = || (DEFAULT_ZONE.to_owned(), FileLine::whole(CONF));
    Ok(set.map_or_else(none, |set| (set.value.to_owned(), set.at(CONF))))
}

/// `zone` of a profile that names the interface, or `ZONE` of its ifcfg file.
fn by_profile(root: &Image, nic: &str) -> Result<Option<(String, FileLine)>, String> {
    let mut paths = root.glob("/etc/NetworkManager/system-connections/*");
    let ifcfg = format!("/etc/sysconfig/network-scripts/ifcfg-{nic}");
    if !nic.contains('/') && !has_wildcard(nic) && root.exists(&ifcfg) {
        paths.push(ifcfg);
    }
    paths.retain(|path| !root.is_directory(path));
    for path in root.at_most(MOST_FILES, paths, "/etc/NetworkManager/system-connections") {
        let text = root.text_if_any(&path).map_err(|error| error.to_string())?.unwrap_or_default();
        let last = |section: &str, key: &str| ini::assignments(&text).filter(|set| set.section == section && set.key == key).last();
        let names = last("connection", "interface-name").is_some_and(|set| set.value == nic);
        let zone = if names { last("connection", "zone") } else { last("", "ZONE") };
        if let Some(zone) = zone.filter(|zone| !zone.value.is_empty()) {
            return Ok(Some((zone.value.to_owned(), zone.at(&path))));
        }
    }
    Ok(None)
}

struct Zone<'a> {
    elements: &'a [Element],
    path: &'a str,
}

impl Zone<'_> {
    fn fate(&self, passes: Passes, element: Option<&Element>) -> Fate {
        // The zone's own line, where nothing in it decides.
        let zone = || self.elements.first().map_or(0, |zone| zone.line);
        Fate { passes, at: FileLine { path: self.path.to_owned(), line: element.map_or_else(zone, |element| element.line) } }
    }

    fn target(&self) -> &str {
        self.elements.iter().find(|element| element.name == "zone").and_then(|zone| zone.attribute("target")).unwrap_or("default")
    }

    fn named(&self, name: &str) -> impl Iterator<Item = &Element> {
        self.elements.iter().filter(move |element| element.name == name && !element.inside("rule"))
    }

    /// Rich rules for IPv6 that are not plainly about something else.
    fn rich(&self) -> Option<&Element> {
        let rules = self.elements.iter().filter(|element| element.name == "rule" && element.attribute("family") != Some("ipv4"));
        let others = ["service", "port", "icmp-type", "icmp-block", "protocol", "forward-port", "masquerade"];
        rules.into_iter().find(|rule| {
            let of_it = |element: &&Element| element.parent == Some(rule.place) && others.contains(&&element.name[..]);
            !self.elements.iter().any(|element| of_it(&element) && !concerns(element))
        })
    }

    fn ras(&self, root: &Image) -> Result<Fate, String> {
        if let Some(path) = file(root, "policies", POLICY) {
            let policy = elements(root, &path)?;
            if let Some(rule) = policy.iter().find(|element| element.attribute("name") == Some("router-advertisement")) {
                return Ok(Fate { passes: Passes::Yes, at: rule.at(&path) });
            }
        }
        if let Some(rule) = self.rich() {
            return Ok(self.fate(Passes::CannotTell, Some(rule)));
        }
        let inverted = self.named("icmp-block-inversion").next();
        let block = self.named("icmp-block").find(|block| block.attribute("name") == Some("router-advertisement"));
        // What the zone lets in comes before its target, and behind what it blocks.
        let of_protocol = |element: &&Element| matches!(element.attribute("value"), Some("ipv6-icmp" | "icmpv6" | "58"));
        if let (None, None, Some(protocol)) = (inverted, block, self.named("protocol").find(of_protocol)) {
            return Ok(self.fate(Passes::Yes, Some(protocol)));
        }
        Ok(match (self.target(), inverted, block) {
            ("ACCEPT", ..) | ("default" | "%%REJECT%%", Some(_), Some(_)) => self.fate(Passes::Yes, block),
            ("default", None, None) => self.fate(Passes::Yes, None),
            (_, None, Some(block)) => self.fate(Passes::No, Some(block)),
            (_, Some(inverted), None) => self.fate(Passes::No, Some(inverted)),
            ("DROP" | "%%REJECT%%", ..) => self.fate(Passes::No, None),
            _ => self.fate(Passes::CannotTell, None),
        })
    }

    fn dhcpv6(&self, root: &Image) -> Result<Fate, String> {
        if let Some(rule) = self.rich() {
            return Ok(self.fate(Passes::CannotTell, Some(rule)));
        }
        for service in self.named("service") {
            if service_fits(root, service.attribute("name").unwrap_or_default())? {
                return Ok(self.fate(Passes::Yes, Some(service)));
            }
        }
        let open = self.elements.iter().find(|element| !element.inside("rule") && port_fits(element));
        Ok(match (open, self.target()) {
            (Some(port), _) => self.fate(Passes::Yes, Some(port)),
            (None, "ACCEPT") => self.fate(Passes::Yes, None),
            (None, _) => self.fate(Passes::No, None),
        })
    }
}

/// Whether an element of a rich rule may be about one of the packets.
fn concerns(element: &Element) -> bool {
    let name = element.attribute("name").unwrap_or_default();
    match &element.name[..] {
        "service" => name == SERVICE,
        "port" => port_fits(element),
        "icmp-type" | "icmp-block" => name == "router-advertisement",
        "protocol" => matches!(element.attribute("value"), Some("udp" | "ipv6-icmp" | "icmpv6")),
        _ => false,
    }
}

/// A port or protocol that takes in UDP to port 546.
fn port_fits(element: &Element) -> bool {
    match &element.name[..] {
        "port" => {
            element.attribute("protocol") == Some("udp")
                && Field::UdpDestination.is(Packet::Dhcpv6, "", element.attribute("port").unwrap_or_default()) == Fits::Yes
        }
        "protocol" => element.attribute("value") == Some("udp"),
        "source-port" => {
            element.attribute("protocol") == Some("udp")
                && Field::UdpSource.is(Packet::Dhcpv6, "", element.attribute("port").unwrap_or_default()) == Fits::Yes
        }
        _ => false,
    }
}

/// Whether a service is or holds the DHCPv6 client's. Where its file is not there, the name is what firewalld ships under it.
fn service_fits(root: &Image, name: &str) -> Result<bool, String> {
    let Some(path) = file(root, "services", name) else { return Ok(name == SERVICE) };
    let service = elements(root, &path)?;
    let destination = service.iter().find(|element| element.name == "destination").and_then(|element| element.attribute("ipv6"));
    let to_it = destination.is_none_or(|network| Field::Destination.is(Packet::Dhcpv6, "", network) == Fits::Yes);
    Ok(to_it && service.iter().any(port_fits))
}
