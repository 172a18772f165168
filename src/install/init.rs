//! Which init system starts an image, and what it needs to be told.

use std::collections::BTreeSet;
use std::path::Path;

use super::pieces::Piece;
use super::tree::Tree;
use super::{DEADLINE_S, SETTLING_S, Wish, openrc, systemd, sysvinit, upstart};

/// An init system that can be told what to start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Init {
    /// systemd.
    Systemd,
    /// OpenRC.
    OpenRc,
    /// sysvinit with start links.
    Sysvinit,
    /// Upstart as Ubuntu had it.
    Upstart,
}

const SYSTEMD: [&str; 2] = ["/usr/lib/systemd/systemd", "/lib/systemd/systemd"];
const SYSVINIT: [&str; 5] = ["/etc/rcS.d", "/etc/rc3.d", "/etc/rc.d/rc3.d", "/etc/inittab", "/lib/sysvinit/init"];

/// The init system of `tree`; of a running one (`live`) what runs. `None` where nothing tells.
pub(super) fn of(tree: &Tree, live: bool) -> Option<Init> {
    let init = ["/sbin/init", "/usr/sbin/init"].iter().find_map(|path| tree.link(path)).unwrap_or_default();
    let systemd_is_there = SYSTEMD.iter().any(|path| tree.exists(path));
    // sd_booted(3).
    if live && tree.is_directory("/run/systemd/system") || init.ends_with("/systemd") {
        Some(Init::Systemd)
    } else if live && tree.is_directory("/run/openrc") || init.ends_with("openrc-init") || tree.is_directory("/etc/runlevels") && !systemd_is_there {
        Some(Init::OpenRc)
    } else if systemd_is_there {
        Some(Init::Systemd)
    } else if tree.exists("/etc/init/rc-sysinit.conf") {
        Some(Init::Upstart)
    } else if SYSVINIT.iter().any(|path| tree.exists(path)) && tree.is_directory("/etc/init.d") {
        Some(Init::Sysvinit)
    } else {
        tree.is_directory("/etc/systemd/system").then_some(Init::Systemd)
    }
}

impl Init {
    pub(super) const ALL: [Self; 4] = [Self::Systemd, Self::OpenRc, Self::Sysvinit, Self::Upstart];

    /// All that it needs but the program; the recorder's own file is among it and has `list`.
    pub(super) fn pieces(self, tree: &Tree, wish: &Wish, list: &BTreeSet<String>) -> Vec<Piece> {
        match self {
            Self::Systemd => systemd::pieces(wish, list),
            Self::OpenRc => openrc::pieces(wish, list),
            Self::Sysvinit => sysvinit::pieces(tree, wish, list),
            Self::Upstart => upstart::pieces(wish, list),
        }
    }

    /// What starts the recorder.
    pub(super) fn record_file(self) -> &'static str {
        match self {
            Self::Systemd => systemd::RECORD_FILE,
            Self::OpenRc => openrc::RECORD_FILE,
            Self::Sysvinit => sysvinit::RECORD_FILE,
            Self::Upstart => upstart::RECORD_FILE,
        }
    }

    /// When the report comes.
    pub(super) fn promise(self) -> String {
        let up = match self {
            Self::Systemd => "network-online.target",
            _ => "the network is up",
        };
        format!("The report comes {SETTLING_S} s after {up}, and at the latest {DEADLINE_S} s\nafter the services began to start.")
    }

    /// What ends what runs of it.
    pub(super) fn stop(self) -> &'static [&'static [&'static str]] {
        match self {
            Self::Systemd => {
                &[&["systemctl", "stop", "v6check-report.timer", "v6check-online.service", "v6check-report.service", "v6check-record.service"]]
            }
            Self::OpenRc => &[&["rc-service", "v6check-report", "stop"], &["rc-service", "v6check-record", "stop"]],
            Self::Sysvinit => &[&[sysvinit::RECORD_FILE, "stop"]],
            Self::Upstart => &[&["initctl", "stop", "v6check-report"], &["initctl", "stop", "v6check-record"]],
        }
    }

    /// What lets it forget what is gone.
    pub(super) fn forget(self) -> &'static [&'static [&'static str]] {
        match self {
            Self::Systemd => &[&["systemctl", "daemon-reload"]],
            Self::OpenRc => &[&["rc-update", "--update"]],
            Self::Sysvinit | Self::Upstart => &[],
        }
    }
}

/// What is there of it beside its pieces.
pub(super) fn links_left(tree: &Tree, init: Init) -> Vec<Piece> {
    if init == Init::Sysvinit { sysvinit::links_left(tree) } else { Vec::new() }
}

/// What is left to do by hand.
pub(super) fn notes(tree: &Tree, init: Init, root: Option<&Path>) -> Vec<String> {
    let mut notes = Vec::new();
    let shown = root.unwrap_or(Path::new("/")).display();
    if init == Init::Sysvinit && tree.exists("/etc/init.d/.depend.boot") {
        notes.push(format!("To do: this image starts its scripts by /etc/init.d/.depend.boot; make it anew: chroot {shown} insserv"));
    }
    let selinux = tree.text("/etc/selinux/config").unwrap_or_default();
    if root.is_some() && selinux.lines().any(|line| ["SELINUX=enforcing", "SELINUX=permissive"].contains(&line.trim())) {
        notes.push(format!("To do: label the new files for SELinux: touch {shown}/.autorelabel, or run setfiles"));
    }
    notes
}

/// Whether the programs of the image are for another kind of machine than `program`: class, byte order and machine of ELF.
pub(super) fn other_machine(tree: &Tree, program: &[u8]) -> bool {
    let kind = |start: &[u8]| match start {
        [0x7f, b'E', b'L', b'F', class, order, rest @ ..] => Some((*class, *order, rest.get(12..14)?.to_vec())),
        _ => None,
    };
    let theirs = ["/bin/sh", "/usr/bin/sh", "/sbin/init"].iter().find_map(|path| kind(&tree.start(path, 20)));
    theirs.is_some_and(|theirs| Some(theirs) != kind(program))
}
