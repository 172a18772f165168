//! The folder where a link is noted, where the files of the lab are, and what a process that was killed leaves in it.
//!
//! Each process that builds has a folder there, `link`, `demo-PID` or `boot-PID`, with its id in `pid`, the place of its guests' trees in `trees`,
//! and a lock on `lock` that the kernel gives back when it ends, whatever ends it. So a folder whose lock is free is a remainder, and what it
//! names as well.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;

use super::tell;
use crate::needs;
use crate::scratch::{keep_in, seen};
use crate::{LabError, poll, run};

/// How long one command of a clean-up may take.
const CLEAN_UP: Duration = Duration::from_mins(2);

/// Nobody looks as long as this.
const LOOKING: Duration = Duration::from_secs(10);

const LINK: &str = "link";
/// How the names of directories of guests' trees begin.
const TREES: &str = "v6check-lab-";
const NAMESPACES: &str = "/run/netns";
/// How the name of a folder begins that its process takes away.
const ENDED: &str = "ended-";

/// The folder.
#[derive(Debug, Clone)]
pub(super) struct Place {
    root: PathBuf,
}

/// A folder of a process in it, and the lock that says that the process lives.
#[derive(Debug)]
pub(super) struct Held {
    folder: PathBuf,
    /// In here are the files of its guests and links.
    trees: TempDir,
    lock: File,
}

/// A folder of a process that lives no more.
#[derive(Debug)]
pub(super) struct Remainder {
    folder: PathBuf,
    /// The process that made it; absent if it did not come so far.
    pub(super) process: Option<u32>,
    /// Network namespaces that it made.
    pub(super) namespaces: Vec<String>,
}

impl Place {
    pub(super) fn at(root: PathBuf) -> Self {
        Self { root }
    }

    /// A file of the link.
    pub(super) fn of_link(&self, name: &str) -> PathBuf {
        self.root.join(LINK).join(name)
    }

    /// The folder as an option of the command line, if it is not the usual one.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// The link's folder, for the process that holds the link.
    ///
    /// # Errors
    /// Another process holds it.
    pub(super) fn hold_link(&self) -> Result<Held, LabError> {
        self.hold(LINK)
    }

    /// A folder for a demonstration.
    ///
    /// # Errors
    /// It cannot be made.
    pub(super) fn hold_demo(&self) -> Result<Held, LabError> {
        self.hold(&format!("demo-{}", std::process::id()))
    }

    /// A folder for images that boot.
    ///
    /// # Errors
    /// It cannot be made.
    pub(super) fn hold_boot(&self) -> Result<Held, LabError> {
        self.hold(&format!("boot-{}", std::process::id()))
    }

    fn hold(&self, name: &str) -> Result<Held, LabError> {
        let trees = TempDir::with_prefix(TREES).map_err(LabError::io("a directory"))?;
        seen(trees.path())?;
        let folder = self.root.join(name);
        fs::create_dir_all(&folder).map_err(LabError::io(folder.display().to_string()))?;
        let mut taken = None;
        // Who only looks has the lock for a moment as well.
        let waited = poll("the lock", LOOKING, || {
            taken = lock(&folder)?;
            Ok(taken.is_some())
        });
        let lock = waited.ok().and(taken).ok_or_else(|| LabError::Asked(format!("{} is in use", folder.display())))?;
        let held = Held { folder, trees, lock };
        let note = |name: &str, text: String| fs::write(held.folder.join(name), text).map_err(LabError::io(name));
        note("pid", std::process::id().to_string())?;
        note("trees", held.trees.path().display().to_string())?;
        Ok(held)
    }

    /// The process that holds the link, if one does.
    ///
    /// # Errors
    /// It cannot be found out.
    pub(super) fn keeper(&self) -> Result<Option<u32>, LabError> {
        let folder = self.root.join(LINK);
        if !folder.is_dir() || !is_held(&folder)? {
            return Ok(None);
        }
        Ok(process(&folder))
    }

