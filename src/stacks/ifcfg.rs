//! What Red Hat's systems share: the files `ifcfg-*`, which the network scripts source and NetworkManager's plugin ifcfg-rh reads, and the
//! release of the system.

use std::io;

use crate::image::Image;
use crate::image::shell_variables::Variables;

/// The folder of the files `ifcfg-*`.
pub(crate) const FOLDER: &str = "/etc/sysconfig/network-scripts";
/// As many of them as are read.
const MOST_FILES: usize = 256;
/// What editors and packages leave behind is no configuration (`is_ignored_file` of network-functions, `utils_should_ignore_file` of
/// NetworkManager).
const LEFT_BEHIND: [&str; 10] = ["~", ".bak", ".old", ".orig", ".rpmnew", ".rpmorig", ".rpmsave", ".augnew", ".augtmp", ".tmp"];

/// The files `ifcfg-*`, without those of the loopback interface and of alias addresses.
///
/// # Errors
/// One of them cannot be read, or they are too many.
pub(crate) fn interface_files(root: &Image) -> io::Result<Vec<Variables>> {
    let counts = |name: &String| {
        name.starts_with("ifcfg-")
            && name != "ifcfg-lo"
            && !name.contains(':')
            && !name.contains("-range")
            && !LEFT_BEHIND.iter().any(|end| name.ends_with(end))
    };
    let names: Vec<String> = root.names(FOLDER).into_iter().filter(counts).collect();
    if names.len() > MOST_FILES {
        return Err(io::Error::other(format!("{FOLDER}: more than {MOST_FILES} files ifcfg-*")));
    }
    let mut files = Vec::new();
    for name in names {
        files.extend(Variables::read(root, &format!("{FOLDER}/{name}"))?);
    }
    Ok(files)
}

/// The file whose variables are the defaults of all `ifcfg-*`.
pub(crate) const GLOBAL: &str = "/etc/sysconfig/network";

/// What it sets; nothing where it is not there, or is SUSE's directory of that name.
///
/// # Errors
/// It cannot be read.
pub(crate) fn global(root: &Image) -> io::Result<Variables> {
    let read = if root.is_directory(GLOBAL) { None } else { Variables::read(root, GLOBAL)? };
    Ok(read.unwrap_or_else(|| Variables::none_at(GLOBAL)))
}

/// The major release of Red Hat Enterprise Linux that the system is, or that it is like: 7 for Amazon Linux 2, 10 for a Fedora of today.
/// `None` if it is another system, or does not say.
pub(crate) fn release(root: &Image) -> Option<u32> {
    let read = |path: &str| Variables::read(root, path).ok().flatten();
    let Some(system) = read("/etc/os-release").or_else(|| read("/usr/lib/os-release")) else {
        // Release 6 and before have no os-release(5).
        let text = ["/etc/redhat-release", "/etc/system-release"].iter().find_map(|path| root.text(path).ok())?;
        return number(text.split("release ").nth(1)?);
    };
    let of = |name: &str| system.get(name).map_or("", |setting| &setting.value[..]);
    let version = number(of("VERSION_ID"));
    match of("ID") {
        "fedora" => version.map(|version| match version {
            ..19 => 6,
            19..28 => 7,
            28..34 => 8,
            34..36 => 9,
            _ => 10,
        }),
        "amzn" => version.map(|version| match version {
            2 => 7,
            2023.. => 9,
            _ => 6,
        }),
        "rhel" | "centos" | "ol" => version,
        _ => version.filter(|_| of("ID_LIKE").split_whitespace().any(|like| matches!(like, "rhel" | "centos"))),
    }
}

fn number(text: &str) -> Option<u32> {
    let digits = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    text[..digits].parse().ok()
}
