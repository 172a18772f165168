//! `tests/packages.txt`: which programs are started, and which Debian package has each.

use std::path::Path;

const TEXT: &str = include_str!("../../../packages.txt");

/// Where a machine's own programs are. A program elsewhere was built or written by whoever starts it.
const OF_THE_SYSTEM: [&str; 7] = ["/bin", "/sbin", "/lib", "/usr/bin", "/usr/sbin", "/usr/lib", "/usr/libexec"];

/// The lines: program and package.
pub(super) fn rows() -> impl Iterator<Item = (&'static str, &'static str)> {
    let rows = TEXT.lines().filter(|line| !line.starts_with('#'));
    rows.filter_map(|line| {
        let mut words = line.split_whitespace();
        Some((words.next()?, words.next()?))
    })
}

/// The Debian package that has `program`.
pub(super) fn package(program: &str) -> Option<&'static str> {
    rows().find(|(name, _)| *name == program).map(|(_, package)| package)
}

/// Whether `program` may be started: it is in the table, or it is none of the system's.
pub(super) fn may_start(program: &str) -> bool {
    let path = Path::new(program);
    let of_system = path.parent().is_some_and(|folder| folder.as_os_str().is_empty() || OF_THE_SYSTEM.iter().any(|place| folder.starts_with(place)));
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or(program);
    !of_system || package(program).or_else(|| package(name)).is_some()
}

#[cfg(test)]
mod tests {
    use super::{may_start, package, rows};

    #[test]
    fn a_program_stands_once_in_the_table() {
        let names: Vec<_> = rows().map(|(program, _)| program).collect();
        assert!(names.len() > 50 && names.is_sorted_by(|one, next| one < next), "{names:?}");
    }

    #[test]
    fn only_listed_programs_of_the_system_may_start() {
        assert_eq!(package("ping"), Some("iputils-ping"));
        for listed in ["ping", "/usr/bin/python3", "/lib/systemd/systemd-networkd", "/home/me/target/debug/v6check", "target/debug/v6check"] {
            assert!(may_start(listed), "{listed}");
        }
        for other in ["no-such-program", "/usr/bin/no-such-program", "/lib/systemd/systemd-resolved"] {
            assert!(!may_start(other), "{other}");
        }
    }
}
