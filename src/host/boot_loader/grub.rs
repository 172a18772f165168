//! GRUB 2: the menu as it is built, and what it is built from.

use std::collections::BTreeMap;
use std::io;

use super::{Arguments, LONGEST_LINE, Piece, entries, keyword_lines};
use crate::image::Image;
use crate::image::ini;

/// The menu of Debian and others, and that of Red Hat and SUSE.
const MENUS: [&str; 2] = ["/boot/grub/grub.cfg", "/boot/grub2/grub.cfg"];
const ENVIRONMENTS: [&str; 2] = ["/boot/grub/grubenv", "/boot/grub2/grubenv"];
const DEFAULTS: &str = "/etc/default/grub";
/// Commands that load a kernel.
const COMMANDS: [&str; 4] = ["linux", "linux16", "linuxefi", "kernel"];
/// As many variables of one line as are replaced.
const MOST_REPLACED: usize = 16;

/// Kernel arguments of the menu; where the menu draws in boot loader entries (`blscfg`), those of the entries.
pub(crate) fn menu(root: &Image) -> io::Result<Vec<Arguments>> {
    for path in MENUS {
        let Some(text) = root.text_if_any(path)? else { continue };
        if text.lines().any(|line| line.trim() == "blscfg") {
            let found = entries(root)?;
            if !found.is_empty() {
                return Ok(found);
            }
        }
        let variables = variables(root)?;
        let lines = keyword_lines(path, &text, &COMMANDS);
        if !lines.is_empty() {
            return Ok(lines.iter().map(|line| expanded(line, &variables)).collect());
        }
    }
    Ok(Vec::new())
}

/// Variables of the menu and of GRUB's environment file; the latter are set by an administrator and come before what the menu falls back on.
pub(crate) fn variables(root: &Image) -> io::Result<BTreeMap<String, Piece>> {
    let mut variables = BTreeMap::new();
    for (is_menu, path) in MENUS.map(|path| (true, path)).into_iter().chain(ENVIRONMENTS.map(|path| (false, path))) {
        let text = root.text_if_any(path)?.unwrap_or_default();
        for set in ini::assignments(&text) {
            let name = if is_menu { set.key.strip_prefix("set ").map(str::trim) } else { Some(set.key) };
            if let Some(name) = name {
                variables.insert(name.to_owned(), piece(&set, path));
            }
        }
    }
    Ok(variables)
}

/// A line with whole words that are variables replaced: `$kernelopts`. Once only, so what stands in a variable is not expanded again.
pub(crate) fn expanded(line: &Piece, variables: &BTreeMap<String, Piece>) -> Arguments {
    let mut arguments: Arguments = Vec::new();
    let mut own: Vec<&str> = Vec::new();
    let mut keep = |own: &mut Vec<&str>, variable: Option<&Piece>| {
        if !own.is_empty() {
            arguments.push(Piece { words: own.join(" "), ..line.clone() });
            own.clear();
        }
        arguments.extend(variable.cloned());
    };
    let mut replaced = 0;
    for word in line.words.split_whitespace() {
        let name = word.trim_matches('"').strip_prefix('$').map(|name| name.trim_start_matches('{').trim_end_matches('}'));
        match name {
            // One that the files do not set stays as it is: only the boot loader knows it.
            Some(name) if replaced < MOST_REPLACED && variables.contains_key(name) => {
                replaced += 1;
                keep(&mut own, variables.get(name));
            }
            _ => own.push(word),
        }
    }
    keep(&mut own, None);
    arguments
}

/// What the next menu is built from. Counts where no menu is there, as where /boot is a file system of its own.
pub(crate) fn defaults(root: &Image) -> io::Result<Vec<Arguments>> {
    let mut paths = vec![DEFAULTS.to_owned()];
    paths.extend(root.glob("/etc/default/grub.d/*.cfg"));
    let paths = root.at_most(super::MOST_ENTRIES, paths, "/etc/default/grub.d");
    // Both are given to the kernel, one after the other.
    let mut found: [(&str, Arguments); 2] = [("GRUB_CMDLINE_LINUX", Vec::new()), ("GRUB_CMDLINE_LINUX_DEFAULT", Vec::new())];
    for path in paths {
        let text = root.text_if_any(&path)?.unwrap_or_default();
        for set in ini::assignments(&text) {
            for (name, pieces) in &mut found {
                let key = set.key.strip_prefix("export ").unwrap_or(set.key);
                if key != *name && key != format!("{name}+") {
                    continue;
                }
                let keeps = key.ends_with('+') || set.value.contains(&format!("${name}")) || set.value.contains(&format!("${{{name}}}"));
                if !keeps {
                    pieces.clear();
                }
                pieces.push(piece(&set, &path));
            }
        }
    }
    let all: Arguments = found.into_iter().flat_map(|(_, pieces)| pieces).collect();
    Ok(if all.is_empty() { Vec::new() } else { vec![all] })
}

fn piece(set: &ini::Keyed<'_>, path: &str) -> Piece {
    let start = |text: &str| text.chars().take(LONGEST_LINE).collect();
    Piece { at: set.at(path), text: start(set.text), words: start(set.value) }
}
