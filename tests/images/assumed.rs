//! NICs that no file of an image names: assumed as a hypervisor provides them, and named as the image names its NICs.

use std::path::Path;

use libtest_mimic::{Failed, Trial};
use v6check::judge::Verdict;
use v6check::report::{InterfaceEntry, Report};

use crate::run;
use crate::tree::{self, Tree};

/// What systemd ships.
const DEFAULT_LINK: &str = "[Match]\nOriginalName=*\n\n[Link]\nNamePolicy=keep kernel database onboard slot path\nMACAddressPolicy=persistent\n";
const DEFAULT_LINK_AT: &str = "/usr/lib/systemd/network/99-default.link";

type Test = fn() -> Result<(), String>;

pub(crate) fn trials() -> Vec<Trial> {
    let tests: [(&str, Test); 7] = [
        ("every-image-is-judged-without-a-name", every_image_is_judged),
        ("an-image-that-names-no-nic-is-judged-on-one", one_is_assumed),
        ("the-name-is-the-one-that-the-image-gives", names),
        ("the-driver-is-that-of-a-hypervisor", driver),
        ("a-second-nic-of-files-for-one", second_of_one),
        ("a-second-nic-of-files-for-all", second_of_all),
        ("a-name-that-the-image-never-gives", never_given),
    ];
    tests.into_iter().map(|(name, test)| Trial::test(format!("assumed::{name}"), move || test().map_err(Failed::from))).collect()
}

fn judge(root: &Path, options: &[&str]) -> Result<Report, String> {
    Ok(run::judge_with(root, options)?.report)
}

/// A copy of an image with other files.
fn with(image: &str, files: &[(&str, &str)]) -> Result<Tree, String> {
    let tree = Tree::copy(image).map_err(|error| error.to_string())?;
    files.iter().try_for_each(|(path, text)| tree.write(path, text)).map_err(|error| error.to_string())?;
    Ok(tree)
}

fn one<'a>(report: &'a Report, name: &str) -> Result<&'a InterfaceEntry, String> {
    report.interfaces.iter().find(|it| it.name == name).ok_or_else(|| format!("no {name}: {:?}", report.interfaces))
}

fn same<T: PartialEq + std::fmt::Debug + ?Sized>(is: &T, expected: &T) -> Result<(), String> {
    if is == expected { Ok(()) } else { Err(format!("{is:?} instead of {expected:?}")) }
}

fn verdict(report: &Report, id: &str, interface: &str) -> Option<Verdict> {
    report.results.iter().find(|it| it.id == id && it.interface.as_deref() == Some(interface)).map(|it| it.verdict)
}

fn every_image_is_judged() -> Result<(), String> {
    let images = tree::images();
    for image in &images {
        let report = judge(with(image, &[])?.path(), &[])?;
        let judged = report.results.iter().any(|it| it.interface.is_some() && matches!(it.verdict, Verdict::Pass | Verdict::Fail));
        if !judged || !matches!(report.summary.exit_code, 0 | 1) {
            return Err(format!("{image}: {:?}", report.summary));
        }
    }
    if images.len() < 21 { Err(format!("{} images", images.len())) } else { Ok(()) }
}

fn one_is_assumed() -> Result<(), String> {
    for image in ["rocky-9", "fcos", "debian-11", "debian-12-cloud"] {
        let tree = with(image, &[])?;
        let report = judge(tree.path(), &[])?;
        same(&report.interfaces.iter().map(|it| &it.name[..]).collect::<Vec<_>>(), &vec!["eth0"])?;
        same(&one(&report, "eth0")?.assumed.as_deref(), &Some("a NIC with the driver virtio_net, named by the kernel (no file renames NICs)"))?;
        // A NIC that a name was given for, or that files name, is not assumed.
        same(&one(&judge(tree.path(), &["-i", "eth0"])?, "eth0")?.assumed.clone(), &None)?;
    }
    same(&one(&judge(with("debian-13", &[])?.path(), &[])?, "eth0")?.assumed.clone(), &None)
}

