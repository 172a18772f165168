//! Which of the programs called ifupdown reads /etc/network/interfaces here: each understands the file in its own way.
//!
//! Told by what `/sbin/ifup` is, then by what the package managers list, then by what only Alpine has.

use crate::image::Image;

/// The file that all of them read.
pub(crate) const FILE: &str = "/etc/network/interfaces";

const APK: [&str; 2] = ["/lib/apk/db/installed", "/usr/lib/apk/db/installed"];
const DPKG: &str = "/var/lib/dpkg/status";
/// dpkg's list of a desktop with everything has 10 MB.
const LARGEST_LIST: u64 = 32 << 20;

/// A program that reads the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ifupdown {
    /// The package ifupdown of Debian and Ubuntu.
    Debian,
    /// ifupdown-ng, as in Alpine.
    Ng,
    /// The applet of BusyBox.
    BusyBox,
    /// ifupdown2, of Cumulus Linux and Proxmox.
    Two,
}

/// The one that is installed below `root`, Debian's where nothing tells; `None` if there is no file for it to read.
pub(crate) fn which_ifupdown(root: &Image) -> Option<Ifupdown> {
    if !root.exists(FILE) {
        return None;
    }
    let alpine = || ["/usr/libexec/ifupdown-ng", "/etc/alpine-release"].into_iter().any(|path| root.exists(path)).then_some(Ifupdown::Ng);
    by_program(root).or_else(|| by_package(root)).or_else(alpine).or(Some(Ifupdown::Debian))
}

/// By `/sbin/ifup`: a link to the program that it is a name of, or a program of its own.
fn by_program(root: &Image) -> Option<Ifupdown> {
    let path = ["/sbin/ifup", "/usr/sbin/ifup"].into_iter().find(|path| root.exists(path) || root.link(path).is_some())?;
    Some(match root.link(path).as_deref().map(|target| target.rsplit('/').next().unwrap_or(target)) {
        None => Ifupdown::Debian,
        Some("ifupdown") => Ifupdown::Ng,
        Some("ifupdown2") => Ifupdown::Two,
        Some("busybox" | "bbsuid") => Ifupdown::BusyBox,
        Some(_) => return None,
    })
}

fn by_package(root: &Image) -> Option<Ifupdown> {
    let text = |path: &str| root.read(path, LARGEST_LIST).ok().map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    if let Some(installed) = APK.into_iter().find_map(text) {
        let has = installed.lines().any(|line| line == "P:ifupdown-ng");
        return Some(if has { Ifupdown::Ng } else { Ifupdown::BusyBox });
    }
    let status = text(DPKG)?;
    let has = |package: &str| {
        let mut inside = false;
        status.lines().any(|line| {
            match line.strip_prefix("Package: ") {
                Some(name) => inside = name == package,
                None if line.is_empty() => inside = false,
                None => {}
            }
            inside && line.starts_with("Status:") && line.ends_with(" installed")
        })
    };
    [("ifupdown2", Ifupdown::Two), ("ifupdown-ng", Ifupdown::Ng), ("ifupdown", Ifupdown::Debian)]
        .into_iter()
        .find_map(|(package, kind)| has(package).then_some(kind))
}
