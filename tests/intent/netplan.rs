//! What netplan's YAML sets up through each of its renderers (renderings of netplan 1.1.2).

use std::fmt::Write;
use std::path::Path;

use v6check::facts::{Intent, Observed, RunsDhcpv6, StackId, TakesRas};
use v6check::observe::intent;

use super::image::{image, interface, known, nic};

const GENERATOR: (&str, &str) = ("/usr/lib/systemd/system-generators/netplan", "");
const FILE: &str = "/etc/netplan/50-ours.yaml";

fn of(root: &Path, name: &str, mac: Option<&str>) -> Observed<Intent> {
    interface(root, nic(name, mac)).stack
}

fn seen(files: &[(&str, &str)], name: &str) -> Intent {
    known(of(image(&[&[GENERATOR], files].concat()).path(), name, None)).unwrap()
}

fn reason(files: &[(&str, &str)], name: &str) -> String {
    known(of(image(&[&[GENERATOR], files].concat()).path(), name, None)).unwrap_err()
}

fn yaml(renderer: &str, keys: &str) -> String {
    let keys = keys.replace('\n', "\n      ");
    format!("network:\n  version: 2\n  renderer: {renderer}\n  ethernets:\n    eth0:\n      {keys}\n")
}

/// The table of renderings, row by row.
#[test]
fn what_each_renderer_makes_of_it() {
    use RunsDhcpv6::{No as Never, WhenManaged};
    use TakesRas::{Itself, Kernel, No};
    for (keys, networkd, network_manager) in [
        ("optional: true", (WhenManaged, Itself), (Never, Kernel)),
        ("dhcp4: true", (WhenManaged, Itself), (Never, Kernel)),
        ("dhcp6: true", (WhenManaged, Itself), (WhenManaged, Itself)),
        ("dhcp6: false", (WhenManaged, Itself), (Never, Kernel)),
        ("dhcp4: true\ndhcp6: yes\naccept-ra: false", (Never, No), (WhenManaged, Itself)),
        ("dhcp6: true\naccept-ra: true", (WhenManaged, Itself), (WhenManaged, Itself)),
        ("accept-ra: false", (Never, No), (Never, Kernel)),
        ("addresses: [\"2001:db8::5/64\"]", (WhenManaged, Itself), (Never, No)),
        ("addresses:\n- 192.0.2.1/24\n- 2001:db8::5/64: {lifetime: 0}", (WhenManaged, Itself), (Never, No)),
        ("addresses: [192.0.2.1/24]", (WhenManaged, Itself), (Never, Kernel)),
        ("link-local: []", (Never, No), (Never, Kernel)),
        ("link-local: [ipv4]\ndhcp6: true", (Never, No), (WhenManaged, Itself)),
        ("link-local: [ipv6, ipv4]", (WhenManaged, Itself), (Never, Kernel)),
        ("nameservers: {addresses: [\"2001:db8::53\"]}", (WhenManaged, Itself), (Never, No)),
        ("dhcp6: true\nipv6-privacy: true\nipv6-address-generation: stable-privacy", (WhenManaged, Itself), (WhenManaged, Itself)),
    ] {
        for (renderer, by, expected) in [("networkd", "systemd-networkd", networkd), ("NetworkManager", "NetworkManager", network_manager)] {
            let intent = seen(&[(FILE, &yaml(renderer, keys))], "eth0");
            assert_eq!((intent.dhcpv6.value, intent.takes_ras.value), expected, "{renderer}: {keys}");
            assert_eq!((intent.stack.name(), intent.by.map(StackId::name), intent.at_boot.value), ("netplan", Some(by), true), "{renderer}: {keys}");
            let accept_ra = intent.accept_ra.map(|setting| setting.value);
            assert_eq!(accept_ra, (expected.1 != Kernel).then_some(0), "{renderer}: {keys}");
        }
    }
}

#[test]
fn file_and_line_of_each_answer() {
    let intent = seen(&[(FILE, &yaml("networkd", "dhcp4: true\naccept-ra: no"))], "eth0");
    assert_eq!((&intent.takes_ras.at.path[..], intent.takes_ras.at.line, &intent.takes_ras.text[..]), (FILE, 7, "accept-ra: no"));
    let intent = seen(&[(FILE, &yaml("networkd", "dhcp4: true"))], "eth0");
    assert_eq!((intent.dhcpv6.at.line, intent.takes_ras.at.line, intent.at_boot.at.line), (6, 5, 5));
    assert_eq!(intent.dhcpv6.text, "dhcp4: true (a Router Advertisement that sets M starts DHCPv6 all the same)");
    let intent = seen(&[(FILE, &yaml("NetworkManager", "dhcp4: true"))], "eth0");
    assert_eq!(intent.dhcpv6.at.line, 5);
    assert!(intent.dhcpv6.text.starts_with("eth0: no dhcp6: true (NetworkManager: ipv6.method=ignore"), "{}", intent.dhcpv6.text);
    let intent = seen(&[(FILE, "network: {ethernets: {eth0: {dhcp6: true,\n accept-ra: false}}}\n")], "eth0");
    assert_eq!(intent.dhcpv6.at.line, 2);
}

