//! A guest that is right because somebody saw to it by hand, until its next boot.

use std::fmt::Write;

use super::{Break, GOOD};
use crate::vm::Layer;

/// The unit plays the hand, and goes away as it runs. It is late for a client of the boot, which has a minute. The guest calls its network up only
/// once the client has its lease, and the report does not come before, however slow the guest is. For images with ifupdown whose client is ISC
/// dhclient.
pub(super) const CLIENT_BY_HAND: Break = Break {
    name: "client-by-hand",
    title: "without the recipe, and dhclient started by hand after the boot",
    nic: |nics| nics.iter_mut().for_each(|nic| nic.dhcpv6 = false),
    layer: |_, nics| {
        const UNIT: &str = "[Unit]\nDescription=Somebody at the console\nAfter=networking.service\nBefore=network-online.target\n\n\
                            [Service]\nType=forking\nTimeoutStartSec=infinity\nExecStart=/usr/local/sbin/by-hand\n\n[Install]\nWantedBy=multi-user.target\n";
        let mut script = String::from("#!/bin/sh\nrm /etc/systemd/system/multi-user.target.wants/by-hand.service \"$0\"\nsleep 62\n");
        // By ifupdown's file of leases, which has the DUID: one of its own would keep the address from the client of the next boot.
        for nic in nics {
            let _ = writeln!(script, "dhclient -6 -pf /run/by-hand.{0}.pid -lf /var/lib/dhcp/dhclient6.{0}.leases {0}", nic.name);
        }
        Layer::default()
            .program("usr/local/sbin/by-hand", &script)
            .file("etc/systemd/system/by-hand.service", UNIT)
            .file("etc/systemd/system/v6check-report.timer.d/by-hand.conf", "[Timer]\nOnActiveSec=\nOnActiveSec=30min\n")
            .run("systemctl enable by-hand.service")
    },
    ..GOOD
};
