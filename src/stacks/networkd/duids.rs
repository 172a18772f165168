//! DUIDs that systemd-networkd is configured to use.

use crate::facts::{BakedDuid, StackId};
use crate::host::image_identity::duids::{baked, digits};
use crate::image::ini::systemd::Assignments;
use crate::wire::duid::Duid;

pub(crate) const PLACES: [&str; 8] = [
    "/etc/systemd/networkd.conf",
    "/etc/systemd/networkd.conf.d/*.conf",
    "/usr/lib/systemd/networkd.conf.d/*.conf",
    "/etc/systemd/network/*.network",
    "/etc/systemd/network/*.network.d/*.conf",
    "/run/systemd/network/*.network",
    "/usr/lib/systemd/network/*.network",
    "/usr/lib/systemd/network/*.network.d/*.conf",
];

/// `DUIDRawData=` fixes a DUID; `DUIDType=` alone makes one of the machine-id or the MAC address (networkd.conf(5)).
pub(crate) fn of_file(path: &str, bytes: &[u8]) -> Option<BakedDuid> {
    let file = Assignments::parse(path, &String::from_utf8_lossy(bytes));
    let set = |key: &str| file.0.iter().rfind(|found| matches!(&found.section[..], "DHCPv6" | "DHCP") && found.key == key && !found.value.is_empty());
    let raw = set("DUIDRawData")?;
    let kind = set("DUIDType").map_or("vendor", |kind| &kind.value);
    let number = match kind.split(':').next().unwrap_or(kind) {
        "link-layer-time" => 1,
        "vendor" => 2,
        "link-layer" => 3,
        "uuid" => 4,
        number => number.parse::<u16>().ok()?,
    };
    let mut duid = number.to_be_bytes().to_vec();
    duid.extend(digits(&raw.value)?.0);
    baked(StackId::Networkd, raw.at.clone(), &Duid(duid))
}
