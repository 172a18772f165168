//! Owners on made-up processes, sockets and files.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;
use crate::facts::Ipv6Stack;

fn process(pid: u32, arguments: &str) -> Process {
    let arguments: Vec<String> =
        if arguments.starts_with("dhcpcd: ") { vec![arguments.into()] } else { arguments.split(' ').map(str::to_owned).collect() };
    let program = arguments[0].split([' ', ':']).next().unwrap().rsplit('/').next().unwrap();
    Process { pid, name: program.chars().take(15).collect(), arguments, started_cs: 0 }
}

fn socket(address: &str, interface_index: u32, process: Option<Process>) -> UdpSocket {
    UdpSocket { address: address.parse().unwrap(), interface_index, process }
}

/// Who has eth0 (index 2), as `RA: DHCPv6, DHCPv6`; `?` for unknown.
fn who(processes: &[Process], sockets: &[UdpSocket], accept_ra: i64, files: &[(&str, &str)]) -> String {
    let Owners { ra, dhcpv6 } = owners_of(processes, sockets, accept_ra, files);
    let ra = ra.get().map_or("?".into(), |owner| owner.name.clone());
    let dhcpv6 = dhcpv6.get().map_or("?".into(), |owners| owners.iter().map(|owner| &owner.name[..]).collect::<Vec<_>>().join(", "));
    format!("{ra}: {dhcpv6}")
}

fn owners_of(processes: &[Process], sockets: &[UdpSocket], accept_ra: i64, files: &[(&str, &str)]) -> Owners {
    let directory = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = directory.path().join(path.trim_start_matches('/'));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let host = HostState {
        ipv6: Observed::Seen(Ipv6Stack { present: true, command_line: None }),
        processes: Observed::Seen(processes.to_vec()),
        dhcpv6_client_sockets: Observed::Seen(sockets.to_vec()),
    };
    let subject = Subject {
        name: "eth0",
        index: 2,
        mac: Some(Mac::new(0xfa, 0x16, 0x3e, 0, 0, 1)),
        addresses: &Observed::Seen(Vec::new()),
        sysctl: &Observed::Seen(BTreeMap::from([("accept_ra".into(), accept_ra)])),
        host: &host,
        root: &Image::new(directory.path()),
    };
    owners(&subject)
}

fn by(processes: &[Process]) -> String {
    who(processes, &[], 1, &[])
}

#[test]
fn clients_by_their_arguments() {
    assert_eq!(by(&[]), "kernel: ");
    let debian = "/sbin/dhclient -6 -v -pf /run/dhclient6.eth0.pid -lf /var/lib/dhcp/dhclient6.eth0.leases -I -df /var/lib/dhcp/dhclient.eth0.leases";
    assert_eq!(by(&[process(1, &format!("{debian} eth0"))]), "kernel: dhclient");
    assert_eq!(by(&[process(1, &format!("{debian} eth1"))]), "kernel: ");
    assert_eq!(by(&[process(1, "dhclient -6")]), "kernel: dhclient", "none named: all");
    assert_eq!(by(&[process(1, "dhclient -4 eth0"), process(2, "dhclient eth0")]), "kernel: ");
    assert_eq!(by(&[process(1, "dhclient -6 -S eth0"), process(2, "dhclient -6 -P eth0")]), "kernel: ", "they ask for no address");
    assert_eq!(by(&[process(1, "dhclient -6 eth0"), process(2, "dhclient -6 -lf /tmp/leases eth0")]), "kernel: dhclient, dhclient");
    assert_eq!(by(&[process(1, "dhclient -6 eth0"), process(2, "dhclient -6 eth0")]), "kernel: dhclient", "not bound yet");
    assert_eq!(by(&[process(1, "dhcp6c -Pdefault eth0"), process(2, "odhcp6c eth1")]), "kernel: dhcp6c");
    assert_eq!(by(&[process(1, "odhcp6c -P 0 eth0")]), "odhcp6c: odhcp6c");
    assert_eq!(by(&[process(1, "udhcpc6 -f -i eth0")]), "kernel: udhcpc6");
    assert_eq!(by(&[process(1, "udhcpc6 -ieth1")]), "kernel: ");
    assert_eq!(by(&[process(1, "udhcpc6 -fi eth1 -s /x")]), "kernel: ");
    assert_eq!(by(&[process(1, "udhcpc6 -s -i -p /run/i")]), "kernel: udhcpc6", "-i is the script here, and eth0 the default");
    assert_eq!(by(&[process(1, "busybox udhcpc6 --interface=eth0")]), "kernel: udhcpc6");
    assert_eq!(by(&[process(1, "busybox udhcpc -i eth0")]), "kernel: ");
}

