//! ISC dhclient as it is installed, and the lines of Calico's recipe for it that were pasted with their backticks.

use std::path::Path;

use v6check::facts::{Dhclient, Observed};
use v6check::observe::intent;

use super::image::{DHCLIENT, image};

fn dhclient(files: &[(&str, &str)]) -> Dhclient {
    intent::host(image(files).path()).dhclient.get().unwrap().clone().unwrap()
}

#[test]
fn isc_dhclient_as_installed() {
    assert_eq!(intent::host(image(&[]).path()).dhclient, Observed::Seen(None));
    let found = dhclient(&[DHCLIENT]);
    assert_eq!((&found.path[..], found.version.as_deref(), found.has_prefix_length_option), ("/sbin/dhclient", Some("4.4.3-P1"), true));
    assert_eq!(found.script, None);
    let script = "#!/bin/sh\n  ip -6 addr add ${new_ip6_address}/${new_ip6_prefixlen} dev ${interface}\n";
    let old = ("/sbin/dhclient", "\x004.2.4\0isc-dhclient-%s\0");
    let found = dhclient(&[old, ("/sbin/dhclient-script", script), ("/etc/dhcp/dhclient-enter-hooks.d/v6", "new_ip6_prefixlen=128\n")]);
    assert!(!found.has_prefix_length_option);
    let script = found.script.unwrap();
    assert_eq!(script.uses_length.unwrap().line, 2);
    assert_eq!(script.sets_128.unwrap().path, "/etc/dhcp/dhclient-enter-hooks.d/v6");
}

/// The real one, as Debian packages it.
#[test]
fn isc_dhclient_of_this_machine() {
    let host = intent::host(Path::new("/"));
    let found = host.dhclient.get().unwrap().as_ref().expect("the tests need isc-dhcp-client");
    assert!(found.version.as_deref().unwrap().starts_with("4.4."), "{found:?}");
    assert!(found.has_prefix_length_option);
    assert_eq!(found.script.as_ref().unwrap().uses_length, None, "Debian's script ignores the length");
}

#[test]
fn lines_pasted_with_backticks() {
    let root = image(&[
        ("/sbin/dhclient-script", "#!/bin/sh\n`new_ip6_prefixlen=128`\nx=`date`\n"),
        ("/etc/sysctl.d/30-eth0-rs-delay.conf", "`net.ipv6.conf.eth0.router_solicitation_delay = 10`\n"),
        ("/etc/network/interfaces.d/eth0.cfg", "iface eth0 inet6 dhcp\n    `accept_ra 1`\n"),
    ]);
    let pasted = intent::host(root.path()).pasted_backticks;
    let found: Vec<_> = pasted.get().unwrap().iter().map(|line| (&line.at.path[..], line.at.line)).collect();
    assert_eq!(found, [("/etc/network/interfaces.d/eth0.cfg", 2), ("/etc/sysctl.d/30-eth0-rs-delay.conf", 1), ("/sbin/dhclient-script", 2)]);
}
