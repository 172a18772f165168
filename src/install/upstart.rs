//! Jobs of Upstart, as Ubuntu 14.04 has them (init(5)): its scripts of sysvinit run after the network only.

use std::collections::BTreeSet;

use super::Wish;
use super::pieces::Piece;
use super::shell;

pub(super) const RECORD_FILE: &str = "/etc/init/v6check-record.conf";
const REPORT: &str = "/etc/init/v6check-report.conf";

/// Who starts waits until this job has started, which is when its first script has ended. Upstart's shells end at the first error by default.
const RECORD_JOB: &str = r#"@MARK@
description "Records what decides about IPv6, from before the network comes up"
start on starting network-interface or starting networking or starting network-manager or starting cloud-init-local

pre-start script
set +e
@RECORDER@
v6check_record
end script

post-stop script
set +e
@STOPPER@
v6check_stop
end script
"#;

const REPORT_JOB: &str = r#"@MARK@
description "Checks IPv6 after the boot"
start on static-network-up or failsafe-boot or stopped rc RUNLEVEL=[2345]

pre-start script
set +e
@STOPPER@
@REPORTER@
v6check_report
end script
"#;

pub(super) fn pieces(wish: &Wish, list: &BTreeSet<String>) -> Vec<Piece> {
    let job = |path: &str, template: &str, list: &BTreeSet<String>| {
        Piece::file(path, 0o644, shell::script(template, list, wish, "initctl start v6check-report"))
    };
    vec![job(RECORD_FILE, RECORD_JOB, list), job(REPORT, REPORT_JOB, &BTreeSet::new())]
}
