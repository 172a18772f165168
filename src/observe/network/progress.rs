//! What is being waited for, in few words however many interfaces there are.

use std::collections::BTreeMap;
use std::time::Duration;

/// As many interfaces as are named; the others are counted.
const MOST_NAMES: usize = 3;

/// One line: interfaces that wait for the same thing share its words.
pub(super) fn line<'a>(waiting: impl Iterator<Item = (&'a str, &'static str)>, now: Duration, timeout: Duration) -> String {
    let mut names: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (interface, what) in waiting {
        names.entry(what).or_default().push(interface);
    }
    let parts: Vec<String> = names.iter().map(|(what, interfaces)| format!("{}: waiting for {what}", list(interfaces))).collect();
    format!("{} ({} s of {} s)", parts.join("; "), now.as_secs(), timeout.as_secs_f64())
}

fn list(interfaces: &[&str]) -> String {
    match interfaces.split_at_checked(MOST_NAMES) {
        Some((named, others)) if !others.is_empty() => format!("{} and {} more", named.join(", "), others.len()),
        _ => interfaces.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interfaces_that_wait_for_the_same_are_folded() {
        let names: Vec<String> = (0..64).map(|number| format!("eth{number}")).collect();
        let waiting = names.iter().map(|name| (name.as_str(), "a DHCPv6 server")).chain([("ens9", "a router")]);
        assert_eq!(
            line(waiting, Duration::from_millis(2010), Duration::from_secs(5)),
            "eth0, eth1, eth2 and 61 more: waiting for a DHCPv6 server; ens9: waiting for a router (2 s of 5 s)"
        );
    }

    #[test]
    fn one_interface_is_named() {
        let waiting = [("eth0", "a DHCPv6 server")].into_iter();
        assert_eq!(line(waiting, Duration::from_secs(1), Duration::from_millis(2500)), "eth0: waiting for a DHCPv6 server (1 s of 2.5 s)");
    }
}