#[test]
fn dhcpcd_by_its_title() {
    assert_eq!(by(&[process(1, "dhcpcd: eth0 [ip4] [ip6]")]), "dhcpcd: dhcpcd");
    assert_eq!(by(&[process(1, "dhcpcd: eth0 [ip4]"), process(2, "dhcpcd: eth1 [ip4] [ip6]")]), "kernel: ");
    let manager = [process(1, "dhcpcd: [manager] [ip4] [ip6]"), process(2, "dhcpcd: [network proxy] [ip4] [ip6]")];
    let any = [socket("::", 0, Some(manager[1].clone()))];
    let configured = |text| who(&manager, &any, 0, &[("/etc/dhcpcd.conf", text)]);
    assert_eq!(configured(""), "dhcpcd: dhcpcd");
    assert_eq!(configured("denyinterfaces lo eth*\n"), "kernel: ");
    assert_eq!(configured("interface eth0\nnoipv6rs\n"), "kernel: dhcpcd");
    assert_eq!(configured("interface eth1\nnoipv6\n"), "dhcpcd: dhcpcd");
    assert_eq!(configured("nodhcp6\n"), "dhcpcd: ");
}

#[test]
fn daemons_by_what_they_say() {
    let networkd = process(1, "/lib/systemd/systemd-networkd");
    let links = "/run/systemd/netif/links/2";
    let held = [socket("fe80::1", 2, Some(networkd.clone()))];
    let networkd = std::slice::from_ref(&networkd);
    assert_eq!(who(networkd, &held, 0, &[(links, "# x\nADMIN_STATE=configured\n")]), "systemd-networkd: systemd-networkd");
    assert_eq!(who(networkd, &[], 1, &[(links, "ADMIN_STATE=unmanaged\n")]), "kernel: ");
    assert_eq!(who(&[], &[], 1, &[(links, "ADMIN_STATE=configured\n")]), "kernel: ", "it does not run");

    let manager = process(7, "/usr/sbin/NetworkManager --no-daemon");
    let helper = process(8, "dhclient -6 -sf /usr/libexec/nm-dhcp-helper eth0");
    let both = [manager.clone(), helper.clone()];
    let held = [socket("fe80::1", 2, Some(helper))];
    let device = ("/run/NetworkManager/devices/2", "[device]\nmanaged=true\nconnection-uuid=u1\n");
    let profile = |method| format!("[connection]\nuuid=u1\n[ipv4]\nmethod=auto\n[ipv6]\n{method}\n");
    let path = "/etc/NetworkManager/system-connections/x.nmconnection";
    assert_eq!(who(&both, &held, 0, &[device, (path, &profile("method=auto"))]), "NetworkManager: NetworkManager");
    assert_eq!(who(&both[..1], &[], 0, &[device, (path, &profile(""))]), "NetworkManager: ");
    assert_eq!(who(&both[..1], &[], 0, &[device, (path, &profile("method=ignore"))]), "kernel: ");
    assert_eq!(who(&both[..1], &[], 0, &[device]), "?: ", "the profile is not in a file");
    assert_eq!(who(&both[..1], &[], 1, &[device]), "kernel: ");
    assert_eq!(who(&both[..1], &[], 1, &[]), "kernel: ");
}

