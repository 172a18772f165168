//! Intent: what the image is set up to do at the next boot, from its configuration files.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Mac, Observed, StackId};

/// Where a configured value stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileLine {
    /// Absolute path in the image.
    pub path: String,
    /// Line, from 1; 0 where the whole file (or its absence) is meant.
    pub line: u32,
}

impl FileLine {
    /// Whether cloud-init writes this file for each instance, by the name that its renderers give it.
    pub fn is_of_cloud_init(&self) -> bool {
        let Some((folder, name)) = self.path.rsplit_once('/') else { return false };
        let between = |start: &str, end: &str| name.strip_prefix(start).is_some_and(|rest| rest.ends_with(end));
        match folder {
            "/etc/netplan" => name == "50-cloud-init.yaml",
            "/etc/network/interfaces.d" => matches!(name, "50-cloud-init" | "50-cloud-init.cfg"),
            "/etc/systemd/network" => between("10-cloud-init-", ".network"),
            "/etc/NetworkManager/system-connections" => between("cloud-init-", ".nmconnection"),
            _ => false,
        }
    }

    /// The file as a whole, or its absence.
    pub fn whole(path: &str) -> Self {
        Self { path: path.to_owned(), line: 0 }
    }
}

/// As `/etc/network/interfaces:7`; the whole file as its path alone.
impl fmt::Display for FileLine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => formatter.write_str(&self.path),
            line => write!(formatter, "{}:{line}", self.path),
        }
    }
}

/// What the image is set up to do with one interface.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InterfaceIntent {
    /// The network stack that will be in charge of it; unknown where none is read, or several would be.
    pub stack: Observed<Intent>,
    /// Every stack that is set up to configure it, and every DHCPv6 client; more than one is a fault.
    pub claims: Observed<Vec<Claim>>,
    /// Its `/proc/sys/net/ipv6/conf/` settings as sysctl.d and its like will write them at boot, by file name. What nothing writes is absent.
    pub sysctl: Observed<BTreeMap<String, Setting<i64>>>,
    /// The firewalls that are set up to start at boot; a packet must pass each of them.
    pub firewalls: Observed<Vec<Firewall>>,
}

impl InterfaceIntent {
    /// Of an interface whose files were not read.
    pub fn unread() -> Self {
        fn not_read<T>() -> Observed<T> {
            Observed::unknown("its configuration was not read")
        }
        Self { stack: not_read(), claims: not_read(), sysctl: not_read(), firewalls: not_read() }
    }

    /// Of a guest whose files are not at hand, for this reason.
    pub fn absent(reason: &str) -> Self {
        let absent = || reason.to_owned();
        Self {
            stack: Observed::Absent(absent()),
            claims: Observed::Absent(absent()),
            sysctl: Observed::Absent(absent()),
            firewalls: Observed::Absent(absent()),
        }
    }
}

/// A network stack, or a DHCPv6 client, that is set up to configure an interface.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// The stack.
    pub stack: StackId,
    /// Where it says so.
    pub at: FileLine,
    /// What stands there.
    pub text: String,
}

/// What one network stack is set up to do with one interface.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Intent {
    /// The stack whose files say so and are to be changed.
    pub stack: StackId,
    /// The daemon that carries it out, where that is another: `systemd-networkd` or `NetworkManager` behind netplan, `dhcpcd` started by ifupdown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<StackId>,
    /// The program that runs DHCPv6 for addresses; absent where none does, or facts of an earlier version do not say which.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<StackId>,
    /// Whether it brings the interface up at boot by itself (`auto`, `allow-hotplug`, `ONBOOT`, `autoconnect`).
    pub at_boot: Setting<bool>,
    /// Whether it runs DHCPv6 for addresses.
    pub dhcpv6: Setting<RunsDhcpv6>,
    /// Whether Router Advertisements are taken while it is in charge, and by whom.
    pub takes_ras: Setting<TakesRas>,
    /// What it writes to the kernel's `accept_ra`, after sysctl.d; absent where it leaves it alone.
    pub accept_ra: Option<Setting<i64>>,
    /// What it writes to the kernel's `disable_ipv6`, after sysctl.d; absent where it leaves it alone, or that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disable_ipv6: Option<Setting<i64>>,
    /// What will write its files anew, or overrides them: cloud-init, a generator.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overrides: Vec<Setting<StackId>>,
    /// How many seconds the stack waits for a link-local address before it gives up on DHCPv6; absent where it does not give up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link_local_wait_s: Option<Setting<u32>>,
}

