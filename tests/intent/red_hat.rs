//! What NetworkManager and Red Hat's network scripts are set up to do, by their files.

use std::path::Path;

use proptest::prelude::*;
use v6check::facts::{Intent, RunsDhcpv6, TakesRas};
use v6check::observe::intent::{self, Nic};
use v6check_lab::needs;

use super::image::{DHCLIENT, File, image, interface, known, nic};

const MANAGER: [File<'static>; 2] = [("/usr/sbin/NetworkManager", ""), ("/etc/systemd/system/multi-user.target.wants/NetworkManager.service", "")];
const SERVICE: File<'static> = ("/etc/rc.d/rc3.d/S10network", "");
const RHEL_7: File<'static> = ("/etc/os-release", "NAME=\"CentOS Linux\"\nID=\"centos\"\nID_LIKE=\"rhel fedora\"\nVERSION_ID=\"7\"\n");
const RHEL_9: File<'static> = ("/etc/os-release", "ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\nVERSION_ID=\"9.4\"\n");
const CENTOS_6: File<'static> = ("/etc/redhat-release", "CentOS release 6.10 (Final)\n");
const IFCFG: &str = "/etc/sysconfig/network-scripts/ifcfg-eth0";
const NETWORK: &str = "/etc/sysconfig/network";
const PROFILE: &str = "/etc/NetworkManager/system-connections/eth0.nmconnection";
const CONF: &str = "/etc/NetworkManager/NetworkManager.conf";
const MINE: &str = "fa:16:3e:11:22:33";

fn look(root: &Path, nic: Nic) -> Result<Intent, String> {
    known(interface(root, nic).stack)
}

fn on(files: &[&[File<'_>]], nic: Nic) -> Result<Intent, String> {
    look(image(&files.concat()).path(), nic)
}

/// eth0 of an image.
fn eth0(files: &[&[File<'_>]]) -> Result<Intent, String> {
    on(files, nic("eth0", None))
}

fn does(intent: &Intent) -> (RunsDhcpv6, TakesRas) {
    (intent.dhcpv6.value, intent.takes_ras.value)
}

/// The table of ipv6.method.
#[test]
fn network_manager_methods() {
    for (ipv6, dhcpv6, takes_ras, accept_ra, line) in [
        ("[ipv6]\nmethod=auto\n", RunsDhcpv6::WhenManaged, TakesRas::Itself, Some(0), 5),
        ("[ipv6]\n# none\nmethod = auto\n", RunsDhcpv6::WhenManaged, TakesRas::Itself, Some(0), 6),
        ("", RunsDhcpv6::WhenManaged, TakesRas::Itself, Some(0), 0),
        ("[ipv6]\nmethod=dhcp\n", RunsDhcpv6::Yes, TakesRas::No, Some(0), 5),
        ("[ipv6]\nmethod=manual\naddress1=2001:db8::1/64\n", RunsDhcpv6::No, TakesRas::No, Some(0), 5),
        ("[ipv6]\nmethod=link-local\n", RunsDhcpv6::No, TakesRas::No, Some(0), 5),
        ("[ipv6]\nmethod=ignore\n", RunsDhcpv6::No, TakesRas::Kernel, None, 5),
        ("[ipv6]\nmethod=disabled\n", RunsDhcpv6::No, TakesRas::No, None, 5),
        ("[ipv6]\nmethod=shared\n", RunsDhcpv6::No, TakesRas::No, Some(0), 5),
        ("[ipv6]\nmethod=dhcp\nmethod=auto\n", RunsDhcpv6::WhenManaged, TakesRas::Itself, Some(0), 6),
    ] {
        let profile = format!("[connection]\ntype=ethernet\ninterface-name=eth0\n{ipv6}");
        let intent = eth0(&[&MANAGER, &[(PROFILE, &profile)]]).unwrap();
        assert_eq!((does(&intent), intent.dhcpv6.at.line), ((dhcpv6, takes_ras), line), "{ipv6}");
        assert_eq!(intent.accept_ra.as_ref().map(|setting| setting.value), accept_ra, "{ipv6}");
        assert_eq!((intent.stack.name(), &intent.dhcpv6.at.path[..], intent.at_boot.value), ("NetworkManager", PROFILE, true), "{ipv6}");
    }
    let text = |ipv6: &str| eth0(&[&MANAGER, &[(PROFILE, &format!("[ethernet]\n[ipv6]\n{ipv6}"))]]).unwrap().takes_ras.text;
    assert!(text("method=auto\nnever-default=true\n").contains("never-default=true"));
    assert!(!text("method=auto\nnever-default=false\n").contains("never-default"));
    assert!(text("method=disabled\n").contains("switched off"));
}

#[test]
fn network_manager_must_be_installed_and_start() {
    let profile = (PROFILE, "[connection]\ninterface-name=eth0\n");
    assert!(eth0(&[&MANAGER[..1], &[profile]]).unwrap_err().contains("no network stack"));
    assert!(eth0(&[&MANAGER[1..], &[profile]]).unwrap_err().contains("no network stack"));
    let root = image(&[MANAGER[0], MANAGER[1], profile]);
    std::os::unix::fs::symlink("/dev/null", root.path().join("etc/systemd/system/NetworkManager.service")).unwrap();
    assert!(look(root.path(), nic("eth0", None)).unwrap_err().contains("no network stack"));
}

/// Without a profile it makes one, unless it is told not to.
#[test]
fn network_manager_by_default() {
    let intent = eth0(&[&MANAGER]).unwrap();
    assert_eq!((does(&intent), intent.at_boot.value), ((RunsDhcpv6::WhenManaged, TakesRas::Itself), true));
    assert!(intent.dhcpv6.text.contains("no profile is for eth0"), "{}", intent.dhcpv6.text);
    let server = "/usr/lib/NetworkManager/conf.d/00-server.conf";
    for (path, text, left) in [
        (server, "[main]\nno-auto-default=*\n", true),
        (server, "[main]\nno-auto-default=interface-name:eth*\n", true),
        (server, "[main]\nno-auto-default=eth1\n", false),
        (server, "[main]\n#no-auto-default=*\n", false),
        (server, "[.config]\nenable=false\n[main]\nno-auto-default=*\n", false),
        (CONF, "[keyfile]\nunmanaged-devices=interface-name:eth0;interface-name:eth7\n", true),
        (CONF, "[keyfile]\nunmanaged-devices=*,except:type:wifi,except:type:gsm\n", true),
        (CONF, "[keyfile]\nunmanaged-devices=*,except:type:ethernet\n", false),
        (CONF, "[keyfile]\nunmanaged-devices=except:interface-name:eth0\n", false),
        (CONF, "[keyfile]\nunmanaged-devices=except:interface-name:eth1\n", true),
        (CONF, "[device]\nmanaged=0\n", true),
        (CONF, "[device-a]\nmatch-device=interface-name:=eth1\nmanaged=0\n", false),
    ] {
        let intent = eth0(&[&MANAGER, &[(path, text)]]).unwrap();
        let expected = if left { (RunsDhcpv6::No, TakesRas::Kernel) } else { (RunsDhcpv6::WhenManaged, TakesRas::Itself) };
        assert_eq!((does(&intent), intent.at_boot.value), (expected, !left), "{text}");
    }
    // The administrator's file hides the vendor's of the same name, and comes after it.
    let mine = ("/etc/NetworkManager/conf.d/00-server.conf", "");
    let vendor = (server, "[main]\nno-auto-default=*\n");
    assert_eq!(eth0(&[&MANAGER, &[vendor, mine]]).unwrap().dhcpv6.value, RunsDhcpv6::WhenManaged);
    let later = ("/etc/NetworkManager/conf.d/99.conf", "[main]\nno-auto-default=eth1\n");
    assert_eq!(eth0(&[&MANAGER, &[vendor, later]]).unwrap().dhcpv6.value, RunsDhcpv6::WhenManaged);
    // What is not wired gets none; what depends on the unknown is unknown.
    assert_eq!(on(&[&MANAGER], nic("bond0", None)).unwrap().dhcpv6.value, RunsDhcpv6::No);
    let by_driver = (CONF, "[keyfile]\nunmanaged-devices=driver:virtio_net\n");
    assert!(eth0(&[&MANAGER, &[by_driver]]).unwrap_err().contains("driver:virtio_net"));
    let by_mac = (CONF, "[keyfile]\nunmanaged-devices=mac:FA:16:3E:11:22:33\n");
    assert!(eth0(&[&MANAGER, &[by_mac]]).unwrap_err().contains("not known"));
    assert_eq!(on(&[&MANAGER, &[by_mac]], nic("eth0", Some(MINE))).unwrap().dhcpv6.value, RunsDhcpv6::No);
}

#[test]
fn which_profile_is_for_an_interface() {
    let auto = (RunsDhcpv6::WhenManaged, TakesRas::Itself);
    let dhcp = (RunsDhcpv6::Yes, TakesRas::No);
    for (profile, expected) in [
        ("[connection]\ntype=ethernet\ninterface-name=eth0\n", dhcp),
        ("[connection]\ntype=ethernet\ninterface-name=eth1\n", auto),
        ("[connection]\ntype=802-3-ethernet\n", dhcp),
        ("[connection]\ntype=wifi\n", auto),
        ("[connection]\ntype=bond\ninterface-name=bond0\n", auto),
        ("[ethernet]\n[match]\ninterface-name=eth*;\n", dhcp),
        ("[ethernet]\n[match]\ninterface-name=ens*;\n", auto),
        ("[ethernet]\n[match]\ninterface-name=!eth0;\n", auto),
        ("[ethernet]\nmac-address=FA:16:3E:11:22:33\n", dhcp),
        ("[802-3-ethernet]\nmac-address=FA:16:3E:11:22:33\n", dhcp),
        ("[ethernet]\nmac-address=FA:16:3E:00:00:00\n", auto),
        ("[ethernet]\nmac-address-blacklist=fa:16:3e:11:22:33;\n", auto),
        ("not a keyfile\n", auto),
    ] {
        let text = format!("{profile}[ipv6]\nmethod=dhcp\n");
        assert_eq!(does(&on(&[&MANAGER, &[(PROFILE, &text)]], nic("eth0", Some(MINE))).unwrap()), expected, "{profile}");
    }
    let bond = "[connection]\ntype=bond\ninterface-name=bond0\n[ipv6]\nmethod=dhcp\n";
    let port = "[connection]\ntype=ethernet\ninterface-name=eth0\ncontroller=bond0\nport-type=bond\n";
    let files = [(PROFILE, port), ("/etc/NetworkManager/system-connections/bond0.nmconnection", bond)];
    assert_eq!(does(&on(&[&MANAGER, &files], nic("bond0", None)).unwrap()), dhcp);
    assert_eq!(does(&eth0(&[&MANAGER, &files]).unwrap()), (RunsDhcpv6::No, TakesRas::No));
    let vlan = [(PROFILE, "[connection]\ntype=vlan\n[vlan]\nparent=eth0\nid=7\n[ipv6]\nmethod=dhcp\n")];
    assert_eq!(does(&on(&[&MANAGER, &vlan], nic("eth0.7", None)).unwrap()), dhcp);
    assert_eq!(does(&eth0(&[&MANAGER, &vlan]).unwrap()), auto);
}

/// cloud-init's profile in an image is for the MAC address of the machine that the image was made of.
#[test]
fn a_profile_for_a_mac_address_in_an_image() {
    let path = "/etc/NetworkManager/system-connections/cloud-init-eth0.nmconnection";
    let profile = |method: &str| {
        format!(
            "[connection]\nid=cloud-init eth0\nautoconnect-priority=120\ntype=ethernet\n[ethernet]\nmac-address=FA:16:3E:11:22:33\n[ipv6]\nmethod={method}\n"
        )
    };
    assert!(eth0(&[&MANAGER, &[(path, &profile("dhcp"))]]).unwrap_err().contains("cloud-init-eth0.nmconnection:6"));
    assert_eq!(eth0(&[&MANAGER, &[(path, &profile("auto"))]]).unwrap().dhcpv6.at.path, path, "it makes no difference");
    let on_it = on(&[&MANAGER, &[(path, &profile("dhcp"))]], nic("eth0", Some(MINE))).unwrap();
    assert_eq!(does(&on_it), (RunsDhcpv6::Yes, TakesRas::No));

    let cloud = ("/etc/cloud/cloud.cfg", "users:\n  - default\n");
    let off = ("/etc/cloud/cloud.cfg.d/99-net.cfg", "network: {config: disabled}\n");
    let overrides = |files: &[File<'_>]| eth0(&[&MANAGER, files]).unwrap().overrides;
    let program = ("/usr/bin/cloud-init", "");
    assert_eq!(overrides(&[cloud, program]).first().map(|by| by.value.name()), Some("cloud-init"));
    assert_eq!((overrides(&[cloud, program, off]).len(), overrides(&[cloud]).len()), (0, 0));
}

#[test]
fn of_several_profiles_priority_then_use_decides() {
    let second = "/etc/NetworkManager/system-connections/other.nmconnection";
    let profile = |uuid: &str, rest: &str, method: &str| format!("[connection]\ntype=ethernet\nuuid={uuid}\n{rest}[ipv6]\nmethod={method}\n");
    let both = |one: &str, other: &str| eth0(&[&MANAGER, &[(PROFILE, one), (second, other)]]);
    let reason = both(&profile("a", "", "auto"), &profile("b", "", "dhcp")).unwrap_err();
    assert!(reason.contains(PROFILE) && reason.contains(second), "{reason}");
    assert_eq!(both(&profile("a", "", "auto"), &profile("b", "", "auto")).unwrap().dhcpv6.at.path, PROFILE);
    let one = |rest: &str| both(&profile("a", "", "auto"), &profile("b", rest, "dhcp")).unwrap().dhcpv6.value;
    assert_eq!(one("autoconnect-priority=10\n"), RunsDhcpv6::Yes);
    assert_eq!(one("autoconnect-priority=-10\n"), RunsDhcpv6::WhenManaged);
    assert_eq!(one("autoconnect=false\n"), RunsDhcpv6::WhenManaged);
    let used = ("/var/lib/NetworkManager/timestamps", "[timestamps]\na=100\nb=200\n");
    let (a, b) = (profile("a", "", "auto"), profile("b", "", "dhcp"));
    assert_eq!(eth0(&[&MANAGER, &[(PROFILE, &a), (second, &b), used]]).unwrap().dhcpv6.value, RunsDhcpv6::Yes);

    let off = eth0(&[&MANAGER, &[(PROFILE, "[connection]\nautoconnect=false\n[ethernet]\n")]]).unwrap();
    assert_eq!((off.at_boot.value, off.at_boot.at.line, &off.at_boot.text[..]), (false, 2, "autoconnect=false"));

    // One UUID in several folders.
    let (run, lib) = ("/run/NetworkManager/system-connections/x.nmconnection", "/usr/lib/NetworkManager/system-connections/x.nmconnection");
    let same = profile("a", "", "dhcp");
    assert_eq!(eth0(&[&MANAGER, &[(PROFILE, &a), (run, &same)]]).unwrap().dhcpv6.at.path, run);
    assert_eq!(eth0(&[&MANAGER, &[(PROFILE, &a), (lib, &same)]]).unwrap().dhcpv6.at.path, PROFILE);
    // Which names count.
    for (path, counts) in [
        ("/etc/NetworkManager/system-connections/Wired connection 1", true),
        ("/etc/NetworkManager/system-connections/x.nmconnection~", false),
        ("/etc/NetworkManager/system-connections/.x.nmconnection", false),
        ("/usr/lib/NetworkManager/system-connections/x", false),
        ("/usr/lib/NetworkManager/system-connections/x.nmconnection", true),
        ("/run/NetworkManager/system-connections/netplan-eth0.nmconnection", false),
    ] {
        assert_eq!(eth0(&[&MANAGER, &[(path, &same)]]).unwrap().dhcpv6.value == RunsDhcpv6::Yes, counts, "{path}");
    }
}

/// Ubuntu keeps it from wired interfaces, and what netplan names is netplan's.
#[test]
fn network_manager_beside_netplan() {
    let ubuntu = ("/usr/lib/NetworkManager/conf.d/10-globally-managed-devices.conf", "[keyfile]\nunmanaged-devices=*,except:type:wifi\n");
    let left = eth0(&[&MANAGER, &[ubuntu]]).unwrap();
    assert_eq!((left.dhcpv6.value, left.dhcpv6.at.line), (RunsDhcpv6::No, 2));
    let of = |yaml: &str, name: &str| {
        let root = image(&[&MANAGER[..], &[ubuntu, ("/etc/netplan/01.yaml", yaml)]].concat());
        intent::interfaces(root.path(), &[nic(name, None)]).remove(name).unwrap().claims
    };
    let claims =
        |yaml: &str, name: &str| of(yaml, name).get().map(|claims| claims.iter().filter(|claim| claim.stack.name() == "NetworkManager").count());
    assert_eq!(claims("network:\n  version: 2\n  renderer: NetworkManager\n", "eth0"), Ok(1));
    assert_eq!(claims("network:\n  version: 2\n", "eth0"), Ok(0));
    assert_eq!(claims("network:\n  renderer: NetworkManager\n  ethernets:\n    eth0:\n      dhcp6: true\n", "eth0"), Ok(0));
    assert_eq!(claims("network:\n  renderer: NetworkManager\n  ethernets:\n    eth0:\n      dhcp6: true\n", "eth1"), Ok(1));
}

/// Debian: what /etc/network/interfaces names is ifupdown's.
#[test]
fn network_manager_defers_to_ifupdown() {
    let conf = (CONF, "[main]\nplugins=ifupdown,keyfile\n\n[ifupdown]\nmanaged=false\n");
    let interfaces = ("/etc/network/interfaces", "auto eth0\niface eth0 inet6 dhcp\n");
    let of = |name: &str, files: &[File<'_>]| on(&[&MANAGER, &[DHCLIENT, interfaces], files], nic(name, None));
    assert_eq!(of("eth0", &[conf]).unwrap().stack.name(), "ifupdown");
    assert_eq!(of("eth1", &[conf]).unwrap().stack.name(), "NetworkManager");
    let both = of("eth0", &[(CONF, "[main]\nplugins=keyfile\n")]).unwrap_err();
    assert!(both.contains("ifupdown and NetworkManager both configure eth0"), "{both}");
    let managed = (CONF, "[main]\nplugins=ifupdown,keyfile\n[ifupdown]\nmanaged=true\n");
    assert!(of("eth0", &[managed]).is_err());
}

/// The plugin ifcfg-rh of Red Hat Enterprise Linux 7 to 9 reads the files otherwise than the scripts do.
#[test]
fn ifcfg_rh() {
    let auto = (RunsDhcpv6::WhenManaged, TakesRas::Itself);
    let ignore = (RunsDhcpv6::No, TakesRas::Kernel);
    let nothing = (RunsDhcpv6::No, TakesRas::No);
    for (lines, expected, line) in [
        ("BOOTPROTO=dhcp\n", ignore, 0),
        ("BOOTPROTO=dhcp\nDHCPV6C=yes\n", ignore, 0),
        ("IPV6INIT=no\n", ignore, 2),
        ("IPV6INIT=yes\n", auto, 2),
        ("IPV6INIT=\"yes\" # why\n", auto, 2),
        ("`IPV6INIT=yes`\n", ignore, 0),
        ("IPV6INIT=yes`\n", ignore, 0),
        ("#IPV6INIT=yes\n", ignore, 0),
        ("IPV6INIT=yes\nDHCPV6C=yes\n", auto, 2),
        ("IPV6INIT=yes\nIPV6_AUTOCONF=yes\nDHCPV6C=yes\n", auto, 3),
        ("IPV6INIT=yes\nIPV6_AUTOCONF=no\nDHCPV6C=yes\nIPV6_FORCE_ACCEPT_RA=yes\n", (RunsDhcpv6::Yes, TakesRas::No), 4),
        ("IPV6INIT=yes\nIPV6FORWARDING=yes\nDHCPV6C=yes\n", (RunsDhcpv6::Yes, TakesRas::No), 4),
        ("IPV6INIT=yes\nIPV6_AUTOCONF=no\n", nothing, 3),
        ("IPV6INIT=yes\nIPV6_AUTOCONF=no\nIPV6ADDR=2001:db8::2/64\n", nothing, 4),
        ("IPV6INIT=yes\nIPV6_DISABLED=yes\n", nothing, 3),
    ] {
        let text = format!("DEVICE=eth0\n{lines}");
        let intent = eth0(&[&MANAGER, &[RHEL_7, SERVICE, DHCLIENT, (IFCFG, &text)]]).unwrap();
        assert_eq!((does(&intent), intent.dhcpv6.at.line), (expected, line), "{lines}");
        assert_eq!((intent.stack.name(), &intent.dhcpv6.at.path[..]), ("NetworkManager", IFCFG), "{lines}");
    }
    let onboot = eth0(&[&MANAGER, &[RHEL_7, (IFCFG, "DEVICE=eth0\nONBOOT=no\nIPV6INIT=yes\n")]]).unwrap();
    assert_eq!((onboot.at_boot.value, onboot.at_boot.at.line), (false, 2));
    let route = eth0(&[&MANAGER, &[RHEL_7, (IFCFG, "DEVICE=eth0\nIPV6INIT=yes\nIPV6_DEFROUTE=no\n")]]).unwrap();
    assert!(route.takes_ras.text.contains("IPV6_DEFROUTE=no"));
    // It is also read as a default: `IPV6INIT` of /etc/sysconfig/network; but nothing is read of NETWORKING_IPV6.
    let global = |line: &str| does(&eth0(&[&MANAGER, &[RHEL_7, (NETWORK, line), (IFCFG, "DEVICE=eth0\n")]]).unwrap());
    assert_eq!((global("IPV6INIT=yes\n"), global("NETWORKING_IPV6=yes\n")), (auto, ignore));
    let computed = eth0(&[&MANAGER, &[RHEL_7, (IFCFG, "DEVICE=eth0\nIPV6INIT=$(cat /x)\n")]]).unwrap_err();
    assert!(computed.contains("ifcfg-eth0:2"), "{computed}");
    let other = ("/etc/sysconfig/network-scripts/ifcfg-eth1", "DEVICE=eth1\nIPV6INIT=$(cat /x)\n");
    assert_eq!(does(&eth0(&[&MANAGER, &[RHEL_7, other, (IFCFG, "DEVICE=eth0\nIPV6INIT=yes\n")]]).unwrap()), auto);
}

#[test]
fn whether_ifcfg_rh_is_there() {
    let file = (IFCFG, "DEVICE=eth0\nIPV6INIT=no\n");
    let read = |files: &[File<'_>]| eth0(&[&MANAGER, &[file], files]).unwrap().dhcpv6.value == RunsDhcpv6::No;
    assert!(read(&[RHEL_7]) && read(&[RHEL_9]) && read(&[CENTOS_6]));
    assert!(read(&[("/etc/os-release", "ID=\"ol\"\nID_LIKE=\"fedora\"\nVERSION_ID=\"8.10\"\n")]));
    assert!(!read(&[("/etc/os-release", "ID=fedora\nVERSION_ID=41\n")]));
    assert!(!read(&[("/etc/os-release", "ID=debian\nVERSION_ID=\"9\"\n")]));
    assert!(!read(&[("/etc/os-release", "ID=rocky\nID_LIKE=\"rhel centos fedora\"\nVERSION_ID=10.0\n")]));
    assert!(read(&[("/usr/lib64/NetworkManager/1.50.0/libnm-settings-plugin-ifcfg-rh.so", "")]));
    assert!(!read(&[RHEL_9, (CONF, "[main]\nplugins=keyfile\n")]));
    assert!(read(&[RHEL_9, ("/etc/NetworkManager/conf.d/x.conf", "[main]\nplugins+=ifcfg-rh\n")]));
}

/// NM_CONTROLLED decides between the two.
#[test]
fn who_has_an_ifcfg_file() {
    let file = |line: &str| format!("DEVICE=eth0\nIPV6INIT=yes\nDHCPV6C=yes\n{line}");
    let of = |line: &str, files: &[&[File<'_>]]| eth0(&[files, &[&[RHEL_7, DHCLIENT, (IFCFG, &file(line))]]].concat());
    assert_eq!(of("", &[&MANAGER, &[SERVICE]]).unwrap().stack.name(), "NetworkManager");
    assert_eq!(of("NM_CONTROLLED=yes\n", &[&MANAGER, &[SERVICE]]).unwrap().stack.name(), "NetworkManager");
    assert_eq!(of("NM_CONTROLLED=\"no\"\n", &[&MANAGER, &[SERVICE]]).unwrap().stack.name(), "network-scripts");
    assert_eq!(of("", &[&[SERVICE]]).unwrap().stack.name(), "network-scripts");
    assert!(of("", &[]).unwrap_err().contains("no network stack"));
    let nobody = of("NM_CONTROLLED=no\n", &[&MANAGER]).unwrap();
    assert_eq!((nobody.dhcpv6.value, nobody.at_boot.value, nobody.dhcpv6.at.line), (RunsDhcpv6::No, false, 4));
}

#[test]
fn network_scripts_dhcpv6() {
    for (release, lines, expected, line) in [
        (RHEL_7, "IPV6INIT=yes\nDHCPV6C=yes\n", RunsDhcpv6::Yes, 3),
        (RHEL_7, "DHCPV6C='yes'\n", RunsDhcpv6::Yes, 2),
        (RHEL_7, "`DHCPV6C=yes`\n", RunsDhcpv6::No, 0),
        (RHEL_7, "IPV6INIT=yes\n", RunsDhcpv6::No, 0),
        (RHEL_7, "DHCPV6C=no\n", RunsDhcpv6::No, 2),
        (RHEL_7, "DHCPV6C=yes\nDHCPV6C=no\n", RunsDhcpv6::No, 3),
        (RHEL_7, "DHCPV6C=yes\nDHCPV6C_OPTIONS=-S\n", RunsDhcpv6::No, 3),
        (RHEL_7, "DHCPV6C=yes\nDHCPV6C_OPTIONS=\"-P -N\"\n", RunsDhcpv6::Yes, 2),
        (RHEL_7, "DHCPV6C=yes\nBRIDGE=br0\n", RunsDhcpv6::No, 3),
        // ifup-eth starts dhclient whatever IPV6INIT says.
        (RHEL_7, "IPV6INIT=no\nDHCPV6C=yes\n", RunsDhcpv6::Yes, 3),
        (CENTOS_6, "IPV6INIT=yes\nDHCPV6C=yes\n", RunsDhcpv6::Yes, 3),
        (("/etc/os-release", "ID=\"amzn\"\nID_LIKE=\"centos rhel fedora\"\nVERSION_ID=\"2\"\n"), "DHCPV6C=yes\n", RunsDhcpv6::Yes, 2),
        (("/etc/redhat-release", "CentOS release 5.11 (Final)\n"), "IPV6INIT=yes\nDHCPV6C=yes\n", RunsDhcpv6::NoClient, 3),
        (("/etc/redhat-release", "CentOS release 5.11 (Final)\n"), "DHCPV6C=yes\n", RunsDhcpv6::No, 0),
    ] {
        let text = format!("DEVICE=eth0\n{lines}");
        let intent = eth0(&[&[release, SERVICE, DHCLIENT, (IFCFG, &text)]]).unwrap();
        assert_eq!((intent.dhcpv6.value, intent.dhcpv6.at.line), (expected, line), "{} {lines}", release.1);
        assert_eq!((intent.stack.name(), intent.takes_ras.value, intent.at_boot.value), ("network-scripts", TakesRas::Kernel, true));
    }
    let without = eth0(&[&[RHEL_7, SERVICE, (IFCFG, "DEVICE=eth0\nONBOOT=no\nDHCPV6C=yes\n")]]).unwrap();
    assert_eq!((without.dhcpv6.value, without.at_boot.value, without.at_boot.at.line), (RunsDhcpv6::NoClient, false, 2));
    let global = eth0(&[&[RHEL_7, SERVICE, DHCLIENT, (NETWORK, "NETWORKING_IPV6=yes\nDHCPV6C=yes\n"), (IFCFG, "DEVICE=eth0\n")]]).unwrap();
    assert_eq!((global.dhcpv6.value, &global.dhcpv6.at.path[..], global.dhcpv6.at.line), (RunsDhcpv6::Yes, NETWORK, 2));
}

#[test]
fn network_scripts_accept_ra() {
    for (release, global, lines, accept_ra) in [
        (RHEL_7, "", "", Some(1)),
        (RHEL_7, "", "IPV6_AUTOCONF=yes\n", Some(1)),
        (RHEL_7, "", "IPV6_AUTOCONF=no\n", Some(0)),
        (RHEL_7, "", "IPV6_AUTOCONF=no\nIPV6_FORCE_ACCEPT_RA=yes\n", Some(1)),
        (CENTOS_6, "", "IPV6INIT=yes\nIPV6_AUTOCONF=no\nIPV6_FORCE_ACCEPT_RA=yes\n", Some(0)),
        (RHEL_7, "", "IPV6_AUTOCONF=no\nIPV6_FORCE_ACCEPT_RA=no\n", Some(0)),
        (RHEL_7, "", "IPV6FORWARDING=yes\n", Some(0)),
        (RHEL_7, "IPV6FORWARDING=yes\n", "IPV6_AUTOCONF=yes\n", Some(2)),
        (RHEL_7, "IPV6_AUTOCONF=no\n", "", Some(0)),
        (RHEL_7, "IPV6_AUTOCONF=no\n", "IPV6_AUTOCONF=yes\n", Some(1)),
        // Skipped, so what init.ipv6-global wrote stays.
        (RHEL_7, "IPV6_AUTOCONF=no\n", "IPV6INIT=no\nIPV6_AUTOCONF=yes\n", Some(0)),
        (RHEL_7, "", "IPV6INIT=no\nIPV6_AUTOCONF=no\n", Some(1)),
        (CENTOS_6, "", "IPV6_AUTOCONF=no\n", Some(1)),
        (RHEL_7, "IPV6_SET_SYSCTLS=no\n", "IPV6_AUTOCONF=no\n", None),
        (RHEL_7, "", "IPV6_SET_SYSCTLS=no\nIPV6_AUTOCONF=no\n", Some(1)),
        (RHEL_7, "NETWORKING_IPV6=no\n", "", Some(1)),
        (("/etc/os-release", "ID=\"amzn\"\nID_LIKE=\"centos rhel fedora\"\nVERSION_ID=\"2\"\n"), "", "IPV6_AUTOCONF=no\n", Some(0)),
    ] {
        let text = format!("DEVICE=eth0\n{lines}");
        let intent = eth0(&[&[release, SERVICE, (NETWORK, global), (IFCFG, &text)]]).unwrap();
        assert_eq!(intent.accept_ra.map(|setting| setting.value), accept_ra, "{} {global} {lines}", release.1);
    }
}

/// The service runs sysctl again at its end.
#[test]
fn sysctl_has_the_last_word_after_network_scripts() {
    let accept_ra = |line: &str| {
        let file = (IFCFG, "DEVICE=eth0\nIPV6_AUTOCONF=no\n");
        eth0(&[&[RHEL_7, SERVICE, file, ("/etc/sysctl.d/50.conf", line)]]).unwrap().accept_ra.map(|setting| setting.value)
    };
    assert_eq!(accept_ra("net.ipv6.conf.eth0.accept_ra=1\n"), None);
    assert_eq!(accept_ra("net.ipv6.conf.default.accept_ra=1\n"), Some(0));
    assert_eq!(accept_ra("net.ipv6.conf.eth1.accept_ra=1\n"), Some(0));
}

#[test]
fn network_scripts_files() {
    let dhcpv6 = |path: &str, text: &str| eth0(&[&[RHEL_7, SERVICE, DHCLIENT, (path, text)]]).unwrap().dhcpv6.value;
    let folder = "/etc/sysconfig/network-scripts";
    let text = "DEVICE=eth0\nDHCPV6C=yes\n";
    assert_eq!(dhcpv6(&format!("{folder}/ifcfg-lan"), text), RunsDhcpv6::Yes);
    for name in ["ifcfg-eth0.bak", "ifcfg-eth0~", "ifcfg-eth0:1", "ifcfg-lo", "ifcfg-eth0.rpmsave", "route-eth0"] {
        assert_eq!(dhcpv6(&format!("{folder}/{name}"), text), RunsDhcpv6::No, "{name}");
    }
    assert_eq!(dhcpv6(IFCFG, "DHCPV6C=yes\n"), RunsDhcpv6::No, "without DEVICE");
    let tied = (IFCFG, "DEVICE=eth0\nHWADDR=FA:16:3E:11:22:33\nDHCPV6C=yes\n");
    assert!(eth0(&[&[RHEL_7, SERVICE, DHCLIENT, tied]]).unwrap_err().contains("ifcfg-eth0:2"));
    for (mac, expected) in [(MINE, RunsDhcpv6::Yes), ("fa:16:3e:00:00:00", RunsDhcpv6::No)] {
        assert_eq!(on(&[&[RHEL_7, SERVICE, DHCLIENT, tied]], nic("eth0", Some(mac))).unwrap().dhcpv6.value, expected);
    }
    let other = (format!("{folder}/ifcfg-other"), "DEVICE=eth0\nDHCPV6C=no\n");
    let two = eth0(&[&[RHEL_7, SERVICE, DHCLIENT, tied, (&other.0, other.1)]]);
    assert!(two.is_err());
    let root = image(&[RHEL_7, SERVICE, (IFCFG, "DEVICE=eth0\n"), ("/etc/sysconfig/network-scripts/ifcfg-lo", "DEVICE=lo\n")]);
    assert_eq!(intent::named(root.path()).0.into_iter().collect::<Vec<_>>(), ["eth0"]);
}

#[test]
fn hostile_files_are_refused_or_end() {
    let fifo = |path: &str| {
        let root = image(&[&MANAGER[..], &[RHEL_7, SERVICE]].concat());
        let path = root.path().join(path.trim_start_matches('/'));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        assert!(needs::command("mkfifo").arg(&path).status().unwrap().success());
        look(root.path(), nic("eth0", None)).unwrap_err()
    };
    for path in [PROFILE, CONF, IFCFG, NETWORK] {
        assert!(fifo(path).contains("not a regular file"), "{path}");
    }
    let large = "#".repeat((1 << 20) + 1);
    assert!(eth0(&[&MANAGER, &[(PROFILE, &large)]]).unwrap_err().contains("larger than"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_text_ends(text in "((\\[ipv6\\]|\\[match\\]|\\[device\\]|method|interface-name|DEVICE|IPV6INIT|eth0|auto|yes|no|[='\"`$\\\\;*!&|-]| |\n|\\PC){0,6}\n){0,12}") {
        let _ = eth0(&[&MANAGER, &[RHEL_7, (PROFILE, &text), (CONF, &text), (IFCFG, &text), (NETWORK, &text)]]);
        let _ = eth0(&[&[RHEL_7, SERVICE, (IFCFG, &text), (NETWORK, &text)]]);
    }
}
