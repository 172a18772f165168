//! Firewalls of a guest that keep DHCPv6 or Router Advertisements out. The answer to a Solicit is never `established`: it was sent to a group.

use super::{Break, GOOD};
use crate::vm::Layer;

pub(super) const NFTABLES: Break = Break {
    name: "firewall-nftables",
    title: "nftables lets neighbour discovery and SSH in, and not UDP 546",
    packages: &["nftables"],
    layer: |_, _| nftables("        icmpv6 type { echo-request, nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert } accept\n"),
    ..GOOD
};

pub(super) const NFTABLES_DROPS_ALL: Break =
    Break { name: "firewall-nftables-drops-all", title: "nftables lets SSH in only", packages: &["nftables"], layer: |_, _| nftables(""), ..GOOD };

pub(super) const FIREWALLD: Break = Break {
    name: "firewalld",
    title: "firewalld's zone without the service dhcpv6-client",
    // Without netbase's names of protocols it cannot read its own services, and ends.
    packages: &["firewalld", "netbase"],
    layer: |_, _| {
        const ZONE: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<zone>\n  <short>Public</short>\n  <service name=\"ssh\"/>\n</zone>\n";
        // It has started, as systemd sees it, before its rules are loaded, and a slow guest would have its address by then.
        const LOADED: &str = "[Service]\nExecStartPost=/bin/sh -c 'until firewall-cmd --state; do sleep 1; done'\n";
        Layer::default().file("etc/firewalld/zones/public.xml", ZONE).file("etc/systemd/system/firewalld.service.d/loaded.conf", LOADED)
    },
    ..GOOD
};

/// A closed host's /etc/nftables.conf, with these lines more in its chain.
fn nftables(lines: &str) -> Layer {
    // No names of protocols: those are netbase's, and without it nft(8) would load nothing.
    let text = format!(
        "#!/usr/sbin/nft -f\n\nflush ruleset\n\ntable inet filter {{\n    chain input {{\n        type filter hook input priority filter; policy drop;\n        \
         iif lo accept\n        ct state established,related accept\n        tcp dport 22 accept\n{lines}    }}\n}}\n"
    );
    Layer::default().program("etc/nftables.conf", &text).run("systemctl enable nftables.service")
}
