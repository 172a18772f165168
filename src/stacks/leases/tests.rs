//! Files that the real clients wrote (tests/clients/), read as they lay there.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use super::*;
use crate::facts::{Ipv6Stack, Process};

/// Puts a client's file below `root`.
fn put(root: &Path, path: &str, sample: &str) {
    let to = root.join(path.trim_start_matches('/'));
    std::fs::create_dir_all(to.parent().unwrap()).unwrap();
    std::fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients").join(sample), to).unwrap();
}

fn write(root: &Path, path: &str, text: &str) {
    let to = root.join(path.trim_start_matches('/'));
    std::fs::create_dir_all(to.parent().unwrap()).unwrap();
    std::fs::write(to, text).unwrap();
}

/// The leases of eth0 (index 2) while a process of the name `running` runs.
fn leases_at(root: &Path, running: &str, now: u64) -> Observed<Vec<Lease>> {
    let process = Process { pid: 1, name: running.into(), arguments: vec![running.into()], started_cs: 0 };
    let host = HostState {
        ipv6: Observed::Seen(Ipv6Stack { present: true, command_line: None }),
        processes: Observed::Seen(vec![process]),
        dhcpv6_client_sockets: Observed::Seen(Vec::new()),
    };
    let root = Image::new(root);
    let mac = Some(Mac::new(0xfa, 0x16, 0x3e, 0, 0, 1));
    leases(&Subject { name: "eth0", index: Some(2), mac, now, host: &host, root: &root }, &Files::read(&root, &host))
}

fn only(root: &Path, running: &str, now: u64) -> Lease {
    let leases = leases_at(root, running, now);
    let [lease] = &leases.get().unwrap()[..] else { panic!("{leases:?}") };
    lease.clone()
}

fn addresses(lease: &Lease) -> Vec<String> {
    lease.addresses.iter().map(|leased| format!("{} {:?}", leased.address, leased.valid_s)).collect()
}

#[test]
fn networkd_keeps_an_identity_and_no_lease() {
    let root = tempfile::tempdir().unwrap();
    put(root.path(), "/run/systemd/netif/links/2", "networkd-links-2");
    let lease = only(root.path(), "systemd-network", 0);
    assert_eq!((&lease.client[..], lease.line, lease.fresh), ("systemd-networkd", 22, false));
    assert_eq!((lease.duid.as_deref(), lease.iaid), (Some("00020000ab11dede0fabf5e9fca3"), Some(0xe431_9029)));
}

#[test]
fn network_manager_tells_its_lease_while_it_runs() {
    let root = tempfile::tempdir().unwrap();
    put(root.path(), "/run/NetworkManager/devices/2", "NetworkManager-devices-2");
    let lease = only(root.path(), "NetworkManager", 0);
    assert_eq!((&lease.client[..], lease.line, lease.fresh), ("NetworkManager", 8, true));
    assert_eq!((lease.duid.as_deref(), lease.iaid), (Some("0004223e0a160af9da0a03e6dd2c4719c56f"), Some(0x2b50_6735)));
    assert_eq!(addresses(&lease), ["2001:db8:1::1ae None"]);
    assert!(!only(root.path(), "other", 0).fresh, "it does not run, and the file is left over");

    write(root.path(), "/run/NetworkManager/devices/2", "[device]\nmanaged=true\n");
    assert_eq!(leases_at(root.path(), "NetworkManager", 0), Observed::Seen(Vec::new()), "no lease, no section");
}

#[test]
fn a_dhclient_of_network_manager_is_network_managers() {
    let root = tempfile::tempdir().unwrap();
    write(root.path(), "/var/lib/NetworkManager/dhclient6-1f2e-eth0.lease", "default-duid \"\\000\\004abcd\";\n");
    assert_eq!(only(root.path(), "dhclient", 0).client, "NetworkManager");
}

