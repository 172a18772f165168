//! What ifupdown is set up to do by interfaces(5), and what is said where no stack that is read has an interface.

use std::os::unix::fs::symlink;
use std::path::Path;

use proptest::prelude::*;
use v6check::facts::{Intent, Observed, RunsDhcpv6, StackId};
use v6check_lab::needs;

use super::image::{DHCLIENT, image, interface, known, nic};

const INTERFACES: &str = "/etc/network/interfaces";

fn of(root: &Path, name: &str) -> Observed<Intent> {
    interface(root, nic(name, None)).stack
}

fn seen(files: &[(&str, &str)], name: &str) -> Intent {
    known(of(image(files).path(), name)).unwrap()
}

fn reason(files: &[(&str, &str)], name: &str) -> String {
    known(of(image(files).path(), name)).unwrap_err()
}

/// What each method of inet6.defn does.
#[test]
fn ifupdown_methods() {
    for (stanza, dhcpv6, accept_ra) in [
        ("iface eth0 inet dhcp", RunsDhcpv6::No, None),
        ("iface eth0 inet dhcp\n accept_ra 0", RunsDhcpv6::No, None),
        ("iface eth0 inet6 dhcp", RunsDhcpv6::Yes, Some(1)),
        ("iface eth0 inet6 dhcp\n\taccept_ra 2", RunsDhcpv6::Yes, Some(2)),
        ("iface eth0 inet6 dhcp\n `accept_ra 2`", RunsDhcpv6::Yes, Some(1)),
        ("iface eth0 inet dhcp\niface eth0 inet6 dhcp\n accept_ra \\\n 0", RunsDhcpv6::Yes, Some(0)),
        ("iface eth0 inet6 auto", RunsDhcpv6::No, Some(2)),
        ("iface eth0 inet6 auto\n dhcp 1\n accept_ra 1", RunsDhcpv6::No, Some(1)),
        ("iface eth0 inet6 static\n address 2001:db8::1/64", RunsDhcpv6::No, None),
        ("iface eth0 inet6 static\n address 2001:db8::1/64\n gateway fe80::1", RunsDhcpv6::No, Some(0)),
        ("iface eth0 inet6 manual\n accept_ra 2", RunsDhcpv6::No, None),
        ("iface eth0 inet6 v4tunnel", RunsDhcpv6::No, None),
        ("iface eth0 inet6 manual\n up /sbin/dhclient -6 -nw $IFACE", RunsDhcpv6::Yes, None),
        ("iface eth0 inet6 manual\n up dhclient -6 -S $IFACE", RunsDhcpv6::No, None),
        ("iface common inet6 dhcp\n accept_ra 2\niface eth0 inherits common", RunsDhcpv6::Yes, Some(2)),
        ("iface common inet6 static\n accept_ra 2\niface eth0 inet6 dhcp inherits common\n accept_ra 1", RunsDhcpv6::Yes, Some(1)),
        ("iface eth* inet6 dhcp", RunsDhcpv6::Yes, Some(1)),
    ] {
        let intent = seen(&[DHCLIENT, (INTERFACES, &format!("auto eth0\n{stanza}\n"))], "eth0");
        assert_eq!((intent.dhcpv6.value, intent.accept_ra.as_ref().map(|setting| setting.value)), (dhcpv6, accept_ra), "{stanza}");
        assert!(intent.at_boot.value, "{stanza}");
    }
}

/// The client is the program that a command runs, whatever else the line says.
#[test]
fn which_client_runs_dhcpv6() {
    for (stanza, client) in [
        ("iface eth0 inet6 dhcp", Some(StackId::Dhclient)),
        ("iface eth0 inet6 auto\n dhcp 1", None),
        ("iface eth0 inet6 manual\n up dhclient -6 eth0 # udhcpc6 was not better", Some(StackId::Dhclient)),
        ("iface eth0 inet6 manual\n up udhcpc6 -i eth0 # not dhclient -6", Some(StackId::Udhcpc6)),
        ("iface eth0 inet6 manual\n up /usr/sbin/dhcp6c -p /run/dhcp6c.pid eth0", Some(StackId::Dhcp6c)),
        ("iface eth0 inet6 manual\n up odhcp6c -d eth0", Some(StackId::Odhcp6c)),
        ("iface eth0 inet6 manual\n up dibbler-client start", Some(StackId::Dibbler)),
        ("iface eth0 inet6 manual\n up ip link set $IFACE up # then dhclient -6", None),
    ] {
        let intent = seen(&[DHCLIENT, (INTERFACES, &format!("auto eth0\n{stanza}\n"))], "eth0");
        assert_eq!(intent.client, client, "{stanza}");
    }
}

