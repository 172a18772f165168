//! What netplan's files define, merged (netplan(5), netplan-generate(8)): later files change single keys of a definition, whatever its
//! renderer and file, and lists grow.

use std::collections::BTreeMap;
use std::io;
use std::rc::Rc;

use crate::facts::{FileLine, Mac, Setting};
use crate::image::Nic;
use crate::image::matches;
use crate::image::yaml::{Document, Node};
use crate::stacks::Fits;

/// Kinds of definitions that a checked interface may be. Those that are not cards come from their id alone.
const KINDS: [&str; 6] = ["ethernets", "bonds", "bridges", "vlans", "nm-devices", "virtual-ethernets"];
/// Keys of a definition that are read.
const KEYS: [&str; 16] = [
    "renderer",
    "match",
    "set-name",
    "dhcp4",
    "dhcp6",
    "accept-ra",
    "link-local",
    "addresses",
    "gateway6",
    "nameservers",
    "ipv6-address-generation",
    "ipv6-address-token",
    "activation-mode",
    "interfaces",
    "networkmanager",
    "critical",
];
/// As many definitions as are kept.
const MOST: usize = 4096;

/// Who carries out a definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Renderer {
    Networkd,
    NetworkManager,
}

/// A value and where its key stands.
pub(crate) type Value = Setting<Rc<Node>>;

/// One interface, or a group of them.
#[derive(Debug, Default)]
pub(crate) struct Definition {
    pub(crate) id: String,
    pub(crate) kind: &'static str,
    /// Where it is first named.
    pub(crate) at: Option<FileLine>,
    /// The values of each key, the later ones last.
    keys: BTreeMap<&'static str, Vec<Value>>,
    /// Its MAC address is written anew for each instance.
    any_mac: bool,
    type_renderer: Option<Renderer>,
}

impl Definition {
    /// The value of a key; the last one counts.
    pub(crate) fn value(&self, key: &str) -> Option<&Value> {
        self.all(key).last()
    }

    /// All values of a key that grows.
    pub(crate) fn all(&self, key: &str) -> &[Value] {
        self.keys.get(key).map_or(&[], Vec::as_slice)
    }

    /// A boolean as netplan spells it.
    ///
    /// # Errors
    /// It is something else; netplan then renders nothing at all.
    pub(crate) fn boolean(&self, key: &str) -> io::Result<Option<Setting<bool>>> {
        let Some(value) = self.value(key) else { return Ok(None) };
        let read = match value.value.scalar().map(str::to_ascii_lowercase).as_deref() {
            Some("true" | "on" | "yes" | "y") => true,
            Some("false" | "off" | "no" | "n") => false,
            _ => return Err(io::Error::other(format!("{}: `{}` is no boolean", value.at, value.text))),
        };
        Ok(Some(value.holding(read)))
    }

    /// Whether it is for `nic`.
    pub(crate) fn fits(&self, nic: &Nic) -> Fits {
        let of_match = |key: &str| self.all("match").iter().rev().find_map(|value| value.value.get(key).map(|node| (value, node)));
        let exactly = |name: &str| if name == nic.name { Fits::Yes } else { Fits::No };
        if self.kind != "ethernets" && self.kind != "nm-devices" || self.all("match").is_empty() {
            return exactly(&self.id);
        }
        // With set-name the interface has that name when it is configured, and `match` was about the one before.
        let renamed = self.value("set-name").and_then(|value| value.value.scalar());
        let by_name = match (renamed, of_match("name").and_then(|(_, name)| name.scalar())) {
            (Some(name), _) => exactly(name),
            (None, Some(pattern)) => {
                if matches(pattern, &nic.name) {
                    Fits::Yes
                } else {
                    Fits::No
                }
            }
            (None, None) => Fits::Yes,
        };
        if by_name == Fits::No {
            return Fits::No;
        }
        let not_known = |value: &Value| Fits::Unknown(format!("{}: whether it matches {} cannot be known from files", value.at, nic.name));
        if let Some((value, mac)) = of_match("macaddress") {
            match nic.mac {
                None if self.any_mac => {}
                None => return not_known(value),
                Some(own) if mac.scalar().and_then(|mac| mac.parse().ok()) != Some(own) => return Fits::No,
                Some(_) => {}
            }
        }
        match (of_match("driver"), &nic.driver) {
            (None, _) => Fits::Yes,
            (Some((_, patterns)), Some(driver)) if is_one_of(patterns, driver) => Fits::Yes,
            (Some(_), Some(_)) => Fits::No,
            (Some((value, _)), None) => not_known(value),
        }
    }

    /// The name that it gives the interface which it matches.
    pub(crate) fn gives(&self) -> Option<&str> {
        self.value("set-name").and_then(|value| value.value.scalar()).filter(|_| self.kind == "ethernets")
    }

