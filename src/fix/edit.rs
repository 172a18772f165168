//! Edits of one text: what each makes of the file as it stands.

use crate::facts::Edit;

/// Why an edit cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// The lines that it is for are not there.
    #[error("{path}: the lines that were to be changed are not there")]
    NotThere {
        /// The file.
        path: String,
    },
    /// The file cannot be read, or is no text.
    #[error("{path}: {reason}")]
    Unreadable {
        /// The file.
        path: String,
        /// Why.
        reason: String,
    },
    /// A line would hold a control character, as only a file made to deceive has it.
    #[error("{path}: a line with control characters")]
    NotPlain {
        /// The file.
        path: String,
    },
}

/// What `edit` makes of `text`, the file as it stands (empty where none is there).
///
/// # Errors
/// It cannot be made of this text.
pub(super) fn apply(edit: &Edit, text: &str) -> Result<String, EditError> {
    let path = edit.path().to_owned();
    let mut lines: Vec<&str> = text.split_terminator('\n').collect();
    match edit {
        Edit::Lines { line, old, new, .. } => {
            let at = place(&lines, *line, old).ok_or(EditError::NotThere { path: path.clone() })?;
            lines.splice(at..at + old.len(), new.iter().map(String::as_str));
            joined(&path, &lines, new)
        }
        Edit::Append { lines: new, .. } => {
            // No empty line at the beginning of a file, and no second one at its end.
            let blank = lines.last().is_none_or(|last| last.trim().is_empty());
            lines.extend(new.iter().map(String::as_str).skip(usize::from(blank && new.first().is_some_and(String::is_empty))));
            joined(&path, &lines, new)
        }
        Edit::Key { section, key, value, .. } => {
            let new = value.as_ref().map(|value| format!("{key}={value}"));
            let changed = set_key(&lines, section, key, new.as_deref());
            joined(&path, &changed.iter().map(String::as_str).collect::<Vec<_>>(), new.as_slice())
        }
        Edit::Variable { name, value, .. } => {
            let new = value.as_ref().map(|value| format!("{name}={value}"));
            let changed = set_variable(&lines, name, new.as_deref());
            joined(&path, &changed, new.as_slice())
        }
        Edit::Write { text, .. } => Ok(text.clone()),
        Edit::Remove { .. } | Edit::Unit { .. } => Ok(String::new()),
    }
}

/// Where the lines stand: at `line`, or the nearest place where they do, since an earlier edit may have moved them.
fn place(lines: &[&str], line: u32, old: &[String]) -> Option<usize> {
    if old.is_empty() {
        return None;
    }
    let wanted = usize::try_from(line).ok()?.checked_sub(1)?;
    let fits = |at: &usize| lines[*at..].len() >= old.len() && lines[*at..].iter().zip(old).all(|(line, old)| line == old);
    (0..lines.len()).filter(fits).min_by_key(|at| at.abs_diff(wanted))
}

/// Lines as a text, each with its end.
fn joined(path: &str, lines: &[&str], new: &[String]) -> Result<String, EditError> {
    if new.iter().flat_map(|line| line.chars()).any(|character| character.is_control() && character != '\t') {
        return Err(EditError::NotPlain { path: path.to_owned() });
    }
    Ok(lines.iter().fold(String::new(), |text, line| text + line + "\n"))
}

/// The lines with a key of a section set to what `new` says; without it every line that sets the key goes.
fn set_key(lines: &[&str], section: &str, key: &str, new: Option<&str>) -> Vec<String> {
    let mut inside = false;
    let mut changed: Vec<String> = Vec::new();
    let (mut last_set, mut end) = (None, None);
    for line in lines {
        let bare = line.trim();
        if let Some(name) = bare.strip_prefix('[') {
            inside = name.trim_end_matches(']') == section;
        }
        let sets = inside && !bare.starts_with(['#', ';', '[']) && bare.split_once('=').is_some_and(|(found, _)| found.trim() == key);
        if sets && new.is_none() {
            continue;
        }
        if sets {
            last_set = Some(changed.len());
        }
        changed.push((*line).to_owned());
        if inside && !bare.is_empty() {
            end = Some(changed.len());
        }
    }
    let Some(new) = new else { return changed };
    match (last_set, end) {
        (Some(at), _) => new.clone_into(&mut changed[at]),
        (None, Some(end)) => changed.insert(end, new.to_owned()),
        (None, None) => {
            if changed.last().is_some_and(|last| !last.trim().is_empty()) {
                changed.push(String::new());
            }
            changed.extend([format!("[{section}]"), new.to_owned()]);
        }
    }
    changed
}

