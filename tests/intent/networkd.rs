//! What systemd-networkd's files set up (guest-stacks: RA in user space, DHCPv6 by M whatever `DHCP=` says, first match wins).

use std::os::unix::fs::symlink;
use std::path::Path;

use tempfile::TempDir;
use v6check::facts::{Intent, Observed, RunsDhcpv6, TakesRas};
use v6check::observe::intent;

use super::image::{self, interface, known, nic};

const ENABLED: (&str, &str) = ("/etc/systemd/system/multi-user.target.wants/systemd-networkd.service", "");
const FILE: &str = "/etc/systemd/network/20-wired.network";

/// An image where systemd-networkd starts.
fn image(files: &[(&str, &str)]) -> TempDir {
    image::image(&[&[ENABLED], files].concat())
}

fn of(root: &Path, name: &str, mac: Option<&str>) -> Observed<Intent> {
    interface(root, nic(name, mac)).stack
}

fn seen(files: &[(&str, &str)]) -> Intent {
    known(of(image(files).path(), "eth0", None)).unwrap()
}

fn reason(found: Observed<Intent>) -> String {
    known(found).unwrap_err()
}

#[test]
fn settings() {
    use RunsDhcpv6::{No, WhenManaged, Yes};
    for (text, dhcpv6, takes) in [
        ("[Network]\nDHCP=yes", WhenManaged, true),
        ("[Network]\nDHCP=ipv6", WhenManaged, true),
        ("[Network]\nDHCP=ipv4", WhenManaged, true),
        ("[Network]\nDHCP=no", WhenManaged, true),
        ("", WhenManaged, true),
        ("[Network]\nDHCP=yes\nIPv6AcceptRA=no", No, false),
        ("[Network]\nDHCP=yes\nIPv6AcceptRA=maybe", WhenManaged, true),
        ("[Network]\nIPv6AcceptRA=no\nIPv6AcceptRA=", WhenManaged, true),
        ("[Network]\nIPv6AcceptRA=no\n[Network]\nIPv6AcceptRA=T", WhenManaged, true),
        ("[Network]\nDHCP=ipv6\nIPv6AcceptRA=no\n[DHCPv6]\nWithoutRA=solicit", Yes, false),
        ("[Network]\nDHCP=ipv4\nIPv6AcceptRA=no\n[DHCPv6]\nWithoutRA=solicit", No, false),
        ("[Network]\nDHCP=ipv6\nIPv6AcceptRA=no\n[DHCPv6]\nWithoutRA=information-request", No, false),
        ("[IPv6AcceptRA]\nDHCPv6Client=no", No, true),
        ("[IPv6AcceptRA]\nDHCPv6Client=always", Yes, true),
        ("[Network]\nDHCP=yes\n[IPv6AcceptRA]\nDHCPv6Client=no", No, true),
        ("[Network]\nDHCP=yes\n[DHCPv6]\nUseAddress=no", No, true),
        ("[Network]\nLinkLocalAddressing=no\nDHCP=yes\nIPv6AcceptRA=yes", No, false),
        ("[Network]\nLinkLocalAddressing=ipv4\nDHCP=yes", No, false),
        ("[Network]\nLinkLocalAddressing=no\nAddress=fe80::1/64", WhenManaged, true),
        ("[Network]\nDHCP=yes\nIPForward=yes", No, false),
        ("[Network]\nDHCP=yes\nIPForward=ipv4", WhenManaged, true),
        ("[Network]\nDHCP=yes\nIPForward=yes\nIPv6AcceptRA=yes", WhenManaged, true),
        ("[Network]\nIPMasquerade=both", No, false),
        ("[Network]\nIPMasquerade=ipv4", WhenManaged, true),
        ("[Network]\nIPv6SendRA=yes", No, false),
        ("[Network]\nIPv6Forwarding=yes", No, false),
        ("[Network]\nBond=bond0\nIPv6AcceptRA=yes", No, false),
        ("[Network]\nBridge=br0", No, false),
        ("[Network]\nIPv6PrivacyExtensions=yes\n[Link]\nRequiredForOnline=no", WhenManaged, true),
    ] {
        let intent = seen(&[(FILE, &format!("[Match]\nName=eth0\n{text}\n"))]);
        let takes = if takes { TakesRas::Itself } else { TakesRas::No };
        assert_eq!((intent.dhcpv6.value, intent.takes_ras.value), (dhcpv6, takes), "{text}");
        assert_eq!((intent.stack.name(), intent.accept_ra.unwrap().value, intent.at_boot.value), ("systemd-networkd", 0, true), "{text}");
    }
}

