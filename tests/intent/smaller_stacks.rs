//! What the files of the smaller network stacks set up, and of DHCPv6 clients that run beside another stack.

use proptest::prelude::*;
use v6check::facts::{Intent, InterfaceIntent, RunsDhcpv6, StackId, TakesRas};
use v6check::observe::intent;

use super::image::{DHCLIENT, image, interface, known, nic};

use RunsDhcpv6::{CannotTell, No, NoClient, WhenManaged, Yes};
use TakesRas::{Itself, Kernel};

const DHCPCD: (&str, &str) = ("/sbin/dhcpcd", "");
const INTERFACES: &str = "/etc/network/interfaces";

fn eth0(files: &[(&str, &str)]) -> InterfaceIntent {
    interface(image(files).path(), nic("eth0", None))
}

fn seen(files: &[(&str, &str)]) -> Intent {
    known(eth0(files).stack).unwrap()
}

fn reason(files: &[(&str, &str)]) -> String {
    known(eth0(files).stack).unwrap_err()
}

/// The stacks that claim eth0.
fn claims(files: &[(&str, &str)]) -> String {
    let claims = eth0(files).claims;
    claims.get().unwrap().iter().map(|claim| claim.stack.name()).collect::<Vec<_>>().join(" ")
}

/// DHCPv6, who takes Router Advertisements, and what is written to accept_ra.
fn gist(intent: &Intent) -> (RunsDhcpv6, TakesRas, Option<i64>) {
    (intent.dhcpv6.value, intent.takes_ras.value, intent.accept_ra.as_ref().map(|setting| setting.value))
}

const DHCPCD_STARTS: (&str, &str) = ("/etc/systemd/system/multi-user.target.wants/dhcpcd.service", "-> /lib/systemd/system/dhcpcd.service");
const DHCPCD_CONF: &str = "/etc/dhcpcd.conf";

#[test]
fn dhcpcd_options() {
    for (text, expected) in [
        ("duid\npersistent\nslaac private\n", (WhenManaged, Itself, Some(0))),
        ("noipv6rs\n", (No, Kernel, None)),
        ("noipv6rs\nia_na\n", (Yes, Kernel, None)),
        ("noipv6 # not here\n", (No, Kernel, None)),
        ("ipv4only\nia_na\n", (No, Kernel, None)),
        ("nodhcp6\n", (No, Itself, Some(0))),
        ("ipv6only\ninform6\n", (WhenManaged, Itself, Some(0))),
        ("noipv6\nipv6\n", (WhenManaged, Itself, Some(0))),
        ("#noipv6\n", (WhenManaged, Itself, Some(0))),
        ("noipv6rs\ninterface eth0\n ipv6rs\n ia_na 1\n", (Yes, Itself, Some(0))),
        ("interface eth0\n ia_pd 2 eth1/0\n", (No, Itself, Some(0))),
        ("interface eth1\n noipv6\n", (WhenManaged, Itself, Some(0))),
        ("interface eth0\n noipv6rs\n", (No, Kernel, None)),
        ("interface eth0\n static ip6_address=2001:db8::2/64\n", (WhenManaged, Itself, Some(0))),
        ("profile static_eth0\n noipv6\n", (WhenManaged, Itself, Some(0))),
        ("allowinterfaces eth*, ens*\n", (WhenManaged, Itself, Some(0))),
    ] {
        let intent = seen(&[DHCPCD_STARTS, (DHCPCD_CONF, text)]);
        assert_eq!(gist(&intent), expected, "{text}");
        assert!(intent.at_boot.value && intent.stack.name() == "dhcpcd");
    }
    assert_eq!(gist(&seen(&[DHCPCD_STARTS])), (WhenManaged, Itself, Some(0)));
}

