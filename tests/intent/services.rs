//! Which services start at boot, and with which command lines.

use v6check::facts::{Intent, RunsDhcpv6, TakesRas};
use v6check::observe::intent;

use super::image::{DHCLIENT, File, image, interface, known, nic};

const SYSTEMD: File<'static> = ("/usr/lib/systemd/systemd", "x");
const WANTS: &str = "/etc/systemd/system/multi-user.target.wants";
const INTERFACES: File<'static> = ("/etc/network/interfaces", "auto eth0\niface eth0 inet6 dhcp\n");

fn of(files: &[File<'_>]) -> Result<Intent, String> {
    known(interface(image(&[&[SYSTEMD], files].concat()).path(), nic("eth0", None)).stack)
}

fn brought_up(files: &[File<'_>]) -> bool {
    of(&[&[DHCLIENT, INTERFACES], files].concat()).unwrap().at_boot.value
}

#[test]
fn units_and_start_links() {
    let wants = format!("{WANTS}/networking.service");
    let wanted: File<'_> = (&wants, "-> /usr/lib/systemd/system/networking.service");
    let unit: File<'_> = ("/usr/lib/systemd/system/networking.service", "[Service]\nExecStart=/sbin/ifup -a\n");
    let link: File<'_> = ("/etc/rcS.d/S12networking", "-> ../init.d/networking");
    let own = "/etc/systemd/system/networking.service";
    for (files, expected) in [
        (&[wanted, unit][..], true),
        (&[wanted], true),
        (&[unit], false),
        (&[], false),
        (&[link], true),
        (&[link, unit], false),
        (&[link, (own, "-> /dev/null")], false),
        (&[wanted, unit, (own, "-> /dev/null")], false),
        (&[wanted, unit, (own, "-> ../../../dev/null")], false),
        (&[wanted, unit, (own, "")], false),
        (&[wanted, ("/usr/lib/systemd/system/networking.service", "-> /dev/null")], false),
        (&[(&wants, "-> ../networking.service"), ("/usr/lib/systemd/system/networking.service", "-> /dev/null"), (own, "[Service]\n")], true),
        (
            &[(&wants, "-> /dev/null"), ("/usr/lib/systemd/system/multi-user.target.wants/networking.service", "-> ../networking.service"), unit],
            false,
        ),
    ] {
        assert_eq!(brought_up(files), expected, "{files:?}");
    }
}

#[test]
fn the_service_of_ifupdown() {
    let wants = format!("{WANTS}/networking.service");
    let wanted: File<'_> = (&wants, "");
    let defaults = "/etc/default/networking";
    for (text, expected) in [
        ("EXCLUDE_INTERFACES=eth0\n", false),
        ("EXCLUDE_INTERFACES=\"eth1 eth*\"\n", false),
        ("EXCLUDE_INTERFACES=eth1\n", true),
        ("#EXCLUDE_INTERFACES=eth0\n", true),
        ("CONFIGURE_INTERFACES=no\n", true),
    ] {
        assert_eq!(brought_up(&[wanted, (defaults, text)]), expected, "{text}");
    }
    // The init script obeys it, and udev's `allow-hotplug` goes by nothing of this.
    let sysvinit = [("/lib/sysvinit/init", ""), ("/etc/rcS.d/S12networking", ""), DHCLIENT, INTERFACES];
    let root = image(&sysvinit);
    assert!(known(interface(root.path(), nic("eth0", None)).stack).unwrap().at_boot.value);
    let root = image(&[&sysvinit[..], &[(defaults, "CONFIGURE_INTERFACES=no\n")]].concat());
    assert!(!known(interface(root.path(), nic("eth0", None)).stack).unwrap().at_boot.value);
    let by_name = format!("{WANTS}/ifup@eth0.service");
    assert!(brought_up(&[(&by_name, "")]));
    let hotplug = ("/etc/network/interfaces", "allow-hotplug eth0\niface eth0 inet6 dhcp\n");
    assert!(of(&[DHCLIENT, hotplug]).unwrap().at_boot.value);
    // Debian's ifupdown-ng brings no service.
    let ng = [("/sbin/ifup", "-> ifupdown"), ("/etc/network/interfaces", "auto eth0\niface eth0\n  use dhcp\n"), ("/sbin/dhcpcd", "")];
    assert!(!of(&ng).unwrap().at_boot.value);
}

#[test]
fn what_is_masked_is_said() {
    let reason = of(&[("/etc/systemd/system/systemd-networkd.service", "-> /dev/null")]).unwrap_err();
    assert!(reason.contains("installed and masked: systemd-networkd.service"), "{reason}");
}

#[test]
fn the_command_line_of_dhcpcd() {
    let wants = format!("{WANTS}/dhcpcd.service");
    let path = "/usr/lib/systemd/system/dhcpcd.service";
    let conf = ("/etc/other.conf", "noipv6rs\n");
    let managed = Some((RunsDhcpv6::WhenManaged, TakesRas::Itself));
    let none = Some((RunsDhcpv6::No, TakesRas::Kernel));
    for (start, expected) in [
        ("/usr/sbin/dhcpcd -q -B", managed),
        ("/usr/sbin/dhcpcd -4 -b", none),
        ("/usr/sbin/dhcpcd -q4", none),
        ("/usr/sbin/dhcpcd --ipv4only", none),
        ("/usr/sbin/dhcpcd --noipv6rs", none),
        ("/usr/sbin/dhcpcd --config /etc/other.conf", none),
        ("/usr/sbin/dhcpcd -f/etc/other.conf", none),
        ("/usr/sbin/dhcpcd --nodhcp6", Some((RunsDhcpv6::No, TakesRas::Itself))),
        ("/usr/sbin/dhcpcd $ARGS", none),
        ("/usr/sbin/dhcpcd -Z eth0", none),
        ("/usr/sbin/dhcpcd --denyinterfaces eth1", managed),
        ("/usr/sbin/dhcpcd -h -4 eth0", managed),
        ("/usr/sbin/dhcpcd eth1", None),
        ("@/usr/sbin/dhcpcd dhcpcd eth0", managed),
    ] {
        let unit = format!("[Service]\nEnvironmentFile=-/etc/default/dhcpcd\nExecStart={start}\n");
        let intent = of(&[(&wants, ""), (path, &unit), conf, ("/etc/default/dhcpcd", "ARGS=\"-b -4\"\n")]);
        assert_eq!(intent.ok().map(|intent| (intent.dhcpv6.value, intent.takes_ras.value)), expected, "{start}");
    }
    let unit = (path, "[Service]\nExecStart=/usr/sbin/dhcpcd -q\n");
    let drop_in = ("/etc/systemd/system/dhcpcd.service.d/a.conf", "[Service]\nExecStart=\nExecStart=/usr/sbin/dhcpcd -4\n");
    let intent = of(&[(&wants, ""), unit, drop_in]).unwrap();
    assert_eq!((intent.dhcpv6.value, intent.dhcpv6.at.to_string()), (RunsDhcpv6::No, "/etc/systemd/system/dhcpcd.service.d/a.conf:3".to_owned()));
    // A pattern to newer versions only.
    let reason = of(&[(&wants, ""), unit, ("/etc/dhcpcd.conf", "interface eth*\nnodhcp6\n")]).unwrap_err();
    assert!(reason.starts_with("/etc/dhcpcd.conf:1: `interface eth*` is a pattern"), "{reason}");
    assert!(of(&[(&wants, ""), unit, ("/etc/dhcpcd.conf", "interface eth*\nmetric 100\n")]).is_ok());
}

#[test]
fn a_duid_in_the_file_of_dhcpcd() {
    for (line, expected) in [("duid 00:01:00:01:32:97:d9:ac:fa:16:3e:11:22:33", 1), ("duid", 0), ("duid ll", 0), ("# duid 00:01:00:01", 0)] {
        let identity = intent::host(image(&[("/etc/dhcpcd.conf", line)]).path()).identity;
        assert_eq!(identity.get().unwrap().duids.len(), expected, "{line}");
    }
}

#[test]
fn connman() {
    let wants = format!("{WANTS}/connman.service");
    let unit = "/usr/lib/systemd/system/connman.service";
    let start = (unit, "[Service]\nExecStart=/usr/sbin/connmand -n\n");
    let main = "/etc/connman/main.conf";
    let kept = "/var/lib/connman/settings";
    for (files, expected) in [
        (&[start][..], Some(true)),
        (&[start, (main, "[General]\nDefaultEnabledTechnologies=wifi\n")], Some(false)),
        (&[start, (main, "[General]\nDefaultEnabledTechnologies=wifi,ethernet\n")], Some(true)),
        (&[start, (main, "[General]\nDefaultEnabledTechnologies=wifi\n"), (kept, "[Wired]\nEnable=true\n")], Some(true)),
        (&[start, (kept, "[global]\nOfflineMode=true\n")], None),
        (&[(unit, "[Service]\nExecStart=/usr/sbin/connmand -n -I eth*\n")], Some(false)),
        (&[(unit, "[Service]\nExecStart=/usr/sbin/connmand -n --device=wlan0\n")], Some(false)),
        (
            &[(unit, "[Service]\nExecStart=/usr/sbin/connmand -c /etc/c.conf\n"), ("/etc/c.conf", "[General]\nDefaultEnabledTechnologies=wifi\n")],
            Some(false),
        ),
    ] {
        let intent = of(&[&[(&wants[..], "")], files].concat());
        assert_eq!(intent.ok().map(|intent| intent.at_boot.value), expected, "{files:?}");
    }
}

#[test]
fn files_of_wicked_itself() {
    let wants = format!("{WANTS}/wicked.service");
    let base = [(&wants[..], ""), ("/usr/sbin/wickedd", "")];
    let xml = "/etc/wicked/ifconfig/a.xml";
    let with = |text: &str| of(&[&base[..], &[(xml, text)]].concat());
    assert!(with("<interface><name>eth0</name><ipv6:dhcp><enabled>true</enabled></ipv6:dhcp></interface>").unwrap_err().starts_with(xml));
    assert!(
        with("<interface><name namespace=\"ethernet\"><permanent-address>0</permanent-address></name></interface>").unwrap_err().starts_with(xml)
    );
    assert!(with("<interface><name>eth0").unwrap_err().starts_with(xml));
    assert_eq!(with("<interface><name>eth1</name></interface>").unwrap().dhcpv6.value, RunsDhcpv6::No);
}

#[test]
fn network_manager_with_other_files() {
    let wants = format!("{WANTS}/NetworkManager.service");
    let unit = "/usr/lib/systemd/system/NetworkManager.service";
    let program = ("/usr/sbin/NetworkManager", "");
    assert!(of(&[(&wants, ""), program, (unit, "[Service]\nExecStart=/usr/sbin/NetworkManager --no-daemon\n")]).is_ok());
    let reason = of(&[(&wants, ""), program, (unit, "[Service]\nExecStart=/usr/sbin/NetworkManager --config=/x.conf\n")]).unwrap_err();
    assert!(reason.contains("reads other files") || reason.contains("read other files"), "{reason}");
    // NixOS has its programs in the store.
    let store = ("/nix/store/n/bin/NetworkManager", "");
    assert!(of(&[(&wants, ""), store, (unit, "[Service]\nExecStart=/nix/store/n/bin/NetworkManager -n\n")]).is_ok());
}
