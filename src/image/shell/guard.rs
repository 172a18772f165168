//! Conditions that the image answers: `[ ... ]`, `test`, `command -v` and the like.

use super::{FOLDERS, Word};
use crate::image::{Image, matches};

/// How a command ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Success,
    Failure,
    /// Only a running system knows.
    Unknown,
}

impl Status {
    pub(super) fn negated(self) -> Self {
        match self {
            Self::Success => Self::Failure,
            Self::Failure => Self::Success,
            Self::Unknown => Self::Unknown,
        }
    }
}

impl From<bool> for Status {
    fn from(success: bool) -> Self {
        if success { Self::Success } else { Self::Failure }
    }
}

/// Programs that succeed in the ordinary run of things.
const SUCCEEDING: [&str; 28] = [
    "true", ":", "echo", "printf", "sleep", "logger", "export", "set", "unset", "shift", "local", "readonly", "umask", "cd", "ip", "ifconfig",
    "route", "sysctl", "modprobe", "mkdir", "touch", "chmod", "chown", "ln", "rm", "cp", "ethtool", "trap",
];
/// Where files come and go while the system runs.
const RUNTIME: [&str; 7] = ["/proc/", "/sys/", "/dev/", "/run/", "/var/run/", "/tmp/", "/var/lock/"];

/// How a command ends, as far as its name and the image say.
pub(super) fn status(root: &Image, words: &[Word]) -> Status {
    let texts: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
    let Some((program, arguments)) = texts.split_first() else { return Status::Success };
    let known = words.iter().all(|word| word.known);
    match program.rsplit('/').next().unwrap_or(program) {
        "false" => Status::Failure,
        "[" | "[[" if matches!(arguments.last(), Some(&("]" | "]]"))) => test(root, &words[1..words.len() - 1]),
        "test" => test(root, &words[1..]),
        "command" | "type" | "which" | "hash" if known => {
            let asked = arguments.iter().find(|argument| !argument.starts_with('-'));
            asked.map_or(Status::Unknown, |asked| found(root, asked).is_some().into())
        }
        name if SUCCEEDING.contains(&name) => Status::Success,
        _ => Status::Unknown,
    }
}

/// Where a program is, by its path or by its name.
pub(super) fn found(root: &Image, program: &str) -> Option<String> {
    if program.starts_with('/') {
        return root.exists(program).then(|| program.to_owned());
    }
    if program.contains('/') || program.is_empty() {
        return None;
    }
    // `.` is a command of the shell itself, and the name of a folder in each of these.
    FOLDERS.iter().map(|folder| format!("{folder}/{program}")).find(|path| root.exists(path) && !root.is_directory(path))
}

/// test(1).
fn test(root: &Image, words: &[Word]) -> Status {
    let texts: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
    if let Some(at) = texts.iter().position(|text| matches!(*text, "-o" | "||")) {
        return either(test(root, &words[..at]), test(root, &words[at + 1..]));
    }
    if let Some(at) = texts.iter().position(|text| matches!(*text, "-a" | "&&")) {
        return either(test(root, &words[..at]).negated(), test(root, &words[at + 1..]).negated()).negated();
    }
    let known = |at: usize| words[at].known;
    match texts[..] {
        [] => Status::Failure,
        ["!", ..] => test(root, &words[1..]).negated(),
        [text] if known(0) => (!text.is_empty()).into(),
        // A text with something in it is not empty, whatever else is.
        ["-n", _] if known(1) => (!texts[1].is_empty()).into(),
        ["-z", _] if known(1) => texts[1].is_empty().into(),
        [operator, path] if known(1) => file(root, operator, path),
        [one, "=" | "==", other] if known(0) && known(2) => equal(texts[1], one, other),
        [one, "!=", other] if known(0) && known(2) => equal("=", one, other).negated(),
        [one, operator, other] if known(0) && known(2) => match (one.parse::<i64>(), other.parse::<i64>(), operator) {
            (Ok(one), Ok(other), "-eq") => (one == other).into(),
            (Ok(one), Ok(other), "-ne") => (one != other).into(),
            (Ok(one), Ok(other), "-lt") => (one < other).into(),
            (Ok(one), Ok(other), "-le") => (one <= other).into(),
            (Ok(one), Ok(other), "-gt") => (one > other).into(),
            (Ok(one), Ok(other), "-ge") => (one >= other).into(),
            _ => Status::Unknown,
        },
        _ => Status::Unknown,
    }
}

/// `[[ a == b* ]]` compares with a pattern.
fn equal(operator: &str, one: &str, other: &str) -> Status {
    (one == other || operator == "==" && matches(other, one)).into()
}

fn either(one: Status, other: Status) -> Status {
    match (one, other) {
        (Status::Success, _) | (_, Status::Success) => Status::Success,
        (Status::Failure, Status::Failure) => Status::Failure,
        _ => Status::Unknown,
    }
}

fn file(root: &Image, operator: &str, path: &str) -> Status {
    if path.starts_with("/proc/sys/net/ipv6") || path == "/run/systemd/system" && root.exists("/usr/lib/systemd/systemd") {
        return if matches!(operator, "-e" | "-f" | "-d" | "-w" | "-r") { Status::Success } else { Status::Unknown };
    }
    if RUNTIME.iter().any(|folder| path.starts_with(folder)) || !path.starts_with('/') {
        return Status::Unknown;
    }
    match operator {
        "-e" | "-r" | "-w" => root.exists(path).into(),
        // Programs of an unpacked image may have lost their bits.
        "-x" => (root.exists(path) && (FOLDERS.iter().any(|folder| path.starts_with(folder)) || root.is_executable(path))).into(),
        "-f" => (root.exists(path) && !root.is_directory(path)).into(),
        "-s" => root.text_if_any(path).map_or(Status::Unknown, |text| text.is_some_and(|text| !text.is_empty()).into()),
        "-d" => root.is_directory(path).into(),
        "-h" | "-L" => root.link(path).is_some().into(),
        _ => Status::Unknown,
    }
}
