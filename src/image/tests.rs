//! What questions to an image are answered with.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;

#[test]
fn a_link_stays_below_the_root() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::create_dir(directory.path().join("etc")).unwrap();
    std::fs::write(directory.path().join("etc/hostname"), "image\n").unwrap();
    for (name, target) in [("a", "/etc/hostname"), ("b", "../../../../etc/hostname"), ("c", "/d"), ("d", "/c")] {
        std::os::unix::fs::symlink(target, directory.path().join(name)).unwrap();
    }
    let root = Image::new(directory.path());
    assert_eq!(root.text("/a").unwrap(), "image\n");
    assert_eq!(root.text("/b").unwrap(), "image\n");
    assert_eq!(root.text("/../../etc/./hostname").unwrap(), "image\n");
    assert!(root.text("/c").unwrap_err().to_string().contains("symbolic links"));
    assert_eq!(root.text_if_any("/etc/hostname/x").unwrap(), None);
    assert_eq!(root.bytes_if_any("/absent/x").unwrap(), None);
    assert!(root.bytes_if_any("/c/x").is_err(), "what cannot be looked at is not absent");
    assert_eq!(root.glob("/e*/host?ame"), ["/etc/hostname"]);
}

#[test]
fn edits_are_seen_by_every_question_and_written_nowhere() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(directory.path().join("usr/lib/d")).unwrap();
    std::os::unix::fs::symlink("usr/lib", directory.path().join("lib")).unwrap();
    for name in ["a", "b", "c"] {
        std::fs::write(directory.path().join("usr/lib/d").join(name), name).unwrap();
    }
    let before = Image::new(directory.path());
    assert_eq!(before.names("/lib/d"), ["a", "b", "c"]);
    let mut edits = Overlay::default();
    edits.put("/lib/d/a", Entry::File { bytes: Rc::from(*b"new"), mode: 0o644 });
    edits.put("/lib/d/b", Entry::Absent);
    edits.put("/usr/lib/d/c", Entry::Link("/dev/null".into()));
    edits.put("/etc/x/y/z", Entry::File { bytes: Rc::from(*b"made"), mode: 0o755 });
    edits.put("/etc/link", Entry::Link("x/y".into()));
    let after = before.with(&edits);
    assert_eq!(after.text("/usr/lib/d/a").unwrap(), "new");
    assert_eq!(after.text("/lib/d/a").unwrap(), "new");
    assert!(after.read("/lib/d/a", 2).is_err());
    assert_eq!(after.bytes_if_any("/lib/d/b").unwrap(), None);
    assert_eq!(after.text_if_any("/lib/d/a/x").unwrap(), None);
    assert_eq!(after.names("/lib/d"), ["a", "c"]);
    assert_eq!((after.link("/lib/d/c").as_deref(), after.link("/usr/lib/d/a")), (Some("/dev/null"), None));
    assert_eq!(after.glob("/usr/lib/*/[ab]"), ["/usr/lib/d/a"]);
    assert_eq!(after.text("/etc/link/z").unwrap(), "made");
    assert_eq!(after.glob("/etc/*/*/z"), ["/etc/x/y/z"]);
    assert_eq!(after.glob("/etc/*/z"), ["/etc/link/z"]);
    assert_eq!(after.names("/"), ["etc", "lib", "usr"]);
    assert!(after.is_directory("/etc/x") && after.exists("/etc/x/y") && !after.is_directory("/etc/x/y/z") && !after.exists("/lib/d/b"));

    let mut again = Overlay::default();
    again.put("/lib/d", Entry::Absent);
    again.put("/lib/d/e", Entry::File { bytes: Rc::from(*b""), mode: 0o644 });
    assert_eq!(after.with(&again).names("/usr/lib/d"), ["e"], "a directory that is made anew");
    assert_eq!(before.text("/lib/d/a").unwrap(), "a", "the image itself stays as it is");
    assert_eq!(Image::new(directory.path()).names("/"), ["lib", "usr"], "nothing is written");
}

#[test]
fn neither_waits_nor_reads_for_ever() {
    let directory = tempfile::tempdir().unwrap();
    let fifo = directory.path().join("fifo");
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    assert!(read(&fifo, MOST_BYTES).unwrap_err().to_string().contains("not a regular file"));
    assert!(read(Path::new("/dev/zero"), MOST_BYTES).unwrap_err().to_string().contains("not a regular file"));
    std::fs::write(directory.path().join("large"), "12345").unwrap();
    assert!(read(&directory.path().join("large"), 4).is_err());
    assert_eq!(read(&directory.path().join("large"), 5).unwrap(), b"12345");
}

