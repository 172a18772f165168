//! Which files systemd-networkd reads: the directories and who masks whom, drop-ins, and its version (systemd.network(5)).

use std::collections::BTreeMap;
use std::io;

use super::netdev::Netdevs;
use crate::image::Image;
use crate::image::ini::systemd::Assignments;

/// Where configuration stands, a directory before those that it masks. /lib is another than /usr/lib in images that are not merged.
const DIRECTORIES: [&str; 5] =
    ["/etc/systemd/network", "/run/systemd/network", "/usr/local/lib/systemd/network", "/usr/lib/systemd/network", "/lib/systemd/network"];
const CONFIGURATIONS: [&str; 5] = ["/etc/systemd", "/run/systemd", "/usr/local/lib/systemd", "/usr/lib/systemd", "/lib/systemd"];
/// Where the library is whose name has the version of systemd.
const LIBRARIES: [&str; 4] = [
    "/usr/lib/systemd/libsystemd-shared-*.so",
    "/lib/systemd/libsystemd-shared-*.so",
    "/usr/lib/*/systemd/libsystemd-shared-*.so",
    "/usr/lib64/systemd/libsystemd-shared-*.so",
];
/// As many files as are read.
const MOST_FILES: usize = 1024;
/// As many assignments as are kept of all files.
const MOST_ASSIGNMENTS: usize = 1 << 16;

/// As many bytes of text as are kept of all files.
const MOST_TEXT: usize = 1 << 20;

/// A `.network` file with its drop-ins.
#[derive(Debug)]
pub(crate) struct NetworkFile {
    /// Its name without the directory: files are sorted by it.
    pub(crate) name: String,
    pub(crate) path: String,
    pub(crate) assignments: Assignments,
}

/// All `.network` files that are not masked, in the order in which they are tried. Those that netplan writes at each boot are left out: they
/// are what its own files say.
///
/// # Errors
/// One of them cannot be read, or they are too many.
pub(crate) fn network_files(root: &Image) -> io::Result<Vec<NetworkFile>> {
    let mut found = Vec::new();
    let (mut kept, mut bytes) = (0, 0);
    for (name, path) in by_name(root, &DIRECTORIES, "", ".network") {
        if path.starts_with("/run/") && name.starts_with("10-netplan-") {
            continue;
        }
        let Some(text) = unmasked(root, &path)? else { continue };
        let mut assignments = Assignments::parse(&path, &text);
        assignments.0.extend(drop_ins(root, &name)?.0);
        kept += assignments.0.len();
        bytes += text.len() + assignments.0.iter().map(|assignment| assignment.text.len()).sum::<usize>();
        if found.len() >= MOST_FILES || kept > MOST_ASSIGNMENTS || bytes > 2 * MOST_TEXT {
            return Err(io::Error::other(format!("{path}: too many files or assignments, or too long ones")));
        }
        found.push(NetworkFile { name, path, assignments });
    }
    Ok(found)
}

/// The devices that `.netdev` files make.
///
/// # Errors
/// One of them cannot be read, or they are too many.
pub(crate) fn netdevs(root: &Image) -> io::Result<Netdevs> {
    let (mut all, mut kept) = (Vec::new(), 0);
    for (name, path) in by_name(root, &DIRECTORIES, "", ".netdev") {
        let Some(text) = unmasked(root, &path)? else { continue };
        let mut assignments = Assignments::parse(&path, &text);
        assignments.0.extend(drop_ins(root, &name)?.0);
        kept += assignments.0.len();
        if all.len() >= MOST_FILES || kept > MOST_ASSIGNMENTS {
            return Err(io::Error::other(format!("{path}: too many files or assignments")));
        }
        all.push(assignments);
    }
    Ok(Netdevs::of_files(all.iter()))
}

/// What drop-ins add to the file called `name`.
///
/// # Errors
/// One of them cannot be read.
pub(crate) fn drop_ins(root: &Image, name: &str) -> io::Result<Assignments> {
    merged(root, by_name(root, &DIRECTORIES, &format!("/{name}.d"), ".conf"))
}

/// networkd.conf with its drop-ins: the first of its files, then the drop-ins of all directories (networkd.conf(5)).
///
/// # Errors
/// One of them cannot be read.
pub(crate) fn global(root: &Image) -> io::Result<Assignments> {
    let mut all = Assignments::default();
    if let Some(path) = CONFIGURATIONS.iter().map(|directory| format!("{directory}/networkd.conf")).find(|path| root.exists(path)) {
        all.0.extend(merged(root, [(String::new(), path)].into())?.0);
    }
    all.0.extend(merged(root, by_name(root, &CONFIGURATIONS, "/networkd.conf.d", ".conf"))?.0);
    Ok(all)
}

/// The version of systemd, if the image shows it.
pub(crate) fn version(root: &Image) -> Option<u32> {
    let number = |path: &String| {
        let digits = path.rsplit_once("libsystemd-shared-")?.1;
        digits.split(|character: char| !character.is_ascii_digit()).next()?.parse().ok()
    };
    LIBRARIES.iter().flat_map(|pattern| root.glob(pattern)).filter_map(|path| number(&path)).max()
}

fn merged(root: &Image, files: BTreeMap<String, String>) -> io::Result<Assignments> {
    let mut all = Assignments::default();
    let mut bytes = 0;
    for (nth, path) in files.into_values().enumerate() {
        if let Some(text) = unmasked(root, &path)? {
            bytes += text.len();
            all.0.extend(Assignments::parse(&path, &text).0);
        }
        if nth >= MOST_FILES || all.0.len() > MOST_ASSIGNMENTS || bytes > MOST_TEXT {
            return Err(io::Error::other(format!("{path}: too many files or assignments, or too long ones")));
        }
    }
    Ok(all)
}

/// Files by their names, each at the path that masks the others.
fn by_name(root: &Image, directories: &[&str], folder: &str, suffix: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for directory in directories {
        let directory = format!("{directory}{folder}");
        for name in root.names(&directory).into_iter().filter(|name| name.ends_with(suffix) && !name.starts_with('.')) {
            let path = format!("{directory}/{name}");
            found.entry(name).or_insert(path);
        }
    }
    found
}

/// The text of a file; nothing of one that masks others: a link to /dev/null or an empty file. A link that leads nowhere is nothing either.
fn unmasked(root: &Image, path: &str) -> io::Result<Option<String>> {
    if root.link(path).is_some_and(|target| target == "/dev/null") {
        return Ok(None);
    }
    Ok(root.text_if_any(path)?.filter(|text| !text.is_empty()))
}
