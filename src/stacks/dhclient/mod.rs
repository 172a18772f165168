//! ISC dhclient as installed: its version and what its script does with the length of an address. The binary is read, never run.

pub(crate) mod fixes;
mod journal;
pub(crate) mod leases;
pub(crate) mod running;

use crate::facts::{BakedDuid, Reason, Setting, StackId};
use crate::host::image_identity::{Keeps, duids, whole};
use crate::host::literal_backticks::Place;
use crate::stacks::leases::LeaseReader;
use crate::stacks::running::{Running, Serves, Socket};
use crate::stacks::stack::{Journal, Stack};
use crate::wire::duid::Duid;
use std::io::{self, BufRead, Read};
use std::ops::Range;

use crate::facts::{Dhclient, DhclientScript, FileLine};
use crate::image::Image;

/// The script that installs what dhclient gets, as every distribution has it.
pub(crate) const SCRIPT: &str = "/sbin/dhclient-script";
/// Files that the script sources before it does anything (dhclient-script(8), Debian's and upstream's places).
pub(crate) const ENTER_HOOKS: [&str; 4] =
    ["/etc/dhcp/dhclient-enter-hooks", "/etc/dhcp/dhclient-enter-hooks.d/*", "/etc/dhclient-enter-hooks", "/etc/dhclient-enter-hooks.d/*"];
const BINARIES: [&str; 4] = ["/sbin/dhclient", "/usr/sbin/dhclient", "/bin/dhclient", "/usr/local/sbin/dhclient"];
/// Its process.
pub(crate) const NAME: &str = StackId::Dhclient.name();

pub(crate) const STACK: Stack = Stack {
    running: Running {
        processes: &[NAME],
        clients: Some(running::clients),
        each_process_is_one: true,
        socket: Some(Socket { process: NAME, owner: NAME, serves: Serves::AsTold }),
        asks: Some(running::asks),
        ..Running::NONE
    },
    lease: Some(LeaseReader::Once(|root, host| {
        let files = leases::Files::read(root, host);
        Box::new(move |subject| files.of(subject.name, subject.mac, subject.now).map_err(Reason::from))
    })),
    keeps: Keeps { duids: &[(&leases::PLACES, kept_duid)], leases: &[(&leases::PLACES, kept_leases)], secrets: &[] },
    recipe: &[
        Place { patterns: &[SCRIPT], words: &["new_ip6_prefixlen="], shell: true },
        Place { patterns: &ENTER_HOOKS, words: &["new_ip6_prefixlen="], shell: true },
    ],
    journal: Some(Journal { identifier: NAME, says: journal::says }),
    ..Stack::new(StackId::Dhclient)
};

fn kept_duid(path: &str, bytes: &[u8]) -> Option<BakedDuid> {
    let (line, duid) = leases::kept(bytes).duid?;
    duids::baked(StackId::Dhclient, whole(path, line), &Duid::from_hex(&duid)?)
}

fn kept_leases(path: &str, bytes: &[u8]) -> Vec<Setting<String>> {
    let of = |(interface, line, text)| Setting { value: format!("dhclient's for {interface}"), at: whole(path, line), text };
    leases::kept(bytes).leases.into_iter().map(of).collect()
}

/// Debian 12's has 2.7 MB with all its libraries inside.
const LARGEST_BINARY: u64 = 32 << 20;
/// Longer than any version.
const LONGEST_VERSION: usize = 25;
const OPTION: &[u8] = b"--address-prefix-len";
/// As much of a binary as is looked at together, in bytes, and as much around a piece as what is looked for can reach.
const PIECE: usize = 64 << 10;
const MARGIN: usize = 64;
const VARIABLE: &str = "new_ip6_prefixlen";

/// The path of the binary, if there is one.
pub(crate) fn binary(root: &Image) -> Option<&'static str> {
    BINARIES.into_iter().find(|path| root.exists(path))
}

/// ISC dhclient, if it is installed.
///
/// # Errors
/// The binary or its script is there and cannot be read.
pub(crate) fn read(root: &Image) -> io::Result<Option<Dhclient>> {
    let Some(path) = binary(root) else { return Ok(None) };
    let built_in = root.open(path).and_then(|file| match file.metadata()?.len() {
        LARGEST_BINARY.. => Err(io::Error::other("too large for a dhclient")),
        _ => BuiltIn::read(file.take(LARGEST_BINARY)),
    });
    let built_in = built_in.map_err(|error| io::Error::new(error.kind(), format!("{path}: {error}")))?;
    Ok(Some(Dhclient { path: path.to_owned(), version: built_in.version, has_prefix_length_option: built_in.has_option, script: script(root)? }))
}

