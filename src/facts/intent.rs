//! Intent: what the image is set up to do at the next boot, from its configuration files.

use serde::{Deserialize, Serialize};

use super::Observed;

/// Where a configured value stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileLine {
    /// Absolute path in the image.
    pub path: String,
    /// Line, from 1; 0 where the whole file (or its absence) is meant.
    pub line: u32,
}

/// What one network stack is set up to do with one interface.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Intent {
    /// The stack that will configure the interface, by the name its remedies have in check files: `ifupdown`.
    pub stack: String,
    /// Whether it brings the interface up at boot by itself (`auto`, `allow-hotplug`).
    pub at_boot: Setting<bool>,
    /// Whether it runs DHCPv6 for addresses.
    pub dhcpv6: Setting<RunsDhcpv6>,
    /// What it writes to the kernel's `accept_ra`; absent where it leaves it alone.
    pub accept_ra: Option<Setting<i64>>,
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
