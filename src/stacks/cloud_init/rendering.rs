//! What each renderer of cloud-init writes for a subnet, and what comes of it in the stack that reads it (rendered by cloud-init 25.1.4;
//! the stacks' own meaning as their readers have it).
//!
//! The traps: the networkd renderer never writes `DHCP=ipv6` for OpenStack's types, which does not matter; NetworkManager gets
//! `method=dhcp` for a stateful subnet since 23.2, and then takes no Router Advertisements.

use super::given::{Kind, Subnet};
use super::renderer::{self, Renderer};
use crate::facts::{Intent, RunsDhcpv6, Setting, StackId, TakesRas};
use crate::host::services;
use crate::image::Image;
use crate::stacks::{dhclient, netplan};

/// Older ones know other types, and are not read here.
const OLDEST: (u32, u32) = (20, 0);
/// The first that writes `method=dhcp` for a stateful subnet.
const FIRST_WITH_METHOD_DHCP: (u32, u32) = (23, 2);
const DHCPCD: [&str; 2] = ["/sbin/dhcpcd", "/usr/sbin/dhcpcd"];

/// What one renderer writes and what comes of it.
struct Written {
    stack: StackId,
    /// What runs DHCPv6 there.
    client: StackId,
    /// In the words of the file.
    what: &'static str,
    dhcpv6: RunsDhcpv6,
    takes_ras: TakesRas,
    accept_ra: Option<i64>,
}

/// A stack and what runs DHCPv6 there.
type Party = (StackId, StackId);
const IFUPDOWN: Party = (StackId::Ifupdown, StackId::Dhclient);
const IFUPDOWN_NG: Party = (StackId::IfupdownNg, StackId::Dhcpcd);
const NETWORKD: Party = (StackId::Networkd, StackId::Networkd);
const MANAGER: Party = (StackId::NetworkManager, StackId::NetworkManager);
const SCRIPTS: Party = (StackId::NetworkScripts, StackId::Dhclient);

/// Its stack takes Router Advertisements itself, and runs DHCPv6 when one sets M.
fn follows((stack, client): Party, what: &'static str) -> Written {
    Written { stack, client, what, dhcpv6: RunsDhcpv6::WhenManaged, takes_ras: TakesRas::Itself, accept_ra: Some(0) }
}

/// Its stack sees to it that nobody takes Router Advertisements.
fn refuses((stack, client): Party, what: &'static str, dhcpv6: RunsDhcpv6) -> Written {
    Written { stack, client, what, dhcpv6, takes_ras: TakesRas::No, accept_ra: Some(0) }
}

/// Its stack leaves Router Advertisements to the kernel.
fn leaves((stack, client): Party, what: &'static str, dhcpv6: RunsDhcpv6, accept_ra: Option<i64>) -> Written {
    Written { stack, client, what, dhcpv6, takes_ras: TakesRas::Kernel, accept_ra }
}

/// What comes of `subnet`, which `whose` has, in the stack that the renderer writes for.
///
/// # Errors
/// Why that cannot be said.
pub(crate) fn intent(
    root: &Image,
    version: Option<(u32, u32)>,
    renderer: &Setting<Renderer>,
    subnet: &Subnet,
    whose: &str,
) -> Result<Intent, String> {
    if let Some((year, number)) = version.filter(|version| *version < OLDEST) {
        return Err(format!("what cloud-init {year}.{number} writes is not known to v6check"));
    }
    let written = match renderer.value {
        Renderer::Eni => eni(root, subnet),
        Renderer::Netplan => by_netplan(root, subnet)?,
        Renderer::Networkd => networkd(subnet),
        Renderer::NetworkManager => network_manager(version, subnet)?,
        Renderer::Sysconfig => sysconfig(root, subnet)?,
    };
    let text = format!("cloud-init (renderer {}) writes {} for {whose}", renderer.value.name(), written.what);
    let at = &subnet.line.at;
    let service = [StackId::Networkd, StackId::NetworkManager].into_iter().find(|id| *id == written.stack);
    let runs = service.is_none_or(|service| services::starts(root, &[service.name()]));
    let at_boot = if runs { text.clone() } else { format!("{text}, but {} does not start at boot", written.stack) };
    let at_boot = Setting { value: runs, at: at.clone(), text: at_boot };
    let dhcpv6 = Setting { value: written.dhcpv6, at: at.clone(), text: text.clone() };
    let takes_ras = Setting { value: written.takes_ras, at: at.clone(), text: text.clone() };
    // Whatever the method, but `ignore`.
    let switches_on = written.stack == StackId::NetworkManager && written.takes_ras != TakesRas::Kernel;
    Ok(Intent {
        by: Some(StackId::CloudInit),
        accept_ra: written.accept_ra.map(|value| Setting { value, at: at.clone(), text: text.clone() }),
        disable_ipv6: switches_on.then(|| Setting { value: 0, at: at.clone(), text }),
        ..Intent::new(written.stack, at_boot, dhcpv6, takes_ras).with_client(written.client)
    })
}

