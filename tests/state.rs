//! What the kernel and the daemons hold, compared with what `ip` and the real dhclient say. Needs root: it makes network namespaces.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::net::Ipv6Addr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use v6check::facts::{AddressFlag, HostState, LinkKind, Mac, Neighbour, Observed, Owner, Scope, State};
use v6check::observe::state;
use v6check_lab::{Daemon, Namespace, STATE_LIMIT, poll};

/// Set for the copy of this program that looks around inside a namespace: where it writes what it saw.
const INSIDE: &str = "STATELAB_SAW";

/// What the copy inside a namespace saw.
#[derive(Serialize, Deserialize)]
struct Saw {
    links: BTreeMap<String, (v6check::facts::Link, bool)>,
    raw_sockets: Observed<()>,
    host: HostState,
    states: BTreeMap<String, State>,
    counters: BTreeMap<String, Observed<BTreeMap<String, u64>>>,
}

/// In the copy inside a namespace: looks around, and says that the test ends here.
fn is_inside() -> bool {
    let Ok(path) = std::env::var(INSIDE) else { return false };
    let survey = state::survey().unwrap();
    let names: BTreeSet<String> = survey.links.keys().filter(|name| *name != "lo").cloned().collect();
    let tables = state::Tables::read();
    let host = state::host(&tables);
    let states = state::interfaces(&names, &host, &tables);
    let saw = Saw {
        links: survey.links.into_iter().map(|(name, found)| (name, (found.link, found.configured))).collect(),
        raw_sockets: survey.raw_sockets,
        counters: names.iter().map(|name| (name.clone(), state::counters(name))).collect(),
        host,
        states,
    };
    std::fs::write(path, serde_json::to_vec(&saw).unwrap()).unwrap();
    true
}

/// A network namespace and what a look around in it leaves.
struct Guest {
    namespace: Namespace,
    files: tempfile::TempDir,
}

impl Guest {
    fn new(role: &str) -> Self {
        Self { namespace: Namespace::make(role).unwrap(), files: tempfile::tempdir().unwrap() }
    }

    /// `ip` in the namespace, one command a line.
    fn ip(&self, commands: &str) {
        self.namespace.ip_batch(commands).unwrap();
    }

    /// What `ip -j` prints.
    fn json(&self, command: &str) -> Vec<Value> {
        let text = self.namespace.ip(&format!("-j -d {command}")).unwrap();
        if text.trim().is_empty() { Vec::new() } else { serde_json::from_str(&text).unwrap() }
    }

    /// Runs this test's copy in the namespace, by the program and options of `before`.
    fn look(&self, test: &str, before: &[&str]) -> Saw {
        // It may be another user who looks.
        let path = self.files.path().join("saw");
        std::fs::write(&path, "").unwrap();
        for (path, mode) in [(self.files.path(), 0o755), (&path, 0o666)] {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
        }
        let program = std::env::current_exe().unwrap().display().to_string();
        let words = [before, &[&program, "--exact", test, "--nocapture"]].concat();
        let done = self.namespace.command(words[0]).args(&words[1..]).env(INSIDE, &path).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stdout));
        serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
    }
}

