//! A plain Neutron network, stateful: one Ethernet segment with the router (radvd) and the DHCP port (dnsmasq) as two nodes on it.

use tempfile::TempDir;

use super::dnsmasq::{Dnsmasq, Host, Range, Served};
use super::{Guest, LabError, Namespace, Radvd, address, scratch};

const BRIDGE: &str = "qr-11111111-22";
const DHCP_PORT: &str = "ns-11111111-22";
const MAC: &str = "fa:16:3e:00:00:01";

/// The network with one VM on it.
#[derive(Debug)]
pub struct NeutronLink {
    _radvd: Radvd,
    _server: Dnsmasq,
    _router: Namespace,
    _dhcp: Namespace,
    _directory: TempDir,
}

impl NeutronLink {
    /// Builds it and plugs `guest` into it as `nic`.
    ///
    /// # Errors
    /// Not root, or a tool is missing.
    pub fn make(guest: &mut Guest, nic: &str) -> Result<Self, LabError> {
        let (router, dhcp) = (Namespace::make("qrouter")?, Namespace::make("qdhcp")?);
        router.set(&[("ipv6/conf/all/forwarding", 1)])?;
        router.ip_batch(&format!(
            "link add {BRIDGE} address fa:16:3e:00:00:fe type bridge mcast_snooping 0\n\
             link add tapvm type veth peer name {nic} address {MAC} netns {guest}\n\
             link add tapdhcp type veth peer name {DHCP_PORT} netns {dhcp}\n",
            guest = guest.namespace().name(),
            dhcp = dhcp.name()
        ))?;
        router.set(&[("ipv6/conf/tapvm/disable_ipv6", 1), ("ipv6/conf/tapdhcp/disable_ipv6", 1)])?;
        router.ip_batch(&format!(
            "link set tapvm master {BRIDGE} up\nlink set tapdhcp master {BRIDGE} up\naddr add {}/64 dev {BRIDGE} nodad\nlink set {BRIDGE} up\n",
            address(1)
        ))?;
        dhcp.set(&[(&format!("ipv6/conf/{DHCP_PORT}/accept_ra"), 0)])?;
        dhcp.ip_batch(&format!(
            "addr add {}/64 dev {DHCP_PORT} nodad\naddr add fe80::a9fe:a9fe/64 dev {DHCP_PORT} nodad\nlink set {DHCP_PORT} up\n",
            address(2)
        ))?;
        guest.add_nic(nic);
        let directory = scratch::directory("neutron")?;
        let served = Served {
            range: Range::Neutron,
            interface: DHCP_PORT.into(),
            taps: Vec::new(),
            hosts: vec![Host { mac: MAC.into(), address: address(0x10) }],
            ipv4: Vec::new(),
        };
        let server = Dnsmasq::start(&dhcp, &directory.path().join("dhcp"), served)?;
        let radvd = Radvd::start(&router, &directory.path().join("radvd"), BRIDGE)?;
        Ok(Self { _radvd: radvd, _server: server, _router: router, _dhcp: dhcp, _directory: directory })
    }
}