/// What a binary has built in.
struct BuiltIn {
    version: Option<String>,
    has_option: bool,
}

impl BuiltIn {
    /// Reads as far as it takes, piece by piece: the binary may be larger than all else that is looked at.
    fn read(mut binary: impl Read) -> io::Result<Self> {
        let mut found = Self { version: None, has_option: false };
        let mut window = Vec::with_capacity(PIECE + 2 * MARGIN);
        let mut from = 0;
        loop {
            let is_last = binary.by_ref().take(PIECE as u64).read_to_end(&mut window)? < PIECE;
            let until = if is_last { window.len() } else { window.len().saturating_sub(MARGIN) };
            found.version = found.version.take().or_else(|| version(&window, from..until));
            found.has_option |= contains(&window, OPTION);
            if is_last || found.version.is_some() && found.has_option {
                return Ok(found);
            }
            window.drain(..window.len().saturating_sub(2 * MARGIN));
            from = MARGIN;
        }
    }
}

/// The version that a binary has built in: a string of its own (`4.4.3-P1`, printed as `isc-dhclient-%s`), or part of the older
/// `isc-dhclient-V3.1.3`. The libraries of BIND inside it have version 9, and no dhclient has. Its first `.` is in `within`.
fn version(binary: &[u8], within: Range<usize>) -> Option<String> {
    let mut candidates = positions(binary, b'.').filter(|dot| within.contains(dot)).filter_map(|dot| {
        let begin = dot.checked_sub(1)?;
        let before = &binary[..begin];
        let begins =
            before.last().is_none_or(|byte| !byte.is_ascii_graphic()) || before.ends_with(b"isc-dhclient-") || before.ends_with(b"isc-dhclient-V");
        let text = binary[begin..].split(|byte| !byte.is_ascii_graphic() && *byte != b' ').next()?;
        std::str::from_utf8(text.get(..LONGEST_VERSION.min(text.len()))?).ok().filter(|text| begins && is_version(text))
    });
    candidates.next().map(str::to_owned)
}

/// Whether this is a release of ISC DHCP 3 or 4: `4.4.3`, `4.4.3-P1`, `4.2.5b1`, `4.1-ESV-R16-P2`.
fn is_version(text: &str) -> bool {
    let digits = |text: &str| text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    let Some((major, rest)) = text.split_once('.') else { return false };
    let (minor, rest) = rest.split_at(digits(rest));
    if text.len() >= LONGEST_VERSION || !matches!(major, "3" | "4") || minor.is_empty() {
        return false;
    }
    let Some(rest) = rest.strip_prefix('.') else { return rest.starts_with("-ESV") };
    let (patch, rest) = rest.split_at(digits(rest));
    !patch.is_empty() && (rest.is_empty() || ["-", "a", "b", "rc"].iter().any(|start| rest.starts_with(start)))
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    wanted.first().is_some_and(|first| positions(bytes, *first).any(|at| bytes[at..].starts_with(wanted)))
}

/// Where a byte stands; found by the standard library's fast search, as a binary has millions of bytes.
fn positions(bytes: &[u8], wanted: u8) -> impl Iterator<Item = usize> {
    let mut cursor = io::Cursor::new(bytes);
    std::iter::from_fn(move || {
        let skipped = cursor.skip_until(wanted).ok()?;
        let at = usize::try_from(cursor.position()).ok()?.checked_sub(1)?;
        (skipped > 0 && bytes.get(at) == Some(&wanted)).then_some(at)
    })
}

fn script(root: &Image) -> io::Result<Option<DhclientScript>> {
    let Some(text) = root.text_if_any(SCRIPT)? else { return Ok(None) };
    let mut sets_128 = first(SCRIPT, &text, sets);
    for path in ENTER_HOOKS.iter().flat_map(|pattern| root.glob(pattern)).filter(|path| !root.is_directory(path)) {
        if sets_128.is_none()
            && let Some(hook) = root.text_if_any(&path)?
        {
            sets_128 = first(&path, &hook, sets);
        }
    }
    Ok(Some(DhclientScript { path: SCRIPT.to_owned(), uses_length: first(SCRIPT, &text, uses), sets_128 }))
}

