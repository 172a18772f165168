//! Lines of Calico's recipe that were pasted with the backticks of the web page around them, so that they have no effect.

pub(crate) mod fixes;

use std::collections::BTreeSet;
use std::io;

use crate::facts::{FileLine, PastedLine};
use crate::image::Image;

/// Files that lines of the recipe go into.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) patterns: &'static [&'static str],
    /// What such a line holds, one of these.
    pub(crate) words: &'static [&'static str],
    /// It is a shell script, where backticks also have a right use.
    pub(crate) shell: bool,
}

/// What every kernel reads.
const SYSCTL: Place = Place {
    patterns: &["/etc/sysctl.conf", "/etc/sysctl.d/*.conf", "/run/sysctl.d/*.conf", "/usr/local/lib/sysctl.d/*.conf", "/usr/lib/sysctl.d/*.conf"],
    words: &["net.ipv6.", "net/ipv6/"],
    shell: false,
};

/// The lines.
///
/// # Errors
/// One of the files is there and cannot be read.
pub(crate) fn read(root: &Image, of_stacks: &[&Place]) -> io::Result<Vec<PastedLine>> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    for place in of_stacks.iter().copied().chain([&SYSCTL]) {
        for path in place.patterns.iter().flat_map(|pattern| root.glob(pattern)).filter(|path| !root.is_directory(path)) {
            if !seen.insert(path.clone()) {
                continue;
            }
            let Some(text) = root.text_if_any(&path)? else { continue };
            for (number, line) in (1..).zip(text.lines()) {
                if is_pasted(line, place) {
                    let at = FileLine { path: path.clone(), line: number };
                    found.push(PastedLine { at, text: line.trim().chars().take(200).collect() });
                }
            }
        }
    }
    found.sort_by(|one, other| one.at.cmp(&other.at));
    Ok(found)
}

/// Whether backticks stand around what the line sets. Comments have no effect anyway.
fn is_pasted(line: &str, place: &Place) -> bool {
    let line = line.trim();
    if line.starts_with(['#', ';']) || !place.words.iter().any(|word| line.contains(word)) {
        return false;
    }
    if place.shell {
        // `x=$(date)` in its older form sets what a command prints; pasted are those before the name, or one that is left over at the end.
        line.starts_with('`') || line.starts_with("export `") || line.ends_with('`') && line.matches('`').count() % 2 == 1
    } else {
        // Commands of interfaces(5) are the shell's.
        line.contains('`') && !["up ", "down ", "pre-", "post-"].iter().any(|command| line.starts_with(command))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backticks_of_the_page_and_of_the_shell() {
        let of = |words: &'static [&'static str], shell| Place { patterns: &[], words, shell };
        let script = &of(&["new_ip6_prefixlen="], true);
        let (interfaces, ifcfg) = (&of(&["accept_ra"], false), &of(&["IPV6", "DHCPV6C"], true));
        for line in ["`new_ip6_prefixlen=128`", "  `new_ip6_prefixlen=128`  ", "new_ip6_prefixlen=128`", "`new_ip6_prefixlen=128"] {
            assert!(is_pasted(line, script), "{line}");
        }
        for line in ["new_ip6_prefixlen=128", "#`new_ip6_prefixlen=128`", "new_ip6_prefixlen=`echo 128`", "`date`"] {
            assert!(!is_pasted(line, script), "{line}");
        }
        assert!(is_pasted("net.ipv6.conf.eth0.router_solicitation_delay = `10`", &SYSCTL));
        assert!(!is_pasted("; `net.ipv6.conf.all.forwarding=1`", &SYSCTL));
        assert!(is_pasted("        `accept_ra 1`", interfaces));
        assert!(is_pasted("`DHCPV6C=yes`", ifcfg));
        assert!(!is_pasted("IPV6ADDR=`cat /address`", ifcfg));
    }
}
