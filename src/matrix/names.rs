//! What the images are called: by their reports' files, with as much of the path as tells them apart.

use std::collections::BTreeSet;
use std::path::Path;

/// A name for each path: the file's without `.json` and `.report`, or with folders before it where two would be called the same. Where nothing
/// else tells them apart, it is the whole path.
pub(super) fn names(paths: &[&Path]) -> Vec<String> {
    let mut folders = vec![0; paths.len()];
    loop {
        let names: Vec<String> = paths.iter().zip(&folders).map(|(path, folders)| name(path, *folders)).collect();
        let mut known = BTreeSet::new();
        let twice: BTreeSet<&str> = names.iter().map(String::as_str).filter(|name| !known.insert(*name)).collect();
        let mut grown = false;
        for (at, path) in paths.iter().enumerate() {
            // One step beyond all folders there is the whole path.
            if twice.contains(names[at].as_str()) && folders[at] < path.components().count() {
                folders[at] += 1;
                grown = true;
            }
        }
        if !grown {
            return names;
        }
    }
}

fn name(path: &Path, folders: usize) -> String {
    let count = path.components().count();
    if path.as_os_str() == "-" {
        return "standard input".into();
    }
    if folders >= count {
        return path.display().to_string();
    }
    let file = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
    let stem = file.strip_suffix(".json").filter(|stem| !stem.is_empty()).unwrap_or(&file);
    let stem = stem.strip_suffix(".report").filter(|stem| !stem.is_empty()).unwrap_or(stem);
    let before = path.parent().unwrap_or(Path::new("")).components();
    let skipped = count.saturating_sub(1).saturating_sub(folders);
    let mut name = before.skip(skipped).collect::<std::path::PathBuf>();
    name.push(stem);
    name.display().to_string()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::names;

    fn of(paths: &[&str]) -> Vec<String> {
        names(&paths.iter().map(|path| Path::new(*path)).collect::<Vec<_>>())
    }

    #[test]
    fn the_endings_of_a_report_are_no_part_of_its_name() {
        assert_eq!(of(&["a/debian.json", "b/fedora.report.json", ".json", "alpine", "-"]), ["debian", "fedora", ".json", "alpine", "standard input"]);
    }

    #[test]
    fn as_much_of_the_path_as_tells_apart() {
        assert_eq!(of(&["x/1/vm.json", "x/2/vm.json", "y/2/vm.json", "x/2/other.json"]), ["1/vm", "x/2/vm", "y/2/vm", "other"]);
        assert_eq!(of(&["vm.json", "a/vm.json", "/a/vm.json"]), ["vm.json", "a/vm.json", "/a/vm"]);
        assert_eq!(of(&["a/vm.json", "a/vm.report.json"]), ["a/vm.json", "a/vm.report.json"]);
    }
}