/// `inet6 dhcp` gives up where the link-local address is late (wait-for-ll6.sh).
#[test]
fn how_long_a_link_local_address_is_waited_for() {
    for (stanza, expected) in [
        ("iface eth0 inet6 dhcp", Some((6, 2))),
        ("iface eth0 inet6 dhcp\n ll-attempts 150", Some((15, 3))),
        ("iface eth0 inet6 dhcp\n ll-interval 0.5", Some((30, 2))),
        ("iface eth0 inet6 dhcp\n ll-attempts -5", None),
        ("iface eth0 inet6 manual\n up dhclient -6 eth0", None),
    ] {
        let intent = seen(&[DHCLIENT, (INTERFACES, &format!("auto eth0\n{stanza}\n"))], "eth0");
        assert_eq!(intent.link_local_wait_s.map(|wait| (wait.value, wait.at.line)), expected, "{stanza}");
    }
}

#[test]
fn ifupdown_evidence() {
    let intent = seen(&[DHCLIENT, (INTERFACES, "# a comment\n\nallow-hotplug eth0\niface eth0 inet6 dhcp\n    accept_ra 1\n")], "eth0");
    assert_eq!((intent.at_boot.at.line, &intent.at_boot.text[..]), (3, "allow-hotplug eth0"));
    assert_eq!((intent.dhcpv6.at.line, &intent.dhcpv6.text[..]), (4, "iface eth0 inet6 dhcp"));
    let accept_ra = intent.accept_ra.unwrap();
    assert_eq!((&accept_ra.at.path[..], accept_ra.at.line, &accept_ra.text[..]), (INTERFACES, 5, "accept_ra 1"));
}

#[test]
fn at_boot_by_name_and_pattern() {
    for (line, at_boot) in [
        ("auto eth0", true),
        ("auto lo eth0", true),
        ("auto /eth*", true),
        ("allow-hotplug /eth0", true),
        ("auto eth1", false),
        ("# auto eth0", false),
        ("allow-ovs eth0", false),
        ("", false),
    ] {
        let intent = seen(&[DHCLIENT, (INTERFACES, &format!("{line}\niface eth0 inet6 dhcp\n"))], "eth0");
        assert_eq!(intent.at_boot.value, at_boot, "{line}");
    }
    let intent = seen(&[DHCLIENT, (INTERFACES, "auto /eth*=lan\niface lan inet6 dhcp\n")], "eth0");
    assert!(intent.at_boot.value && intent.dhcpv6.value == RunsDhcpv6::Yes);
}

#[test]
fn files_that_are_drawn_in() {
    let stanza = "auto eth0\niface eth0 inet6 dhcp\n";
    for (line, path, taken) in [
        ("source /etc/network/interfaces.d/*", "/etc/network/interfaces.d/eth0.cfg", true),
        ("source interfaces.d/*.cfg", "/etc/network/interfaces.d/eth0.cfg", true),
        ("source-directory /etc/network/interfaces.d", "/etc/network/interfaces.d/eth0", true),
        ("source-directory /etc/network/interfaces.d", "/etc/network/interfaces.d/eth0.cfg", false),
        ("source /run/network/interfaces.d/*", "/run/network/interfaces.d/eth0", true),
        ("source /etc/network/interfaces", "/etc/network/interfaces.d/eth0", false),
    ] {
        let intent = seen(&[DHCLIENT, (INTERFACES, &format!("{line}\n")), (path, stanza)], "eth0");
        assert_eq!(intent.dhcpv6.value == RunsDhcpv6::Yes, taken, "{line}");
        if taken {
            assert_eq!(intent.dhcpv6.at.path, path);
        }
    }
}

