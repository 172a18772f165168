//! What the tests take from the machine that they run on: programs by `tests/packages.txt`, and packages from that machine's own mirror.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod shell;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The one file that starts programs.
const STARTS: &str = "tests/lab/src/needs.rs";

/// Scripts that run on this machine. Other scripts below `tests/` run in a guest.
const SCRIPTS: [&str; 10] = [
    ".ci/run",
    "tests/fuzz/run",
    "tests/install-packages",
    "tests/lab/src/vm/base.sh",
    "tests/lab/src/vm/change.sh",
    "tests/lint",
    "tests/matrix/picture",
    "tests/minimal-path",
    "tests/mirror.sh",
    "tests/run",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The files below `folder` that `wanted` takes, by their paths from the project's folder.
fn files(folder: &str, wanted: impl Fn(&str) -> bool) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let path = entry.path();
            let name = path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
            if entry.file_type().unwrap().is_dir() {
                folders.push(path);
            } else if entry.file_type().unwrap().is_file() && wanted(&name) {
                // Captures and pictures are no text.
                let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
                found.push((name, text));
            }
        }
    }
    found
}

/// The Rust files of the lab, the tests and the benchmarks.
fn rust_files() -> Vec<(String, String)> {
    let is_rust = |name: &str| Path::new(name).extension().is_some_and(|extension| extension == "rs");
    [files("tests", is_rust), files("benches", is_rust)].concat()
}

fn packages() -> Vec<(String, String, String)> {
    let text = fs::read_to_string(root().join("tests/packages.txt")).unwrap();
    let rows = text.lines().filter(|line| !line.starts_with('#'));
    rows.map(|row| {
        let words: Vec<&str> = row.split(' ').collect();
        assert!((2..=3).contains(&words.len()) && words.iter().all(|word| !word.is_empty()), "{row}");
        (words[0].to_owned(), words[1].to_owned(), words.get(2).copied().unwrap_or_default().to_owned())
    })
    .collect()
}

#[test]
fn only_one_function_starts_programs() {
    let call = ["Command", "::new("].concat();
    let all = rust_files();
    let starting: Vec<&str> =
        all.iter().filter(|(_, text)| text.contains(&call)).map(|(path, _)| path.as_str()).filter(|path| *path != STARTS).collect();
    assert!(starting.is_empty(), "these are to start programs by v6check_lab::needs::command: {starting:?}");
    assert!(all.iter().any(|(path, text)| path == STARTS && text.contains(&call)), "{STARTS} starts none, so this test looks in the wrong place");
}

/// One harness makes, enters and removes them; tests have it from the lab.
#[test]
fn only_the_lab_makes_network_namespaces() {
    let call = ["\"netns\"", "\"add\""].join(", ");
    let making: Vec<String> = rust_files().into_iter().filter(|(_, text)| text.contains(&call)).map(|(path, _)| path).collect();
    assert_eq!(making, ["tests/lab/src/namespace.rs"]);
}

#[test]
fn every_program_of_a_script_is_listed() {
    let listed: BTreeSet<String> = packages().into_iter().map(|(program, ..)| program).collect();
    let mut missing = Vec::new();
    let included = fs::read_to_string(root().join("tests/mirror.sh")).unwrap();
    for script in SCRIPTS {
        let text = fs::read_to_string(root().join(script)).unwrap();
        let programs = shell::programs(&format!("{included}{text}"));
        missing.extend(programs.difference(&listed).filter(|name| !name.starts_with("tests/")).map(|name| format!("{script} starts {name}")));
    }
    assert!(missing.is_empty(), "add these to tests/packages.txt: {missing:#?}");
}

#[test]
fn every_listed_program_is_started() {
    let mut texts: Vec<String> = rust_files().into_iter().map(|(_, text)| text).collect();
    texts.extend(SCRIPTS.iter().map(|script| fs::read_to_string(root().join(script)).unwrap()));
    let is_named = |text: &String, program: &str| {
        text.match_indices(program).any(|(at, _)| {
            let part_of_word = |character: char| character.is_alphanumeric() || matches!(character, '-' | '_');
            !text[..at].ends_with(part_of_word) && !text[at + program.len()..].starts_with(part_of_word)
        })
    };
    // What a program reads is named by the program.
    let unused: Vec<_> =
        packages().into_iter().filter(|(program, ..)| !program.starts_with("/usr/") && !texts.iter().any(|text| is_named(text, program))).collect();
    assert!(unused.is_empty(), "{unused:#?}");
}

#[test]
fn groups_are_those_that_the_script_knows() {
    let known = ["", "rust", "vm"];
    let unknown: Vec<_> = packages().into_iter().filter(|(_, _, group)| !known.contains(&group.as_str())).collect();
    assert!(unknown.is_empty(), "{unknown:#?}");
}

/// Every machine has its own mirror. Where a text must name a host of Debian's, it is one that has no packages.
#[test]
fn no_file_names_a_mirror() {
    let mirrors =
        ["deb", "ftp", "http", "httpredir", "cdn-fastly.deb", "snapshot", "archive", "security"].map(|host| format!("{host}.{}", "debian.org"));
    let others = ["archive.ubuntu", "security.ubuntu", "ports.ubuntu"].map(|host| format!("{host}.{}", "com"));
    let folders = ["src", "tests", "benches", "checks", ".ci", ".cargo"];
    let mut all: Vec<(String, String)> = folders.iter().flat_map(|folder| files(folder, |_| true)).collect();
    all.extend(["README.md", "CHANGELOG.md", "Cargo.toml"].map(|name| (name.to_owned(), fs::read_to_string(root().join(name)).unwrap())));
    let naming: Vec<_> =
        all.iter().filter(|(_, text)| mirrors.iter().chain(&others).any(|mirror| text.contains(mirror))).map(|(path, _)| path).collect();
    assert!(naming.is_empty(), "{naming:?}");
    assert!(all.len() > 500, "only {} files were looked at", all.len());
}
