//! Images made to hurt: in place of each file something that blocks, leads out, does not end or is no text. The program must end soon, with a
//! report, and read nothing outside of the image.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;

use libtest_mimic::Trial;
use v6check_lab::needs;

use crate::INTERFACE;
use crate::run;
use crate::tree::{self, Tree};

/// Stands in every file outside of an image, and may stand in no report.
const CANARY: &str = "CANARY-7f3a";

/// What a file is replaced by.
struct Trick {
    name: &'static str,
    play: fn(&Tree, &str) -> std::io::Result<()>,
    /// Nothing of the file is left, so that the verdicts are those of an image without it.
    as_absent: bool,
}

const TRICKS: [Trick; 11] = [
    Trick { name: "fifo", play: fifo, as_absent: false },
    Trick { name: "directory", play: |tree, path| replaced(tree, path, |place| fs::create_dir(place)), as_absent: false },
    Trick { name: "link-out", play: |tree, path| link_out(tree, path, false), as_absent: true },
    Trick { name: "link-climbs-out", play: |tree, path| link_out(tree, path, true), as_absent: true },
    Trick { name: "link-to-itself", play: |tree, path| replaced(tree, path, |place| symlink(path, place)), as_absent: false },
    Trick { name: "link-to-a-device", play: |tree, path| replaced(tree, path, |place| symlink("/dev/zero", place)), as_absent: true },
    Trick { name: "4-gigabytes", play: |tree, path| replaced(tree, path, |place| File::create(place)?.set_len(4 << 30)), as_absent: false },
    Trick { name: "not-utf-8", play: not_utf_8, as_absent: false },
    Trick { name: "a-megabyte-of-its-lines", play: |tree, path| many_lines(tree, path, usize::MAX), as_absent: false },
    Trick { name: "100000-lines", play: |tree, path| many_lines(tree, path, 9), as_absent: false },
    Trick { name: "cut", play: cut, as_absent: false },
];

/// Each trick with each image: one file at a time, then all.
pub(crate) fn trials() -> Vec<Trial> {
    let mut seen = BTreeSet::new();
    let mut trials = Vec::new();
    for image in tree::images() {
        // A file that another image has as well is played with once, and one that nobody opens only together with all others.
        let mut contents = Tree::copy(&image).unwrap().contents();
        contents.retain(|file| !file.1.starts_with(b"placeholder") && !file.0.contains("/systemd/system/") && seen.insert(file.clone()));
        let new = Arc::new(contents);
        trials.extend(TRICKS.iter().map(|trick| {
            let (image, new) = (image.clone(), Arc::clone(&new));
            Trial::test(format!("hostile::{}::{image}", trick.name), move || Ok(play(&image, &new, trick)?))
        }));
    }
    trials.push(Trial::test("hostile::directories-lead-out", || Ok(directories_lead_out()?)));
    trials.push(Trial::test("hostile::empty", || Ok(empty()?)));
    trials.push(Trial::test("hostile::name-not-utf-8", || Ok(name_not_utf_8()?)));
    trials
}

fn play(image: &str, files: &[(String, Vec<u8>)], trick: &Trick) -> Result<(), String> {
    let tree = Tree::copy(image).map_err(|error| error.to_string())?;
    for (path, bytes) in files {
        let told = |error: &dyn std::fmt::Display| format!("{path}: {error}");
        (trick.play)(&tree, path).map_err(|error| told(&error))?;
        let verdicts = judge(&tree).map_err(|error| told(&error))?;
        tree.delete(path).map_err(|error| told(&error))?;
        if trick.as_absent {
            let expected = judge(&tree).map_err(|error| told(&error))?;
            if verdicts != expected {
                return Err(format!("{path}: not as if it were absent:\n{verdicts:?}\n{expected:?}"));
            }
        }
        fs::write(tree.place(path).map_err(|error| told(&error))?, bytes).map_err(|error| told(&error))?;
    }
    for (path, _) in tree.contents() {
        (trick.play)(&tree, &path).map_err(|error| format!("{path}: {error}"))?;
    }
    judge(&tree).map(|_| ()).map_err(|error| format!("all files: {error}"))
}

/// The verdicts, after the canary was looked for.
fn judge(tree: &Tree) -> Result<Vec<String>, String> {
    let ran = run::judge(tree.path(), INTERFACE)?;
    if ran.printed.contains(CANARY) {
        return Err(format!("read outside of the image: {}", ran.printed));
    }
    Ok(ran.report.results.iter().map(|result| format!("{} {:?}", result.id, result.verdict)).collect())
}

fn replaced(tree: &Tree, path: &str, make: impl FnOnce(&Path) -> std::io::Result<()>) -> std::io::Result<()> {
    tree.delete(path)?;
    make(&tree.place(path)?)
}

fn fifo(tree: &Tree, path: &str) -> std::io::Result<()> {
    replaced(tree, path, |place| {
        let made = needs::command("mkfifo").arg("-m").arg("666").arg(place).status()?.success();
        if made { Ok(()) } else { Err(std::io::Error::other("mkfifo")) }
    })
}

