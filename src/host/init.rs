//! Which program boots the image: it decides what reads sysctl.conf and its like.

use crate::image::Image;

/// The program that boots an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Init {
    /// systemd.
    Systemd,
    /// OpenRC.
    OpenRc,
    /// sysvinit or Upstart.
    Sysvinit,
    /// BusyBox' init, which runs what /etc/inittab says, a script most often; OpenRC's is none of it.
    BusyBox,
}

/// Where systemd itself is.
const SYSTEMD: [&str; 2] = ["/usr/lib/systemd/systemd", "/lib/systemd/systemd"];
/// What only Upstart, and sysvinit of Red Hat and Debian, bring. /etc/inittab is none of it: CentOS 7 still ships one.
const SYSVINIT: [&str; 4] = ["/etc/rc.d/rc.sysinit", "/etc/init/rc-sysinit.conf", "/etc/init/rcS.conf", "/lib/sysvinit/init"];

/// What there is of systemd in a tree without its programs, and what starts services without it: links of sysvinit, jobs of Upstart.
const OF_SYSTEMD: [&str; 3] = ["/etc/systemd", "/usr/lib/systemd", "/lib/systemd"];
const START_LINKS: [&str; 3] = ["/etc/rc[2345].d/S*", "/etc/rc.d/rc[2345].d/S*", "/etc/init/*.conf"];

/// The program that boots the image; systemd where nothing tells, as in a tree of configuration files alone.
pub(crate) fn of(root: &Image) -> Init {
    let init = ["/sbin/init", "/usr/sbin/init"].iter().find_map(|path| root.link(path)).unwrap_or_default();
    let is_there = |paths: &[&str]| paths.iter().any(|path| root.exists(path));
    if init.ends_with("/systemd") {
        Init::Systemd
    } else if init.ends_with("openrc-init") || root.is_directory("/etc/runlevels") && !is_there(&SYSTEMD) {
        Init::OpenRc
    } else if init.rsplit('/').next() == Some("busybox") {
        Init::BusyBox
    } else if !is_there(&SYSTEMD) && (is_there(&SYSVINIT) || !is_there(&OF_SYSTEMD) && START_LINKS.iter().any(|links| !root.glob(links).is_empty())) {
        Init::Sysvinit
    } else {
        Init::Systemd
    }
}
