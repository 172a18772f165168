//! Identities that clients make from the machine-id, the interface's name or its MAC address, each seen in the real client.
//!
//! Not derived, because it could not be seen or is drawn by lot: the IAID of systemd-networkd before 246 and of links that udev gives no name,
//! the IAID of udhcpc6 and odhcp6c, and every DUID with a time in it.

use sha2::{Digest, Sha256};
use siphasher::sip::SipHasher24;

use super::Guest;
use crate::facts::StackId;
use crate::facts::{ClientIdentity, Lease, Mac, Owner};
use crate::wire::duid::Duid;

/// `HASH_KEY` of systemd's libsystemd-network/dhcp-identifier.c; NetworkManager took it over.
const KEY: [u8; 16] = [0x80, 0x11, 0x8c, 0xc2, 0xfe, 0x4a, 0x03, 0xee, 0x3e, 0xd6, 0x0c, 0x6f, 0x36, 0x39, 0x14, 0x09];
/// Type of a DUID-UUID (RFC 6355).
const DUID_UUID: [u8; 2] = [0, 4];

/// As ISC dhclient and dhcpcd make an IAID.
pub(super) fn last_four_bytes(mac: Mac) -> u32 {
    u32::from_be_bytes([mac.2, mac.3, mac.4, mac.5])
}

/// As systemd-networkd and NetworkManager make an IAID of a name: its SipHash, the halves of which are folded.
fn iaid_of_name(name: &str) -> u32 {
    let hash = SipHasher24::new_with_key(&KEY).hash(name.as_bytes());
    hash.to_be_bytes().chunks_exact(4).fold(0, |folded, half| folded ^ half.iter().fold(0, |number, byte| number << 8 | u32::from(*byte)))
}

/// As NetworkManager makes its DUID of the machine-id: the first half of its SHA-256, as a DUID-UUID.
fn duid_of_network_manager(machine_id: [u8; 16]) -> Duid {
    let digest = Sha256::digest(machine_id);
    Duid([&DUID_UUID[..], &digest[..16]].concat())
}

/// The identity of NetworkManager's own client, where no lease tells it; `None` where its configuration names another one.
pub(super) fn by_network_manager(guest: &Guest<'_>, owner: &Owner) -> Option<ClientIdentity> {
    const MACHINE_ID: &str = "/etc/machine-id";
    // A dhclient that it started makes its IAID otherwise.
    if [&owner.name, &guest.process(owner)?.name].into_iter().any(|name| StackId::of_name(name) != Some(StackId::NetworkManager))
        || configures_identity(guest)?
    {
        return None;
    }
    let id = Duid::from_hex(guest.root.text(MACHINE_ID).ok()?.trim())?;
    Some(ClientIdentity {
        duid: duid_of_network_manager(id.0.try_into().ok()?).to_string(),
        iaid: iaid_of_name(guest.name),
        of_guest: true,
        source: format!("derived from {MACHINE_ID} and the name {} as NetworkManager does it", guest.name),
    })
}

/// Whether any file of NetworkManager names a DUID or an IAID, for whatever interface; `None` if one cannot be read.
fn configures_identity(guest: &Guest<'_>) -> Option<bool> {
    const PLACES: [&str; 8] = [
        "/etc/NetworkManager/NetworkManager.conf",
        "/etc/NetworkManager/conf.d/*.conf",
        "/run/NetworkManager/conf.d/*.conf",
        "/usr/lib/NetworkManager/conf.d/*.conf",
        "/run/NetworkManager/system-connections/*",
        "/etc/NetworkManager/system-connections/*",
        "/usr/lib/NetworkManager/system-connections/*",
        "/etc/sysconfig/network-scripts/ifcfg-*",
    ];
    const KEYS: [&str; 4] = ["dhcp-duid", "dhcp-iaid", "DHCPV6_DUID", "DHCPV6_IAID"];
    for path in PLACES.iter().flat_map(|place| guest.root.glob(place)) {
        let text = guest.root.text(&path).ok()?;
        let keys = text.lines().filter_map(|line| line.split_once('=')).map(|(key, _)| key.trim());
        if keys.map(|key| key.trim_start_matches("ipv6.")).any(|key| KEYS.contains(&key)) {
            return Some(true);
        }
    }
    Some(false)
}

/// The IAID that systemd-networkd will use on a link where it has not started its client yet, and where it comes from: the name that udev has
/// for the link's place, if its configuration names none.
pub(super) fn iaid_of_networkd(guest: &Guest<'_>, lease: &Lease) -> Option<(u32, String)> {
    // In the order of `net_get_name_persistent()` (libsystemd-network/network-internal.c).
    const NAMES: [&str; 4] = ["ID_NET_NAME_ONBOARD", "ID_NET_NAME_SLOT", "ID_NET_NAME_PATH", "ID_NET_NAME_MAC"];
    let links = format!("/run/systemd/netif/links/{}", guest.index);
    if lease.path != links {
        return None;
    }
    let state = guest.root.text(&links).ok()?;
    let values = |text: &str, key: &str| -> Vec<String> {
        text.lines().filter_map(|line| line.strip_prefix(key)?.strip_prefix('=').map(str::to_owned)).collect()
    };
    let mut files = values(&state, "NETWORK_FILE");
    for dropins in values(&state, "NETWORK_FILE_DROPINS") {
        files.extend(dropins.split_ascii_whitespace().map(|file| file.trim_matches('"').to_owned()));
    }
    for path in files {
        let text = guest.root.text(&path).ok()?;
        if text.lines().any(|line| line.trim_start().starts_with("IAID")) || has_dropins(guest, &path) {
            return None;
        }
    }
    let path = format!("/run/udev/data/n{}", guest.index);
    let udev = guest.root.text(&path).ok()?;
    let name = NAMES.iter().find_map(|key| values(&udev, &format!("E:{key}")).pop())?;
    Some((iaid_of_name(&name), format!("the name {name} ({path})")))
}

/// Whether a .network file has drop-ins: before systemd 256 the state file does not name them.
fn has_dropins(guest: &Guest<'_>, path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let directories = ["/etc", "/run", "/usr/local/lib", "/usr/lib", "/lib"];
    directories.iter().any(|directory| !guest.root.glob(&format!("{directory}/systemd/network/{name}.d/*.conf")).is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As NetworkManager 1.42 and systemd-networkd 252 sent them, by dnsmasq's lease file.
    #[test]
    fn as_the_real_daemons_sent_them() {
        let machine_id = [0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef];
        assert_eq!(duid_of_network_manager(machine_id).to_string(), "00:04:22:3e:0a:16:0a:f9:da:0a:03:e6:dd:2c:47:19:c5:6f");
        for (name, iaid) in [("eth0", 0x2b50_6735), ("ens3", 0xb55e_67ff), ("enp1s0", 0x5650_4d98), ("enxfa163e000001", 0xf38d_c562)] {
            assert_eq!(iaid_of_name(name), iaid, "{name}");
        }
    }
}
