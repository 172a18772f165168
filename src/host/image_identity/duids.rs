//! DUIDs that DHCPv6 clients keep in files, or are configured to use.

use std::io;

use super::{files, whole};
use crate::facts::{BakedDuid, FileLine, StackId};
use crate::image::Image;
use crate::image::ini;
use crate::stacks::dhclient::leases::{PLACES as DHCLIENT_LEASES, kept as kept_leases};
use crate::wire::duid::Duid;

/// As long as a DUID may be (RFC 8415 section 11.1).
const LONGEST: usize = 130;
/// The least that is a DUID: a type and something.
const SHORTEST: usize = 3;

/// Where clients write theirs as hexadecimal digits.
const WRITTEN: [(StackId, &[&str]); 3] = [
    (StackId::Dhcpcd, &["/var/lib/dhcpcd/duid", "/var/db/dhcpcd/duid", "/etc/dhcpcd.duid"]),
    (StackId::Dibbler, &["/var/lib/dibbler/client-duid"]),
    (StackId::Wicked, &["/var/lib/wicked/duid.xml"]),
];
/// Where wide-dhcpv6's dhcp6c writes its own, as Debian and its authors have it.
const DHCP6C: [&str; 2] = ["/var/lib/dhcpv6/dhcp6c_duid", "/var/db/dhcp6c_duid"];
const NETWORKD: [&str; 8] = [
    "/etc/systemd/networkd.conf",
    "/etc/systemd/networkd.conf.d/*.conf",
    "/usr/lib/systemd/networkd.conf.d/*.conf",
    "/etc/systemd/network/*.network",
    "/etc/systemd/network/*.network.d/*.conf",
    "/run/systemd/network/*.network",
    "/usr/lib/systemd/network/*.network",
    "/usr/lib/systemd/network/*.network.d/*.conf",
];
const NETWORK_MANAGER: [&str; 6] = [
    "/etc/NetworkManager/system-connections/*",
    "/usr/lib/NetworkManager/system-connections/*",
    "/etc/NetworkManager/NetworkManager.conf",
    "/etc/NetworkManager/conf.d/*.conf",
    "/usr/lib/NetworkManager/conf.d/*.conf",
    "/etc/sysconfig/network-scripts/ifcfg-*",
];

/// The DUIDs, and why some file could not be read.
pub(crate) fn read(root: &Image) -> (Vec<BakedDuid>, Option<io::Error>) {
    let (mut found, mut unread) = (Vec::new(), None);
    let mut each = |places: &[&str], of: &dyn Fn(&str, &[u8]) -> Option<BakedDuid>| match files(root, places) {
        Ok(files) => found.extend(files.iter().filter_map(|(path, bytes)| of(path, bytes))),
        Err(error) => unread = Some(error),
    };
    let text = String::from_utf8_lossy;
    each(&DHCLIENT_LEASES, &|path, bytes| {
        let (line, duid) = kept_leases(bytes).duid?;
        baked(StackId::Dhclient, whole(path, line), &Duid::from_hex(&duid)?)
    });
    for (client, places) in WRITTEN {
        each(places, &|path, bytes| written(client, path, &text(bytes)));
    }
    each(&DHCP6C, &|path, bytes| baked(StackId::Dhcp6c, whole(path, 0), &of_dhcp6c(bytes)?));
    each(&NETWORKD, &|path, bytes| of_networkd(path, &text(bytes)));
    each(&NETWORK_MANAGER, &|path, bytes| of_network_manager(path, &text(bytes)));
    (found, unread)
}

fn baked(client: StackId, at: FileLine, duid: &Duid) -> Option<BakedDuid> {
    (SHORTEST..=LONGEST).contains(&duid.0.len()).then(|| BakedDuid {
        client,
        at,
        duid: duid.to_string().replace(':', ""),
        decoded: duid.describe(),
        mac: duid.mac(),
    })
}

