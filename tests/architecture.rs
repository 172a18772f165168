//! The architecture as a test: who may import whom, who may touch the machine, and how large a file may be.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "architecture/circles.rs"]
mod circles;
#[path = "architecture/stacks.rs"]
mod stacks;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Each part of the program and the parts that it may know.
const MAY_IMPORT: [(&str, &[&str]); 24] = [
    ("wire", &[]),
    ("capture", &[]),
    ("wrap", &[]),
    ("sanitize", &[]),
    ("glob", &[]),
    ("rooted", &[]),
    ("suggest", &[]),
    ("facts", &[]),
    ("plan", &["facts", "wrap"]),
    ("exchange", &["facts", "stacks", "wire"]),
    ("judge", &["exchange", "facts", "stacks", "wire"]),
    ("story", &["exchange", "facts", "wire"]),
    ("image", &["facts", "glob", "rooted"]),
    ("stacks", &["facts", "glob", "host", "image", "wire"]),
    ("host", &["facts", "image", "wire"]),
    ("observe", &["capture", "exchange", "facts", "host", "image", "plan", "rooted", "stacks", "wire"]),
    ("fix", &["exchange", "facts", "host", "image", "judge", "observe", "stacks"]),
    ("install", &["rooted", "stacks", "wrap"]),
    ("catalogue", &["facts", "glob", "judge", "suggest", "wrap"]),
    ("report", &["catalogue", "exchange", "facts", "fix", "judge", "sanitize", "story", "wrap"]),
    ("cli", &["plan", "report"]),
    ("matrix", &["catalogue", "cli", "facts", "judge", "report", "wrap"]),
    ("commands", &["catalogue", "cli", "facts", "fix", "install", "matrix", "observe", "plan", "report", "watch"]),
    ("watch", &["catalogue", "cli", "facts", "observe", "report", "story", "wrap"]),
];

/// Who reads or writes outside of the program. Everything else is a function of what it is given.
const TOUCHES_THE_MACHINE: [&str; 12] = [
    "src/observe/",
    "src/image/",
    "src/rooted/",
    "src/install/",
    "src/report/output.rs",
    "src/matrix/input.rs",
    "src/catalogue/files.rs",
    "src/catalogue/embed.rs",
    "src/cli/",
    "src/watch/",
    "src/commands/",
    "src/main.rs",
];

/// Where the machine begins, by modules of the standard library and by crates.
const MACHINE: [&str; 10] = ["std::env", "std::fs", "std::process", "std::thread", "std::os", "libc", "netlink_sys", "rustix", "socket2", "tokio"];
/// Clocks, whatever path they are named by.
const CLOCKS: [&str; 2] = ["SystemTime", "Instant::now"];

/// What the lab may know of v6check: how packets and facts look, how a recording is read, how text is laid out. Nothing of requirements.
const LAB_MAY_IMPORT: [&str; 4] = ["facts", "observe", "terminal", "wire"];

/// As many lines as a file may have; a file is one idea.
const MOST_LINES: usize = 500;

struct Source {
    /// Path from the project's folder.
    path: String,
    text: String,
}

impl Source {
    /// What the compiler sees of the program: without comments, and without unit tests, which stand last.
    fn code(&self) -> String {
        let program = self.text.split("#[cfg(test)]").next().unwrap();
        program.lines().map(|line| line.split("//").next().unwrap()).collect::<Vec<_>>().join("\n")
    }

    /// The part of the program that it belongs to; `None` for `lib.rs` and `main.rs`.
    fn part(&self) -> Option<String> {
        let path = self.path.strip_prefix("src/")?;
        let part = path.split_once('/').map_or_else(|| path.trim_end_matches(".rs"), |(folder, _)| folder);
        (!["lib", "main"].contains(&part)).then(|| part.to_owned())
    }
}

fn sources(folder: &str) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut sources = Vec::new();
    let mut folders = vec![root.join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                sources.push(Source { path: path.strip_prefix(root).unwrap().to_str().unwrap().to_owned(), text });
            }
        }
    }
    sources
}

/// What comes behind `root::` in `code`, one segment, groups in braces opened: `use crate::{a, b::c}` has `a` and `b`.
fn behind(code: &str, root: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let start = format!("{root}::");
    for (at, _) in code.match_indices(&start) {
        let ends_a_longer_name = code[..at].chars().next_back().is_some_and(|before| before.is_alphanumeric() || before == '_' || before == ':');
        if ends_a_longer_name {
            continue;
        }
        let rest = &code[at + start.len()..];
        let Some(group) = rest.strip_prefix('{') else {
            names.insert(name(rest));
            continue;
        };
        let mut depth = 0;
        let mut item = String::new();
        for character in group.chars() {
            match character {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => {
                    names.insert(name(&item));
                    item.clear();
                    continue;
                }
                _ => {}
            }
            item.push(character);
        }
        names.insert(name(&item));
    }
    names.remove("");
    names
}

fn name(text: &str) -> String {
    text.trim_start().chars().take_while(|character| character.is_alphanumeric() || *character == '_').collect()
}

#[test]
fn paths_are_found_in_groups_too() {
    let code = "use crate::{a, b::{c, d}, e::f};\nuse crate::g::h; my_crate::i; x(crate::j)";
    assert_eq!(behind(code, "crate").into_iter().collect::<String>(), "abegj");
}