/// The file is moved outside, with canaries in every line, and linked to: by its place on this machine, or by climbing over the root.
fn link_out(tree: &Tree, path: &str, climbs: bool) -> std::io::Result<()> {
    let outside = tree.outside(&format!("outside-{}", path.replace('/', "_")));
    let text = String::from_utf8_lossy(&fs::read(tree.place(path)?)?).into_owned();
    let marked = text.lines().map(|line| format!("{line} {CANARY}\n")).collect::<Vec<_>>().concat();
    fs::write(&outside, format!("{text}\n{marked}{CANARY}={CANARY}\n"))?;
    let target =
        if climbs { format!("{}{}", "../".repeat(40), outside.display().to_string().trim_start_matches('/')) } else { outside.display().to_string() };
    replaced(tree, path, |place| symlink(target, place))
}

fn not_utf_8(tree: &Tree, path: &str) -> std::io::Result<()> {
    let place = tree.place(path)?;
    let mut bytes = b"\xff\xfe\x00\xc3\x28\n".to_vec();
    for line in fs::read(&place)?.split(|byte| *byte == b'\n') {
        bytes.extend_from_slice(line);
        bytes.extend_from_slice(b"\xff\xc0\x80\0\r\n");
    }
    fs::write(place, bytes)
}

/// Its own lines, none longer than `longest`, again and again: as many as a file may have that is read.
fn many_lines(tree: &Tree, path: &str, longest: usize) -> std::io::Result<()> {
    const LINES: usize = 100_000;
    const MOST_BYTES: usize = 1 << 20;
    let place = tree.place(path)?;
    let text = String::from_utf8_lossy(&fs::read(&place)?).into_owned();
    let lines: Vec<&str> = if text.is_empty() { vec![""] } else { text.lines().collect() };
    let mut long = String::new();
    for line in lines.iter().cycle().take(LINES) {
        let line = line.get(..longest.min(line.len())).unwrap_or_default();
        if long.len() + line.len() + 1 > MOST_BYTES {
            break;
        }
        long.push_str(line);
        long.push('\n');
    }
    fs::write(place, long)
}

/// Cut in its middle.
fn cut(tree: &Tree, path: &str) -> std::io::Result<()> {
    let place = tree.place(path)?;
    let bytes = fs::read(&place)?;
    fs::write(place, &bytes[..bytes.len() / 2])
}

/// Whole directories moved outside, with canaries in each file, and links to them, to those of this machine and to each other.
fn directories_lead_out() -> Result<(), String> {
    for name in ["etc", "usr", "boot"] {
        for target in ["outside", "../moved", "../../../../../../../../etc", "/etc", "/usr", ".", "etc", ".."] {
            let told = |error: &dyn std::fmt::Display| format!("{name} -> {target}: {error}");
            let tree = Tree::copy("debian-12-ifupdown").map_err(|error| told(&error))?;
            let inside: Vec<String> =
                tree.contents().into_iter().map(|(path, _)| path).filter(|path| path.starts_with(&format!("/{name}/"))).collect();
            for path in inside {
                tree.append(&path, &format!("\n# {CANARY}\n{CANARY}={CANARY}\n")).map_err(|error| told(&error))?;
            }
            let moved = tree.outside("moved");
            fs::rename(tree.path().join(name), &moved).map_err(|error| told(&error))?;
            let target = if target == "outside" { moved.display().to_string() } else { target.to_owned() };
            symlink(&target, tree.path().join(name)).map_err(|error| told(&error))?;
            let verdicts = judge(&tree).map_err(|error| told(&error))?;
            fs::remove_file(tree.path().join(name)).map_err(|error| told(&error))?;
            let without = judge(&tree).map_err(|error| told(&error))?;
            if target.contains("moved") && verdicts != without {
                return Err(told(&format!("not as if it were absent:\n{verdicts:?}\n{without:?}")));
            }
        }
    }
    Ok(())
}

/// An empty directory is an image of which nothing is known: nothing in it passes for lack of a file that says otherwise in silence.
fn empty() -> Result<(), String> {
    let directory = tempfile::tempdir().map_err(|error| error.to_string())?;
    let permissions = <fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o755);
    fs::set_permissions(directory.path(), permissions).map_err(|error| error.to_string())?;
    // Of a directory without even that, v6check says that it is no root.
    fs::create_dir(directory.path().join("etc")).map_err(|error| error.to_string())?;
    let report = run::judge(directory.path(), INTERFACE)?.report;
    let stack: Vec<_> = report.results.iter().filter(|result| result.id == "dhcpv6-intended").map(|result| result.verdict).collect();
    if stack == [v6check::judge::Verdict::Inconclusive] { Ok(()) } else { Err(format!("dhcpv6-intended of an empty image: {stack:?}")) }
}

/// A file whose name is in Latin-1 is read at boot like any other, and cannot be told here: what sysctl.d says is not known.
fn name_not_utf_8() -> Result<(), String> {
    let tree = Tree::copy("debian-12-ifupdown").map_err(|error| error.to_string())?;
    let name = <std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(b"99-\xe9t\xe9.conf");
    fs::write(tree.path().join("etc/sysctl.d").join(name), "net.ipv6.conf.eth0.accept_ra=0\n").map_err(|error| error.to_string())?;
    let report = run::judge(tree.path(), INTERFACE)?.report;
    let result = report.results.iter().find(|result| result.id == "ra-accept-intended").ok_or("no ra-accept-intended")?;
    let reason = result.reason.as_deref().unwrap_or_default();
    let told = result.verdict == v6check::judge::Verdict::Inconclusive && reason.contains("/etc/sysctl.d") && reason.contains("UTF-8");
    if told { Ok(()) } else { Err(format!("{:?}: {reason}", result.verdict)) }
}
