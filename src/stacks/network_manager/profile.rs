//! A profile of NetworkManager, whatever file it comes from: which interfaces it is for, and what it does with IPv6.

use std::io;

use crate::facts::{FileLine, Intent, Mac, RunsDhcpv6, Setting, StackId, TakesRas};
use crate::image::Nic;
use crate::image::ini::keyfile::{KeyFile, strict_boolean};
use crate::image::matches;

const ID: StackId = StackId::NetworkManager;
/// The two names of the group and type of wired interfaces.
const WIRED: [&str; 2] = ["ethernet", "802-3-ethernet"];
/// Groups that give the type where `type` does not.
const TYPES: [&str; 9] = ["ethernet", "802-3-ethernet", "bond", "bridge", "team", "vlan", "infiniband", "wifi", "802-11-wireless"];
/// `ipv4.method`.
const IPV4_METHODS: [&str; 5] = ["auto", "manual", "link-local", "shared", "disabled"];

/// `ipv6.method` (nm-settings(5)).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    Auto,
    Dhcp,
    Manual,
    LinkLocal,
    Ignore,
    Disabled,
    Shared,
}

impl Method {
    fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "auto" => Self::Auto,
            "dhcp" => Self::Dhcp,
            "manual" => Self::Manual,
            "link-local" => Self::LinkLocal,
            "ignore" => Self::Ignore,
            "disabled" => Self::Disabled,
            "shared" => Self::Shared,
            _ => return None,
        })
    }

    /// What it means, where the word alone does not say it.
    const fn note(self) -> &'static str {
        match self {
            Self::Auto | Self::Manual | Self::LinkLocal => "",
            Self::Dhcp => " (Router Advertisements are ignored, and their default route with them)",
            Self::Ignore => " (IPv6 is left to the kernel)",
            Self::Disabled => " (IPv6 is switched off)",
            Self::Shared => " (it is a router itself)",
        }
    }
}

/// A profile.
#[derive(Debug, Clone)]
pub(crate) struct Profile {
    /// Its file.
    pub(crate) path: String,
    /// Its UUID, if it gives one.
    pub(crate) uuid: Option<String>,
    /// Whether it is for wired interfaces, and not for a bond, a VLAN and the like, which go by their names.
    pub(crate) wired: bool,
    /// The one interface that it is for.
    pub(crate) device: Option<String>,
    /// The MAC address of the interface that it is for.
    pub(crate) mac: Option<Setting<String>>,
    /// MAC addresses of interfaces that it is not for.
    pub(crate) not_macs: Option<Setting<String>>,
    /// Patterns of names of interfaces (`match.interface-name`).
    pub(crate) patterns: Option<Setting<String>>,
    /// A condition that depends on hardware or the kernel's command line.
    pub(crate) condition: Option<Setting<String>>,
    /// Whether it is brought up by itself.
    pub(crate) autoconnect: Setting<bool>,
    /// The higher one wins.
    pub(crate) priority: i64,
    /// The line that makes the interface a port of another, which then has the addresses.
    pub(crate) port: Option<Setting<String>>,
    /// What it does with IPv6.
    pub(crate) method: Setting<Method>,
    /// The line that keeps the default route out.
    pub(crate) no_default_route: Option<Setting<String>>,
}

impl Profile {
    /// The profile in a keyfile; `None` if NetworkManager would refuse it, as it does if a group `[ipv4]` or `[ipv6]` has no method that
    /// it knows. `reads_controller`: it is new enough for `controller=`.
    ///
    /// # Errors
    /// It has too many lines.
    pub(crate) fn of_keyfile(path: &str, text: &str, reads_controller: bool) -> io::Result<Option<Self>> {
        Ok(KeyFile::parse(path, text)?.and_then(|file| Self::of_groups(path, &file, reads_controller)))
    }

