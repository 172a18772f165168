//! What lies below the network stacks in an image: sysctl.d, boot loader, modules, identity.

use std::collections::BTreeMap;
use std::path::Path;

use proptest::prelude::*;
use v6check::facts::{BakedIdentity, Observed, Setting};
use v6check::observe::intent;
use v6check_lab::needs;

use super::image::{image, interface, nic};

type Settings = Observed<BTreeMap<String, Setting<i64>>>;

fn sysctl_of(root: &Path, name: &str) -> Settings {
    interface(root, nic(name, None)).sysctl
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
        (&[("/etc/sysctl.conf", zero), ("/etc/rc.d/rc3.d/S10network", "")], &["accept_ra=0 /etc/sysctl.conf:1"]),
        (&[("/etc/sysctl.conf", zero), ("/etc/rc.d/rc3.d/S10network", ""), ("/etc/systemd/system.conf", "")], &[]),
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
    assert!(needs::command("mkfifo").arg(root.path().join("etc/sysctl.d/a.conf")).status().unwrap().success());
    assert!(matches!(sysctl_of(root.path(), "eth0"), Observed::Unknown(reason) if reason.text.contains("/etc/sysctl.d/a.conf: not a regular file")));
}

const GRUB: &str = "/boot/grub/grub.cfg";

/// `ipv6.disable=1 /boot/grub/grub.cfg:3`, one a word.
fn words(files: &[(&str, &str)]) -> Vec<String> {
    let show = |setting: &Setting<String>| format!("{} {}:{}", setting.value, setting.at.path, setting.at.line);
    intent::host(image(files).path()).command_line.get().unwrap().iter().map(show).collect()
}

