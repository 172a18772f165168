//! Changes of an image's files as a unified diff, as `patch -p1 -d DIR` takes it.

use std::fmt::Write;

use similar::{Algorithm, DiffOp, capture_diff_slices, group_diff_ops};

use super::sandbox::{Change, Node};

/// As many unchanged lines are shown around what changes.
const CONTEXT: usize = 3;

/// The diff of all changes, and before it, as lines that patch passes over, what a diff cannot say.
pub(crate) fn unified(changes: &[Change]) -> String {
    let mut text = String::new();
    let mut diffs = String::new();
    for change in changes {
        if let (true, Some(before), Some(after)) = (is_plain(&change.path), text_of(&change.before), text_of(&change.after)) {
            file(&mut diffs, change, &before, &after);
        } else {
            let what = if change.after == Node::Absent { "remove" } else { "change by the script of `v6check remedy --format shell`" };
            let _ = writeln!(text, "# Not in this diff, {what}: {}", change.path.escape_debug());
        }
    }
    text + &diffs
}

/// Whether a path needs no quotation in a diff.
fn is_plain(path: &str) -> bool {
    path.chars().all(|character| character.is_ascii_alphanumeric() || "/._-@:+,=~% ".contains(character))
}

/// What is there as text. None of what a terminal or patch would not take as it is.
fn text_of(node: &Node) -> Option<String> {
    let text = match node {
        Node::Absent => return Some(String::new()),
        Node::Link(target) => target.clone(),
        Node::File(bytes) => String::from_utf8(bytes.to_vec()).ok()?,
    };
    text.chars().all(|character| !character.is_control() || matches!(character, '\n' | '\t')).then_some(text)
}

/// The type and permissions as Git writes them.
fn mode(node: &Node, mode: u32) -> String {
    match node {
        Node::Link(_) => "120000".to_owned(),
        _ => format!("100{mode:o}"),
    }
}

fn file(diffs: &mut String, change: &Change, before: &str, after: &str) {
    let path = &change.path;
    let kinds = |node: &Node| matches!(node, Node::Link(_));
    // One thing becomes another: the old one goes first.
    if change.before != Node::Absent && change.after != Node::Absent && kinds(&change.before) != kinds(&change.after) {
        let none = |before: Node, after: Node| Change { path: path.clone(), before, after, mode: change.mode };
        file(diffs, &none(change.before.clone(), Node::Absent), before, "");
        file(diffs, &none(Node::Absent, change.after.clone()), "", after);
        return;
    }
    // A name with a blank ends at a tabulator.
    let end = if path.contains(' ') { "\t" } else { "" };
    let _ = writeln!(diffs, "diff --git a{path} b{path}");
    let (mut from, mut to) = (format!("a{path}{end}"), format!("b{path}{end}"));
    if change.before == Node::Absent {
        let _ = writeln!(diffs, "new file mode {}", mode(&change.after, change.mode));
        "/dev/null".clone_into(&mut from);
    } else if change.after == Node::Absent {
        let _ = writeln!(diffs, "deleted file mode {}", mode(&change.before, 0o644));
        "/dev/null".clone_into(&mut to);
    } else if kinds(&change.after) {
        diffs.push_str("index 0000000..0000000 120000\n");
    }
    let (old, new): (Vec<&str>, Vec<&str>) = (before.split_inclusive('\n').collect(), after.split_inclusive('\n').collect());
    if old == new {
        return;
    }
    let _ = writeln!(diffs, "--- {from}\n+++ {to}");
    for group in group_diff_ops(capture_diff_slices(Algorithm::Myers, &old, &new), CONTEXT) {
        hunk(diffs, &group, &old, &new);
    }
}

fn hunk(diffs: &mut String, group: &[DiffOp], old: &[&str], new: &[&str]) {
    let (Some(first), Some(last)) = (group.first(), group.last()) else { return };
    let (from, to) = (first.old_range().start..last.old_range().end, first.new_range().start..last.new_range().end);
    // Of no lines the line before is named.
    let place = |range: &std::ops::Range<usize>| format!("{},{}", range.start + usize::from(!range.is_empty()), range.len());
    let _ = writeln!(diffs, "@@ -{} +{} @@", place(&from), place(&to));
    let mut put = |sign: char, line: &str| {
        diffs.push(sign);
        diffs.push_str(line);
        if !line.ends_with('\n') {
            diffs.push_str("\n\\ No newline at end of file\n");
        }
    };
    for op in group {
        let (removed, added) = (op.old_range(), op.new_range());
        if let DiffOp::Equal { .. } = op {
            old[removed].iter().for_each(|line| put(' ', line));
        } else {
            old[removed].iter().for_each(|line| put('-', line));
            new[added].iter().for_each(|line| put('+', line));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(path: &str, before: Node, after: Node) -> Change {
        Change { path: path.into(), before, after, mode: 0o600 }
    }

    fn text(text: &str) -> Node {
        Node::File(text.as_bytes().into())
    }

    #[test]
    fn a_file_that_changes_comes_and_goes() {
        let changes = [
            change("/a", text("1\n2\n3\n4\n5\n"), text("1\n2\n3\n4\nx\n")),
            change("/b c", Node::Absent, text("1\n")),
            change("/d", text("1"), Node::Absent),
            change("/e", Node::Link("/dev/null".into()), Node::Absent),
        ];
        assert_eq!(
            unified(&changes),
            "diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -2,4 +2,4 @@\n 2\n 3\n 4\n-5\n+x\n\
             diff --git a/b c b/b c\nnew file mode 100600\n--- /dev/null\n+++ b/b c\t\n@@ -0,0 +1,1 @@\n+1\n\
             diff --git a/d b/d\ndeleted file mode 100644\n--- a/d\n+++ /dev/null\n@@ -1,1 +0,0 @@\n-1\n\\ No newline at end of file\n\
             diff --git a/e b/e\ndeleted file mode 120000\n--- a/e\n+++ /dev/null\n@@ -1,1 +0,0 @@\n-/dev/null\n\\ No newline at end of file\n"
        );
    }

    #[test]
    fn what_a_diff_cannot_say_is_named_before_it() {
        let changes = [change("/a", text("\u{1b}[2J"), text("x")), change("/b", Node::File(Rc::from(*b"\xff\0")), Node::Absent)];
        assert_eq!(
            unified(&changes),
            "# Not in this diff, change by the script of `v6check remedy --format shell`: /a\n# Not in this diff, remove: /b\n"
        );
    }

    use std::rc::Rc;
}
