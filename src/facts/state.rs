//! State: what the kernel and the daemons hold now.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde::{Deserialize, Serialize};

use super::{Mac, Observed, StackId, Unknown};

/// Counter of /proc/net/dev_snmp6: RAs that passed the firewall, whatever `accept_ra` says.
pub const RECEIVED_RAS: &str = "Icmp6InRouterAdvertisements";
/// Counter of /proc/net/dev_snmp6: RSs sent by the kernel or by a raw ICMPv6 socket; AF_PACKET frames, ours among them, are not counted.
pub const SENT_RSS: &str = "Icmp6OutRouterSolicits";
/// Counter of /proc/net/dev_snmp6: IPv6 datagrams that arrived, before the firewall.
pub const RECEIVED_DATAGRAMS: &str = "Ip6InReceives";
/// Counter of /proc/net/dev_snmp6: IPv6 datagrams given to a protocol, after the firewall's input hook.
pub const DELIVERED_DATAGRAMS: &str = "Ip6InDelivers";

/// Counter of /proc/net/dev_snmp6: ICMPv6 messages among [`DELIVERED_DATAGRAMS`].
pub const RECEIVED_ICMP: &str = "Icmp6InMsgs";

/// What the host as a whole holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HostState {
    /// Whether the kernel has IPv6 at all.
    pub ipv6: Observed<Ipv6Stack>,
    /// Processes of this network namespace that can have to do with RAs or DHCPv6.
    pub processes: Observed<Vec<Process>>,
    /// Sockets bound to UDP port 546, whoever holds them.
    pub dhcpv6_client_sockets: Observed<Vec<UdpSocket>>,
}

impl HostState {
    /// Of a guest that does not run, for this reason.
    pub fn absent(reason: &str) -> Self {
        Self {
            ipv6: Observed::Absent(reason.into()),
            processes: Observed::Absent(reason.into()),
            dhcpv6_client_sockets: Observed::Absent(reason.into()),
        }
    }
}

/// Whether the kernel has IPv6 at all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ipv6Stack {
    /// /proc/sys/net/ipv6 exists.
    pub present: bool,
    /// The word of /proc/cmdline that switches IPv6 off (`ipv6.disable=1`, `ipv6.disable_ipv6=1`), if there is one.
    pub command_line: Option<String>,
}

/// A process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Process {
    /// Process id.
    pub pid: u32,
    /// Its name as the kernel has it (`comm`, at most 15 bytes).
    pub name: String,
    /// Its arguments; a client may have rewritten them.
    pub arguments: Vec<String>,
    /// When it was started, in hundredths of a second since boot.
    pub started_cs: u64,
}

/// A socket on UDP port 546.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UdpSocket {
    /// The address it is bound to.
    pub address: Ipv6Addr,
    /// The interface it is bound to; 0 for any.
    pub interface_index: u32,
    /// The process that holds it; absent where that could not be found out.
    pub process: Option<Process>,
}

/// A link, by rtnetlink.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// Interface index.
    pub index: u32,
    /// MAC address in use; absent where the link has none.
    pub mac: Option<Mac>,
    /// MAC address burnt in, where the kernel tells it.
    pub permanent_mac: Option<Mac>,
    /// What kind of link it is.
    pub kind: LinkKind,
    /// `IFF_UP`: switched on.
    pub up: bool,
    /// `IFF_LOWER_UP`: has a carrier.
    pub carrier: bool,
    /// Maximum transmission unit in bytes.
    pub mtu: u32,
    /// Index of the bond, bridge or team that it is a port of.
    pub master: Option<u32>,
    /// Index of the link of this namespace that it stands on, as a VLAN does.
    pub lower: Option<u32>,
}

/// What is behind a link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkKind {
    /// The loopback.
    Loopback,
    /// A device of a bus: hardware, or virtio and its like.
    Device,
    /// One end of a veth pair.
    Veth {
        /// The other end is in another namespace.
        peer_elsewhere: bool,
    },
    /// Another virtual device, by the kernel's name: `bridge`, `bond`, `vlan`, `tun`.
    Virtual(String),
}

