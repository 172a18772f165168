//! What /proc tells of one interface: its IPv6 settings and its counters.

use std::collections::BTreeMap;
use std::io::{self, BufRead, ErrorKind};
use std::path::{Path, PathBuf};

use crate::facts::{Counters, DELIVERED_DATAGRAMS, Observed, RECEIVED_DATAGRAMS, RECEIVED_ICMP, RECEIVED_RAS, Reason, SENT_RSS};
use crate::image;

const CONF: &str = "/proc/sys/net/ipv6/conf";
const COUNTERS: &str = "/proc/self/net/dev_snmp6";

/// A setting, where it stands in `IFLA_INET6_CONF` (`DEVCONF_*` of linux/ipv6.h), and by how much the number there is larger: the array
/// has milliseconds where the file has seconds.
struct Setting {
    name: &'static str,
    devconf: usize,
    scale: i64,
}

const fn setting(name: &'static str, devconf: usize) -> Setting {
    Setting { name, devconf, scale: 1 }
}

/// The settings that decide something.
const SETTINGS: [Setting; 18] = [
    setting("accept_ra", 3),
    setting("accept_ra_defrtr", 17),
    setting("accept_ra_pinfo", 18),
    setting("accept_ra_min_hop_limit", 38),
    setting("accept_ra_min_lft", 58),
    setting("accept_ra_from_local", 33),
    setting("autoconf", 5),
    setting("forwarding", 0),
    setting("disable_ipv6", 26),
    setting("router_solicitations", 7),
    Setting { name: "router_solicitation_delay", devconf: 9, scale: 1000 },
    Setting { name: "router_solicitation_interval", devconf: 8, scale: 1000 },
    Setting { name: "router_solicitation_max_interval", devconf: 43, scale: 1000 },
    setting("dad_transmits", 6),
    setting("accept_dad", 27),
    setting("addr_gen_mode", 47),
    setting("use_tempaddr", 10),
    setting("mtu", 2),
];

/// The settings of the interface `name`, from `devconf`, the array that came with the link (absent: the link has no IPv6 part), which is one
/// look for all of them; what this kernel does not have there, from `/proc/sys/net/ipv6/conf/<name>/`. A setting that it has in neither is
/// absent.
///
/// The path is never written as a dotted key: a name may hold dots.
pub(super) fn sysctl(name: &str, devconf: Option<&[i32]>) -> Observed<BTreeMap<String, i64>> {
    sysctl_below(Path::new(CONF), name, devconf)
}

fn sysctl_below(conf: &Path, name: &str, devconf: Option<&[i32]>) -> Observed<BTreeMap<String, i64>> {
    let Some(devconf) = devconf else {
        return Observed::unknown("the interface has no IPv6 part, so it has no IPv6 settings");
    };
    let directory = conf.join(name);
    let mut settings = BTreeMap::new();
    for Setting { name, devconf: at, scale } in SETTINGS {
        let value = match devconf.get(at) {
            // Milliseconds are rounded down as the kernel does when it shows seconds.
            Some(value) => Some(if *value < 0 { i64::from(*value) } else { i64::from(*value) / scale }),
            None => match number(&directory.join(name)) {
                Ok(value) => Some(value),
                // Beside an array, a file that is not there is a setting that this kernel does not have.
                Err(error) if error.kind() == ErrorKind::NotFound && (!devconf.is_empty() || directory.is_dir()) => None,
                Err(error) => return Observed::unknown(Reason::of_io(&directory.join(name).display().to_string(), &error)),
            },
        };
        settings.extend(value.map(|value| (name.to_owned(), value)));
    }
    Observed::Seen(settings)
}

fn number(path: &Path) -> io::Result<i64> {
    let bytes = image::read(path, 64)?;
    std::str::from_utf8(&bytes).ok().and_then(|text| text.trim().parse().ok()).ok_or_else(|| io::Error::other("not a number"))
}

/// The IPv6 counters of the interface `name` as they are now, from `/proc/net/dev_snmp6/<name>`.
pub fn counters(name: &str) -> Observed<Counters> {
    let path: PathBuf = Path::new(COUNTERS).join(name);
    match image::of_kernel(&path) {
        Ok(text) => Observed::Seen(parse_counters(&text)),
        Err(error) if error.kind() == ErrorKind::NotFound && !Path::new(COUNTERS).is_dir() => Observed::unknown("/proc/net/dev_snmp6 is not there"),
        Err(error) if error.kind() == ErrorKind::NotFound => Observed::unknown("the interface has no IPv6 part, so it has no IPv6 counters"),
        Err(error) => Observed::unknown(Reason::of_io(&format!("/proc/net/dev_snmp6/{name}"), &error)),
    }
}