/// The first DUID of a text file: on a line of its own, or, in XML, between two tags.
fn written(client: StackId, path: &str, text: &str) -> Option<BakedDuid> {
    (1..).zip(text.lines()).find_map(|(line, text)| {
        let mut parts = text.split('<').map(|part| part.rsplit('>').next().unwrap_or(part).trim());
        parts.find_map(|part| baked(client, whole(path, line), &duid(part)?))
    })
}

/// Hexadecimal digits with colons; bytes of one digit as well (`0:1:0:1:...`).
fn duid(text: &str) -> Option<Duid> {
    if !text.contains(':') || text.len() > LONGEST * 3 {
        return None;
    }
    let byte = |digits: &str| if digits.len() <= 2 { u8::from_str_radix(digits, 16).ok() } else { None };
    text.split(':').map(byte).collect::<Option<_>>().map(Duid)
}

/// A length as this machine has numbers, then the DUID (get_duid() of dhcp6c's common.c). Whose byte order it is cannot be told in an image
/// of another machine, but only one of both fits.
fn of_dhcp6c(bytes: &[u8]) -> Option<Duid> {
    let (length, rest) = bytes.split_first_chunk::<2>()?;
    let fits = [u16::from_le_bytes(*length), u16::from_be_bytes(*length)].into_iter().find(|length| usize::from(*length) == rest.len());
    fits.map(|_| Duid(rest.to_vec()))
}

/// `DUIDRawData=` fixes a DUID; `DUIDType=` alone makes one of the machine-id or the MAC address (networkd.conf(5)).
fn of_networkd(path: &str, text: &str) -> Option<BakedDuid> {
    let set = |key: &str| {
        let fits = |found: &ini::Keyed<'_>| matches!(found.section, "DHCPv6" | "DHCP") && found.key == key && !found.value.is_empty();
        ini::assignments(text).filter(fits).last()
    };
    let raw = set("DUIDRawData")?;
    let kind = set("DUIDType").map_or("vendor", |kind| kind.value);
    let number = match kind.split(':').next().unwrap_or(kind) {
        "link-layer-time" => 1,
        "vendor" => 2,
        "link-layer" => 3,
        "uuid" => 4,
        number => number.parse::<u16>().ok()?,
    };
    let mut bytes = number.to_be_bytes().to_vec();
    bytes.extend(duid(raw.value)?.0);
    baked(StackId::Networkd, raw.at(path), &Duid(bytes))
}

/// `ipv6.dhcp-duid` that is a DUID itself and not one of the words `lease`, `ll`, `stable-uuid` and so on (nm-settings(5)).
fn of_network_manager(path: &str, text: &str) -> Option<BakedDuid> {
    let fits = |found: &ini::Keyed<'_>| {
        found.key == "dhcp-duid" && found.section == "ipv6" || found.key == "ipv6.dhcp-duid" || found.key == "DHCPV6_DUID" && found.section.is_empty()
    };
    let set = ini::assignments(text).filter(fits).last()?;
    let literal = duid(set.value).or_else(|| Duid::from_hex(set.value))?;
    baked(StackId::NetworkManager, set.at(path), &literal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_digit_a_byte() {
        assert_eq!(duid("0:3:0:1:fa:16:3e:0:0:1"), Some(Duid(vec![0, 3, 0, 1, 0xfa, 0x16, 0x3e, 0, 0, 1])));
        assert_eq!(duid("lease"), None);
        assert_eq!(duid("00:03:"), None);
        assert_eq!(of_dhcp6c(&[3, 0, 0, 4, 9]), Some(Duid(vec![0, 4, 9])));
        assert_eq!(of_dhcp6c(&[0, 3, 0, 4, 9]), Some(Duid(vec![0, 4, 9])));
        assert_eq!(of_dhcp6c(&[4, 0, 0, 4, 9]), None);
        assert_eq!(of_dhcp6c(&[]), None);
    }
}