#[test]
fn sockets_of_others() {
    let other = process(9, "myclient");
    assert_eq!(who(&[], &[socket("fe80::1", 2, Some(other.clone()))], 1, &[]), "kernel: myclient");
    assert_eq!(who(&[], &[socket("fe80::1", 3, Some(other.clone()))], 1, &[]), "kernel: ");
    assert_eq!(who(&[], &[socket("::", 0, Some(other))], 1, &[]), "kernel: ?");
    assert_eq!(who(&[], &[socket("fe80::1", 2, None)], 1, &[]), "kernel: ?");
    let dibbler = process(9, "dibbler-client");
    let bound = [socket("fe80::1", 3, Some(dibbler.clone())), socket("::", 0, Some(dibbler))];
    assert_eq!(who(&[], &bound, 1, &[]), "kernel: ", "bound to another one");
    assert_eq!(who(&[], &bound[1..], 1, &[]), "kernel: dibbler-client");
}

#[test]
fn udhcpc6_that_renews_is_one_client() {
    let client = process(1, "/sbin/udhcpc6 -i eth0");
    assert_eq!(who(std::slice::from_ref(&client), &[socket("::", 2, Some(client.clone()))], 1, &[]), "kernel: udhcpc6");
    let client = process(1, "busybox udhcpc6 -i eth0");
    assert_eq!(who(std::slice::from_ref(&client), &[socket("::", 2, Some(client.clone()))], 1, &[]), "kernel: udhcpc6");
}

#[test]
fn connman_by_its_settings() {
    let connman = [process(1, "/usr/sbin/connmand -n")];
    let settings = "/var/lib/connman/ethernet_fa163e000001_cable/settings";
    let with = |text| who(&connman, &[], 1, &[(settings, text)]);
    assert_eq!(who(&connman, &[], 1, &[]), "kernel: ?");
    assert_eq!(with("[x]\nIPv4.method=dhcp\nIPv6.method=auto\n"), "kernel: connmand");
    assert_eq!(with("[x]\nIPv6.method=off\n"), "kernel: ");
    assert_eq!(with("[x]\n"), "kernel: ?");
    let both = [connman[0].clone(), process(2, "dhclient -6 eth0")];
    assert_eq!(who(&both, &[], 1, &[]), "kernel: dhclient");
}

#[test]
fn wicked_by_its_socket() {
    let wicked = process(1, "/usr/lib/wicked/bin/wickedd-dhcp6 --foreground");
    assert_eq!(who(std::slice::from_ref(&wicked), &[socket("fe80::1", 2, Some(wicked.clone()))], 1, &[]), "kernel: wicked");
    assert_eq!(by(&[wicked]), "kernel: ");
}

#[test]
fn networkd_that_has_not_decided() {
    let networkd = [process(1, "/lib/systemd/systemd-networkd")];
    for state in ["pending", "initialized"] {
        assert_eq!(who(&networkd, &[], 1, &[("/run/systemd/netif/links/2", &format!("ADMIN_STATE={state}\n"))]), "?: ");
    }
}

/// Its UUID is made up by NetworkManager, and stands in no file.
#[test]
fn network_manager_by_a_keyfile_without_a_uuid() {
    let manager = process(7, "/usr/sbin/NetworkManager --no-daemon");
    let processes = std::slice::from_ref(&manager);
    let device = ("/run/NetworkManager/devices/2", "[device]\nmanaged=true\nconnection-uuid=u1\n");
    let file = |method: &str, name: &str| format!("[connection]\nid=x\ninterface-name={name}\n[ipv6]\nmethod={method}\n");
    let path = "/etc/NetworkManager/system-connections/x.nmconnection";
    let of = |text: &str| who(processes, &[], 0, &[device, (path, text)]);
    assert_eq!(of(&file("link-local", "eth0")), "NetworkManager: ");
    assert_eq!(of(&file("ignore", "eth0")), "kernel: ");
    assert_eq!(of(&file("link-local", "eth1")), "?: ", "it names another interface");
    let (first, second) = (file("link-local", "eth0"), file("ignore", "eth0"));
    let two = who(processes, &[], 0, &[device, (path, &first), ("/etc/NetworkManager/system-connections/y.nmconnection", &second)]);
    assert_eq!(two, "?: ", "it may be either");
}

