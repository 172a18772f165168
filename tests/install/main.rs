//! `install` and `uninstall` on images: what they write, what they leave, and that init systems and shells take it. Nothing of this machine is
//! touched: all runs have `--root`.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod systemd;
#[expect(dead_code, reason = "shared with the tests of images")]
#[path = "../images/tree.rs"]
mod tree;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use tree::Tree;

use v6check_lab::needs;

const PROGRAM: &str = "/usr/local/sbin/v6check";
const RECORD: &str = "/etc/systemd/system/v6check-record.service";
const REPORT: &str = "/etc/systemd/system/v6check-report.service";
/// A name that systemd and sh would both take for something else.
const HOSTILE: &str = "/var/log/a b%c\"$x ${HOME} ;\\y'`z`.xml";

/// The program without what debuggers need, since it is written many times here.
fn built() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let stripped = Path::new(env!("CARGO_TARGET_TMPDIR")).join("v6check-stripped");
        assert!(needs::command("strip").arg("-o").arg(&stripped).arg(env!("CARGO_BIN_EXE_v6check")).status().unwrap().success());
        stripped
    })
}

/// A path, and what is there: kind and mode, owner, content or target.
type Snapshot = BTreeMap<String, (u32, u32, Vec<u8>)>;

/// Everything below a folder.
fn snapshot(top: &Path) -> Snapshot {
    let mut found = Snapshot::new();
    let mut ahead = vec![top.to_owned()];
    while let Some(folder) = ahead.pop() {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let there = entry.path().symlink_metadata().unwrap();
            let content = if there.is_dir() {
                ahead.push(entry.path());
                Vec::new()
            } else if there.is_symlink() {
                fs::read_link(entry.path()).unwrap().into_os_string().into_encoded_bytes()
            } else {
                fs::read(entry.path()).unwrap()
            };
            found.insert(entry.path().strip_prefix(top).unwrap().display().to_string(), (there.mode(), there.uid(), content));
        }
    }
    found
}

/// Runs the program on the image; what it printed, or with `Err` what it complained. Both cannot be.
fn run(root: &Path, words: &[&str]) -> Result<String, String> {
    told(needs::command(built()).arg(words[0]).arg("--root").arg(root).args(&words[1..]))
}

fn told(command: &mut Command) -> Result<String, String> {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    match (status.code(), text(stdout), text(stderr)) {
        (Some(0), out, error) if error.is_empty() => Ok(out),
        (Some(2), _, error) if !error.is_empty() => Err(error),
        other => panic!("{command:?}: {other:?}"),
    }
}

/// The lines that say what is done, each with a verb before a path or a command.
fn lines(text: &str) -> Vec<&str> {
    const DONE: [&str; 7] = ["make ", "write ", "link ", "unchanged ", "remove ", "left ", "run "];
    text.lines().filter(|line| DONE.iter().any(|verb| line.starts_with(verb))).collect()
}

fn judged(root: &Path) -> String {
    let output = needs::command(built()).args(["-i", "eth0", "-v", "--root"]).arg(root).output().unwrap();
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    // The line of the run has its time.
    let lines = text.lines().filter(|line| !line.starts_with("v6check 0.") && !line.contains(" requirements"));
    lines.collect::<Vec<_>>().join("\n")
}