    fn of_groups(path: &str, file: &KeyFile, reads_controller: bool) -> Option<Self> {
        let connection = |key: &str| file.get(&["connection"], key);
        let ethernet = |key: &str| file.get(&WIRED, key).filter(|setting| !setting.value.is_empty()).cloned();
        let kind = connection("type").map(|kind| &kind.value[..]).or_else(|| TYPES.into_iter().find(|name| file.has_group(name)))?;
        let whole = FileLine::whole(path);
        let method = match file.get(&["ipv6"], "method") {
            Some(method) => {
                let value = Method::parse(&method.value)?;
                Setting { value, at: method.at.clone(), text: format!("{}{}", method.text, value.note()) }
            }
            None if file.has_group("ipv6") => return None,
            None => Setting { value: Method::Auto, at: whole.clone(), text: "no [ipv6], which is method=auto".to_owned() },
        };
        let ipv4 = file.get(&["ipv4"], "method");
        let lacks_address = |group: &str, manual: bool| manual && !file.has_key(group, "address");
        if file.has_group("ipv4") && !ipv4.is_some_and(|method| IPV4_METHODS.contains(&&method.value[..]))
            || lacks_address("ipv4", ipv4.is_some_and(|method| method.value == "manual"))
            || lacks_address("ipv6", method.value == Method::Manual)
        {
            return None;
        }
        let autoconnect = connection("autoconnect").and_then(|setting| Some((strict_boolean(&setting.value)?, setting)));
        let autoconnect = match autoconnect {
            Some((value, setting)) => setting.holding(value),
            None => Setting { value: true, at: whole, text: "autoconnect is not set, so it is on".to_owned() },
        };
        let conditions = ["driver", "path", "kernel-command-line"].iter().find_map(|key| file.get(&["match"], key));
        let no_route = ["never-default", "ignore-auto-routes"]
            .iter()
            .find_map(|key| file.get(&["ipv6"], key).filter(|set| strict_boolean(&set.value) == Some(true)));
        // One that it is given by hand needs none of a Router Advertisement.
        let no_route = no_route.filter(|_| !has_default_route(file));
        Some(Self {
            path: path.to_owned(),
            uuid: connection("uuid").map(|uuid| uuid.value.clone()),
            wired: WIRED.contains(&kind),
            device: connection("interface-name").map(|name| name.value.clone()).or_else(|| vlan(file, kind)),
            // One that is none does not count.
            mac: ethernet("mac-address").filter(|setting| address(&setting.value).is_some()),
            not_macs: ethernet("mac-address-denylist").or_else(|| ethernet("mac-address-blacklist")),
            patterns: file.get(&["match"], "interface-name").cloned(),
            condition: conditions.cloned(),
            autoconnect,
            priority: connection("autoconnect-priority").and_then(|priority| priority.value.trim_end().parse().ok()).unwrap_or(0),
            port: connection("controller").filter(|_| reads_controller).or_else(|| connection("master")).cloned(),
            method,
            no_default_route: no_route.cloned(),
        })
    }

    /// What NetworkManager makes for a wired interface that no profile is for.
    pub(crate) fn by_default(folder: &str, name: &str) -> Self {
        let at = FileLine::whole(folder);
        let text = format!("no profile is for {name}, so that NetworkManager makes one with ipv6.method=auto");
        Self {
            path: folder.to_owned(),
            uuid: None,
            wired: true,
            device: None,
            mac: None,
            not_macs: None,
            patterns: None,
            condition: None,
            autoconnect: Setting { value: true, at: at.clone(), text: text.clone() },
            priority: -999,
            port: None,
            method: Setting { value: Method::Auto, at, text },
            no_default_route: None,
        }
    }

    /// Whether it is for the interface.
    ///
    /// # Errors
    /// Why that cannot be said.
    pub(crate) fn is_for(&self, nic: &Nic) -> Result<bool, String> {
        if self.device.as_ref().is_some_and(|device| *device != nic.name) || !self.wired && self.device.is_none() {
            return Ok(false);
        }
        if self.patterns.as_ref().is_some_and(|patterns| !fits(&patterns.value, &nic.name)) {
            return Ok(false);
        }
        let depends = |setting: &Setting<String>, on: &str| {
            Err(format!("{}: `{}` makes its profile depend on {on}, which is not known of {}", setting.at, setting.text, nic.name))
        };
        for (setting, wanted) in [(&self.mac, true), (&self.not_macs, false)] {
            let Some(setting) = setting else { continue };
            let Some(mac) = nic.mac else { return depends(setting, "the MAC address") };
            let same = |text: &str| address(text) == Some(mac);
            let listed = same(&setting.value) || setting.value.split([';', ',', ' ', '\t']).any(same);
            if listed != wanted {
                return Ok(false);
            }
        }
        self.condition.as_ref().map_or(Ok(true), |condition| depends(condition, "what it runs on"))
    }

    /// What it does with an interface.
    pub(crate) fn intent(&self, overrides: Option<&Setting<StackId>>) -> Intent {
        let (dhcpv6, takes_ras) = match (&self.port, self.method.value) {
            (None, Method::Auto) => (RunsDhcpv6::WhenManaged, TakesRas::Itself),
            (None, Method::Dhcp) => (RunsDhcpv6::Yes, TakesRas::No),
            (None, Method::Ignore) => (RunsDhcpv6::No, TakesRas::Kernel),
            (Some(_), _) | (None, Method::Manual | Method::LinkLocal | Method::Disabled | Method::Shared) => (RunsDhcpv6::No, TakesRas::No),
        };
        let (at, text) = match &self.port {
            Some(port) => (port.at.clone(), format!("{} (a port has no addresses of its own)", port.text)),
            None => (self.method.at.clone(), self.method.text.clone()),
        };
        let ra_text = match &self.no_default_route {
            Some(line) if takes_ras == TakesRas::Itself => format!("{text}; {} (so no default route)", line.text),
            _ => text.clone(),
        };
        // Router Advertisements are its own business then, so that the kernel must not take them too.
        let writes = self.port.is_none() && !matches!(self.method.value, Method::Ignore | Method::Disabled);
        let switches = match self.method.value {
            _ if self.port.is_some() => None,
            Method::Ignore => None,
            Method::Disabled => Some(1),
            Method::Auto | Method::Dhcp | Method::Manual | Method::LinkLocal | Method::Shared => Some(0),
        };
        let dhcpv6 = Setting { value: dhcpv6, at: at.clone(), text: text.clone() };
        let takes_ras = Setting { value: takes_ras, at: at.clone(), text: ra_text };
        Intent {
            accept_ra: writes.then(|| Setting { value: 0, at: at.clone(), text: format!("{text}: NetworkManager writes accept_ra=0") }),
            disable_ipv6: switches.map(|value| Setting {
                value,
                at: at.clone(),
                text: format!("{text}: NetworkManager writes disable_ipv6={value}"),
            }),
            overrides: overrides.into_iter().cloned().collect(),
            no_default_route: self.no_default_route.as_ref().filter(|_| takes_ras.value == TakesRas::Itself).map(|line| line.holding(true)),
            ..Intent::new(ID, self.autoconnect.clone(), dhcpv6, takes_ras).with_client(ID)
        }
    }
}

