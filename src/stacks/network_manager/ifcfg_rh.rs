//! Profiles in files `ifcfg-*`, as NetworkManager's plugin ifcfg-rh reads them (nms-ifcfg-rh-reader.c): not as the network scripts do.
//!
//! `IPV6INIT` unset is `ipv6.method=ignore`, which leaves the kernel's SLAAC on. `IPV6_FORCE_ACCEPT_RA`, `PERSISTENT_DHCLIENT` and
//! `NETWORKING_IPV6` are not read.

use super::profile::{Method, Profile, by_rule};
use crate::facts::{FileLine, Setting};
use crate::image::Nic;
use crate::image::shell_variables::{Variables, is_false, is_true};

/// The variables that decide, so that one that a shell must work out leaves the answer open.
const DECIDING: [&str; 10] =
    ["DEVICE", "HWADDR", "ONBOOT", "NM_CONTROLLED", "TYPE", "IPV6INIT", "IPV6_DISABLED", "IPV6_AUTOCONF", "IPV6FORWARDING", "DHCPV6C"];

/// The profile in a file; `global` is /etc/sysconfig/network.
///
/// # Errors
/// It depends on what a shell must work out.
pub(crate) fn profile(file: &Variables, global: &Variables) -> Result<Profile, String> {
    if let Some(reason) = file.not_known(&DECIDING) {
        return Err(reason);
    }
    let onboot = file.get("ONBOOT");
    let kind = file.get("TYPE").map_or("Ethernet", |kind| &kind.value[..]);
    let no_route = ["IPV6_DEFROUTE", "IPV6_PEERROUTES"].iter().find_map(|name| file.get(name).filter(|set| is_false(&set.value)));
    Ok(Profile {
        path: file.path.clone(),
        uuid: file.get("UUID").map(|uuid| uuid.value.clone()),
        wired: kind.eq_ignore_ascii_case("Ethernet") && !file.get("VLAN").is_some_and(|vlan| is_true(&vlan.value)),
        device: file.get("DEVICE").map(|device| device.value.clone()),
        mac: file.get("HWADDR").cloned(),
        not_macs: file.get("HWADDR_BLACKLIST").cloned(),
        patterns: file.get("MATCH_INTERFACE_NAME").map(|list| Setting { value: list.value.replace(' ', ";"), ..list.clone() }),
        condition: None,
        autoconnect: match onboot {
            Some(onboot) => onboot.holding(!is_false(&onboot.value)),
            None => file.default_of(true, "ONBOOT is not set, which is yes"),
        },
        priority: file.get("AUTOCONNECT_PRIORITY").and_then(|priority| priority.value.parse().ok()).unwrap_or(0),
        port: ["MASTER", "MASTER_UUID", "BRIDGE", "BRIDGE_UUID", "TEAM_MASTER"].iter().find_map(|name| file.get(name)).cloned(),
        method: method(file, global),
        no_default_route: no_route.cloned(),
    })
}

/// The line of `NM_CONTROLLED=no`, if it takes the interface away from NetworkManager.
///
/// # Errors
/// Why that cannot be said.
pub(crate) fn not_controlled<'a>(files: &'a [Variables], nic: &Nic) -> Result<Option<&'a Setting<String>>, String> {
    for file in files {
        let Some(controlled) = file.get("NM_CONTROLLED").filter(|controlled| is_false(&controlled.value)) else { continue };
        match (file.get("DEVICE"), file.get("HWADDR"), nic.mac) {
            (Some(device), _, _) if device.value == nic.name => return Ok(Some(controlled)),
            (None, Some(address), None) => {
                return Err(format!("{}: `{}` is of an interface by its MAC address, which is not known of {}", address.at, address.text, nic.name));
            }
            (None, Some(address), Some(mac)) if address.value.eq_ignore_ascii_case(&mac.to_string()) => return Ok(Some(controlled)),
            _ => {}
        }
    }
    Ok(None)
}

/// `ipv6.method`, and the line that decides it (`make_ip6_setting`).
fn method(file: &Variables, global: &Variables) -> Setting<Method> {
    let whole = FileLine::whole(&file.path);
    let by = |method, line: &Setting<String>| by_rule(method, line.at.clone(), &line.text);
    if let Some(disabled) = file.get("IPV6_DISABLED").filter(|disabled| is_true(&disabled.value)) {
        return by(Method::Disabled, disabled);
    }
    let Some(init) = file.get_or(global, "IPV6INIT") else { return by_rule(Method::Ignore, whole, "IPV6INIT is not set") };
    if !is_true(&init.value) {
        return by(Method::Ignore, init);
    }
    let forwarding = file.get("IPV6FORWARDING").filter(|forwarding| is_true(&forwarding.value));
    // What is neither yes nor no is as if it were not there.
    let autoconf = file.get("IPV6_AUTOCONF").filter(|autoconf| autoconf.value == "shared" || is_true(&autoconf.value) || is_false(&autoconf.value));
    let off = match autoconf {
        Some(autoconf) if autoconf.value == "shared" => return by(Method::Shared, autoconf),
        Some(autoconf) if is_true(&autoconf.value) => return by(Method::Auto, autoconf),
        Some(autoconf) => autoconf,
        None => match forwarding {
            Some(forwarding) => forwarding,
            None => return by(Method::Auto, init),
        },
    };
    if let Some(client) = file.get("DHCPV6C").filter(|client| is_true(&client.value)) {
        return by(Method::Dhcp, client);
    }
    match file.get("IPV6ADDR").or_else(|| file.get("IPV6ADDR_SECONDARIES")) {
        Some(address) => by(Method::Manual, address),
        None => by(Method::LinkLocal, off),
    }
}