/// The lines with a variable set once, where it was set last; without `new` every line that sets it goes.
fn set_variable<'a>(lines: &[&'a str], name: &str, new: Option<&'a str>) -> Vec<&'a str> {
    let sets = |line: &str| {
        let line = line.trim_start();
        let line = line.strip_prefix("export ").map_or(line, str::trim_start);
        line.strip_prefix(name).is_some_and(|rest| rest.starts_with('='))
    };
    let last = lines.iter().rposition(|line| sets(line));
    let mut changed: Vec<&str> = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        match new {
            Some(new) if Some(at) == last => changed.push(new),
            _ if sets(line) => {}
            _ => changed.push(line),
        }
    }
    changed.extend(new.filter(|_| last.is_none()));
    changed
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn owned(lines: &[&str]) -> Vec<String> {
        lines.iter().map(|line| (*line).to_owned()).collect()
    }

    fn lines(line: u32, old: &[&str], new: &[&str]) -> Edit {
        Edit::Lines { path: "/f".into(), line, old: owned(old), new: owned(new) }
    }

    #[test]
    fn lines_are_replaced_inserted_and_deleted_where_they_stand() {
        for (edit, after) in [
            (lines(2, &["b"], &["x"]), "a\nx\nb\n"),
            (lines(3, &["b"], &["x"]), "a\nb\nx\n"),
            (lines(9, &["b"], &["b", "c"]), "a\nb\nb\nc\n"),
            (lines(1, &["a"], &[]), "b\nb\n"),
            (lines(1, &["a", "b"], &["y"]), "y\nb\n"),
        ] {
            assert_eq!(apply(&edit, "a\nb\nb").unwrap(), after, "{edit:?}");
        }
        assert_eq!(apply(&lines(1, &["c"], &["d"]), "a\n"), Err(EditError::NotThere { path: "/f".into() }));
        assert_eq!(apply(&lines(1, &["a"], &["\u{1b}[2J"]), "a\n"), Err(EditError::NotPlain { path: "/f".into() }));
    }

    #[test]
    fn keys_of_a_section() {
        let key = |section: &str, key: &str, value: Option<&str>| Edit::Key {
            path: "/f".into(),
            section: section.into(),
            key: key.into(),
            value: value.map(str::to_owned),
        };
        let text = "[A]\nx=1\n#y=1\nx = 2\n\n[B]\nx=3\n";
        for (edit, after) in [
            (key("A", "x", Some("9")), "[A]\nx=1\n#y=1\nx=9\n\n[B]\nx=3\n"),
            (key("A", "x", None), "[A]\n#y=1\n\n[B]\nx=3\n"),
            (key("A", "y", Some("9")), "[A]\nx=1\n#y=1\nx = 2\ny=9\n\n[B]\nx=3\n"),
            (key("C", "x", Some("9")), "[A]\nx=1\n#y=1\nx = 2\n\n[B]\nx=3\n\n[C]\nx=9\n"),
        ] {
            assert_eq!(apply(&edit, text).unwrap(), after, "{edit:?}");
        }
        assert_eq!(apply(&key("C", "x", Some("9")), "").unwrap(), "[C]\nx=9\n");
    }

    #[test]
    fn variables_are_set_once() {
        let set = |value: Option<&str>| Edit::Variable { path: "/f".into(), name: "A".into(), value: value.map(str::to_owned) };
        assert_eq!(apply(&set(Some("yes")), "A=no\nAB=1\nexport A=\"no\"\n").unwrap(), "AB=1\nA=yes\n");
        assert_eq!(apply(&set(Some("yes")), "AB=1").unwrap(), "AB=1\nA=yes\n");
        assert_eq!(apply(&set(None), "A=no\nAB=1\n").unwrap(), "AB=1\n");
    }

    #[test]
    fn an_appended_block_is_parted_by_one_empty_line() {
        let append = Edit::Append { path: "/f".into(), lines: owned(&["", "a", "b"]) };
        for (text, after) in [("", "a\nb\n"), ("x", "x\n\na\nb\n"), ("x\n\n", "x\n\na\nb\n")] {
            assert_eq!(apply(&append, text).unwrap(), after);
        }
    }
}
