//! What cloud-init will write for an instance (renderings of cloud-init 25.1.4), and what it writes anew.

use v6check::facts::{Intent, InterfaceIntent, Observed, RunsDhcpv6, StackId, TakesRas};

use super::image::{DHCLIENT, File, image, interface, known, nic};

type Files<'a> = &'a [File<'a>];

const CONFIGURATION: &str = "/etc/cloud/cloud.cfg";
const OWN: &str = "/etc/cloud/cloud.cfg.d/90-own.cfg";
/// cloud-init 25.1.4 as a pristine image has it.
const CLOUD_INIT: Files<'_> = &[
    ("/usr/bin/cloud-init", ""),
    (CONFIGURATION, "users:\n  - default\ndatasource_list: [OpenStack, None]\n"),
    ("/usr/lib/python3/dist-packages/cloudinit/version.py", "import os\n__VERSION__ = \"25.1.4\"\n"),
];
const NETPLAN: Files<'_> = &[("/usr/sbin/netplan", ""), ("/usr/lib/systemd/system-generators/netplan", "")];
const NETWORKD: Files<'_> =
    &[("/usr/sbin/ip", ""), ("/bin/systemctl", ""), ("/etc/systemd/system/multi-user.target.wants/systemd-networkd.service", "")];
const MANAGER: Files<'_> = &[
    ("/etc/NetworkManager/NetworkManager.conf", "[main]\nno-auto-default=*\n"),
    ("/usr/bin/nmcli", ""),
    ("/etc/systemd/system/multi-user.target.wants/NetworkManager.service", ""),
];
const IFUPDOWN: Files<'_> = &[
    ("/sbin/ifup", ""),
    ("/sbin/ifdown", ""),
    ("/sbin/ifquery", ""),
    ("/etc/network/interfaces", "auto lo\niface lo inet loopback\nsource /etc/network/interfaces.d/*\n"),
];
const SYSCONFIG: Files<'_> = &[
    ("/etc/os-release", "ID=\"rhel\"\n"),
    ("/usr/sbin/ifup", ""),
    ("/usr/sbin/ifdown", ""),
    ("/etc/sysconfig/network-scripts/network-functions", ""),
];