#[test]
fn command_line_of_the_boot_loader() {
    let quiet = "menuentry 'Debian' {\n\tlinux /boot/vmlinuz root=/dev/vda1 ro quiet\n}\n";
    let off = "menuentry 'Debian' {\n\tlinux /boot/vmlinuz root=/dev/vda1 ro ipv6.disable=1 quiet\n}\n";
    let entry = ("/boot/loader/entries/abc-5.14.0.conf", "title Rocky\noptions root=/dev/vda4 $kernelopts $tuned_params\n");
    for (files, expected) in [
        (&[(GRUB, quiet)][..], &[][..]),
        (&[(GRUB, off)], &["ipv6.disable=1 /boot/grub/grub.cfg:2"][..]),
        (&[("/boot/grub2/grub.cfg", off)], &["ipv6.disable=1 /boot/grub2/grub.cfg:2"]),
        (
            &[(GRUB, "linux /vmlinuz ipv6.disable=1 ipv6.disable=0 ip=dhcp6 ipv6.autoconf=0\n")],
            &["ipv6.disable=0 /boot/grub/grub.cfg:1", "ip=dhcp6 /boot/grub/grub.cfg:1", "ipv6.autoconf=0 /boot/grub/grub.cfg:1"],
        ),
        (&[(GRUB, "linux /vmlinuz ipv6.disable-ipv6=1 -- ipv6.disable=1\n")], &["ipv6.disable_ipv6=1 /boot/grub/grub.cfg:1"]),
        (&[(GRUB, "# linux /vmlinuz ipv6.disable=1\nlinux /vmlinuz notipv6.disable=1 ipv6.disable\n")], &[]),
        // What the next update-grub would write does not count while there is a menu.
        (&[(GRUB, quiet), ("/etc/default/grub", "GRUB_CMDLINE_LINUX=\"ipv6.disable=1\"\n")], &[]),
        (&[("/etc/default/grub", "GRUB_CMDLINE_LINUX=\"ipv6.disable=1\"\n")], &["ipv6.disable=1 /etc/default/grub:1"]),
        (
            &[
                ("/etc/default/grub", "GRUB_CMDLINE_LINUX_DEFAULT=\"ipv6.disable=1\"\nGRUB_CMDLINE_LINUX=\"quiet\"\n"),
                ("/etc/default/grub.d/50-cloudimg.cfg", "GRUB_CMDLINE_LINUX_DEFAULT=\"console=ttyS0\"\n"),
            ],
            &[],
        ),
        (
            &[
                ("/etc/default/grub", "GRUB_CMDLINE_LINUX=\"quiet\"\n"),
                ("/etc/default/grub.d/ipv6.cfg", "GRUB_CMDLINE_LINUX=\"$GRUB_CMDLINE_LINUX ipv6.disable=1\"\n"),
                ("/etc/default/grub.d/zz.cfg", "GRUB_CMDLINE_LINUX+=\" splash\"\n"),
            ],
            &["ipv6.disable=1 /etc/default/grub.d/ipv6.cfg:1"],
        ),
        // Boot loader entries, drawn in by a menu or alone.
        (&[("/boot/grub2/grub.cfg", "insmod blscfg\nblscfg\n"), entry], &[]),
        (
            &[("/boot/grub2/grub.cfg", "blscfg\n"), ("/boot/grub2/grubenv", "kernelopts=ro ipv6.disable=1\n"), entry],
            &["ipv6.disable=1 /boot/grub2/grubenv:1"],
        ),
        (&[("/boot/grub2/grub.cfg", "set tuned_params=\"ipv6.disable=1\"\nblscfg\n"), entry], &["ipv6.disable=1 /boot/grub2/grub.cfg:1"]),
        (
            &[entry, ("/boot/loader/entries/abc-5.14.9.conf", "options ro\noptions ipv6.disable=1\n")],
            &["ipv6.disable=1 /boot/loader/entries/abc-5.14.9.conf:2"],
        ),
        (&[entry, ("/boot/loader/entries/abc-5.9-rescue.conf", "options ipv6.disable=1\n")], &[]),
        // Others.
        (&[("/boot/extlinux/extlinux.conf", "LABEL x\n  APPEND root=/dev/vda ipv6.disable=1\n")], &["ipv6.disable=1 /boot/extlinux/extlinux.conf:2"]),
        (&[("/boot/cmdline.txt", "console=tty1 ipv6.disable=1\n")], &["ipv6.disable=1 /boot/cmdline.txt:1"]),
        (
            &[("/boot/grub/menu.lst", "title CentOS\n\tkernel /vmlinuz-2.6.32 ro root=/dev/vda1 ipv6.disable=1\n")],
            &["ipv6.disable=1 /boot/grub/menu.lst:2"],
        ),
        (&[("/etc/kernel/cmdline", "ro ipv6.disable=1\n")], &["ipv6.disable=1 /etc/kernel/cmdline:1"]),
        (&[("/etc/kernel/cmdline", "ro ipv6.disable=1\n"), (GRUB, quiet)], &[]),
    ] {
        assert_eq!(words(files), expected, "{files:?}");
    }
}

#[test]
fn boot_entries_that_differ_and_none() {
    let text = "linux /vmlinuz ro ipv6.disable=1\nlinux /vmlinuz ro single\n";
    let host = intent::host(image(&[(GRUB, text)]).path());
    let [word] = &host.command_line.get().unwrap()[..] else { panic!("{:?}", host.command_line) };
    assert_eq!(word.text, "linux /vmlinuz ro ipv6.disable=1 (other entries of the boot loader differ)");
    let host = intent::host(image(&[(GRUB, &format!("linux /vmlinuz {} ipv6.disable=1\n", "a ".repeat(200)))]).path());
    assert_eq!(host.command_line.get().unwrap()[0].text, "linux ... ipv6.disable=1 ...");
    assert!(matches!(intent::host(image(&[]).path()).command_line, Observed::Unknown(reason) if reason.text.contains("no boot loader's file")));
}

