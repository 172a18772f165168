//! `v6check-lab boot`, as a person runs it: images that are nobody's in particular, good, unmountable, empty and hostile.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use crate::product::LAB;
use libtest_mimic::{Failed, Trial};
use serde_json::Value;
use tempfile::TempDir;
use v6check_lab::vm::{Break, Image, Layer, Overlay};
use v6check_lab::{STATE_LIMIT, needs, poll};

use crate::turns::Turn;

/// By this variable whatever the tool starts is known.
const MARK: &str = "V6CHECK_LAB_TEST";
/// What tells this program, in the place of v6check, how long to go on.
const RELEASE: &str = "V6CHECK_TEST_RELEASE";
const STEP: Duration = Duration::from_millis(20);
/// Where the lab's images have their partition, in bytes.
const PARTITION: u64 = 2048 * 512;
const LEFT: [&str; 5] = ["boot.pcapng", "console.log", "facts.json", "junit.xml", "report.json"];

type Test = fn(&Home, &Path) -> Result<(), String>;

const ALL: [(&str, Test); 9] = [
    ("raw-and-qcow2-at-once", raw_and_qcow2_at_once),
    ("unmountable-by-seed", unmountable_by_seed),
    ("nothing-bootable", nothing_bootable),
    ("refused-first", refused_first),
    ("needs-root", needs_root),
    ("missing-program", missing_program),
    ("hostile", hostile),
    ("interrupted", interrupted),
    ("killed", killed),
];

/// A trial each; `program` is the v6check that is put into guests.
pub(crate) fn trials(program: &Result<PathBuf, String>) -> Vec<Trial> {
    let trial = |(name, test): (&str, Test)| {
        let program = program.clone();
        Trial::test(format!("boot-image::{name}"), move || {
            let home = Home::new()?;
            let program = program?;
            test(&home, &program)?;
            let left = home.left_for_good();
            if left.is_empty() { Ok(()) } else { Err(Failed::from(format!("left behind: {left:?}"))) }
        })
    };
    ALL.into_iter().map(trial).collect()
}

/// A place of its own for one trial's images, reports and temporary files.
struct Home {
    folder: TempDir,
}