#[test]
fn dhcpcd_evidence_and_what_it_is_kept_from() {
    let intent = seen(&[DHCPCD_STARTS, (DHCPCD_CONF, "duid\n\ninterface eth0\n  noipv6rs  # no RAs\n")]);
    assert_eq!((&intent.dhcpv6.at.path[..], intent.dhcpv6.at.line, &intent.dhcpv6.text[..]), (DHCPCD_CONF, 4, "noipv6rs"));
    for (text, line) in
        [("denyinterfaces docker* eth0\n", 1), ("duid\nallowinterfaces ens3,ens4\n", 2), ("allowinterfaces eth0\ndenyinterfaces eth?\n", 2)]
    {
        let intent = seen(&[DHCPCD_STARTS, (DHCPCD_CONF, text)]);
        assert_eq!((gist(&intent), intent.at_boot.value, intent.dhcpv6.at.line), ((No, Kernel, None), false, line), "{text}");
        assert_eq!(claims(&[DHCPCD_STARTS, (DHCPCD_CONF, text)]), "");
    }
    // Installed, and not a service.
    assert!(reason(&[DHCPCD, (DHCPCD_CONF, "duid\n")]).contains("no network stack"));
    let one = |interface: &str| {
        (format!("/etc/systemd/system/multi-user.target.wants/dhcpcd@{interface}.service"), "-> /lib/systemd/system/dhcpcd@.service")
    };
    let (path, target) = one("eth0");
    assert_eq!(seen(&[(&path, target)]).dhcpv6.value, WhenManaged);
    let (path, target) = one("eth1");
    assert!(reason(&[(&path, target)]).contains("no network stack"));
    assert_eq!(seen(&[("/etc/runlevels/default/dhcpcd", "")]).stack.name(), "dhcpcd");
}

/// On Debian 13 ifupdown starts dhcpcd, which reads its own file; the service is the same process then.
#[test]
fn dhcpcd_behind_ifupdown() {
    let dual = (INTERFACES, "auto eth0\niface eth0 inet dhcp\n");
    let intent = seen(&[DHCPCD, dual]);
    assert_eq!((intent.stack.name(), intent.by.map(StackId::name), gist(&intent)), ("ifupdown", Some("dhcpcd"), (WhenManaged, Itself, Some(0))));
    assert_eq!(intent.dhcpv6.at.path, INTERFACES);
    let both = [DHCPCD, DHCPCD_STARTS, dual];
    assert_eq!((seen(&both).stack.name(), &claims(&both)[..]), ("ifupdown", "ifupdown"));
    assert_eq!(gist(&seen(&[DHCPCD, dual, (DHCPCD_CONF, "noipv6rs\n")])), (No, Kernel, None));
    assert_eq!(gist(&seen(&[DHCPCD, dual, (DHCPCD_CONF, "denyinterfaces eth0\n")])), (No, Kernel, None));
    // It also ignores what the stanza says of accept_ra.
    let auto = (INTERFACES, "auto eth0\niface eth0 inet dhcp\niface eth0 inet6 auto\n accept_ra 2\n");
    assert_eq!(gist(&seen(&[DHCPCD, auto])), (WhenManaged, Itself, Some(0)));
    // ifup fails at the second stanza, whatever dhcpcd does for the first.
    let stateful = (INTERFACES, "auto eth0\niface eth0 inet dhcp\niface eth0 inet6 dhcp\n");
    assert_eq!(gist(&seen(&[DHCPCD, stateful])), (NoClient, Itself, Some(0)));
    let stateless = (INTERFACES, "auto eth0\niface eth0 inet6 auto\n dhcp 1\n");
    assert_eq!(gist(&seen(&[DHCPCD, stateless])), (NoClient, Kernel, Some(2)));
    assert_eq!(gist(&seen(&[DHCPCD, stateless, DHCLIENT])), (No, Kernel, Some(2)));
    // A stanza without a client of its own, and dhcpcd on every interface: two stacks.
    let two = [DHCPCD, DHCPCD_STARTS, (INTERFACES, "auto eth0\niface eth0 inet6 static\n address 2001:db8::2/64\n")];
    assert!(reason(&two).contains("ifupdown and dhcpcd both configure eth0"));
    assert_eq!(claims(&two), "ifupdown dhcpcd");
}

const WICKED_STARTS: (&str, &str) = ("/etc/systemd/system/network.service", "-> /usr/lib/systemd/system/wicked.service");
const IFCFG: &str = "/etc/sysconfig/network/ifcfg-eth0";