    /// What processes left that were killed.
    ///
    /// # Errors
    /// It cannot be found out.
    pub(super) fn remainders(&self) -> Result<Vec<Remainder>, LabError> {
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.root).into_iter().flatten().flatten() {
            let folder = entry.path();
            let ours = folder
                .file_name()
                .and_then(|name| name.to_str())
                .is_some_and(|name| name == LINK || name.starts_with("demo-") || name.starts_with("boot-"));
            // Asked last: the folder of a process that ends goes before its lock is free.
            if !ours || is_held(&folder)? || !folder.is_dir() {
                continue;
            }
            let process = process(&folder);
            let namespaces = process.map(namespaces).unwrap_or_default();
            found.push(Remainder { folder, process, namespaces });
        }
        Ok(found)
    }

    /// The folder itself, once nothing is in it.
    pub(super) fn leave(&self) {
        let _ = fs::remove_dir(&self.root);
    }
}

impl Held {
    /// From here on the lab's files are in it.
    ///
    /// # Errors
    /// They have another place.
    pub(super) fn keep_files(&self) -> Result<(), LabError> {
        keep_in(self.trees.path().to_owned())
    }

    /// Takes the folder away; everything that was in it has ended.
    pub(super) fn clear(self) {
        let Self { folder, trees, lock } = self;
        let path = trees.path().to_owned();
        if let Err(error) = trees.close() {
            // The folder stays and names them, so that `link down` can try again.
            tell(&format!("{}: {error}", path.display()));
            return;
        }
        // In one step, and before the lock is free: nobody shall see a part of it and take that for a remainder.
        let ended = folder.with_file_name(format!("{ENDED}{}", std::process::id()));
        let gone = fs::rename(&folder, &ended).map_or(folder, |()| ended);
        if let Err(error) = fs::remove_dir_all(&gone) {
            tell(&format!("{}: {error}", gone.display()));
        }
        drop(lock);
    }
}

impl Remainder {
    /// Where it is.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Ends what still runs in it, and takes it away.
    ///
    /// # Errors
    /// Another process has the id by which its namespaces are named, or something cannot be removed.
    pub(super) fn clear(&self) -> Result<(), LabError> {
        // Between looking and clearing, nobody may begin in it.
        let Some(_lock) = lock(&self.folder)? else { return Ok(()) };
        for name in &self.namespaces {
            if self.process.is_some_and(|process| Path::new("/proc").join(process.to_string()).exists()) {
                let process = self.process.unwrap_or_default();
                return Err(LabError::Asked(format!("{name} may be of another process that has the id {process} now; try again when it has ended")));
            }
            let pids = ip(&["netns", "pids", name])?;
            let pids: Vec<u32> = pids.split_whitespace().filter_map(|id| id.parse().ok()).collect();
            crate::command::signal("KILL", &pids);
            ip(&["netns", "del", name])?;
        }
        if let Some(trees) = trees(&self.folder) {
            fs::remove_dir_all(&trees).map_err(LabError::io(trees.display().to_string()))?;
        }
        fs::remove_dir_all(&self.folder).map_err(LabError::io(self.folder.display().to_string()))
    }
}

/// The directory that a process noted for its guests' trees, if it is there and called as one.
fn trees(folder: &Path) -> Option<PathBuf> {
    let path = PathBuf::from(fs::read_to_string(folder.join("trees")).ok()?);
    let ours = path.file_name()?.to_str()?.starts_with(TREES);
    (ours && path.is_absolute() && path.is_dir()).then_some(path)
}

/// Ends the process that holds the link, and waits until it is gone.
///
/// # Errors
/// It takes too long.
pub(super) fn end(place: &Place, keeper: u32, limit: Duration) -> Result<(), LabError> {
    let began = began(keeper);
    crate::command::signal("TERM", &[keeper]);
    // Its folder goes a moment before it has ended.
    let lives = || began.is_some() && self::began(keeper) == began;
    poll("the end of the link", limit, || Ok(place.keeper()? != Some(keeper) && !lives()))
}

/// When a process began, by which it is told from a later one with its id; absent if it has ended, reaped or not (proc_pid_stat(5)).
fn began(process: u32) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name before may have anything in it.
    let mut words = stat.rsplit_once(')')?.1.split_whitespace();
    let state = words.next()?;
    if matches!(state, "Z" | "X") { None } else { words.nth(18).map(str::to_owned) }
}

