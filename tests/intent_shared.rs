//! What lies below the network stacks in an image: sysctl.d, boot loader, modules, identity.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::os::unix::fs::symlink;
use std::path::Path;

use proptest::prelude::*;
use tempfile::TempDir;
use v6check::facts::{Observed, Setting};
use v6check::observe::intent::{self, Nic};

fn image(files: &[(&str, &str)]) -> TempDir {
    let root = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = root.path().join(path.trim_start_matches('/'));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        // What begins with an arrow is a symbolic link.
        match text.strip_prefix("-> ") {
            Some(target) => symlink(target, path).unwrap(),
            None => std::fs::write(path, text).unwrap(),
        }
    }
    root
}

type Settings = Observed<BTreeMap<String, Setting<i64>>>;

fn sysctl_of(root: &Path, nic: &str) -> Settings {
    intent::interfaces(root, &[Nic { name: nic.to_owned(), mac: None }]).remove(nic).unwrap().sysctl
}

/// `accept_ra=0 /etc/sysctl.d/a.conf:1`, one a setting.
fn sysctl(files: &[(&str, &str)], nic: &str) -> Vec<String> {
    let settings = sysctl_of(image(files).path(), nic);
    let show = |(key, setting): (&String, &Setting<i64>)| format!("{key}={} {}:{}", setting.value, setting.at.path, setting.at.line);
    settings.get().unwrap().iter().map(show).collect()
}

const A: &str = "/etc/sysctl.d/a.conf";

#[test]
fn sysctl_lines() {
    for (text, nic, expected) in [
        ("net.ipv6.conf.eth0.accept_ra = 0", "eth0", &["accept_ra=0"][..]),
        ("-net.ipv6.conf.eth0.accept_ra=2", "eth0", &["accept_ra=2"]),
        ("- net.ipv6.conf.eth0.accept_ra=2", "eth0", &["accept_ra=2"]),
        ("net/ipv6/conf/eth0/accept_ra=1", "eth0", &["accept_ra=1"]),
        ("net.ipv6.conf.eth1.accept_ra=1", "eth0", &[]),
        ("#net.ipv6.conf.eth0.accept_ra=1\n;net.ipv6.conf.eth0.autoconf=1", "eth0", &[]),
        ("net.ipv6.conf.eth0.accept_ra", "eth0", &[]),
        ("net.ipv6.conf.eth0.accept_ra =", "eth0", &[]),
        ("`net.ipv6.conf.eth0.router_solicitation_delay = 10`", "eth0", &[]),
        ("net.ipv6.conf.eth0.router_solicitation_delay = `10`", "eth0", &[]),
        ("net.ipv6.conf.eth0.router_solicitation_delay = 10", "eth0", &["router_solicitation_delay=10"]),
        ("net.ipv6.conf.eth0.router_solicitations = -1", "eth0", &["router_solicitations=-1"]),
        // A name with a dot in it.
        ("net.ipv6.conf.eth0.100.accept_ra=0", "eth0.100", &[]),
        ("net.ipv6.conf.eth0/100.accept_ra=0", "eth0.100", &["accept_ra=0"]),
        ("net/ipv6/conf/eth0.100/accept_ra=0", "eth0.100", &["accept_ra=0"]),
        ("net/ipv6/conf/eth0.100/accept_ra=0", "eth0", &[]),
        // The last word.
        ("net.ipv6.conf.eth0.accept_ra=0\nnet/ipv6/conf/eth0/accept_ra=1", "eth0", &["accept_ra=1"]),
        ("net.ipv6.conf.eth0.accept_ra=1\nnet.ipv6.conf.eth0.accept_ra=no", "eth0", &[]),
        // Patterns.
        ("net.ipv6.conf.e*.accept_ra=0", "eth0", &["accept_ra=0"]),
        ("net.ipv6.conf.eth1*.accept_ra=0", "eth0", &[]),
        ("net.ipv6.conf.*.accept_ra=0", "eth0", &["accept_ra=0", "all/accept_ra=0", "default/accept_ra=0"]),
        ("net.ipv6.conf.eth0.accept_ra=1\nnet.ipv6.conf.e*.accept_ra=0", "eth0", &["accept_ra=1"]),
        ("net.ipv6.conf.e*.accept_ra=0\n-net.ipv6.conf.eth0.accept_ra", "eth0", &[]),
        ("net.ipv6.conf.e*.accept_ra=0\nnet.ipv6.conf.et*.accept_ra=2", "eth0", &["accept_ra=2"]),
        ("net/ipv6/conf/eth0*/accept_ra=0", "eth0.100", &["accept_ra=0"]),
        // What `all` and `default` do.
        ("net.ipv6.conf.all.accept_ra=0", "eth0", &["all/accept_ra=0"]),
        ("net.ipv6.conf.default.accept_ra=0", "eth0", &["default/accept_ra=0"]),
        ("net.ipv6.conf.all.forwarding=1", "eth0", &["all/forwarding=1", "default/forwarding=1", "forwarding=1"]),
        ("net.ipv6.conf.default.disable_ipv6=1", "eth0", &["default/disable_ipv6=1"]),
        (
            "net.ipv6.conf.all.disable_ipv6=1\nnet.ipv6.conf.eth0.disable_ipv6=0",
            "eth0",
            &["all/disable_ipv6=1", "default/disable_ipv6=1", "disable_ipv6=0"],
        ),
        (
            "net.ipv6.conf.eth0.disable_ipv6=0\nnet.ipv6.conf.all.disable_ipv6=1",
            "eth0",
            &["all/disable_ipv6=1", "default/disable_ipv6=1", "disable_ipv6=1"],
        ),
    ] {
        let found: Vec<String> = sysctl(&[(A, text)], nic).iter().map(|line| line.split(' ').next().unwrap().to_owned()).collect();
        assert_eq!(found, expected, "{text} for {nic}");
    }
}