/// What the kernel and the daemons hold for one interface.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// The IPv6 part of the link; `null` if the interface has none (MTU below 1280, IPv6 off).
    pub inet6: Observed<Option<Inet6>>,
    /// `/proc/sys/net/ipv6/conf/<interface>/`, the settings that decide something, by file name. A file that this kernel does not have is
    /// absent.
    pub sysctl: Observed<BTreeMap<String, i64>>,
    /// IPv6 addresses.
    pub addresses: Observed<Vec<Address>>,
    /// IPv4 addresses.
    pub ipv4_addresses: Observed<Vec<Ipv4Addr>>,
    /// IPv6 routes through this interface: unicast routes of every table but the kernel's table `local`.
    pub routes: Observed<Vec<Route>>,
    /// IPv6 neighbours.
    pub neighbours: Observed<Vec<Neighbour>>,
    /// `/proc/net/dev_snmp6/<interface>` before and after the conversations.
    pub counters: Observed<CountersWitness>,
    /// DHCPv6 leases that clients keep on disk, oldest first; those without addresses only tell the identity that a client uses.
    pub leases: Observed<Vec<Lease>>,
    /// Who is in charge.
    pub owners: Owners,
}

impl State {
    /// Of a guest that does not run, for this reason.
    pub fn absent(reason: &str) -> Self {
        fn absent<T>(reason: &str) -> Observed<T> {
            Observed::Absent(reason.into())
        }
        Self {
            inet6: absent(reason),
            sysctl: absent(reason),
            addresses: absent(reason),
            ipv4_addresses: absent(reason),
            routes: absent(reason),
            neighbours: absent(reason),
            counters: absent(reason),
            leases: absent(reason),
            owners: Owners { ra: absent(reason), dhcpv6: absent(reason) },
        }
    }

    /// One setting of the interface.
    ///
    /// # Errors
    /// The settings could not be read, or this kernel has none of that name.
    pub fn sysctl(&self, name: &str) -> Result<i64, Unknown> {
        self.sysctl.get()?.get(name).copied().ok_or_else(|| Unknown::new(format!("this kernel has no setting {name}")))
    }
}

/// The IPv6 part of a link (`IFLA_AF_SPEC`, `AF_INET6`).
#[expect(clippy::struct_excessive_bools, reason = "they are the kernel's flags, each by itself")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inet6 {
    /// `IF_RS_SENT`: the kernel has sent a Router Solicitation.
    pub rs_sent: bool,
    /// `IF_RA_RCVD`: the kernel has accepted an RA after its RS.
    pub ra_received: bool,
    /// `IF_RA_MANAGED`: an accepted RA had M. Sticky: it outlives its cause.
    pub ra_managed: bool,
    /// `IF_RA_OTHERCONF`: an accepted RA had O. Sticky as well.
    pub ra_other: bool,
}

/// An IPv6 address of an interface.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Address {
    /// The address.
    pub address: Ipv6Addr,
    /// Its prefix length.
    pub prefix_length: u8,
    /// Its scope.
    pub scope: Scope,
    /// Its flags, by their kernel names without `IFA_F_`.
    pub flags: Vec<AddressFlag>,
    /// Preferred lifetime left, in seconds; `null` is for ever.
    pub preferred_s: Option<u32>,
    /// Valid lifetime left, in seconds; `null` is for ever.
    pub valid_s: Option<u32>,
    /// When it was made, in hundredths of a second since boot.
    pub created_cs: u64,
    /// Who made it (`IFA_PROTO`, kernels since 5.18: 1 loopback, 2 RA, 3 link-local); absent for addresses that a program made.
    pub protocol: Option<u8>,
}

impl Address {
    /// Whether it has `flag`.
    pub fn has(&self, flag: AddressFlag) -> bool {
        self.flags.contains(&flag)
    }
}

/// Scope of an address (rtnetlink(7), `ifa_scope`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Global, unique local included.
    Global,
    /// Link-local.
    Link,
    /// Any other.
    Other,
}

/// `IFA_F_*` of linux/if_addr.h.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AddressFlag {
    /// A temporary (privacy) address.
    Temporary,
    /// Duplicate address detection was skipped.
    Nodad,
    /// Usable before duplicate address detection ends.
    Optimistic,
    /// Duplicate address detection found a duplicate.
    Dadfailed,
    /// Mobile IPv6 home address.
    Homeaddress,
    /// Its preferred lifetime is over.
    Deprecated,
    /// Duplicate address detection is not finished.
    Tentative,
    /// It has no lifetime.
    Permanent,
    /// Temporary addresses are made from it: it is a SLAAC address.
    Managetempaddr,
    /// No prefix route comes with it.
    Noprefixroute,
    /// Multicast groups are joined for it.
    Mcautojoin,
    /// Its interface identifier is stable and opaque (RFC 7217).
    StablePrivacy,
}

