//! What `v6check remedy` prints: a script that a shell runs and after which the next run passes, and the same as user data for cloud-init.
//!
//! The scripts are run for real, in an overlay of this machine's files with the image's own on top, without network, so nothing but the
//! image changes. That needs root; without it these tests fail and say so. For a guest made of BusyBox they are run by BusyBox, and with nothing
//! but its applets to be found.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::Value;
use tempfile::TempDir;
use v6check_lab::needs;

const V6CHECK: &str = env!("CARGO_BIN_EXE_v6check");

/// Enters an image, $2: the machine's own shell, and BusyBox with links to all of its applets.
const BY_SHELL: &str = "chroot \"$2\" sh";
const BY_BUSYBOX: &str = "mount -t tmpfs tmpfs \"$2/mnt\" && for applet in $(busybox --list); do ln -s /usr/bin/busybox \"$2/mnt/$applet\"; done && \
                          chroot \"$2\" /usr/bin/busybox env -i PATH=/mnt sh";

/// A copy of a tree below tests/images, with files written over it.
struct Image {
    /// Runs the script.
    enter: &'static str,
    directory: TempDir,
}

impl Image {
    fn of(name: &str, changes: &[(&str, &str)]) -> Self {
        let enter = if name == "buildroot" { BY_BUSYBOX } else { BY_SHELL };
        let image = Self { enter, directory: tempfile::tempdir().unwrap() };
        let tree = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/images").join(name);
        // The root of an overlay is searched by whoever runs in it.
        fs::create_dir(image.root()).unwrap();
        fs::set_permissions(image.root(), fs::Permissions::from_mode(0o755)).unwrap();
        let copied = needs::command("cp").args(["-a", &format!("{}/.", tree.display())]).arg(image.root()).output().unwrap();
        assert!(copied.status.success(), "{}", text(&copied.stderr));
        for (path, contents) in changes {
            let path = image.root().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, contents).unwrap();
        }
        image
    }

    fn root(&self) -> PathBuf {
        self.directory.path().join("root")
    }

    fn v6check(&self, arguments: &[&str]) -> Output {
        needs::command(V6CHECK).args(arguments).arg("--root").arg(self.root()).args(["-i", "eth0"]).output().unwrap()
    }

    /// The requirements that fail.
    fn failing(&self) -> Vec<String> {
        let output = self.v6check(&["--json", "-"]);
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        let failed = report["results"].as_array().unwrap().iter().filter(|result| result["verdict"] == "fail");
        failed.map(|result| result["id"].as_str().unwrap().to_owned()).collect()
    }

    fn remedy(&self, format: &str) -> String {
        let output = self.v6check(&["remedy", "--format", format]);
        assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""));
        text(&output.stdout)
    }

    /// Runs a script as if in the image, which is the machine's files with the image's own on top.
    fn run(&self, script: &str) {
        let output = self.started(script);
        assert!(output.status.success(), "{script}\n{}\n{}", text(&output.stdout), text(&output.stderr));
    }

    fn started(&self, script: &str) -> Output {
        assert!(is_root(), "this test needs root: it mounts an overlay");
        let (work, merged) = (self.directory.path().join("work"), self.directory.path().join("merged"));
        for folder in [&work, &merged] {
            fs::create_dir_all(folder).unwrap();
        }
        fs::write(self.directory.path().join("script"), script).unwrap();
        let checked =
            needs::command("shellcheck").args(["--shell=sh", "--severity=warning"]).arg(self.directory.path().join("script")).output().unwrap();
        assert!(checked.status.success(), "{}", text(&checked.stdout));
        let options = format!("lowerdir=/,upperdir={},workdir={}", self.root().display(), work.display());
        let enter = format!("mount -t overlay overlay -o \"$1\" \"$2\" && {} < \"$3\"", self.enter);
        needs::command("unshare")
            .args(["--mount", "--net", "sh", "-c", &enter, "sh", &options])
            .args([&merged, &self.directory.path().join("script")])
            .output()
            .unwrap()
    }

    /// The script mends all that fails; running it again changes nothing.
    fn is_mended(&self, expected: &[&str]) {
        assert_eq!(self.failing(), expected);
        let script = self.remedy("shell");
        self.run(&script);
        assert_eq!(self.failing(), Vec::<String>::new(), "{script}");
        let before = self.files();
        self.run(&script);
        assert_eq!(self.files(), before, "run twice:\n{script}");
    }

    /// Every regular file of the image and its contents.
    fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let (mut files, mut folders) = (Vec::new(), vec![self.root()]);
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap().flatten() {
                match entry.file_type().unwrap() {
                    kind if kind.is_dir() => folders.push(entry.path()),
                    kind if kind.is_file() => files.push((entry.path(), fs::read(entry.path()).unwrap())),
                    _ => {}
                }
            }
        }
        files.sort();
        files
    }
}