#[test]
fn sysctl_files_by_precedence() {
    let zero = "net.ipv6.conf.eth0.accept_ra=0\n";
    let one = "# comment\nnet.ipv6.conf.eth0.accept_ra=1\n";
    for (files, expected) in [
        (&[("/usr/lib/sysctl.d/50.conf", zero), ("/etc/sysctl.d/40.conf", one)][..], &["accept_ra=0 /usr/lib/sysctl.d/50.conf:1"][..]),
        (&[("/usr/lib/sysctl.d/50.conf", zero), ("/etc/sysctl.d/50.conf", one)], &["accept_ra=1 /etc/sysctl.d/50.conf:2"]),
        (&[("/usr/lib/sysctl.d/50.conf", zero), ("/run/sysctl.d/50.conf", one)], &["accept_ra=1 /run/sysctl.d/50.conf:2"]),
        (&[("/usr/local/lib/sysctl.d/50.conf", zero), ("/usr/lib/sysctl.d/50.conf", one)], &["accept_ra=0 /usr/local/lib/sysctl.d/50.conf:1"]),
        (&[("/usr/lib/sysctl.d/50.conf", zero), ("/etc/sysctl.d/50.conf", "-> /dev/null")], &[]),
        (&[("/etc/sysctl.d/50", zero), ("/etc/sysctl.d/50.conf.bak", zero)], &[]),
        (&[("/lib/sysctl.d/50.conf", zero)], &["accept_ra=0 /lib/sysctl.d/50.conf:1"]),
        // sysctl.conf and who reads it.
        (&[("/etc/sysctl.conf", zero)], &[]),
        (&[("/etc/sysctl.conf", zero), ("/etc/sysctl.d/99-sysctl.conf", "-> ../sysctl.conf")], &["accept_ra=0 /etc/sysctl.d/99-sysctl.conf:1"]),
        (&[("/etc/sysctl.conf", zero), ("/etc/rc.d/rc.sysinit", "")], &["accept_ra=0 /etc/sysctl.conf:1"]),
        (&[("/etc/sysctl.conf", zero), ("/etc/runlevels/boot/sysctl", ""), (A, one)], &["accept_ra=0 /etc/sysctl.conf:1"]),
        (&[("/etc/sysctl.conf", zero), ("/etc/runlevels/boot/networking", "")], &[]),
        (
            &[("/etc/runlevels/boot/sysctl", ""), ("/usr/lib/sysctl.d/z.conf", zero), ("/etc/sysctl.d/a.conf", one)],
            &["accept_ra=1 /etc/sysctl.d/a.conf:2"],
        ),
        (&[("/etc/inittab", ""), ("/usr/lib/systemd/systemd", ""), ("/etc/sysctl.conf", zero)], &[]),
        // Patterns are systemd's and procps', not BusyBox's.
        (&[("/etc/runlevels/boot/sysctl", ""), ("/sbin/sysctl", "-> /bin/busybox"), (A, "net.ipv6.conf.*.accept_ra=0\n")], &[]),
        // ufw.
        (&[("/etc/default/ufw", "IPT_SYSCTL=/etc/ufw/sysctl.conf\n"), ("/etc/ufw/sysctl.conf", zero)], &[]),
        (
            &[
                ("/etc/default/ufw", "IPT_SYSCTL=/etc/ufw/sysctl.conf\n"),
                ("/etc/ufw/sysctl.conf", "net/ipv6/conf/eth0/accept_ra=0\n"),
                ("/etc/ufw/ufw.conf", "ENABLED=yes\n"),
                ("/etc/systemd/system/multi-user.target.wants/ufw.service", ""),
                ("/etc/sysctl.d/zz.conf", one),
            ],
            &["accept_ra=0 /etc/ufw/sysctl.conf:1"],
        ),
    ] {
        assert_eq!(sysctl(files, "eth0"), expected, "{files:?}");
    }
}

/// systemd-sysctl leaves an assignment that is repeated where it stood; sysctl(8) carries it out again.
#[test]
fn sysctl_repeats() {
    let text = "net.ipv6.conf.all.disable_ipv6=1\nnet.ipv6.conf.eth0.disable_ipv6=0\nnet.ipv6.conf.all.disable_ipv6=1\n";
    assert!(sysctl(&[(A, text)], "eth0").contains(&format!("disable_ipv6=0 {A}:2")));
    assert!(sysctl(&[("/etc/sysctl.conf", text), ("/etc/rc.d/rc.sysinit", "")], "eth0").contains(&"disable_ipv6=1 /etc/sysctl.conf:3".to_owned()));
}

#[test]
fn sysctl_that_cannot_be_read() {
    let root = image(&[("/etc/sysctl.d/b.conf", "")]);
    assert!(std::process::Command::new("mkfifo").arg(root.path().join("etc/sysctl.d/a.conf")).status().unwrap().success());
    assert!(matches!(sysctl_of(root.path(), "eth0"), Observed::Unknown(reason) if reason.contains("/etc/sysctl.d/a.conf: not a regular file")));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_sysctl_text_ends(text in "((net[./]ipv6[./]conf[./](all|default|e\\*|eth0)[./]|accept_ra|forwarding|[-=*`\\[#]|-?[0-9x]{1,12}| |\n|\\PC){0,8}\n){0,12}") {
        prop_assert!(matches!(sysctl_of(image(&[(A, &text)]).path(), "eth0"), Observed::Seen(_)));
    }
}