fn ip(words: &[&str]) -> Result<String, LabError> {
    let output = run(needs::command("ip").args(words), "", CLEAN_UP)?;
    if output.code == Some(0) { Ok(output.stdout) } else { Err(LabError::Asked(format!("ip {}: {}", words.join(" "), output.stderr.trim()))) }
}

/// The lock of a folder, if nobody has it.
fn lock(folder: &Path) -> Result<Option<File>, LabError> {
    let path = folder.join("lock");
    let failed = || LabError::io(path.display().to_string());
    let file = File::options().create(true).write(true).truncate(false).open(&path).map_err(failed())?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(failed()(error)),
    }
}

/// Whether a process has the lock of a folder; others may look at the same time.
fn is_held(folder: &Path) -> Result<bool, LabError> {
    let path = folder.join("lock");
    let Ok(file) = File::open(&path) else { return Ok(false) };
    match file.try_lock_shared() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(error)) => Err(LabError::io(path.display().to_string())(error)),
    }
}

fn process(folder: &Path) -> Option<u32> {
    fs::read_to_string(folder.join("pid")).ok()?.trim().parse().ok()
}

/// Those that a process made, by their names.
fn namespaces(process: u32) -> Vec<String> {
    let start = format!("v6lab-{process}-");
    let names = fs::read_dir(NAMESPACES).into_iter().flatten().flatten().filter_map(|entry| entry.file_name().into_string().ok());
    let mut names: Vec<String> = names.filter(|name| name.starts_with(&start)).collect();
    names.sort();
    names
}

#[cfg(test)]
mod tests {
    use super::Place;

    #[test]
    fn a_folder_whose_process_is_gone_is_a_remainder() {
        let root = tempfile::tempdir().expect("a directory");
        let place = Place::at(root.path().join("state"));
        assert_eq!(place.keeper().expect("found out"), None);
        assert!(place.remainders().expect("found out").is_empty());
        let held = place.hold_link().expect("free");
        assert_eq!(place.keeper().expect("found out"), Some(std::process::id()));
        assert!(place.remainders().expect("found out").is_empty());
        assert!(place.hold_link().expect_err("held").to_string().contains("in use"));
        drop(held);
        assert_eq!(place.keeper().expect("found out"), None);
        let [left] = &place.remainders().expect("found out")[..] else { panic!("one remainder") };
        assert_eq!(left.process, Some(std::process::id()));
        let trees = super::trees(left.folder());
        assert_eq!(trees, None, "a value that is dropped takes them along");
        left.clear().expect("no namespace is named by this process");
        assert!(place.remainders().expect("found out").is_empty());
    }

    #[test]
    fn what_is_cleared_leaves_nothing() {
        let root = tempfile::tempdir().expect("a directory");
        let place = Place::at(root.path().join("state"));
        let held = place.hold_link().expect("free");
        let trees = super::trees(&held.folder).expect("they are noted");
        held.clear();
        assert!(!trees.exists() && place.remainders().expect("found out").is_empty());
        place.leave();
        assert!(!root.path().join("state").exists());
        place.hold_link().expect("free again").clear();
    }

    #[test]
    fn a_process_that_has_ended_is_told_from_one_that_runs_even_if_nobody_has_waited_for_it() {
        let own = super::began(std::process::id()).expect("it runs");
        assert!(own.parse::<u64>().is_ok_and(|ticks| ticks > 0), "{own}");
        let mut child = crate::needs::command("cat").stdin(std::process::Stdio::piped()).spawn().expect("cat is everywhere");
        assert!(super::began(child.id()).is_some());
        drop(child.stdin.take());
        let late = std::time::Instant::now() + std::time::Duration::from_secs(20);
        while super::began(child.id()).is_some() {
            assert!(std::time::Instant::now() < late, "it counts as one that runs");
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        child.wait().expect("it has ended");
        assert_eq!(super::began(child.id()), None);
    }
}
