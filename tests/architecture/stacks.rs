//! Stacks are known to their folders and to the table; nobody else calls one by its name in a text.

use std::collections::{BTreeMap, BTreeSet};

use v6check::facts::StackId;

use super::{Source, sources};

/// Names of programs that differ from those of their stacks.
const PROGRAMS: [&str; 3] = ["dibbler-client", "connmand", "wickedd"];

/// Who still does, and why. It gets shorter.
const STILL_NAMED: [(&str, &str); 18] = [
    ("src/facts/intent.rs", "the files that cloud-init writes, for rules that judge stored facts"),
    ("src/observe/identity.rs", "words for where an IAID is from"),
    ("src/plan/display.rs", "words of the plan"),
    ("src/observe/identity/derived.rs", "how NetworkManager derives its DUID and IAID, to be a part of its folder"),
    ("src/host/boot_commands/sources.rs", "folders of scripts that dispatchers run, by the services that run them"),
    ("src/host/boot_commands/units.rs", "units of distributions that change no setting"),
    ("src/host/image_identity/fixes.rs", "words of a fix"),
    ("src/host/firewall/firewalld.rs", "zones of interfaces stand in NetworkManager's and Red Hat's files"),
    ("src/install/openrc.rs", "a script is one text, with the services before which it starts"),
    ("src/install/sysvinit.rs", "likewise"),
    ("src/install/systemd.rs", "likewise"),
    ("src/install/upstart.rs", "likewise"),
    ("src/catalogue/prose.rs", "words for a cause"),
    ("src/judge/intended.rs", "words of a message"),
    ("src/judge/rules/dhclient_prefix_length.rs", "the rule is about ISC dhclient"),
    ("src/judge/rules/dhcpv6_at_boot.rs", "words of a message"),
    ("src/judge/rules/no_pasted_backticks.rs", "words of a piece of evidence"),
    ("src/judge/rules/ra_default_route.rs", "words of a message"),
];

/// The texts in double quotes in code.
fn texts(code: &str) -> Vec<String> {
    let (mut found, mut text, mut escaped) = (Vec::new(), None::<String>, false);
    for character in code.chars() {
        match (&mut text, character) {
            (Some(inner), _) if escaped => {
                inner.push(character);
                escaped = false;
            }
            (Some(_), '\\') => escaped = true,
            (Some(_), '"') => found.extend(text.take()),
            (Some(inner), _) => inner.push(character),
            (None, '"') => text = Some(String::new()),
            (None, _) => {}
        }
    }
    found
}

fn names_a_stack(source: &Source) -> bool {
    let names: Vec<&str> = StackId::ALL.iter().map(|id| id.name()).chain(PROGRAMS).collect();
    texts(&source.code()).iter().any(|text| names.iter().any(|name| text.contains(name)))
}

#[test]
fn only_the_folders_of_stacks_name_them() {
    let home = |source: &Source| {
        // Tests by their nature, and the lab, which is one.
        let tests = source.path.ends_with("/tests.rs") || source.path.contains("/tests/") || source.path.starts_with("src/lab/");
        tests || source.path.starts_with("src/stacks/") || source.path == "src/facts/stack.rs"
    };
    let found: BTreeSet<String> =
        sources("src").into_iter().filter(|source| !home(source) && names_a_stack(source)).map(|source| source.path).collect();
    let allowed: BTreeMap<&str, &str> = STILL_NAMED.into();
    assert_eq!(found.iter().map(String::as_str).collect::<Vec<_>>(), allowed.into_keys().collect::<Vec<_>>());
}

#[test]
fn every_stack_has_its_row() {
    let table = sources("src").into_iter().find(|source| source.path == "src/stacks/mod.rs").unwrap().code();
    let rows = table.split_once("STACKS: &[Stack] = &[").unwrap().1.split_once("];").unwrap().0;
    assert_eq!(rows.lines().filter(|row| row.trim().ends_with(',')).count(), StackId::ALL.len(), "{rows}");
}
