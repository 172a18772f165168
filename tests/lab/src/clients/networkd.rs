//! systemd-networkd, set up by a file of its own or by netplan (systemd.network(5), netplan(5)).

use std::fmt::Write;

use crate::guest::Nic;
use crate::{Guest, LabError};

const DAEMON: &str = "/lib/systemd/systemd-networkd";
const UNIT: &str = "systemd-networkd.service";

/// Keeps systemd-networkd from DHCPv6 that a Router Advertisement asks for; `DHCP=` does not.
const NO_DHCPV6: &str = "[IPv6AcceptRA]\nDHCPv6Client=no\n";

/// With a .network file for each NIC. Without Router Advertisements, DHCPv6 is told not to wait for one.
pub(super) fn boot(guest: &mut Guest) -> Result<(), LabError> {
    for (number, nic) in guest.nics().iter().enumerate() {
        let Nic { name, dhcpv6, ipv4, ras } = nic;
        let mut text = format!("[Match]\nName={name}\n\n[Network]\nDHCP={}\n", if *dhcpv6 { "ipv6" } else { "no" });
        if *ipv4 {
            let _ = writeln!(text, "Address=10.65.{number}.10/24");
        }
        match (ras, dhcpv6) {
            (true, true) => {}
            (true, false) => {
                let _ = write!(text, "\n{NO_DHCPV6}");
            }
            (false, true) => text.push_str("IPv6AcceptRA=no\n\n[DHCPv6]\nWithoutRA=solicit\n"),
            (false, false) => text.push_str("IPv6AcceptRA=no\n"),
        }
        guest.write(&format!("etc/systemd/network/10-{name}.network"), &text)?;
    }
    start(guest)
}

/// With /etc/netplan; its generator writes the .network files below /run, as it does at each boot. netplan has no key that keeps
/// systemd-networkd from DHCPv6, so a drop-in does.
pub(super) fn boot_by_netplan(guest: &mut Guest) -> Result<(), LabError> {
    let mut text = String::from("network:\n  version: 2\n  renderer: networkd\n  ethernets:\n");
    for (number, nic) in guest.nics().iter().enumerate() {
        let Nic { name, dhcpv6, ipv4, ras } = nic;
        let _ = writeln!(text, "    {name}:\n      dhcp6: {dhcpv6}");
        if !ras {
            text.push_str("      accept-ra: false\n");
        }
        if *ipv4 {
            let _ = writeln!(text, "      addresses: [10.65.{number}.10/24]");
        }
        if !dhcpv6 {
            guest.write(&format!("etc/systemd/network/10-netplan-{name}.network.d/no-dhcpv6.conf"), NO_DHCPV6)?;
        }
    }
    guest.write("etc/netplan/50-cloud-init.yaml", &text)?;
    guest.succeed("/usr/libexec/netplan/generate", &[])?;
    start(guest)
}

/// It gives up root for its own user, whose state directory the service manager makes.
fn start(guest: &mut Guest) -> Result<(), LabError> {
    guest.enable(UNIT)?;
    guest.succeed("install", &["-d", "-o", "systemd-network", "-g", "systemd-network", "/run/systemd/netif"])?;
    guest.start("systemd-networkd", guest.command(DAEMON).env("SYSTEMD_LOG_LEVEL", "debug"))
}
