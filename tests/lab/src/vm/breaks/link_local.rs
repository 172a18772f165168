//! What keeps a guest's link-local address from being there in time.

use super::{Break, GOOD};
use crate::vm::Layer;

/// ifupdown's wait-for-ll6.sh waits 6 s. A delay as the third step of Calico's recipe makes it does the same on some boots only:
/// `addrconf_dad_kick` waits a random part of router_solicitation_delay.
pub(super) const LINK_LOCAL_LATE: Break = Break {
    name: "link-local-late",
    title: "the link-local address is tested for so long that whoever waits for it to start DHCPv6 gives up",
    layer: |_, nics| {
        let lines: Vec<String> = nics.iter().map(|nic| format!("net.ipv6.conf.{}.dad_transmits = 600\n", nic.name)).collect();
        Layer::default().file("etc/sysctl.d/90-careful.conf", &lines.concat())
    },
    ..GOOD
};