#[test]
fn modules() {
    const CONF: &str = "/etc/modprobe.d/a.conf";
    let built_in = ("/lib/modules/6.1.0/modules.builtin", "kernel/net/ipv4/tcp_cubic.ko\nkernel/net/ipv6/ipv6.ko\n");
    let a_module = ("/lib/modules/6.2.0/modules.builtin", "kernel/net/ipv6/ip6_offload.ko\n");
    let off = (CONF, "options ipv6 disable=1\n");
    for (files, expected) in [
        (&[off][..], &["options ipv6 disable=1 /etc/modprobe.d/a.conf:1"][..]),
        (&[(CONF, "# options ipv6 disable=1\noptions ipv6 disable=0\n")], &[]),
        (&[(CONF, "options ipv6 \\\n  disable_ipv6=1\n")], &["options ipv6 disable_ipv6=1 /etc/modprobe.d/a.conf:1"]),
        (&[(CONF, "options ipv6 disable=1\noptions ipv6 autoconf=0\noptions ipv6 disable=0\n")], &[]),
        (&[(CONF, "\ninstall ipv6 /bin/true\n")], &["install ipv6 /bin/true /etc/modprobe.d/a.conf:2"]),
        (&[(CONF, "install ipv6 /usr/bin/false\n")], &["install ipv6 /usr/bin/false /etc/modprobe.d/a.conf:1"]),
        (&[(CONF, "install ipv6 /sbin/modprobe --ignore-install ipv6\n")], &[]),
        (
            &[(CONF, "blacklist ipv6\nalias net-pf-10 off\nblacklist ip6_tables\n")],
            &["blacklist ipv6 /etc/modprobe.d/a.conf:1", "alias net-pf-10 off /etc/modprobe.d/a.conf:2"],
        ),
        (&[("/etc/modprobe.d/a", "options ipv6 disable=1\n")], &[]),
        (&[("/usr/lib/modprobe.d/a.conf", "options ipv6 disable=1\n"), (CONF, "")], &[]),
        (&[("/usr/lib/modprobe.d/a.conf", "options ipv6 disable=1\n"), (CONF, "-> /dev/null")], &[]),
        (&[off, built_in], &[]),
        (&[off, a_module], &["options ipv6 disable=1 /etc/modprobe.d/a.conf:1"]),
        (&[off, built_in, a_module], &["options ipv6 disable=1 /etc/modprobe.d/a.conf:1"]),
    ] {
        let host = intent::host(image(files).path());
        let show = |setting: &Setting<String>| format!("{} {}:{}", setting.value, setting.at.path, setting.at.line);
        let found: Vec<String> = host.modules.get().unwrap().iter().map(show).collect();
        assert_eq!(found, expected, "{files:?}");
    }
}

fn identity(files: &[(&str, &str)]) -> BakedIdentity {
    intent::host(image(files).path()).identity.get().unwrap().clone()
}

const ID: &str = "0123456789abcdef0123456789abcdef";

#[test]
fn machine_ids() {
    const ETC: &str = "/etc/machine-id";
    const DBUS: &str = "/var/lib/dbus/machine-id";
    for (files, expected) in [
        (&[][..], None),
        (&[(ETC, "")][..], None),
        (&[(ETC, "uninitialized\n")], None),
        (&[(ETC, "0123456789abcdef0123456789abcdef\n")], Some(ETC)),
        (&[(ETC, "0123456789ABCDEF0123456789abcdef")], Some(ETC)),
        (&[(ETC, "00000000000000000000000000000000\n")], None),
        (&[(ETC, "0123456789abcdef\n")], None),
        (&[(ETC, ""), (DBUS, ID)], Some(DBUS)),
        (&[(DBUS, ID)], Some(DBUS)),
        (&[(ETC, "uninitialized\n"), (DBUS, ID)], Some(DBUS)),
        (&[(ETC, ""), (DBUS, "-> /etc/machine-id")], None),
        (&[(ETC, "-> /x"), ("/x", ID)], Some(ETC)),
    ] {
        let found = identity(files).machine_id;
        assert_eq!(found.as_ref().map(|found| &found.at.path[..]), expected, "{files:?}");
        assert!(found.is_none_or(|found| found.value == ID));
    }
}

const LEASES: &str = r#"default-duid "\000\001\000\001.\345\014\026\372\026>\000\000\001";
lease6 {
  interface "eth0";
  ia-na 3e:00:00:01 {
    starts 1700000000;
    iaaddr 2001:db8::5 { starts 1700000000; preferred-life 100; max-life 200; }
  }
}
lease6 {
  interface "eth1";
  ia-na 3e:00:00:02 { starts 1; iaaddr 2001:db8::6 { starts 1; } }
}
lease6 {
  interface "eth1";
  ia-na 3e:00:00:02 { starts 1; iaaddr 2001:db8::6 { starts 1; } }
  released;
}
"#;