#[test]
fn the_text_says_why() {
    let intent = seen(&[(FILE, "# ours\n[Match]\nName=eth0\n\n[Network]\nDHCP=ipv4\n")]);
    assert_eq!((&intent.dhcpv6.at.path[..], intent.dhcpv6.at.line), (FILE, 6));
    assert_eq!(intent.dhcpv6.text, "DHCP=ipv4 (a Router Advertisement that sets M starts DHCPv6 all the same)");
    assert_eq!((intent.takes_ras.at.line, &intent.takes_ras.text[..]), (0, "IPv6AcceptRA=yes by default"));
    let intent = seen(&[(FILE, "[Match]\nName=eth0\n[Network]\nDHCP=ipv6\nIPv6AcceptRA=no\n")]);
    assert_eq!(intent.dhcpv6.at.line, 5);
    assert_eq!(intent.dhcpv6.text, "DHCP=ipv6 never starts DHCPv6 without Router Advertisements (IPv6AcceptRA=no)");
    let intent = seen(&[(FILE, "[Match]\nName=eth0\n[IPv6AcceptRA]\nUseGateway=no\n")]);
    assert_eq!(intent.takes_ras.text, "IPv6AcceptRA=yes by default (but UseGateway=no)");
}

#[test]
fn drop_ins_and_networkd_conf() {
    let main = (FILE, "[Match]\nName=eth0\n[Network]\nDHCP=yes\n");
    let off = "/run/systemd/network/20-wired.network.d/90-off.conf";
    let intent = seen(&[main, (off, "[Network]\n\nIPv6AcceptRA=no\n")]);
    assert_eq!((intent.takes_ras.value, &intent.takes_ras.at.path[..], intent.takes_ras.at.line), (TakesRas::No, off, 3));
    // A file of the same name in /etc masks it, and one that sorts later overrides it.
    let masked = ("/etc/systemd/network/20-wired.network.d/90-off.conf", "");
    assert_eq!(seen(&[main, (off, "[Network]\nIPv6AcceptRA=no\n"), masked]).takes_ras.value, TakesRas::Itself);
    let on = ("/usr/lib/systemd/network/20-wired.network.d/95-on.conf", "[Network]\nIPv6AcceptRA=yes\n");
    assert_eq!(seen(&[main, (off, "[Network]\nIPv6AcceptRA=no\n"), on]).takes_ras.value, TakesRas::Itself);
    let other = ("/etc/systemd/network/30-other.network.d/90-off.conf", "[Network]\nIPv6AcceptRA=no\n");
    assert_eq!(seen(&[main, other]).takes_ras.value, TakesRas::Itself);

    let global = ("/etc/systemd/networkd.conf.d/router.conf", "[Network]\nIPv6Forwarding=yes\n");
    let intent = seen(&[main, global]);
    assert_eq!((intent.takes_ras.value, &intent.takes_ras.at.path[..], intent.takes_ras.at.line), (TakesRas::No, global.0, 2));
    assert_eq!(seen(&[main, global, (off, "[Network]\nIPv6Forwarding=no\n")]).takes_ras.value, TakesRas::Itself);
}

