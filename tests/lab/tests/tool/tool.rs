//! The program, run in a place of its own, and what it leaves there.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use v6check_lab::needs;

pub(crate) use crate::product::LAB;

/// The v6check beside it.
pub(crate) static V6CHECK: LazyLock<PathBuf> = LazyLock::new(|| {
    let profile = Path::new(LAB).parent().and_then(Path::file_name).unwrap();
    crate::product::v6check(profile.to_str().unwrap()).unwrap()
});

/// By this variable whatever a tool starts is known, however it changes its name or session.
const MARK: &str = "V6CHECK_LAB_TEST";

/// A state that is not there after this is not just late.
const LIMIT: Duration = Duration::from_mins(5);

/// The program with a state folder and a TMPDIR of its own.
pub(crate) struct Tool {
    home: TempDir,
    mark: String,
}

/// How it ended and what it said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Tool {
    pub(crate) fn new() -> Self {
        let home = TempDir::with_prefix("lab-tool-test-").unwrap();
        LazyLock::force(&V6CHECK);
        fs::create_dir(home.path().join("tmp")).unwrap();
        let mark = home.path().display().to_string();
        Self { home, mark }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// `program` with what makes it this tool's; `LAB` gets its state folder as well.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = needs::command(program);
        command.env(MARK, &self.mark).env("TMPDIR", self.path("tmp"));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub(crate) fn lab(&self, words: &[&str]) -> Command {
        let mut command = self.command(LAB);
        command.arg("--state").arg(self.path("state")).args(words);
        command
    }

    pub(crate) fn run(&self, words: &[&str]) -> Said {
        said(&mut self.lab(words))
    }

    /// As [`Self::run`], where it must succeed.
    pub(crate) fn done(&self, words: &[&str]) -> String {
        let said = self.run(words);
        assert_eq!(said.code, Some(0), "{words:?}: {said:#?}");
        said.out
    }

    /// The link's status as JSON.
    pub(crate) fn status(&self) -> serde_json::Value {
        serde_json::from_str(&self.run(&["link", "status", "--json"]).out).unwrap()
    }

    /// All that there is of it on this machine: processes, namespaces, mounts, files.
    pub(crate) fn left(&self) -> Vec<String> {
        let mut left = Vec::new();
        for entry in fs::read_dir("/proc").unwrap().flatten() {
            let environment = fs::read(entry.path().join("environ")).unwrap_or_default();
            let marked = format!("{MARK}={}", self.mark);
            if environment.split(|byte| *byte == 0).any(|variable| variable == marked.as_bytes()) {
                left.push(format!("process {}", entry.path().display()));
            }
        }
        for folder in ["state", "tmp"] {
            let names = fs::read_dir(self.path(folder)).into_iter().flatten().flatten();
            left.extend(names.map(|entry| format!("file {}", entry.path().display())));
        }
        let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
        left.extend(mounts.lines().filter(|line| line.contains(&self.mark)).map(|line| format!("mount {line}")));
        left
    }

    /// Nothing is left of it, nor of the namespaces named by these processes.
    pub(crate) fn has_left_nothing(&self, processes: &[u64]) {
        let mut left = self.left();
        for process in processes {
            left.extend(namespaces_of(*process));
        }
        assert!(left.is_empty(), "{left:#?}");
    }
}

impl Drop for Tool {
    fn drop(&mut self) {
        // After a failure; after a success there is nothing to do.
        let _ = self.lab(&["link", "down"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    }
}

/// Network namespaces named by the process that made them.
pub(crate) fn namespaces_of(process: u64) -> Vec<String> {
    let names = fs::read_dir("/run/netns").into_iter().flatten().flatten().filter_map(|entry| entry.file_name().into_string().ok());
    names.filter(|name| name.starts_with(&format!("v6lab-{process}-"))).collect()
}

/// A program's copy, made by another process: a file that this one has had open for writing cannot be run while a child of another thread still
/// holds it (ETXTBSY).
pub(crate) fn copy(program: impl AsRef<Path>, to: &Path) {
    assert!(needs::command("cp").arg(program.as_ref()).arg(to).status().unwrap().success());
}

pub(crate) fn said(command: &mut Command) -> Said {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Said { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

/// A run that is watched while it goes.
pub(crate) struct Running {
    child: Child,
    told: BufReader<std::process::ChildStderr>,
}

impl Running {
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command.spawn().unwrap();
        let told = BufReader::new(child.stderr.take().unwrap());
        Self { child, told }
    }

    pub(crate) fn id(&self) -> u64 {
        self.child.id().into()
    }

    /// Waits until it has told something with this word.
    pub(crate) fn wait_for(&mut self, word: &str) {
        let mut all = String::new();
        while !all.contains(word) {
            assert!(self.told.read_line(&mut all).unwrap() > 0, "it ended without {word:?}: {all}");
        }
    }

    pub(crate) fn signal(&self, signal: &str) {
        let status = needs::command("kill").args(["-s", signal, &self.child.id().to_string()]).status().unwrap();
        assert!(status.success());
    }

    pub(crate) fn end(mut self) -> Said {
        let mut err = String::new();
        self.told.read_to_string(&mut err).unwrap();
        let output = self.child.wait_with_output().unwrap();
        Said { code: output.status.code(), out: String::from_utf8(output.stdout).unwrap(), err }
    }
}

pub(crate) fn poll(what: &str, holds: impl Fn() -> bool) {
    let end = Instant::now() + LIMIT;
    while !holds() {
        assert!(Instant::now() < end, "it does not come about: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// The verdict on a requirement in a JSON report.
pub(crate) fn verdict(report: &str, id: &str) -> String {
    let report: serde_json::Value = serde_json::from_str(report).unwrap_or_else(|error| panic!("{error}: {report}"));
    let found = report["results"].as_array().unwrap().iter().find(|result| result["id"] == id);
    found.unwrap_or_else(|| panic!("{id} is not judged"))["verdict"].as_str().unwrap().to_owned()
}

pub(crate) fn fits_80_columns(text: &str) {
    for line in text.lines() {
        assert!(line.chars().count() <= 80, "{} columns: {line}", line.chars().count());
    }
}

/// A folder of links to these programs, for a PATH that has nothing else.
pub(crate) fn only(folder: &Path, programs: &[&str]) {
    fs::create_dir(folder).unwrap();
    for program in programs {
        let found = std::env::var("PATH").unwrap().split(':').map(|place| Path::new(place).join(program)).find(|path| path.is_file());
        std::os::unix::fs::symlink(found.unwrap_or_else(|| panic!("{program} is not here")), folder.join(program)).unwrap();
    }
}