#[test]
fn duids_that_clients_keep() {
    const KEYFILE: &str = "/etc/NetworkManager/system-connections/eth0.nmconnection";
    for (path, text, client, line, duid, decoded) in [
        ("/var/lib/dhcp/dhclient6.leases", LEASES, "dhclient", 1, "000100012ee50c16fa163e000001", "DUID-LLT of fa:16:3e:00:00:01, made 2024-12-06"),
        (
            "/var/lib/dhclient/dhclient6-eth0.leases",
            LEASES,
            "dhclient",
            1,
            "000100012ee50c16fa163e000001",
            "DUID-LLT of fa:16:3e:00:00:01, made 2024-12-06",
        ),
        ("/var/lib/dhcpcd/duid", "00:03:00:01:fa:16:3e:00:00:01\n", "dhcpcd", 1, "00030001fa163e000001", "DUID-LL of fa:16:3e:00:00:01"),
        (
            "/var/lib/dhcpv6/dhcp6c_duid",
            "\x0a\0\0\x03\0\x01\x02\x16\x3e\0\0\x01",
            "dhcp6c",
            0,
            "000300010216 3e000001",
            "DUID-LL of 02:16:3e:00:00:01",
        ),
        ("/var/lib/dibbler/client-duid", "00:03:00:01:fa:16:3e:00:00:01", "dibbler", 1, "00030001fa163e000001", "DUID-LL of fa:16:3e:00:00:01"),
        (
            "/var/lib/wicked/duid.xml",
            "<duids>\n  <default>00:03:00:01:fa:16:3e:00:00:01</default>\n</duids>\n",
            "wicked",
            2,
            "00030001fa163e000001",
            "DUID-LL of fa:16:3e:00:00:01",
        ),
        (
            "/etc/systemd/networkd.conf",
            "[DHCPv6]\nDUIDType=vendor\nDUIDRawData=00:00:ab:11:01:02\n",
            "systemd-networkd",
            3,
            "00020000ab110102",
            "DUID-EN of enterprise 43793",
        ),
        ("/etc/systemd/network/a.network", "[DHCPv6]\nDUIDRawData=01:02\nDUIDType=4\n", "systemd-networkd", 2, "00040102", "DUID-UUID"),
        (
            KEYFILE,
            "[ipv6]\nmethod=auto\ndhcp-duid=00:03:00:01:fa:16:3e:00:00:01\n",
            "NetworkManager",
            3,
            "00030001fa163e000001",
            "DUID-LL of fa:16:3e:00:00:01",
        ),
    ] {
        let found = identity(&[(path, text)]).duids;
        let [found] = &found[..] else { panic!("{path}: {found:?}") };
        assert_eq!((found.client.name(), &found.at.path[..], found.at.line), (client, path, line));
        assert_eq!((&found.duid[..], &found.decoded[..]), (&duid.replace(' ', "")[..], decoded), "{path}");
        assert_eq!(found.mac.is_some(), decoded.contains(':'), "{path}");
    }
    for (path, text) in [
        ("/etc/systemd/networkd.conf", "[DHCPv6]\nDUIDType=link-layer\n#DUIDRawData=01:02\n"),
        ("/etc/systemd/networkd.conf", "[Network]\nDUIDRawData=01:02\n"),
        (KEYFILE, "[ipv6]\ndhcp-duid=stable-uuid\n[ipv4]\ndhcp-duid=01:02:03\n"),
        ("/var/lib/dhcpcd/duid", ""),
        ("/var/lib/dhcp/dhclient6.leases", "# nothing yet\n"),
    ] {
        assert_eq!(identity(&[(path, text)]).duids, [], "{path}: {text}");
    }
}