impl Intent {
    /// Of a stack that carries it out itself, writes nothing to the kernel's settings, and whose files nothing writes anew.
    pub fn new(stack: StackId, at_boot: Setting<bool>, dhcpv6: Setting<RunsDhcpv6>, takes_ras: Setting<TakesRas>) -> Self {
        Self {
            stack,
            by: None,
            client: None,
            at_boot,
            dhcpv6,
            takes_ras,
            accept_ra: None,
            disable_ipv6: None,
            overrides: Vec::new(),
            link_local_wait_s: None,
        }
    }

    /// Of a stack that leaves the interface alone, for this reason: the kernel takes Router Advertisements.
    pub fn leaving_alone(stack: StackId, reason: &Setting<()>) -> Self {
        Self::new(stack, reason.holding(false), reason.holding(RunsDhcpv6::No), reason.holding(TakesRas::Kernel))
    }

    /// With `client` as the program that runs DHCPv6, if any does.
    #[must_use]
    pub fn with_client(self, client: StackId) -> Self {
        let runs = matches!(self.dhcpv6.value, RunsDhcpv6::Yes | RunsDhcpv6::WhenManaged);
        Self { client: runs.then_some(client), ..self }
    }
}

/// Whether Router Advertisements are taken, and by whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TakesRas {
    /// The kernel is left to take them, as `accept_ra` says.
    Kernel,
    /// The stack takes them itself.
    Itself,
    /// The stack sees to it that nobody takes them.
    No,
}

/// A configured value and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setting<T> {
    /// The value.
    pub value: T,
    /// Where it is written.
    pub at: FileLine,
    /// The line as it stands there, or the rule that makes the value where no line does.
    pub text: String,
}

impl Setting<()> {
    /// What holds for lack of a line in the file at `path`, by the rule `text`.
    pub fn by_rule(path: &str, text: impl Into<String>) -> Self {
        Self { value: (), at: FileLine::whole(path), text: text.into() }
    }
}

impl<T> Setting<T> {
    /// Another value that the same line makes.
    pub fn holding<U>(&self, value: U) -> Setting<U> {
        Setting { value, at: self.at.clone(), text: self.text.clone() }
    }
}

/// Whether a stack runs DHCPv6 for addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunsDhcpv6 {
    /// Always.
    Yes,
    /// Never.
    No,
    /// When a Router Advertisement sets M.
    WhenManaged,
    /// It is set up to, but no DHCPv6 client that it can start is installed, so it fails.
    NoClient,
}

/// What the host as a whole is set up to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HostIntent {
    /// ISC dhclient, if it is installed.
    pub dhclient: Observed<Option<Dhclient>>,
    /// Lines of the places where Calico's recipe is pasted (dhclient-script and its hooks, sysctl.d) that still carry the backticks of the
    /// web page, so that they have no effect.
    pub pasted_backticks: Observed<Vec<PastedLine>>,
    /// Words about IPv6 that the boot loader gives the kernel: `ipv6.disable=1`, `ip=dhcp6`.
    pub command_line: Observed<Vec<Setting<String>>>,
    /// Lines of modprobe.d that keep the module ipv6 out or switch it off.
    pub modules: Observed<Vec<Setting<String>>>,
    /// What of the image's identity is fixed in its files, so that clones share it.
    pub identity: Observed<BakedIdentity>,
}

