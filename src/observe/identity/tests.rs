//! Whose identity is taken, on made-up states.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::path::Path;

use super::*;
use crate::facts::{Address, AddressFlag, Ipv6Stack, Observed, Owners, Scope};

const MAC: Mac = pnet::util::MacAddr(0xfa, 0x16, 0x3e, 0, 0, 1);

fn owner(name: &str) -> Owner {
    Owner { name: name.into(), pid: Some(7), evidence: String::new() }
}

fn lease_of(client: &str, duid: &str, iaid: Option<u32>) -> Lease {
    Lease { path: "/x".into(), line: 3, client: client.into(), duid: Some(duid.into()), iaid, addresses: Vec::new(), released: false, fresh: false }
}

struct Case {
    ra: &'static str,
    clients: Observed<Vec<Owner>>,
    leases: Vec<Lease>,
    addresses: Vec<Address>,
    /// The process with the id of every owner.
    process: &'static str,
    root: tempfile::TempDir,
    boot: Option<Recording>,
}

impl Case {
    fn new(clients: &[&str], leases: Vec<Lease>) -> Self {
        Self {
            ra: Owner::KERNEL,
            clients: Observed::Seen(clients.iter().map(|name| owner(name)).collect()),
            leases,
            addresses: Vec::new(),
            process: "NetworkManager",
            root: tempfile::tempdir().unwrap(),
            boot: None,
        }
    }

    fn write(&self, path: &str, text: &str) {
        let to = self.root.path().join(path.trim_start_matches('/'));
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::write(to, text).unwrap();
    }

    fn identity(&self) -> Result<ClientIdentity, String> {
        let unread = || "not read";
        let state = State {
            inet6: Observed::unknown(unread()),
            sysctl: Observed::Seen(BTreeMap::new()),
            addresses: Observed::Seen(self.addresses.clone()),
            ipv4_addresses: Observed::unknown(unread()),
            routes: Observed::unknown(unread()),
            neighbours: Observed::unknown(unread()),
            counters: Observed::unknown(unread()),
            leases: Observed::Seen(self.leases.clone()),
            owners: Owners { ra: Observed::Seen(owner(self.ra)), dhcpv6: self.clients.clone() },
        };
        let process = Process { pid: 7, name: self.process.into(), arguments: Vec::new(), started_cs: 0 };
        let host = HostState {
            ipv6: Observed::Seen(Ipv6Stack { present: true, command_line: None }),
            processes: Observed::Seen(vec![process]),
            dhcpv6_client_sockets: Observed::Seen(Vec::new()),
        };
        of(&Guest {
            name: "eth0",
            index: 2,
            mac: MAC,
            state: &state,
            host: &host,
            root: &crate::image::Image::new(self.root.path()),
            boot: self.boot.as_ref(),
        })
    }

    /// As `duid iaid`, and whether it is the guest's.
    fn who(&self) -> (String, bool) {
        let identity = self.identity().unwrap();
        (format!("{} {:08x}", identity.duid, identity.iaid), identity.of_guest)
    }
}

fn made() -> (String, bool) {
    ("00:03:00:01:fa:16:3e:00:00:01 3e000001".into(), false)
}

#[test]
fn the_client_in_charge_names_it() {
    let leases = || vec![lease_of("dhclient", "0003aa", Some(1)), lease_of("dhcpcd", "0003bb", Some(2))];
    assert_eq!(Case::new(&["dhclient"], leases()).who(), ("00:03:aa 00000001".into(), true));
    assert_eq!(Case::new(&["dhcpcd"], leases()).who(), ("00:03:bb 00000002".into(), true));
    assert_eq!(Case::new(&["myclient"], leases()).who(), made(), "its identity is not known, and another's is not its");
    let (identity, of_guest) = Case::new(&[], leases()).who();
    assert!(!of_guest, "{identity}: nobody is in charge");
    let hidden = Case { clients: Observed::unknown("run as root"), ..Case::new(&[], leases()) };
    assert!(!hidden.who().1);
    let daemon = Case { ra: "dhcpcd", ..Case::new(&[], leases()) };
    assert_eq!(daemon.who(), ("00:03:bb 00000002".into(), true), "it would ask as soon as an RA says so");
    assert_eq!(Case::new(&["dibbler-client"], vec![lease_of("dibbler-client", "0003aa", None)]).who(), made(), "half an identity is none");
}

