//! dhcpcd as a service for all interfaces, set up by dhcpcd.conf(5).

use std::fmt::Write;
use std::fs;

use crate::guest::Nic;
use crate::{Guest, LabError};

/// What Debian's package ships, as far as it matters here.
const SHIPPED: &str = "hostname\nduid\npersistent\noption domain_name_servers, domain_name, domain_search\noption interface_mtu\n\
                       require dhcp_server_identifier\nslaac private\n";

/// With the shipped dhcpcd.conf and a block for each NIC. `nogateway` keeps it from routes that a Router Advertisement offers, and `nodhcp6`
/// from DHCPv6. (`noipv6rs` leaves Router Advertisements to the kernel, which takes them.)
pub(super) fn boot(guest: &mut Guest) -> Result<(), LabError> {
    let mut text = String::from(SHIPPED);
    for (number, nic) in guest.nics().iter().enumerate() {
        let Nic { name, dhcpv6, ipv4, ras } = nic;
        let _ = writeln!(text, "\ninterface {name}");
        if *ipv4 {
            let _ = writeln!(text, "noarp\nstatic ip_address=10.65.{number}.10/24");
        }
        if !ras {
            text.push_str("nogateway\n");
        }
        if !dhcpv6 {
            text.push_str("nodhcp6\n");
        }
    }
    guest.write("etc/dhcpcd.conf", &text)?;
    guest.enable("dhcpcd.service")?;
    for directory in ["run/dhcpcd", "var/lib/dhcpcd"] {
        fs::create_dir_all(guest.path(directory)).map_err(LabError::io(directory))?;
    }
    // It would wait for udev, which does not speak of links in a namespace.
    guest.start("dhcpcd", guest.command("dhcpcd").args(["--nobackground", "--debug", "--nodev"]))
}