#[test]
fn the_first_file_by_name_has_the_interface() {
    let taken = |files: &[(&str, &str)]| seen(files).dhcpv6.at.path;
    let text = "[Match]\nName=e*\n[Network]\nDHCP=yes\n";
    let low = "/usr/lib/systemd/network/10-low.network";
    assert_eq!(taken(&[(FILE, text), (low, text)]), low);
    assert_eq!(taken(&[(FILE, text), (low, text), ("/etc/systemd/network/10-low.network", "")]), FILE);
    assert_eq!(taken(&[(FILE, text), ("/run/systemd/network/10-netplan-eth0.network", text)]), FILE);
    assert_eq!(taken(&[(FILE, text), ("/run/systemd/network/10-other.network", text)]), "/run/systemd/network/10-other.network");
    assert_eq!(taken(&[(FILE, text), ("/etc/systemd/network/10-low.netdev", text)]), FILE);
    let same = "/lib/systemd/network/20-wired.network";
    assert_eq!(taken(&[(same, text), ("/usr/local/lib/systemd/network/20-wired.network", text)]), "/usr/local/lib/systemd/network/20-wired.network");

    let masked = image(&[(FILE, text), (low, text)]);
    symlink("/dev/null", masked.path().join("etc/systemd/network/10-low.network")).unwrap();
    let Observed::Seen(intent) = of(masked.path(), "eth0", None) else { panic!() };
    assert_eq!(intent.dhcpv6.at.path, FILE);
}

#[test]
fn what_a_file_is_for() {
    const MAC: &str = "fa:16:3e:11:22:33";
    for (lines, image_has, guest_has) in [
        ("Name=eth0", Some(true), Some(true)),
        ("Name=eth1 en*\nName=eth?", Some(true), Some(true)),
        ("Name=eth0\nName=\nName=eth1", Some(false), Some(false)),
        ("Name=!eth0", Some(false), Some(false)),
        ("Name=!lo docker0", Some(true), Some(true)),
        ("Name=*", Some(true), Some(true)),
        ("MACAddress=FA-16-3E-11-22-33", None, Some(true)),
        ("MACAddress=fa:16:3e:00:00:01\nMACAddress=fa:16:3e:11:22:33", None, Some(true)),
        ("MACAddress=fa:16:3e:00:00:01", None, Some(false)),
        ("MACAddress=fa:16:3e:00:00:01\nName=eth1", Some(false), Some(false)),
        ("PermanentMACAddress=fa:16:3e:11:22:33", None, Some(true)),
        ("PermanentMACAddress=fa:16:3e:00:00:01", None, None),
        ("Type=ether", Some(true), Some(true)),
        ("Type=ether\nKind=!*", Some(true), None),
        ("Type=wlan", Some(false), Some(false)),
        ("Type=!ether", Some(false), Some(false)),
        ("Kind=veth", Some(false), None),
        ("Driver=virtio_net", None, None),
        ("Path=pci-0000:00:03.0", None, None),
        ("Name=eth0\nVirtualization=kvm", None, None),
        ("Name=host0\nVirtualization=container", Some(false), Some(false)),
        ("SSID=x", Some(false), Some(false)),
        ("Host=template", None, None),
        ("", None, None),
        ("Unheard=of", None, None),
    ] {
        let root = image(&[(FILE, &format!("[Match]\n{lines}\n[Network]\nDHCP=yes\n"))]);
        for (mac, expected) in [(None, image_has), (Some(MAC), guest_has)] {
            let found = of(root.path(), "eth0", mac);
            let fits = match &found {
                Observed::Seen(intent) => Some(intent.dhcpv6.value == RunsDhcpv6::WhenManaged),
                _ => None,
            };
            assert_eq!(fits, expected, "{lines} {mac:?}");
            if fits.is_none() {
                assert!(reason(found).contains(FILE), "{lines}");
            }
        }
    }
}

#[test]
fn an_empty_match_by_version() {
    for (version, fits) in [("241", Some(true)), ("245", None), ("252", Some(false)), ("254.5-2.fc39", Some(false))] {
        let library = format!("/usr/lib/x86_64-linux-gnu/systemd/libsystemd-shared-{version}.so");
        let root = image(&[(FILE, "[Network]\nDHCP=yes\n"), (&library, "")]);
        let found = match of(root.path(), "eth0", None) {
            Observed::Seen(intent) => Some(intent.dhcpv6.value == RunsDhcpv6::WhenManaged),
            _ => None,
        };
        assert_eq!(found, fits, "{version}");
    }
}