fn is_root() -> bool {
    fs::read_to_string("/proc/self/status").unwrap().lines().any(|line| line.starts_with("Uid:") && line.split_whitespace().nth(2) == Some("0"))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn ifupdown_gets_its_stanza() {
    Image::of("debian-12-ifupdown", &[("etc/network/interfaces", "auto eth0\niface eth0 inet dhcp\n")]).is_mended(&["dhcpv6-intended"]);
}

#[test]
fn centos_gets_what_the_page_says() {
    let image = Image::of("centos-7-network-scripts", &[]);
    let script = image.remedy("shell");
    for line in ["IPV6INIT=yes", "DHCPV6C=yes"] {
        assert!(script.contains(line), "{script}");
    }
    assert!(script.lines().all(|line| line.starts_with('#') || !line.contains('`')), "{script}");
    image.is_mended(&["dhcpv6-intended"]);
}

#[test]
fn hardening_gives_way_for_the_interface() {
    let hardening = ("etc/sysctl.d/60-netipv6_sysctl.conf", "net.ipv6.conf.eth0.accept_ra = 0\nnet.ipv6.conf.default.accept_ra = 0\n");
    let interfaces = ("etc/network/interfaces", "auto eth0\niface eth0 inet6 manual\n\tup sleep 3; dhclient -6 $IFACE\n");
    Image::of("debian-12-ifupdown", &[hardening, interfaces]).is_mended(&["ra-accept-intended"]);
}

#[test]
fn what_clones_would_share_is_removed() {
    let changes = [
        ("etc/network/interfaces", "auto eth0\niface eth0 inet6 dhcp\n"),
        ("etc/machine-id", "0123456789abcdef0123456789abcdef\n"),
        ("var/lib/dhcp/dhclient6.eth0.leases", "default-duid \"\\000\\003\\000\\001\\372\\026>\\000\\000\\001\";\n"),
    ];
    Image::of("debian-12-ifupdown", &changes).is_mended(&["machine-id-not-baked-in", "duid-not-baked-in"]);
}

#[test]
fn cloud_init_gets_the_same_commands() {
    let image = Image::of("centos-7-network-scripts", &[]);
    let yaml = image.remedy("cloud-init");
    assert!(yaml.starts_with("#cloud-config\n"), "{yaml}");
    // Each entry of runcmd is one literal text; taking the indentation away gives the script's commands back.
    let commands: Vec<&str> = yaml.lines().skip_while(|line| *line != "runcmd:").skip(1).filter(|line| *line != "- |").collect();
    assert!(commands.iter().all(|line| line.is_empty() || line.starts_with("  ")), "{yaml}");
    let shell = image.remedy("shell");
    for line in commands.iter().filter_map(|line| line.strip_prefix("  ")) {
        assert!(shell.contains(line), "{line} is not in\n{shell}");
    }
}

#[test]
fn text_names_what_each_change_is_for_and_nothing_changes() {
    let image = Image::of("debian-12-ifupdown", &[("etc/network/interfaces", "auto eth0\niface eth0 inet dhcp\n")]);
    let before = image.files();
    let text = image.remedy("text");
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("dhcpv6-intended of eth0 ") && words.contains("iface eth0 inet6 dhcp"), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    assert_eq!(image.files(), before);
}

#[test]
fn where_nothing_fails_there_is_nothing_to_do() {
    let image = Image::of("debian-12-ifupdown", &[("etc/network/interfaces", "auto eth0\niface eth0 inet6 dhcp\n")]);
    assert!(image.remedy("text").contains("Nothing failed"));
    assert!(image.remedy("cloud-init").contains("runcmd: []"));
}

/// What could not be judged may be wrong, so it is not passed over as if nothing had failed.
#[test]
fn where_nothing_could_be_judged_it_says_so() {
    let broken = [("etc/netplan/50.yaml", "network:\n  ethernets:\n   eth0: {dhcp6: [yes\n"), ("usr/sbin/netplan", "")];
    let image = Image::of("fcos", &broken);
    let run = |arguments: &[&str]| needs::command(V6CHECK).args(arguments).arg("--root").arg(image.root()).output().unwrap();
    assert_eq!(run(&["--text", "-"]).status.code(), Some(3));
    for (format, begins, ends) in [("text", "", ""), ("shell", "# ", ""), ("cloud-init", "# ", "runcmd: []\n")] {
        let output = run(&["remedy", "--format", format]);
        assert_eq!(output.status.code(), Some(3), "{format}");
        let error = text(&output.stderr);
        assert!(error.starts_with("v6check: this image could not be judged, so fixes may be missing: nothing is known to be wrong, but "), "{error}");
        let printed = text(&output.stdout);
        assert!(!printed.contains("Nothing failed") && printed.ends_with(ends), "{printed}");
        let told: Vec<&str> = printed.lines().skip_while(|line| !line.contains("not all is known to be well")).collect();
        assert!(told.iter().any(|line| line.starts_with(&format!("{begins}host: no interface was checked"))), "{printed}");
        assert!(told.iter().all(|line| line.starts_with(begins) || *line == "runcmd: []"), "{printed}");
    }
}

#[test]
fn ubuntu_gets_the_script_line_with_the_stanza() {
    Image::of("ubuntu-14.04", &[]).is_mended(&["dhcpv6-intended"]);
}

#[test]
fn what_network_scripts_and_their_sysctl_undo() {
    let ifcfg = "DEVICE=eth0\nONBOOT=yes\nBOOTPROTO=dhcp\nIPV6INIT=yes\nDHCPV6C=yes\n";
    let fixed = ("sbin/dhclient-script", "#!/bin/bash\nPATH=/bin\nnew_ip6_prefixlen=128\n");
    let stateless = format!("{ifcfg}DHCPV6C_OPTIONS=-S\n");
    let path = "etc/sysconfig/network-scripts/ifcfg-eth0";
    Image::of("centos-7-network-scripts", &[(path, &stateless), fixed]).is_mended(&["dhcpv6-intended"]);
    let last_word = ("etc/sysctl.conf", "net.ipv6.conf.eth0.accept_ra = 0\n");
    Image::of("centos-7-network-scripts", &[(path, ifcfg), fixed, last_word]).is_mended(&["ra-accept-intended"]);
}

#[test]
fn a_stack_that_is_kept_from_the_interface_gets_it() {
    let unmanaged = ("etc/systemd/network/10-eth0.network", "[Match]\nName=eth0\n\n[Link]\nUnmanaged=yes\n");
    Image::of("amazon-linux-2023", &[unmanaged]).is_mended(&["dhcpv6-intended"]);
    let no_default = ("etc/NetworkManager/conf.d/00-server.conf", "[main]\nno-auto-default=*\n");
    Image::of("rocky-9", &[no_default]).is_mended(&["dhcpv6-intended"]);
    let options_only = ("etc/sysconfig/network/dhcp", "DHCLIENT6_MODE=\"info\"\n");
    Image::of("opensuse-leap", &[options_only]).is_mended(&["dhcpv6-intended"]);
}

#[test]
fn ipv6_comes_back_in_the_menu_and_in_what_makes_the_next_menu() {
    let stanza = ("etc/network/interfaces", "auto eth0\niface eth0 inet6 dhcp\n");
    let menu = "menuentry 'Debian GNU/Linux' {\n\tlinux /vmlinuz root=/dev/vda1 ro ipv6.disable=1 quiet\n}\n";
    let defaults = "GRUB_DEFAULT=0\nGRUB_CMDLINE_LINUX=\"ipv6.disable=1\"\n";
    let image = Image::of("debian-12-ifupdown", &[stanza, ("boot/grub/grub.cfg", menu), ("etc/default/grub", defaults)]);
    image.is_mended(&["ipv6-enabled"]);
    for path in ["boot/grub/grub.cfg", "etc/default/grub"] {
        let text = fs::read_to_string(image.root().join(path)).unwrap();
        assert!(!text.contains("ipv6.disable"), "{path}: {text}");
    }
}

#[test]
fn no_later_file_of_sysctl_takes_it_back() {
    let stanza = ("etc/network/interfaces", "auto eth0\niface eth0 inet6 manual\n\tup sleep 3; dhclient -6 $IFACE\n");
    let [first, second] = ["etc/sysctl.d/80-baseline.conf", "etc/sysctl.d/90-site.conf"];
    let other = "net.ipv6.conf.eth1.accept_ra = 0\n";
    let ra = [(first, "net.ipv6.conf.eth0.accept_ra = 0\n"), (second, "net.ipv6.conf.eth0.accept_ra = 0\n"), ("etc/sysctl.d/95-other.conf", other)];
    let image = Image::of("debian-12-ifupdown", &[&ra[..], &[stanza]].concat());
    image.is_mended(&["ra-accept-intended"]);
    assert_eq!(fs::read_to_string(image.root().join("etc/sysctl.d/95-other.conf")).unwrap(), other);
    let off = [(first, "net.ipv6.conf.all.disable_ipv6 = 1\n"), (second, "net.ipv6.conf.eth0.disable_ipv6 = 1\n"), stanza];
    Image::of("debian-12-ifupdown", &off).is_mended(&["ipv6-enabled"]);
}

/// What a running guest has right by hand, and its files wrong.
#[test]
fn what_was_set_right_by_hand_is_written_down() {
    let stanza = ("etc/network/interfaces", "auto eth0\niface eth0 inet6 dhcp\n");
    let causes = [
        ("etc/sysctl.d/70-ipv6.conf", "net.ipv6.conf.all.disable_ipv6 = 1\n"),
        ("etc/modprobe.d/ipv6.conf", "options ipv6 disable=1\n"),
        ("etc/default/grub", "GRUB_CMDLINE_LINUX=\"ipv6.disable=1\"\n"),
    ];
    for cause in causes {
        let image = Image::of("debian-12-ifupdown", &[stanza, cause]);
        if cause.0 == "etc/default/grub" {
            fs::remove_file(image.root().join("boot/grub/grub.cfg")).unwrap();
        }
        image.is_mended(&["ipv6-enabled"]);
    }
}

#[test]
fn a_firewall_opens_for_servers_on_the_link_only() {
    let table = "#!/usr/sbin/nft -f\nflush ruleset\ntable inet filter {\n\tchain input {\n\t\ttype filter hook input priority 0; policy drop;\n\t\ticmpv6 type nd-router-advert accept\n\t}\n}\n";
    let unit = ("etc/systemd/system/sysinit.target.wants/nftables.service", "[Service]\nExecStart=/usr/sbin/nft -f /etc/nftables.conf\n");
    let stanza = ("etc/network/interfaces", "auto eth0\niface eth0 inet6 dhcp\n");
    let image = Image::of("debian-12-ifupdown", &[stanza, unit, ("etc/nftables.conf", table)]);
    image.is_mended(&["firewall-passes-dhcpv6"]);
    let mended = fs::read_to_string(image.root().join("etc/nftables.conf")).unwrap();
    assert!(mended.contains("\t\tip6 saddr fe80::/10 udp sport 547 udp dport 546 accept\n\t\ticmpv6"), "{mended}");
}

/// cloud-init writes its own file anew for each instance, and so for each clone of a mended image.
#[test]
fn netplan_is_mended_in_a_file_that_cloud_init_does_not_write() {
    let cloud_init = "etc/netplan/50-cloud-init.yaml";
    let yaml = "network:\n    version: 2\n    ethernets:\n        eth0:\n            dhcp4: true\n            accept-ra: false\n";
    let image = Image::of("ubuntu-22.04", &[(cloud_init, yaml)]);
    image.is_mended(&["ra-accept-intended", "dhcpv6-intended"]);
    assert_eq!(fs::read_to_string(image.root().join(cloud_init)).unwrap(), yaml);
    let own = image.root().join("etc/netplan/99-v6check-eth0.yaml");
    assert_eq!(fs::metadata(&own).unwrap().permissions().mode() & 0o777, 0o600);
    // This machine's netplan renders both files to what systemd-networkd has to be given.
    let rendered = tempfile::tempdir().unwrap();
    fs::create_dir_all(rendered.path().join("etc/netplan")).unwrap();
    for path in [image.root().join(cloud_init), own] {
        fs::copy(&path, rendered.path().join("etc/netplan").join(path.file_name().unwrap())).unwrap();
    }
    let output = needs::command("/usr/libexec/netplan/generate").arg("--root-dir").arg(rendered.path()).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    let network = fs::read_to_string(rendered.path().join("run/systemd/network/10-netplan-eth0.network")).unwrap();
    assert!(network.contains("IPv6AcceptRA=yes") && network.contains("DHCP=yes"), "{network}");
}

/// In a file of the administrator's the line at fault is changed.
#[test]
fn netplan_is_mended_in_the_line_at_fault() {
    let (path, yaml) = ("etc/netplan/99-site.yaml", "network:\n  version: 2\n  ethernets:\n    eth0:\n      accept-ra: false\n");
    let image = Image::of("ubuntu-22.04", &[(path, yaml)]);
    image.is_mended(&["ra-accept-intended", "dhcpv6-intended"]);
    assert_eq!(fs::read_to_string(image.root().join(path)).unwrap(), yaml.replace("false", "true"));
}

/// Somebody's drop-in for the file that netplan renders has the last word.
#[test]
fn what_overrides_netplan_goes() {
    let yaml = "network:\n    version: 2\n    ethernets:\n        eth0:\n            dhcp6: true\n            accept-ra: true\n";
    let drop_in = ("etc/systemd/network/10-netplan-eth0.network.d/override.conf", "[Network]\nIPv6AcceptRA=no\nLLMNR=no\n");
    // Its own files are right, so it has nothing to do.
    let image = Image::of("ubuntu-22.04", &[("etc/netplan/50-cloud-init.yaml", yaml), drop_in, ("usr/sbin/netplan", "#!/bin/sh\n")]);
    fs::set_permissions(image.root().join("usr/sbin/netplan"), fs::Permissions::from_mode(0o755)).unwrap();
    image.is_mended(&["ra-accept-intended", "dhcpv6-intended"]);
    assert_eq!(fs::read_to_string(image.root().join(drop_in.0)).unwrap(), "[Network]\nIPv6AcceptRA=yes\nLLMNR=no\n");
}

const BUSYBOX_RECIPE: (&str, &str) =
    ("etc/network/interfaces", "auto eth0\niface eth0 inet dhcp\niface eth0 inet6 manual\n    up udhcpc6 -b -i eth0\n");

#[test]
fn busybox_starts_its_client() {
    Image::of("buildroot", &[]).is_mended(&["dhcpv6-intended"]);
    // Calico's recipe, for which its ifup refuses the whole file.
    let refused = ("etc/network/interfaces", "auto eth0\niface eth0 inet dhcp\niface eth0 inet6 dhcp\n    accept_ra 1\n");
    Image::of("buildroot", &[refused]).is_mended(&["dhcpv6-intended"]);
}

#[test]
fn the_client_of_busybox_has_a_script_that_adds_the_address() {
    let image = Image::of("buildroot", &[]);
    image.run(&image.remedy("shell"));
    assert!(fs::read_to_string(image.root().join("etc/udhcpc6.script")).unwrap().contains("addr replace \"$ipv6/128\""));
    let own = ("usr/share/udhcpc/default6.script", "#!/bin/sh\n[ -z \"$ipv6\" ] || ip -6 addr add \"$ipv6/128\" dev \"$interface\"\n");
    let image = Image::of("buildroot", &[own]);
    image.run(&image.remedy("shell"));
    assert!(!image.root().join("etc/udhcpc6.script").exists());
    assert!(fs::read_to_string(image.root().join("etc/network/interfaces")).unwrap().contains("-s /usr/share/udhcpc/default6.script\n"));
}

#[test]
fn busybox_gets_its_settings_where_they_are_read() {
    let mended = |changes: &[(&str, &str)], path: &str| {
        let image = Image::of("buildroot", &[&[BUSYBOX_RECIPE], changes].concat());
        image.is_mended(&["ra-accept-intended"]);
        assert!(!image.root().join("etc/sysctl.d/60-v6check.conf").exists());
        fs::read_to_string(image.root().join(path)).unwrap()
    };
    let conf = "etc/sysctl.conf";
    assert_eq!(mended(&[(conf, "net.ipv6.conf.eth0.accept_ra = 0\n")], conf), "net.ipv6.conf.eth0.accept_ra = 1\n");
    assert_eq!(mended(&[(conf, "net.ipv6.conf.all.forwarding = 1\n")], conf), "net.ipv6.conf.all.forwarding = 1\nnet.ipv6.conf.eth0.accept_ra = 2\n");
    // Here nothing reads /etc/sysctl.conf.
    let reader = ("etc/init.d/S02sysctl", "#!/bin/sh\nfor file in /etc/sysctl.d/*.conf; do sysctl -q -p \"$file\"; done\n");
    let forwards = ("etc/sysctl.d/router.conf", "net.ipv6.conf.all.forwarding = 1\n");
    assert!(mended(&[reader, forwards], forwards.0).ends_with("net.ipv6.conf.eth0.accept_ra = 2\n"));
}

#[test]
fn busybox_gets_ipv6_back() {
    let off = ("etc/sysctl.conf", "net.ipv6.conf.all.disable_ipv6 = 1\n");
    Image::of("buildroot", &[BUSYBOX_RECIPE, off]).is_mended(&["ipv6-enabled"]);
}

/// The proof is stored with the facts, so that a replay says what the run said.
#[test]
fn a_replay_has_the_same_fix() {
    let image = Image::of("debian-12-ifupdown", &[("etc/network/interfaces", "auto eth0\niface eth0 inet dhcp\n")]);
    let saved = image.directory.path().join("facts.json");
    let run = image.v6check(&["--text", "-", "--save", saved.to_str().unwrap()]);
    let replay = needs::command(V6CHECK).args(["replay", "--text", "-"]).arg(&saved).output().unwrap();
    assert_eq!((replay.status.code(), text(&replay.stdout)), (run.status.code(), text(&run.stdout)));
    let said = text(&run.stdout).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("below line 2 (`iface eth0 inet dhcp`), write: iface eth0 inet6 dhcp accept_ra 1"), "{said}");
    assert!(said.contains("Checked: with this change the image passes this requirement."), "{said}");
}