#[test]
fn leases_and_secrets() {
    let found = identity(&[
        ("/var/lib/dhcp/dhclient6.eth0.leases", LEASES),
        ("/var/lib/dhcpcd/eth0.lease6", "\x07\x01"),
        ("/var/lib/NetworkManager/internal6-1f-eth0.lease", "ADDRESS=2001:db8::1\n"),
        ("/var/lib/NetworkManager/internal-1f-eth0.lease", "ADDRESS=192.0.2.1\n"),
        ("/var/lib/NetworkManager/secret_key", "nm-v2:topsecret"),
        ("/var/lib/dhcpcd/secret", ""),
        (A, "net.ipv6.conf.eth0.stable_secret = 2001:db8::5ec\n"),
    ]);
    let show = |setting: &Setting<String>| format!("{} {}:{}: {}", setting.value, setting.at.path, setting.at.line, setting.text);
    assert_eq!(
        found.leases.iter().map(show).collect::<Vec<_>>(),
        [
            "dhclient's for eth0 /var/lib/dhcp/dhclient6.eth0.leases:2: lease6 { ... iaaddr 2001:db8::5 ... }",
            "dhcpcd's /var/lib/dhcpcd/eth0.lease6:0: a file of 2 bytes",
            "NetworkManager's /var/lib/NetworkManager/internal6-1f-eth0.lease:0: a file of 20 bytes",
        ]
    );
    assert_eq!(
        found.secrets.iter().map(show).collect::<Vec<_>>(),
        [
            "NetworkManager's secret_key /var/lib/NetworkManager/secret_key:0: a file of 15 bytes",
            "net/ipv6/conf/eth0/stable_secret /etc/sysctl.d/a.conf:1: net/ipv6/conf/eth0/stable_secret = (not shown)",
        ]
    );
    assert_eq!(identity(&[]), BakedIdentity::default());
    let root = image(&[("/var/lib/dhcpcd/x", "")]);
    assert!(needs::command("mkfifo").arg(root.path().join("var/lib/dhcpcd/duid")).status().unwrap().success());
    let found = intent::host(root.path()).identity.get().unwrap().clone();
    assert!(found.unread["duids"].starts_with("/var/lib/dhcpcd/duid: not a regular"), "{found:?}");
    assert_eq!(found.unread.len(), 1, "the others were read");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_sysctl_text_ends(text in "((net[./]ipv6[./]conf[./](all|default|e\\*|eth0)[./]|accept_ra|forwarding|[-=*`\\[#]|-?[0-9x]{1,12}| |\n|\\PC){0,8}\n){0,12}") {
        prop_assert!(matches!(sysctl_of(image(&[(A, &text)]).path(), "eth0"), Observed::Seen(_)));
    }

    #[test]
    fn any_boot_loader_and_modprobe_text_ends(text in "((set |linux|options|\\$kernelopts|\\$\\{a\\}|kernelopts=|ipv6\\.disable=1|ip=|blacklist|install|ipv6|blscfg|[\"'\\\\=-]| |\n|\\PC){0,8}\n){0,12}") {
        let root = image(&[(GRUB, &text), ("/boot/grub/grubenv", &text), ("/boot/loader/entries/a.conf", &text), ("/etc/modprobe.d/a.conf", &text)]);
        let _ = intent::host(root.path());
        let _ = intent::host(image(&[("/etc/default/grub", &text)]).path());
    }

    #[test]
    fn any_kept_identity_ends(bytes in proptest::collection::vec(any::<u8>(), 0..40), text in "(<|>|[0-9a-f:]{1,9}|DUIDRawData=|dhcp-duid=|\\[DHCPv6\\]\n|\n|lease6 \\{|default-duid|;|\\PC){0,20}") {
        let raw = String::from_utf8_lossy(&bytes).into_owned();
        let root = image(&[
            ("/var/lib/dhcpv6/dhcp6c_duid", &raw),
            ("/var/lib/dhcpcd/duid", &text),
            ("/var/lib/wicked/duid.xml", &text),
            ("/etc/systemd/networkd.conf", &text),
            ("/etc/NetworkManager/NetworkManager.conf", &text),
            ("/var/lib/dhcp/dhclient6.leases", &text),
        ]);
        prop_assert!(matches!(intent::host(root.path()).identity, Observed::Seen(_)));
    }
}