#[test]
fn links_as_ip_has_them() {
    if is_inside() {
        return;
    }
    let (guest, host) = (Guest::new("links"), Guest::new("links-host"));
    guest.ip(&format!(
        "link add eth0 type veth peer name tap0 netns {}
         link add left type veth peer name right
         link add name br0 type bridge
         link add eth0.100 mtu 1400 type veth peer name peer.100
         link set right master br0
         link set eth0 mtu 1400
         link set eth0 up
         addr add 192.0.2.1/24 dev left
         addr add 169.254.1.1/16 dev right",
        host.namespace.name()
    ));
    host.ip("link set tap0 up");
    let saw = guest.look("links_as_ip_has_them", &[]);
    assert_eq!(saw.raw_sockets, Observed::Seen(()));
    let told = guest.json("link show");
    assert_eq!(told.len(), saw.links.len());
    for told in &told {
        let (link, _) = &saw.links[told["ifname"].as_str().unwrap()];
        assert_eq!(told["ifindex"], link.index);
        assert_eq!(told["mtu"], link.mtu);
        let flag = |name: &str| told["flags"].as_array().unwrap().iter().any(|flag| flag == name);
        assert_eq!((flag("UP"), flag("LOWER_UP")), (link.up, link.carrier), "{told}");
        if let Some(mac) = link.mac {
            assert_eq!(told["address"], mac.to_string());
        }
    }
    let kind = |name: &str| saw.links[name].0.kind.clone();
    assert_eq!(kind("lo"), LinkKind::Loopback);
    assert_eq!(kind("eth0"), LinkKind::Veth { peer_elsewhere: true });
    assert_eq!(kind("left"), LinkKind::Veth { peer_elsewhere: false });
    assert_eq!(kind("br0"), LinkKind::Virtual("bridge".into()));
    assert_eq!(saw.links["right"].0.master, Some(saw.links["br0"].0.index));
    assert_eq!((saw.links["eth0"].0.lower, saw.links["left"].0.lower), (None, None));
    assert!(saw.links["left"].1, "has an address");
    assert!(!saw.links["right"].1, "only a link-local one");
    assert!(!saw.links["eth0"].1, "only a link-local one");
    // The settings of a name with a dot.
    assert_eq!(saw.states["eth0.100"].sysctl.get().unwrap()["mtu"], 1400);
}

