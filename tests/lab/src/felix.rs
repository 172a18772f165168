//! What Felix sets on a compute host for its workloads, restated for nftables.
//!
//! Source: felix/rules/static.go, felix/rules/endpoints.go, felix/dataplane/linux/endpoint_mgr.go.

use super::{LabError, Namespace, Port};

/// Felix' filter: strict reverse path, the few messages that a workload may send to its host, the rest dropped
/// (`DefaultEndpointToHostAction=DROP`), and a security group that lets ICMPv6 and SSH in. The chain `count` counts before any drop.
const FILTER: &str = r#"
table ip6 felix {
  counter router_solicitations { }
  counter dhcpv6_to_server { }
  chain count {
    type filter hook prerouting priority -400; policy accept;
    iifname "tap*" icmpv6 type nd-router-solicit counter name router_solicitations
    iifname "tap*" udp dport 547 counter name dhcpv6_to_server
  }
  chain raw_prerouting {
    type filter hook prerouting priority raw; policy accept;
    iifname "tap*" fib saddr . iif oif 0 counter drop comment "reverse path"
  }
  chain input {
    type filter hook input priority filter; policy accept;
    iifname "tap*" goto workload_to_host
  }
  chain workload_to_host {
    icmpv6 type { 130, 131, 132, 133, 135, 136 } accept
    udp sport 546 udp dport 547 accept
    udp dport 53 accept
    ct state established,related accept
    counter drop
  }
  chain forward {
    type filter hook forward priority filter; policy accept;
    ct state invalid drop
    ct state established,related accept
    oifname "tap*" goto to_workload
  }
  chain to_workload {
    meta l4proto ipv6-icmp accept
    tcp dport 22 accept
    counter drop
  }
}
"#;

/// Installs the filter.
pub(super) fn filter(namespace: &Namespace) -> Result<(), LabError> {
    namespace.nft(FILTER)
}

/// What a counter of the filter has counted: packets.
pub(super) fn counted(namespace: &Namespace, counter: &str) -> Result<u64, LabError> {
    let text = namespace.succeed("nft", &["list", "counter", "ip6", "felix", counter])?;
    let packets = text.split_whitespace().skip_while(|word| *word != "packets").nth(1);
    packets.and_then(|number| number.parse().ok()).ok_or_else(|| LabError::Refused(format!("nft shows no packets of {counter}: {text}")))
}

/// A workload's interface and routes, once its tap is up.
pub(super) fn workload(namespace: &Namespace, port: &Port) -> Result<(), LabError> {
    let tap = &port.tap;
    let conf = |name: &str| format!("ipv6/conf/{tap}/{name}");
    namespace.set(&[(&conf("accept_ra"), 0), (&conf("proxy_ndp"), 1), (&conf("forwarding"), 1)])?;
    namespace.ip(&format!("-6 route replace {}/128 dev {tap} proto boot", port.address))?;
    let Some(ipv4) = port.ipv4 else { return Ok(()) };
    namespace.set(&[(&format!("ipv4/conf/{tap}/proxy_arp"), 1)])?;
    namespace.ip(&format!("route replace {ipv4}/32 dev {tap} proto boot")).map(drop)
}