#[test]
fn wicked_protocols() {
    for (text, global, dhcpv6, at_boot) in [
        ("BOOTPROTO='dhcp'\nSTARTMODE='auto'\n", "", WhenManaged, true),
        ("BOOTPROTO=dhcp6\nSTARTMODE=hotplug\n", "", WhenManaged, true),
        ("BOOTPROTO=dhcp\nSTARTMODE=auto\n", "DHCLIENT6_MODE=\"managed\"\n", Yes, true),
        ("BOOTPROTO=dhcp\nSTARTMODE=auto\nDHCLIENT6_MODE='auto'\n", "DHCLIENT6_MODE=\"managed\"\n", WhenManaged, true),
        ("BOOTPROTO=dhcp\nSTARTMODE=auto\nDHCLIENT6_MODE=info\n", "", No, true),
        ("BOOTPROTO=dhcp4\nSTARTMODE=auto\n", "DHCLIENT6_MODE=managed\n", No, true),
        ("BOOTPROTO='static'\nSTARTMODE=auto\n", "", No, true),
        ("BOOTPROTO='auto6'\nSTARTMODE=auto\n", "", No, true),
        ("BOOTPROTO=none\nSTARTMODE=off\n", "", No, false),
        ("STARTMODE=manual\n", "", No, false),
        ("BOOTPROTO=dhcp\n", "", WhenManaged, false),
        ("#BOOTPROTO=static\nBOOTPROTO=static\nBOOTPROTO=dhcp # last\n", "", WhenManaged, false),
    ] {
        let intent = seen(&[WICKED_STARTS, (IFCFG, text), ("/etc/sysconfig/network/dhcp", global)]);
        assert_eq!((intent.dhcpv6.value, intent.at_boot.value, intent.takes_ras.value), (dhcpv6, at_boot, Kernel), "{text}{global}");
        assert_eq!(intent.stack.name(), "wicked");
    }
    assert!(reason(&[WICKED_STARTS, (IFCFG, "BOOTPROTO=dhcp\nDHCLIENT6_MODE=odd\n")]).contains("ifcfg-eth0:2: `DHCLIENT6_MODE=odd`"));
}

#[test]
fn wicked_starts_and_names() {
    let dhcp = (IFCFG, "BOOTPROTO=dhcp\nSTARTMODE=auto\n");
    let wants = ("/etc/systemd/system/multi-user.target.wants/wicked.service", "-> /usr/lib/systemd/system/wicked.service");
    assert_eq!(seen(&[wants, dhcp]).stack.name(), "wicked");
    let other = ("/etc/systemd/system/network.service", "-> /usr/lib/systemd/system/NetworkManager.service");
    assert!(reason(&[other, dhcp]).contains("no network stack"));
    let intent = seen(&[WICKED_STARTS, ("/etc/sysconfig/network/ifcfg-eth1", "BOOTPROTO=dhcp\n")]);
    assert_eq!((intent.at_boot.value, &intent.dhcpv6.text[..]), (false, "no file configures eth0"));
    let files = [("ifcfg-eth0", ""), ("ifcfg-lo", ""), ("ifcfg-eth1.rpmsave", ""), ("ifcfg-eth2~", ""), ("config", ""), ("ifcfg.template", "")];
    let files: Vec<(String, &str)> = files.iter().map(|(name, text)| (format!("/etc/sysconfig/network/{name}"), *text)).collect();
    let mut files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (&path[..], *text)).collect();
    files.push(WICKED_STARTS);
    assert_eq!(intent::named(image(&files).path()).interfaces.into_iter().collect::<Vec<_>>(), ["eth0"]);
}

#[test]
fn wicked_writes_accept_ra_from_sysctl_files() {
    for (path, text, expected) in [
        ("/etc/sysconfig/network/ifsysctl", "net.ipv6.conf.eth0.accept_ra = 0\n", Some(0)),
        ("/etc/sysconfig/network/ifsysctl", "net.ipv6.conf.eth1.accept_ra = 0\n", None),
        ("/etc/sysconfig/network/ifsysctl-eth0", "net/ipv6/conf/$INTERFACE/accept_ra=2\n", Some(2)),
        ("/etc/sysconfig/network/ifsysctl-eth1", "net.ipv6.conf.eth0.accept_ra = 0\n", None),
        ("/etc/sysctl.d/90-hardening.conf", "net.ipv6.conf.all.accept_ra = 0\n", Some(0)),
        ("/etc/sysctl.d/90-hardening.conf", "net.ipv6.conf.default.accept_ra=0\nnet.ipv6.conf.eth0.accept_ra=1\n", Some(1)),
        ("/etc/sysctl.d/90-hardening.conf", "net.ipv6.conf.all.accept_ra=0\n-net.ipv6.conf.default.accept_ra=1\n", Some(1)),
        ("/etc/sysctl.d/90-hardening.txt", "net.ipv6.conf.all.accept_ra = 0\n", None),
        ("/etc/sysctl.conf", "; net.ipv6.conf.all.accept_ra = 0\n", None),
    ] {
        let intent = seen(&[WICKED_STARTS, (IFCFG, "BOOTPROTO=dhcp\n"), (path, text)]);
        assert_eq!(intent.accept_ra.as_ref().map(|setting| setting.value), expected, "{path} {text}");
        assert!(intent.accept_ra.is_none_or(|setting| setting.at.path == path && setting.at.line > 0));
    }
    let masked = [("/usr/lib/sysctl.d/50.conf", "net.ipv6.conf.all.accept_ra = 0\n"), ("/etc/sysctl.d/50.conf", "")];
    assert_eq!(seen(&[WICKED_STARTS, (IFCFG, ""), masked[0], masked[1]]).accept_ra, None);
}

