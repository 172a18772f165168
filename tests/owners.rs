//! Who is in charge and under which identity, with the real daemons on a real link: what v6check reads or derives is what the server was told.
//! A client that nobody knows is judged by its effect. Needs root and the packages of tests/install-packages.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::process::{Child, Stdio};

use v6check::facts::{self, ClientIdentity, Facts, Tenses};
use v6check_lab::{CalicoLink, Guest, Range, STATE_LIMIT, Stack, poll};

const V6CHECK: &str = env!("CARGO_BIN_EXE_v6check");

/// A client as the server knows it.
#[derive(Debug, PartialEq, Eq)]
struct Known {
    address: String,
    iaid: u32,
    duid: String,
}

/// The DHCPv6 lease in dnsmasq's file: expiry, IAID, address, host name, DUID.
fn known_to_server(link: &mut CalicoLink) -> Option<Known> {
    let leases = link.server().unwrap().0.leases().unwrap();
    let line = leases.lines().skip_while(|line| !line.starts_with("duid ")).nth(1)?;
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    Some(Known { address: words[2].into(), iaid: words[1].parse().unwrap(), duid: words[4].into() })
}

fn look(guest: &mut Guest) -> (Facts, serde_json::Value) {
    let path = guest.path("facts.json").display().to_string();
    let run = guest.v6check(&[V6CHECK], &["--save", &path]).unwrap();
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{error}: {}{}", run.stdout, run.stderr));
    (facts::load(&text).unwrap(), run.report.unwrap())
}

fn eth0(facts: &Facts) -> &Tenses {
    facts.interfaces["eth0"].tenses.as_ref().unwrap()
}

fn identity(tenses: &Tenses) -> &ClientIdentity {
    tenses.network.server.get().unwrap().identity.as_ref().unwrap()
}

/// A guest that boots by `stack`: `in_charge` has RAs and DHCPv6, and what it keeps or shows in `file` is what the server knows.
fn is_in_charge(stack: Stack, in_charge: &str, file: &str) {
    let mut guest = Guest::make().unwrap();
    let mut link = CalicoLink::make(Range::Stateful).unwrap();
    let _port = link.plug(&mut guest, "eth0").unwrap();
    link.serve().unwrap();
    guest.boot_by(stack).unwrap();
    guest.wait_for_global("eth0").unwrap();
    let server = known_to_server(&mut link).unwrap();

    let (facts, _) = look(&mut guest);
    let tenses = eth0(&facts);
    let owners = &tenses.state.owners;
    assert_eq!(owners.ra.get().unwrap().name, in_charge);
    let [client] = &owners.dhcpv6.get().unwrap()[..] else { panic!("one client: {owners:?}") };
    assert_eq!(client.name, in_charge);
    assert!(!client.evidence.is_empty() && client.pid.is_some());

    let leases = tenses.state.leases.get().unwrap();
    let lease = leases.iter().find(|lease| lease.client == in_charge && lease.path.contains(file)).unwrap_or_else(|| panic!("{leases:?}"));
    assert_eq!((lease.duid.as_deref(), lease.iaid), (Some(&server.duid.replace(':', "")[..]), Some(server.iaid)), "{lease:?}");
    let leased: Vec<String> = lease.addresses.iter().map(|leased| leased.address.to_string()).collect();
    // systemd-networkd tells its identity only.
    assert!(leased.is_empty() && !lease.fresh && stack == Stack::Networkd || leased == [server.address.clone()] && lease.fresh, "{lease:?}");
    let identity = identity(tenses);
    assert_eq!((&identity.duid, identity.iaid, identity.of_guest), (&server.duid, server.iaid, true), "{identity:?}");

    guest.kill_clients().unwrap();
    let (facts, _) = look(&mut guest);
    let tenses = eth0(&facts);
    let ra = tenses.state.owners.ra.get().unwrap();
    assert_eq!(ra.name, "kernel");
    assert!(ra.evidence.contains(&format!("; {in_charge}, which writes accept_ra=0")), "{}", ra.evidence);
    assert!(tenses.state.owners.dhcpv6.get().unwrap().is_empty());
    assert!(tenses.network.server.get().map_or(true, |server| !server.identity.as_ref().unwrap().of_guest), "nobody is in charge");
}