/// A MAC address as `02:00:...`, `02-00-...` or in decimal numbers, `2;0;...;`.
fn address(text: &str) -> Option<Mac> {
    let text = text.trim().trim_end_matches(';');
    let (separator, base) = if text.contains(';') { (';', 10) } else { (if text.contains('-') { '-' } else { ':' }, 16) };
    let mut bytes = [0; 6];
    let mut parts = text.split(separator);
    for byte in &mut bytes {
        *byte = u8::from_str_radix(parts.next()?, base).ok()?;
    }
    parts.next().is_none().then(|| Mac::from(bytes))
}

/// Whether a profile gives an IPv6 default route itself: `gateway=`, `address1=ADDRESS/LENGTH,GATEWAY`, `route1=::/0,...`.
fn has_default_route(file: &KeyFile) -> bool {
    let entries = file.groups.iter().filter(|group| group.name == "ipv6").flat_map(|group| &group.entries);
    let mut given = entries.map(|(key, setting)| (key.trim_end_matches(|character: char| character.is_ascii_digit()), setting.value.trim()));
    given.any(|(key, value)| match key {
        "gateway" => !value.is_empty(),
        "address" | "addresses" => value.contains(','),
        "route" | "routes" => value.starts_with("::/0"),
        _ => false,
    })
}

/// The name of a VLAN whose profile gives none.
fn vlan(file: &KeyFile, kind: &str) -> Option<String> {
    let of = |key: &str| file.get(&["vlan"], key).map(|setting| &setting.value);
    (kind == "vlan").then(|| Some(format!("{}.{}", of("parent")?, of("id")?))).flatten()
}

/// Whether a list of `match.interface-name` takes the name in: one of its patterns must fit, those with `&` all must, and `!` turns a pattern
/// round, which then must hold too (nm-settings(5)).
fn fits(list: &str, name: &str) -> bool {
    let mut one_of: Option<bool> = None;
    for item in list.split([';', ',']).map(str::trim).filter(|item| !item.is_empty()) {
        let (item, must) = match (item.strip_prefix('&'), item.strip_prefix('|')) {
            (Some(rest), _) => (rest, true),
            (_, Some(rest)) => (rest, false),
            _ => (item, item.starts_with('!')),
        };
        let (pattern, inverted) = item.strip_prefix('!').map_or((item, false), |pattern| (pattern, true));
        let holds = matches(pattern, name) != inverted;
        if !must {
            one_of = Some(one_of.unwrap_or(false) || holds);
        } else if !holds {
            return false;
        }
    }
    one_of.unwrap_or(true)
}

impl From<Method> for &'static str {
    fn from(method: Method) -> Self {
        match method {
            Method::Auto => "auto",
            Method::Dhcp => "dhcp",
            Method::Manual => "manual",
            Method::LinkLocal => "link-local",
            Method::Ignore => "ignore",
            Method::Disabled => "disabled",
            Method::Shared => "shared",
        }
    }
}

/// A value that a rule makes `method`, as evidence.
pub(crate) fn by_rule(method: Method, at: FileLine, line: &str) -> Setting<Method> {
    let name: &str = method.into();
    Setting { value: method, at, text: format!("{line}, which is ipv6.method={name}{}", method.note()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_of_names() {
        for (list, name, taken) in [
            ("eth*", "eth0", true),
            ("eth*;ens*;", "ens3", true),
            ("eth*", "ens3", false),
            ("!eth1", "eth0", true),
            ("!eth1", "eth1", false),
            ("eth*;!eth1", "eth1", false),
            ("&e*;|*0", "eth0", true),
            ("&e*;|*0", "eth1", false),
            ("", "eth0", true),
        ] {
            assert_eq!(fits(list, name), taken, "{list} {name}");
        }
    }
}
