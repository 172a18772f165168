//! Scripts and start links of sysvinit, as Debian's and Red Hat's have them (Linux Standard Base 5.0, 22.3), and as those have them whose init is
//! BusyBox' and starts everything by a script of its own: Buildroot's runs /etc/init.d/S??*, CirrOS' /etc/rc3.d/S*.

use std::collections::BTreeSet;

use super::Wish;
use super::pieces::Piece;
use super::shell;
use super::tree::Tree;
use crate::stacks::STACKS;

pub(super) const RECORD_FILE: &str = "/etc/init.d/v6check-record";
const REPORT: &str = "/etc/init.d/v6check-report";
const SCRIPTS: &str = "/etc/init.d";
/// Scripts that bring up the network and are no stack's.
const OTHERS: [&str; 1] = ["ifplugd"];

const RECORD_SCRIPT: &str = r#"#!/bin/sh
### BEGIN INIT INFO
# Provides:          v6check-record
# Required-Start:    $local_fs
# Required-Stop:
# X-Start-Before:    networking network NetworkManager network-manager dhcpcd connman cloud-init-local
# Default-Start:     S
# Default-Stop:
# Short-Description: Records what decides about IPv6, from before the network comes up
### END INIT INFO
# chkconfig: 2345 01 99
@MARK@

@RECORDER@
@STOPPER@
case "$1" in
	start | restart) v6check_stop; v6check_record ;;
	stop) v6check_stop ;;
	status) [ -e /run/v6check/record.pid ] || exit 3 ;;
esac
exit 0
"#;

const REPORT_SCRIPT: &str = r#"#!/bin/sh
### BEGIN INIT INFO
# Provides:          v6check-report
# Required-Start:    $local_fs $network
# Required-Stop:
# Should-Start:      $syslog
# Default-Start:     2 3 4 5
# Default-Stop:
# Short-Description: Checks IPv6 after the boot
### END INIT INFO
# chkconfig: 2345 99 01
@MARK@

@STOPPER@
@REPORTER@
case "$1" in
	start | restart) v6check_report ;;
esac
exit 0
"#;

pub(super) fn pieces(tree: &Tree, wish: &Wish, list: &BTreeSet<String>) -> Vec<Piece> {
    let script = |path: &str, template: &str, list: &BTreeSet<String>| {
        Piece::file(path, 0o755, shell::script(template, list, wish, "/etc/init.d/v6check-report start"))
    };
    let mut pieces = vec![script(RECORD_FILE, RECORD_SCRIPT, list), script(REPORT, REPORT_SCRIPT, &BTreeSet::new())];
    let link = |folder: &str, number: u8, name: &str| Piece::link(&format!("{folder}/S{number:02}{name}"), &format!("../init.d/{name}"));
    let mut multi_user = folders(tree, &["2", "3", "4", "5"]);
    if multi_user.is_empty() {
        multi_user = folders(tree, &["S"]);
    }
    let before: Vec<Piece> = folders(tree, &["S", "2", "3", "4", "5"])
        .iter()
        .filter_map(|folder| Some(link(folder, first_of_network(tree, folder)?.saturating_sub(1), "v6check-record")))
        .collect();
    if before.is_empty() {
        pieces.extend(multi_user.iter().map(|folder| link(folder, 1, "v6check-record")));
    }
    pieces.extend(before);
    pieces.extend(multi_user.iter().map(|folder| link(folder, 99, "v6check-report")));
    pieces
}

/// The start links that are there, whatever their number.
pub(super) fn links_left(tree: &Tree) -> Vec<Piece> {
    let mut left = Vec::new();
    for folder in folders(tree, &["S", "2", "3", "4", "5"]) {
        for name in tree.names(&folder) {
            let script = name.get(3..).filter(|script| ["v6check-record", "v6check-report"].contains(script));
            left.extend(script.map(|script| Piece::link(&format!("{folder}/{name}"), &format!("../init.d/{script}"))));
        }
    }
    left
}

/// The directories of start links; Red Hat's /etc/rc3.d is itself a link. Where there are none, /etc/init.d itself, if what it starts is numbered
/// there.
fn folders(tree: &Tree, levels: &[&str]) -> Vec<String> {
    let place = |level: &&str| [format!("/etc/rc{level}.d"), format!("/etc/rc.d/rc{level}.d")].into_iter().find(|folder| tree.is_directory(folder));
    let found: Vec<String> = levels.iter().filter_map(place).collect();
    let itself = || tree.names(SCRIPTS).iter().any(|name| number(name).is_some());
    let of_levels = || ["S", "2", "3", "4", "5"].iter().any(|level| place(level).is_some());
    if found.is_empty() && !of_levels() && itself() { vec![SCRIPTS.to_owned()] } else { found }
}

/// The number of a start link, `S40network`.
fn number(name: &str) -> Option<u8> {
    name.strip_prefix('S')?.get(..2)?.parse().ok()
}

/// The number of the first script of a directory that brings the network up. Scripts of one number may run at the same time.
fn first_of_network(tree: &Tree, folder: &str) -> Option<u8> {
    // CirrOS has S40-network.
    let brings_up = |name: &str| name.get(3..).is_some_and(|script| is_of_network(script.trim_start_matches('-')));
    tree.names(folder).iter().filter(|name| brings_up(name)).filter_map(|name| number(name)).min()
}

/// Whether a script brings the network up.
fn is_of_network(script: &str) -> bool {
    OTHERS.contains(&script) || STACKS.iter().any(|stack| stack.init_scripts.contains(&script))
}
