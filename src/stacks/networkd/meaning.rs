//! What the settings of a `.network` file do about IPv6 (systemd.network(5); link_ndisc_enabled of networkd-ndisc.c, dhcp6_start and
//! ndisc_start_dhcp6_client of networkd-dhcp6.c).
//!
//! systemd-networkd takes Router Advertisements itself, with the kernel's `accept_ra` at 0, on every interface that it manages. It starts
//! DHCPv6 when one sets M, whatever `DHCP=` says.

use super::netdev::Netdevs;
use crate::facts::{FileLine, Intent, RunsDhcpv6, Setting, StackId, TakesRas};
use crate::image::ini::systemd::{Assignments, boolean};

/// The first version of systemd with `[IPv6AcceptRA] DHCPv6Client=`.
const FIRST_WITH_DHCPV6_CLIENT: u32 = 246;

/// The first version that regards `[Link] Multicast=no` (252 sends Router Solicitations all the same).
const FIRST_WITH_MULTICAST: u32 = 253;
/// The first with `KeepMaster=`, with `IPv6LinkLocalAddressGenerationMode=`, and with `IPv6Forwarding=` instead of `IPForward=`.
const FIRST_WITH_KEEP_MASTER: u32 = 251;
const FIRST_WITH_GENERATION_MODE: u32 = 246;
const FIRST_WITH_IPV6_FORWARDING: u32 = 256;
/// The first with `[IPv6AcceptRA] UseGateway=`.
const FIRST_WITH_USE_GATEWAY: u32 = 250;
/// From this version on at the latest it switches IPv6 on, over `disable_ipv6=1` of sysctl.d.
const FIRST_THAT_ENABLES_IPV6: u32 = 240;

/// Who says it and who carries it out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Party<'a> {
    /// The stack whose files say it.
    pub(crate) id: StackId,
    pub(crate) by: Option<StackId>,
    /// The file as a whole.
    pub(crate) file: &'a FileLine,
    /// Why it is carried out at boot.
    pub(crate) at_boot: &'a str,
    /// What it makes itself.
    pub(crate) netdevs: &'a Netdevs,
}

/// What `own`, the settings of one file with its drop-ins, and `global`, those of networkd.conf, do with an interface.
pub(crate) fn intent(stack: Party<'_>, own: &Assignments, global: &Assignments, version: Option<u32>) -> Intent {
    let ras = accepts_ras(stack, own, global, version);
    let not_itself = own.setting("Link", "ActivationPolicy", |value| matches!(value, "manual" | "down" | "always-down").then_some(false));
    let at_boot = not_itself.unwrap_or_else(|| Setting { value: true, at: stack.file.clone(), text: stack.at_boot.to_owned() });
    let dhcpv6 = dhcpv6(stack, own, &ras, version);
    let enables = version.is_some_and(|version| version >= FIRST_THAT_ENABLES_IPV6) && obstacle(own, stack.netdevs, version).is_none();
    let ras_itself = ras.value;
    let takes_ras = Setting { value: if ras.value { TakesRas::Itself } else { TakesRas::No }, at: ras.at, text: unused_parts(own, ras.text) };
    let writes = "systemd-networkd writes accept_ra=0 on each interface that it manages".to_owned();
    let enabling = "systemd-networkd writes disable_ipv6=0 on an interface with a link-local address".to_owned();
    Intent {
        no_default_route: if ras_itself { no_default_route(own, version) } else { None },
        disable_ipv6: enables.then(|| Setting { value: 0, at: stack.file.clone(), text: enabling }),
        by: stack.by,
        accept_ra: Some(Setting { value: 0, at: stack.file.clone(), text: writes }),
        ..Intent::new(stack.id, at_boot, dhcpv6, takes_ras).with_client(StackId::Networkd)
    }
}

/// The line by which systemd-networkd leaves the interface alone.
pub(crate) fn unmanaged(own: &Assignments) -> Option<Setting<bool>> {
    own.setting("Link", "Unmanaged", boolean).filter(|unmanaged| unmanaged.value)
}

/// Address families: `yes`, `no`, `ipv4`, `ipv6`; true if IPv6 is among them. Older spellings are still read.
fn with_ipv6(value: &str) -> Option<bool> {
    match value {
        // `fallback` has IPv4 only where DHCP fails, and IPv6 always (systemd.network(5) of 243).
        "ipv6" | "v6" | "both" | "fallback" => Some(true),
        "ipv4" | "v4" | "none" | "ipv4-fallback" => Some(false),
        _ => boolean(value),
    }
}

