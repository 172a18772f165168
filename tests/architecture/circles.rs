//! No circles: two modules of one folder may not need each other, neither directly nor by way of others. A module and those inside it are one.

use std::collections::{BTreeMap, BTreeSet};

use super::{Source, sources};

type Path = Vec<String>;

/// The path of a module by its file: `src/a/b.rs` and `src/a/b/mod.rs` are `a::b`.
fn module(file: &str) -> Option<Path> {
    let inner = file.strip_prefix("src/")?.strip_suffix(".rs")?;
    let inner = inner.strip_suffix("/mod").unwrap_or(inner);
    let path: Path = inner.split('/').map(str::to_owned).collect();
    (!["lib", "main", "bin"].contains(&path[0].as_str()) && path.last().is_some_and(|name| name != "tests")).then_some(path)
}

/// The paths of a `use` with its braces opened.
fn opened(text: &str) -> Vec<String> {
    let text = text.trim();
    let Some((before, rest)) = text.split_once('{') else { return vec![text.split(" as ").next().unwrap().to_owned()] };
    let inner = rest.strip_suffix('}').unwrap_or(rest);
    let (mut items, mut depth) = (vec![String::new()], 0);
    for character in inner.chars() {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                items.push(String::new());
                continue;
            }
            _ => {}
        }
        items.last_mut().unwrap().push(character);
    }
    items.iter().filter(|item| !item.trim().is_empty()).flat_map(|item| opened(&format!("{before}{}", item.trim()))).collect()
}

/// Every path that code names: those of `use`, and others that begin with `crate` or `super`.
fn paths(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = String::new();
    for (number, part) in code.split("use ").enumerate() {
        let begins = number > 0 && rest.chars().next_back().is_none_or(char::is_whitespace);
        match part.split_once(';').filter(|_| begins) {
            Some((used, after)) => {
                found.extend(opened(&used.split_whitespace().collect::<Vec<_>>().join(" ")));
                rest.push_str(after);
            }
            None => rest.push_str(part),
        }
    }
    for root in ["crate::", "super::"] {
        for (at, _) in rest.match_indices(root) {
            if rest[..at].chars().next_back().is_none_or(|before| !before.is_alphanumeric() && before != '_' && before != ':') {
                let is_of_path = |character: char| character.is_alphanumeric() || character == '_' || character == ':';
                found.push(rest[at..].chars().take_while(|character| is_of_path(*character)).collect());
            }
        }
    }
    found
}

/// The module that a path of `inside` names, or that holds what it names.
fn resolved(path: &str, inside: &Path, modules: &BTreeSet<Path>) -> Option<Path> {
    let mut segments: Vec<String> = path.split("::").map(|segment| segment.trim().to_owned()).collect();
    let mut full = inside.clone();
    match segments[0].as_str() {
        "crate" => {
            full.clear();
            segments.remove(0);
        }
        "self" => {
            segments.remove(0);
        }
        "super" => {
            while segments.first().is_some_and(|segment| segment == "super") {
                full.pop();
                segments.remove(0);
            }
        }
        first => {
            full.push(first.to_owned());
            modules.contains(&full).then(|| full.pop())?;
        }
    }
    full.extend(segments);
    while !full.is_empty() && !modules.contains(&full) {
        full.pop();
    }
    (!full.is_empty() && full != *inside).then_some(full)
}

/// Who needs whom, by the folder: of two modules the parts of their paths behind what both have in common.
fn needs(sources: &[Source]) -> BTreeMap<Path, BTreeMap<String, BTreeSet<String>>> {
    let modules: BTreeSet<Path> = sources.iter().filter_map(|source| module(&source.path)).collect();
    let mut needs: BTreeMap<Path, BTreeMap<String, BTreeSet<String>>> = BTreeMap::new();
    for source in sources {
        let Some(inside) = module(&source.path) else { continue };
        for other in paths(&source.code()).iter().filter_map(|path| resolved(path, &inside, &modules)) {
            let common = inside.iter().zip(&other).take_while(|(one, other)| one == other).count();
            if let (Some(one), Some(other)) = (inside.get(common), other.get(common)) {
                needs.entry(inside[..common].to_vec()).or_default().entry(one.clone()).or_default().insert(other.clone());
            }
        }
    }
    needs
}

/// Those that `from` needs, directly or by way of others.
fn reached<'a>(from: &'a str, needs: &'a BTreeMap<String, BTreeSet<String>>) -> BTreeSet<&'a str> {
    let (mut reached, mut open) = (BTreeSet::new(), vec![from]);
    while let Some(next) = open.pop() {
        open.extend(needs.get(next).into_iter().flatten().map(String::as_str).filter(|name| reached.insert(*name)));
    }
    reached
}

fn circles(sources: &[Source]) -> Vec<String> {
    let mut found = Vec::new();
    for (folder, needs) in needs(sources) {
        for one in needs.keys().filter(|one| reached(one, &needs).contains(one.as_str())) {
            let back = needs[one].iter().filter(|other| reached(other, &needs).contains(one.as_str())).cloned().collect::<Vec<_>>();
            found.push(format!(
                "{}: {one} needs {}, which needs {one}",
                [vec!["src".to_owned()], folder.clone()].concat().join("/"),
                back.join(", ")
            ));
        }
    }
    found
}

#[test]
fn a_circle_is_found() {
    let source = |path: &str, text: &str| Source { path: path.into(), text: text.into() };
    let chain = [
        source("src/a/mod.rs", "mod one; mod two; mod three;"),
        source("src/a/one.rs", "use super::{X, two::{Y, Z}};"),
        source("src/a/two/mod.rs", "fn f() { crate::a::three::g() }"),
        source("src/a/three.rs", "use crate::b;"),
        source("src/b.rs", "use std::a::one;"),
    ];
    assert_eq!(circles(&chain), Vec::<String>::new());
    let mut circle = chain;
    circle[3].text = "pub(crate) use super::one::X as Y;".into();
    assert_eq!(circles(&circle).len(), 3, "{:?}", circles(&circle));
    circle[3].text = "use crate::b;".into();
    circle[4].text = "use crate::a::one::X;".into();
    assert_eq!(circles(&circle), ["src: a needs b, which needs a", "src: b needs a, which needs b"]);
}

#[test]
fn no_two_modules_of_a_folder_need_each_other() {
    let sources = sources("src");
    let seen: usize = needs(&sources).values().map(BTreeMap::len).sum();
    assert!(seen > 100, "only {seen} modules that need others were found, so this test looks in the wrong place");
    assert_eq!(circles(&sources), Vec::<String>::new());
}
