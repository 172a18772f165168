//! One line of sysctl.d: its key as a path, its value as the kernel reads it.

use crate::facts::FileLine;
use crate::image::has_wildcard;

/// As much of a line as is shown.
const LONGEST_TEXT: usize = 200;

/// A line that assigns something, or keeps a key out of patterns.
#[derive(Debug)]
pub(crate) struct Line {
    /// Its key, as the names of a path below /proc/sys.
    pub(crate) path: Vec<String>,
    /// What it assigns; `-key` alone assigns nothing.
    pub(crate) value: Option<String>,
    pub(crate) at: FileLine,
    pub(crate) text: String,
}

impl Line {
    pub(crate) fn is_glob(&self) -> bool {
        self.path.iter().any(|name| has_wildcard(name))
    }

    /// The number that the kernel takes, if it takes it.
    pub(crate) fn number(&self) -> Option<i64> {
        number(self.value.as_deref()?)
    }
}

/// The lines of a file.
pub(crate) fn lines<'a>(path: &'a str, text: &'a str) -> impl Iterator<Item = Line> + 'a {
    (1..).zip(text.lines()).filter_map(move |(number, line)| {
        let line = line.trim();
        if line.is_empty() || line.starts_with(['#', ';']) {
            return None;
        }
        let (key, value) = match line.split_once('=') {
            Some((key, value)) => (key.trim(), Some(value.trim().to_owned())),
            // A key alone must have the minus, else the line is no line at all.
            None => (line.starts_with('-').then_some(line)?, None),
        };
        let key = key.strip_prefix('-').unwrap_or(key).trim_start();
        let at = FileLine { path: path.to_owned(), line: number };
        Some(Line { path: key_path(key), value, at, text: line.chars().take(LONGEST_TEXT).collect() })
    })
}

/// The path of a key. The first separator decides: where it is a dot, dots and slashes change places (`sysctl_normalize()` of systemd, the
/// same in procps), so that `net.ipv6.conf.eth0/100.accept_ra` is the setting of eth0.100, and `net.ipv6.conf.eth0.100.accept_ra` of nothing.
pub(crate) fn key_path(key: &str) -> Vec<String> {
    let swapped = match key.chars().find(|character| matches!(character, '.' | '/')) {
        Some('.') => key
            .chars()
            .map(|character| match character {
                '.' => '/',
                '/' => '.',
                other => other,
            })
            .collect(),
        _ => key.to_owned(),
    };
    let path = swapped.trim_start_matches('/');
    let path = path.strip_prefix("proc/sys/").unwrap_or(path);
    path.split('/').filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

/// A number as proc_dointvec() of the kernel reads it: decimal, octal or hexadecimal, and blanks behind it; what comes after those is
/// refused, but the number is taken.
fn number(text: &str) -> Option<i64> {
    let first = text.split([' ', '\t']).next()?;
    let (negative, digits) = first.strip_prefix('-').map_or((false, first), |rest| (true, rest));
    if !digits.starts_with(|character: char| character.is_ascii_digit()) {
        return None;
    }
    let (radix, digits) = match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        Some(hexadecimal) => (16, hexadecimal),
        None if digits.len() > 1 && digits.starts_with('0') => (8, digits),
        None => (10, digits),
    };
    if !digits.starts_with(|character: char| character.is_digit(radix)) {
        return None;
    }
    let value = i64::from_str_radix(digits, radix).ok()?;
    let value = if negative { -value } else { value };
    i32::try_from(value).is_ok().then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys() {
        for (key, path) in [
            ("net.ipv6.conf.eth0.accept_ra", "net|ipv6|conf|eth0|accept_ra"),
            ("net/ipv6/conf/eth0.100/accept_ra", "net|ipv6|conf|eth0.100|accept_ra"),
            ("net.ipv6.conf.eth0/100.accept_ra", "net|ipv6|conf|eth0.100|accept_ra"),
            ("net.ipv6.conf.eth0.100.accept_ra", "net|ipv6|conf|eth0|100|accept_ra"),
            ("/proc/sys/net/ipv6/conf/all/forwarding", "net|ipv6|conf|all|forwarding"),
            ("`net.ipv6.conf.eth0.accept_ra", "`net|ipv6|conf|eth0|accept_ra"),
            ("", ""),
        ] {
            assert_eq!(key_path(key).join("|"), path, "{key}");
        }
    }

    #[test]
    fn numbers() {
        for (text, value) in [
            ("1", Some(1)),
            ("-1", Some(-1)),
            ("2 # for the router", Some(2)),
            ("0x10", Some(16)),
            ("010", Some(8)),
            ("1`", None),
            ("`1`", None),
            ("one", None),
            ("", None),
            ("+1", None),
            ("0x", None),
            ("--1", None),
            ("2147483647", Some(2_147_483_647)),
            ("2147483648", None),
            ("99999999999999999999", None),
        ] {
            assert_eq!(number(text), value, "{text}");
        }
    }
}
