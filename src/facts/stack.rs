//! The names of network stacks and DHCPv6 clients.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! ids {
    ($($(#[$what:meta])* $id:ident = $name:literal;)*) => {
        /// A network stack, a DHCPv6 client, or what writes the files of another; stored, shown and named in check files by its own spelling.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[non_exhaustive]
        pub enum StackId {
            $($(#[$what])* #[serde(rename = $name)] $id,)*
        }

        impl StackId {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$id),*];

            /// Its name, as facts, reports and check files have it.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$id => $name,)*
                }
            }
        }
    };
}

ids! {
    /// Debian's ifupdown.
    Ifupdown = "ifupdown";
    /// ifupdown2 of Cumulus Linux and Proxmox.
    Ifupdown2 = "ifupdown2";
    /// ifupdown-ng, as Alpine has it.
    IfupdownNg = "ifupdown-ng";
    /// The `ifup` of BusyBox.
    BusyBox = "BusyBox";
    /// netplan, which has systemd-networkd or NetworkManager do the work.
    Netplan = "netplan";
    /// systemd-networkd.
    Networkd = "systemd-networkd";
    /// NetworkManager.
    NetworkManager = "NetworkManager";
    /// Red Hat's network scripts.
    NetworkScripts = "network-scripts";
    /// dhcpcd, alone or started by another stack.
    Dhcpcd = "dhcpcd";
    /// wicked of SUSE.
    Wicked = "wicked";
    /// `ConnMan`.
    ConnMan = "ConnMan";
    /// netifd of OpenWrt.
    Netifd = "netifd";
    /// cloud-init, which writes the files of another stack.
    CloudInit = "cloud-init";
    /// The element dhcp-all-interfaces of diskimage-builder, which writes the files of another stack.
    DhcpAllInterfaces = "dhcp-all-interfaces";
    /// glean, which the element simple-init of diskimage-builder installs and which writes the files of another stack.
    Glean = "glean";
    /// ISC dhclient.
    Dhclient = "dhclient";
    /// The DHCPv6 client of BusyBox.
    Udhcpc6 = "udhcpc6";
    /// dhcp6c of wide-dhcpv6.
    Dhcp6c = "dhcp6c";
    /// odhcp6c of OpenWrt.
    Odhcp6c = "odhcp6c";
    /// dibbler-client.
    Dibbler = "dibbler";
}

impl StackId {
    /// The one of this name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|id| id.name() == name)
    }
}

impl StackId {
    /// The one that calls itself so as an owner or in a lease: by its name, or by that of its program.
    pub fn of_client(name: &str) -> Option<Self> {
        match name {
            "connmand" => Some(Self::ConnMan),
            "dibbler-client" => Some(Self::Dibbler),
            name => Self::of_name(name),
        }
    }
}

impl fmt::Display for StackId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::StackId;

    #[test]
    fn each_is_stored_by_its_name() {
        for id in StackId::ALL {
            let stored = serde_json::to_string(id).unwrap();
            assert_eq!(stored, format!("\"{id}\""));
            assert_eq!(serde_json::from_str::<StackId>(&stored).unwrap(), *id);
            assert_eq!(StackId::of_name(id.name()), Some(*id));
        }
        assert_eq!(StackId::of_name("ifupdown3"), None);
        assert!(serde_json::from_str::<StackId>("\"networkd\"").is_err());
    }
}
