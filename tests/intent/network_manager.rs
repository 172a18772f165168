//! What keeps NetworkManager from an interface, and from the default route, besides its profiles.

use std::fs::{Permissions, set_permissions};
use std::os::unix::fs::PermissionsExt;

use v6check::facts::{Intent, RunsDhcpv6, TakesRas};

use super::image::{File, image, interface, known, nic};

const MANAGER: [File<'static>; 2] = [("/usr/sbin/NetworkManager", ""), ("/etc/systemd/system/multi-user.target.wants/NetworkManager.service", "")];
const STORED: &str = "/var/lib/NetworkManager/NetworkManager-intern.conf";
const CONF: &str = "/etc/NetworkManager/conf.d/x.conf";
const LATER: &str = "/etc/NetworkManager/conf.d/y.conf";
const RULES: &str = "/etc/udev/rules.d/99-x.rules";
const PROFILE: &str = "/etc/NetworkManager/system-connections/eth0.nmconnection";
const NO_DEFAULT: File<'static> = ("/etc/NetworkManager/conf.d/00-server.conf", "[main]\nno-auto-default=*\n");
const UBUNTU: File<'static> =
    ("/usr/lib/NetworkManager/conf.d/10-globally-managed-devices.conf", "[keyfile]\nunmanaged-devices=*,except:type:wifi,except:type:gsm\n");

fn eth0(files: &[&[File<'_>]]) -> Result<Intent, String> {
    known(interface(image(&files.concat()).path(), nic("eth0", None)).stack)
}

/// Whether it runs DHCPv6 there; `None` where that is not known.
fn manages(files: &[File<'_>]) -> Option<bool> {
    eth0(&[&MANAGER, files]).ok().map(|intent| intent.dhcpv6.value == RunsDhcpv6::WhenManaged)
}

#[test]
fn state_that_nmcli_stores() {
    let stored = |group: &str| format!("[.intern.device-manage-x]\n{group}\n");
    assert_eq!(manages(&[]), Some(true));
    assert_eq!(manages(&[(STORED, &stored("match-device=interface-name:=eth0\nmanaged=0"))]), Some(false));
    assert_eq!(manages(&[(STORED, &stored("match-device=interface-name:=eth1\nmanaged=0"))]), Some(true));
    assert_eq!(manages(&[(STORED, &stored("match-device=mac:FA:16:3E:11:22:33\nmanaged=0"))]), None);
    let off = [(CONF, "[device]\nmanaged=0\n"), (STORED, "[.intern.device-manage-eth0]\nmatch-device=interface-name:=eth0\nmanaged=1\n")];
    assert_eq!(manages(&off), Some(true), "what nmcli stored comes first");
    let state = |enabled: &'static str| [("/var/lib/NetworkManager/NetworkManager.state", enabled)];
    assert_eq!(manages(&state("[main]\nNetworkingEnabled=false\nWirelessEnabled=true\n")), Some(false));
    assert_eq!(manages(&state("[main]\nNetworkingEnabled=true\n")), Some(true));
}

#[test]
fn the_first_group_of_devices_that_fits_counts() {
    let all = "[device]\nmanaged=0\n";
    let one = "[device-eth]\nmatch-device=interface-name:eth*\nmanaged=1\n";
    assert_eq!(manages(&[(CONF, &format!("{all}{one}"))]), Some(true), "[device] is the last");
    assert_eq!(
        manages(&[(CONF, one), (LATER, "[device-a]\nmatch-device=interface-name:eth0\nmanaged=0\n")]),
        Some(false),
        "a later file comes first"
    );
    assert_eq!(manages(&[(CONF, all), (LATER, "[device-a]\nmatch-device=interface-name:eth0\nstop-match=yes\n")]), Some(true));
    assert_eq!(manages(&[(CONF, all), (LATER, "[keyfile]\nunmanaged-devices=none\n")]), Some(false));
}

#[test]
fn rules_of_udev() {
    let rule = |conditions: &str| format!("SUBSYSTEM==\"net\", {conditions}, ENV{{NM_UNMANAGED}}=\"1\"\n");
    for (conditions, managed) in [
        ("KERNEL==\"eth0\"", Some(false)),
        ("ENV{INTERFACE}==\"vboxnet[0-9]*\"", Some(true)),
        ("ENV{ID_NET_DRIVER}==\"veth\", ENV{INTERFACE}!=\"eth[0-9]*\"", Some(true)),
        ("ATTR{address}==\"00:50:56:*\", ENV{INTERFACE}==\"vmnet[0-9]*\"", Some(true)),
        ("ATTR{address}==\"fa:16:3e:11:22:33\"", None),
        ("ENV{DEVTYPE}==\"gadget\"", Some(true)),
    ] {
        assert_eq!(manages(&[(RULES, &rule(conditions))]), managed, "{conditions}");
    }
    let managed = (CONF, "[device]\nmanaged=1\n");
    assert_eq!(manages(&[(RULES, &rule("KERNEL==\"eth0\"")), managed]), Some(true), "its own configuration comes before");
}

#[test]
fn keyfiles_that_others_may_read_are_ignored() {
    let text = "[connection]\nid=e\ntype=ethernet\ninterface-name=eth0\n[ipv6]\nmethod=dhcp\n";
    for (permissions, used) in [(0o600, true), (0o400, true), (0o644, false), (0o640, false), (0o601, false)] {
        let root = image(&[&MANAGER[..], &[NO_DEFAULT, (PROFILE, text)]].concat());
        set_permissions(root.path().join(&PROFILE[1..]), Permissions::from_mode(permissions)).unwrap();
        let intent = known(interface(root.path(), nic("eth0", None)).stack).unwrap();
        assert_eq!(intent.dhcpv6.value == RunsDhcpv6::Yes, used, "{permissions:o}");
        assert_eq!(intent.dhcpv6.text.contains("ignored for its permissions"), !used, "{}", intent.dhcpv6.text);
    }
}

#[test]
fn no_default_route() {
    for (lines, left_out) in [
        ("method=auto", false),
        ("method=auto\nnever-default=true", true),
        ("method=auto\nignore-auto-routes=true", true),
        ("method=auto\nnever-default=false", false),
        ("method=auto\nignore-auto-routes=true\nroute1=::/0,fe80::1", false),
        ("method=auto\nignore-auto-routes=true\ngateway=fe80::1", false),
    ] {
        let text = format!("[connection]\nid=e\ntype=ethernet\ninterface-name=eth0\n[ipv6]\n{lines}\n");
        let intent = eth0(&[&MANAGER, &[(PROFILE, &text)]]).unwrap();
        assert_eq!((intent.takes_ras.value, intent.no_default_route.is_some()), (TakesRas::Itself, left_out), "{lines}");
    }
}

#[test]
fn a_directory_of_suse_is_no_file_of_red_hat() {
    let suse = [("/etc/sysconfig/network/config", "NETCONFIG_DNS_POLICY=\"auto\"\n"), ("/usr/lib/os-release", "ID=\"opensuse-tumbleweed\"\n")];
    assert_eq!(manages(&suse), Some(true));
    assert_eq!(manages(&[&suse[..], &[NO_DEFAULT]].concat()), Some(false));
}

/// netplan hides Ubuntu's file where it renders for NetworkManager: up to 0.104 only where all of it does.
#[test]
fn beside_netplan() {
    let yaml = |renderer: &str, of_one: &str| format!("network:\n  version: 2\n{renderer}  ethernets:\n    eth0:\n      dhcp6: true\n{of_one}");
    let (of_all, of_one) = (yaml("  renderer: NetworkManager\n", ""), yaml("", "      renderer: NetworkManager\n"));
    let dpkg = |version: &str| format!("Package: netplan.io\nStatus: install ok installed\nVersion: {version}\n\n");
    let run = |yaml: &str, version: &str, files: &[File<'_>]| {
        let (dpkg, netplan) = (dpkg(version), ("/usr/sbin/netplan", ""));
        let own = [netplan, ("/etc/netplan/01.yaml", yaml), ("/var/lib/dpkg/status", &dpkg[..])];
        eth0(&[&MANAGER, &own, files]).ok().map(|intent| (intent.dhcpv6.value, intent.at_boot.value))
    };
    let (up, left) = (Some((RunsDhcpv6::WhenManaged, true)), Some((RunsDhcpv6::No, false)));
    assert_eq!(run(&of_all, "0.104-0ubuntu2", &[UBUNTU]), up);
    assert_eq!(run(&of_one, "0.104-0ubuntu2", &[UBUNTU]), left);
    assert_eq!(run(&of_one, "0.106-2", &[UBUNTU]), up);
    assert_eq!(run(&of_one, "1.1.2-7", &[UBUNTU]), up);
    assert_eq!(run(&of_all, "1.1.2-7", &[UBUNTU, (CONF, "[keyfile]\nunmanaged-devices=interface-name:eth0\n")]), left);
    assert_eq!(run(&of_all, "1.1.2-7", &[(CONF, "[device]\nmatch-device=interface-name:eth0\nmanaged=0\n")]), left);
    // Without the version, and where it decides.
    assert!(eth0(&[&MANAGER, &[UBUNTU, ("/usr/sbin/netplan", ""), ("/etc/netplan/01.yaml", &of_one)]]).is_err());
}