#[test]
fn an_address_under_an_unknown_identity_forbids_another_one() {
    let address = |flags: &[AddressFlag], prefix_length| Address {
        address: "2001:db8::1".parse().unwrap(),
        prefix_length,
        scope: Scope::Global,
        flags: flags.to_vec(),
        preferred_s: Some(1),
        valid_s: Some(1),
        created_cs: 0,
        protocol: None,
    };
    let holding = |client, address| Case { addresses: vec![address], ..Case::new(&[client], Vec::new()) };
    assert!(holding("myclient", address(&[], 128)).identity().unwrap_err().contains("not known"));
    assert_eq!(holding("myclient", address(&[AddressFlag::Permanent], 128)).who(), made(), "a static one");
    assert!(holding("connmand", address(&[AddressFlag::Permanent], 64)).identity().is_err(), "its addresses have no lifetime");
    assert_eq!(holding("myclient", address(&[AddressFlag::Noprefixroute], 64)).who(), made(), "a daemon's SLAAC address");
}

#[test]
fn a_recorded_boot_tells_under_which_one_the_address_held_was_given() {
    let good = crate::facts::load(include_str!("../../../tests/guests/calico-good.json")).unwrap();
    let tenses = good.interfaces["eth0"].tenses.clone().unwrap();
    let recording = tenses.boot.recording.get().unwrap().clone();
    let mut held = tenses.state.addresses.get().unwrap().clone();
    for address in &mut held {
        address.flags = vec![AddressFlag::Permanent];
    }
    let case = |addresses: &[Address], boot| Case { addresses: addresses.to_vec(), boot, ..Case::new(&["udhcpc6"], Vec::new()) };
    let (duid, of_guest) = case(&held, Some(recording.clone())).who();
    assert_eq!((&duid[..], of_guest), ("00:01:00:01:32:97:e1:09:fa:16:3e:00:00:01 3e000001", true));
    assert!(case(&held, None).identity().unwrap_err().contains("not known"));
    held.retain(|address| address.scope != Scope::Global);
    assert_eq!(case(&held, Some(recording)).who(), made(), "the address is gone, so the exchange was not the last");
}

#[test]
fn network_manager_before_its_first_lease() {
    let case = Case::new(&["NetworkManager"], Vec::new());
    assert_eq!(case.who(), made(), "no machine-id");
    case.write("/etc/machine-id", "0123456789abcdef0123456789abcdef\n");
    assert_eq!(case.who(), ("00:04:22:3e:0a:16:0a:f9:da:0a:03:e6:dd:2c:47:19:c5:6f 2b506735".into(), true));
    case.write("/etc/NetworkManager/conf.d/x.conf", "[connection]\nipv6.dhcp-duid=ll\n");
    assert_eq!(case.who(), made(), "it is told to use another one");
    let dhclient = Case { process: "dhclient", ..Case::new(&["NetworkManager"], Vec::new()) };
    dhclient.write("/etc/machine-id", "0123456789abcdef0123456789abcdef\n");
    assert_eq!(dhclient.who(), made(), "its dhclient makes another IAID");
}

#[test]
fn networkd_before_its_client_starts() {
    let links = "/run/systemd/netif/links/2";
    let lease = || Lease { path: links.into(), ..lease_of("systemd-networkd", "0002", None) };
    let case = Case { ra: "systemd-networkd", ..Case::new(&[], vec![lease()]) };
    case.write(links, "NETWORK_FILE=/etc/systemd/network/10-eth0.network\n");
    case.write("/etc/systemd/network/10-eth0.network", "[Network]\nDHCP=yes\n");
    assert_eq!(case.who(), made(), "udev has no name for it");
    case.write("/run/udev/data/n2", "I:1\nE:ID_NET_NAME_MAC=enxfa163e000001\nE:ID_NET_NAME_PATH=enp1s0\nE:ID_NET_NAME_SLOT=ens3\n");
    assert_eq!(case.who(), ("00:02 b55e67ff".into(), true));
    case.write("/etc/systemd/network/10-eth0.network.d/iaid.conf", "[DHCPv6]\nIAID=7\n");
    assert_eq!(case.who(), made());
    std::fs::remove_dir_all(case.root.path().join(Path::new("etc/systemd/network/10-eth0.network.d"))).unwrap();
    case.write("/etc/systemd/network/10-eth0.network", "[DHCPv6]\nIAID=7\n");
    assert_eq!(case.who(), made());
}
