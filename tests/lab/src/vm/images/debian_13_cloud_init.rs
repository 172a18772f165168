//! Debian 13 with cloud-init, netplan and systemd-networkd, as Debian's own cloud images are. Nothing in the image says anything of its network: it
//! is rendered from a config drive of OpenStack (Nova's network_data.json: nova/virt/netutils.py, `_get_nets`).

use serde_json::{Value, json};

use super::{Base, Image, Layer, Nic, Port, Seed, Stack, Subnet, by_slot, debian};
use crate::address;

pub(super) const IMAGE: Image = Image {
    name: "debian-13-cloud-init",
    title: "Debian 13, cloud-init with a config drive of OpenStack, netplan with systemd-networkd",
    stack: Stack::Networkd,
    base,
    network: |_| Layer::default(),
    nic: by_slot,
    seed: Some(seed),
};

fn base() -> Base {
    let layer = Layer::default().run("systemctl enable systemd-networkd.service");
    debian("trixie", &["cloud-init", "netplan.io", "nftables"], &layer)
}

/// There is no room to grow into, and no sshd.
const USER_DATA: &str = "#cloud-config\nresize_rootfs: false\nssh_genkeytypes: []\n";

/// The port of a NIC that runs DHCPv6 has an IPv6 subnet, each has an IPv4 subnet.
fn seed(nics: &[Nic], ports: &[Port], subnet: Subnet) -> Seed {
    let (mut links, mut networks) = (Vec::new(), Vec::new());
    for (nic, port) in nics.iter().zip(ports) {
        links.push(json!({
            "id": port.tap, "vif_id": format!("{}-port", port.tap), "type": "tap", "mtu": 1500, "ethernet_mac_address": port.mac
        }));
        let network = |kind: &str| json!({"id": format!("network{}", networks.len()), "network_id": "calico", "link": port.tap, "type": kind});
        let ipv4 = port.ipv4.map(|_| network("ipv4_dhcp"));
        networks.extend(ipv4);
        if nic.dhcpv6 {
            let network = json!({"id": format!("network{}", networks.len()), "network_id": "calico", "link": port.tap});
            networks.push(with_subnet(network, port, subnet));
        }
    }
    let data = json!({"links": links, "networks": networks, "services": []});
    let metadata = json!({"uuid": "11111111-2222-4333-8444-555555555555", "name": "guest", "hostname": "guest.openstacklocal", "launch_index": 0});
    let files = Layer::default()
        .file("openstack/latest/meta_data.json", &metadata.to_string())
        .file("openstack/latest/network_data.json", &data.to_string())
        .file("openstack/latest/user_data", USER_DATA);
    Seed { label: "config-2", files }
}

/// Nova tells address and routes of every IPv6 subnet, whatever its kind.
fn with_subnet(mut network: Value, port: &Port, subnet: Subnet) -> Value {
    let kind = match subnet {
        Subnet::Dhcpv6Stateful => "ipv6_dhcpv6-stateful",
        Subnet::Static => "ipv6",
    };
    network["type"] = kind.into();
    network["ip_address"] = port.address.to_string().into();
    network["netmask"] = "ffff:ffff:ffff:ffff::".into();
    network["routes"] = json!([{"network": "::", "netmask": "::", "gateway": address(1).to_string()}]);
    network
}