/// Parts of the images, so that they are judged side by side.
fn every_image(part: usize) {
    for name in tree::images().into_iter().skip(part).step_by(2) {
        let image = Tree::copy(&name).unwrap();
        let root = image.path();
        let (before, verdicts) = (snapshot(root), judged(root));
        let options = ["install", "--report", "/dev/ttyS0", "--junit", "/var/log/v6check.xml"];

        let planned = run(root, &[&options[..], &["--dry-run"]].concat()).unwrap();
        assert_eq!(snapshot(root), before, "{name}: a dry run changed something");
        let done = run(root, &options).unwrap();
        assert_eq!(lines(&planned), lines(&done), "{name}");
        for said in [&planned, &done] {
            assert!(said.contains("It records from the next boot on.\n") && said.contains("Reports: /dev/ttyS0, /var/log/v6check.xml.\n"), "{said}");
        }
        let program = image.place(PROGRAM).unwrap();
        assert_eq!(program.metadata().unwrap().permissions().mode() & 0o7777, 0o755);
        assert_eq!(fs::read(&program).unwrap(), fs::read(built()).unwrap(), "{name}");
        assert_eq!(judged(root), verdicts, "{name}: what was installed changed a verdict");

        let after = snapshot(root);
        assert!(after.keys().all(|path| !path.contains(".tmp")), "{name}");
        let again = run(root, &options).unwrap();
        assert!(lines(&again).iter().all(|line| line.starts_with("unchanged ")) && again.ends_with("nothing to do.\n"), "{name}: {again}");
        assert_eq!(snapshot(root), after, "{name}");

        let planned = run(root, &["uninstall", "--dry-run"]).unwrap();
        assert_eq!(snapshot(root), after, "{name}: a dry run changed something");
        assert_eq!(lines(&planned), lines(&run(root, &["uninstall"]).unwrap()), "{name}");
        assert_eq!(snapshot(root), before, "{name}: something was left, or taken that was there before");
        assert_eq!(run(root, &["uninstall"]).unwrap(), "Nothing of v6check install is there.\n");
    }
}

#[test]
fn every_second_image_is_as_before_after_uninstall_and_judged_alike_between() {
    every_image(0);
}

#[test]
fn every_other_image_is_as_before_after_uninstall_and_judged_alike_between() {
    every_image(1);
}

/// An image whose files do not say what starts is taken to start all; the units of ours do not make it one whose files do.
#[test]
fn units_of_ours_do_not_speak_for_the_image() {
    let image = Tree::copy("debian-12-ifupdown").unwrap();
    image.delete("/etc/systemd").unwrap();
    image.delete("/usr/lib/systemd").unwrap();
    image.write("/etc/default/wide-dhcpv6-client", "INTERFACES=\"eth0\"").unwrap();
    image.write("/etc/wide-dhcpv6/dhcp6c.conf", "interface eth0 {\n  send ia-na 0;\n};\nid-assoc na 0 {\n};\n").unwrap();
    let verdicts = judged(image.path());
    assert!(verdicts.contains("dhcp6c"), "{verdicts}");
    run(image.path(), &["install"]).unwrap();
    assert_eq!(judged(image.path()), verdicts);
}

#[test]
fn other_options_rewrite_what_has_them_only() {
    for (image, file) in [("debian-12-cloud", REPORT), ("alpine", "/etc/init.d/v6check-report"), ("centos-6", "/etc/init.d/v6check-report")] {
        let image = Tree::copy(image).unwrap();
        let before = snapshot(image.path());
        run(image.path(), &["install"]).unwrap();
        let said = run(image.path(), &["install", "--report", "/dev/ttyS0", "--report", "/dev/ttyS1", "--json", "/a.json"]).unwrap();
        let changed: Vec<&str> = lines(&said).into_iter().filter(|line| !line.starts_with("unchanged ")).collect();
        assert_eq!(changed, [format!("write {file}")]);
        let text = fs::read_to_string(image.place(file).unwrap()).unwrap();
        assert!(text.contains("v6check --color never --profile calico --text=/dev/ttyS0 --text=/dev/ttyS1 --json=/a.json\n"), "{text}");
        run(image.path(), &["uninstall"]).unwrap();
        assert_eq!(snapshot(image.path()), before);
    }
}

