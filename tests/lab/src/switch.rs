//! A switch between a VM and its tap, so that other nodes can stand on the VM's link: on Calico's own there is nobody else.

use std::net::Ipv6Addr;

use tempfile::TempDir;

use super::dnsmasq::{Dnsmasq, Host, Range, Served};
use super::scratch;
use super::{CalicoLink, Guest, LabError, Namespace, Port, address};

/// A switch, with the rogue on it once there is one.
#[derive(Debug)]
pub struct Switch {
    rogue: Option<(Dnsmasq, Namespace, TempDir)>,
    namespace: Namespace,
}

impl Switch {
    /// Puts a switch between `link` and NIC `nic` of `guest`.
    ///
    /// # Errors
    /// A command failed.
    pub fn make(link: &mut CalicoLink, guest: &mut Guest, nic: &str) -> Result<(Self, Port), LabError> {
        let namespace = Namespace::make("switch")?;
        namespace.set(&[("ipv6/conf/all/disable_ipv6", 1), ("ipv6/conf/default/disable_ipv6", 1)])?;
        let port = link.plug_into(&namespace, "uplink")?;
        namespace.ip_batch(&format!(
            "link add switch type bridge mcast_snooping 0\n\
             link set uplink address 02:00:00:00:00:01\n\
             link add downlink type veth peer name {nic} address {mac} netns {guest}\n\
             link set uplink master switch up\nlink set downlink master switch up\nlink set switch up\n",
            mac = port.mac,
            guest = guest.namespace().name()
        ))?;
        guest.add_nic(nic);
        Ok((Self { rogue: None, namespace }, port))
    }

    /// Puts a node with this MAC on the switch.
    ///
    /// # Errors
    /// A command failed.
    pub fn attach(&self, name: &str, mac: &str) -> Result<Namespace, LabError> {
        let node = Namespace::make(name)?;
        self.namespace
            .ip_batch(&format!("link add {name} type veth peer name eth0 address {mac} netns {}\nlink set {name} master switch up\n", node.name()))?;
        node.set(&[("ipv6/conf/eth0/accept_dad", 0), ("ipv6/conf/eth0/accept_ra", 0)])?;
        node.ip("link set eth0 up")?;
        Ok(node)
    }

    /// Adds a second router that is a DHCPv6 server too and says the same as the first one, to the letter: only that it is there is wrong.
    ///
    /// # Errors
    /// dnsmasq does not start.
    pub fn add_rogue(&mut self, vm_mac: &str, vm_address: Ipv6Addr) -> Result<(), LabError> {
        let node = self.attach("rogue", "02:00:00:00:00:66")?;
        node.set(&[("ipv6/conf/all/forwarding", 1)])?;
        node.ip(&format!("addr add {}/64 dev eth0 nodad", address(0x66)))?;
        let directory = scratch::directory("rogue")?;
        let hosts = vec![Host { mac: vm_mac.into(), address: vm_address }];
        let served = Served { range: Range::Stateful, interface: "eth0".into(), taps: Vec::new(), hosts, ipv4: Vec::new() };
        let server = Dnsmasq::start(&node, directory.path(), served)?;
        self.rogue = Some((server, node, directory));
        Ok(())
    }
}