/// What keeps it from IPv6 on the interface: no link-local address, no multicast.
#[derive(Debug, Clone)]
struct Obstacle {
    line: Setting<bool>,
    without: &'static str,
}

/// Why it neither takes Router Advertisements nor runs DHCPv6, whatever else is set (network_verify of networkd-network.c).
fn obstacle(own: &Assignments, netdevs: &Netdevs, version: Option<u32>) -> Option<Obstacle> {
    let since = |first: u32| version.is_none_or(|version| version >= first);
    if let Some(multicast) = own.setting("Link", "Multicast", boolean).filter(|multicast| !multicast.value && since(FIRST_WITH_MULTICAST)) {
        return Some(Obstacle { line: multicast, without: "multicast" });
    }
    let obstacle = |line: Setting<bool>| Obstacle { line, without: "a link-local address" };
    let keeps = own.setting("Network", "KeepMaster", boolean).filter(|keeps| keeps.value && since(FIRST_WITH_KEEP_MASTER));
    let master = |key: &str, kind: &str| netdevs.master(own, key, kind).filter(|_| keeps.is_none());
    if let Some(bond) = master("Bond", "bond") {
        return Some(obstacle(bond));
    }
    if let Some(configured) = own.setting("Network", "LinkLocalAddressing", with_ipv6) {
        if !configured.value {
            return Some(obstacle(configured));
        }
    } else if let Some(line) = keeps.clone().or_else(|| master("Bridge", "bridge")).or_else(|| netdevs.passthru(own)) {
        return Some(obstacle(line.holding(false)));
    }
    let mode = own.setting("Network", "IPv6LinkLocalAddressGenerationMode", |mode| match mode {
        "none" => Some(false),
        "eui64" | "stable-privacy" | "random" => Some(true),
        _ => None,
    });
    mode.filter(|mode| !mode.value && since(FIRST_WITH_GENERATION_MODE)).map(obstacle)
}

/// The line that makes the interface a port of a bond or bridge, which then has the addresses.
pub(crate) fn port(own: &Assignments, netdevs: &Netdevs, version: Option<u32>) -> Option<Setting<String>> {
    let keeps = own.setting("Network", "KeepMaster", boolean).is_some_and(|keeps| keeps.value);
    if keeps && version.is_none_or(|version| version >= FIRST_WITH_KEEP_MASTER) {
        return None;
    }
    ["Bond", "Bridge"].iter().find_map(|key| {
        let line = netdevs.master(own, key, &key.to_ascii_lowercase())?;
        own.setting("Network", key, |name| Some(name.to_owned())).map(|name| line.holding(name.value))
    })
}

fn accepts_ras(stack: Party<'_>, own: &Assignments, global: &Assignments, version: Option<u32>) -> Setting<bool> {
    let network = |key: &str, read: fn(&str) -> Option<bool>| own.setting("Network", key, read);
    if let Some(Obstacle { mut line, without }) = obstacle(own, stack.netdevs, version) {
        line.text = format!("{} (without {without} it takes no Router Advertisements)", line.text);
        return Setting { value: false, ..line };
    }
    if let Some(accept) = network("IPv6AcceptRA", boolean).or_else(|| network("IPv6AcceptRouterAdvertisements", boolean)) {
        return accept;
    }
    // `IPMasquerade=yes` is for IPv4 (networkd-network.c).
    let masquerades = |value: &str| match value {
        "ipv6" | "both" => Some(true),
        _ => None,
    };
    // Each passes over the other's key with a warning. Where the version is not known, both count.
    let old = version.is_none_or(|version| version < FIRST_WITH_IPV6_FORWARDING);
    let new = version.is_none_or(|version| version >= FIRST_WITH_IPV6_FORWARDING);
    let forwarding = || if new { network("IPv6Forwarding", boolean) } else { None };
    let old_forwarding = || if old { network("IPForward", with_ipv6).filter(|forwards| forwards.value) } else { None };
    let of_all = || if new { global.setting("Network", "IPv6Forwarding", boolean) } else { None };
    let forwards = network("IPv6SendRA", boolean)
        .or_else(|| network("IPv6PrefixDelegation", |value| boolean(value).or(matches!(value, "static" | "dhcpv6").then_some(true))))
        .filter(|sends| sends.value)
        .or_else(forwarding)
        .or_else(|| network("IPMasquerade", masquerades))
        .or_else(old_forwarding)
        .or_else(of_all)
        .filter(|forwards| forwards.value);
    match forwards {
        Some(router) => Setting { value: false, at: router.at, text: format!("{} (so IPv6AcceptRA=no by default: it is a router)", router.text) },
        None => Setting { value: true, at: stack.file.clone(), text: "IPv6AcceptRA=yes by default".to_owned() },
    }
}