/// The text goes where nobody looks for it by himself, unless it is told.
#[test]
fn where_reports_and_facts_are_found_is_told() {
    let journal = "The printed report goes to the journal: journalctl -b -u v6check-report.\n";
    let syslog = "The printed report goes to syslog, as v6check.\n";
    for (image, printed) in [("debian-12-cloud", journal), ("alpine", syslog)] {
        let image = Tree::copy(image).unwrap();
        for (options, expected) in [
            (&[][..], printed.to_owned()),
            (&["--save", "/var/facts.json"], format!("{printed}Facts: /var/facts.json.\n")),
            (&["--junit", "/a.xml", "--save", "/f.json"], format!("Reports: /a.xml.\n{printed}Facts: /f.json.\n")),
            (&["--report", "/dev/ttyS0", "--save", "/f.json"], "Reports: /dev/ttyS0.\nFacts: /f.json.\n".to_owned()),
            (&["--report", "/dev/ttyS0", "--json", "-"], format!("Reports: /dev/ttyS0.\n{printed}")),
        ] {
            let said = run(image.path(), &[&["install", "--dry-run"], options].concat()).unwrap();
            assert!(said.contains(&format!("after the services began to start.\n{expected}Nothing was done")), "{options:?}: {said}");
        }
    }
}

#[test]
fn start_links_are_before_the_networks() {
    let image = Tree::copy("centos-6").unwrap();
    run(image.path(), &["install"]).unwrap();
    let link = image.path().join("etc/rc.d/rc3.d/S09v6check-record");
    assert_eq!(fs::canonicalize(link).unwrap(), fs::canonicalize(image.path().join("etc/rc.d/init.d/v6check-record")).unwrap());

    // Debian without systemd: the network is of the first level.
    let image = debian_sysvinit();
    image.write("/etc/init.d/.depend.boot", "TARGETS = networking").unwrap();
    let said = run(image.path(), &["install"]).unwrap();
    assert!(said.contains("link /etc/rcS.d/S11v6check-record -> ../init.d/v6check-record\n"), "{said}");
    assert!(said.contains("link /etc/rc2.d/S99v6check-report -> ../init.d/v6check-report\n"), "{said}");
    assert!(!said.contains("rc2.d/S01v6check-record") && said.contains("insserv"), "{said}");
    // The network has moved since.
    fs::rename(image.path().join("etc/rcS.d/S12networking"), image.path().join("etc/rcS.d/S15networking")).unwrap();
    run(image.path(), &["uninstall"]).unwrap();
    assert!(snapshot(image.path()).keys().all(|path| !path.contains("v6check")));
}

/// BusyBox' init runs what its script runs: numbered scripts in /etc/init.d, or the links of one level.
#[test]
fn a_busybox_starts_what_is_put_there() {
    let image = Tree::copy("buildroot").unwrap();
    let before = snapshot(image.path());
    let said = run(image.path(), &["install"]).unwrap();
    assert!(said.contains("link /etc/init.d/S39v6check-record -> ../init.d/v6check-record\n"), "{said}");
    assert!(said.contains("link /etc/init.d/S99v6check-report -> ../init.d/v6check-report\n"), "{said}");
    assert!(image.path().join("etc/init.d/S39v6check-record").is_file());
    run(image.path(), &["uninstall"]).unwrap();
    assert_eq!(snapshot(image.path()), before);

    let scripts = ["S02sysctl", "S40network"];
    for (level, network) in [("3", "S40-network"), ("S", "S40network")] {
        image.write("/etc/init.d/network", "#!/bin/sh").unwrap();
        image.link(&format!("/etc/rc{level}.d/{network}"), "../init.d/network").unwrap();
        let said = run(image.path(), &["install"]).unwrap();
        assert!(said.contains(&format!("link /etc/rc{level}.d/S39v6check-record ")), "{said}");
        assert!(said.contains(&format!("link /etc/rc{level}.d/S99v6check-report ")), "{said}");
        assert!(!said.contains("link /etc/init.d/"), "{said}");
        run(image.path(), &["uninstall"]).unwrap();
        image.delete(&format!("/etc/rc{level}.d")).unwrap();
    }
    for script in scripts {
        image.delete(&format!("/etc/init.d/{script}")).unwrap();
    }
    let before = snapshot(image.path());
    let refused = run(image.path(), &["install"]).unwrap_err();
    assert!(refused.contains("nothing would start"), "{refused}");
    assert_eq!(snapshot(image.path()), before);
}