#[test]
fn the_second_nic_without_a_stanza() {
    let intent = seen(&[DHCLIENT, (INTERFACES, "auto eth0\niface eth0 inet6 dhcp\n")], "eth1");
    assert_eq!((intent.dhcpv6.value, intent.dhcpv6.at.line, &intent.dhcpv6.text[..]), (RunsDhcpv6::No, 0, "no stanza names eth1"));
    assert!(!intent.at_boot.value);
}

#[test]
fn what_is_installed_decides_on_debian_13() {
    let dual = (INTERFACES, "auto eth0\niface eth0 inet dhcp\n");
    let dhcpcd = ("/usr/sbin/dhcpcd", "");
    let intent = seen(&[dhcpcd, dual], "eth0");
    assert_eq!((intent.dhcpv6.value, intent.accept_ra.unwrap().value), (RunsDhcpv6::WhenManaged, 0));
    assert_eq!(seen(&[dhcpcd, dual, DHCLIENT], "eth0").dhcpv6.value, RunsDhcpv6::No);
    assert_eq!(seen(&[dhcpcd, dual, ("/sbin/udhcpc", "")], "eth0").dhcpv6.value, RunsDhcpv6::No);
    assert_eq!(seen(&[dhcpcd, (INTERFACES, "iface eth0 inet6 dhcp\n")], "eth0").dhcpv6.value, RunsDhcpv6::NoClient);
}

#[test]
fn what_is_not_read_is_unknown_and_named() {
    let netctl = ("/etc/systemd/system/multi-user.target.wants/netctl-auto@wlan0.service", "");
    let ifupdown = (INTERFACES, "iface eth0 inet6 dhcp\n");
    assert!(reason(&[], "eth0").contains("no network stack that v6check reads"));
    assert!(reason(&[netctl], "eth0").contains("netctl (/etc/systemd/system/multi-user.target.wants/netctl-auto@wlan0.service)"));
    let both = reason(&[netctl, ifupdown, DHCLIENT], "eth0");
    assert!(both.contains("ifupdown configures eth0") && both.contains("netctl"), "{both}");
    assert!(reason(&[("/etc/sysconfig/network-scripts/ifcfg-lo", "")], "eth0").contains("no network stack"));
    assert!(reason(&[(INTERFACES, "mapping eth0\n script /x\niface home inet6 dhcp\n")], "eth0").contains("mapping eth0"));
    assert!(reason(&[(INTERFACES, "iface eth0 inet6 manual\n try_dhcp 1\n")], "eth0").contains("try_dhcp 1"));
}

#[test]
fn hostile_files_are_refused_or_end() {
    let root = image(&[(INTERFACES, "source /etc/network/pipe\niface eth0 inet6 dhcp\n")]);
    assert!(needs::command("mkfifo").arg(root.path().join("etc/network/pipe")).status().unwrap().success());
    assert!(matches!(of(root.path(), "eth0"), Observed::Unknown(reason) if reason.text.contains("not a regular file")));

    let large = "#".repeat((1 << 20) + 1);
    assert!(reason(&[(INTERFACES, &large)], "eth0").contains("larger than"));

    let root = image(&[("/outside", "iface eth0 inet6 dhcp\n"), ("/image/sbin/dhclient", ""), ("/image/etc/network/x", "")]);
    symlink("/outside", root.path().join("image/etc/network/interfaces")).unwrap();
    assert!(matches!(of(&root.path().join("image"), "eth0"), Observed::Unknown(reason) if reason.text.contains("no network stack")));

    let loops = "iface eth0 inherits eth0\niface a inherits b\niface b inherits a\n".repeat(1000);
    let _ = reason_or_seen(&loops);
    let chain = "source /etc/network/*
source /etc/network/./interfaces
source /etc/network/../network/interfaces
"
    .repeat(100);
    let _ = reason_or_seen(&chain);
}

fn reason_or_seen(text: &str) -> Observed<Intent> {
    of(image(&[(INTERFACES, text)]).path(), "eth0")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_text_ends(text in "((auto|iface|source|mapping|eth0|inet6|dhcp|inherits|accept_ra|/etc/network/interfaces|[*\\[\\]\\\\!-]| |\n|\t|\\PC){0,6}\n){0,12}") {
        let _ = reason_or_seen(&text);
    }
}
