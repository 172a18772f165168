//! Writing reports: whole or not at all, straight through to devices, and none lost for another's sake.

use std::ffi::OsStr;
use std::fs;
use std::io::Read;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;

use v6check::report::{Target, check_writable, write, write_all};
use v6check_lab::needs;

fn target(path: impl AsRef<Path>) -> Target {
    path.as_ref().as_os_str().into()
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_dash_is_standard_output() {
    assert_eq!(Target::from(OsStr::new("-")), Target::Stdout);
    assert_eq!(Target::from(OsStr::new("./-")), Target::Path("./-".into()));
}

#[test]
fn a_file_is_replaced_whole_and_nothing_else_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.xml");
    write(&target(&path), b"a longer text than the next").unwrap();
    let before = fs::metadata(&path).unwrap().ino();
    write(&target(&path), b"second").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"second");
    assert_ne!(fs::metadata(&path).unwrap().ino(), before, "written in place, so a reader could have seen half of it");
    assert_eq!(names(folder.path()), ["out.xml"]);
}

#[test]
fn the_mode_is_by_the_umask() {
    let folder = tempfile::tempdir().unwrap();
    let (ours, theirs) = (folder.path().join("ours"), folder.path().join("theirs"));
    write(&target(&ours), b"").unwrap();
    fs::write(&theirs, b"").unwrap();
    assert_eq!(fs::metadata(ours).unwrap().mode(), fs::metadata(theirs).unwrap().mode());
}

#[test]
fn a_symbolic_link_stays_one() {
    let folder = tempfile::tempdir().unwrap();
    let (file, link) = (folder.path().join("file"), folder.path().join("link"));
    fs::write(&file, b"old").unwrap();
    symlink(&file, &link).unwrap();
    write(&target(&link), b"new").unwrap();
    assert_eq!(fs::read(&file).unwrap(), b"new");
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
}

#[test]
fn a_pipe_is_written_straight_through() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(needs::command("mkfifo").arg(&pipe).status().unwrap().success());
    check_writable(&target(&pipe)).unwrap();
    let reader = std::thread::spawn({
        let pipe = pipe.clone();
        move || fs::read(pipe).unwrap()
    });
    write(&target(&pipe), b"report").unwrap();
    assert_eq!(reader.join().unwrap(), b"report");
    assert_eq!(names(folder.path()), ["pipe"]);
}

#[test]
fn a_device_is_written_straight_through() {
    check_writable(&target("/dev/null")).unwrap();
    write(&target("/dev/null"), b"report").unwrap();
    assert!(write(&target("/dev/full"), b"report").is_err());
}

#[test]
fn a_socket_is_written_straight_through() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let listener = UnixListener::bind(&path).unwrap();
    write(&target(&path), b"report").unwrap();
    let mut read = Vec::new();
    listener.accept().unwrap().0.read_to_end(&mut read).unwrap();
    assert_eq!(read, b"report");
}

#[test]
fn what_cannot_be_written_is_known_before_and_nothing_is_made() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("folder")).unwrap();
    fs::write(folder.path().join("file"), b"old").unwrap();
    for (name, why) in [("missing/out", "No such file"), ("folder", "directory"), ("file/out", "ot a directory"), ("folder/..", "directory")] {
        let error = check_writable(&target(folder.path().join(name))).unwrap_err().to_string();
        assert!(error.starts_with("cannot write ") && error.contains(why), "{error}");
    }
    assert!(check_writable(&target("/proc/nothing")).is_err() || write(&target("/proc/nothing"), b"").is_err());
    for name in ["new", "file"] {
        check_writable(&target(folder.path().join(name))).unwrap();
    }
    assert_eq!(names(folder.path()), ["file", "folder"]);
    assert_eq!(fs::read(folder.path().join("file")).unwrap(), b"old");
}

/// Root may write everywhere, so this test runs itself again without capabilities.
#[test]
fn a_folder_without_rights_is_known_before() {
    const AGAIN: &str = "V6CHECK_TEST_WITHOUT_CAPABILITIES";
    let folder = tempfile::tempdir().unwrap();
    if fs::metadata(folder.path()).unwrap().uid() == 0 && std::env::var_os(AGAIN).is_none() {
        let mut command = needs::command("setpriv");
        command.args(["--bounding-set", "-all", "--inh-caps", "-all"]).arg(std::env::current_exe().unwrap());
        command.args(["--exact", "output::a_folder_without_rights_is_known_before"]).env(AGAIN, "1");
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && said.contains("1 passed"), "{said}{}", String::from_utf8_lossy(&output.stderr));
        return;
    }
    let (file, out) = (folder.path().join("file"), target(folder.path().join("out")));
    fs::write(&file, b"old").unwrap();
    fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o555)).unwrap();
    assert!(check_writable(&out).unwrap_err().to_string().contains("Permission denied"));
    assert!(write(&out, b"new").is_err());
    // A file that may be written stays writable where none may be made beside it.
    check_writable(&target(&file)).unwrap();
    write(&target(&file), b"new").unwrap();
    assert_eq!(fs::read(&file).unwrap(), b"new");
    fs::set_permissions(&file, PermissionsExt::from_mode(0o444)).unwrap();
    assert!(check_writable(&target(&file)).is_err());
    fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
}

#[test]
fn an_unwritable_output_does_not_lose_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let targets = [folder.path().join("first"), folder.path().join("missing/second"), "/dev/full".into(), folder.path().join("fourth")].map(target);
    let errors = write_all(targets.iter().map(|target| (target, b"report".as_slice())));
    let errors: Vec<_> = errors.iter().map(|error| error.target.clone()).collect();
    assert_eq!(errors, [targets[1].clone(), targets[2].clone()]);
    assert_eq!(names(folder.path()), ["first", "fourth"]);
}

#[test]
fn a_failed_write_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let too_long = folder.path().join("x".repeat(256));
    assert!(write(&target(&too_long), b"new").is_err());
    assert!(names(folder.path()).is_empty());
    let long = "x".repeat(255);
    write(&target(folder.path().join(&long)), b"new").unwrap();
    assert_eq!(names(folder.path()), [long]);
}

/// Writes to its own standard output, as [`a_reader_that_leaves_early_is_no_error`] has it.
#[test]
#[ignore = "half of the test below, which runs it"]
fn standard_output_of_the_test_below() {
    let result = std::env::var_os(STDOUT).expect("run by the test below");
    // More than a pipe holds, so that a reader that is gone is noticed.
    let written = write(&Target::Stdout, &vec![b'x'; 1 << 20]);
    fs::write(result, written.map_or_else(|error| error.to_string(), |()| "written".into())).unwrap();
    // The test harness would panic where it says that the test passed.
    std::process::exit(0);
}

const STDOUT: &str = "V6CHECK_TEST_STDOUT";

#[test]
fn a_reader_that_leaves_early_is_no_error() {
    let folder = tempfile::tempdir().unwrap();
    let result = folder.path().join("result");
    let mut command = needs::command(std::env::current_exe().unwrap());
    command.args(["--exact", "output::standard_output_of_the_test_below", "--nocapture", "--ignored"]).env(STDOUT, &result);
    let mut child = command.stdout(std::process::Stdio::piped()).spawn().unwrap();
    let mut first = [0; 100];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    child.wait().unwrap();
    assert_eq!(fs::read_to_string(&result).unwrap(), "written");
}
