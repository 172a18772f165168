//! Links that are another way to be right, or wrong by the network's fault.

use super::{Break, GOOD, Link, Server, USUAL};

pub(super) const ROUTER_LATE: Break =
    Break { name: "router-late", title: "nobody answers for the first 8 s", link: Link { late_s: 8, ..USUAL }, ..GOOD };

pub(super) const IPV6_ONLY: Break = Break { name: "ipv6-only", title: "no IPv4 on the link", link: Link { ipv4: false, ..USUAL }, ..GOOD };

pub(super) const UNKNOWN_MAC: Break =
    Break { name: "unknown-mac", title: "dnsmasq has no IPv6 address for it", link: Link { server: Server::WithoutAddress, ..USUAL }, ..GOOD };

pub(super) const NO_ROUTER: Break = Break { name: "no-router", title: "nobody answers", link: Link { server: Server::Absent, ..USUAL }, ..GOOD };