const CONNMAN_STARTS: (&str, &str) = ("/etc/systemd/system/multi-user.target.wants/connman.service", "-> /lib/systemd/system/connman.service");

#[test]
fn connman_services() {
    let own = "/var/lib/connman/ethernet_525400123456_cable/settings";
    let nic = nic("eth0", Some("52:54:00:12:34:56"));
    for (path, text, dhcpv6, takes_ras, at_boot) in [
        ("/etc/connman/main.conf", "[General]\n# NetworkInterfaceBlacklist = eth\n", WhenManaged, Kernel, true),
        ("/etc/connman/main.conf", "[General]\nNetworkInterfaceBlacklist = vmnet,eth\n", No, Kernel, false),
        ("/etc/connman/main.conf", "[General]\nDefaultAutoConnectTechnologies = wifi\n", WhenManaged, Kernel, false),
        (own, "[ethernet_525400123456_cable]\nAutoConnect=true\nIPv6.method=auto\n", WhenManaged, Kernel, true),
        (own, "[ethernet_525400123456_cable]\nAutoConnect=false\nIPv6.method=off\n", No, TakesRas::No, false),
        (own, "[ethernet_525400123456_cable]\nIPv6.method=manual\nIPv6.netmask_prefixlen=64\n", No, Kernel, true),
        ("/var/lib/connman/ethernet_525400ffffff_cable/settings", "[x]\nIPv6.method=off\n", WhenManaged, Kernel, true),
        ("/var/lib/connman/lan.config", "[service_lan]\nType = ethernet\nIPv6 = off\n", No, TakesRas::No, true),
        ("/var/lib/connman/lan.config", "[service_lan]\nType=ethernet\nDeviceName=eth1\nIPv6=off\n", WhenManaged, Kernel, true),
        ("/var/lib/connman/lan.config", "[service_lan]\nType=ethernet\nMAC=52:54:00:12:34:56\nIPv6=2001:db8::2/64/fe80::1\n", No, Kernel, true),
        ("/var/lib/connman/lan.config", "[service_lan]\nType=wifi\nIPv6=off\n", WhenManaged, Kernel, true),
        ("/var/lib/connman/settings", "[Wired]\nEnable=false\nTethering=false\n", WhenManaged, Kernel, false),
        // GLib passes over a blank at the end of a boolean.
        ("/var/lib/connman/settings", "[Wired]\nEnable=false \n", WhenManaged, Kernel, false),
    ] {
        let found = interface(image(&[CONNMAN_STARTS, (path, text)]).path(), nic.clone()).stack;
        let intent = found.get().unwrap();
        assert_eq!((gist(intent), intent.at_boot.value), ((dhcpv6, takes_ras, None), at_boot), "{path} {text}");
    }
    assert!(reason(&[("/usr/sbin/connmand", "")]).contains("no network stack"));
    assert!(reason(&[CONNMAN_STARTS, (own, "[x]\nIPv6.method=off\n")]).contains("by its MAC address"));
    assert_eq!(seen(&[CONNMAN_STARTS, (own, "[x]\nIPv6.method=auto\n")]).dhcpv6.value, WhenManaged);
}

