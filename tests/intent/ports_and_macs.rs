//! Which interfaces an image is judged on: ports of bridges and bonds are none, aliases are none. And what ties one to a MAC address.

use v6check::observe::intent::{Named, named};

use super::image::{File, image};

const MAC: &str = "52:54:00:11:22:33";
const MANAGER: [File<'static>; 2] = [("/usr/sbin/NetworkManager", ""), ("/etc/systemd/system/multi-user.target.wants/NetworkManager.service", "")];
const NETWORKD: File<'static> = ("/etc/systemd/system/multi-user.target.wants/systemd-networkd.service", "");
const CLOUD_INIT: [File<'static>; 2] = [("/usr/bin/cloud-init", ""), ("/etc/cloud/cloud.cfg", "datasource_list: [OpenStack, None]\n")];

fn found(files: &[&[File<'_>]]) -> Named {
    named(image(&files.concat()).path())
}

fn interfaces(files: &[&[File<'_>]]) -> Vec<String> {
    found(files).interfaces.into_iter().collect()
}

#[test]
fn ports_in_etc_network_interfaces() {
    const INTERFACES: &str = "/etc/network/interfaces";
    let bridge = (INTERFACES, "iface ens3 inet manual\nauto br0\niface br0 inet6 dhcp\n bridge_ports ens3 ens4\n");
    let hook = ("/etc/network/if-pre-up.d/bridge", "");
    assert_eq!(interfaces(&[&[bridge, hook]]), ["br0"]);
    assert_eq!(interfaces(&[&[bridge]]), ["br0", "ens3"], "nothing makes the bridge");
    assert_eq!(
        interfaces(&[&[bridge, ("/etc/network/if-pre-up.d/bridge", "-> /lib/bridge-utils/ifupdown.sh")]]),
        ["br0", "ens3"],
        "a link to nothing"
    );
    let all = (INTERFACES, "iface ens3 inet manual\niface br0 inet dhcp\n bridge_ports all\n");
    assert_eq!(interfaces(&[&[all, hook]]), ["br0"]);
    let none = (INTERFACES, "iface ens3 inet dhcp\niface br0 inet dhcp\n bridge_ports none\n");
    assert_eq!(interfaces(&[&[none, hook]]), ["br0", "ens3"]);
    let ifenslave = ("/etc/network/if-pre-up.d/ifenslave", "");
    let bond = (INTERFACES, "iface ens3 inet manual\n bond-master bond0\niface ens4 inet manual\niface bond0 inet dhcp\n bond-slaves ens4\n");
    assert_eq!(interfaces(&[&[bond, ifenslave]]), ["bond0"]);
    assert_eq!(interfaces(&[&[bond, hook]]), ["bond0", "ens3", "ens4"]);
}

#[test]
fn an_alias_stands_for_its_interface() {
    let interfaces_file = |text: &'static str| [("/etc/network/interfaces", text)];
    assert_eq!(interfaces(&[&interfaces_file("iface ens3 inet dhcp\niface ens3:1 inet6 dhcp\n")]), ["ens3"]);
    assert_eq!(interfaces(&[&interfaces_file("iface ens3:1 inet static\n")]), ["ens3"]);
}

#[test]
fn ports_of_network_manager() {
    const FOLDER: &str = "/etc/NetworkManager/system-connections";
    let (port, controller) = (format!("{FOLDER}/port.nmconnection"), format!("{FOLDER}/br0.nmconnection"));
    let text = |key: &str, name: &str| format!("[connection]\nid=p\ntype=ethernet\ninterface-name=ens3\n{key}={name}\n");
    let bridge = (&controller[..], "[connection]\nid=b\nuuid=0-1\ntype=bridge\ninterface-name=br0\n");
    for (key, name, judged) in
        [("master", "br0", &["br0"][..]), ("master", "0-1", &["br0"]), ("controller", "br0", &["br0"]), ("master", "br1", &["br0", "ens3"])]
    {
        assert_eq!(interfaces(&[&MANAGER, &[bridge, (&port, &text(key, name))]]), judged, "{key}={name}");
    }
    // 1.42 does not know the newer word (tried).
    let old = ("/usr/lib/x86_64-linux-gnu/NetworkManager/1.42.4/x.so", "");
    assert_eq!(interfaces(&[&MANAGER, &[old, bridge, (&port, &text("controller", "br0"))]]), ["br0", "ens3"]);
}

#[test]
fn ports_in_ifcfg_files() {
    const FOLDER: &str = "/etc/sysconfig/network-scripts";
    let service = ("/etc/rc.d/rc3.d/S10network", "");
    let (port, bridge) = (format!("{FOLDER}/ifcfg-eth0"), format!("{FOLDER}/ifcfg-br0"));
    let files = [service, (&port[..], "DEVICE=eth0\nBRIDGE=br0\n"), (&bridge[..], "DEVICE=br0\nTYPE=Bridge\nDHCPV6C=yes\n")];
    assert_eq!(interfaces(&[&files, &[("/usr/sbin/brctl", "")]]), ["br0"]);
    assert_eq!(interfaces(&[&files]), ["br0", "eth0"], "ifup-eth makes no bridge without brctl");
}

#[test]
fn names_by_mac_address() {
    let own = [("/etc/network/interfaces", "auto net0\niface net0 inet6 dhcp\n")];
    let rule = format!("SUBSYSTEM==\"net\", ATTR{{address}}==\"{MAC}\", KERNEL==\"eth*\", NAME=\"net0\"\n");
    let rules = ("/etc/udev/rules.d/70-persistent-net.rules", &rule[..]);
    let macs = |files: &[&[File<'_>]]| found(files).macs;
    let tied = macs(&[&own, &[rules]]);
    assert_eq!((&tied[0].value[..], &tied[0].at.path[..], tied[0].at.line), (MAC, rules.0, 1));
    let other = [("/etc/network/interfaces", "auto ens3\niface ens3 inet6 dhcp\n")];
    assert!(macs(&[&other, &[rules]]).is_empty(), "nothing is configured by that name");
    let any = rule.replace(MAC, "52:54:*");
    assert!(macs(&[&own, &[(rules.0, &any)]]).is_empty());
    let link = format!("[Match]\nMACAddress={MAC}\n[Link]\nName=net0\n");
    assert_eq!(macs(&[&own, &[("/etc/systemd/network/10-net0.link", &link)]]).len(), 1);
    // eth0 is what the card is called anyway, unless something gives another name.
    let eth0 = [("/etc/network/interfaces", "auto eth0\niface eth0 inet6 dhcp\n")];
    let rule = rule.replace("net0", "eth0");
    let rules = (rules.0, &rule[..]);
    assert!(macs(&[&eth0, &[rules]]).is_empty());
    assert_eq!(macs(&[&eth0, &[rules, ("/lib/udev/rules.d/75-persistent-net-generator.rules", "")]]).len(), 1);
    let by_place = ("/usr/lib/systemd/network/99-default.link", "");
    assert_eq!(macs(&[&eth0, &[rules, by_place]]).len(), 1);
    assert!(macs(&[&eth0, &[rules, by_place, ("/boot/grub/grub.cfg", "linux /vmlinuz net.ifnames=0\n")]]).is_empty());
    // cloud-init writes it anew for ifupdown.
    let tools = [("/sbin/ifup", ""), ("/sbin/ifdown", ""), ("/sbin/ifquery", "")];
    assert!(macs(&[&own, &tools, &CLOUD_INIT, &[(rules.0, &format!("ATTR{{address}}==\"{MAC}\", NAME=\"net0\"\n"))]]).is_empty());
}

#[test]
fn configuration_by_mac_address() {
    let macs = |files: &[&[File<'_>]]| found(files).macs.len();
    // netplan.
    let netplan = [("/usr/sbin/netplan", ""), NETWORKD];
    let yaml = format!("network:\n  ethernets:\n    nic:\n      match: {{macaddress: \"{MAC}\"}}\n      set-name: ens3\n      dhcp6: true\n");
    assert_eq!(macs(&[&netplan, &[("/etc/netplan/01.yaml", &yaml)]]), 1);
    assert_eq!(macs(&[&netplan, &CLOUD_INIT, &[("/etc/netplan/50-cloud-init.yaml", &yaml)]]), 0, "written anew");
    assert_eq!(macs(&[&netplan, &CLOUD_INIT, &[("/etc/netplan/50-not-cloud-init.yaml", &yaml)]]), 1, "not cloud-init's");
    let off = ("/etc/cloud/cloud.cfg.d/99-off.cfg", "network: {config: disabled}\n");
    assert_eq!(macs(&[&netplan, &CLOUD_INIT, &[off, ("/etc/netplan/50-cloud-init.yaml", &yaml)]]), 1);
    let others = "network:\n  ethernets:\n    all:\n      match: {name: \"e*\"}\n      dhcp6: true\n";
    assert_eq!(macs(&[&netplan, &[("/etc/netplan/01.yaml", &yaml), ("/etc/netplan/02.yaml", others)]]), 0, "another takes a clone's card");
    // systemd-networkd.
    let file = format!("[Match]\nMACAddress={MAC}\n[Network]\nDHCP=yes\n");
    assert_eq!(macs(&[&[NETWORKD, ("/etc/systemd/network/10-nic.network", &file)]]), 1);
    assert_eq!(
        macs(&[&[NETWORKD, ("/etc/systemd/network/10-nic.network", &file), ("/usr/lib/systemd/network/90.network", "[Match]\nName=e*\n")]]),
        0
    );
    // ifcfg files: the network scripts refuse another card, NetworkManager makes a profile unless it is told not to.
    let ifcfg = format!("DEVICE=eth0\nHWADDR={MAC}\nONBOOT=yes\n");
    let ifcfg = ("/etc/sysconfig/network-scripts/ifcfg-eth0", &ifcfg[..]);
    assert_eq!(macs(&[&[("/etc/rc.d/rc3.d/S10network", ""), ifcfg]]), 1);
    let keyfile = format!("[connection]\nid=e\ntype=ethernet\n[ethernet]\nmac-address={MAC}\n");
    let keyfile = ("/etc/NetworkManager/system-connections/e.nmconnection", &keyfile[..]);
    let no_default = ("/etc/NetworkManager/conf.d/00-server.conf", "[main]\nno-auto-default=*\n");
    assert_eq!(macs(&[&MANAGER, &[keyfile]]), 0, "the automatic profile takes its place");
    assert_eq!(macs(&[&MANAGER, &[keyfile, no_default]]), 1);
}