/// An IPv6 route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// Destination; `::` with length 0 is the default route.
    pub destination: Ipv6Addr,
    /// Length of the destination's prefix.
    pub prefix_length: u8,
    /// The next hop; absent for a route on the link.
    pub gateway: Option<IpAddr>,
    /// Who made it (`RTPROT_*`: 2 kernel, 3 boot, 4 static, 9 ra, 16 dhcp).
    pub protocol: u8,
    /// Its metric.
    pub metric: u32,
    /// Seconds until it goes; `null` is never.
    pub expires_s: Option<i64>,
    /// Table; 254 is `main`.
    pub table: u32,
}

impl Route {
    /// `RTPROT_KERNEL`.
    pub const KERNEL: u8 = 2;
    /// `RTPROT_RA`.
    pub const RA: u8 = 9;

    /// Whether it is a default route.
    pub fn is_default(&self) -> bool {
        self.prefix_length == 0
    }
}

/// An IPv6 neighbour.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Neighbour {
    /// Its address.
    pub address: IpAddr,
    /// Its MAC address, once it is known.
    pub mac: Option<Mac>,
    /// The state of its reachability: `reachable`, `stale`, `failed`.
    pub reachability: String,
    /// `NTF_ROUTER`: it said that it is a router.
    pub router: bool,
}

/// Counters of an interface, those that decide something, by the kernel's names.
pub type Counters = BTreeMap<String, u64>;

/// Counters of an interface before and after the conversations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CountersWitness {
    /// Before the first frame was sent.
    pub before: Counters,
    /// After the last answer.
    pub after: Counters,
}

impl CountersWitness {
    /// By how much `name` grew.
    ///
    /// # Errors
    /// The kernel has no counter of that name.
    pub fn grew(&self, name: &str) -> Result<u64, Unknown> {
        let of = |counters: &Counters| counters.get(name).copied().ok_or_else(|| Unknown::new(format!("this kernel has no counter {name}")));
        Ok(of(&self.after)?.saturating_sub(of(&self.before)?))
    }
}

/// A DHCPv6 lease that a client keeps on disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lease {
    /// The file.
    pub path: String,
    /// The line where the lease begins, from 1; 0 for the whole of a file without lines.
    pub line: u32,
    /// The client that keeps it, named as among the owners: `dhclient`, `NetworkManager`.
    pub client: String,
    /// The client's DUID, hexadecimal; from the lease itself or from the file that it stands in.
    pub duid: Option<String>,
    /// IAID of its identity association.
    pub iaid: Option<u32>,
    /// Its addresses.
    pub addresses: Vec<LeaseAddress>,
    /// It was given back.
    pub released: bool,
    /// It was still valid when it was observed: not released, and the lifetime of one of its addresses not over; where the client does not
    /// tell lifetimes, it runs and has it.
    pub fresh: bool,
}

/// An address of a lease.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeaseAddress {
    /// The address.
    pub address: Ipv6Addr,
    /// When its lifetimes began, in seconds since 1970.
    pub starts: u64,
    /// Preferred lifetime in seconds; absent where the client does not tell it.
    pub preferred_s: Option<u32>,
    /// Valid lifetime in seconds; absent where the client does not tell it.
    pub valid_s: Option<u32>,
}

/// Who is in charge of an interface now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Owners {
    /// Who handles Router Advertisements.
    pub ra: Observed<Owner>,
    /// The DHCPv6 clients that serve the interface; more than one is a fault.
    pub dhcpv6: Observed<Vec<Owner>>,
}

/// A program (or the kernel) in charge, and how one knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Owner {
    /// `kernel`, `systemd-networkd`, `NetworkManager`, `dhcpcd`, `dhclient`, `dhcp6c`, or the name of an unknown client's process.
    pub name: String,
    /// Its process, if it has one.
    pub pid: Option<u32>,
    /// How one knows: `/run/systemd/netif/links/2 has ADMIN_STATE=configured`.
    pub evidence: String,
}

impl Owner {
    /// The name under which the kernel itself is in charge.
    pub const KERNEL: &'static str = "kernel";

    /// The stack or client that it is, where that is one with a name of its own.
    pub fn id(&self) -> Option<StackId> {
        StackId::of_client(&self.name)
    }
}