#[test]
fn network_manager_without_a_readable_profile() {
    let manager = process(7, "/usr/sbin/NetworkManager --no-daemon");
    let processes = std::slice::from_ref(&manager);
    // While it activates a profile its file names none yet.
    let device = ("/run/NetworkManager/devices/2", "[device]\nmanaged=true\nnm-owned=false\n");
    let held = [socket("fe80::1", 2, Some(manager.clone()))];
    assert_eq!(who(processes, &held, 0, &[device]), "NetworkManager: NetworkManager", "method=ignore never speaks DHCPv6");
    assert_eq!(who(processes, &[], 0, &[device]), "?: ");
    let ifcfg = |ipv6: &str| {
        let text = format!("DEVICE=eth0\nUUID=\"u1\"\n{ipv6}");
        let device = ("/run/NetworkManager/devices/2", "[device]\nmanaged=true\nconnection-uuid=u1\n");
        who(processes, &[], 0, &[device, ("/etc/sysconfig/network-scripts/ifcfg-eth0", &text)])
    };
    assert_eq!(ifcfg("IPV6INIT=\"yes\"\n"), "NetworkManager: ");
    assert_eq!(ifcfg("IPV6INIT=no\n"), "kernel: ", "method=ignore");
    assert_eq!(ifcfg(""), "kernel: ", "unset is no, as network-scripts have it the other way round");
    // As it wrote them for an interface that others configured.
    let device = ("/run/NetworkManager/devices/2", "[device]\nmanaged=true\nconnection-uuid=u1\n");
    let profile = "[connection]\nid=eth0\nuuid=u1\n\n[ipv6]\nmethod=manual\n\n[.nmmeta]\nnm-generated=true\nvolatile=true\nexternal=true\n";
    assert_eq!(who(processes, &[], 0, &[device, ("/run/NetworkManager/system-connections/eth0.nmconnection", profile)]), "kernel: ");
}

#[test]
fn a_daemon_that_wrote_accept_ra_and_stopped() {
    let evidence = |accept_ra, files: &[(&str, &str)]| owners_of(&[], &[], accept_ra, files).ra.get().unwrap().evidence.clone();
    for (file, text, name) in [
        ("/run/systemd/netif/links/2", "ADMIN_STATE=configured\n", "systemd-networkd"),
        ("/run/NetworkManager/devices/2", "[device]\nmanaged=true\nconnection-uuid=u1\n", "NetworkManager"),
        ("/run/dhcpcd/eth0-6.pid", "7\n", "dhcpcd"),
        ("/var/lib/dhcpcd/eth0.lease6", "", "dhcpcd"),
    ] {
        let told = evidence(0, &[(file, text)]);
        assert!(told.contains(&format!("; {name}, which")) && told.contains(file), "{told}");
        assert!(!evidence(1, &[(file, text)]).contains(name), "accept_ra=1 is not its doing");
    }
    assert!(!evidence(0, &[("/run/systemd/netif/links/2", "ADMIN_STATE=unmanaged\n")]).contains("networkd"));
    let running = [process(1, "dhcpcd: eth1 [ip4] [ip6]")];
    let told = owners_of(&running, &[], 0, &[("/var/lib/dhcpcd/eth0.lease6", "")]).ra.get().unwrap().evidence.clone();
    assert!(!told.contains("dhcpcd"), "it runs: {told}");
}
