//! The link of a VM under Calico for OpenStack: one compute host as a namespace, a tap for each NIC, dnsmasq on the DHCP port.

use std::net::{Ipv4Addr, Ipv6Addr};

use tempfile::TempDir;

use super::dnsmasq::{Dnsmasq, Host, Range, Served};
use super::{Guest, LabError, Namespace, SUBNET, address, felix, scratch};

/// Neutron's DHCP port, which holds the subnet's gateway address on every compute host.
const DHCP_PORT: &str = "ns-11111111-22";

/// The IPv4 subnet's gateway, which the DHCP port holds as well.
const IPV4_GATEWAY: Ipv4Addr = Ipv4Addr::new(10, 65, 0, 1);

/// Drops a Router Advertisement to all nodes where nobody has just asked.
const ONLY_WHEN_ASKED: &str = "
table ip6 unasked {
  set asked { type iface_index; flags dynamic,timeout; timeout 2s; }
  chain asking {
    type filter hook prerouting priority -400; policy accept;
    icmpv6 type nd-router-solicit update @asked { iif }
  }
  chain answering {
    type filter hook output priority filter; policy accept;
    ip6 daddr ff02::1 icmpv6 type nd-router-advert oif != @asked drop
  }
}
";

/// One NIC of a VM as the compute host knows it.
#[derive(Debug, Clone)]
pub struct Port {
    /// The host's end.
    pub tap: String,
    /// MAC address of the VM's end.
    pub mac: String,
    /// The address that Neutron gave the port.
    pub address: Ipv6Addr,
    /// The IPv4 address beside it, on a dual stack network.
    pub ipv4: Option<Ipv4Addr>,
}

impl Port {
    /// MAC address of the host's end.
    fn host_mac(&self) -> String {
        format!("fe{}", &self.mac[2..])
    }
}

/// A compute host of Calico.
#[derive(Debug)]
pub struct CalicoLink {
    // Before the namespace, so that it ends first.
    server: Option<Dnsmasq>,
    router: Namespace,
    range: Range,
    ipv4: bool,
    ports: Vec<Port>,
    directory: TempDir,
}

impl CalicoLink {
    /// Builds the host without VMs; nobody serves yet.
    ///
    /// # Errors
    /// Not root, or a tool is missing.
    pub fn make(range: Range) -> Result<Self, LabError> {
        let link = Self::make_unfiltered(range)?;
        felix::filter(&link.router)?;
        Ok(link)
    }

    /// As [`Self::make`], without Felix' filter, which takes nft. The filter passes all that a guest needs, so guests see no difference.
    ///
    /// # Errors
    /// Not root, or a tool is missing.
    pub fn make_unfiltered(range: Range) -> Result<Self, LabError> {
        let router = Namespace::make("host")?;
        router.set(&[("ipv6/conf/all/forwarding", 1), ("ipv4/ip_forward", 1)])?;
        router.ip_batch(&format!(
            "link add {DHCP_PORT} address 02:00:00:00:00:00 type veth peer name nsidle\n\
             link set {DHCP_PORT} arp off\nlink set nsidle up\nlink set {DHCP_PORT} up\n\
             addr add {gateway}/64 dev {DHCP_PORT} nodad\n",
            gateway = address(1)
        ))?;
        router.set(&[("ipv6/conf/nsidle/disable_ipv6", 1)])?;
        // The agent removes the subnet's connected route: the way to a VM is its /128 alone.
        router.ip(&format!("-6 route del {SUBNET}/64 dev {DHCP_PORT}"))?;
        let directory = scratch::directory("host")?;
        Ok(Self { server: None, router, range, ipv4: false, ports: Vec::new(), directory })
    }

    /// Makes it a dual stack network for the NICs plugged from now on.
    ///
    /// # Errors
    /// A command failed.
    pub fn with_ipv4(mut self) -> Result<Self, LabError> {
        self.ipv4 = true;
        self.router.ip(&format!("addr add {IPV4_GATEWAY}/16 dev {DHCP_PORT} noprefixroute"))?;
        Ok(self)
    }

    /// Has its router speak to those only who ask. In its first minute dnsmasq advertises itself every 5 to 20 seconds, at random, and the agent
    /// starts it anew for every VM: a guest that does not ask is lucky then, or is not. This takes the luck away.
    ///
    /// # Errors
    /// nft refuses the rules.
    pub fn only_when_asked(self) -> Result<Self, LabError> {
        self.router.nft(ONLY_WHEN_ASKED)?;
        Ok(self)
    }

    /// A file of the lab's beside the host's own.
    pub(super) fn path(&self, name: &str) -> std::path::PathBuf {
        self.directory.path().join(name)
    }