#[test]
fn alpine() {
    let ng = ("/sbin/ifup", "-> ifupdown");
    let networking = ("/etc/runlevels/boot/networking", "");
    for (stanza, dhcpcd, expected) in [
        ("iface eth0 inet dhcp", false, (No, Kernel, None)),
        ("iface eth0 inet6 dhcp", false, (No, Kernel, None)),
        ("iface eth0 inet6 auto", false, (No, Kernel, None)),
        ("iface eth0 inet dhcp", true, (WhenManaged, Itself, Some(0))),
        ("iface eth0 inet6 dhcp", true, (WhenManaged, Itself, Some(0))),
        ("iface eth0\n use dhcp", true, (WhenManaged, Itself, Some(0))),
        ("iface eth0\n use dhcp\n dhcp-program udhcpc", true, (No, Kernel, None)),
        ("iface eth0 inet6 auto\n dhcp 1", true, (No, Kernel, None)),
        ("iface eth0\n use ipv6-ra", false, (No, Kernel, Some(1))),
        ("iface eth0 inet static\niface eth0 inet6 auto\n accept_ra 0", false, (No, Kernel, Some(0))),
        ("iface eth0\n ipv6-accept-ra 2\n use dhcp", false, (No, Kernel, Some(2))),
        ("template v6\n use dhcp\niface eth0\n inherit v6", true, (WhenManaged, Itself, Some(0))),
        ("template v6\n inherit v6\niface eth0\n inherit v6", true, (No, Kernel, None)),
    ] {
        let text = format!("auto eth0\n{stanza}\n");
        let mut files = vec![ng, networking, (INTERFACES, &text[..]), DHCLIENT];
        files.extend(dhcpcd.then_some(DHCPCD));
        let intent = seen(&files);
        assert_eq!((intent.stack.name(), intent.at_boot.value, gist(&intent)), ("ifupdown-ng", true, expected), "{stanza}");
        assert_eq!(claims(&files), "ifupdown-ng");
    }
    let stanza = (INTERFACES, "auto eth0\niface eth0 inet dhcp\n");
    assert_eq!(seen(&[ng, networking, stanza]).dhcpv6.text, "iface eth0 inet dhcp (starts a client for IPv4 only, as dhcpcd is not installed)");
    let intent = seen(&[ng, ("/etc/runlevels/default/sshd", ""), stanza]);
    assert_eq!((intent.at_boot.value, &intent.at_boot.text[..]), (false, "no runlevel has the service networking"));
    assert!(!seen(&[ng, networking, (INTERFACES, "auto lo\n")]).at_boot.value);
    assert_eq!(gist(&seen(&[ng, DHCPCD, networking, stanza, (DHCPCD_CONF, "noipv6\n")])), (No, Kernel, None));
}

#[test]
fn busybox() {
    let busybox = ("/sbin/ifup", "-> /bin/busybox");
    let intent = seen(&[busybox, (INTERFACES, "auto eth0\niface eth0 inet dhcp\n")]);
    assert_eq!((gist(&intent), intent.at_boot.value), ((No, Kernel, None), true));
    for method in ["dhcp", "auto"] {
        let intent = seen(&[busybox, DHCLIENT, (INTERFACES, &format!("auto eth0\niface eth0 inet6 {method}\n accept_ra 1\n"))]);
        assert_eq!((gist(&intent), intent.at_boot.value), ((No, Kernel, None), false), "{method}");
        assert!(intent.at_boot.text.contains("refuses the file"));
    }
    let manual = (INTERFACES, "auto eth0\niface eth0 inet6 manual\n up udhcpc6 -b -i eth0\n");
    let intent = seen(&[busybox, manual]);
    assert_eq!((gist(&intent), &intent.dhcpv6.text[..]), ((Yes, Kernel, None), "up udhcpc6 -b -i eth0"));
    assert_eq!((intent.stack.name(), claims(&[busybox, manual])), ("BusyBox", "BusyBox".into()));
    assert!(
        reason(&[busybox, DHCPCD, (INTERFACES, "auto eth0\niface eth0 inet dhcp\n")]).contains("interfaces:2: `iface eth0 inet dhcp` starts dhcpcd")
    );
}