fn debian_sysvinit() -> Tree {
    let image = Tree::copy("debian-9").unwrap();
    for path in ["/etc/systemd", "/lib/systemd", "/usr/lib/systemd", "/sbin/init"] {
        let _ = image.delete(path);
    }
    image.write("/etc/init.d/networking", "#!/bin/sh").unwrap();
    image.link("/etc/rcS.d/S12networking", "../init.d/networking").unwrap();
    image.write("/etc/rc2.d/README", "").unwrap();
    image
}

/// The text between two lines of a script.
fn part<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    let start = text.find(from).unwrap();
    &text[start..start + text[start..].find(to).unwrap() + to.len()]
}

/// Debian's sh, and BusyBox' where it is.
const SHELLS: [&[&str]; 2] = [&["sh"], &["busybox", "sh"]];

#[test]
fn shells_take_the_scripts() {
    for (image, files) in [
        (Tree::copy("alpine").unwrap(), ["/etc/init.d/v6check-record", "/etc/init.d/v6check-report"]),
        (debian_sysvinit(), ["/etc/init.d/v6check-record", "/etc/init.d/v6check-report"]),
        (Tree::copy("ubuntu-14.04").unwrap(), ["/etc/init/v6check-record.conf", "/etc/init/v6check-report.conf"]),
    ] {
        run(image.path(), &["install", "--junit", HOSTILE]).unwrap();
        for file in files {
            let place = image.place(file).unwrap();
            let mut text = fs::read_to_string(&place).unwrap();
            assert!(!text.contains('@'), "{text}");
            if file.starts_with("/etc/init/") {
                text = part(&text, "pre-start script\n", "end script")
                    .lines()
                    .skip(1)
                    .filter(|line| *line != "end script")
                    .collect::<Vec<_>>()
                    .join("\n");
            } else {
                assert_eq!(place.metadata().unwrap().permissions().mode() & 0o7777, 0o755);
            }
            for shell in SHELLS {
                let output = needs::command(shell[0]).args(&shell[1..]).args(["-n", "-c", &text]).output().unwrap();
                assert!(output.status.success(), "{file}: {}\n{text}", String::from_utf8_lossy(&output.stderr));
            }
        }
    }
}