impl HostIntent {
    /// Of a guest whose files are not at hand, for this reason.
    pub fn absent(reason: &str) -> Self {
        let absent = || reason.to_owned();
        Self {
            dhclient: Observed::Absent(absent()),
            pasted_backticks: Observed::Absent(absent()),
            command_line: Observed::Absent(absent()),
            modules: Observed::Absent(absent()),
            identity: Observed::Absent(absent()),
        }
    }
}

/// A firewall as it is set up to start at boot, and what it does with what IPv6 configuration needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Firewall {
    /// `firewalld`, `ufw`, `nftables`, `ip6tables`.
    pub manager: String,
    /// Router Advertisements (ICMPv6 type 134) to the guest.
    pub ras: Setting<Passes>,
    /// DHCPv6 answers (UDP from port 547 to port 546) to the guest.
    pub dhcpv6: Setting<Passes>,
}

/// Whether a firewall lets something in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Passes {
    /// It does.
    Yes,
    /// It drops or rejects it.
    No,
    /// Its rules cannot be read to an end: sets, maps, jumps that depend on what is not known.
    CannotTell,
}

/// What of an image's identity is fixed in its files.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BakedIdentity {
    /// A machine-id that clones share: in /etc/machine-id or /var/lib/dbus/machine-id.
    pub machine_id: Option<Setting<String>>,
    /// DUIDs that clients keep.
    pub duids: Vec<BakedDuid>,
    /// DHCPv6 leases that clients keep: where, and a line of it.
    pub leases: Vec<Setting<String>>,
    /// Secrets that stable addresses are made of: where, and which (never the secret itself).
    pub secrets: Vec<Setting<String>>,
    /// What could not be read, by the name of the field that it would be in, and why: there it may be that more is fixed than is told.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub unread: BTreeMap<String, String>,
}

/// A DUID that a client keeps on disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BakedDuid {
    /// The client.
    pub client: StackId,
    /// Where it stands.
    pub at: FileLine,
    /// The DUID, hexadecimal.
    pub duid: String,
    /// Its type, MAC address and time in words.
    pub decoded: String,
    /// The MAC address in it.
    pub mac: Option<Mac>,
}

/// ISC dhclient as installed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dhclient {
    /// Path of the binary.
    pub path: String,
    /// Its version as built in: `4.4.3-P1`; absent if the binary shows none.
    pub version: Option<String>,
    /// Whether it knows `--address-prefix-len` (ISC DHCP 4.4.0 and back-ports).
    pub has_prefix_length_option: bool,
    /// The script that installs addresses; absent if there is none.
    pub script: Option<DhclientScript>,
}

/// What dhclient-script does with the length of an address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DhclientScript {
    /// Path of the script.
    pub path: String,
    /// First line that uses `new_ip6_prefixlen` to install an address; absent if the script ignores the length, as Debian's since
    /// isc-dhcp 4.3.3-6 does, so that the kernel makes it /128.
    pub uses_length: Option<FileLine>,
    /// An effective line (also of an enter hook) that sets `new_ip6_prefixlen=128`.
    pub sets_128: Option<FileLine>,
}

/// A line pasted with its backticks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PastedLine {
    /// Where it stands.
    pub at: FileLine,
    /// The line.
    pub text: String,
}

#[cfg(test)]
mod tests {
    use super::FileLine;

    #[test]
    fn files_that_cloud_init_writes() {
        for path in [
            "/etc/netplan/50-cloud-init.yaml",
            "/etc/network/interfaces.d/50-cloud-init",
            "/etc/systemd/network/10-cloud-init-eth0.network",
            "/etc/NetworkManager/system-connections/cloud-init-eth0.nmconnection",
        ] {
            assert!(FileLine::whole(path).is_of_cloud_init(), "{path}");
        }
        for path in ["/etc/netplan/99-not-cloud-init.yaml", "/root/cloud-init/etc/netplan/01.yaml", "/etc/cloud/cloud.cfg.d/cloud-init.cfg", ""] {
            assert!(!FileLine::whole(path).is_of_cloud_init(), "{path}");
        }
    }
}
