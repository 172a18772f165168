//! A root directory under attack: links, directories swapped for links, kernels without `openat2`.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use rustix::fs::{RenameFlags, renameat_with};
use tempfile::TempDir;

use super::*;

/// A root in which a thread swaps the directory /etc/d for a link that leads out, as fast as it can. Both inside and outside of the root, the
/// file `name` is in that directory, and says which of them it is.
pub(crate) struct Swapped {
    directory: TempDir,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Swapped {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let (etc, outside) = (directory.path().join("root/etc"), directory.path().join("outside"));
        fs::create_dir_all(etc.join("d")).unwrap();
        fs::create_dir(&outside).unwrap();
        fs::write(etc.join("d/name"), "inside").unwrap();
        fs::write(outside.join("name"), "outside").unwrap();
        symlink(&outside, etc.join("l")).unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let stops = Arc::clone(&stop);
        let (one, other) = (etc.join("d"), etc.join("l"));
        let swap = move || renameat_with(CWD, &one, CWD, &other, RenameFlags::EXCHANGE).unwrap();
        let thread = std::thread::spawn(move || {
            while !stops.load(Ordering::Relaxed) {
                swap();
            }
        });
        Self { directory, stop, thread: Some(thread) }
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.directory.path().join("root")
    }

    /// The names outside of the root, where only `name` was.
    pub(crate) fn outside(&self) -> Vec<OsString> {
        fs::read_dir(self.directory.path().join("outside")).unwrap().map(|entry| entry.unwrap().file_name()).collect()
    }
}

impl Drop for Swapped {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.take().unwrap().join().unwrap();
    }
}

/// A root that asks the kernel for `openat2`, and one that cannot.
fn both_ways(top: &Path) -> [Root; 2] {
    let walking = Root::new(top);
    walking.walks.set(true);
    [Root::new(top), walking]
}

#[test]
fn nothing_outside_is_read_while_a_directory_is_swapped_for_a_link() {
    let swapped = Swapped::new();
    for root in both_ways(&swapped.root()) {
        let mut seen = BTreeSet::new();
        let mut times = 0;
        // Until the swap was seen both ways, however busy the machine is.
        while times < 3000 || !(seen.contains(&None) && seen.contains(&Some(b"inside".to_vec()))) {
            times += 1;
            seen.insert(root.look(Path::new("/etc/d/name"), true).and_then(|node| root.read(&node, 100)).ok());
            let listed = root.look(Path::new("/etc/d"), true).and_then(|node| root.list(&node, 100));
            assert!(listed.is_err() || listed.unwrap() == ["name"]);
        }
        assert!(!seen.contains(&Some(b"outside".to_vec())));
    }
}

#[test]
fn nothing_outside_is_changed_while_a_directory_is_swapped_for_a_link() {
    let swapped = Swapped::new();
    for root in both_ways(&swapped.root()) {
        let mut done = 0;
        while done < 100 {
            let Ok(folder) = root.look(Path::new("/etc/d"), true) else { continue };
            if !folder.is_directory() {
                continue;
            }
            let name = OsStr::new;
            root.make_file(&folder, name("new"), 0o600, b"x").unwrap();
            root.rename(&folder, name("new"), name("made")).unwrap();
            root.make_link(&folder, name("link"), Path::new("made")).unwrap();
            root.make_directory(&folder, name("sub"), 0o755).unwrap();
            root.remove_directory(&folder, name("sub")).unwrap();
            root.remove(&folder, name("link")).unwrap();
            root.remove(&folder, name("made")).unwrap();
            done += 1;
        }
        assert_eq!(swapped.outside(), ["name"]);
    }
}

#[test]
fn links_and_dots_stay_inside_with_and_without_openat2() {
    let directory = tempfile::tempdir().unwrap();
    let top = directory.path().join("root");
    fs::create_dir_all(top.join("etc/d")).unwrap();
    fs::write(top.join("etc/hostname"), "image").unwrap();
    fs::write(directory.path().join("outside"), "outside").unwrap();
    symlink("/etc/hostname", top.join("a")).unwrap();
    symlink("../../../../etc", top.join("b")).unwrap();
    symlink("../outside", top.join("c")).unwrap();
    symlink("e", top.join("f")).unwrap();
    symlink("f", top.join("e")).unwrap();
    for root in both_ways(&top) {
        let look = |path: &str| root.look(Path::new(path), true);
        for path in ["/a", "/b/hostname", "/../../etc/./hostname", "/etc/d/../hostname", "/etc//hostname"] {
            assert_eq!(root.read(&look(path).unwrap(), 100).unwrap(), b"image", "{path}");
        }
        for path in ["/c", "/outside", "/../outside", "/etc/hostname/x", "/none/.."] {
            assert!(is_absence(&look(path).unwrap_err()) || path == "/none/..", "{path}");
        }
        assert!(look("/e").unwrap_err().to_string().contains("symbolic links"));
        assert!(look("/").unwrap().is_directory());
        assert_eq!(look("/b").unwrap().place(), Path::new("/etc"));
        let link = root.look(Path::new("/a"), false).unwrap();
        assert_eq!(root.target(&link).unwrap(), Path::new("/etc/hostname"));
        assert_eq!(root.list(&look("/b").unwrap(), 2).unwrap().len(), 2);
        assert!(root.list(&look("/b").unwrap(), 1).is_err());
        assert!(root.read(&look("/a").unwrap(), 4).is_err());
    }
}

#[test]
fn files_of_the_kernel_are_read_on_the_machine_only() {
    let proc = Root::new(Path::new("/proc"));
    assert!(proc.look(Path::new("/version"), true).unwrap_err().to_string().contains("procfs"));
    let machine = Root::new(Path::new("/"));
    assert!(machine.look(Path::new("/proc/version"), true).is_ok());
    assert!(machine.look(Path::new("/dev/null"), true).unwrap().is_null());
}

#[test]
fn neither_waits_nor_opens_devices() {
    let directory = tempfile::tempdir().unwrap();
    rustix::fs::mkfifoat(CWD, directory.path().join("fifo"), Mode::RUSR).unwrap();
    let root = Root::new(directory.path());
    let fifo = root.look(Path::new("/fifo"), true).unwrap();
    assert!(root.open(&fifo).unwrap_err().to_string().contains("not a regular file"));
    let machine = Root::new(Path::new("/"));
    assert!(machine.open(&machine.look(Path::new("/dev/zero"), true).unwrap()).is_err());
}

#[test]
fn one_call_fails_as_it_is_told_to() {
    let directory = tempfile::tempdir().unwrap();
    let fault = Some(Fault { call: 1, errno: Errno::IO.raw_os_error() });
    let root = Root::failing(directory.path(), fault);
    assert_eq!(root.look(Path::new("/x"), true).unwrap_err().raw_os_error(), Some(Errno::IO.raw_os_error()));
    assert!(is_absence(&root.look(Path::new("/x"), true).unwrap_err()));
    assert_eq!(root.calls(), 3);
}
