//! What can be wrong with an image or its link, a file each: one change, and everything else as it should be.

mod busybox;
mod by_hand;
mod cloud;
mod dhclient;
mod dhcpcd;
mod firewall;
mod kernel;
mod length;
mod link_local;
mod network;
mod network_manager;
mod networkd;
mod recipe;
mod sysctl;

use super::{Image, Layer, Nic, Subnet};

/// The link that a guest boots on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// The network has IPv4 as well.
    pub ipv4: bool,
    /// Nobody answers until this many seconds after the guest has first asked.
    pub late_s: u64,
    /// Who answers then.
    pub server: Server,
}

/// dnsmasq of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Server {
    /// It has each NIC's address.
    Usual,
    /// It advertises the router, and has no IPv6 address for any NIC.
    WithoutAddress,
    /// It does not run.
    Absent,
}

/// The usual link: dual stack, and there from the beginning.
const USUAL: Link = Link { ipv4: true, late_s: 0, server: Server::Usual };

/// One thing that is wrong, or is another way to be right.
#[derive(Debug, Clone, Copy)]
pub struct Break {
    /// Its name: `accept-ra-0`.
    pub name: &'static str,
    /// What is done, in words.
    pub title: &'static str,
    /// How many NICs the guest has.
    pub nics: usize,
    /// What it boots on.
    pub link: Link,
    /// Packages besides the image's own.
    pub packages: &'static [&'static str],
    /// What the cloud says of the IPv6 subnet, where the image asks it.
    pub subnet: Subnet,
    /// Changes what is said of the NICs.
    pub nic: fn(&mut [Nic]),
    /// What is laid over the image, behind what sets its NICs up.
    pub layer: fn(&Image, &[Nic]) -> Layer,
}

/// Nothing is wrong: what the others differ from.
const GOOD: Break = Break {
    name: "good",
    title: "as it should be",
    nics: 1,
    link: USUAL,
    packages: &[],
    subnet: Subnet::Dhcpv6Stateful,
    nic: |_| {},
    layer: |_, _| Layer::default(),
};

/// All of them.
pub const BREAKS: &[Break] = &[
    GOOD,
    sysctl::ACCEPT_RA_0,
    sysctl::FORWARDING,
    by_hand::CLIENT_BY_HAND,
    networkd::DHCP_IPV4,
    networkd::IPV6ACCEPTRA_NO,
    networkd::WITHOUT_RA,
    networkd::SECOND_WITHOUT_FILE,
    networkd::SECOND_DHCPV6CLIENT_NO,
    networkd::DHCP4_TRUE,
    networkd::ACCEPT_RA_FALSE,
    networkd::YAML_TAB,
    network_manager::SECOND_METHOD_IGNORE,
    network_manager::METHOD_LINK_LOCAL,
    network_manager::METHOD_DISABLED,
    network_manager::METHOD_DHCP,
    recipe::STOCK,
    recipe::SECOND_NIC_WITHOUT_CLIENT,
    recipe::RECIPE_IN_BACKTICKS,
    recipe::ACCEPT_RA_0_STANZA,
    dhclient::LENGTH_64,
    firewall::NFTABLES,
    firewall::NFTABLES_DROPS_ALL,
    firewall::FIREWALLD,
    kernel::IPV6_DISABLED,
    network::ROUTER_LATE,
    network::IPV6_ONLY,
    network::UNKNOWN_MAC,
    network::NO_ROUTER,
    busybox::INET6_DHCP,
    cloud::CLOUD_SAYS_IPV4,
    cloud::CLOUD_SAYS_STATIC,
    cloud::NETWORK_CONFIG_DISABLED,
    dhcpcd::IPV4_ONLY,
    dhcpcd::RECIPE_FOR_DHCLIENT,
    link_local::LINK_LOCAL_LATE,
    length::LENGTH_MISSING,
    length::LENGTH_IN_BACKTICKS,
];
