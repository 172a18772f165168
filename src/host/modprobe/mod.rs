//! modprobe.d: what keeps the module ipv6 out, or switches it off (modprobe.d(5)).
//!
//! Where the kernel's own files are not there, ipv6 is taken for a module, as it is in Alpine and was in CentOS 6; most kernels have it built
//! in, and then none of these lines has an effect.

pub(crate) mod fixes;

use std::io;

use crate::facts::{FileLine, Setting};
use crate::image::Image;
use crate::image::by_name::files_by_name;

/// Where files of equal name mask each other, the strongest first.
const FOLDERS: [&str; 5] = ["/etc/modprobe.d", "/run/modprobe.d", "/usr/local/lib/modprobe.d", "/usr/lib/modprobe.d", "/lib/modprobe.d"];
/// What the kernel asks for when somebody wants an IPv6 socket (net/socket.c): an alias of the module ipv6.
const ALIAS: &str = "net-pf-10";
/// As many files as are read.
const MOST_FILES: usize = 256;
/// As much of a line as is shown.
const LONGEST_TEXT: usize = 200;

/// The lines that have an effect.
///
/// # Errors
/// One of the files is there and cannot be read.
pub(crate) fn read(root: &Image) -> io::Result<Vec<Setting<String>>> {
    let paths = files_by_name(root, &FOLDERS, ".conf");
    if paths.len() > MOST_FILES {
        return Err(io::Error::other(format!("more than {MOST_FILES} files of modprobe.d")));
    }
    let mut found = Vec::new();
    // Of one parameter the last value counts.
    let mut parameters: [(&str, Option<Setting<String>>); 2] = [("disable=", None), ("disable_ipv6=", None)];
    for path in paths {
        let Some(text) = root.text_if_any(&path)? else { continue };
        for (line, text) in logical_lines(&text) {
            let words: Vec<&str> = text.split_whitespace().collect();
            let setting = || Setting {
                value: words.join(" "),
                at: FileLine { path: path.clone(), line },
                text: text.trim().chars().take(LONGEST_TEXT).collect(),
            };
            match &words[..] {
                ["options", "ipv6", given @ ..] => {
                    for (name, set) in &mut parameters {
                        if let Some(value) = given.iter().rev().find_map(|word| word.strip_prefix(*name)) {
                            // Any number but zero switches off.
                            *set = value.parse::<i64>().is_ok_and(|value| value != 0).then(setting);
                        }
                    }
                }
                ["blacklist", "ipv6"] | ["alias", "ipv6" | ALIAS, "off"] => found.push(setting()),
                ["install", "ipv6" | ALIAS, command, ..] if does_nothing(command) => found.push(setting()),
                _ => {}
            }
        }
    }
    found.extend(parameters.into_iter().filter_map(|(_, set)| set));
    found.sort_by(|one, other| one.at.cmp(&other.at));
    found.dedup_by(|one, other| one.at == other.at);
    Ok(if found.is_empty() || is_built_in(root)? { Vec::new() } else { found })
}

/// Whether a command in place of the module loads nothing.
fn does_nothing(command: &str) -> bool {
    matches!(command.rsplit('/').next(), Some("true" | "false" | ":" | "null"))
}

/// Whether every kernel of the image has ipv6 built in.
fn is_built_in(root: &Image) -> io::Result<bool> {
    let mut lists = root.glob("/lib/modules/*/modules.builtin");
    if lists.is_empty() {
        lists = root.glob("/usr/lib/modules/*/modules.builtin");
    }
    let lists = root.at_most(MOST_FILES, lists, "/lib/modules");
    let mut all = !lists.is_empty();
    for path in lists {
        let text = root.text_if_any(&path)?.unwrap_or_default();
        all &= text.lines().any(|line| line.trim() == "kernel/net/ipv6/ipv6.ko");
    }
    Ok(all)
}

/// Lines without their comments, those that end with a backslash joined with the next, each with the number of its first.
fn logical_lines(text: &str) -> Vec<(u32, String)> {
    let mut lines = Vec::new();
    let mut open: Option<(u32, String)> = None;
    for (number, line) in (1..).zip(text.lines()) {
        let (first, mut logical) = open.take().unwrap_or((number, String::new()));
        if let Some(part) = line.strip_suffix('\\') {
            logical.push_str(part);
            logical.push(' ');
            open = Some((first, logical));
        } else {
            logical.push_str(line);
            lines.push((first, logical));
        }
    }
    lines.extend(open);
    lines.retain(|(_, line)| !line.trim_start().starts_with('#'));
    lines
}