#[test]
fn tables_as_ip_has_them() {
    if is_inside() {
        return;
    }
    let (guest, host) = (Guest::new("tables"), Guest::new("tables-host"));
    guest.ip(&format!(
        "link add eth0 address fa:16:3e:00:00:01 type veth peer name tap0 netns {0}
         link add eth1 type veth peer name tap1 netns {0}",
        host.namespace.name()
    ));
    host.ip("link set tap0 up\nlink set tap1 up");
    guest.ip("link set eth0 up
         link set eth1 up
         addr add 2001:db8::10/128 dev eth0 valid_lft 600 preferred_lft 0 nodad
         addr add 2001:db8:1::5/64 dev eth0 nodad noprefixroute
         addr add 192.0.2.10/32 dev eth0
         addr add fe80::5 peer fe80::6/128 dev eth0 nodad
         route add default via fe80::1 dev eth0 proto ra metric 1024 expires 300
         route add 2001:db8:2::/48 metric 77 nexthop via fe80::1 dev eth0 nexthop via fe80::2 dev eth1
         route add 2001:db8:4::/48 dev eth1 table 1000 proto dhcp
         route add blackhole 2001:db8:9::/48
         nexthop add id 7 via fe80::7 dev eth0
         nexthop add id 8 via fe80::8 dev eth1
         nexthop add id 9 group 7/8
         route add 2001:db8:7::/48 nhid 7 proto static
         route add 2001:db8:8::/48 nhid 9 proto static
         neigh add fe80::1 lladdr ee:ee:ee:ee:ee:ee router nud reachable dev eth0");
    for compatible in [1, 0] {
        guest.namespace.set(&[("ipv4/nexthop_compat_mode", compatible)]).unwrap();
        check_tables(&guest, &guest.look("tables_as_ip_has_them", &[]));
    }
}

fn check_tables(guest: &Guest, saw: &Saw) {
    let mut compared = 0;
    for told in guest.json("-6 addr show") {
        let name = told["ifname"].as_str().unwrap();
        let Some(state) = saw.states.get(name) else { continue };
        let addresses = state.addresses.get().unwrap();
        let told = told["addr_info"].as_array().unwrap();
        assert_eq!(told.len(), addresses.len(), "{name}");
        for told in told {
            let address = addresses.iter().find(|address| told["local"] == address.address.to_string()).unwrap();
            // `ip` prints the other end's length where there is one.
            assert_eq!(told["prefixlen"], address.prefix_length);
            assert_eq!(told["scope"] == "link", address.scope == Scope::Link, "{told}");
            let flag = |name: &str| told[name] == true;
            assert_eq!(flag("noprefixroute"), address.has(AddressFlag::Noprefixroute));
            assert_eq!(flag("deprecated"), address.has(AddressFlag::Deprecated));
            assert_eq!(flag("nodad"), address.has(AddressFlag::Nodad));
            assert_eq!(flag("dynamic"), !address.has(AddressFlag::Permanent));
            let valid = told["valid_life_time"].as_u64().unwrap();
            assert_eq!(valid == u64::from(u32::MAX), address.valid_s.is_none());
            assert!(address.valid_s.is_none_or(|seconds| u64::from(seconds).abs_diff(valid) <= 5));
            assert!(address.created_cs > 0);
            compared += 1;
        }
    }
    assert!(compared >= 5);
    let eth0 = &saw.states["eth0"];
    assert_eq!(eth0.ipv4_addresses.get().unwrap(), &["192.0.2.10".parse::<std::net::Ipv4Addr>().unwrap()]);

    let mut told = BTreeSet::new();
    for route in guest.json("-6 route show table all type unicast").iter().filter(|route| route["table"] != "local") {
        let mut add = |hop: &Value| {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            told.insert((text(&hop["dev"]), text(&route["dst"]), text(&hop["gateway"]), route["metric"].as_u64().unwrap_or(0)));
        };
        match route["nexthops"].as_array() {
            Some(hops) => hops.iter().for_each(add),
            None if route["dev"].is_string() => add(route),
            None => {}
        }
    }
    told.retain(|(name, ..)| name != "lo");
    // Without compatibility `ip` prints only the number of the object.
    for (name, destination, gateway) in
        [("eth0", "2001:db8:7::/48", "fe80::7"), ("eth0", "2001:db8:8::/48", "fe80::7"), ("eth1", "2001:db8:8::/48", "fe80::8")]
    {
        told.insert((name.into(), destination.into(), gateway.into(), 1024));
    }
    let mut found = BTreeSet::new();
    for (name, state) in &saw.states {
        for route in state.routes.get().unwrap() {
            let destination = match (route.is_default(), route.prefix_length) {
                (true, _) => "default".to_owned(),
                (_, 128) => route.destination.to_string(),
                (_, length) => format!("{}/{length}", route.destination),
            };
            let gateway = route.gateway.map(|gateway| gateway.to_string()).unwrap_or_default();
            found.insert((name.clone(), destination, gateway, u64::from(route.metric)));
        }
    }
    assert_eq!(found, told);
    let default = eth0.routes.get().unwrap().iter().find(|route| route.is_default()).unwrap();
    assert_eq!(default.protocol, v6check::facts::Route::RA);
    assert!(default.expires_s.is_some_and(|seconds| (280..=300).contains(&seconds)), "{default:?}");
    let elsewhere = saw.states["eth1"].routes.get().unwrap().iter().find(|route| route.table == 1000).unwrap();
    assert_eq!((elsewhere.protocol, elsewhere.expires_s), (16, None));

    let router = Neighbour {
        address: "fe80::1".parse().unwrap(),
        mac: Some(Mac::new(0xee, 0xee, 0xee, 0xee, 0xee, 0xee)),
        reachability: "reachable".into(),
        router: true,
    };
    assert!(eth0.neighbours.get().unwrap().contains(&router), "{:?}", eth0.neighbours);
    assert!(eth0.inet6.get().unwrap().is_some());
    assert_eq!(eth0.sysctl("accept_ra"), Ok(1));
    assert_eq!(eth0.sysctl("router_solicitation_interval"), Ok(4));
    assert!(saw.counters["eth0"].get().unwrap().contains_key("Icmp6InRouterAdvertisements"));
    assert_eq!(eth0.owners.ra.get().unwrap().name, Owner::KERNEL);
    assert_eq!(eth0.owners.dhcpv6.get().unwrap(), &[]);
}

#[test]
fn an_interface_without_ipv6() {
    if is_inside() {
        return;
    }
    let guest = Guest::new("none");
    guest.ip("link add eth0 type bridge\nlink set eth0 mtu 1200\nlink set eth0 up");
    let saw = guest.look("an_interface_without_ipv6", &[]);
    assert_eq!(saw.states["eth0"].inet6, Observed::Seen(None));
    assert!(matches!(&saw.states["eth0"].sysctl, Observed::Unknown(reason) if reason.text.contains("no IPv6 part")));
    assert!(matches!(&saw.counters["eth0"], Observed::Unknown(reason) if reason.text.contains("no IPv6 part")));
    assert_eq!(saw.states["eth0"].addresses, Observed::Seen(Vec::new()));
}

/// A dhclient that asks a link on which nobody answers.
struct Client {
    daemon: Daemon,
}

impl Client {
    /// Starts it and waits for its first Solicit: by then its socket is open, and no script runs beside it.
    fn start(guest: &Guest, lease_file: &Path) -> Self {
        let log = lease_file.with_extension("log");
        let mut command = guest.namespace.command("dhclient");
        command.args(["-6", "-d", "-sf", "/bin/true", "-pf"]).arg(guest.files.path().join("pid")).arg("-lf").arg(lease_file).arg("eth0");
        let daemon = Daemon::start(&mut command, &File::create(&log).unwrap()).unwrap();
        let text = || std::fs::read_to_string(&log).unwrap();
        poll("dhclient solicits", STATE_LIMIT, || Ok(text().contains("XMT: Solicit"))).unwrap_or_else(|error| panic!("{error}: {}", text()));
        Self { daemon }
    }
}

#[test]
fn the_real_dhclient() {
    if is_inside() {
        return;
    }
    let (guest, host) = (Guest::new("client"), Guest::new("client-host"));
    guest.ip(&format!(
        "link add eth0 address fa:16:3e:00:00:01 type veth peer name tap0 netns {0}
         link add eth1 type veth peer name tap1 netns {0}",
        host.namespace.name()
    ));
    host.ip("link set tap0 up\nlink set tap1 up");
    guest.ip("link set eth0 addrgenmode none\nlink set eth0 up\nlink set eth1 up\naddr add fe80::f816:3eff:fe00:1/64 dev eth0 nodad");
    let lease_file = guest.files.path().join("dhclient6.eth0.leases");
    let client = Client::start(&guest, &lease_file);
    let saw = guest.look("the_real_dhclient", &[]);
    let [socket] = &saw.host.dhcpv6_client_sockets.get().unwrap()[..] else { panic!("one socket: {:?}", saw.host) };
    assert_eq!(socket.address, "fe80::f816:3eff:fe00:1".parse::<Ipv6Addr>().unwrap());
    assert_eq!(socket.interface_index, saw.links["eth0"].0.index);
    let process = socket.process.as_ref().unwrap();
    assert_eq!((process.pid, &process.name[..]), (client.daemon.id(), "dhclient"));
    assert!(process.started_cs > 0 && process.arguments.contains(&"-6".to_owned()));
    assert_eq!(saw.host.processes.get().unwrap(), std::slice::from_ref(process), "of this namespace only");

    let owners = saw.states["eth0"].owners.dhcpv6.get().unwrap();
    assert_eq!(owners.iter().map(|owner| (&owner.name[..], owner.pid)).collect::<Vec<_>>(), [("dhclient", Some(client.daemon.id()))]);
    assert_eq!(saw.states["eth1"].owners.dhcpv6.get().unwrap(), &[], "the second NIC has no client");

    // Before any lease, the client's identity is known from its file.
    let ours = |state: &State| state.leases.get().unwrap().iter().find(|lease| Path::new(&lease.path) == lease_file).cloned();
    let lease = ours(&saw.states["eth0"]).expect("the file that the running client was told to use");
    assert!(!lease.fresh && lease.addresses.is_empty());
    assert_eq!(lease.iaid, Some(0x3e00_0001));
    assert!(lease.duid.unwrap().starts_with("00010001"), "a DUID-LLT");
    assert_eq!(ours(&saw.states["eth1"]), None);

    // Another user can neither see whose namespace it is nor who holds the socket, and must not say that there is none.
    let saw = guest.look("the_real_dhclient", &["setpriv", "--reuid=65534", "--clear-groups", "--bounding-set=-all", "--inh-caps=-all"]);
    assert!(matches!(&saw.raw_sockets, Observed::Unknown(reason) if reason.text.contains("CAP_NET_RAW is missing")));
    assert!(matches!(&saw.host.processes, Observed::Unknown(reason) if reason.text.contains("run as root")), "{:?}", saw.host.processes);
    assert!(matches!(saw.states["eth0"].owners.dhcpv6, Observed::Unknown(_)));
    assert_eq!(saw.host.dhcpv6_client_sockets.get().unwrap()[0].process, None);

    // A client of another namespace is not ours.
    drop(client);
    let other = Guest::new("client-other");
    other.ip("link add eth0 type bridge\nlink set eth0 up\naddr add fe80::9/64 dev eth0 nodad");
    let _container = Client::start(&other, &guest.files.path().join("other.leases"));
    assert!(!other.look("the_real_dhclient", &[]).host.dhcpv6_client_sockets.get().unwrap().is_empty());
    let saw = guest.look("the_real_dhclient", &[]);
    assert_eq!(saw.host.processes, Observed::Seen(Vec::new()));
    assert_eq!(saw.host.dhcpv6_client_sockets, Observed::Seen(Vec::new()));
}

#[test]
fn many_interfaces_from_the_same_dumps() {
    if is_inside() {
        return;
    }
    let guest = Guest::new("many");
    for number in 0..32 {
        guest.ip(&format!("link add n{number} type veth peer name m{number}\nlink set m{number} up\nlink set n{number} up"));
    }
    let saw = guest.look("many_interfaces_from_the_same_dumps", &[]);
    assert_eq!(saw.states.len(), 64);
    for (name, state) in &saw.states {
        assert_eq!(state.addresses.get().unwrap().len(), 1, "{name}");
        assert!(state.sysctl.get().unwrap().len() >= 16, "{name}");
    }
}

const LEASES: &[u8] = br#"default-duid "\000\001\000\0012\227\331\254\202e\237\301\222\213";
lease6 { # an old one
  interface "eth0";
  ia-na 9f:c1:92:8b { starts 1000; renew 300; rebind 525;
    iaaddr 2001:db8:1::1 { starts 1000; preferred-life 600; max-life 600; } }
  option dhcp6.client-id 0:1:0:1:32:97:d9:ac:82:65:9f:c1:92:8b;
}
lease6 {
  interface "eth1";
  ia-na "abcd" { starts 5000; iaaddr 2001:db8:1::2 { starts 5000; preferred-life 4294967295; max-life 4294967295; } }
}
lease6 {
  interface "eth0";
  ia-pd 00:00:00:07 { iaprefix 2001:db8:f::/56 { starts 1; preferred-life 9; max-life 9; } }
  ia-na 9f:c1:92:8b {
    starts 2000;
    renew 300;
    iaaddr 2001:db8:1::1bc3 {
      starts 2000;
      preferred-life 300;
      max-life 600;
      option dhcp6.status-code success "a } brace; and a # sign";
    }
  }
  unknown { nested { statements; } } here;
  option dhcp6.client-id 0:3:0:1:fa:16:3e:0:0:1;
}
"#;

/// The MAC address of the interface, whatever it is called.
fn mac() -> Mac {
    Mac::new(0xfa, 0x16, 0x3e, 0x12, 0x34, 0x56)
}

fn lease(bytes: &[u8], name: &str, now: u64) -> Option<v6check::facts::Lease> {
    state::parse_leases("/x", bytes, name, Some(mac()), now)
}

#[test]
fn the_last_block_of_an_interface_holds() {
    let eth0 = lease(LEASES, "eth0", 2599).unwrap();
    assert_eq!((eth0.line, eth0.iaid, eth0.fresh, eth0.released), (12, Some(0x9fc1_928b), true, false));
    assert_eq!(eth0.duid.as_deref(), Some("00030001fa163e000001"));
    let [address] = &eth0.addresses[..] else { panic!("{eth0:?}") };
    assert_eq!(
        (address.address.to_string(), address.starts, address.preferred_s, address.valid_s),
        ("2001:db8:1::1bc3".into(), 2000, Some(300), Some(600))
    );
    assert!(!lease(LEASES, "eth0", 2600).unwrap().fresh, "expired");

    let eth1 = lease(LEASES, "eth1", u64::MAX).unwrap();
    assert_eq!((eth1.iaid, eth1.fresh), (Some(0x6162_6364), true), "an infinite lifetime, and an IAID in letters");
    assert_eq!(eth1.duid.as_deref(), Some("000100013297d9ac82659fc1928b"), "the file's");

    let eth2 = lease(LEASES, "eth2", 0).unwrap();
    assert_eq!((eth2.line, eth2.iaid, eth2.fresh, eth2.addresses.len()), (1, Some(0x3e12_3456), false, 0));
    assert_eq!(state::parse_leases("/x", LEASES, "eth2", None, 0), None);
}

#[test]
fn released_and_half_written() {
    let released = String::from_utf8(LEASES.to_vec()).unwrap().replace("  unknown {", "  released;\n  unknown {");
    let found = lease(released.as_bytes(), "eth0", 2001).unwrap();
    assert!(found.released && !found.fresh);

    let cut = LEASES.windows(14).position(|window| window == b"preferred-life").unwrap();
    let cut = cut + LEASES[cut + 400..].windows(8).position(|window| window == b"max-life").unwrap() + 400;
    let found = lease(&LEASES[..cut], "eth0", 2001).unwrap();
    assert_eq!(found.addresses[0].address.to_string(), "2001:db8:1::1bc3", "as far as it was written");
    let found =
        lease(b"lease6 { interface \"eth0\"; ia-na 1:2:3:4 { iaaddr 2001:db8::1 { max-life 9; } } } lease6 { interface \"eth0\"; ia-na", "eth0", 1);
    assert_eq!(found.unwrap().addresses.len(), 1, "a block that says nothing yet does not replace one that does");
    assert_eq!(lease(b"lease { interface \"eth0\"; fixed-address 192.0.2.1; }", "eth0", 0), None, "a lease of DHCPv4");
}

#[test]
fn every_prefix_and_every_flipped_byte_of_a_lease_file() {
    for at in 0..LEASES.len() {
        let _ = lease(&LEASES[..at], "eth0", 0);
        for bit in 0..8 {
            let mut broken = LEASES.to_vec();
            broken[at] ^= 1 << bit;
            assert!(lease(&broken, "eth0", 0).is_none_or(|lease| lease.addresses.len() <= 2));
        }
    }
    for filler in [&b"{"[..], b"}", b"lease6 {", b"\"", b"\\", b"lease6{interface \"eth0\";ia-na 1:1:1:1{iaaddr ::1{", b"#", b"x "] {
        let bytes: Vec<u8> = filler.iter().copied().cycle().take(1 << 20).collect();
        let _ = lease(&bytes, "eth0", 0);
    }
}

proptest! {
    #[test]
    fn any_bytes_are_a_lease_file(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        let _ = lease(&bytes, "eth0", 0);
    }
}

#[test]
fn counters_need_both_readings() {
    let before = Observed::Seen(BTreeMap::from([("Ip6InReceives".to_owned(), 3)]));
    let after = Observed::Seen(BTreeMap::from([("Ip6InReceives".to_owned(), 5)]));
    assert_eq!(state::witness(before.clone(), after).get().unwrap().grew("Ip6InReceives"), Ok(2));
    assert_eq!(state::witness(before, Observed::unknown("gone")), Observed::unknown("gone"));
}
