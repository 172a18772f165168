//! Changes of an image's files as lines of a POSIX shell. Each file is changed only where it is still what was looked at, and kept before.

use std::fmt::Write;

use sha2::{Digest, Sha256};
use similar::{Algorithm, DiffTag, capture_diff_slices};

use super::sandbox::{Change, Node};

/// Functions that the changes use.
pub(crate) const PRELUDE: &str = "\
kept=/var/backups/v6check/$(date +%Y-%m-%dT%H%M%S)
# The checksum of a file; nothing where it is not there.
sum() { if [ -f \"$1\" ]; then sha256sum < \"$1\" | cut -d ' ' -f 1; fi; }
# change FILE BEFORE AFTER: true, with a copy of FILE kept as $old, where FILE is what v6check looked at. False where it is changed already.
change() {
    now=$(sum \"$1\")
    if [ \"$now\" = \"$3\" ]; then return 1; fi
    if [ \"$now\" != \"$2\" ]; then
        echo \"$1: not what v6check looked at; run v6check again\" >&2
        exit 1
    fi
    old=/dev/null
    mkdir -p \"$(dirname \"$1\")\" || exit 1
    if [ -f \"$1\" ]; then
        old=$kept$1
        (umask 077 && mkdir -p \"$(dirname \"$old\")\") || exit 1
        cp -p \"$1\" \"$old\" || exit 1
    fi
}
";

/// The commands that make one change. `None` where a script cannot hold it: names or lines with control characters.
pub(crate) fn commands(change: &Change) -> Option<String> {
    let path = quoted(&change.path)?;
    Some(match (&change.before, &change.after) {
        (Node::Link(target), Node::Absent) => format!("if [ \"$(readlink {path})\" = {} ]; then rm {path}; fi\n", quoted(target)?),
        (_, Node::Absent) => format!("rm -f {path}\n"),
        (_, Node::Link(target)) => format!("mkdir -p \"$(dirname {path})\"\nln -sfn {} {path}\n", quoted(target)?),
        // An identity is not kept: clones would share the copy.
        (Node::File(_), Node::File(after)) if after.is_empty() => format!(": > {path}\n"),
        (before, Node::File(after)) => {
            let before: &[u8] = if let Node::File(before) = before { before } else { &[] };
            let sum = if change.before == Node::Absent { String::new() } else { checksum(before) };
            let mut script = String::new();
            if let Node::Link(target) = &change.before {
                let _ = writeln!(script, "if [ \"$(readlink {path})\" = {} ]; then rm {path}; fi", quoted(target)?);
            }
            let sum = if matches!(change.before, Node::Link(_)) { String::new() } else { sum };
            let _ = writeln!(script, "if change {path} \\\n    '{sum}' \\\n    '{}'; then", checksum(after));
            let _ = writeln!(script, "    {{\n{}    }} > {path}", pieces(std::str::from_utf8(before).ok()?, std::str::from_utf8(after).ok()?)?);
            if change.before == Node::Absent {
                let _ = writeln!(script, "    chmod {:o} {path}", change.mode);
            }
            script.push_str("fi\n");
            script
        }
    })
}

fn checksum(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

/// The new text as pieces of the old one, and lines between them.
fn pieces(before: &str, after: &str) -> Option<String> {
    let (old, new): (Vec<&str>, Vec<&str>) = (before.split_inclusive('\n').collect(), after.split_inclusive('\n').collect());
    let mut script = String::new();
    for op in capture_diff_slices(Algorithm::Myers, &old, &new) {
        let (kept, added) = (op.old_range(), op.new_range());
        if op.tag() == DiffTag::Equal {
            let end = if kept.end == old.len() { "$".to_owned() } else { kept.end.to_string() };
            let _ = writeln!(script, "        sed -n '{},{end}p' \"$old\"", kept.start + 1);
        } else if !added.is_empty() {
            let lines = &new[added];
            if lines.iter().flat_map(|line| line.chars()).any(|character| character.is_control() && !matches!(character, '\n' | '\t')) {
                return None;
            }
            let end = (0..).map(|number| if number == 0 { "END".to_owned() } else { format!("END{number}") });
            let end = end.into_iter().find(|end| !lines.iter().any(|line| line.trim_end() == end))?;
            let _ = write!(script, "        cat <<'{end}'\n{}{end}\n", lines.concat());
        }
    }
    // A group of commands must hold one.
    Some(if script.is_empty() { "        :\n".to_owned() } else { script })
}

/// A text as one word of a POSIX shell.
fn quoted(text: &str) -> Option<String> {
    let plain = |character: char| character.is_ascii_alphanumeric() || "/._-@:+,=%".contains(character);
    if text.chars().any(char::is_control) {
        return None;
    }
    Some(if !text.is_empty() && text.chars().all(plain) && !text.starts_with('-') {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn a_file_is_made_of_pieces_of_the_old_one() {
        assert_eq!(
            pieces("a\nb\nc\n", "a\nx\nEND\nc\n").unwrap(),
            "        sed -n '1,1p' \"$old\"\n        cat <<'END1'\nx\nEND\nEND1\n        sed -n '3,$p' \"$old\"\n"
        );
        assert_eq!(pieces("a\n", "").unwrap(), "        :\n");
        assert_eq!(pieces("", "\u{7}\n"), None);
    }

    #[test]
    fn a_hostile_name_is_one_word_or_none() {
        assert_eq!(quoted("/a b'c").unwrap(), r"'/a b'\''c'");
        assert_eq!(quoted("/$(reboot)").unwrap(), "'/$(reboot)'");
        assert_eq!(quoted("/a\nb"), None);
    }
}
