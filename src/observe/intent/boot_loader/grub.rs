//! GRUB 2: the menu as it is built, and what it is built from.

use std::collections::BTreeMap;
use std::io;

use super::super::{Root, keyed};
use super::{Arguments, entries, keyword_lines};

/// The menu of Debian and others, and that of Red Hat and SUSE.
const MENUS: [&str; 2] = ["/boot/grub/grub.cfg", "/boot/grub2/grub.cfg"];
const ENVIRONMENTS: [&str; 2] = ["/boot/grub/grubenv", "/boot/grub2/grubenv"];
const DEFAULTS: &str = "/etc/default/grub";
/// Commands that load a kernel.
const COMMANDS: [&str; 4] = ["linux", "linux16", "linuxefi", "kernel"];
/// As long as arguments may be here; no kernel takes more.
const LONGEST: usize = 16_384;

/// Kernel arguments of the menu; where the menu draws in boot loader entries (`blscfg`), those of the entries.
pub(super) fn menu(root: &Root) -> io::Result<Vec<Arguments>> {
    for path in MENUS {
        let Some(text) = root.text_if_any(path)? else { continue };
        if text.lines().any(|line| line.trim() == "blscfg") {
            let found = entries(root)?;
            if !found.is_empty() {
                return Ok(found);
            }
        }
        let variables = variables(root)?;
        let mut lines = keyword_lines(path, &text, &COMMANDS);
        for line in &mut lines {
            line.words = expanded(&line.words, &variables);
        }
        if !lines.is_empty() {
            return Ok(lines);
        }
    }
    Ok(Vec::new())
}

/// Variables of the menu and of GRUB's environment file; the latter are set by an administrator and come before what the menu falls back on.
pub(super) fn variables(root: &Root) -> io::Result<BTreeMap<String, String>> {
    let mut variables = BTreeMap::new();
    for path in MENUS {
        let text = root.text_if_any(path)?.unwrap_or_default();
        for set in keyed::assignments(&text) {
            if let Some(name) = set.key.strip_prefix("set ") {
                variables.insert(name.trim().to_owned(), set.value.to_owned());
            }
        }
    }
    for path in ENVIRONMENTS {
        let text = root.text_if_any(path)?.unwrap_or_default();
        variables.extend(keyed::assignments(&text).map(|set| (set.key.to_owned(), set.value.to_owned())));
    }
    Ok(variables)
}

/// Arguments with whole words that are variables replaced: `$kernelopts`. Once only, so what stands in a variable is not expanded again.
pub(super) fn expanded(words: &str, variables: &BTreeMap<String, String>) -> String {
    let expand = |word: &str| {
        let name = word.trim_matches('"').strip_prefix('$').map(|name| name.trim_start_matches('{').trim_end_matches('}'));
        name.map_or_else(|| word.to_owned(), |name| variables.get(name).cloned().unwrap_or_default())
    };
    let mut line = String::new();
    for word in words.split_whitespace() {
        line.push_str(&expand(word));
        line.push(' ');
        if line.len() > LONGEST {
            break;
        }
    }
    line.chars().take(LONGEST).collect()
}

/// What the next menu is built from. Counts where no menu is there, as where /boot is a file system of its own.
pub(super) fn defaults(root: &Root) -> io::Result<Vec<Arguments>> {
    let mut paths = vec![DEFAULTS.to_owned()];
    paths.extend(root.glob("/etc/default/grub.d/*.cfg"));
    paths.truncate(super::MOST_ENTRIES);
    let mut found = [("GRUB_CMDLINE_LINUX", None), ("GRUB_CMDLINE_LINUX_DEFAULT", None)];
    for path in paths {
        let text = root.text_if_any(&path)?.unwrap_or_default();
        for set in keyed::assignments(&text) {
            for (name, arguments) in &mut found {
                let key = set.key.strip_prefix("export ").unwrap_or(set.key);
                if key != *name && key != format!("{name}+") {
                    continue;
                }
                let keeps = key.ends_with('+') || set.value.contains(&format!("${name}")) || set.value.contains(&format!("${{{name}}}"));
                match arguments {
                    // A line that only adds to what is there is not the one that has the word.
                    Some(Arguments { words, .. }) if keeps && super::about_ipv6(set.value).is_empty() => *words = appended(words, set.value),
                    _ => {
                        let before = arguments.take().filter(|_| keeps).map(|before| before.words).unwrap_or_default();
                        *arguments = Some(Arguments { at: set.at(&path), text: set.text.to_owned(), words: appended(&before, set.value) });
                    }
                }
            }
        }
    }
    // Both are given to the kernel, one after the other; the line that has a word about IPv6 is the one to show.
    let all: Vec<Arguments> = found.into_iter().filter_map(|(_, arguments)| arguments).collect();
    let words = all.iter().map(|arguments| &arguments.words[..]).collect::<Vec<_>>().join(" ");
    let shown = all.iter().rev().find(|arguments| !super::about_ipv6(&arguments.words).is_empty()).or(all.first());
    Ok(shown.map(|shown| Arguments { words, ..shown.clone() }).into_iter().collect())
}

/// One behind the other. A file may append as often as it likes, so this ends.
fn appended(before: &str, value: &str) -> String {
    format!("{before} {value}").chars().take(LONGEST).collect()
}
