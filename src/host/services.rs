//! Whether a service is set up to start at boot: units of systemd, services of OpenRC, scripts of sysvinit, jobs of Upstart.

use crate::host::init::{self, Init};
use crate::image::Image;

/// Where systemd keeps what a target or another unit wants (systemd.unit(5)).
const WANTS: [&str; 4] =
    ["/etc/systemd/system/*.wants", "/etc/systemd/system/*.requires", "/usr/lib/systemd/system/*.wants", "/lib/systemd/system/*.wants"];

/// Whether one of the services called `names` (without `.service`) starts at boot: a unit of systemd wants it and it is not masked, or it is
/// in a runlevel of OpenRC, or it has a start link of sysvinit, or a number among the scripts that BusyBox' init runs, or it is a job of Upstart. Whether the program behind it is there is not looked
/// at.
pub(crate) fn starts(root: &Image, names: &[&str]) -> bool {
    names.iter().any(|name| root.once(&format!("starts {name}"), || one_starts(root, name)))
}

fn one_starts(root: &Image, name: &str) -> bool {
    let has = |patterns: &[&str], fits: &dyn Fn(&str) -> bool| {
        patterns.iter().flat_map(|pattern| root.glob(pattern)).any(|folder| root.names(&folder).iter().any(|entry| fits(entry)))
    };
    let unit = format!("{name}.service");
    let by_systemd = !is_masked(root, &unit) && has(&WANTS, &|entry| entry == unit);
    // S, two digits and the name; CirrOS has a hyphen before it.
    let start_link =
        |entry: &str| entry.strip_prefix('S').and_then(|rest| rest.get(2..)).is_some_and(|rest| rest.strip_prefix('-').unwrap_or(rest) == name);
    by_systemd
        || by_upstart(root, name)
        || has(&["/etc/runlevels/*"], &|entry| entry == name)
        || has(&["/etc/rc[2345S].d", "/etc/rc.d/rc[2345].d"], &start_link)
        || init::of(root) == Init::BusyBox && has(&["/etc/init.d"], &start_link)
}

/// Whether the unit is masked: by a link that leads to /dev/null, or by a file of size 0 (systemd.unit(5)).
pub(crate) fn is_masked(root: &Image, unit: &str) -> bool {
    const UNITS: [&str; 4] = ["/etc/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"];
    for path in UNITS.map(|folder| format!("{folder}/{unit}")) {
        match root.link(&path) {
            Some(target) => return target.trim_start_matches("../").trim_start_matches('/') == "dev/null",
            None if root.exists(&path) => return root.bytes_if_any(&path).is_ok_and(|bytes| bytes.is_some_and(|bytes| bytes.is_empty())),
            None => {}
        }
    }
    false
}

/// Whether a job of Upstart starts by itself (init(5)): it says on what, and no override says `manual`. Jobs that packages bring for Upstart
/// lie about in systems of other programs too.
fn by_upstart(root: &Image, name: &str) -> bool {
    let lines = |path: String| root.text(&path).unwrap_or_default();
    root.exists("/etc/init/rc-sysinit.conf")
        && init::of(root) == Init::Sysvinit
        && lines(format!("/etc/init/{name}.conf")).lines().any(|line| line.trim_start().starts_with("start on"))
        && !lines(format!("/etc/init/{name}.override")).lines().any(|line| line.trim() == "manual")
}

/// As [`starts`]; an image without anything that starts services, which is only the files that somebody looks at, is taken to start them.
pub(crate) fn starts_if_told(root: &Image, names: &[&str]) -> bool {
    let told = ["/etc/systemd/system", "/etc/runlevels", "/etc/rc2.d", "/etc/rc.d/rc2.d"];
    !told.iter().any(|path| root.is_directory(path) && !only_ours(root, path)) || starts(root, names)
}

/// Whether a directory is there for what `v6check install` put into it, itself or a directory below.
fn only_ours(root: &Image, path: &str) -> bool {
    let names = root.names(path);
    let ours =
        |name: &String| name.starts_with("v6check-") || name.starts_with('S') && name.get(3..).is_some_and(|rest| rest.starts_with("v6check-"));
    let below = |name: &String| root.names(&format!("{path}/{name}"));
    !names.is_empty() && names.iter().all(|name| ours(name) || !below(name).is_empty() && below(name).iter().all(ours))
}
