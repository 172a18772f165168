//! The files of a search path: of equal names the one in the first folder counts (systemd.unit(5), sysctl.d(5), modprobe.d(5)).

use std::collections::BTreeMap;

use super::Image;

/// The files of some folders whose names end with `ending`, in the order of their names; of equal names the one in the first folder counts,
/// and a link to /dev/null masks.
pub(crate) fn files_by_name(root: &Image, folders: &[&str], ending: &str) -> Vec<String> {
    let mut by_name = BTreeMap::new();
    for folder in folders {
        for name in root.names(folder).into_iter().filter(|name| name.ends_with(ending) && !name.starts_with('.')) {
            by_name.entry(name.clone()).or_insert_with(|| format!("{folder}/{name}"));
        }
    }
    by_name.into_values().filter(|path| root.link(path).is_none_or(|target| target != "/dev/null")).collect()
}
