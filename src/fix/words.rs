//! A fix as text: what to change, line by line, and whether that was checked.

use crate::facts::{Edit, Fix, UnitChange};

/// What is said of a remedy that was not tried.
pub const ADVICE: &str = "This is advice and was not checked: run v6check again afterwards.";
/// As many lines of a new file are shown.
const MOST_LINES: usize = 40;

/// What the fix says to a person. `image`: it is for an image, and not for a guest that runs. What is indented stands as it is to be typed.
pub fn text(fix: &Fix, image: bool) -> String {
    let mut parts: Vec<String> = Vec::new();
    parts.extend(fix.by_hand.iter().filter(|_| fix.edits.is_empty()).cloned());
    parts.extend(fix.edits.iter().map(edit));
    parts.extend(fix.by_hand.iter().filter(|_| !fix.edits.is_empty()).cloned());
    if !fix.now.is_empty() {
        let opening = if fix.edits.is_empty() && fix.proven {
            "The files are right, and the running guest is not. Type:"
        } else {
            "For the running guest, type then:"
        };
        let commands: Vec<String> = fix.now.iter().map(|command| format!("  {command}")).collect();
        if fix.edits.is_empty() && fix.proven {
            parts.insert(0, format!("{opening}\n{}", commands.join("\n")));
        } else {
            parts.push(format!("{opening}\n{}", commands.join("\n")));
        }
    }
    parts.extend(proof(fix, image).map(str::to_owned));
    parts.join("\n")
}

/// What is known of the fix, as a sentence.
fn proof(fix: &Fix, image: bool) -> Option<&'static str> {
    match (fix.proven, fix.edits.is_empty(), image) {
        (true, true, _) => None,
        (true, false, true) => Some("Checked: with this change the image passes this requirement."),
        (true, false, false) => Some("Checked: with this change the files meet this requirement at the next boot."),
        (false, ..) => Some(ADVICE),
    }
}

fn edit(edit: &Edit) -> String {
    match edit {
        Edit::Lines { path, line, old, new } => lines(path, *line, old, new),
        Edit::Append { path, lines } => format!("At the end of {path} write:\n{}", block(lines)),
        Edit::Key { path, section, key, value: Some(value) } => format!("In section [{section}] of {path} set `{key}={value}`."),
        Edit::Key { path, section, key, value: None } => format!("Remove `{key}` from section [{section}] of {path}."),
        Edit::Variable { path, name, value: Some(value) } => format!("In {path} set `{name}={value}`."),
        Edit::Variable { path, name, value: None } => format!("Remove `{name}` from {path}."),
        Edit::Write { path, text, .. } if text.is_empty() => format!("Empty {path}."),
        Edit::Write { path, text, mode } => {
            let lines: Vec<String> = text.lines().map(str::to_owned).collect();
            let mode = if *mode == 0o644 { String::new() } else { format!(" (mode {mode:o})") };
            format!("Write {path}{mode}:\n{}", block(&lines))
        }
        Edit::Remove { path } => format!("Remove {path}."),
        Edit::Unit { unit, change, links } => {
            let links: Vec<String> = links
                .iter()
                .map(|(path, target)| match target {
                    Some(target) => format!("link {path} to {target}"),
                    None => format!("remove {path}"),
                })
                .collect();
            let verb = match change {
                UnitChange::Enable => "Enable",
                UnitChange::Disable => "Disable",
                UnitChange::Unmask => "Unmask",
            };
            format!("{verb} {unit}: {}.", links.join(", "))
        }
    }
}

/// A change of lines: what is the same before and after is left out.
fn lines(path: &str, line: u32, old: &[String], new: &[String]) -> String {
    let head = old.iter().zip(new).take_while(|(old, new)| old == new).count();
    let tail = old[head..].iter().rev().zip(new[head..].iter().rev()).take_while(|(old, new)| old == new).count();
    let (gone, come) = (&old[head..old.len() - tail], &new[head..new.len() - tail]);
    let first = usize::try_from(line).unwrap_or(usize::MAX).saturating_add(head);
    match (gone, come) {
        ([], come) if head > 0 => format!("In {path}, below line {} (`{}`), write:\n{}", first - 1, old[head - 1].trim(), block(come)),
        ([], come) => format!("In {path}, above line {first} (`{}`), write:\n{}", old.first().map_or("", |line| line.trim()), block(come)),
        ([gone], []) => format!("In {path}, delete line {first}: `{}`.", gone.trim()),
        ([gone], [come]) => format!("In {path}, line {first}, change `{}` to `{}`.", gone.trim(), come.trim()),
        (gone, []) => format!("In {path}, delete lines {first} to {}:\n{}", first + gone.len() - 1, block(gone)),
        (gone, come) => format!("In {path}, lines {first} to {}, in the place of what stands there write:\n{}", first + gone.len() - 1, block(come)),
    }
}

/// Lines to be typed as they stand, indented.
fn block(lines: &[String]) -> String {
    let shown = lines.iter().take(MOST_LINES).map(|line| format!("  {line}").trim_end().replace('\t', "    "));
    let more = lines.len().saturating_sub(MOST_LINES);
    let rest = (more > 0).then(|| format!("  ... ({more} lines more; `v6check remedy --format diff` has all)"));
    shown.filter(|line| !line.is_empty()).chain(rest).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Goal;

    fn owned(lines: &[&str]) -> Vec<String> {
        lines.iter().map(|line| (*line).to_owned()).collect()
    }

    #[test]
    fn lines_are_told_by_what_changes() {
        let told = |old: &[&str], new: &[&str]| lines("/f", 7, &owned(old), &owned(new));
        assert_eq!(told(&["a"], &["b"]), "In /f, line 7, change `a` to `b`.");
        assert_eq!(told(&["a"], &[]), "In /f, delete line 7: `a`.");
        assert_eq!(told(&["a"], &["a", "    b"]), "In /f, below line 7 (`a`), write:\n      b");
        assert_eq!(told(&["a"], &["b", "a"]), "In /f, above line 7 (`a`), write:\n  b");
        assert_eq!(told(&["a", "b"], &["a", "c"]), "In /f, line 8, change `b` to `c`.");
    }

    #[test]
    fn advice_says_so_and_a_proof_as_well() {
        let mut fix = Fix {
            goal: Goal::Dhcpv6,
            interface: Some("eth0".into()),
            edits: vec![Edit::Remove { path: "/f".into() }],
            now: vec!["ifup eth0".into()],
            by_hand: Vec::new(),
            proven: true,
        };
        assert_eq!(
            text(&fix, false),
            "Remove /f.\nFor the running guest, type then:\n  ifup eth0\nChecked: with this change the files meet this requirement at the next boot."
        );
        fix.now.clear();
        assert_eq!(text(&fix, true), "Remove /f.\nChecked: with this change the image passes this requirement.");
        fix.proven = false;
        assert!(text(&fix, true).ends_with("This is advice and was not checked: run v6check again afterwards."));
        fix.edits.clear();
        fix.proven = true;
        fix.now = owned(&["sysctl -w a=1"]);
        assert_eq!(text(&fix, false), "The files are right, and the running guest is not. Type:\n  sysctl -w a=1");
    }
}