/// One file, four programs.
#[test]
fn who_reads_the_interfaces_file() {
    let stanza = (INTERFACES, "auto eth0\niface eth0 inet6 dhcp\n");
    let dpkg = |package: &str, state: &str| format!("Package: x\nStatus: install ok installed\n\nPackage: {package}\nStatus: {state}\n\n");
    let installed = "install ok installed";
    for (path, text, stack) in [
        ("/sbin/ifup", "-> ifupdown", "ifupdown-ng"),
        ("/sbin/ifup", "-> /bin/busybox", "BusyBox"),
        ("/sbin/ifup", "", "ifupdown"),
        ("/lib/apk/db/installed", "C:Q1\nP:ifupdown-ng\nV:0.12.1-r4\n", "ifupdown-ng"),
        ("/lib/apk/db/installed", "P:busybox\n", "BusyBox"),
        ("/usr/libexec/ifupdown-ng/dhcp", "", "ifupdown-ng"),
        ("/etc/alpine-release", "3.20.0\n", "ifupdown-ng"),
        ("/var/lib/dpkg/status", &dpkg("ifupdown-ng", installed)[..], "ifupdown-ng"),
        ("/var/lib/dpkg/status", &dpkg("ifupdown-ng", "deinstall ok config-files")[..], "ifupdown"),
        ("/var/lib/dpkg/status", &dpkg("ifupdown", installed)[..], "ifupdown"),
        ("/etc/debian_version", "12.0\n", "ifupdown"),
    ] {
        assert_eq!(seen(&[DHCLIENT, stanza, (path, text)]).stack.name(), stack, "{path} {text}");
    }
    for (path, text) in [("/sbin/ifup", "-> /usr/share/ifupdown2/ifupdown2"), ("/var/lib/dpkg/status", &dpkg("ifupdown2", installed)[..])] {
        assert_eq!(seen(&[DHCLIENT, stanza, (path, text)]).stack.name(), "ifupdown2", "{path}");
    }
}

#[test]
fn openwrt() {
    const WAN: &str = "config interface 'wan'\n\toption device 'eth0'\n\toption proto 'dhcp'\n\n";
    for (text, expected, at_boot) in [
        (format!("{WAN}config interface 'wan6'\n\toption device 'eth0'\n\toption proto 'dhcpv6'\n"), (Yes, Itself, None), true),
        (
            format!("{WAN}config interface wan6\n\toption device '@wan'\n\toption proto dhcpv6\n\toption reqaddress 'try'\n"),
            (Yes, Itself, None),
            true,
        ),
        (
            format!("{WAN}config interface 'wan6'\n\toption ifname 'eth0'\n\toption proto 'dhcpv6'\n\toption reqaddress 'none'\n"),
            (No, Itself, None),
            true,
        ),
        (format!("{WAN}config interface 'wan6'\n\toption device 'eth0'\n\toption proto 'dhcpv6'\n\toption auto '0'\n"), (Yes, Itself, None), false),
        (WAN.to_owned(), (No, Kernel, None), true),
        (format!("{WAN}\toption ipv6 '0'\n"), (No, TakesRas::No, None), true),
        ("config device\n\toption name 'eth0'\n\toption proto 'dhcpv6'\n".to_owned(), (No, Kernel, None), false),
    ] {
        let intent = seen(&[("/etc/config/network", &text)]);
        assert_eq!((intent.stack.name(), gist(&intent), intent.at_boot.value), ("netifd", expected, at_boot), "{text}");
    }
    let named = intent::named(image(&[("/etc/config/network", WAN)]).path()).interfaces;
    assert_eq!(named.into_iter().collect::<Vec<_>>(), ["eth0"]);
}

const WIDE: &str = "/etc/wide-dhcpv6/dhcp6c.conf";
const WIDE_ETH0: (&str, &str) = ("/etc/default/wide-dhcpv6-client", "# which\nINTERFACES=\"eth0 eth1\"\n");
const ASKS: &str = "profile default\n{\n  send ia-na 0;\n  request domain-name-servers;\n};\nid-assoc na 0 { };\n";
const SHIPPED: &str = "profile default\n{\n  information-only;\n  request domain-name-servers;\n};\n";
const DIBBLER: (&str, &str) = ("/etc/dibbler/client.conf", "log-level 7\niface eth0 {\n# ask for address\n    ia\n    option dns-server\n}\n");

