//! What configuration files below a root directory set up.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::os::unix::fs::symlink;
use std::path::Path;

use proptest::prelude::*;
use tempfile::TempDir;
use v6check::facts::{Intent, Observed, RunsDhcpv6};
use v6check::observe::intent::{self, Nic};

const DHCLIENT: (&str, &str) = ("/sbin/dhclient", "\0dhclient.c\x004.4.3-P1\0--address-prefix-len\0");
const INTERFACES: &str = "/etc/network/interfaces";

fn image(files: &[(&str, &str)]) -> TempDir {
    let root = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = root.path().join(path.trim_start_matches('/'));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    root
}

fn of(root: &Path, name: &str) -> Observed<Intent> {
    intent::interfaces(root, &[Nic { name: name.to_owned(), mac: None }]).remove(name).unwrap().stack
}

fn seen(files: &[(&str, &str)], name: &str) -> Intent {
    match of(image(files).path(), name) {
        Observed::Seen(intent) => intent,
        Observed::Unknown(reason) | Observed::Absent(reason) => panic!("unknown: {reason}"),
    }
}

fn reason(files: &[(&str, &str)], name: &str) -> String {
    match of(image(files).path(), name) {
        Observed::Seen(intent) => panic!("seen: {intent:?}"),
        Observed::Unknown(reason) | Observed::Absent(reason) => reason,
    }
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
    assert!(std::process::Command::new("mkfifo").arg(root.path().join("etc/network/pipe")).status().unwrap().success());
    assert!(matches!(of(root.path(), "eth0"), Observed::Unknown(reason) if reason.contains("not a regular file")));

    let large = "#".repeat((1 << 20) + 1);
    assert!(reason(&[(INTERFACES, &large)], "eth0").contains("larger than"));

    let root = image(&[("/outside", "iface eth0 inet6 dhcp\n"), ("/image/sbin/dhclient", ""), ("/image/etc/network/x", "")]);
    symlink("/outside", root.path().join("image/etc/network/interfaces")).unwrap();
    assert!(matches!(of(&root.path().join("image"), "eth0"), Observed::Unknown(reason) if reason.contains("no network stack")));

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

fn dhclient(files: &[(&str, &str)]) -> v6check::facts::Dhclient {
    intent::host(image(files).path()).dhclient.get().unwrap().clone().unwrap()
}

#[test]
fn isc_dhclient_as_installed() {
    assert_eq!(intent::host(image(&[]).path()).dhclient, Observed::Seen(None));
    let found = dhclient(&[DHCLIENT]);
    assert_eq!((&found.path[..], found.version.as_deref(), found.has_prefix_length_option), ("/sbin/dhclient", Some("4.4.3-P1"), true));
    assert_eq!(found.script, None);
    let script = "#!/bin/sh\n  ip -6 addr add ${new_ip6_address}/${new_ip6_prefixlen} dev ${interface}\n";
    let old = ("/sbin/dhclient", "\x004.2.4\0isc-dhclient-%s\0");
    let found = dhclient(&[old, ("/sbin/dhclient-script", script), ("/etc/dhcp/dhclient-enter-hooks.d/v6", "new_ip6_prefixlen=128\n")]);
    assert!(!found.has_prefix_length_option);
    let script = found.script.unwrap();
    assert_eq!(script.uses_length.unwrap().line, 2);
    assert_eq!(script.sets_128.unwrap().path, "/etc/dhcp/dhclient-enter-hooks.d/v6");
}

/// The real one, as Debian packages it.
#[test]
fn isc_dhclient_of_this_machine() {
    let host = intent::host(Path::new("/"));
    let found = host.dhclient.get().unwrap().as_ref().expect("the tests need isc-dhcp-client");
    assert!(found.version.as_deref().unwrap().starts_with("4.4."), "{found:?}");
    assert!(found.has_prefix_length_option);
    assert_eq!(found.script.as_ref().unwrap().uses_length, None, "Debian's script ignores the length");
}

#[test]
fn lines_pasted_with_backticks() {
    let root = image(&[
        ("/sbin/dhclient-script", "#!/bin/sh\n`new_ip6_prefixlen=128`\nx=`date`\n"),
        ("/etc/sysctl.d/30-eth0-rs-delay.conf", "`net.ipv6.conf.eth0.router_solicitation_delay = 10`\n"),
        ("/etc/network/interfaces.d/eth0.cfg", "iface eth0 inet6 dhcp\n    `accept_ra 1`\n"),
    ]);
    let pasted = intent::host(root.path()).pasted_backticks;
    let found: Vec<_> = pasted.get().unwrap().iter().map(|line| (&line.at.path[..], line.at.line)).collect();
    assert_eq!(found, [("/etc/network/interfaces.d/eth0.cfg", 2), ("/etc/sysctl.d/30-eth0-rs-delay.conf", 1), ("/sbin/dhclient-script", 2)]);
}