#[test]
fn nothing_outside_is_read_while_a_directory_is_swapped_for_a_link() {
    let swapped = crate::rooted::tests::Swapped::new();
    for _ in 0..2000 {
        let image = Image::new(&swapped.root());
        assert_ne!(image.text("/etc/d/name").ok().as_deref(), Some("outside"));
        assert!(image.glob("/etc/*/name").iter().all(|path| image.text(path).ok().as_deref() != Some("outside")));
    }
}

/// What an image without `/etc` being readable, or the like, leaves unknown.
fn unknown<T>(image: &Image, ask: impl FnOnce() -> T) -> Option<String> {
    image.known(|| Ok::<_, String>(ask())).err().map(|reason| reason.text)
}

#[test]
fn what_cannot_be_looked_at_is_noted_and_what_is_not_there_is_not() {
    let directory = tempfile::tempdir().unwrap();
    let make = |name: &str| std::fs::create_dir_all(directory.path().join(name)).unwrap();
    make("etc/d");
    std::os::unix::fs::symlink("loop", directory.path().join("etc/loop")).unwrap();
    std::fs::write(directory.path().join("etc/file"), "text").unwrap();
    let odd = std::os::unix::ffi::OsStrExt::from_bytes(b"99-\xe9t\xe9.conf");
    std::fs::write(directory.path().join("etc/d").join::<&std::ffi::OsStr>(odd), "").unwrap();
    let image = Image::new(directory.path());
    assert_eq!(unknown(&image, || image.exists("/etc/none")), None);
    assert_eq!(unknown(&image, || image.names("/etc/file")), None, "no directory, so no names");
    // A loop of links, whatever is asked of it; and again, when the answer is known from before.
    for _ in 0..2 {
        assert_eq!(unknown(&image, || image.exists("/etc/loop")).as_deref(), Some("/etc/loop: too many symbolic links"));
        assert!(unknown(&image, || image.names("/etc/loop/d")).is_some());
        assert!(unknown(&image, || image.is_directory("/etc/loop")).is_some());
        assert!(unknown(&image, || image.link("/etc/loop/x")).is_some());
        assert!(unknown(&image, || image.text("/etc/loop").ok()).is_some());
        assert!(unknown(&image, || image.text_if_any("/etc/loop/x").ok()).is_some());
    }
    assert_eq!(unknown(&image, || image.link("/etc/loop")), None, "the link itself can be read");
    assert_eq!(unknown(&image, || image.text("/etc/d").ok()).as_deref(), Some("/etc/d: not a regular file"));
    assert!(unknown(&image, || image.read("/etc/file", 3).ok()).unwrap().contains("larger than 3 bytes"));
    // A name that is not UTF-8 concerns those who might mean it.
    for _ in 0..2 {
        assert!(unknown(&image, || image.names("/etc/d")).unwrap().contains("UTF-8"));
        assert!(unknown(&image, || image.glob("/etc/d/*.conf")).unwrap().contains("UTF-8"));
        assert_eq!(unknown(&image, || image.glob("/etc/d/*.network")), None);
    }
    // One derivation inside another: what it does not know is its own affair.
    let inner = image.known(|| Ok::<_, String>(unknown(&image, || image.exists("/etc/loop")).is_some()));
    assert_eq!(inner, Ok(true));
}

#[test]
fn an_error_of_a_directory_is_not_an_empty_directory() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::create_dir(directory.path().join("d")).unwrap();
    std::fs::write(directory.path().join("d/a.conf"), "text").unwrap();
    let seen = |fault: Option<Fault>| {
        let image = Image::failing(directory.path(), fault);
        (image.known(|| Ok::<_, String>((image.glob("/d/*.conf"), image.text_if_any("/d/a.conf").ok().flatten()))), image.calls())
    };
    let (whole, calls) = seen(None);
    let whole = whole.unwrap();
    assert_eq!(whole, (vec!["/d/a.conf".to_owned()], Some("text".to_owned())));
    for call in 0..calls {
        for errno in [rustix::io::Errno::IO, rustix::io::Errno::ACCESS, rustix::io::Errno::NFILE] {
            let (found, _) = seen(Some(Fault { call, errno: errno.raw_os_error() }));
            assert!(found.as_ref().is_err() || found == Ok(whole.clone()), "call {call}: {found:?}");
        }
    }
}

#[test]
fn the_budget_is_of_the_whole_image() {
    let directory = tempfile::tempdir().unwrap();
    for name in 0..200 {
        std::os::unix::fs::symlink(".", directory.path().join(format!("d{name}"))).unwrap();
    }
    let image = Image::new(directory.path());
    assert!(unknown(&image, || image.glob("/*/*/*")).unwrap().contains("more than 1024 files match"));
    let spent = (0..10_000).find_map(|line| unknown(&image, || image.glob(&format!("/*/d{line}x*"))));
    assert!(spent.unwrap().contains("too many names were listed in this image"));
    assert!(unknown(&image, || image.glob("/*y")).is_some(), "spent is spent");
}