/// How a run ended and what it said.
#[derive(Debug)]
struct Said {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Home {
    fn new() -> Result<Self, String> {
        let folder = TempDir::with_prefix_in("boot-image-", env!("CARGO_TARGET_TMPDIR")).map_err(said)?;
        for name in ["tmp", "out"] {
            fs::create_dir(folder.path().join(name)).map_err(said)?;
        }
        Ok(Self { folder })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// `v6check-lab boot WORDS`, with all that it leaves in here.
    fn command(&self, program: &Path, words: &[&str]) -> Command {
        let mut command = needs::command(LAB);
        command.env(MARK, self.folder.path()).env("TMPDIR", self.path("tmp")).current_dir(self.folder.path());
        command.arg("--state").arg(self.path("state")).args(["boot", "--out", "out", "--v6check"]).arg(program).args(words);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// One turn for all of the run, whose guests' consoles nobody sees before its end.
    fn boot(&self, program: &Path, words: &[&str]) -> Result<Said, String> {
        let _turn = Turn::take();
        ran(&mut self.command(program, words))
    }

    /// What there is on this machine of a run that has ended: processes, loop devices, temporary files, its state.
    fn left(&self) -> Vec<String> {
        let of_processes = fs::read_dir("/proc").into_iter().flatten().flatten().filter(|entry| {
            let environment = fs::read(entry.path().join("environ")).unwrap_or_default();
            environment.split(|byte| *byte == 0).any(|word| word == format!("{MARK}={}", self.folder.path().display()).as_bytes())
        });
        let mut left: Vec<String> = of_processes.map(|entry| entry.path().display().to_string()).collect();
        let here = self.folder.path().display().to_string();
        let loops = needs::command("losetup").args(["--list", "--noheadings", "--output", "BACK-FILE"]).output();
        let loops = loops.map_or_else(|error| error.to_string(), |output| String::from_utf8_lossy(&output.stdout).into_owned());
        left.extend(loops.lines().filter(|line| line.contains(&here)).map(str::to_owned));
        left.extend(fs::read_dir(self.path("tmp")).into_iter().flatten().flatten().map(|entry| entry.path().display().to_string()));
        if self.path("state").exists() {
            left.push("its state".into());
        }
        left
    }

    /// What is still there when processes that were killed have had the time to end: they may outlive the one that killed them for a moment.
    fn left_for_good(&self) -> Vec<String> {
        // What is left is told by the caller, with its names.
        let _ = poll("nothing is left", STATE_LIMIT, || Ok(self.left().is_empty()));
        self.left()
    }

    /// Whether a guest of it runs.
    fn runs_machine(&self) -> bool {
        let name = |process: &String| fs::read_to_string(Path::new(process).join("comm")).unwrap_or_default();
        self.left().iter().any(|left| left.starts_with("/proc/") && name(left).starts_with("qemu-system"))
    }

    /// What it left of `image`, by the endings.
    fn endings(&self, image: &str) -> Vec<String> {
        let names = fs::read_dir(self.path("out")).into_iter().flatten().flatten().filter_map(|entry| entry.file_name().into_string().ok());
        let mut endings: Vec<String> = names.filter_map(|name| Some(name.strip_prefix(image)?.strip_prefix('.')?.to_owned())).collect();
        endings.sort();
        endings
    }

    fn read(&self, name: &str) -> Result<String, String> {
        fs::read_to_string(self.path(&format!("out/{name}"))).map_err(|error| format!("{name}: {error}"))
    }
}

/// A good one, changed so that its guest is `broken`, and by `lines` of a script, as an image that stands alone; written to `to` in that format.
fn image(named: &str, broken: &str, lines: &str, format: &str, to: &Path) -> Result<(), String> {
    let image: &Image = v6check_lab::vm::IMAGES.iter().find(|image| image.name == named).ok_or("no such image")?;
    let broken: &Break = v6check_lab::vm::BREAKS.iter().find(|known| known.name == broken).ok_or("no such break")?;
    let nics = [v6check_lab::vm::Nic { name: (image.nic)(0), dhcpv6: true }];
    let layer = (image.network)(&nics).under(&(broken.layer)(image, &nics)).run(lines);
    made(image, &layer, format, to)
}

fn made(image: &Image, layer: &Layer, format: &str, to: &Path) -> Result<(), String> {
    let overlay = Overlay::over(&(image.base)().image().map_err(said)?.0).map_err(said)?;
    overlay.change(layer, None).map_err(said)?.map_err(|why| why.0)?;
    done(needs::command("qemu-img").args(["convert", "-O", format]).arg(overlay.file()).arg(to))
}

fn said(error: impl std::fmt::Display) -> String {
    error.to_string()
}

fn ran(command: &mut Command) -> Result<Said, String> {
    let output = command.output().map_err(said)?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok(Said { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) })
}

fn done(command: &mut Command) -> Result<(), String> {
    let said = ran(command)?;
    if said.code == Some(0) { Ok(()) } else { Err(format!("{command:?}: {said:?}")) }
}

/// Nothing, if `holds`.
fn must(holds: bool, what: &str, seen: &impl std::fmt::Debug) -> Result<(), String> {
    if holds { Ok(()) } else { Err(format!("{what}: {seen:#?}")) }
}

/// Content and time of a file.
fn state(path: &Path) -> Result<(String, std::time::SystemTime), String> {
    let hash = ran(needs::command("sha256sum").arg(path))?;
    must(hash.code == Some(0), "no sum", &hash)?;
    Ok((hash.out, path.metadata().and_then(|file| file.modified()).map_err(said)?))
}

/// The words stand in the text, however it is wrapped.
fn tells(said: &Said, words: &[&str]) -> Result<(), String> {
    let flat = format!("{} {}", said.out, said.err).split_whitespace().collect::<Vec<_>>().join(" ");
    words.iter().try_for_each(|word| must(flat.contains(word), &format!("does not tell {word:?}"), said))
}

fn raw_and_qcow2_at_once(home: &Home, program: &Path) -> Result<(), String> {
    let (good, bad) = (home.path("good.raw"), home.path("bad.qcow2"));
    image("debian-12-ifupdown", "good", "", "raw", &good)?;
    // Its kernel is not told of the console, and says nothing there.
    image("debian-12-ifupdown", "forwarding", "sed -i s/console=ttyS0// /boot/grub/grub.cfg", "qcow2", &bad)?;
    // What OpenStack would tell its cloud-init, a seed does. It waits for its turn.
    image("debian-13-cloud-init", "good", "", "qcow2", &home.path("cloud.qcow2"))?;
    let before = (state(&good)?, state(&bad)?);
    // A report of an earlier run is not taken for one of this.
    fs::write(home.path("out/good.raw.junit.xml"), "stale").map_err(said)?;
    let told = home.boot(program, &["--jobs", "2", "good.raw", "bad.qcow2", "cloud.qcow2"])?;
    must(told.code == Some(1), "the worst is a failure", &told)?;
    must((state(&good)?, state(&bad)?) == before, "an image was written to", &before)?;
    let lines: Vec<&str> = told.out.lines().filter(|line| line.contains(": exit code ")).collect();
    must(
        lines.len() == 3
            && lines[0].starts_with("bad.qcow2: exit code 1: ens3: ")
            && lines[1].starts_with("cloud.qcow2: exit code 0: ")
            && lines[2].starts_with("good.raw: exit code 0: "),
        "worst first",
        &told,
    )?;
    tells(
        &told,
        &["forwarding is on", "console=ttyS0", "good.raw: making the overlay", "bad.qcow2: v6check is in it: booting", "good.raw: done: exit code 0"],
    )?;
    for (name, code) in [("good.raw", 0), ("bad.qcow2", 1), ("cloud.qcow2", 0)] {
        is_whole(home, program, name, code)?;
    }
    let consoles = (home.read("good.raw.console.log")?, home.read("bad.qcow2.console.log")?);
    must(consoles.0.contains("Linux version") && !consoles.1.contains("Linux version"), "a kernel on the wrong console", &consoles)?;
    must(told.out.matches("its command line lacks").count() == 1, "the silent console is not told, or another", &told)
}

/// All that a boot leaves is there, can be read by others, and is of one boot.
fn is_whole(home: &Home, program: &Path, name: &str, code: u64) -> Result<(), String> {
    must(home.endings(name) == LEFT, "not what a boot leaves", &home.endings(name))?;
    let junit = home.read(&format!("{name}.junit.xml"))?;
    let suites = quick_junit::Report::deserialize_from_str(&junit).map_err(said)?;
    must(suites.test_suites.iter().any(|suite| !suite.test_cases.is_empty()), "JUnit without cases", &junit)?;
    let report: Value = serde_json::from_str(&home.read(&format!("{name}.report.json"))?).map_err(said)?;
    must(report["summary"]["exit_code"] == code, "another exit code", &report["summary"])?;

    let out = |ending: &str| home.path(&format!("out/{name}.{ending}"));
    let replayed = needs::command(program).arg("replay").arg(out("facts.json")).args(["--json", "-", "--name", name]).output().map_err(said)?;
    must(replayed.stdout == fs::read(out("report.json")).map_err(said)?, "the facts replay to another report", &name)?;

    // The recording is the guest's: read again, it gives what the guest read from its own.
    let facts = v6check::facts::load(&home.read(&format!("{name}.facts.json"))?).map_err(said)?;
    let again = v6check::observe::boot::read(&out("boot.pcapng")).map_err(said)?;
    let mut of_guest = facts.interfaces.iter().filter_map(|(name, interface)| Some((name, interface.tenses.as_ref()?.boot.recording.get().ok()?)));
    must(of_guest.clone().any(|(_, recording)| recording.events.len() > 5), "the guest recorded next to nothing", &name)?;
    must(
        of_guest.all(|(name, recording)| {
            again.get(name).is_some_and(|again| {
                let file = recording.file.clone();
                *recording == v6check::facts::Recording { file, ..again.clone() }
            })
        }),
        "the recording differs from the guest's",
        &name,
    )?;
    agree(&report, program, &out("boot.pcapng"))?;

    let tshark = ran(needs::command("tshark").args(["-n", "-r"]).arg(out("boot.pcapng")).args(["-Y", "dhcpv6 || icmpv6.type == 133"]))?;
    must(tshark.code == Some(0) && tshark.out.lines().count() > 1, "tshark sees no solicitation", &tshark)
}

/// What the recording alone shows is not judged otherwise than in the guest; something is shown.
fn agree(report: &Value, program: &Path, recording: &Path) -> Result<(), String> {
    let output = needs::command(program).arg("replay").arg(recording).args(["--json", "-"]).output().map_err(said)?;
    let alone: Value = serde_json::from_slice(&output.stdout).map_err(|error| format!("{error}: {}", String::from_utf8_lossy(&output.stderr)))?;
    let verdict = |report: &Value, id: &Value, interface: &Value| {
        let results = report["results"].as_array().cloned().unwrap_or_default();
        results.into_iter().find(|result| result["id"] == *id && result["interface"] == *interface).map(|result| result["verdict"].clone())
    };
    let mut judged = 0;
    for result in alone["results"].as_array().into_iter().flatten().filter(|result| result["verdict"] == "pass" || result["verdict"] == "fail") {
        judged += 1;
        let in_guest = verdict(report, &result["id"], &result["interface"]);
        let contrary = if result["verdict"] == "pass" { "fail" } else { "pass" };
        must(in_guest != Some(contrary.into()), "the recording alone is judged otherwise", result)?;
    }
    must(judged > 3, "the recording alone shows next to nothing", &alone["summary"])
}

/// Its root has quotas, which this machine's kernel was built without; a kernel of Debian's has them.
fn unmountable_by_seed(home: &Home, program: &Path) -> Result<(), String> {
    let cloud = home.path("cloud.raw");
    let image = v6check_lab::vm::IMAGES.iter().find(|image| image.name == "debian-13-cloud-init").ok_or("no such image")?;
    made(image, &Layer::default(), "raw", &cloud)?;
    done(needs::command("tune2fs").args(["-O", "quota"]).arg(format!("{}?offset={PARTITION}", cloud.display())))?;
    let before = state(&cloud)?;
    let told = home.boot(program, &["cloud.raw"])?;
    tells(&told, &["it cannot be mounted here: booting, v6check comes by a NoCloud seed"])?;
    must(told.code == Some(0), "a good guest", &told)?;
    must(state(&cloud)? == before, "the image was written to", &before)?;
    is_whole(home, program, "cloud.raw", 0)
}

fn nothing_bootable(home: &Home, program: &Path) -> Result<(), String> {
    let mut disk = vec![0; 1 << 20];
    disk[510..512].copy_from_slice(&[0x55, 0xaa]);
    fs::write(home.path("empty.raw"), disk).map_err(said)?;
    let told = home.boot(program, &["--timeout", "20", "empty.raw"])?;
    must(told.code == Some(2), "not run", &told)?;
    tells(
        &told,
        &[
            "empty.raw: exit code 2: not within 20 s: a report",
            "Two ways were tried",
            "cannot be mounted here",
            "NoCloud seed",
            "The console's end:",
            "Boot",
        ],
    )?;
    must(home.endings("empty.raw") == ["console.log"], "the console and nothing else", &home.endings("empty.raw"))
}

/// What is no image is told without a machine; what is no file is told before anything.
fn refused_first(home: &Home, program: &Path) -> Result<(), String> {
    fs::write(home.path("notes.txt"), "no disk\n").map_err(said)?;
    fs::write(home.path("disk.raw.gz"), b"\x1f\x8b\x08\x00").map_err(said)?;
    let told = home.boot(program, &["notes.txt", "disk.raw.gz"])?;
    must(told.code == Some(2), "not run", &told)?;
    tells(&told, &["notes.txt: exit code 2: neither a qcow2 nor a raw disk", "disk.raw.gz: exit code 2: packed; unpack it first"])?;
    fs::create_dir(home.path("other")).map_err(said)?;
    fs::write(home.path("other/notes.txt"), "").map_err(said)?;
    for (words, why) in [
        (&["gone.qcow2"][..], "gone.qcow2: No such file"),
        (&["out"], "out: not a file"),
        (&["notes.txt", "other/notes.txt"], "two images are called notes.txt"),
        (&["--profile", "nonsense", "notes.txt"], "notes.txt: exit code 2: neither"),
        (&["--jobs", "0", "notes.txt"], "--jobs"),
        (&[], "<IMAGE>"),
    ] {
        let told = home.boot(program, words)?;
        must(told.code == Some(2), "impossible", &told)?;
        tells(&told, &[why])?;
    }
    let told = home.boot(Path::new("/bin/sh"), &["notes.txt"])?;
    must(told.code == Some(2) && !told.err.contains("making"), "told first", &told)?;
    tells(&told, &["/bin/sh: it needs shared libraries"])
}

fn needs_root(home: &Home, program: &Path) -> Result<(), String> {
    let copied = TempDir::new().map_err(said)?;
    fs::set_permissions(copied.path(), fs::Permissions::from_mode(0o755)).map_err(said)?;
    // By another process: a file that this one writes may be open in a child of another trial when it is to be run.
    done(needs::command("cp").arg(LAB).arg(copied.path().join("lab")))?;
    let as_told = home.command(program, &["image.raw"]);
    let mut command = needs::command("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(copied.path().join("lab")).args(as_told.get_args());
    let told = ran(command.current_dir("/"))?;
    must(told.code == Some(2), "impossible", &told)?;
    tells(&told, &["needs root"])
}

fn missing_program(home: &Home, program: &Path) -> Result<(), String> {
    let bin = home.path("bin");
    fs::create_dir(&bin).map_err(said)?;
    for name in ["ip", "dnsmasq", "blkid", "genisoimage", "losetup", "mount", "nft", "sfdisk", "sh", "umount", "unshare"] {
        let found = std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).map(|folder| folder.join(name)).find(|path| path.is_file());
        std::os::unix::fs::symlink(found.ok_or_else(|| format!("no {name} here"))?, bin.join(name)).map_err(said)?;
    }
    let told = ran(home.command(program, &["image.raw"]).env("PATH", &bin))?;
    must(told.code == Some(2), "impossible", &told)?;
    tells(&told, &["booting images needs qemu-img, qemu-storage-daemon, qemu-system-x86_64: apt-get install qemu-utils qemu-system-x86"])
}

/// An image that names other files, and one whose symbolic links lead to this machine's: nothing outside is opened or written.
fn hostile(home: &Home, program: &Path) -> Result<(), String> {
    let victim = home.path("victim");
    for name in ["etc", "usr", "var"] {
        fs::create_dir_all(victim.join(name)).map_err(said)?;
    }
    fs::write(victim.join("secret"), vec![b'x'; 4096]).map_err(said)?;
    let inner = home.path("inner");
    fs::create_dir(&inner).map_err(said)?;
    let qemu_img = |words: &[&str]| done(needs::command("qemu-img").args(words).current_dir(&inner));
    qemu_img(&["create", "-q", "-f", "qcow2", "-F", "raw", "-b", "../victim/secret", "backing.qcow2"])?;
    qemu_img(&["create", "-q", "-f", "qcow2", "-o", "data_file=../victim/data,data_file_raw=on", "data.qcow2", "1M"])?;
    let told = home.boot(program, &["inner/backing.qcow2", "inner/data.qcow2"])?;
    must(told.code == Some(2), "refused", &told)?;
    tells(&told, &["which is not in the image's own directory", "it has its data in another file", "refused"])?;

    let overlay = escaping(home, &victim)?;
    let before = listed(&victim)?;
    let layer = Layer::default().file("etc/sysctl.d/99-site.conf", "x").file("usr/local/x", "x").file("linked", "new").file("up/x", "x");
    let changed = overlay.change(&layer, Some(program));
    must(listed(&victim)? == before, "something outside of the image was written", &(listed(&victim)?, &changed))?;
    // Inside, links lead where they will lead once it is booted.
    let inside = home.path("inside.raw");
    done(needs::command("qemu-img").args(["convert", "-O", "raw"]).arg(overlay.file()).arg(&inside))?;
    let there = format!("{}/etc/sysctl.d/99-site.conf", victim.display());
    let shown = ran(needs::command("debugfs").args(["-R", &format!("cat {there}")]).arg(&inside))?;
    must(shown.out == "x", "the layer is not where the link leads inside", &(shown, changed))?;
    for (path, content) in [("/linked", "new"), ("/x", "x")] {
        let shown = ran(needs::command("debugfs").args(["-R", &format!("cat {path}")]).arg(&inside))?;
        must(shown.out == content, path, &shown)?;
    }
    let changed = overlay.change(&Layer::default().program("loop/x", "x"), None);
    must(changed.as_ref().is_err_and(|error| error.to_string().contains("too many symbolic links")), "a loop of links", &changed)?;
    Ok(())
}

/// An overlay over a root file system whose links lead to `victim`.
fn escaping(home: &Home, victim: &Path) -> Result<Overlay, String> {
    let tree = home.path("tree");
    fs::create_dir_all(tree.join("sbin")).map_err(said)?;
    fs::create_dir_all(tree.join("deep/er")).map_err(said)?;
    fs::create_dir_all(tree.join(victim.strip_prefix("/").map_err(said)?).join("etc")).map_err(said)?;
    fs::write(tree.join("sbin/init"), "").map_err(said)?;
    let outside = victim.display();
    for (name, target) in [
        ("etc", format!("{outside}/etc")),
        ("usr", format!("../../../../../../../../../../../../..{outside}/usr")),
        ("var", format!("{outside}/var")),
        ("linked", format!("{outside}/secret")),
        ("loop", "loop".into()),
        ("up", "deep/er/../../../../..".into()),
    ] {
        std::os::unix::fs::symlink(target, tree.join(name)).map_err(said)?;
    }
    let raw = home.path("escaping.raw");
    done(needs::command("mkfs.ext4").args(["-q", "-d"]).arg(&tree).arg(&raw).arg("64M"))?;
    Overlay::over(&raw).map_err(said)
}

/// All files in `folder` with what they hold.
fn listed(folder: &Path) -> Result<Vec<(PathBuf, Vec<u8>)>, String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).map_err(said)?.flatten() {
            if entry.path().is_dir() {
                folders.push(entry.path());
                found.push((entry.path(), Vec::new()));
            } else {
                found.push((entry.path(), fs::read(entry.path()).map_err(said)?));
            }
        }
    }
    found.sort();
    Ok(found)
}