/// DHCPv6Client= is of systemd 246; before, nothing keeps DHCPv6 from starting.
#[test]
fn dhcpv6_client_by_version() {
    let text = "[Match]\nName=eth0\n[IPv6AcceptRA]\nDHCPv6Client=no\n";
    let with = |library: &str| seen(&[(FILE, text), (library, "")]).dhcpv6.value;
    assert_eq!(with("/lib/systemd/libsystemd-shared-245.so"), RunsDhcpv6::WhenManaged);
    assert_eq!(with("/lib/systemd/libsystemd-shared-246.so"), RunsDhcpv6::No);
}

/// It does not matter which of two files is taken if both do the same.
#[test]
fn an_unknown_match_that_changes_nothing() {
    let perhaps = "/etc/systemd/network/10-perhaps.network";
    let all = (FILE, "[Match]\nName=*\n[Network]\nDHCP=yes\n");
    assert_eq!(seen(&[all, (perhaps, "[Match]\nDriver=virtio_net\n[Network]\nDHCP=ipv4\n")]).dhcpv6.at.path, FILE);
    let root = image(&[all, (perhaps, "[Match]\nDriver=virtio_net\n[Network]\nIPv6AcceptRA=no\n")]);
    assert!(reason(of(root.path(), "eth0", None)).contains("10-perhaps.network:2: whether `Driver=virtio_net` is eth0 cannot be known"));
}

#[test]
fn left_alone_and_at_boot() {
    let intent = seen(&[(FILE, "[Match]\nName=eth1\n")]);
    assert_eq!((intent.dhcpv6.value, intent.takes_ras.value), (RunsDhcpv6::No, TakesRas::Kernel));
    assert_eq!((&intent.dhcpv6.text[..], intent.accept_ra), ("no .network file matches eth0", None));
    let intent = seen(&[(FILE, "[Match]\nName=eth0\n[Link]\nUnmanaged=yes\n")]);
    assert_eq!((intent.takes_ras.value, intent.takes_ras.at.line, &intent.takes_ras.text[..]), (TakesRas::Kernel, 4, "Unmanaged=yes"));
    let intent = seen(&[(FILE, "[Match]\nName=eth0\n[Link]\nActivationPolicy=manual\n")]);
    assert_eq!((intent.at_boot.value, intent.at_boot.at.line), (false, 4));

    let root = image(&[(FILE, "[Match]\nName=eth0\n")]);
    std::fs::remove_dir_all(root.path().join("etc/systemd/system")).unwrap();
    assert!(reason(of(root.path(), "eth0", None)).contains("no network stack that v6check reads"));
}

#[test]
fn the_interfaces_that_files_name() {
    let container = ("/usr/lib/systemd/network/80-container-host0.network", "[Match]\nName=host0\n");
    let root = image(&[(FILE, "[Match]\nName=eth0 en* lo\nName=!eth5\n"), container]);
    assert_eq!(intent::named(root.path()).0.into_iter().collect::<Vec<_>>(), ["eth0"]);
}

#[test]
fn hostile_files_end() {
    let many = format!("[Match]\nName=eth0\n[Network]\n{}", "DHCP=yes\n".repeat(70_000));
    assert!(reason(of(image(&[(FILE, &many)]).path(), "eth0", None)).contains("too many"));
    for text in ["[", "]", "[]\n=\n", "[Match]\nName=[[[[\n", "[Match]\nName=eth0\\", "\u{feff}[Match]\nMACAddress=!\n", "[Match]\n\\\n\\\n"] {
        drop(of(image(&[(FILE, text)]).path(), "eth0", None));
    }
    let stars = format!("[Match]\nName={}b\n", "*a".repeat(2000));
    assert_eq!(seen(&[(FILE, &stars)]).dhcpv6.text, "no .network file matches eth0");
    let root = image(&[]);
    std::fs::create_dir_all(root.path().join("etc/systemd/network")).unwrap();
    symlink("20-wired.network", root.path().join("etc/systemd/network/20-wired.network")).unwrap();
    assert!(reason(of(root.path(), "eth0", None)).contains("too many symbolic links"));
}
