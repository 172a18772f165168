//! The journal of this boot, a weak witness: what a line of a DHCPv6 client tells happened; what no line tells may have happened as well.
//!
//! Read are only lines by which a client says that a message went or came, and on which interface. udhcpc6 names no interface in its lines, and
//! systemd-networkd and NetworkManager tell of an address that they got, which a Reply brought.

use std::collections::BTreeMap;
use std::fs;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use serde::Deserialize;

use crate::facts::JournalLine;
use crate::stacks::STACKS;

/// As long as journalctl may take.
const LONGEST: Duration = Duration::from_secs(2);
/// As many bytes as are read of its output.
const MOST_BYTES: u64 = 4 << 20;
/// As many lines of one interface as are kept.
const MOST_LINES: usize = 256;
/// As late as the first entry of a journal may be that reaches back to the boot, in microseconds: the kernel's own lines are in it.
const FIRST_US: u64 = 60_000_000;
/// Where journald keeps it, for this boot and for all (systemd-journald.service(8)).
const PLACES: [&str; 2] = ["/run/log/journal", "/var/log/journal"];
const PROGRAMS: [&str; 2] = ["/usr/bin/journalctl", "/bin/journalctl"];
/// The clients, by what they call themselves in it.

/// An entry, as far as it is read. Fields with bytes that are no text are arrays, and so is one that is there twice.
#[derive(Deserialize)]
struct Entry {
    #[serde(rename = "__MONOTONIC_TIMESTAMP")]
    at: Option<serde_json::Value>,
    #[serde(rename = "SYSLOG_IDENTIFIER")]
    identifier: Option<serde_json::Value>,
    #[serde(rename = "MESSAGE")]
    message: Option<serde_json::Value>,
}

impl Entry {
    fn parse(line: &[u8]) -> Option<Self> {
        serde_json::from_slice(line).ok()
    }

    fn at_us(&self) -> Option<u64> {
        self.at.as_ref()?.as_str()?.parse().ok()
    }
}

/// The lines by interface.
///
/// # Errors
/// There is no journal of this machine, or it does not reach back to the boot.
pub(super) fn read(root: &Path) -> Result<BTreeMap<String, Vec<JournalLine>>, String> {
    if root != Path::new("/") || !PLACES.iter().any(|place| holds_journal(Path::new(place))) {
        return Err("there is no journal".into());
    }
    let program = PROGRAMS.into_iter().find(|program| Path::new(program).is_file()).ok_or("journalctl is not installed")?;
    let until = Instant::now() + LONGEST;
    let first = output(program, &[], 1 << 16, until)?;
    let first = first.split(|byte| *byte == b'\n').next().and_then(Entry::parse).and_then(|entry| entry.at_us());
    if first.is_none_or(|at_us| at_us > FIRST_US) {
        return Err("the journal does not reach back to the boot".into());
    }
    let clients = STACKS.iter().filter_map(|stack| stack.journal.as_ref());
    let matches: Vec<String> = clients.map(|client| format!("SYSLOG_IDENTIFIER={}", client.identifier)).collect();
    let arguments: Vec<&str> = matches.iter().map(String::as_str).collect();
    Ok(lines(&output(program, &arguments, MOST_BYTES, until)?))
}

/// Whether `place` may hold a journal: a file in the directory of some machine. Without one journalctl, which takes longer than all the rest of a run,
/// is not asked.
fn holds_journal(place: &Path) -> bool {
    let entries = |directory: &Path| match fs::read_dir(directory) {
        Ok(entries) => Ok(entries.flatten().map(|entry| entry.path())),
        // What may not be read, journalctl may be able to.
        Err(error) => Err(!matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)),
    };
    let is_journal = |file: PathBuf| file.to_str().is_some_and(|name| name.contains(".journal"));
    let of_machine = |machine: PathBuf| entries(&machine).map_or_else(|may| may, |mut files| files.any(is_journal));
    entries(place).map_or_else(|may| may, |mut machines| machines.any(of_machine))
}

/// What journalctl prints of this boot that has one of `matches`, at most so many bytes; ends the program when it has printed enough.
fn output(program: &str, matches: &[&str], most: u64, until: Instant) -> Result<Vec<u8>, String> {
    let mut command = Command::new(program);
    command.args(["-b", "-o", "json", "--no-pager", "-q"]).args(matches);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().map_err(|error| format!("{program}: {error}"))?;
    let (told, read) = mpsc::channel();
    if let Some(stdout) = child.stdout.take() {
        thread::Builder::new()
            .spawn(move || {
                let mut bytes = Vec::new();
                let _ = told.send(stdout.take(most).read_to_end(&mut bytes).map(|_| bytes));
            })
            .map_err(|error| error.to_string())?;
    }
    let bytes = read.recv_timeout(until.saturating_duration_since(Instant::now()));
    // It may still want to print; whether it is gone already makes no difference.
    let _ = child.kill();
    let _ = child.wait();
    match bytes {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) => Err(format!("{program}: {error}")),
        Err(_) => Err(format!("journalctl did not end within {} s", LONGEST.as_secs())),
    }
}