    /// The MAC address that it is for, where nothing writes it anew.
    pub(crate) fn mac(&self) -> Option<Setting<String>> {
        let found = self.all("match").iter().rev().find_map(|value| Some((value, value.value.get("macaddress")?.scalar()?.parse::<Mac>().ok()?)));
        let (value, mac) = found.filter(|_| !self.any_mac && self.kind == "ethernets")?;
        Some(Setting { text: format!("{}: macaddress: {mac}", self.id), ..value.holding(mac.to_string()) })
    }

    /// The name by which it names one interface, if it does.
    pub(crate) fn names(&self) -> Option<&str> {
        if self.kind == "nm-devices" || self.kind == "virtual-ethernets" {
            return None;
        }
        if self.all("match").is_empty() || self.kind != "ethernets" {
            return Some(&self.id);
        }
        let renamed = self.value("set-name").and_then(|value| value.value.scalar());
        let matched = || self.all("match").iter().rev().find_map(|value| value.value.get("name")?.scalar());
        renamed.or_else(matched).filter(|name| !crate::image::has_wildcard(name))
    }
}

/// Whether one of the patterns, a scalar or a sequence, is for this driver.
fn is_one_of(patterns: &Node, driver: &str) -> bool {
    patterns.scalar().into_iter().chain(patterns.items().iter().filter_map(|item| item.scalar())).any(|pattern| matches(pattern, driver))
}

/// Everything that is defined.
#[derive(Debug, Default)]
pub(crate) struct Definitions {
    all: BTreeMap<String, Definition>,
    renderer: Option<Renderer>,
}

impl Definitions {
    /// Takes what stands under `network:`. `any_mac`: MAC addresses in it are written anew for each instance. `refuses`: who reads it refuses
    /// keys that it does not know, as netplan does and cloud-init does not.
    ///
    /// # Errors
    /// It is not what netplan takes.
    pub(crate) fn take(&mut self, document: &Document, network: &Node, any_mac: bool, refuses: bool) -> io::Result<()> {
        if let Some((line, node)) = network.entry("renderer") {
            self.renderer = Some(renderer(document, line, node)?);
        }
        for kind in KINDS {
            let Some(group) = network.get(kind) else { continue };
            let type_renderer = group.entry("renderer").map(|(line, node)| renderer(document, line, node)).transpose()?;
            for (id, line, node) in group.entries().iter().filter(|(id, _, _)| id != "renderer") {
                if self.all.len() >= MOST {
                    return Err(io::Error::other(format!("{}: too many definitions", document.at(0).path)));
                }
                let definition = self.all.entry(id.clone()).or_default();
                definition.id.clone_from(id);
                definition.kind = kind;
                definition.at.get_or_insert_with(|| document.at(*line));
                definition.any_mac |= any_mac;
                definition.type_renderer = type_renderer.or(definition.type_renderer);
                // No key of netplan has an underscore, and it refuses what it does not know; others may be newer than this list.
                if let Some((key, line, _)) = node.entries().iter().find(|(key, _, _)| refuses && key.contains('_')) {
                    let at = document.at(*line);
                    return Err(io::Error::other(format!("{at}: netplan refuses the key `{key}`")));
                }
                for key in KEYS {
                    let Some((line, value)) = node.entry(key) else { continue };
                    if key == "renderer" {
                        renderer(document, line, value)?;
                    }
                    definition.keys.entry(key).or_default().push(document.setting(line, Rc::clone(value)));
                }
            }
        }
        Ok(())
    }

    /// The definitions by their ids.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Definition> {
        self.all.values()
    }

    /// Who carries out a definition: its own renderer, that of its kind, that of all, or systemd-networkd.
    pub(crate) fn renderer(&self, definition: &Definition) -> Renderer {
        let own = definition.value("renderer").and_then(|value| named(value.value.scalar()?));
        own.or(definition.type_renderer).or(self.renderer).unwrap_or(match definition.kind {
            "nm-devices" => Renderer::NetworkManager,
            _ => Renderer::Networkd,
        })
    }

    /// The bond or bridge that has the definition as a member: its kind, its id and where it says so.
    pub(crate) fn master(&self, definition: &Definition) -> Option<(&'static str, &str, &Value)> {
        let masters = self.all.values().filter(|master| matches!(master.kind, "bonds" | "bridges"));
        masters.into_iter().find_map(|master| {
            let lists = master.all("interfaces");
            let list = lists.iter().find(|list| list.value.items().iter().any(|item| item.scalar() == Some(&definition.id)))?;
            Some((if master.kind == "bonds" { "bond" } else { "bridge" }, &master.id[..], list))
        })
    }
}

fn renderer(document: &Document, line: u32, node: &Node) -> io::Result<Renderer> {
    let shown = document.setting(line, ());
    let unknown = || io::Error::other(format!("{}: `{}`: no such renderer", shown.at, shown.text));
    node.scalar().and_then(named).ok_or_else(unknown)
}

fn named(renderer: &str) -> Option<Renderer> {
    match renderer {
        "networkd" => Some(Renderer::Networkd),
        "NetworkManager" => Some(Renderer::NetworkManager),
        _ => None,
    }
}