    /// The compute host's namespace.
    pub fn router(&self) -> &Namespace {
        &self.router
    }

    /// Gives `guest` a NIC on this host: tap, addresses and routes, as Nova and Felix leave them. The guest's end is down until it boots.
    ///
    /// # Errors
    /// The guest has an interface of that name.
    pub fn plug(&mut self, guest: &mut Guest, nic: &str) -> Result<Port, LabError> {
        self.plug_into(guest.namespace(), nic).inspect(|_| guest.add_nic(nic))
    }

    /// As [`Self::plug`], for any namespace: a switch between the tap and the VM.
    ///
    /// # Errors
    /// The namespace has an interface of that name.
    pub fn plug_into(&mut self, other: &Namespace, nic: &str) -> Result<Port, LabError> {
        let port = self.next_port();
        self.router.ip_batch(&format!(
            "link add {} address {} type veth peer name {nic} address {} netns {other}\n",
            port.tap,
            port.host_mac(),
            port.mac,
            other = other.name()
        ))?;
        self.set_up(port)
    }

    /// A tap that QEMU opens: the NIC of a virtual machine.
    ///
    /// # Errors
    /// The kernel has no taps.
    pub fn plug_machine(&mut self) -> Result<Port, LabError> {
        let port = self.next_port();
        self.router.ip_batch(&format!("tuntap add {tap} mode tap\nlink set {tap} address {}\n", port.host_mac(), tap = port.tap))?;
        self.set_up(port)
    }

    fn next_port(&self) -> Port {
        let number = u16::try_from(self.ports.len()).unwrap_or(u16::MAX).saturating_add(1);
        let [high, low] = number.to_be_bytes();
        let tap = format!("tap0a00{number:04x}-01");
        let mac = format!("fa:16:3e:00:{high:02x}:{low:02x}");
        let assigned = match self.range {
            Range::Slaac => format!("2001:db8:1:0:f816:3eff:fe00:{number:x}").parse().unwrap_or(SUBNET),
            _ => address(number.saturating_add(0xf)),
        };
        Port { tap, mac, address: assigned, ipv4: self.ipv4.then(|| Ipv4Addr::new(10, 65, high, low.saturating_add(0xf))) }
    }

    /// The host's end as Nova and Felix leave it.
    fn set_up(&mut self, port: Port) -> Result<Port, LabError> {
        let tap = &port.tap;
        // QEMU opened the tap long before the guest booted, so its link-local address has no detection to wait for.
        self.router.set(&[(&format!("ipv6/conf/{tap}/accept_dad"), 0)])?;
        self.router.ip(&format!("link set {tap} up"))?;
        felix::workload(&self.router, &port)?;
        self.ports.push(port.clone());
        Ok(port)
    }

    /// Starts dnsmasq for all NICs plugged so far.
    ///
    /// # Errors
    /// dnsmasq does not start.
    pub fn serve(&mut self) -> Result<&mut Dnsmasq, LabError> {
        let hosts = self.ports.iter().map(|port| Host { mac: port.mac.clone(), address: port.address }).collect();
        self.serve_hosts(hosts)
    }

    /// As [`Self::serve`], with these lines in the hosts file.
    ///
    /// # Errors
    /// dnsmasq does not start.
    pub fn serve_hosts(&mut self, hosts: Vec<Host>) -> Result<&mut Dnsmasq, LabError> {
        self.server = None;
        let taps = self.ports.iter().map(|port| port.tap.clone()).collect();
        let ipv4 = self.ports.iter().filter_map(|port| Some((port.mac.clone(), port.ipv4?))).collect();
        let served = Served { range: self.range, interface: DHCP_PORT.into(), taps, hosts, ipv4 };
        Ok(self.server.insert(Dnsmasq::start(&self.router, &self.directory.path().join("dhcp"), served)?))
    }

    /// Nobody serves any more.
    pub fn silence(&mut self) {
        self.server = None;
    }

    /// The running dnsmasq, with the namespace to restart it in.
    ///
    /// # Errors
    /// None was started.
    pub fn server(&mut self) -> Result<(&mut Dnsmasq, &Namespace), LabError> {
        let server = self.server.as_mut().ok_or_else(|| LabError::Refused("nobody serves this link".into()))?;
        Ok((server, &self.router))
    }

    /// The NICs plugged so far.
    pub fn ports(&self) -> &[Port] {
        &self.ports
    }

    /// Router Solicitations and DHCPv6 messages that came from VMs so far.
    ///
    /// # Errors
    /// nft does not answer.
    pub fn heard(&self) -> Result<(u64, u64), LabError> {
        Ok((felix::counted(&self.router, "router_solicitations")?, felix::counted(&self.router, "dhcpv6_to_server")?))
    }
}
