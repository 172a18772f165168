//! The ports of bridges and bonds in /etc/network/interfaces: `bridge_ports` of bridge-utils, `bond-slaves` and `bond-master` of ifenslave,
//! and the executors of ifupdown-ng. Without them ifup makes neither, and the ports stay as they are.

use std::collections::{BTreeMap, BTreeSet};

use super::interfaces_file::Configuration;
use crate::image::Image;

/// What makes bridges: the hook of bridge-utils, the executor of ifupdown-ng.
const BRIDGES: [&str; 2] = ["/etc/network/if-pre-up.d/bridge", "/usr/libexec/ifupdown-ng/bridge"];
/// What makes bonds: the hook of ifenslave, the executor of ifupdown-ng.
const BONDS: [&str; 2] = ["/etc/network/if-pre-up.d/ifenslave", "/usr/libexec/ifupdown-ng/bond"];
/// Words of `bridge_ports` that name no interface.
const NO_NAMES: [&str; 3] = ["none", "regex", "noregex"];

/// The ports among the interfaces that are `named`, each with its bridge or bond.
pub(crate) fn of(root: &Image, configuration: &Configuration, named: &BTreeSet<String>) -> BTreeMap<String, String> {
    let makes = |hooks: &[&str]| hooks.iter().any(|path| root.exists(path));
    let (bridges, bonds) = (makes(&BRIDGES), makes(&BONDS));
    let mut ports = BTreeMap::new();
    for stanza in &configuration.stanzas {
        for option in &stanza.options {
            match &option.key().replace('_', "-")[..] {
                "bridge-ports" if bridges => {
                    let mut words = option.value().split_whitespace().filter(|word| !NO_NAMES.contains(word)).peekable();
                    if words.peek() == Some(&"all") {
                        // Those of hardware, by their names (bridge-utils-interfaces(5)).
                        let cards = named.iter().filter(|name| name.starts_with('e') && **name != stanza.name);
                        ports.extend(cards.map(|name| (name.clone(), stanza.name.clone())));
                        continue;
                    }
                    ports.extend(words.map(|word| (word.to_owned(), stanza.name.clone())));
                }
                "bond-slaves" | "bond-members" | "slaves" if bonds => {
                    let words = option.value().split_whitespace().filter(|word| !["none", "all"].contains(word));
                    ports.extend(words.map(|word| (word.to_owned(), stanza.name.clone())));
                }
                "bond-master" if bonds => {
                    ports.insert(stanza.name.clone(), option.value().to_owned());
                }
                _ => {}
            }
        }
    }
    ports
}
