//! Commands that run at boot beside the stacks: what they leave in the kernel's settings, which clients and firewalls they start; and software
//! that turns forwarding on.

use proptest::prelude::*;
use v6check::facts::{InterfaceIntent, Passes, RunsDhcpv6};

use super::image::{DHCLIENT, File, image, interface, nic};

const INTERFACES: &str = "/etc/network/interfaces";
const SYSTEMD: File<'static> = ("/usr/lib/systemd/systemd", "x");
const NETWORKING: File<'static> = ("/etc/systemd/system/multi-user.target.wants/networking.service", "-> /usr/lib/systemd/system/networking.service");
const DHCP: File<'static> = (INTERFACES, "auto eth0\niface eth0 inet dhcp\niface eth0 inet6 dhcp\n");
const STATIC: File<'static> = (INTERFACES, "auto eth0\niface eth0 inet dhcp\n");
const WANTS: &str = "/etc/systemd/system/multi-user.target.wants";

fn of(files: &[File<'_>]) -> InterfaceIntent {
    let files = [&[SYSTEMD, NETWORKING, DHCLIENT], files].concat();
    interface(image(&files).path(), nic("eth0", None))
}

/// `accept_ra=0 /etc/rc.local:2`, one a setting; `?` for a value that is not known.
fn settings(files: &[File<'_>]) -> Vec<String> {
    let show = |value: Option<i64>| value.map_or_else(|| "?".to_owned(), |value| value.to_string());
    of(files).by_commands.iter().map(|(key, setting)| format!("{key}={} {}:{}", show(setting.value), setting.at.path, setting.at.line)).collect()
}

fn stanzas(inet: &str, inet6: &str) -> String {
    format!("auto eth0\niface eth0 inet dhcp\n{inet}\niface eth0 inet6 dhcp\n{inet6}\n")
}

/// ifup writes accept_ra of the inet6 stanza after the commands of the inet stanza have run.
#[test]
fn the_order_of_stanzas() {
    let write = "  post-up sysctl -w net.ipv6.conf.eth0.accept_ra=0";
    for (inet, inet6, expected) in [
        (write, "", &[][..]),
        ("", write, &["accept_ra=0 /etc/network/interfaces:5"]),
        ("", "  pre-up sysctl -w net.ipv6.conf.eth0.accept_ra=0", &[]),
        ("", "  up echo 2 > /proc/sys/net/ipv6/conf/$IFACE/accept_ra", &["accept_ra=2 /etc/network/interfaces:5"]),
        ("", "  up [ -e /run/x ] && sysctl -w net.ipv6.conf.eth0.accept_ra=0", &["accept_ra=? /etc/network/interfaces:5"]),
        ("", "  up sysctl -w net.ipv6.conf.eth1.accept_ra=0", &[]),
        ("", "  up sysctl -w net.ipv6.conf.all.accept_ra=0", &[]),
        ("  up sysctl -w net.ipv6.conf.all.forwarding=1", "", &["forwarding=1 /etc/network/interfaces:3"]),
        ("  up # sysctl -w net.ipv6.conf.all.forwarding=1", "", &[]),
    ] {
        assert_eq!(settings(&[(INTERFACES, &stanzas(inet, inet6))]), expected, "{inet}{inet6}");
    }
}

#[test]
fn how_a_command_writes() {
    for (line, expected) in [
        ("sysctl -w net.ipv6.conf.all.disable_ipv6=1", &["disable_ipv6=1 /etc/rc.local:2"][..]),
        ("/sbin/sysctl -q net/ipv6/conf/eth0/accept_ra=0", &["accept_ra=0 /etc/rc.local:2"]),
        ("echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6", &["disable_ipv6=1 /etc/rc.local:2"]),
        ("echo -n 1 | sudo tee /proc/sys/net/ipv6/conf/all/disable_ipv6", &["disable_ipv6=1 /etc/rc.local:2"]),
        ("for i in eth0 eth1; do echo 0 > /proc/sys/net/ipv6/conf/$i/accept_ra; done", &["accept_ra=0 /etc/rc.local:2"]),
        ("for i in $(ls /sys/class/net); do echo 0 > /proc/sys/net/ipv6/conf/$i/accept_ra; done", &["accept_ra=? /etc/rc.local:2"]),
        ("sysctl -w net.ipv6.conf.$NIC.accept_ra=$V", &["accept_ra=? /etc/rc.local:2"]),
        ("sysctl -p /etc/more.conf", &["accept_ra=0 /etc/more.conf:2"]),
        ("sysctl -p", &["disable_ipv6=1 /etc/sysctl.conf:1"]),
        ("cat /proc/sys/net/ipv6/conf/eth0/accept_ra", &[]),
        ("exit 0\nsysctl -w net.ipv6.conf.all.disable_ipv6=1", &[]),
        ("if [ -f /etc/nothing ]; then sysctl -w net.ipv6.conf.all.disable_ipv6=1; fi", &[]),
        ("sysctl -w net.ipv4.ip_forward=1", &[]),
    ] {
        let script = format!("#!/bin/sh\n{line}\n");
        let more = ("/etc/more.conf", "# more\nnet.ipv6.conf.eth0.accept_ra=0\n");
        let conf = ("/etc/sysctl.conf", "net.ipv6.conf.all.disable_ipv6=1\n");
        assert_eq!(settings(&[DHCP, more, conf, ("/etc/rc.local", &script)]), expected, "{line}");
    }
}

#[test]
fn whatever_runs_commands() {
    let unit = "[Service]\nType=oneshot\nExecStart=/usr/sbin/sysctl -w net.ipv6.conf.all.disable_ipv6=1\n";
    let wants = format!("{WANTS}/off.service");
    let off = "/etc/systemd/system/off.service";
    let link: File<'_> = (&wants, "-> ../off.service");
    let off_at = |path: &str, line: u32| vec![format!("disable_ipv6=1 {path}:{line}")];
    assert_eq!(settings(&[DHCP, link, (off, unit)]), off_at(off, 3));
    assert_eq!(settings(&[DHCP, (off, unit)]), [""; 0]);
    assert_eq!(settings(&[DHCP, link, (off, "-> /dev/null")]), [""; 0]);
    let continued = "[Service]\nExecStart=/bin/sh -c 'sleep 1; \\\n  sysctl -w net.ipv6.conf.all.disable_ipv6=1'\n";
    assert_eq!(settings(&[DHCP, link, (off, continued)]), off_at(off, 2));
    let script = ("/usr/local/sbin/off", "#!/bin/sh\nsysctl -w net.ipv6.conf.all.disable_ipv6=1\n");
    assert_eq!(settings(&[DHCP, link, (off, "[Service]\nExecStart=-/usr/local/sbin/off\n"), script]), off_at(script.0, 2));
    let drop_in = ("/etc/systemd/system/off.service.d/x.conf", "[Service]\nExecStart=\n");
    assert_eq!(settings(&[DHCP, link, (off, unit), drop_in]), [""; 0]);
    let timer = format!("{WANTS}/off.timer");
    assert_eq!(settings(&[DHCP, (&timer, ""), (off, unit)]), off_at(off, 3));
    // What nothing orders may come before ifup writes accept_ra, or after.
    let accept_ra = "[Service]\nExecStart=/usr/sbin/sysctl -w net.ipv6.conf.eth0.accept_ra=0\n";
    assert_eq!(settings(&[DHCP, link, (off, accept_ra)]), ["accept_ra=? /etc/systemd/system/off.service:2"]);
    assert_eq!(settings(&[STATIC, link, (off, accept_ra)]), ["accept_ra=0 /etc/systemd/system/off.service:2"]);
    let after = format!("[Unit]\nAfter=network-online.target\n{accept_ra}");
    assert_eq!(settings(&[DHCP, link, (off, &after)]), ["accept_ra=0 /etc/systemd/system/off.service:4"]);

    let command = "/sbin/sysctl -w net.ipv6.conf.all.disable_ipv6=1";
    assert_eq!(settings(&[DHCP, ("/etc/crontab", &format!("SHELL=/bin/sh\n@reboot root {command}\n"))]), [""; 0], "no cron starts");
    let cron = format!("{WANTS}/cron.service");
    assert_eq!(settings(&[DHCP, (&cron, ""), ("/etc/crontab", &format!("SHELL=/bin/sh\n@reboot root {command}\n"))]), off_at("/etc/crontab", 2));
    assert_eq!(
        settings(&[DHCP, (&cron, ""), ("/var/spool/cron/crontabs/root", &format!("@reboot {command}\n"))]),
        off_at("/var/spool/cron/crontabs/root", 1)
    );
    let rule = format!("# a rule\nACTION==\"add\", SUBSYSTEM==\"net\", KERNEL==\"eth*\", RUN+=\"{command}\"\n");
    assert_eq!(settings(&[DHCP, ("/etc/udev/rules.d/9.rules", &rule)]), off_at("/etc/udev/rules.d/9.rules", 2));
    assert_eq!(settings(&[DHCP, ("/etc/udev/rules.d/9.rules", &rule.replace("eth*", "wl*"))]), [""; 0]);
    let cloud = [("/usr/bin/cloud-init", ""), ("/etc/cloud/cloud.cfg", "users: []\nruncmd:\n - [sysctl, -w, net.ipv6.conf.all.disable_ipv6=1]\n")];
    assert_eq!(settings(&[&[DHCP], &cloud[..]].concat()), off_at("/etc/cloud/cloud.cfg", 2));
    let tuned = format!("{WANTS}/tuned.service");
    let profile = [("/etc/tuned/active_profile", "mine\n"), ("/etc/tuned/mine/tuned.conf", "[sysctl]\nnet.ipv6.conf.all.disable_ipv6=1\n")];
    assert_eq!(settings(&[&[DHCP, (&tuned[..], "")], &profile[..]].concat()), off_at("/etc/tuned/mine/tuned.conf", 2));
}

/// A script with a start link counts where no unit of its name is there.
#[test]
fn scripts_of_sysvinit() {
    let link = ("/etc/rc2.d/S99harden", "-> ../init.d/harden");
    let script = ("/etc/init.d/harden", "#!/bin/sh\ncase \"$1\" in\n start) sysctl -w net.ipv6.conf.all.disable_ipv6=1 ;;\n stop) ;;\nesac\n");
    assert_eq!(settings(&[DHCP, link, script]), ["disable_ipv6=1 /etc/init.d/harden:3"]);
    assert_eq!(settings(&[DHCP, script]), [""; 0]);
    assert_eq!(settings(&[DHCP, link, script, ("/etc/systemd/system/harden.service", "-> /dev/null")]), [""; 0]);
}

/// What distributions bring does not make good images unclear.
#[test]
fn what_packages_bring() {
    let hook =
        ("/etc/network/if-up.d/bridge", "#!/bin/sh\n[ \"$IF_BRIDGE_PORTS\" ] || exit 0\necho 1 > /proc/sys/net/ipv6/conf/$IFACE/disable_ipv6\n");
    assert_eq!(settings(&[DHCP, hook]), [""; 0]);
    let wants = format!("{WANTS}/agent.service");
    let unit = ("/usr/lib/systemd/system/agent.service", "[Service]\nExecStart=/usr/lib/agent/start\n");
    let script = ("/usr/lib/agent/start", "#!/bin/sh\nif [ -n \"$X\" ]; then sysctl -w net.ipv6.conf.all.disable_ipv6=1; fi\n");
    assert_eq!(settings(&[DHCP, (&wants, ""), unit, script]), [""; 0]);
}

#[test]
fn clients_of_units_and_scripts() {
    let wants = format!("{WANTS}/dhclient6.service");
    let path = "/etc/systemd/system/dhclient6.service";
    let dhcpv6 = |files: &[File<'_>]| of(&[&[STATIC], files].concat()).stack.get().unwrap().dhcpv6.value;
    let start = "ExecStart=/sbin/dhclient -6 -d eth0\n";
    for (unit, expected) in [
        (format!("[Service]\n{start}"), RunsDhcpv6::CannotTell),
        (format!("[Unit]\nAfter=network-online.target\n[Service]\nRestart=on-failure\n{start}"), RunsDhcpv6::Yes),
        (format!("[Service]\nRestart=always\n{}", start.replace("eth0", "eth1")), RunsDhcpv6::No),
        (format!("[Service]\nExecStartPre=/bin/sleep 5\n{start}"), RunsDhcpv6::Yes),
        ("[Service]\nExecStart=/usr/bin/true dhclient -6 eth0\n".to_owned(), RunsDhcpv6::No),
    ] {
        assert_eq!(dhcpv6(&[(&wants, "-> ../dhclient6.service"), (path, &unit)]), expected, "{unit}");
    }
    assert_eq!(dhcpv6(&[("/etc/rc.local", "#!/bin/sh\nsleep 5\ndhclient -6 eth0\n")]), RunsDhcpv6::Yes);
    assert_eq!(dhcpv6(&[("/etc/rc.local", "#!/bin/sh\ndhclient -6 eth0\n")]), RunsDhcpv6::CannotTell);
}

#[test]
fn firewalls_of_commands() {
    let closed = ("/etc/ip6tables.rules", "*filter\n:INPUT DROP [0:0]\n-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\nCOMMIT\n");
    let open = ("/etc/open.rules", "*filter\n:INPUT DROP [0:0]\n-A INPUT -p ipv6-icmp -j ACCEPT\n-A INPUT -p udp --dport 546 -j ACCEPT\nCOMMIT\n");
    let nft = ("/etc/my.nft", "table inet f { chain i { type filter hook input priority 0; policy drop; icmpv6 type nd-router-advert accept; } }\n");
    let letters = |files: &[File<'_>]| -> Vec<String> {
        let letter = |passes| match passes {
            Passes::Yes => 'y',
            Passes::No => 'n',
            Passes::CannotTell => '?',
        };
        let firewalls = of(&[&[closed, open, nft], files].concat()).firewalls;
        firewalls.get().unwrap().iter().map(|firewall| [letter(firewall.ras.value), letter(firewall.dhcpv6.value)].iter().collect()).collect()
    };
    for (command, expected) in [
        ("ip6tables-restore < /etc/ip6tables.rules", &["nn"][..]),
        ("ip6tables-restore /etc/open.rules", &["yy"]),
        ("ip6tables-restore < /etc/not-there", &[]),
        ("ip6tables-restore < $RULES", &["??"]),
        ("ip6tables -P INPUT DROP", &["nn"]),
        ("ip6tables -w -P INPUT DROP; ip6tables -A INPUT -p icmpv6 -j ACCEPT", &["yn"]),
        ("ip6tables -A INPUT -p icmpv6 -j ACCEPT; ip6tables -A INPUT -j DROP; ip6tables -I INPUT 1 -p udp --dport 546 -j ACCEPT", &["yy"]),
        ("ip6tables -C INPUT -j DROP || ip6tables -A INPUT -j DROP", &["??"]),
        ("ip6tables -t nat -A POSTROUTING -o eth0 -j MASQUERADE", &[]),
        ("ip6tables -P FORWARD DROP", &[]),
        ("iptables-restore < /etc/ip6tables.rules", &[]),
        ("nft -f /etc/my.nft", &["yn"]),
        ("nft add rule inet f i drop", &["??"]),
        ("nft list ruleset", &[]),
        ("ufw --force enable", &["??"]),
    ] {
        let in_stanza = format!("auto eth0\niface eth0 inet dhcp\niface eth0 inet6 dhcp\n  pre-up {command}\n");
        assert_eq!(letters(&[(INTERFACES, &in_stanza)]), expected, "{command}");
        assert_eq!(letters(&[DHCP, ("/etc/rc.local", &format!("#!/bin/sh\n{command}\n"))]), expected, "{command}");
    }
    for service in ["shorewall6", "firehol", "ferm", "csf", "foomuuri"] {
        assert_eq!(letters(&[DHCP, (&format!("{WANTS}/{service}.service"), "")]), ["??"], "{service}");
    }
    assert_eq!(letters(&[DHCP, (&format!("{WANTS}/csf.service"), ""), ("/etc/csf/csf.conf", "IPV6 = \"0\"\nIPV6=\"0\"\n")]), [""; 0]);
    // NixOS has a unit of this name, whose script is read.
    let unit = ("/usr/lib/systemd/system/firewall.service", "[Service]\nExecStart=@/nix/store/f/bin/start firewall-start\n");
    let start = "#!/nix/store/b/bin/bash -e\nip46tables() {\n  iptables -w \"$@\"\n  ip6tables -w \"$@\"\n}\nip46tables -P INPUT DROP\nip6tables -A INPUT -p icmpv6 -j ACCEPT\n";
    assert_eq!(letters(&[DHCP, (&format!("{WANTS}/firewall.service"), ""), unit, ("/nix/store/f/bin/start", start)]), ["yn"]);
}

#[test]
fn software_that_forwards() {
    let wants = |service: &str| format!("{WANTS}/{service}.service");
    let docker = wants("docker");
    let unit = ("/usr/lib/systemd/system/docker.service", "[Service]\nExecStart=/usr/bin/dockerd -H fd://\n");
    let daemon = "/etc/docker/daemon.json";
    let of_docker = |json: &str| settings(&[DHCP, (&docker, ""), unit, (daemon, json)]);
    assert_eq!(of_docker("{\n \"ipv6\": true\n}"), ["forwarding=1 /etc/docker/daemon.json:2"]);
    assert_eq!(of_docker("{\"ipv6\": false}"), [""; 0]);
    assert_eq!(of_docker("{\"log-driver\": \"ipv6\"}"), [""; 0]);
    assert_eq!(of_docker("{\"ipv6\": true, \"ip-forward\": false}"), [""; 0]);
    assert_eq!(settings(&[DHCP, unit, (daemon, "{\"ipv6\": true}")]), [""; 0]);
    let drop_in = ("/etc/systemd/system/docker.service.d/a.conf", "[Service]\nExecStart=\nExecStart=/usr/bin/dockerd --ipv6\n");
    assert_eq!(settings(&[DHCP, (&docker, ""), unit, drop_in]), ["forwarding=1 /etc/systemd/system/docker.service.d/a.conf:3"]);

    let k3s = wants("k3s");
    let config = "/etc/rancher/k3s/config.yaml";
    assert_eq!(
        settings(&[DHCP, (&k3s, ""), (config, "cluster-cidr: 10.42.0.0/16,2001:db8:42::/56\n")]),
        ["forwarding=1 /etc/rancher/k3s/config.yaml:1"]
    );
    assert_eq!(settings(&[DHCP, (&k3s, ""), (config, "# 2001:db8:42::/56\ncluster-cidr: 10.42.0.0/16\n")]), [""; 0]);
    let cni = ("/etc/cni/net.d/10.conflist", "{\n\"subnet\": \"2001:db8::/64\"}\n");
    assert_eq!(settings(&[DHCP, (&wants("kubelet"), ""), cni]), ["forwarding=? /etc/cni/net.d/10.conflist:2"]);
    let frr = ("/etc/frr/frr.conf", "no ipv6 forwarding\nipv6 forwarding\n");
    assert_eq!(settings(&[DHCP, (&wants("frr"), ""), frr]), ["forwarding=1 /etc/frr/frr.conf:2"]);
    let lxc = ("/etc/default/lxc-net", "USE_LXC_BRIDGE=\"true\"\nLXC_IPV6_ADDR=fd00::1\nLXC_IPV6_MASK=64\nLXC_IPV6_NETWORK=fd00::/64\n");
    assert_eq!(settings(&[DHCP, (&wants("lxc-net"), ""), lxc]), ["forwarding=1 /etc/default/lxc-net:2"]);
    let masquerading = "#!/bin/sh\nip6tables -t nat -A POSTROUTING -o eth0 -j MASQUERADE\n";
    assert_eq!(settings(&[DHCP, ("/etc/rc.local", masquerading)]), ["forwarding=? /etc/rc.local:2"]);
    let wireguard = (
        "/etc/wireguard/wg0.conf",
        "[Interface]\nPostUp = sysctl -w net.ipv6.conf.all.forwarding=1; ip6tables -t nat -A POSTROUTING -j MASQUERADE\n",
    );
    assert_eq!(settings(&[DHCP, (&wants("wg-quick@wg0"), ""), wireguard]), ["forwarding=1 /etc/wireguard/wg0.conf:2"]);
}

/// A hook is gone through for each stanza; its size counts each time, and what is left over may change any setting.
#[test]
fn hooks_of_many_stanzas_end() {
    let hook = format!("#!/bin/sh\n{}", "[ -e /run/x ] && sysctl -w net.ipv6.conf.eth0.accept_ra=0\n".repeat(1_000));
    let stanzas = "auto eth0\n".to_owned() + &"iface eth0 inet6 manual\n up sleep 3\n".repeat(4_000);
    assert_eq!(
        settings(&[(INTERFACES, &stanzas), ("/etc/network/if-up.d/long", &hook)]),
        ["accept_ra=? /etc:0", "disable_ipv6=? /etc:0", "forwarding=? /etc:0"]
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn any_text_ends(text in "((ExecStart=|After=|@reboot|SUBSYSTEM==\"net\"|RUN\\+=\"|runcmd:|sysctl -w|ip6tables|nft -f|dhclient -6|eth0|\\[Service\\]|[{};'\"=#@$%&|<>-])| |\n|\t|\\PC){0,40}") {
        let paths = ["/etc/rc.local", "/etc/crontab", "/etc/udev/rules.d/9.rules", "/etc/systemd/system/a.service", "/etc/docker/daemon.json", INTERFACES, "/etc/cloud/cloud.cfg"];
        let mut files: Vec<File<'_>> = paths.iter().map(|path| (*path, &text[..])).collect();
        let wants = ["a", "docker", "cron"].map(|service| format!("{WANTS}/{service}.service"));
        files.extend(wants.iter().map(|path| (&path[..], "")));
        files.push(("/usr/bin/cloud-init", ""));
        let _ = of(&files);
    }
}