#[test]
fn files_are_merged_key_by_key() {
    let base = ("/lib/netplan/00-base.yaml", "network: {ethernets: {eth0: {dhcp6: true, accept-ra: false}}}\n");
    let late = ("/run/netplan/90-late.yaml", "network:\n  ethernets:\n    eth0:\n      accept-ra: true\n");
    assert_eq!(seen(&[base], "eth0").takes_ras.value, TakesRas::No);
    let intent = seen(&[base, late], "eth0");
    assert_eq!((intent.takes_ras.value, &intent.takes_ras.at.path[..], intent.takes_ras.at.line), (TakesRas::Itself, late.0, 4));
    assert_eq!(intent.dhcpv6.at.path, base.0);
    // By name, not by directory.
    let early = ("/run/netplan/00-aaa.yaml", late.1);
    assert_eq!(seen(&[base, early], "eth0").takes_ras.value, TakesRas::No);
    // An equal name masks.
    assert_eq!(seen(&[base, ("/etc/netplan/00-base.yaml", late.1)], "eth0").dhcpv6.at.path, "/etc/netplan/00-base.yaml");
    let renderer = ("/etc/netplan/99-nm.yaml", "network: {renderer: NetworkManager}\n");
    assert_eq!(seen(&[base, renderer], "eth0").by.map(StackId::name), Some("NetworkManager"));
    assert_eq!(seen(&[base, renderer, (FILE, &yaml("networkd", "renderer: networkd"))], "eth0").by.map(StackId::name), Some("systemd-networkd"));
    let of_kind = (FILE, "network: {ethernets: {renderer: NetworkManager, eth0: {dhcp6: true}}}\n");
    assert_eq!(seen(&[of_kind], "eth0").by.map(StackId::name), Some("NetworkManager"));
}

#[test]
fn what_a_definition_is_for() {
    const MAC: &str = "fa:16:3e:11:22:33";
    for (keys, image_has, guest_has) in [
        ("match: {name: \"e*\"}", Some(true), Some(true)),
        ("match: {name: \"en*\"}", Some(false), Some(false)),
        ("match: {}", Some(true), Some(true)),
        ("match: {macaddress: \"fa:16:3e:11:22:33\"}", None, Some(true)),
        ("match: {macaddress: \"FA:16:3E:11:22:33\"}\nset-name: eth0", None, Some(true)),
        ("match: {macaddress: \"fa:16:3e:00:00:01\"}\nset-name: eth0", None, Some(false)),
        ("match: {macaddress: \"fa:16:3e:11:22:33\"}\nset-name: lan", Some(false), Some(false)),
        ("match: {driver: virtio_net}", None, None),
        ("match: {driver: [virtio_net], name: \"en*\"}", Some(false), Some(false)),
    ] {
        let text = yaml("networkd", &format!("{keys}\ndhcp6: true"));
        let networkd = ("/etc/systemd/system/multi-user.target.wants/systemd-networkd.service", "");
        let root = image(&[GENERATOR, networkd, (FILE, &text)]);
        for (mac, expected) in [(None, image_has), (Some(MAC), guest_has)] {
            let found = match of(root.path(), "eth0", mac) {
                Observed::Seen(intent) => Some(intent.stack.name() == "netplan"),
                _ => None,
            };
            assert_eq!(found, expected, "{keys} {mac:?}");
        }
    }
    // cloud-init writes the MAC address of each new instance.
    let text = yaml("networkd", "match: {macaddress: \"fa:16:3e:00:00:01\"}\nset-name: eth0\ndhcp6: true");
    let written = ("/etc/netplan/50-cloud-init.yaml", &text[..]);
    let cloud_init = [("/usr/bin/cloud-init", ""), ("/etc/cloud/cloud.cfg", "users: [default]\n")];
    assert_eq!(seen(&[&[written], &cloud_init[..]].concat(), "eth0").dhcpv6.value, RunsDhcpv6::WhenManaged);
    assert!(reason(&[written], "eth0").contains("whether it matches eth0 cannot be known from files"));
}

#[test]
fn files_of_systemd_networkd_before_and_after() {
    let enabled = ("/etc/systemd/system/multi-user.target.wants/systemd-networkd.service", "");
    let ours = (FILE, &yaml("networkd", "dhcp6: true")[..]);
    let text = "[Match]\nName=eth0\n[Network]\nIPv6AcceptRA=no\n";
    let with = |path: &str| {
        let intent = seen(&[enabled, ours, (path, text)], "eth0");
        (intent.stack.name(), intent.takes_ras.value)
    };
    assert_eq!(with("/etc/systemd/network/05-early.network"), ("systemd-networkd", TakesRas::No));
    assert_eq!(with("/etc/systemd/network/10-netplan-eth0.network"), ("systemd-networkd", TakesRas::No));
    assert_eq!(with("/etc/systemd/network/20-late.network"), ("netplan", TakesRas::Itself));
    assert_eq!(with("/run/systemd/network/10-netplan-eth0.network"), ("netplan", TakesRas::Itself));
    // The durable way to change what netplan does not know.
    let drop_in = "/etc/systemd/network/10-netplan-eth0.network.d/ra.conf";
    let intent = seen(&[ours, (drop_in, "[IPv6AcceptRA]\nDHCPv6Client=always\n")], "eth0");
    assert_eq!((intent.dhcpv6.value, &intent.dhcpv6.at.path[..], intent.dhcpv6.at.line), (RunsDhcpv6::Yes, drop_in, 2));
}