#[test]
fn dhcpcd_keeps_the_reply() {
    let root = tempfile::tempdir().unwrap();
    put(root.path(), "/var/lib/dhcpcd/duid", "dhcpcd-duid");
    let lease = only(root.path(), "dhcpcd", 0);
    let identity = (Some("000100013297f916fa163e000001"), Some(0x3e00_0001));
    assert_eq!((&lease.path[..], lease.duid.as_deref(), lease.iaid), ("/var/lib/dhcpcd/duid", identity.0, identity.1));
    write(root.path(), "/etc/dhcpcd.conf", "interface eth0\n  iaid 7\n");
    assert_eq!(only(root.path(), "dhcpcd", 0).iaid, None, "its configuration tells another one");

    put(root.path(), "/var/lib/dhcpcd/eth0.lease6", "dhcpcd-eth0.lease6");
    let written = Image::new(root.path()).modified("/var/lib/dhcpcd/eth0.lease6").unwrap();
    let lease = only(root.path(), "dhcpcd", written + 599);
    assert_eq!((&lease.client[..], lease.duid.as_deref(), lease.iaid, lease.fresh), ("dhcpcd", identity.0, identity.1, true));
    assert_eq!(addresses(&lease), ["2001:db8:1::1a4 Some(600)"]);
    assert!(!only(root.path(), "dhcpcd", written + 600).fresh, "expired");
    std::fs::remove_file(root.path().join("var/lib/dhcpcd/duid")).unwrap();
    let reply = std::fs::read(root.path().join("var/lib/dhcpcd/eth0.lease6")).unwrap();
    for length in 0..reply.len() {
        std::fs::write(root.path().join("var/lib/dhcpcd/eth0.lease6"), &reply[..length]).unwrap();
        assert!(leases_at(root.path(), "dhcpcd", written).get().unwrap().len() <= 1);
    }
}

#[test]
fn dibbler_keeps_a_database() {
    let root = tempfile::tempdir().unwrap();
    put(root.path(), "/var/lib/dibbler/client-duid", "dibbler-client-duid");
    let lease = only(root.path(), "dibbler-client", 0);
    assert_eq!((lease.duid.as_deref(), lease.iaid), (Some("000100013297f951fa163e000001"), None), "the IAID is its configuration's");

    put(root.path(), "/var/lib/dibbler/client-AddrMgr.xml", "dibbler-client-AddrMgr.xml");
    let lease = only(root.path(), "dibbler-client", 1_795_505_362 + 599);
    assert_eq!((lease.line, lease.duid.as_deref(), lease.iaid, lease.fresh), (8, Some("000100013297f951fa163e000001"), Some(1), true));
    assert_eq!(addresses(&lease), ["2001:db8:1::15f Some(600)"]);
    assert!(!only(root.path(), "dibbler-client", 1_795_505_362 + 600).fresh);

    let text = std::fs::read_to_string(root.path().join("var/lib/dibbler/client-AddrMgr.xml")).unwrap();
    for length in 0..text.len() {
        write(root.path(), "/var/lib/dibbler/client-AddrMgr.xml", &text[..length]);
        let lease = only(root.path(), "dibbler-client", 0);
        assert!(lease.addresses.len() <= 1);
    }
    write(root.path(), "/var/lib/dibbler/client-AddrMgr.xml", &text.replace("\"eth0\"", "\"eth1\""));
    assert!(only(root.path(), "dibbler-client", 0).addresses.is_empty(), "another interface's");
}

#[test]
fn dhcp6c_keeps_its_duid() {
    let root = tempfile::tempdir().unwrap();
    put(root.path(), "/var/lib/dhcpv6/dhcp6c_duid", "dhcp6c_duid");
    write(root.path(), "/etc/wide-dhcpv6/dhcp6c.conf", "interface eth0 { send ia-na 0; };\n");
    let lease = only(root.path(), "dhcp6c", 0);
    assert_eq!((lease.duid.as_deref(), lease.iaid), (Some("000100013297f9aefa163e000001"), Some(0)));
}

#[test]
fn what_is_no_regular_file_is_told() {
    let root = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(root.path().join("var/lib/dhcpcd/eth0.lease6")).unwrap();
    assert!(matches!(leases_at(root.path(), "dhcpcd", 0), Observed::Unknown(reason) if reason.text.contains("eth0.lease6")));
}