/// The line by which it takes no default route of a Router Advertisement, where none is given by hand either.
fn no_default_route(own: &Assignments, version: Option<u32>) -> Option<Setting<bool>> {
    let line = own.setting("IPv6AcceptRA", "UseGateway", boolean).filter(|used| !used.value)?;
    let is_read = version.is_none_or(|version| version >= FIRST_WITH_USE_GATEWAY);
    let by_hand = own.0.iter().any(|set| matches!(&set.section[..], "Network" | "Route") && set.key == "Gateway" && set.value.contains(':'));
    (is_read && !by_hand).then(|| line.holding(true))
}

/// What it leaves unused of the Router Advertisements that it takes.
fn unused_parts(own: &Assignments, text: String) -> String {
    let unused = ["UseGateway", "UseAutonomousPrefix", "UseOnLinkPrefix"].iter().filter_map(|key| own.setting("IPv6AcceptRA", key, boolean));
    let unused: Vec<String> = unused.filter(|part| !part.value).map(|part| part.text).collect();
    if unused.is_empty() { text } else { format!("{text} (but {})", unused.join(", ")) }
}

fn dhcpv6(stack: Party<'_>, own: &Assignments, ras: &Setting<bool>, version: Option<u32>) -> Setting<RunsDhcpv6> {
    let because = |value, setting: &Setting<bool>, text| Setting { value, at: setting.at.clone(), text };
    if let Some(Obstacle { line, without }) = obstacle(own, stack.netdevs, version) {
        let text = format!("{} (without {without} it runs no DHCPv6)", line.text);
        return because(RunsDhcpv6::No, &line, text);
    }
    let asked = own.setting("Network", "DHCP", with_ipv6);
    let without_ra = own.setting("DHCPv6", "WithoutRA", |value| match value {
        "solicit" => Some(true),
        "no" | "information-request" => Some(false),
        _ => None,
    });
    let client = own.setting("IPv6AcceptRA", "DHCPv6Client", |value| match value {
        "always" => Some(RunsDhcpv6::Yes),
        _ => boolean(value).map(|on| if on { RunsDhcpv6::WhenManaged } else { RunsDhcpv6::No }),
    });
    let client = client.filter(|_| version.is_none_or(|version| version >= FIRST_WITH_DHCPV6_CLIENT));
    let asks_for_it = asked.as_ref().is_some_and(|asked| asked.value);
    if let Some(no_address) = own.setting("DHCPv6", "UseAddress", boolean).filter(|used| !used.value) {
        return because(RunsDhcpv6::No, &no_address, format!("{} (it runs DHCPv6 and leaves the address)", no_address.text));
    }
    if let Some(without) = without_ra.filter(|without| without.value && asks_for_it) {
        return because(RunsDhcpv6::Yes, &without, without.text.clone());
    }
    if !ras.value {
        return match asked.filter(|asked| asked.value) {
            Some(asked) => {
                let text = format!("{} never starts DHCPv6 without Router Advertisements ({})", asked.text, ras.text);
                because(RunsDhcpv6::No, ras, text)
            }
            None => because(RunsDhcpv6::No, ras, ras.text.clone()),
        };
    }
    match (client, asked) {
        (Some(client), _) if client.value != RunsDhcpv6::WhenManaged => client,
        (_, Some(asked)) if asked.value => because(RunsDhcpv6::WhenManaged, &asked, asked.text.clone()),
        (_, Some(asked)) => {
            let text = format!("{} (a Router Advertisement that sets M starts DHCPv6 all the same)", asked.text);
            because(RunsDhcpv6::WhenManaged, &asked, text)
        }
        (_, None) => because(RunsDhcpv6::WhenManaged, ras, format!("{}; one that sets M starts DHCPv6, also without DHCP=", ras.text)),
    }
}