#[test]
fn clients_beside_a_stack() {
    let v4 = (INTERFACES, "auto eth0\niface eth0 inet dhcp\n");
    let v6 = (INTERFACES, "auto eth0\niface eth0 inet6 dhcp\n");
    // The one client of the interface: ifupdown keeps it, and there is no second stack.
    let one = [DHCLIENT, v4, (WIDE, ASKS), WIDE_ETH0];
    let intent = seen(&one);
    assert_eq!((intent.stack.name(), intent.at_boot.value, gist(&intent)), ("ifupdown", true, (Yes, Kernel, None)));
    assert_eq!((&intent.dhcpv6.at.path[..], intent.dhcpv6.at.line), (WIDE, 3));
    assert_eq!(claims(&one), "ifupdown");
    let intent = seen(&[DHCLIENT, v4, DIBBLER]);
    assert_eq!((intent.dhcpv6.value, &intent.dhcpv6.at.path[..], intent.dhcpv6.at.line), (Yes, DIBBLER.0, 4));
    // Two clients on one interface.
    for (files, named) in [
        (vec![DHCLIENT, v6, (WIDE, ASKS), WIDE_ETH0], "ifupdown dhcp6c"),
        (vec![DHCLIENT, v6, DIBBLER], "ifupdown dibbler"),
        (vec![DHCLIENT, v4, DIBBLER, (WIDE, ASKS), WIDE_ETH0], "ifupdown dhcp6c dibbler"),
    ] {
        assert!(reason(&files).contains("both run DHCPv6 on eth0"), "{named}");
        assert_eq!(claims(&files), named);
    }
    // No stack brings the interface up.
    let intent = seen(&[DIBBLER]);
    assert_eq!((intent.stack.name(), intent.at_boot.value, gist(&intent)), ("dibbler", false, (Yes, Kernel, None)));
    assert_eq!(claims(&[DIBBLER]), "dibbler");
    let intent = seen(&[(INTERFACES, "auto lo\niface lo inet loopback\n"), DIBBLER]);
    assert_eq!((intent.stack.name(), intent.at_boot.value, intent.dhcpv6.value), ("ifupdown", false, Yes));
}

#[test]
fn clients_that_ask_for_no_address() {
    let v4 = (INTERFACES, "auto eth0\niface eth0 inet dhcp\n");
    let own = format!("interface eth0 {{ information-only; }};\n{ASKS}");
    let wide = |text| vec![DHCLIENT, v4, WIDE_ETH0, (WIDE, text)];
    let elsewhere = ("/etc/default/wide-dhcpv6-client", "INTERFACES=\"\"\n");
    let dibbler = |text| vec![DHCLIENT, v4, ("/etc/dibbler/client.conf", text)];
    let stopped = ("/etc/rc2.d/S01ssh", "");
    for files in [
        wide(SHIPPED),
        wide(&own),
        wide("interface eth0 {\n send ia-pd 0;\n};\n"),
        wide("# profile default { send ia-na 0; };\n"),
        wide("profile default {\n /* send ia-na 0;\n */ information-only;\n};\n"),
        vec![DHCLIENT, v4, elsewhere, (WIDE, ASKS)],
        vec![DHCLIENT, v4, WIDE_ETH0, (WIDE, ASKS), stopped],
        dibbler("iface eth0 {\n stateless\n option dns-server\n}\n"),
        dibbler("stateless\niface eth0 {\n option dns-server\n}\n"),
        dibbler("iface eth1 { ia }\n"),
        dibbler("iface eth0 { pd }\n"),
        vec![DHCLIENT, v4, DIBBLER, stopped],
    ] {
        assert_eq!((seen(&files).dhcpv6.value, &claims(&files)[..]), (No, "ifupdown"), "{files:?}");
    }
    assert_eq!(seen(&wide("interface eth0 { send rapid-commit, ia-na 7; };\n")).dhcpv6.value, Yes);
    assert_eq!(seen(&dibbler("iface \"eth0\" { ia 5 { address { } } }\n")).dhcpv6.value, Yes);
    assert_eq!(seen(&dibbler("iface eth0 { }\n")).dhcpv6.value, Yes);
    assert!(reason(&dibbler("iface eth0 {\n option dns-server\n}\n")).contains("neither ia nor stateless"));
    assert!(reason(&dibbler("iface 2 { ia }\n")).contains("by its index"));
    assert_eq!(seen(&[DHCLIENT, v4, DIBBLER, ("/etc/rc2.d/S01dibbler-client", "")]).dhcpv6.value, Yes);
}