#[test]
fn every_part_imports_only_what_it_may_know() {
    let allowed: BTreeMap<&str, &[&str]> = MAY_IMPORT.into();
    let parts: BTreeSet<String> = allowed.keys().map(|part| (*part).to_owned()).collect();
    let mut wrong = Vec::new();
    let mut seen = 0;
    for source in sources("src") {
        let Some(part) = source.part() else { continue };
        let Some(known) = allowed.get(part.as_str()) else {
            wrong.push(format!("{} belongs to no part of the table", source.path));
            continue;
        };
        for imported in behind(&source.code(), "crate").intersection(&parts) {
            seen += 1;
            if *imported != part && !known.contains(&imported.as_str()) {
                wrong.push(format!("{} imports {imported}; {part} may know {known:?}", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(seen > 20, "only {seen} imports were found, so this test looks in the wrong place");
}

#[test]
fn the_lab_knows_nothing_of_requirements_and_the_product_nothing_of_the_lab() {
    let lab: Vec<(String, String)> = sources("tests/lab/src")
        .iter()
        .flat_map(|source| behind(&source.code(), "v6check").into_iter().map(|part| (source.path.clone(), part)))
        .collect();
    let wrong: Vec<_> = lab.iter().filter(|(_, part)| !LAB_MAY_IMPORT.contains(&part.as_str())).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(lab.len() > 5, "only {} imports were found, so this test looks in the wrong place", lab.len());
    let product: Vec<String> = sources("src").into_iter().filter(|source| source.text.contains("v6check_lab")).map(|source| source.path).collect();
    assert!(product.is_empty(), "{product:?}");
}

#[test]
fn nobody_climbs_out_of_a_part_by_super() {
    let mut wrong = Vec::new();
    for source in sources("src") {
        if source.part().is_none() {
            continue;
        }
        let folders = source.path.matches('/').count() - 1;
        let depth = folders + usize::from(!source.path.ends_with("/mod.rs"));
        let out = "super::".repeat(depth);
        if source.code().contains(&out) {
            wrong.push(format!("{} names something outside of its part by {out}", source.path));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn only_few_files_touch_the_machine() {
    let mut wrong = Vec::new();
    let mut touching = 0;
    // Unit tests in a file of their own make the files that they look at.
    for source in sources("src").into_iter().filter(|source| !source.path.ends_with("/tests.rs")) {
        let code = source.code();
        let of_std: BTreeSet<String> = behind(&code, "std").iter().map(|name| format!("std::{name}")).collect();
        let uses = |what: &str| if what.starts_with("std::") { of_std.contains(what) } else { !behind(&code, what).is_empty() };
        let used: Vec<&str> = MACHINE.into_iter().filter(|what| uses(what)).chain(CLOCKS.into_iter().filter(|clock| code.contains(clock))).collect();
        if used.is_empty() {
            continue;
        }
        touching += 1;
        if !TOUCHES_THE_MACHINE.iter().any(|allowed| source.path.starts_with(allowed)) {
            wrong.push(format!("{} uses {used:?}", source.path));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(touching > 3, "only {touching} files touch the machine, so this test looks in the wrong place");
}

/// Calls that look into a text.
const SEARCHES: [&str; 8] = ["contains", "starts_with", "ends_with", "find", "split", "rsplit_once", "strip_prefix", "match_indices"];
/// Fields that hold a text for people.
const TEXTS: [&str; 8] = ["text", "message", "reason", "value", "evidence", "seen", "expected", "describe()"];

#[test]
fn nothing_is_decided_by_a_search_in_a_text() {
    let searches = |code: &str| {
        let code: String = code.split_whitespace().collect();
        let of = |text: &str, search: &str| ["", ".as_str()", ".as_deref()"].into_iter().any(|by| code.contains(&format!(".{text}{by}.{search}(")));
        TEXTS.into_iter().any(|text| SEARCHES.into_iter().any(|search| of(text, search)))
    };
    assert!(searches("if finding.message\n    .contains(x)"), "the test cannot see what it looks for");
    let files = sources("src").into_iter().filter(|source| source.path.starts_with("src/judge/") || source.path.starts_with("src/report/"));
    let found: BTreeSet<String> = files.filter(|source| searches(&source.code())).map(|source| source.path).collect();
    assert_eq!(found, BTreeSet::new());
}

#[test]
fn unsafe_code_is_in_one_file() {
    let allowing = |source: &Source| source.code().contains("(unsafe_code");
    let files: Vec<String> = sources("src").into_iter().chain(sources("tests/lab/src")).filter(allowing).map(|source| source.path).collect();
    assert_eq!(files, ["src/observe/packet/socket.rs"]);
}

#[test]
fn every_file_says_what_it_is_and_stays_small() {
    let mut wrong = Vec::new();
    for source in sources("src").into_iter().chain(sources("tests")) {
        if !source.text.starts_with("//! ") {
            wrong.push(format!("{} does not begin with its documentation", source.path));
        }
        let lines = source.text.lines().count();
        if lines > MOST_LINES {
            wrong.push(format!("{} has {lines} lines, more than {MOST_LINES}", source.path));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
