//! BusyBox' udhcpc6, started by `up` of ifupdown. It keeps nothing on disk, and no socket while it is bound.

use std::fmt::Write;
use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::guest::Nic;
use crate::{Guest, LabError};

/// Where `tests/install-packages` puts it: Debian 12's BusyBox is built without it.
const PROGRAM: &str = "/usr/local/lib/v6check-lab/udhcpc6";

/// Debian's and Alpine's scripts install no address; this one does, with the length that DHCPv6 gives one.
const SCRIPT: &str = "#!/bin/sh
case $1 in
deconfig) ip -6 addr flush dev \"$interface\" scope global ;;
bound | renew) ip -6 addr replace \"$ipv6/128\" dev \"$interface\" valid_lft \"$lease\" preferred_lft \"$lease\" ;;
esac
";

/// The kernel takes Router Advertisements.
pub(super) fn boot(guest: &mut Guest) -> Result<(), LabError> {
    let mut text = String::from("auto lo\niface lo inet loopback\n");
    for (number, nic) in guest.nics().iter().enumerate() {
        let Nic { name, dhcpv6, ipv4, ras } = nic;
        let _ = writeln!(text, "\nauto {name}");
        if *ipv4 {
            let _ = writeln!(text, "iface {name} inet static\n    address 10.65.{number}.10/24");
        }
        // By itself `auto` would write 2.
        let _ = writeln!(text, "iface {name} inet6 auto\n    accept_ra {}", u8::from(*ras));
        if *dhcpv6 {
            let _ = writeln!(text, "    up {PROGRAM} -b -i {name} -s /etc/udhcpc/default6.script");
        }
    }
    guest.write("etc/network/interfaces", &text)?;
    guest.enable_networking()?;
    guest.write("etc/udhcpc/default6.script", SCRIPT)?;
    fs::set_permissions(guest.path("etc/udhcpc/default6.script"), fs::Permissions::from_mode(0o755)).map_err(LabError::io("udhcpc6's script"))?;
    guest.bring_up()?;
    for Nic { name, .. } in guest.nics().to_vec().into_iter().filter(|nic| nic.dhcpv6) {
        guest.wait_for_link_local(&name)?;
        let mut command = guest.command(PROGRAM);
        guest.start(&format!("udhcpc6.{name}"), command.args(["-f", "-v", "-i", &name, "-s", "/etc/udhcpc/default6.script"]))?;
    }
    Ok(())
}