fn all(parts: &[Files<'_>], mac: Option<&str>) -> InterfaceIntent {
    interface(image(&parts.concat()).path(), nic("eth0", mac))
}

fn seen(parts: &[Files<'_>]) -> Intent {
    known(all(parts, None).stack).unwrap()
}

fn reason(parts: &[Files<'_>]) -> String {
    known(all(parts, None).stack).unwrap_err()
}

/// The row of dhcpv6-stateful in the table of renderings.
#[test]
fn a_pristine_image_by_renderer() {
    use RunsDhcpv6::{NoClient, WhenManaged, Yes};
    use TakesRas::{Itself, Kernel, No};
    let with_dhclient: Files<'_> = &[DHCLIENT];
    for (parts, stack, dhcpv6, takes, accept_ra) in [
        (&[NETPLAN][..], "netplan", WhenManaged, Itself, 0),
        (&[NETWORKD], "systemd-networkd", WhenManaged, Itself, 0),
        (&[MANAGER], "NetworkManager", Yes, No, 0),
        (&[IFUPDOWN, with_dhclient], "ifupdown", Yes, Kernel, 1),
        (&[IFUPDOWN], "ifupdown", NoClient, Kernel, 1),
        (&[NETPLAN, IFUPDOWN, with_dhclient], "ifupdown", Yes, Kernel, 1),
        (&[NETPLAN, NETWORKD, MANAGER], "netplan", WhenManaged, Itself, 0),
        (&[SYSCONFIG, MANAGER], "NetworkManager", Yes, No, 0),
    ] {
        let parts = [&[CLOUD_INIT], parts].concat();
        let intent = seen(&parts);
        let accepted = intent.accept_ra.as_ref().map(|setting| setting.value);
        assert_eq!((intent.stack.name(), intent.by.map(StackId::name)), (stack, Some("cloud-init")), "{intent:?}");
        assert_eq!((intent.dhcpv6.value, intent.takes_ras.value, accepted, intent.at_boot.value), (dhcpv6, takes, Some(accept_ra), true), "{stack}");
        assert_eq!((&intent.dhcpv6.at.path[..], intent.dhcpv6.at.line), (CONFIGURATION, 0));
        let Observed::Seen(claims) = all(&parts, None).claims else { panic!() };
        assert_eq!(claims.iter().map(|claim| claim.stack.name()).collect::<Vec<_>>(), ["cloud-init"]);
    }
}

#[test]
fn the_list_of_renderers() {
    let list = (OWN, "system_info:\n  network:\n    renderers: ['netplan', 'eni', 'networkd']\n");
    let intent = seen(&[CLOUD_INIT, NETPLAN, IFUPDOWN, &[list]]);
    assert_eq!((intent.stack.name(), &intent.dhcpv6.at.path[..], intent.dhcpv6.at.line), ("netplan", OWN, 3));
    assert_eq!(intent.dhcpv6.text, "cloud-init (renderer netplan) writes `dhcp6: true` for an OpenStack subnet of mode dhcpv6-stateful");
    let list = (OWN, "system_info: {network: {renderers: [netplanner]}}\n");
    assert!(reason(&[CLOUD_INIT, NETPLAN, &[list]]).contains("90-own.cfg:1: cloud-init has no renderer netplanner"));
    let list = (OWN, "system_info: {network: {renderers: [netplan]}}\n");
    assert!(reason(&[CLOUD_INIT, &[list]]).contains("no network stack that v6check reads"));
}

/// `method=dhcp` came with 23.2.
#[test]
fn network_manager_by_version() {
    let program = &CLOUD_INIT[..2];
    for (files, expected) in [
        (&[("/usr/lib/python3.9/site-packages/cloudinit/version.py", "__VERSION__ = \"23.1.1\"\n")][..], Some(TakesRas::Itself)),
        (&[("/usr/lib/python3.9/site-packages/cloud_init-23.4-py3.9.egg-info", "")], Some(TakesRas::No)),
        (&[("/usr/lib/python3.9/site-packages/cloudinit/version.py", "__VERSION__ = \"19.1\"\n")], None),
        (&[], None),
    ] {
        let found = match all(&[program, MANAGER, files], None).stack {
            Observed::Seen(intent) => Some(intent.takes_ras.value),
            _ => None,
        };
        assert_eq!(found, expected, "{files:?}");
    }
}

#[test]
fn files_that_are_there_are_read_by_their_stack() {
    let rendered: Files<'_> = &[("/etc/netplan/50-cloud-init.yaml", "network:\n  ethernets:\n    eth0: {accept-ra: false}\n")];
    let intent = seen(&[CLOUD_INIT, NETPLAN, rendered]);
    assert_eq!((intent.by.map(StackId::name), intent.takes_ras.value), (Some("systemd-networkd"), TakesRas::No));
    assert_eq!(intent.overrides.iter().map(|by| by.value.name()).collect::<Vec<_>>(), ["cloud-init"]);
    let Observed::Seen(claims) = all(&[CLOUD_INIT, NETPLAN, rendered], None).claims else { panic!() };
    assert_eq!(claims.iter().map(|claim| claim.stack.name()).collect::<Vec<_>>(), ["netplan"]);
    // Only the file that cloud-init itself writes has the MAC address of another instance.
    let with_mac = "network:\n  ethernets:\n    eth0: {match: {macaddress: 'fa:16:3e:11:22:33'}, dhcp6: true}\n";
    let found = |path: &'static str| known(all(&[CLOUD_INIT, NETPLAN, &[(path, with_mac)]], None).stack).is_ok();
    assert_eq!(["/etc/netplan/50-cloud-init.yaml", "/etc/netplan/51-not-cloud-init.yaml"].map(found), [true, false]);
    // A file of the machine that the image was made of: cloud-init writes the MAC address of the new one into it.
    let rendered: Files<'_> = &[(
        "/etc/systemd/network/10-cloud-init-eth0.network",
        "[Match]\nMACAddress=fa:16:3e:11:22:33\nName=eth0\n[Network]\nDHCP=ipv4\nIPv6AcceptRA=True\n",
    )];
    let intent = seen(&[CLOUD_INIT, NETWORKD, rendered]);
    assert_eq!((intent.dhcpv6.value, intent.dhcpv6.at.line, intent.overrides.len()), (RunsDhcpv6::WhenManaged, 5, 1));
    let Observed::Unknown(reason) = all(&[NETWORKD, rendered], None).stack else { panic!() };
    assert!(reason.text.contains("MACAddress"));
}

#[test]
fn switched_off_or_told_to_leave_the_network_alone() {
    let none = |files: Files<'_>| reason(&[CLOUD_INIT, NETPLAN, files]).contains("no network stack that v6check reads");
    assert!(none(&[(OWN, "network: {config: disabled}\n")]));
    assert!(none(&[(OWN, "network:\n  # ours\n  config: disabled\n")]));
    assert!(none(&[("/etc/cloud/cloud-init.disabled", "")]));
    assert!(none(&[("/etc/cloud/ds-identify.cfg", "policy: disabled\n")]));
    let removed: Files<'_> = &[(CONFIGURATION, "users: [default]\n")];
    assert!(reason(&[removed, NETPLAN]).contains("no network stack"));
    // Other words, other places, and a later file that says otherwise.
    for files in [
        &[(OWN, "x: {network: {config: disabled}}\n")][..],
        &[(OWN, "#network: {config: disabled}\n")],
        &[(OWN, "network: {config: disabled\n")],
        &[
            ("/etc/cloud/cloud.cfg.d/10-a.cfg", "network: {config: disabled}\n"),
            (OWN, "network: {version: 1, config: [{type: physical, name: eth0}]}\n"),
        ],
    ] {
        assert_eq!(seen(&[CLOUD_INIT, NETPLAN, files]).stack.name(), "netplan", "{files:?}");
    }
}

#[test]
fn other_data_sources_and_running_guests() {
    let ec2: Files<'_> = &[(OWN, "datasource_list: [Ec2]\n")];
    assert!(reason(&[CLOUD_INIT, NETPLAN, ec2]).contains("90-own.cfg:1: cloud-init has no data source of OpenStack"));
    let ran: Files<'_> = &[("/var/lib/cloud/instance/datasource", "")];
    assert_eq!(seen(&[CLOUD_INIT, NETPLAN, ran]).by.map(StackId::name), Some("cloud-init"));
    let running = all(&[CLOUD_INIT, NETPLAN, ran], Some("fa:16:3e:11:22:33"));
    assert!(matches!(running.stack, Observed::Unknown(reason) if reason.text.contains("no network stack")));
    assert_eq!(running.claims, Observed::Seen(Vec::new()));
}

/// A renderer is available wherever systemd is, whether or not its stack runs.
#[test]
fn a_stack_that_does_not_start() {
    let intent = seen(&[CLOUD_INIT, &NETWORKD[..2]]);
    assert_eq!((intent.stack.name(), intent.at_boot.value), ("systemd-networkd", false));
    assert!(intent.at_boot.text.ends_with("but systemd-networkd does not start at boot"), "{}", intent.at_boot.text);
}

#[test]
fn configuration_of_version_1() {
    use RunsDhcpv6::{No as Never, WhenManaged, Yes};
    use TakesRas::{Itself, Kernel, No};
    let with_dhclient: Files<'_> = &[DHCLIENT];
    for (subnet, eni, networkd, manager) in [
        ("dhcp4", (Never, Kernel), (WhenManaged, Itself), None),
        ("dhcp6", (Yes, Kernel), (WhenManaged, Itself), Some((WhenManaged, Itself))),
        ("ipv6_dhcpv6-stateful", (Yes, Kernel), (WhenManaged, Itself), Some((Yes, No))),
        ("ipv6_dhcpv6-stateless", (Never, Kernel), (WhenManaged, Itself), Some((WhenManaged, Itself))),
        ("ipv6_slaac", (Never, Kernel), (WhenManaged, Itself), Some((WhenManaged, Itself))),
        ("static6", (Never, Kernel), (WhenManaged, Itself), Some((Never, No))),
    ] {
        let text =
            format!("network:\n  version: 1\n  config:\n  - type: physical\n    name: eth0\n    subnets:\n    - type: dhcp4\n    - type: {subnet}\n");
        let own: Files<'_> = &[(OWN, &text)];
        let found = |parts: &[Files<'_>]| match all(&[&[CLOUD_INIT, own], parts].concat(), None).stack {
            Observed::Seen(intent) => Some((intent.dhcpv6.value, intent.takes_ras.value)),
            _ => None,
        };
        assert_eq!(found(&[IFUPDOWN, with_dhclient]), Some(eni), "eni {subnet}");
        assert_eq!(found(&[NETWORKD]), Some(networkd), "networkd {subnet}");
        assert_eq!(found(&[MANAGER]), manager, "network-manager {subnet}");
    }
    let text = "network:\n  version: 1\n  config:\n  - {type: physical, name: eth0, accept-ra: false, subnets: [{type: dhcp6}]}\n";
    let intent = seen(&[CLOUD_INIT, NETWORKD, &[(OWN, text)]]);
    assert_eq!((intent.takes_ras.value, &intent.takes_ras.at.path[..], intent.takes_ras.at.line), (No, OWN, 4));
    let text = text.replace("accept-ra", "mac_address: \"fa:16:3e:11:22:33\", accept-ra");
    assert!(reason(&[CLOUD_INIT, NETPLAN, &[(OWN, &text)]]).contains("90-own.cfg:4: its MAC address decides"));
    let other = text.replace("eth0", "eth7");
    assert!(reason(&[CLOUD_INIT, NETPLAN, &[(OWN, &other)]]).contains("no network stack"));
}

#[test]
fn configuration_of_version_2() {
    let text = "network:\n  version: 2\n  ethernets:\n    all:\n      match: {name: \"e*\"}\n      dhcp6: true\n      accept-ra: false\n";
    let own: Files<'_> = &[(OWN, text)];
    let intent = seen(&[CLOUD_INIT, NETPLAN, own]);
    assert_eq!((intent.stack.name(), intent.takes_ras.value, intent.takes_ras.at.line), ("netplan", TakesRas::No, 7));
    assert_eq!(seen(&[CLOUD_INIT, NETWORKD, own]).takes_ras.value, TakesRas::No);
    let intent = seen(&[CLOUD_INIT, MANAGER, own]);
    assert_eq!((intent.stack.name(), intent.takes_ras.value, intent.dhcpv6.at.line), ("NetworkManager", TakesRas::Itself, 6));
    let misspelt = text.replace("accept-ra", "accept_ra");
    assert!(reason(&[CLOUD_INIT, NETPLAN, &[(OWN, &misspelt)]]).contains("netplan refuses the key `accept_ra`"));
}

#[test]
fn hostile_configuration_ends() {
    for text in [
        "network: [",
        "network: [version]\n",
        "network: {version: {}}\n",
        "network: {version: 1, config: {a: b}}\n",
        "- network\n",
        "system_info: []\n",
    ] {
        drop(all(&[CLOUD_INIT, NETPLAN, &[(OWN, text)]], None));
    }
}