/// Debian 10 and 11 write a stanza for each interface at boot, and a hook reads its option.
#[test]
fn the_cloud_images_of_debian() {
    let base = (INTERFACES, "auto lo\niface lo inet loopback\nsource-directory /run/network/interfaces.d\n");
    let helper = ("/etc/network/cloud-ifupdown-helper", "#!/bin/sh\ndo_setup() {\n  true\n}\ndo_setup\n");
    let off = ("/etc/network/cloud-ifupdown-helper", "#!/bin/sh\ndo_setup() {\n  true\n}\n##do_setup\n");
    let template = (
        "/etc/network/cloud-interfaces-template",
        "auto $INTERFACE\nallow-hotplug $INTERFACE\n\niface $INTERFACE inet dhcp\n\niface $INTERFACE inet6 manual\n  try_dhcp 1\n",
    );
    let hook = ("/etc/network/if-up.d/inet6", "#!/bin/sh\n[ \"$IF_TRY_DHCP\" = 1 ] || exit 0\ndhclient -6 -nw -pf /run/x.pid $IFACE\n");
    let intent = seen(&[DHCLIENT, base, helper, template, hook]);
    assert_eq!((intent.at_boot.value, gist(&intent)), (true, (Yes, Kernel, None)));
    assert_eq!((&intent.dhcpv6.at.path[..], intent.dhcpv6.at.line), (template.0, 7));
    assert!(intent.dhcpv6.text.contains("/etc/network/if-up.d/inet6:3"));
    assert!(reason(&[DHCLIENT, base, helper, template]).contains("is for a hook that v6check does not find"));
    assert!(!seen(&[DHCLIENT, base, off, template, hook]).at_boot.value);
    assert_eq!(seen(&[DHCLIENT, (INTERFACES, "auto eth0\niface eth0 inet dhcp\n"), helper, template, hook]).dhcpv6.value, No);
    // Debian 9's is a command.
    let command = (INTERFACES, "auto eth0\niface eth0 inet6 manual\n  up /usr/local/sbin/inet6-ifup-helper\n");
    let script = ("/usr/local/sbin/inet6-ifup-helper", "#!/bin/sh\nif test -n \"$x\"; then\n  /sbin/dhclient -6 -nw $IFACE\nfi\n");
    let perhaps = seen(&[DHCLIENT, command, script]).dhcpv6;
    assert_eq!((perhaps.value, perhaps.at.to_string()), (CannotTell, "/usr/local/sbin/inet6-ifup-helper:3".to_owned()));
    assert_eq!(seen(&[DHCLIENT, command]).dhcpv6.value, No);
}

/// Whose files cloud-init writes anew.
#[test]
fn cloud_init_overrides() {
    let stanza = (INTERFACES, "auto eth0\niface eth0 inet6 dhcp\n");
    let cloud_init = [("/usr/bin/cloud-init", ""), ("/etc/cloud/cloud.cfg", "users: []\n")];
    for files in [vec![DHCLIENT, stanza], vec![("/sbin/ifup", "-> ifupdown"), stanza], vec![WICKED_STARTS, (IFCFG, "BOOTPROTO=dhcp\n")]] {
        assert!(seen(&files).overrides.is_empty());
        let files = [files, cloud_init.to_vec()].concat();
        assert_eq!(seen(&files).overrides[0].value.name(), "cloud-init", "{files:?}");
    }
}

#[test]
fn hostile_files_are_unknown() {
    let large = "#".repeat((1 << 20) + 1);
    let files: [&[(&str, &str)]; 5] = [
        &[DHCPCD_STARTS, (DHCPCD_CONF, &large)],
        &[WICKED_STARTS, (IFCFG, &large)],
        &[CONNMAN_STARTS, ("/etc/connman/main.conf", &large)],
        &[("/etc/config/network", &large)],
        &[("/etc/dibbler/client.conf", &large)],
    ];
    for files in files {
        assert!(reason(files).contains("larger than"), "{:?}", files[0]);
    }
    let deep = "iface eth0 {".repeat(50_000);
    let _ = eth0(&[("/etc/dibbler/client.conf", &deep), (WIDE, &deep), WIDE_ETH0]);
    let chains = "template a\n inherit a\n inherit b\ntemplate b\n inherit a\n inherit b\niface eth0\n inherit a\n".repeat(500);
    let _ = eth0(&[("/sbin/ifup", "-> ifupdown"), (INTERFACES, &chains)]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_text_ends(text in "((interface|profile|iface|eth0|default|send|ia-na|ia|config|option|device|proto|\\[x\\]|BOOTPROTO=|use|inherit|template|[{};'\"=#@$-]| |\n|\t|\\PC){0,8}\n){0,12}") {
        let paths = [DHCPCD_CONF, IFCFG, "/etc/connman/main.conf", "/etc/config/network", "/etc/dibbler/client.conf", WIDE, INTERFACES];
        let mut files: Vec<(&str, &str)> = paths.iter().map(|path| (*path, &text[..])).collect();
        files.extend([DHCPCD_STARTS, CONNMAN_STARTS, WICKED_STARTS, WIDE_ETH0, ("/sbin/ifup", "-> ifupdown")]);
        let _ = eth0(&files);
    }
}
