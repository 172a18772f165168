//! Services of OpenRC (openrc-run(8)).

use std::collections::BTreeSet;

use super::Wish;
use super::pieces::Piece;
use super::shell;

pub(super) const RECORD_FILE: &str = "/etc/init.d/v6check-record";
const REPORT: &str = "/etc/init.d/v6check-report";

const RECORD_SCRIPT: &str = r#"#!/sbin/openrc-run
@MARK@

description="Records what decides about IPv6, from before the network comes up"

depend() {
	after localmount bootmisc
	before net networking network dhcpcd NetworkManager networkmanager connman wicked cloud-init-local cloud-init wpa_supplicant
}

@RECORDER@
@STOPPER@
start() {
	ebegin "Recording the boot"
	v6check_record
	eend 0
}

stop() {
	v6check_stop
}
"#;

const REPORT_SCRIPT: &str = r#"#!/sbin/openrc-run
@MARK@

description="Checks IPv6 after the boot"

depend() {
	after v6check-record net networking network dhcpcd NetworkManager networkmanager connman wicked logger
}

@STOPPER@
@REPORTER@
start() {
	ebegin "Checking IPv6 soon"
	v6check_report
	eend 0
}

stop() {
	return 0
}
"#;

pub(super) fn pieces(wish: &Wish, list: &BTreeSet<String>) -> Vec<Piece> {
    // The deadline does not wait for the network, as the dependencies would.
    let script = |path: &str, template: &str, list: &BTreeSet<String>| {
        Piece::file(path, 0o755, shell::script(template, list, wish, "/etc/init.d/v6check-report --nodeps start"))
    };
    vec![
        script(RECORD_FILE, RECORD_SCRIPT, list),
        script(REPORT, REPORT_SCRIPT, &BTreeSet::new()),
        Piece::link("/etc/runlevels/boot/v6check-record", RECORD_FILE),
        Piece::link("/etc/runlevels/default/v6check-report", REPORT),
    ]
}
