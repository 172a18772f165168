//! The files that are read for sysctl at boot, in the order in which they count.

use std::io;

use crate::host::init::{self, Init};
use crate::host::services;
use crate::image::Image;
use crate::image::by_name::files_by_name;
use crate::image::ini;

/// Where files of equal name mask each other, the strongest first (sysctl.d(5); sysctl(8) of procps has the same).
const FOLDERS: [&str; 5] = ["/etc/sysctl.d", "/run/sysctl.d", "/usr/local/lib/sysctl.d", "/usr/lib/sysctl.d", "/lib/sysctl.d"];
pub(super) const SYSCTL_CONF: &str = "/etc/sysctl.conf";
/// As many files as are read.
const MOST_FILES: usize = 256;

/// As many bytes as all of them may have.
const MOST_BYTES: usize = 1 << 20;

/// A file and how it is carried out.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) path: String,
    pub(crate) text: String,
    /// By systemd-sysctl, which reads all of its files before it writes anything; sysctl(8) writes line after line.
    pub(crate) by_systemd: bool,
    /// Patterns have a meaning: not for BusyBox, nor for the procps of Upstart's time.
    pub(crate) globs: bool,
}

/// The files in the order in which they are carried out.
///
/// # Errors
/// One of them is there and cannot be read, or they are too much.
pub(crate) fn files(root: &Image) -> io::Result<Vec<Source>> {
    let init = init::of(root);
    let paths = match init {
        Init::Systemd => by_name(root),
        Init::Sysvinit => {
            let mut paths = by_name(root);
            paths.push(SYSCTL_CONF.to_owned());
            paths
        }
        Init::BusyBox => by_scripts(root)?,
        Init::OpenRc if services::starts(root, &["sysctl"]) => by_folder(root),
        Init::OpenRc => Vec::new(),
    };
    if paths.len() > MOST_FILES {
        return Err(io::Error::other(format!("more than {MOST_FILES} files of sysctl.d")));
    }
    let busybox = ["/sbin/sysctl", "/usr/sbin/sysctl"].iter().find_map(|path| root.link(path)).is_some_and(|target| target.ends_with("busybox"));
    let by_systemd = init == Init::Systemd;
    let mut files = Vec::new();
    let mut bytes = 0;
    for (path, by_systemd) in paths.into_iter().map(|path| (path, by_systemd)).chain(of_ufw(root)?.map(|path| (path, false))) {
        if let Some(text) = root.text_if_any(&path)? {
            bytes += text.len();
            if bytes > MOST_BYTES {
                return Err(io::Error::other(format!("{path}: more than {MOST_BYTES} bytes of sysctl.d")));
            }
            files.push(Source { path, text, by_systemd, globs: !matches!(init, Init::Sysvinit | Init::BusyBox) && !busybox });
        }
    }
    Ok(files)
}

/// systemd-sysctl, and `sysctl --system`: by name, whichever folder it is in. /etc/sysctl.conf is read by the former only where a link in
/// /etc/sysctl.d leads to it.
fn by_name(root: &Image) -> Vec<String> {
    files_by_name(root, &FOLDERS, ".conf")
}

/// Alpine's service `sysctl`: folder after folder, /run last, and a file of /etc or /run in place of one of equal name in a weaker folder
/// (main/openrc/sysctl.initd of aports).
fn by_folder(root: &Image) -> Vec<String> {
    let conf = |folder: &str| root.glob(&format!("{folder}/*.conf"));
    let masked = |path: &String, by: &[&str]| {
        let name = path.rsplit('/').next().unwrap_or(path);
        by.iter().any(|folder| root.exists(&format!("{folder}/{name}")))
    };
    let mut paths: Vec<String> = ["/lib/sysctl.d", "/usr/lib/sysctl.d"].into_iter().flat_map(conf).collect();
    paths.retain(|path| !masked(path, &["/etc/sysctl.d", "/run/sysctl.d"]));
    paths.extend(conf("/etc/sysctl.d").into_iter().filter(|path| !masked(path, &["/run/sysctl.d"])));
    paths.push(SYSCTL_CONF.to_owned());
    paths.extend(conf("/run/sysctl.d"));
    paths.retain(|path| root.link(path).is_none_or(|target| target != "/dev/null"));
    paths
}

/// What the scripts of a BusyBox have sysctl read: nothing by itself reads any of it.
///
/// # Errors
/// A script cannot be read.
fn by_scripts(root: &Image) -> io::Result<Vec<String>> {
    let (mut folders, mut conf) = (false, false);
    for path in ["/etc/inittab".to_owned()].into_iter().chain(root.glob("/etc/init.d/*")).filter(|path| !root.is_directory(path)) {
        let text = root.text_if_any(&path)?.unwrap_or_default();
        for line in text.lines().filter(|line| !line.trim_start().starts_with('#')) {
            folders |= line.contains("sysctl.d");
            // Without a file it reads this one.
            conf |= line.contains("sysctl.conf") || line.contains("sysctl -p");
        }
    }
    let mut paths = if folders { by_name(root) } else { Vec::new() };
    paths.extend(conf.then(|| SYSCTL_CONF.to_owned()));
    Ok(paths)
}

/// The file that ufw applies when it starts: `IPT_SYSCTL` of /etc/default/ufw, nothing where that is empty (ufw-init-functions).
fn of_ufw(root: &Image) -> io::Result<Option<String>> {
    if crate::host::ufw::starts(root)?.is_none() {
        return Ok(None);
    }
    let defaults = root.text_if_any("/etc/default/ufw")?.unwrap_or_default();
    let set = ini::last(&defaults, "IPT_SYSCTL").map(|set| set.value.to_owned());
    Ok(set.filter(|path| path.starts_with('/')))
}
