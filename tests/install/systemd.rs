//! What systemd makes of the units.

use std::collections::BTreeSet;
use std::fs;

use super::tree::Tree;
use super::{HOSTILE, run};

use v6check_lab::needs;

/// systemd's own programs read the units below the image, beside this machine's units as the distribution's.
#[test]
fn systemd_takes_the_units() {
    let image = Tree::copy("debian-12-cloud").unwrap();
    run(image.path(), &["install", "--report", "/dev/ttyS0", "--junit", HOSTILE]).unwrap();
    let root = format!("--root={}", image.path().display());
    for (unit, state) in [
        ("v6check-record.service", "enabled"),
        ("v6check-report.timer", "enabled"),
        ("v6check-online.service", "enabled"),
        ("v6check-report.service", "static"),
    ] {
        let output = needs::command("systemctl").args([&root, "is-enabled", unit]).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), state, "{unit}");
    }

    let units = image.path().join("usr/lib/systemd/system");
    assert!(needs::command("cp").args(["-an", "/usr/lib/systemd/system/."]).arg(&units).status().unwrap().success());
    fs::create_dir_all(image.path().join("bin")).unwrap();
    fs::copy("/bin/sh", image.path().join("bin/sh")).unwrap();
    let verify = |units: &[&str]| {
        let mut command = needs::command("systemd-analyze");
        let output = command.env("SYSTEMD_LOG_LEVEL", "debug").args(["verify", "--man=no", &root]).args(units).output().unwrap();
        (output.status.success(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
    };
    let (accepted, log) = verify(&["v6check-record.service", "v6check-online.service", "v6check-report.timer", "v6check-report.service"]);
    assert!(accepted, "{log}");
    // As systemd read it and prints it again; `$$` becomes `$` when it is run.
    let command = "Command Line: /usr/local/sbin/v6check --color never --profile calico --text=/dev/ttyS0 \
                   \"--junit=/var/log/a b%c\\\"\\$\\$x \\$\\${HOME} ;\\\\y'\\`z\\`.xml\"\n";
    assert!(log.contains(command), "{:?}", log.lines().filter(|line| line.contains("Command Line")).collect::<Vec<_>>());
    // Nothing that waits for the network keeps the deadline from starting it.
    assert_eq!(after(&log, "v6check-report.service"), BTreeSet::from(["basic.target", "sysinit.target", "system.slice", "v6check-report.timer"]));
    // With each stack that this machine has.
    let stacks = ["NetworkManager.service", "NetworkManager-wait-online.service", "systemd-networkd.service", "systemd-networkd-wait-online.service"];
    assert!(needs::command("systemctl").args([&root, "--quiet", "enable"]).args(stacks).status().unwrap().success());
    let (_, log) = verify(&["default.target", "network-online.target"]);
    assert!(log.contains("v6check-record.service") && !log.to_lowercase().contains("ordering cycle"), "{log}");
}

/// What a unit is ordered after, besides what mounts its files, in systemd's dump of it.
fn after<'a>(dump: &'a str, unit: &str) -> BTreeSet<&'a str> {
    let lines = dump.lines().skip_while(|line| *line != format!("\t-> Unit {unit}:")).skip(1);
    lines
        .take_while(|line| line.starts_with("\t\t"))
        .filter_map(|line| line.trim().strip_prefix("After: ")?.split_whitespace().next())
        .filter(|unit| !matches!(unit.rsplit_once('.'), Some((_, "mount"))))
        .collect()
}