#[test]
fn systemd_networkd() {
    is_in_charge(Stack::Networkd, "systemd-networkd", "/run/systemd/netif/links/");
}

#[test]
fn network_manager() {
    is_in_charge(Stack::NetworkManager, "NetworkManager", "/run/NetworkManager/devices/");
}

#[test]
fn dhcpcd() {
    is_in_charge(Stack::Dhcpcd, "dhcpcd", "/var/lib/dhcpcd/eth0.lease6");
}

/// NetworkManager solicits, and no server answers: the identity that it will use is derived, and later the server hears that one.
#[test]
fn network_manager_before_its_first_lease() {
    let mut guest = Guest::make().unwrap();
    let mut link = CalicoLink::make(Range::Stateful).unwrap();
    let _port = link.plug(&mut guest, "eth0").unwrap();
    guest.nic("eth0").unwrap().ras = false;
    guest.boot_by(Stack::NetworkManager).unwrap();
    poll("NetworkManager solicits", STATE_LIMIT, || Ok(guest.namespace().succeed("ss", &["-6lunH", "sport = :546"])?.contains("546"))).unwrap();
    let (facts, _) = look(&mut guest);
    let tenses = eth0(&facts);
    assert_eq!(tenses.state.owners.dhcpv6.get().unwrap()[0].name, "NetworkManager");
    let identity = identity(tenses).clone();
    assert!(identity.of_guest && identity.source.contains("/etc/machine-id"), "{identity:?}");
    link.serve().unwrap();
    let mut server = None;
    poll("the server's lease", STATE_LIMIT, || {
        server = known_to_server(&mut link);
        Ok(server.is_some())
    })
    .unwrap();
    let server = server.unwrap();
    assert_eq!((identity.duid, identity.iaid), (server.duid, server.iaid));
}

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A client of a name that v6check has never heard, and an address as it would have got it.
#[test]
fn a_client_that_nobody_knows() {
    // It cannot bind to an address whose duplicate address detection goes on.
    const CLIENT: &str = "
import socket, time
link_local = [line.split() for line in open('/proc/net/if_inet6') if line.startswith('fe80') and 'eth0' in line][0][0]
address = (socket.inet_ntop(socket.AF_INET6, bytes.fromhex(link_local)), 546, 0, socket.if_nametoindex('eth0'))
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
while True:
    try:
        s.bind(address)
        break
    except OSError:
        time.sleep(0.1)
time.sleep(600)
";
    let mut guest = Guest::make().unwrap();
    let mut link = CalicoLink::make(Range::Stateful).unwrap();
    let _port = link.plug(&mut guest, "eth0").unwrap();
    link.serve().unwrap();
    guest.namespace().ip("link set eth0 up").unwrap();
    guest.wait_for_default_route("eth0").unwrap();
    let program = guest.path("leasehold6");
    std::fs::copy("/usr/bin/python3", &program).unwrap();
    let mut command = guest.command(program.to_str().unwrap());
    command.env("PYTHONHOME", "/usr").args(["-c", CLIENT]).stdout(Stdio::null());
    let client = Running(command.spawn().unwrap());
    guest.namespace().ip("addr add 2001:db8::77/128 dev eth0 valid_lft 600 preferred_lft 600 noprefixroute").unwrap();
    poll("its socket", STATE_LIMIT, || Ok(guest.namespace().succeed("ss", &["-6lunH", "sport = :546"])?.contains("546"))).unwrap();
    guest.wait_for_global("eth0").unwrap();

    let (facts, report) = look(&mut guest);
    let owners = &eth0(&facts).state.owners;
    assert_eq!(owners.ra.get().unwrap().name, "kernel");
    let [owner] = &owners.dhcpv6.get().unwrap()[..] else { panic!("{owners:?}") };
    assert_eq!(owner.name, "leasehold6");
    assert!(owner.evidence.contains(":546"), "{}", owner.evidence);
    let verdict = |id: &str| {
        let results = report["results"].as_array().unwrap();
        results.iter().find(|result| result["id"] == id).unwrap_or_else(|| panic!("{id} is not judged"))["verdict"].clone()
    };
    assert_eq!(verdict("dhcpv6-client-running"), "pass");
    assert_eq!(verdict("dhcpv6-address"), "pass");
    drop(client);
}
