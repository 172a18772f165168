//! What the settings of a `.network` file do about IPv6 (systemd.network(5); link_ndisc_enabled of networkd-ndisc.c, dhcp6_start and
//! ndisc_start_dhcp6_client of networkd-dhcp6.c).
//!
//! systemd-networkd takes Router Advertisements itself, with the kernel's `accept_ra` at 0, on every interface that it manages. It starts
//! DHCPv6 when one sets M, whatever `DHCP=` says.

use super::syntax::{Assignments, boolean};
use crate::facts::{FileLine, Intent, RunsDhcpv6, Setting, StackId, TakesRas};

/// The first version of systemd with `[IPv6AcceptRA] DHCPv6Client=`.
const FIRST_WITH_DHCPV6_CLIENT: u32 = 246;

/// Who says it and who carries it out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stack<'a> {
    /// The stack whose files say it.
    pub(crate) id: StackId,
    pub(crate) by: Option<StackId>,
    /// The file as a whole.
    pub(crate) file: &'a FileLine,
    /// Why it is carried out at boot.
    pub(crate) at_boot: &'a str,
}

/// What `own`, the settings of one file with its drop-ins, and `global`, those of networkd.conf, do with an interface.
pub(crate) fn intent(stack: Stack<'_>, own: &Assignments, global: &Assignments, version: Option<u32>) -> Intent {
    let ras = accepts_ras(stack, own, global);
    let not_itself = own.setting("Link", "ActivationPolicy", |value| matches!(value, "manual" | "down" | "always-down").then_some(false));
    let at_boot = not_itself.unwrap_or_else(|| Setting { value: true, at: stack.file.clone(), text: stack.at_boot.to_owned() });
    let dhcpv6 = dhcpv6(own, &ras, version);
    let takes_ras = Setting { value: if ras.value { TakesRas::Itself } else { TakesRas::No }, at: ras.at, text: unused_parts(own, ras.text) };
    let writes = "systemd-networkd writes accept_ra=0 on each interface that it manages".to_owned();
    Intent {
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

/// Why it has no link-local address, and so neither takes Router Advertisements nor runs DHCPv6.
fn no_link_local(own: &Assignments) -> Option<Setting<bool>> {
    let any = |key: &str| own.setting("Network", key, |_| Some(false));
    if let Some(bond) = any("Bond") {
        return Some(bond);
    }
    let has_address = own.0.iter().any(|found| found.key == "Address" && found.value.to_ascii_lowercase().starts_with("fe80:"));
    let configured = own.setting("Network", "LinkLocalAddressing", with_ipv6);
    let off = match configured {
        Some(configured) => (!configured.value).then_some(configured),
        None => any("Bridge"),
    };
    off.filter(|_| !has_address)
}

fn accepts_ras(stack: Stack<'_>, own: &Assignments, global: &Assignments) -> Setting<bool> {
    let network = |key: &str, read: fn(&str) -> Option<bool>| own.setting("Network", key, read);
    if let Some(mut off) = no_link_local(own) {
        off.text = format!("{} (without a link-local address it takes no Router Advertisements)", off.text);
        return off;
    }
    if let Some(accept) = network("IPv6AcceptRA", boolean).or_else(|| network("IPv6AcceptRouterAdvertisements", boolean)) {
        return accept;
    }
    // `IPMasquerade=yes` is for IPv4 (networkd-network.c).
    let masquerades = |value: &str| match value {
        "ipv6" | "both" => Some(true),
        _ => None,
    };
    let forwards = network("IPv6SendRA", boolean)
        .or_else(|| network("IPv6PrefixDelegation", |value| boolean(value).or(matches!(value, "static" | "dhcpv6").then_some(true))))
        .filter(|sends| sends.value)
        .or_else(|| network("IPv6Forwarding", boolean))
        .or_else(|| network("IPMasquerade", masquerades))
        .or_else(|| network("IPForward", with_ipv6).filter(|forwards| forwards.value))
        .or_else(|| global.setting("Network", "IPv6Forwarding", boolean))
        .filter(|forwards| forwards.value);
    match forwards {
        Some(router) => Setting { value: false, at: router.at, text: format!("{} (so IPv6AcceptRA=no by default: it is a router)", router.text) },
        None => Setting { value: true, at: stack.file.clone(), text: "IPv6AcceptRA=yes by default".to_owned() },
    }
}

/// What it leaves unused of the Router Advertisements that it takes.
fn unused_parts(own: &Assignments, text: String) -> String {
    let unused = ["UseGateway", "UseAutonomousPrefix", "UseOnLinkPrefix"].iter().filter_map(|key| own.setting("IPv6AcceptRA", key, boolean));
    let unused: Vec<String> = unused.filter(|part| !part.value).map(|part| part.text).collect();
    if unused.is_empty() { text } else { format!("{text} (but {})", unused.join(", ")) }
}

fn dhcpv6(own: &Assignments, ras: &Setting<bool>, version: Option<u32>) -> Setting<RunsDhcpv6> {
    let because = |value, setting: &Setting<bool>, text| Setting { value, at: setting.at.clone(), text };
    if let Some(off) = no_link_local(own) {
        let text = format!("{} (without a link-local address it runs no DHCPv6)", off.text);
        return because(RunsDhcpv6::No, &off, text);
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