/// The scripts of sysvinit with a stand-in for the program and a folder for /run/v6check, and without the long sleeps: the recorder runs when
/// the first has ended, the second ends it and then makes the report, once.
#[test]
fn scripts_record_then_end_the_recording_and_report_once() {
    for shell in SHELLS {
        let image = debian_sysvinit();
        run(image.path(), &["install", "--junit", HOSTILE]).unwrap();
        let place = image.path().parent().unwrap().to_str().unwrap();
        let program = format!("{place}/v6check");
        // The recorder makes its file when its sockets are open, and ends by a signal. A report says its last word.
        let stand_in = format!(
            "#!/bin/sh\nif [ \"$1\" = record ]; then\n trap 'echo ended >>{place}/said; exit 0' TERM\n sleep 0.3\n echo x >{place}/run/boot.pcapng\n \
             while :; do sleep 0.1; done\nfi\nfor word; do :; done\necho \"$word\" >>{place}/said\n"
        );
        fs::write(&program, stand_in).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        let script = |name: &str| {
            let text = fs::read_to_string(image.place(&format!("/etc/init.d/{name}")).unwrap()).unwrap();
            let text = text.replace(PROGRAM, &program).replace("/run/v6check", &format!("{place}/run"));
            let text = text.replace("sleep 15\n", "sleep 0\n").replace("sleep 105; exec /etc/init.d/v6check-report", "exec true");
            let path = format!("{place}/{name}");
            fs::write(&path, text).unwrap();
            path
        };
        let start = |script: &str| {
            let status = needs::command(shell[0]).args(&shell[1..]).args([script, "start"]).status().unwrap();
            assert!(status.success(), "{script}");
        };
        start(&script("v6check-record"));
        assert!(Path::new(place).join("run/boot.pcapng").exists(), "the network would have come up before the recorder");
        assert!(!Path::new(place).join("said").exists());
        let report = script("v6check-report");
        start(&report);
        start(&report);
        let said = || fs::read_to_string(format!("{place}/said")).unwrap_or_default();
        let expected = format!("ended\n--junit={HOSTILE}\n");
        for _ in 0..100 {
            if said() == expected {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        // A second report would come meanwhile.
        std::thread::sleep(std::time::Duration::from_millis(500));
        assert_eq!(said(), expected, "{shell:?}");
    }
}

/// Without `--root`, in a tree that is this machine's root to the program: what ran and its recording go as well.
#[test]
fn a_running_system_keeps_no_recording() {
    for image in ["debian-12-cloud", "alpine", "centos-6", "ubuntu-14.04"] {
        let image = Tree::copy(image).unwrap();
        fs::create_dir(image.path().join("proc")).unwrap();
        fs::copy(built(), image.path().join("v6check")).unwrap();
        let inside = |words: &[&str]| {
            let enter = r#"mount --bind /proc "$1/proc" && exec chroot "$@""#;
            told(needs::command("unshare").args(["-m", "sh", "-c", enter, "sh"]).arg(image.path()).arg("/v6check").args(words)).unwrap()
        };
        fs::create_dir_all(image.path().join("run")).unwrap();
        let before = snapshot(image.path());
        assert!(inside(&["install"]).contains("It records from the next boot on."));
        image.write("/run/v6check/boot.pcapng", "").unwrap();
        let planned = inside(&["uninstall", "--dry-run"]);
        let said = inside(&["uninstall"]);
        assert_eq!(lines(&planned), lines(&said));
        assert!(said.contains("run ") && said.contains("remove /run/v6check/boot.pcapng\nremove"), "{said}");
        assert_eq!(snapshot(image.path()), before);
    }
}

#[test]
fn links_of_an_image_lead_nowhere_outside() {
    let image = Tree::copy("debian-12-cloud").unwrap();
    let outside = image.outside("outside");
    fs::create_dir_all(outside.join("system")).unwrap();
    fs::remove_dir_all(image.path().join("etc/systemd")).unwrap();
    symlink("../../../../../../../outside", image.path().join("etc/systemd")).unwrap();
    fs::create_dir_all(image.path().join("usr")).unwrap();
    symlink(&outside, image.path().join("usr/local")).unwrap();
    let (before, beside) = (snapshot(image.path()), snapshot(&outside));
    run(image.path(), &["install"]).unwrap();
    assert_eq!(snapshot(&outside), beside);
    assert!(image.path().join("outside/system/v6check-record.service").exists());
    run(image.path(), &["uninstall"]).unwrap();
    assert_eq!(snapshot(&outside), beside);
    assert_eq!(snapshot(image.path()), before);

    // A link that goes round.
    fs::remove_file(image.path().join("etc/systemd")).unwrap();
    symlink("systemd", image.path().join("etc/systemd")).unwrap();
    assert!(run(image.path(), &["install"]).unwrap_err().contains("too many symbolic links"));
}

#[test]
fn what_is_not_ours_is_neither_overwritten_nor_removed() {
    let image = Tree::copy("debian-12-cloud").unwrap();
    let outside = image.outside("file");
    fs::write(&outside, "# Put here by `v6check install`; `v6check uninstall` takes it away.\n").unwrap();
    image.link(RECORD, outside.to_str().unwrap()).unwrap();
    let before = snapshot(image.path());
    let error = run(image.path(), &["install"]).unwrap_err();
    assert!(error.contains(RECORD) && error.contains("nothing was changed"), "{error}");
    assert!(run(image.path(), &["uninstall"]).unwrap().contains(&format!("left {RECORD}: not put there by v6check install\n")));
    assert_eq!(snapshot(image.path()), before);
    assert!(outside.exists());

    image.delete(RECORD).unwrap();
    for (path, text) in [(PROGRAM, "another's"), (REPORT, "[Unit]")] {
        image.write(path, text).unwrap();
        assert!(run(image.path(), &["install"]).unwrap_err().contains(path));
        image.delete(path).unwrap();
    }

    // A program that somebody copied there before stays.
    let program = image.place(PROGRAM).unwrap();
    fs::copy(built(), &program).unwrap();
    let before = snapshot(image.path());
    run(image.path(), &["install"]).unwrap();
    assert!(run(image.path(), &["uninstall"]).unwrap().contains(&format!("left {PROGRAM}: ")));
    assert_eq!(snapshot(image.path()), before);

    // A list that names what is not ours: neither files nor directories with something in them go.
    run(image.path(), &["install"]).unwrap();
    image
        .append(
            RECORD,
            "# Came with it: /etc/os-release\n# Came with it: /etc\n# Came with it: /../../file\n# Came with it: /usr/local/sbin/v6check/x\n",
        )
        .unwrap();
    run(image.path(), &["uninstall"]).unwrap();
    assert_eq!(snapshot(image.path()), before);
    assert!(outside.exists());
}

#[test]
fn where_it_may_not_write_it_says_so_and_leaves_all() {
    let image = Tree::copy("debian-12-cloud").unwrap();
    let before = snapshot(image.path());
    // The build may be in a folder that not everybody may enter.
    let program = image.outside("program");
    fs::copy(built(), &program).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = needs::command(&program);
    let error = told(command.args(["install", "--root"]).arg(image.path()).uid(65534).gid(65534)).unwrap_err();
    assert!(error.contains(": Permission denied") && error.contains("run it as root"), "{error}");
    assert_eq!(snapshot(image.path()), before);

    let read_only =
        r#"mount -o bind,ro "$2" "$2" 2>/dev/null || { mount --bind "$2" "$2" && mount -o remount,bind,ro "$2"; } && exec "$1" install --root "$2""#;
    let mut command = needs::command("unshare");
    let error = told(command.args(["-m", "sh", "-c", read_only, "sh"]).arg(built()).arg(image.path())).unwrap_err();
    assert!(error.contains("Read-only file system") && error.contains("remount,rw"), "{error}");
    assert_eq!(snapshot(image.path()), before);

    // The last of the files cannot be: what was made before is gone again.
    image.write("/etc/systemd/system/network-online.target.wants", "a file").unwrap();
    let before = snapshot(image.path());
    run(image.path(), &["install"]).unwrap_err();
    assert_eq!(snapshot(image.path()), before);
}

#[test]
fn what_no_boot_could_do_is_refused() {
    let image = Tree::copy("debian-12-cloud").unwrap();
    for (words, says) in [
        (&["install", "--report", "report.txt"][..], "absolute"),
        (&["install", "--junit", "/a\nb"], "control character"),
        (&["install", "--profile", "nosuch"], "nosuch"),
        (&["install", "--junit", "/a", "--json", "/a"], "two reports"),
        (&["install", "--report", "-", "--json", "-"], "two reports"),
    ] {
        let error = run(image.path(), words).unwrap_err();
        assert!(error.contains(says), "{words:?}: {error}");
    }
    // ELF of a machine that this one is not (elf(5)).
    let mut other = vec![0x7f, b'E', b'L', b'F', 2, 1, 1];
    other.resize(18, 0);
    other.extend([0xf3, 0]);
    fs::create_dir_all(image.path().join("usr/bin")).unwrap();
    fs::write(image.path().join("usr/bin/sh"), other).unwrap();
    assert!(run(image.path(), &["install"]).unwrap_err().contains("another kind of machine"));

    let empty = tempfile::tempdir().unwrap();
    let error = run(empty.path(), &["install"]).unwrap_err();
    assert!(error.contains("no init system found"), "{error}");
    assert!(run(&empty.path().join("absent"), &["uninstall"]).unwrap_err().contains("not a directory"));
    assert!(snapshot(empty.path()).is_empty());
}

#[test]
fn selinux_images_are_told_to_be_labelled() {
    let image = Tree::copy("rocky-9").unwrap();
    image.write("/etc/selinux/config", "SELINUX=enforcing\n").unwrap();
    assert!(run(image.path(), &["install"]).unwrap().contains(".autorelabel"));
}