fn names() -> Result<(), String> {
    let grub = "/boot/loader/entries/5.14.0.conf";
    let off = "title 5.14.0\nversion 1\nlinux /vmlinuz-5.14.0\noptions root=/dev/vda1 ro net.ifnames=0\n";
    let default = (DEFAULT_LINK_AT, DEFAULT_LINK);
    let rule = ("/etc/udev/rules.d/70-net.rules", "SUBSYSTEM==\"net\", ACTION==\"add\", DRIVERS==\"virtio_net\", NAME=\"lan0\"\n");
    for (files, names, says) in [
        (&[default][..], ["ens3", "ens4"], "99-default.link:5"),
        (&[default, (grub, off)], ["eth0", "eth1"], "net.ifnames=0, /boot/loader/entries/5.14.0.conf:"),
        (&[default, ("/etc/udev/rules.d/80-net-setup-link.rules", "")], ["eth0", "eth1"], "80-net-setup-link.rules"),
        (&[default, ("/etc/systemd/network/99-default.link", "")], ["eth0", "eth1"], "no file renames NICs"),
        (&[default, ("/etc/systemd/network/10-x.link", "[Link]\nName=x0\n")], ["ens3", "ens4"], "10-x.link: it has no [Match]"),
        (&[default, ("/etc/systemd/network/10-x.link", "[Match]\nDriver=virtio*\n[Link]\nNamePolicy=path\n")], ["enp1s0", "enp2s0"], "10-x.link:4"),
        (&[default, ("/etc/systemd/network/10-x.link", "[Match]\nDriver=e1000\n[Link]\nName=x0\n")], ["ens3", "ens4"], "99-default.link:5"),
        (&[default, ("/etc/systemd/network/10-x.link", "[Match]\nMACAddress=02:00:00:00:00:01\n[Link]\nName=x0\n")], ["ens3", "ens4"], "99-default"),
        (&[default, ("/etc/systemd/network/10-x.link", "[Match]\nType=ether\n[Link]\nName=net0\n")], ["net0", "eth1"], "10-x.link:4"),
        (&[default, rule], ["lan0", "eth1"], "70-net.rules:1"),
    ] {
        let tree = with("rocky-9", files)?;
        let report = judge(tree.path(), &["--nics", "2"])?;
        let mut found: Vec<&str> = report.interfaces.iter().map(|it| &it.name[..]).collect();
        found.sort_by_key(|name| names.iter().position(|it| it == name));
        same(&found[..], &names[..]).map_err(|error| format!("{files:?}: {error}"))?;
        let assumed = one(&report, names[0])?.assumed.clone().unwrap_or_default();
        if !assumed.contains(says) {
            return Err(format!("{files:?}: {assumed}"));
        }
    }
    Ok(())
}

/// Files for the drivers of one cloud are not for a NIC of another.
fn driver() -> Result<(), String> {
    let tree = with("amazon-linux-2023", &[])?;
    same(&verdict(&judge(tree.path(), &[])?, "dhcpv6-intended", "eth0"), &Some(Verdict::Fail))?;
    // Of a NIC that is only named, the driver is not known.
    same(&verdict(&judge(tree.path(), &["-i", "eth0"])?, "dhcpv6-intended", "eth0"), &Some(Verdict::Inconclusive))?;
    let netplan =
        |driver: &str| format!("network:\n  version: 2\n  ethernets:\n    all:\n      match:\n        driver: {driver}\n      dhcp6: true\n");
    for (driver, expected) in [("virtio*", Verdict::Pass), ("[e1000, virtio_net]", Verdict::Pass), ("e1000", Verdict::Fail)] {
        // cloud-init would add a file that is for the NIC, whatever its driver.
        let files = [("/etc/netplan/90-default.yaml", &netplan(driver)[..]), ("/etc/cloud/cloud-init.disabled", "")];
        let tree = with("debian-12-cloud", &files)?;
        same(&verdict(&judge(tree.path(), &[])?, "dhcpv6-intended", "eth0"), &Some(expected)).map_err(|error| format!("{driver}: {error}"))?;
    }
    Ok(())
}

fn second_of_one() -> Result<(), String> {
    let report = judge(with("debian-13", &[])?.path(), &["--nics", "2"])?;
    same(&one(&report, "eth0")?.assumed.clone(), &None)?;
    same(&one(&report, "eth1")?.assumed.is_some(), &true)?;
    same(&verdict(&report, "dhcpv6-intended", "eth0"), &Some(Verdict::Pass))?;
    same(&verdict(&report, "dhcpv6-intended", "eth1"), &Some(Verdict::Fail))?;
    same(&report.summary.exit_code, &1)
}

fn second_of_all() -> Result<(), String> {
    let report = judge(with("rocky-9", &[])?.path(), &["--nics", "2"])?;
    for name in ["eth0", "eth1"] {
        same(&verdict(&report, "dhcpv6-intended", name), &Some(Verdict::Pass))?;
    }
    same(&report.summary.exit_code, &0)
}

fn never_given() -> Result<(), String> {
    let kernels = with("debian-13", &[])?;
    let by_place = with("debian-13", &[(DEFAULT_LINK_AT, DEFAULT_LINK)])?;
    let renames = ("/etc/udev/rules.d/70-net.rules", "SUBSYSTEM==\"net\", ATTR{address}==\"02:00:00:00:00:01\", NAME=\"eth5\"\n");
    let renamed = with("debian-13", &[(DEFAULT_LINK_AT, DEFAULT_LINK), renames])?;
    for (tree, options, never) in [
        (&kernels, "eth0,eth1", &[][..]),
        (&kernels, "eth0,ens3", &["ens3"]),
        (&kernels, "wan", &["wan"]),
        (&by_place, "ens3,enp1s0", &[]),
        (&by_place, "eth0", &["eth0"]),
        (&renamed, "eth5", &[]),
    ] {
        let report = judge(tree.path(), &["-i", options])?;
        let found: Vec<&str> = report.interfaces.iter().filter(|it| it.never_given.is_some()).map(|it| &it.name[..]).collect();
        same(&found[..], never).map_err(|error| format!("{options}: {error}"))?;
        same(&report.interfaces.len(), &options.split(',').count())?;
    }
    let text = judge(by_place.path(), &["-i", "eth0"])?;
    let says = one(&text, "eth0")?.never_given.clone().unwrap_or_default();
    if says.contains("ens3") && says.contains("99-default.link:5") { Ok(()) } else { Err(says) }
}
