//! Calico's recipe for CentOS on a Debian 12: a service `network` that does with `ifcfg-*` files what Red Hat's does, an ISC dhclient that takes /64 for
//! an address's length, and a script that believes it. The recipe's three commands are run as its page has them.

use super::{Base, Image, Layer, Nic, Stack, debian};

pub(super) const IMAGE: Image = Image {
    name: "debian-12-centos-recipe",
    title: "Debian 12 in the manner of CentOS 7: network scripts and a dhclient that makes /64, by Calico's recipe",
    stack: Stack::NetworkScripts,
    base,
    network,
    nic: |number| format!("eth{number}"),
    seed: None,
};

const SCRIPTS: &str = include_str!("network-scripts.sh");
const DHCLIENT_SCRIPT: &str = include_str!("dhclient-script.sh");
const SERVICE: &str = "[Unit]\nDescription=Bring up networking\nWants=network.target\nAfter=network-pre.target\nBefore=network.target network-online.target\n\n\
                       [Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/usr/libexec/network-scripts\nGuessMainPID=no\n\n\
                       [Install]\nWantedBy=multi-user.target network-online.target\n";

fn base() -> Base {
    // A package that is configured after this would put its own script back; nothing is here.
    let layer = Layer::default()
        .program("usr/libexec/network-scripts", SCRIPTS)
        .program("usr/sbin/dhclient-script", DHCLIENT_SCRIPT)
        .file("etc/systemd/system/network.service", SERVICE)
        .run("systemctl enable network.service");
    let base = debian("bookworm", &["isc-dhcp-client", "nftables"], &layer);
    // As CentOS' cloud images have it.
    Base { command_line: format!("{} net.ifnames=0", base.command_line), ..base }
}

fn network(nics: &[Nic]) -> Layer {
    let mut layer = Layer::default();
    for Nic { name, dhcpv6 } in nics {
        let file = format!("etc/sysconfig/network-scripts/ifcfg-{name}");
        layer = layer.file(&file, &format!("DEVICE={name}\nBOOTPROTO=dhcp\nONBOOT=yes\nTYPE=Ethernet\n"));
        if *dhcpv6 {
            layer = layer.run(&format!("sed -i -e '$a'\"IPV6INIT=yes\" /{file}\nsed -i -e '$a'\"DHCPV6C=yes\" /{file}"));
        }
    }
    layer.run("sed -i '/PATH/i\\new_ip6_prefixlen=128' /sbin/dhclient-script")
}