#[test]
fn json_has_the_edits_and_whether_they_are_proven() {
    let image = Image::of("debian-12-ifupdown", &[("etc/network/interfaces", "auto eth0\niface eth0 inet dhcp\n")]);
    let document: Value = serde_json::from_str(&image.remedy("json")).unwrap();
    assert_eq!(document["schema"], "v6check.remedy/1");
    let change = &document["changes"][0];
    assert_eq!(change["results"][0]["id"], "dhcpv6-intended");
    assert_eq!((&change["fix"]["proven"], &change["fix"]["goal"]), (&Value::Bool(true), &Value::String("dhcpv6".into())));
    let lines = &change["fix"]["edits"][0]["lines"];
    assert_eq!((&lines["path"], &lines["line"]), (&Value::String("/etc/network/interfaces".into()), &Value::from(2)));
}

/// What somebody has changed since is not overwritten.
#[test]
fn a_script_stops_where_a_file_is_another_one() {
    let image = Image::of("centos-7-network-scripts", &[]);
    let script = image.remedy("shell");
    let path = image.root().join("etc/sysconfig/network-scripts/ifcfg-eth0");
    let changed = fs::read_to_string(&path).unwrap() + "# by somebody\n";
    fs::write(&path, &changed).unwrap();
    let output = image.started(&script);
    assert!(!output.status.success() && text(&output.stderr).contains("not what v6check looked at"), "{}", text(&output.stderr));
    assert_eq!(fs::read_to_string(&path).unwrap(), changed);
}

#[test]
fn a_script_keeps_what_it_changes() {
    let before = "auto eth0\niface eth0 inet dhcp\n";
    let image = Image::of("debian-12-ifupdown", &[("etc/network/interfaces", before)]);
    image.run(&image.remedy("shell"));
    let kept = image
        .files()
        .into_iter()
        .find(|(path, _)| path.ends_with("etc/network/interfaces") && path.starts_with(image.root().join("var/backups/v6check")));
    assert_eq!(text(&kept.unwrap().1), before);
}

/// Advice is no change: the script holds it as a comment.
#[test]
fn what_cannot_be_proven_is_advice() {
    let image = Image::of("debian-13", &[]);
    fs::remove_file(image.root().join("usr/sbin/dhcpcd")).unwrap();
    let said = image.remedy("text").split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("apt-get install dhcpcd-base") && said.contains("This is advice and was not checked"), "{said}");
    let script = image.remedy("shell");
    assert!(
        script.contains("# To be done by hand:") && script.lines().all(|line| line.is_empty() || line == "set -e" || line.starts_with('#')),
        "{script}"
    );
}