/// The first logical line (continued by a backslash at its end) that fits, at its first physical line.
fn first(path: &str, text: &str, fits: fn(&str) -> bool) -> Option<FileLine> {
    let mut begun = None;
    let mut logical = String::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        let begins = *begun.get_or_insert(number);
        let (part, continued) = match line.strip_suffix('\\') {
            // A comment is not continued.
            Some(part) if !(logical.is_empty() && line.starts_with('#')) => (part, true),
            _ => (line, false),
        };
        logical.push_str(part);
        logical.push(' ');
        if continued {
            continue;
        }
        if !logical.starts_with('#') && fits(logical.trim()) {
            return Some(FileLine { path: path.to_owned(), line: begins });
        }
        logical.clear();
        begun = None;
    }
    None
}

/// Whether a line installs an address with the length that dhclient tells: `ip -6 addr add ${new_ip6_address}/${new_ip6_prefixlen}`.
fn uses(line: &str) -> bool {
    let code = line.split(" #").next().unwrap_or(line);
    let reads = code.contains(&format!("${VARIABLE}")) || code.contains(&format!("${{{VARIABLE}"));
    reads && (code.contains("addr") || code.contains("ifconfig")) && code.contains("new_ip6_address")
}

/// Whether a line sets the length to 128 as Calico's recipe has it.
fn sets(line: &str) -> bool {
    let code = line.split(['#', ';']).next().unwrap_or(line).trim();
    let code = code.strip_prefix("export ").unwrap_or(code).trim();
    code.strip_prefix(VARIABLE).and_then(|rest| rest.strip_prefix('=')).is_some_and(|value| value.trim_matches(['"', '\'']) == "128")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version_of(binary: &[u8]) -> Option<String> {
        BuiltIn::read(binary).expect("reads").version
    }

    #[test]
    fn wherever_a_piece_ends() {
        for at in (PIECE - 2 * MARGIN..PIECE + 2 * MARGIN).chain([3 * PIECE + 1]) {
            let mut binary = vec![0; at];
            binary.extend(b"4.4.3-P1\0\0--address-prefix-len\0");
            binary.resize(4 * PIECE, 0);
            let found = BuiltIn::read(&binary[..]).expect("reads");
            assert_eq!((found.version.as_deref(), found.has_option), (Some("4.4.3-P1"), true), "at {at}");
        }
    }

    #[test]
    fn versions() {
        for text in ["4.4.3-P1", "4.4.3", "4.2.5", "4.3.6b1", "4.1-ESV-R16-P2", "3.1.3", "4.2.4-P1"] {
            assert!(is_version(text), "{text}");
        }
        for text in ["9.11.36", "4", "4.4", "4.", "4.4.3 of", "4.x.3", "4.1-R", "", "4.4.3-P1-and-much-more-than-that"] {
            assert!(!is_version(text), "{text}");
        }
        assert_eq!(version_of(b"\x7fELF\0 4.4.3-P1\0isc-dhclient-%s\x009.11.1\0dhclient.c\x004.4.3-P1\0").as_deref(), Some("4.4.3-P1"));
        assert_eq!(version_of(b"\0isc-dhclient-V3.1.3\0").as_deref(), Some("3.1.3"));
        assert_eq!(version_of(b"\0nothing\0"), None);
    }

    #[test]
    fn what_a_script_does() {
        let old = "#!/bin/sh\n# ip -6 addr add ${new_ip6_address}/${new_ip6_prefixlen}\n  ${ip} -6 addr add \\\n ${new_ip6_address}/${new_ip6_prefixlen} dev x\n";
        assert_eq!(first("s", old, uses).map(|at| at.line), Some(3));
        assert_eq!(first("s", "ip -6 addr replace ${new_ip6_address} \\\n dev ${interface}\necho $new_ip6_prefixlen\n", uses), None);
        assert_eq!(first("s", "#!/bin/sh\n#new_ip6_prefixlen=128\n`new_ip6_prefixlen=128`\nnew_ip6_prefixlen=64\n", sets), None);
        assert_eq!(first("s", "\n  new_ip6_prefixlen=128 # /128\n", sets).map(|at| at.line), Some(2));
        assert_eq!(first("s", "export new_ip6_prefixlen=\"128\"; true\n", sets).map(|at| at.line), Some(1));
    }
}
