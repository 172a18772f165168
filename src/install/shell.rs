//! What the scripts of init systems without units share: how the recorder is started and stopped and the report made, in sh.

use std::collections::BTreeSet;

use super::{DEADLINE_S, PROGRAM, SETTLING_S, Wish, pieces};

/// Starts the recorder and waits until it has its sockets, which is when its file is there, and at most 3 s: the network shall come up in any
/// case. What started the scripts ends after them, and may take its terminal with it. A report is made in the end even where the network never comes up and keeps the other scripts waiting.
const RECORD: &str = r"v6check_record() {
	[ -x @PROGRAM@ ] || return 0
	rm -rf /run/v6check
	mkdir -p -m 755 /run/v6check
	(trap '' HUP; exec @PROGRAM@ record) </dev/null >/dev/null 2>&1 &
	echo $! >/run/v6check/record.pid
	tries=30
	while [ ! -s /run/v6check/boot.pcapng ] && [ $tries -gt 0 ]; do
		sleep 0.1 2>/dev/null || { sleep 1; tries=$((tries - 9)); }
		tries=$((tries - 1))
	done
	(trap '' HUP; sleep @LATE@; exec @REPORT@) </dev/null >/dev/null 2>&1 &
	return 0
}
";

/// Ends the recorder, which finishes its file then, and waits for it, at most 3 s. Its number may be another's by now.
const STOP: &str = r#"v6check_stop() {
	pid=$(cat /run/v6check/record.pid 2>/dev/null) || return 0
	rm -f /run/v6check/record.pid
	tries=3
	while [ $tries -gt 0 ]; do
		case $(tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline") in
			*"v6check record "*) kill -TERM "$pid" ;;
			*) return 0 ;;
		esac
		sleep 1
		tries=$((tries - 1))
	done
	return 0
}
"#;

/// Makes the report in the background, once a boot, whoever asks for it first. What is said goes to the system's log.
const REPORT: &str = r"v6check_report() {
	[ -x @PROGRAM@ ] || return 0
	(
		trap '' HUP
		sleep @SETTLING@
		mkdir -p -m 755 /run/v6check
		(set -C; : >/run/v6check/reported) 2>/dev/null || exit 0
		v6check_stop
		exec @PROGRAM@ @ARGUMENTS@
	) </dev/null 2>&1 | logger -t v6check >/dev/null 2>&1 &
	return 0
}
";

/// A script from its template, in which `@RECORDER@`, `@STOPPER@` and `@REPORTER@` stand for the functions above, and `@REPORT@` for what starts the
/// report.
pub(super) fn script(template: &str, list: &BTreeSet<String>, wish: &Wish, report: &str) -> Vec<u8> {
    let word = |argument: &String| {
        if argument.chars().all(pieces::is_plain) { argument.clone() } else { format!("'{}'", argument.replace('\'', "'\\''")) }
    };
    let quoted: Vec<String> = wish.arguments.iter().map(word).collect();
    let with = [
        ("@RECORDER@\n", RECORD),
        ("@STOPPER@\n", STOP),
        ("@REPORTER@\n", REPORT),
        ("@PROGRAM@", PROGRAM),
        ("@SETTLING@", &SETTLING_S.to_string()),
        ("@LATE@", &(DEADLINE_S - SETTLING_S).to_string()),
        ("@REPORT@", report),
        ("@ARGUMENTS@", &quoted.join(" ")),
    ];
    pieces::fill(template, list, &with)
}