/// The counters that decide something or explain it; a kernel has some eighty for each interface.
const KEPT: [&str; 10] = [
    RECEIVED_DATAGRAMS,
    DELIVERED_DATAGRAMS,
    "Ip6InHdrErrors",
    "Ip6InDiscards",
    "Icmp6InErrors",
    "Icmp6InCsumErrors",
    RECEIVED_ICMP,
    RECEIVED_RAS,
    SENT_RSS,
    "Icmp6OutDestUnreachs",
];

/// Into one line after the other by `BufRead`, whose search is much faster than that of strings: of many interfaces these are many lines, most of
/// them for nothing.
fn parse_counters(mut text: &[u8]) -> Counters {
    let mut counters = Counters::new();
    let mut line = Vec::new();
    while counters.len() < KEPT.len() && text.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
        counters.extend(counter(&line));
        line.clear();
    }
    counters
}

/// Of a line `Ip6InReceives  12` the name, if it is kept, and the number.
fn counter(line: &[u8]) -> Option<(String, u64)> {
    let is_named = |name: &&&str| line.strip_prefix(name.as_bytes()).is_some_and(|rest| rest.first().is_some_and(u8::is_ascii_whitespace));
    let name = KEPT.iter().find(is_named)?;
    Some(((*name).to_owned(), std::str::from_utf8(&line[name.len()..]).ok()?.trim().parse().ok()?))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn the_array_first_and_files_for_what_is_past_its_end() {
        let conf = tempfile::tempdir().unwrap();
        let mut devconf = vec![0; 44];
        (devconf[3], devconf[7], devconf[9]) = (1, -1, 1500);
        let Observed::Seen(settings) = sysctl_below(conf.path(), "eth0.100", Some(&devconf)) else { panic!("from the array") };
        assert_eq!(settings["accept_ra"], 1);
        assert_eq!(settings["router_solicitations"], -1);
        assert_eq!(settings["router_solicitation_delay"], 1);
        assert!(!settings.contains_key("addr_gen_mode"), "past the end of the array");

        std::fs::create_dir(conf.path().join("eth0.100")).unwrap();
        std::fs::write(conf.path().join("eth0.100/accept_ra"), "2\n").unwrap();
        let expected = BTreeMap::from([("accept_ra".to_owned(), 2)]);
        assert_eq!(sysctl_below(conf.path(), "eth0.100", Some(&[])), Observed::Seen(expected), "an absent file is an absent setting");
        std::fs::write(conf.path().join("eth0.100/addr_gen_mode"), "3\n").unwrap();
        let Observed::Seen(settings) = sysctl_below(conf.path(), "eth0.100", Some(&devconf)) else { panic!("from both") };
        assert_eq!((settings["accept_ra"], settings["addr_gen_mode"]), (1, 3));
        std::fs::write(conf.path().join("eth0.100/accept_ra"), "no number").unwrap();
        assert!(matches!(sysctl_below(conf.path(), "eth0.100", Some(&[])), Observed::Unknown(_)));
        assert!(matches!(sysctl_below(conf.path(), "eth1", Some(&[])), Observed::Unknown(_)));
        assert!(matches!(sysctl_below(conf.path(), "eth0.100", None), Observed::Unknown(_)));
    }

    /// The places in the array are those of the files, on the machine that runs the test.
    #[test]
    fn the_array_says_what_the_files_say() {
        let mut compared = 0;
        for told in super::super::links::links().unwrap() {
            let Some(part) = told.inet6 else { continue };
            assert!(!part.settings.is_empty());
            let (array, files) = (sysctl(&told.name, Some(&part.settings)), sysctl(&told.name, Some(&[])));
            assert_eq!(array, files, "{}", told.name);
            compared += 1;
        }
        assert!(compared > 0, "the loopback has IPv6");
    }

    #[test]
    fn counters_by_name() {
        let counters = parse_counters(b"ifIndex \t7\nIp6InReceives                   \t12\nbroken\nIcmp6InErrors -1\n");
        assert_eq!(counters, Counters::from([("Ip6InReceives".into(), 12)]));
    }
}