/// ifupdown, where accept_ra stands in the stanza of IPv4 and means nothing; ifupdown-ng runs DHCPv6 only by dhcpcd.
fn eni(root: &Image, subnet: &Subnet) -> Written {
    let has_dhcpcd = DHCPCD.iter().any(|path| root.exists(path));
    if root.exists("/etc/alpine-release") || root.is_directory("/usr/libexec/ifupdown-ng") {
        return match (subnet.kind, has_dhcpcd) {
            (_, true) => follows(IFUPDOWN_NG, "`use dhcp` in effect, which is dhcpcd here,"),
            (_, false) => leaves(IFUPDOWN_NG, "`inet6 dhcp` at most, which starts no DHCPv6 client in ifupdown-ng,", RunsDhcpv6::No, None),
        };
    }
    match subnet.kind {
        Kind::Dhcp6 | Kind::Stateful => {
            let client = if dhclient::binary(root).is_some() { RunsDhcpv6::Yes } else { RunsDhcpv6::NoClient };
            leaves(IFUPDOWN, "`inet6 dhcp`", client, Some(1))
        }
        Kind::Slaac | Kind::Stateless => leaves(IFUPDOWN, "`inet6 auto`", RunsDhcpv6::No, Some(2)),
        Kind::Static => leaves(IFUPDOWN, "`inet6 static`", RunsDhcpv6::No, None),
        Kind::None => leaves(IFUPDOWN, "no inet6 stanza", RunsDhcpv6::No, None),
    }
}

fn by_netplan(root: &Image, subnet: &Subnet) -> Result<Written, String> {
    let by_manager = netplan::default_renderer(root).map_err(|error| error.to_string())? == netplan::Renderer::NetworkManager;
    let off = subnet.accept_ra == Some(false) && !by_manager;
    let party = (StackId::Netplan, if by_manager { StackId::NetworkManager } else { StackId::Networkd });
    Ok(match (subnet.kind, by_manager) {
        _ if off => refuses(party, "`accept-ra: false`", RunsDhcpv6::No),
        (Kind::Dhcp6 | Kind::Stateful | Kind::Stateless | Kind::Slaac, _) => follows(party, "`dhcp6: true`"),
        (Kind::Static, true) => refuses(party, "addresses", RunsDhcpv6::No),
        (Kind::None, true) => leaves(party, "no `dhcp6`", RunsDhcpv6::No, None),
        (Kind::Static | Kind::None, false) => follows(party, "no `accept-ra`"),
    })
}

fn networkd(subnet: &Subnet) -> Written {
    if subnet.accept_ra == Some(false) {
        return refuses(NETWORKD, "`IPv6AcceptRA=False`", RunsDhcpv6::No);
    }
    let what = match subnet.kind {
        Kind::Dhcp6 => "`DHCP=` with IPv6",
        Kind::Stateful => "`DHCP=ipv4` and `IPv6AcceptRA=True` (a Router Advertisement that sets M starts DHCPv6 all the same)",
        _ => "no `IPv6AcceptRA=` (yes by default, and one that sets M starts DHCPv6)",
    };
    follows(NETWORKD, what)
}

fn network_manager(version: Option<(u32, u32)>, subnet: &Subnet) -> Result<Written, String> {
    Ok(match subnet.kind {
        Kind::Dhcp6 | Kind::Stateless | Kind::Slaac => follows(MANAGER, "`method=auto`"),
        Kind::Static => refuses(MANAGER, "`method=manual`", RunsDhcpv6::No),
        Kind::None => return Err("what cloud-init writes about IPv6 for NetworkManager where there is only IPv4 is not known to v6check".to_owned()),
        Kind::Stateful => match version {
            None => return Err("the version of cloud-init, which is not found, decides what it writes for NetworkManager".to_owned()),
            Some(version) if version < FIRST_WITH_METHOD_DHCP => follows(MANAGER, "`method=auto`"),
            Some(_) => refuses(MANAGER, "`method=dhcp`, which takes no Router Advertisements,", RunsDhcpv6::Yes),
        },
    })
}

/// Files `ifcfg-*`, which NetworkManager's plugin reads, or else the network scripts.
fn sysconfig(root: &Image, subnet: &Subnet) -> Result<Written, String> {
    if renderer::is_suse(root) {
        return Err("what cloud-init writes for wicked is not known to v6check".to_owned());
    }
    let by_manager = services::starts(root, &["NetworkManager"]);
    if !by_manager && !renderer::with_scripts(root) {
        return Err("cloud-init writes ifcfg files, and nothing that reads them starts at boot".to_owned());
    }
    Ok(match (subnet.kind, by_manager) {
        (Kind::Stateful, true) => {
            refuses(MANAGER, "`IPV6_AUTOCONF=no` and `DHCPV6C=yes` (ipv6.method=dhcp, which takes no Router Advertisements)", RunsDhcpv6::Yes)
        }
        (Kind::Stateful, false) => leaves(SCRIPTS, "`DHCPV6C=yes` and `IPV6_FORCE_ACCEPT_RA=yes`", RunsDhcpv6::Yes, Some(1)),
        (Kind::Slaac | Kind::Stateless, true) => follows(MANAGER, "`IPV6_AUTOCONF=yes` (ipv6.method=auto)"),
        (Kind::Slaac | Kind::Stateless, false) => leaves(SCRIPTS, "`IPV6_AUTOCONF=yes`", RunsDhcpv6::No, Some(1)),
        (Kind::Dhcp6 | Kind::Static | Kind::None, _) => {
            return Err("what comes of the ifcfg file that cloud-init writes is not known to v6check".to_owned());
        }
    })
}