#[test]
fn members_of_bonds_and_bridges_and_what_is_not_brought_up() {
    let text = "network:\n  ethernets:\n    eth0: {dhcp6: true}\n    eth1: {dhcp6: true}\n  bonds:\n    bond0:\n      interfaces: [eth0]\n      dhcp6: true\n";
    let intent = seen(&[(FILE, text)], "eth0");
    assert_eq!((intent.dhcpv6.value, intent.takes_ras.value, intent.takes_ras.at.line), (RunsDhcpv6::No, TakesRas::No, 7));
    assert_eq!(seen(&[(FILE, text)], "bond0").dhcpv6.value, RunsDhcpv6::WhenManaged);
    let root = image(&[GENERATOR, (FILE, text)]);
    assert_eq!(intent::named(root.path()).0.into_iter().collect::<Vec<_>>(), ["bond0", "eth1"]);
    for (mode, renderer) in [("manual", "networkd"), ("off", "networkd"), ("manual", "NetworkManager")] {
        let intent = seen(&[(FILE, &yaml(renderer, &format!("dhcp6: true\nactivation-mode: {mode}")))], "eth0");
        assert_eq!((intent.at_boot.value, intent.at_boot.at.line), (false, 7), "{mode} {renderer}");
    }
}

#[test]
fn profiles_of_network_manager_that_netplan_keeps() {
    let text =
        "network:\n  nm-devices:\n    NM-1:\n      match: {name: eth0}\n      networkmanager:\n        passthrough:\n          ipv6.method: dhcp\n";
    let text = text.replace("nm-devices", "ethernets").replace("NM-1:\n", "NM-1:\n      renderer: NetworkManager\n");
    let intent = seen(&[(FILE, &text)], "eth0");
    assert_eq!((intent.dhcpv6.value, intent.takes_ras.value), (RunsDhcpv6::Yes, TakesRas::No));
}

#[test]
fn what_netplan_refuses_is_unknown_with_its_place() {
    for (text, place) in [
        ("network:\n  ethernets: [\n", "50-ours.yaml:"),
        ("network:\n\tethernets: {}\n", "50-ours.yaml:2:"),
        ("network: {ethernets: {eth0: {dhcp6: maybe}}}", "50-ours.yaml:1: `network: {ethernets: {eth0: {dhcp6: maybe}}}` is no boolean"),
        ("network: {ethernets: {eth0: {accept_ra: false}}}", "50-ours.yaml:1: netplan refuses the key `accept_ra`"),
        ("network: {renderer: systemd}", "50-ours.yaml:1: `network: {renderer: systemd}`: no such renderer"),
    ] {
        let reason = reason(&[(FILE, text)], "eth0");
        assert!(reason.starts_with("netplan: ") && reason.contains(place), "{reason}");
    }
    assert!(reason(&[(FILE, "network: {}\n")], "eth0").contains("no network stack that v6check reads"));
}

/// Without netplan, nobody reads its files.
#[test]
fn files_without_netplan() {
    let root = image(&[(FILE, &yaml("networkd", "dhcp6: true"))]);
    assert!(matches!(of(root.path(), "eth0", None), Observed::Unknown(reason) if reason.text.contains("no network stack that v6check reads")));
}

#[test]
fn hostile_yaml_ends() {
    let mut bomb = "x0: &x0 {a: 1}\n".to_owned();
    for level in 1..40 {
        writeln!(bomb, "x{level}: &x{level} {{a: *x{0}, b: *x{0}, c: *x{0}}}", level - 1).unwrap();
    }
    bomb.push_str("network: {ethernets: {eth0: *x39}}\n");
    assert_eq!(seen(&[(FILE, &bomb)], "eth0").stack.name(), "netplan");
    for text in
        ["network: [1]\n", "network: {ethernets: [eth0]}\n", "network: {ethernets: {eth0: }}\n", "- network\n", "network: {ethernets: {? [a] : b}}\n"]
    {
        drop(of(image(&[GENERATOR, (FILE, text)]).path(), "eth0", None));
    }
    let mut many = "network:\n  ethernets:\n".to_owned();
    for id in 0..5000 {
        writeln!(many, "    e{id}: {{dhcp6: true}}").unwrap();
    }
    assert!(reason(&[(FILE, &many)], "eth0").contains("too many definitions"));
}