/// The lines of `output` that tell of a DHCPv6 message, by interface.
fn lines(output: &[u8]) -> BTreeMap<String, Vec<JournalLine>> {
    let mut lines: BTreeMap<String, Vec<JournalLine>> = BTreeMap::new();
    for entry in output.split(|byte| *byte == b'\n').filter_map(Entry::parse) {
        let text = |value: &Option<serde_json::Value>| value.as_ref().and_then(|value| value.as_str()).map(str::to_owned);
        let (Some(at_us), Some(client), Some(message)) = (entry.at_us(), text(&entry.identifier), text(&entry.message)) else { continue };
        let Some((interface, told, sent)) = says(&client, &message) else { continue };
        let of_interface = lines.entry(interface.to_owned()).or_default();
        if of_interface.len() < MOST_LINES {
            of_interface.push(JournalLine { at_us, client, text: message.chars().take(512).collect(), message: told, sent });
        }
    }
    lines
}

/// The interface and the message that a line of `client` tells of, and whether that was sent.
fn says<'a>(client: &str, line: &'a str) -> Option<(&'a str, u8, bool)> {
    let known = STACKS.iter().filter_map(|stack| stack.journal.as_ref()).find(|known| known.identifier == client)?;
    (known.says)(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_file_there_is_no_journal() {
        let place = tempfile::tempdir().expect("a directory");
        let machine = place.path().join("6d3a0b1c");
        assert!(!holds_journal(&machine), "absent");
        fs::create_dir(&machine).expect("made");
        fs::write(place.path().join("README"), "").expect("written");
        assert!(!holds_journal(place.path()), "empty");
        fs::write(machine.join("system.journal"), "").expect("written");
        assert!(holds_journal(place.path()));
    }

    #[test]
    fn lines_of_the_clients_are_read_and_others_are_not_guessed_at() {
        type Told = Option<(&'static str, u8, bool)>;
        let told: [(&str, &str, Told); 13] = [
            ("dhclient", "XMT: Solicit on eth0, interval 1040ms.", Some(("eth0", 1, true))),
            ("dhclient", "XMT: Info-Request on eth0, interval 960ms.", Some(("eth0", 11, true))),
            ("dhclient", "RCV: Advertise message on ens3 from fe80::ecee:eeff:feee:eeee.", Some(("ens3", 2, false))),
            ("dhclient", "XMT: Forming Solicit, 0 ms elapsed.", None),
            ("dhclient", "RCV:  Advertisement recorded.", None),
            ("dhcpcd", "eth0: ADV 2001:db8:1::10/128 from fe80::1", Some(("eth0", 2, false))),
            ("dhcpcd", "eth0: REPLY6 received from fe80::1", Some(("eth0", 7, false))),
            ("dhcpcd", "eth0: soliciting a DHCPv6 lease", None),
            ("systemd-networkd", "eth0: DHCPv6 address 2001:db8:1::10/128 (valid for 1d, preferred for 1d)", Some(("eth0", 7, false))),
            ("systemd-networkd", "eth0: DHCPv6 lease lost", None),
            ("NetworkManager", "<info>  [1764000000.1234] dhcp6 (eth0): state changed new lease, address=2001:db8:1::10", Some(("eth0", 7, false))),
            ("NetworkManager", "<info>  [1764000000.1234] dhcp6 (eth0): activation: beginning transaction (timeout in 45 seconds)", None),
            ("sshd", "XMT: Solicit on eth0, interval 1040ms.", None),
        ];
        for (client, line, expected) in told {
            assert_eq!(says(client, line), expected, "{client}: {line}");
        }
    }

    #[test]
    fn entries_of_the_journal_become_lines() {
        let output = concat!(
            r#"{"__MONOTONIC_TIMESTAMP":"5000000","SYSLOG_IDENTIFIER":"dhclient","MESSAGE":"XMT: Solicit on eth0, interval 1040ms."}"#,
            "\n",
            r#"{"__MONOTONIC_TIMESTAMP":"5100000","SYSLOG_IDENTIFIER":["dhclient","x"],"MESSAGE":"XMT: Solicit on eth0, interval 1040ms."}"#,
            "\n",
            r#"{"__MONOTONIC_TIMESTAMP":"5200000","SYSLOG_IDENTIFIER":"dhclient","MESSAGE":[88,77]}"#,
            "\nno JSON\n",
            r#"{"__MONOTONIC_TIMESTAMP":"5300000","SYSLOG_IDENTIFIER":"dhclient","MESSAGE":"RCV: Reply message on eth1 from fe80::1."#,
        );
        let lines = lines(output.as_bytes());
        assert_eq!(lines.keys().collect::<Vec<_>>(), ["eth0"]);
        let [line] = &lines["eth0"][..] else { panic!("{lines:?}") };
        assert_eq!((line.at_us, line.client.as_str(), line.message, line.sent), (5_000_000, "dhclient", 1, true));
    }
}
