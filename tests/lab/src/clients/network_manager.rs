//! NetworkManager, set up by a keyfile (NetworkManager.conf(5), nm-settings-keyfile(5)), with a bus of its own.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::command::poll;
use crate::guest::Nic;
use crate::{Guest, LabError, STATE_LIMIT};

/// A system bus on which everybody may do everything: nobody but the guest's own programs reaches it.
const BUS: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path=/run/dbus/system_bus_socket</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*"/>
    <allow receive_sender="*"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#;

/// As Debian's package has it.
const CONFIGURATION: &str = "[main]\nplugins=ifupdown,keyfile\n\n[ifupdown]\nmanaged=false\n";

/// With a profile for each NIC. `method=dhcp` runs DHCPv6 and ignores Router Advertisements; `ignore` leaves IPv6 to the kernel, without
/// DHCPv6; `link-local` does neither.
pub(super) fn boot(guest: &mut Guest) -> Result<(), LabError> {
    guest.write("etc/NetworkManager/NetworkManager.conf", CONFIGURATION)?;
    for (number, nic) in guest.nics().iter().enumerate() {
        let Nic { name, dhcpv6, ipv4, ras } = nic;
        let method = match (ras, dhcpv6) {
            (true, true) => "auto",
            (true, false) => "ignore",
            (false, true) => "dhcp",
            (false, false) => "link-local",
        };
        let ipv4 = if *ipv4 { format!("method=manual\naddress1=10.65.{number}.10/24") } else { "method=disabled".into() };
        let text = format!(
            "[connection]\nid={name}\nuuid=c0ffee00-0000-4000-8000-{number:012}\ntype=ethernet\ninterface-name={name}\n\n[ipv4]\n{ipv4}\n\n\
             [ipv6]\nmethod={method}\n"
        );
        let file = format!("etc/NetworkManager/system-connections/{name}.nmconnection");
        guest.write(&file, &text)?;
        // It refuses a profile that others may read: there can be secrets in it.
        fs::set_permissions(guest.path(&file), fs::Permissions::from_mode(0o600)).map_err(LabError::io(file))?;
    }
    guest.enable("NetworkManager.service")?;
    guest.write("etc/dbus-1/system.conf", BUS)?;
    for directory in ["run/dbus", "var/lib/NetworkManager"] {
        fs::create_dir_all(guest.path(directory)).map_err(LabError::io(directory))?;
    }
    guest.start("dbus", guest.command("dbus-daemon").args(["--config-file=/etc/dbus-1/system.conf", "--nofork"]))?;
    poll("the guest's bus", STATE_LIMIT, || Ok(guest.path("run/dbus/system_bus_socket").exists()))?;
    guest.start("NetworkManager", guest.command("NetworkManager").args(["--no-daemon", "--log-level=DEBUG"]))
}