/// This program in the place of v6check: an image stays mounted until there is a file of the name that [`RELEASE`] has.
pub(crate) fn hold() -> bool {
    let Some(release) = std::env::var_os(RELEASE) else { return false };
    while !Path::new(&release).exists() {
        sleep(STEP);
    }
    true
}

/// Interrupted at any step it leaves its consoles, and nothing else.
fn interrupted(home: &Home, program: &Path) -> Result<(), String> {
    image("debian-12-ifupdown", "good", "", "qcow2", &home.path("good.qcow2"))?;
    let (this, release) = (std::env::current_exe().map_err(said)?, home.path("release"));
    for (step, consoles) in [("putting v6check in", &[][..]), ("v6check is in it: booting", &["console.log"])] {
        let _turn = Turn::take();
        let mut command = home.command(if consoles.is_empty() { &this } else { program }, &["good.qcow2"]);
        if consoles.is_empty() {
            command.env(RELEASE, &release);
        }
        let mut child = command.spawn().map_err(said)?;
        let mut lines = BufReader::new(child.stderr.take().ok_or("no standard error")?).lines();
        let came = lines.by_ref().map_while(Result::ok).any(|line| line.contains(step));
        if consoles.is_empty() {
            // It is mounted then, and stays so until the program that is put in has ended.
            poll("the image is attached", STATE_LIMIT, || Ok(home.left().iter().any(|left| left.contains("change-")))).map_err(said)?;
        } else {
            poll("the guest runs", STATE_LIMIT, || Ok(home.runs_machine())).map_err(said)?;
        }
        done(needs::command("kill").args(["-s", "INT", &child.id().to_string()]))?;
        fs::write(&release, "").map_err(said)?;
        let rest: Vec<String> = lines.map_while(Result::ok).collect();
        let output = child.wait_with_output().map_err(said)?;
        must(came, "the step was not told", &rest)?;
        must(output.status.code() == Some(2), "impossible", &rest)?;
        let out = String::from_utf8_lossy(&output.stdout).into_owned();
        must(out.contains("good.qcow2: exit code 2: interrupted"), "not told", &(&out, &rest))?;
        let left = home.left_for_good();
        must(left.is_empty(), "left behind", &left)?;
        must(home.endings("good.qcow2") == consoles, "the console and nothing else", &home.endings("good.qcow2"))?;
    }
    Ok(())
}

/// What a killed one leaves is cleared by `link down`.
fn killed(home: &Home, program: &Path) -> Result<(), String> {
    image("debian-12-ifupdown", "good", "", "qcow2", &home.path("good.qcow2"))?;
    let _turn = Turn::take();
    let mut child = home.command(program, &["good.qcow2"]).spawn().map_err(said)?;
    let mut lines = BufReader::new(child.stderr.take().ok_or("no standard error")?).lines();
    let came = lines.by_ref().map_while(Result::ok).any(|line| line.contains("booting"));
    let runs = poll("the guest runs", STATE_LIMIT, || Ok(home.runs_machine())).is_ok();
    child.kill().and_then(|()| child.wait()).map_err(said)?;
    must(came && runs && !home.left().is_empty(), "there was no machine", &home.left())?;
    let down = ran(needs::command(LAB).arg("--state").arg(home.path("state")).args(["link", "down"]))?;
    must(down.code == Some(0), "not cleared", &down)
}
