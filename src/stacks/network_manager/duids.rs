//! DUIDs that profiles of NetworkManager fix.

use crate::facts::{BakedDuid, StackId};
use crate::host::image_identity::duids::{baked, digits};
use crate::image::ini;
use crate::wire::duid::Duid;

pub(crate) const PLACES: [&str; 6] = [
    "/etc/NetworkManager/system-connections/*",
    "/usr/lib/NetworkManager/system-connections/*",
    "/etc/NetworkManager/NetworkManager.conf",
    "/etc/NetworkManager/conf.d/*.conf",
    "/usr/lib/NetworkManager/conf.d/*.conf",
    "/etc/sysconfig/network-scripts/ifcfg-*",
];

/// `ipv6.dhcp-duid` that is a DUID itself and not one of the words `lease`, `ll`, `stable-uuid` and so on (nm-settings(5)).
pub(crate) fn of_file(path: &str, bytes: &[u8]) -> Option<BakedDuid> {
    let text = String::from_utf8_lossy(bytes);
    let fits = |found: &ini::Keyed<'_>| {
        found.key == "dhcp-duid" && found.section == "ipv6" || found.key == "ipv6.dhcp-duid" || found.key == "DHCPV6_DUID" && found.section.is_empty()
    };
    let set = ini::assignments(&text).filter(fits).last()?;
    let literal = digits(set.value).or_else(|| Duid::from_hex(set.value))?;
    baked(StackId::NetworkManager, set.at(path), &literal)
}
