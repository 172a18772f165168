//! What the lab needs of this machine, told before anything is built: root, and programs, each by the Debian package that has it.
//!
//! [`command`] is how the lab, the tests and the benchmarks start a program: one that `tests/packages.txt` does not list cannot be started.

mod table;

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

use super::LabError;

/// Where programs of the administrator are; a shell by `su` without `-` does not look there.
const OF_ROOT: [&str; 2] = ["/usr/sbin", "/sbin"];

/// Bits of a process' capabilities (capability.h): what making network namespaces and links takes.
const CAPABILITIES: [(&str, u32); 2] = [("CAP_NET_ADMIN", 12), ("CAP_SYS_ADMIN", 21)];

/// A command that starts `program`: the name or path of one that `tests/packages.txt` lists, or the path of one that was built here.
///
/// # Panics
/// The program is not listed, so a new machine would not have it.
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let program = program.as_ref();
    listed(&program.to_string_lossy());
    Command::new(program)
}

/// `program` itself, for a command that starts it by another one.
///
/// # Panics
/// As [`command`].
pub fn listed(program: &str) -> &str {
    assert!(table::may_start(program), "{program} is not in tests/packages.txt: add it with its Debian package");
    program
}

/// A command that starts the program at `path`, wherever it is: this program again, or one that a person named.
pub fn given(path: &Path) -> Command {
    Command::new(path)
}

/// Whether this process may make network namespaces.
///
/// # Errors
/// It is not root's, or root may not do that here, as in most containers.
pub fn root() -> Result<(), LabError> {
    let status = std::fs::read_to_string("/proc/self/status").map_err(LabError::io("/proc/self/status"))?;
    may_make_namespaces(&status).map_or(Ok(()), |obstacle| Err(LabError::Needs(obstacle)))
}

/// Whether this kernel has IPv6.
///
/// # Errors
/// It has not.
pub fn kernel() -> Result<(), LabError> {
    if Path::new("/proc/sys/net/ipv6").is_dir() {
        return Ok(());
    }
    Err(LabError::Needs("the lab needs IPv6 in this machine's kernel: boot it without ipv6.disable=1".into()))
}

/// Whether all of `programs` are here; the error names all that are not, with what installs them.
///
/// # Errors
/// Some are missing.
pub fn check(programs: &[&str]) -> Result<(), LabError> {
    check_for("the lab", programs)
}

/// As [`check`], for something of the lab: `the fault drops-ras needs nft: apt-get install nftables`.
///
/// # Errors
/// Some are missing.
pub fn check_for(what: &str, programs: &[&str]) -> Result<(), LabError> {
    let path = std::env::var("PATH").unwrap_or_default();
    missing(what, programs, |program| place(&path, program)).map_or(Ok(()), |told| Err(LabError::Needs(told)))
}

/// Whether `program` is here, and so to be had without asking for it.
pub fn has(program: &str) -> bool {
    place(&std::env::var("PATH").unwrap_or_default(), program) == Place::Found
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Found,
    /// It is installed there, and the PATH does not say so.
    Beside(&'static str),
    Nowhere,
}

fn place(path: &str, program: &str) -> Place {
    // An absolute name replaces what it is joined to.
    if path.split(':').filter(|folder| !folder.is_empty()).any(|folder| Path::new(folder).join(program).is_file()) {
        return Place::Found;
    }
    OF_ROOT.into_iter().find(|folder| Path::new(folder).join(program).is_file()).map_or(Place::Nowhere, Place::Beside)
}

/// What is to be told if some of `programs` are not where they are found.
fn missing(what: &str, programs: &[&str], place: impl Fn(&str) -> Place) -> Option<String> {
    let (mut names, mut packages, mut others) = (Vec::new(), Vec::new(), Vec::new());
    for program in programs.iter().copied() {
        let remedy = match place(program) {
            Place::Found => continue,
            Place::Beside(folder) => (&mut others, format!("add {folder} to the PATH")),
            Place::Nowhere => match table::package(program) {
                Some(package) => (&mut packages, package.to_owned()),
                None => (&mut others, format!("tests/install-packages puts {program} there")),
            },
        };
        names.push(program);
        if !remedy.0.contains(&remedy.1) {
            remedy.0.push(remedy.1);
        }
    }
    if !packages.is_empty() {
        others.insert(0, format!("apt-get install {}", packages.join(" ")));
    }
    (!names.is_empty()).then(|| format!("{what} needs {}: {}", names.join(", "), others.join("; ")))
}

/// Why not, as /proc/PID/status tells of a process (proc_pid_status(5)).
fn may_make_namespaces(status: &str) -> Option<String> {
    let field = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
    if field("Uid:").split_whitespace().nth(1) != Some("0") {
        return Some("the lab needs root: it makes network namespaces".into());
    }
    let has = u64::from_str_radix(field("CapEff:").trim(), 16).unwrap_or_default();
    let lacking: Vec<&str> = CAPABILITIES.into_iter().filter(|(_, bit)| has >> bit & 1 == 0).map(|(name, _)| name).collect();
    (!lacking.is_empty()).then(|| format!("the lab needs {}, which root does not have here; a container must be privileged", lacking.join(" and ")))
}

#[cfg(test)]
mod tests {
    use super::{Place, command, may_make_namespaces, missing};

    #[test]
    fn all_that_is_missing_is_told_at_once_with_its_packages() {
        let none = |_: &str| Place::Nowhere;
        assert_eq!(missing("the fault f", &["nft"], none).as_deref(), Some("the fault f needs nft: apt-get install nftables"));
        assert_eq!(
            missing("the lab", &["ip", "mount", "umount", "/opt/own"], |program| if program == "ip" {
                Place::Beside("/sbin")
            } else {
                Place::Nowhere
            })
            .as_deref(),
            Some(
                "the lab needs ip, mount, umount, /opt/own: apt-get install mount; add /sbin to the PATH; tests/install-packages puts /opt/own there"
            )
        );
        assert_eq!(missing("the lab", &["ip"], |_| Place::Found), None);
    }

    #[test]
    #[should_panic(expected = "no-such-program is not in tests/packages.txt")]
    fn a_program_that_is_not_listed_cannot_be_started() {
        let _ = command("no-such-program");
    }

    #[test]
    fn root_needs_its_capabilities_too() {
        let status = |uid: &str, capabilities: &str| may_make_namespaces(&format!("Name:\tx\nUid:\t{uid}\nCapEff:\t{capabilities}\n"));
        assert_eq!(status("0\t0\t0\t0", "000001ffffffffff"), None);
        assert!(status("1000\t1000\t1000\t1000", "000001ffffffffff").is_some_and(|told| told.contains("needs root")));
        // It is the effective user that counts.
        assert!(status("0\t1000\t0\t0", "000001ffffffffff").is_some_and(|told| told.contains("needs root")));
        // Docker's default set.
        assert!(status("0\t0\t0\t0", "00000000a80425fb").is_some_and(|told| told.contains("CAP_NET_ADMIN and CAP_SYS_ADMIN")));
        assert!(status("0\t0\t0\t0", "").is_some());
    }
}
