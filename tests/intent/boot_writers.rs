//! What programs of OpenStack's image builder will write at boot for other stacks: dhcp-all-interfaces and glean.

use v6check::facts::{Intent, RunsDhcpv6, StackId, TakesRas};

use super::image::{DHCLIENT, File, image, interface, known, nic};

const RULE: &str = "SUBSYSTEM==\"net\", KERNEL!=\"lo\", ACTION==\"add|move\", TAG+=\"systemd\", ENV{SYSTEMD_WANTS}+=\"UNIT@$name.service\"\n";
const SCRIPT: &str = "/usr/local/sbin/dhcp-all-interfaces.sh";
const ASKS: File<'static> = (SCRIPT, "#!/bin/bash\nRA=$(rdisc6 --single \"$1\")\n");
const UNIT: File<'static> = (
    "/usr/lib/systemd/system/dhcp-interface@.service",
    "[Service]\nExecStartPre=/usr/local/sbin/dhcp-all-interfaces.sh %i\nExecStart=/sbin/ifup %i\n",
);
const INTERFACES: File<'static> = ("/etc/network/interfaces", "auto lo\niface lo inet loopback\n");
const PYTHON: File<'static> = ("/opt/glean/python-glean", "#!/bin/bash\n");

fn stack(files: &[File<'_>]) -> Result<Intent, String> {
    known(interface(image(files).path(), nic("eth0", None)).stack)
}

/// Debian with the element dhcp-all-interfaces, and `more`.
fn element(more: &[File<'_>]) -> Result<Intent, String> {
    let rule = RULE.replace("UNIT", "dhcp-interface");
    let files = [DHCLIENT, INTERFACES, UNIT, ("/sbin/ifup", ""), ("/etc/udev/rules.d/99-dhcp-all-interfaces.rules", &rule[..])];
    stack(&[&files, more].concat())
}

const WHOLE: [File<'static>; 3] = [ASKS, ("/usr/bin/rdisc6", ""), ("/var/lib/dhcp/dhclient.leases", "")];

/// A system with glean, whose unit starts it with these options.
fn glean(options: &str, more: &[File<'_>]) -> Result<Intent, String> {
    let rule = RULE.replace("UNIT", "glean").replace("KERNEL!=\"lo\"", "ATTR{addr_assign_type}==\"0\"");
    let unit = format!("[Service]\nEnvironment=\"ARGS=--interface %I\"\nExecStart=/opt/glean/python-glean {options} $ARGS\n");
    let files = [PYTHON, ("/etc/udev/rules.d/99-glean.rules", &rule[..]), ("/usr/lib/systemd/system/glean@.service", &unit[..])];
    stack(&[&files, more].concat())
}

#[test]
fn a_router_advertisement_decides_what_dhcp_all_interfaces_writes() {
    let intent = element(&WHOLE).unwrap();
    assert_eq!((intent.stack, intent.by, intent.client), (StackId::Ifupdown, Some(StackId::DhcpAllInterfaces), Some(StackId::Dhclient)));
    assert_eq!((intent.dhcpv6.value, intent.takes_ras.value, intent.at_boot.value), (RunsDhcpv6::WhenManaged, TakesRas::Kernel, true));
    assert_eq!((&intent.dhcpv6.at.path[..], intent.dhcpv6.at.line), (SCRIPT, 0));
    let text = "/etc/network/interfaces as dhcp-all-interfaces writes it when a Router Advertisement sets M: iface eth0 inet6 dhcp";
    assert_eq!(intent.dhcpv6.text, text);
}

#[test]
fn what_keeps_dhcp_all_interfaces_from_ipv6() {
    for (files, reason) in [
        (&[ASKS, WHOLE[2]][..], "rdisc6 is not installed"),
        (&[ASKS, WHOLE[1]], "the folder for it is missing"),
        (&[(SCRIPT, "#!/bin/bash\n# rdisc6 and inet6 are for later\necho iface\n"), WHOLE[1], WHOLE[2]], "before November 2019"),
    ] {
        let intent = element(files).unwrap();
        assert_eq!((intent.dhcpv6.value, intent.by), (RunsDhcpv6::No, Some(StackId::DhcpAllInterfaces)), "{reason}");
        assert!(intent.dhcpv6.text.contains(reason), "{}", intent.dhcpv6.text);
    }
    let other = element(&[(SCRIPT, "#!/bin/bash\necho iface $1 inet6 dhcp\n"), WHOLE[1], WHOLE[2]]).unwrap_err();
    assert!(other.contains("without asking by rdisc6"), "{other}");
}

#[test]
fn dhcp_all_interfaces_leaves_what_has_a_configuration_or_is_not_started() {
    let stanza = ("/etc/network/interfaces", "auto eth0\niface eth0 inet dhcp\n");
    let configured = element(&[&WHOLE[..], &[stanza]].concat()).unwrap();
    assert_eq!((configured.by, configured.dhcpv6.value), (None, RunsDhcpv6::No));
    for file in [
        ("/etc/systemd/system/dhcp-interface@.service", "-> /dev/null"),
        ("/etc/udev/rules.d/99-dhcp-all-interfaces.rules", "# none\n"),
        ("/etc/udev/rules.d/99-dhcp-all-interfaces.rules", "KERNEL==\"eth1\", ENV{SYSTEMD_WANTS}+=\"dhcp-interface@$name.service\"\n"),
    ] {
        let intent = element(&[&WHOLE[..], &[file]].concat()).unwrap();
        assert_eq!((intent.by, intent.at_boot.value), (None, false), "{file:?}");
    }
}

#[test]
fn dhcp_all_interfaces_beside_cloud_init() {
    let cloud: [File<'_>; 2] = [("/etc/cloud/cloud.cfg", "system_info:\n  network:\n    renderers: [netplan]\n"), ("/usr/bin/cloud-init", "")];
    let reason = element(&[&WHOLE[..], &cloud].concat()).unwrap_err();
    assert!(reason.contains("cloud-init and dhcp-all-interfaces both write"), "{reason}");
    let off = ("/etc/cloud/cloud.cfg", "network: {config: disabled}\n");
    assert_eq!(element(&[&WHOLE[..], &[off, cloud[1]]].concat()).unwrap().by, Some(StackId::DhcpAllInterfaces));
}

#[test]
fn glean_writes_no_ipv6_whatever_the_config_drive_says() {
    let debian: [File<'_>; 4] = [DHCLIENT, INTERFACES, ("/etc/os-release", "ID=debian\nVERSION_ID=\"12\"\n"), ("/sbin/ifup", "")];
    let intent = glean("", &debian).unwrap();
    assert_eq!((intent.stack, intent.by, intent.dhcpv6.value), (StackId::Ifupdown, Some(StackId::Glean), RunsDhcpv6::No));
    assert_eq!(intent.dhcpv6.at.path, "/opt/glean/python-glean");
    // It writes the main file anew, whatever stood there.
    let own = ("/etc/network/interfaces", "auto eth0\niface eth0 inet6 dhcp\n");
    assert_eq!(glean("", &[&debian[..], &[own]].concat()).unwrap().dhcpv6.value, RunsDhcpv6::No);
    let kept = [("/etc/network/interfaces", "source /etc/network/interfaces.d/*\n"), ("/etc/network/interfaces.d/eth0.cfg", own.1)];
    let kept = glean("", &[&debian[..], &kept].concat()).unwrap();
    assert_eq!((kept.by, kept.dhcpv6.value), (None, RunsDhcpv6::Yes));
    let drive = glean("--no-dhcp-fallback", &debian).unwrap_err();
    assert!(drive.contains("only by a config drive"), "{drive}");
}

#[test]
fn glean_for_network_manager() {
    let manager = |system: &str| {
        let wanted = ("/etc/systemd/system/multi-user.target.wants/NetworkManager.service", "-> /usr/lib/systemd/system/NetworkManager.service");
        let files = [("/usr/sbin/NetworkManager", ""), wanted, ("/usr/lib/systemd/system/NetworkManager.service", "[Service]\n")];
        glean("--use-nm", &[&files[..], &[("/etc/os-release", system)]].concat()).unwrap()
    };
    let release_9 = manager("ID=rocky\nID_LIKE=\"rhel centos fedora\"\nVERSION_ID=\"9.4\"\nPLATFORM_ID=\"platform:el9\"\n");
    assert_eq!((release_9.stack, release_9.by, release_9.dhcpv6.value), (StackId::NetworkManager, Some(StackId::Glean), RunsDhcpv6::No));
    let release_10 = manager("ID=rocky\nID_LIKE=\"rhel centos fedora\"\nVERSION_ID=\"10.0\"\nPLATFORM_ID=\"platform:el10\"\n");
    assert_eq!((release_10.by, release_10.dhcpv6.value), (Some(StackId::Glean), RunsDhcpv6::WhenManaged));
    let not_known = manager("ID=almalinux\nID_LIKE=\"rhel centos fedora\"\nVERSION_ID=\"9.4\"\nPLATFORM_ID=\"platform:el9\"\n");
    assert_eq!((not_known.by, not_known.dhcpv6.value), (None, RunsDhcpv6::WhenManaged));
}
