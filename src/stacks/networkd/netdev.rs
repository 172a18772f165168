//! The devices that systemd-networkd makes itself (systemd.netdev(5)). `Bond=` and `Bridge=` of a `.network` file count only where one of that
//! name and kind is made: else "NetDev could not be found, ignoring assignment".

use std::collections::BTreeMap;

use crate::facts::Setting;
use crate::image::ini::systemd::Assignments;

/// A device that is made.
#[derive(Debug, Clone)]
pub(crate) struct Netdev {
    /// `bridge`, `bond`, `macvlan`.
    pub(crate) kind: String,
    /// Whether it is a MACVLAN or MACVTAP that has the whole card.
    passthru: bool,
}

/// The devices that are made, by name.
#[derive(Debug, Default, Clone)]
pub(crate) struct Netdevs(BTreeMap<String, Netdev>);

impl Netdevs {
    /// The devices of `.netdev` files, with the drop-ins of each.
    pub(crate) fn of_files<'a>(files: impl Iterator<Item = &'a Assignments>) -> Self {
        let of = |file: &Assignments| {
            let value = |section: &str, key: &str| file.setting(section, key, |value| Some(value.to_owned())).map(|found| found.value);
            let (name, kind) = (value("NetDev", "Name")?, value("NetDev", "Kind")?);
            let passthru = ["MACVLAN", "MACVTAP"].iter().any(|section| value(section, "Mode").as_deref() == Some("passthru"));
            Some((name, Netdev { kind, passthru }))
        };
        Self(files.filter_map(of).collect())
    }

    /// With one more.
    pub(crate) fn with(mut self, name: &str, kind: &str) -> Self {
        self.0.insert(name.to_owned(), Netdev { kind: kind.to_owned(), passthru: false });
        self
    }

    /// The one of this name.
    pub(crate) fn get(&self, name: &str) -> Option<&Netdev> {
        self.0.get(name)
    }

    /// The line that makes an interface a port of a device of this kind.
    pub(crate) fn master(&self, own: &Assignments, key: &str, kind: &str) -> Option<Setting<bool>> {
        let named = own.setting("Network", key, |name| Some(name.to_owned()))?;
        self.get(&named.value).filter(|found| found.kind == kind)?;
        Some(named.holding(false))
    }

    /// The line that gives the card to a MACVLAN or MACVTAP alone.
    pub(crate) fn passthru(&self, own: &Assignments) -> Option<Setting<bool>> {
        let lines = ["MACVLAN", "MACVTAP"].into_iter().flat_map(|key| own.list("Network", key));
        let found = lines.into_iter().find(|line| line.value.split_whitespace().any(|name| self.get(name).is_some_and(|found| found.passthru)))?;
        Some(Setting { value: false, at: found.at.clone(), text: found.text.clone() })
    }
}
